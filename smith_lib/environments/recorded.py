"""The environment that a repository's row records."""

from smith_lib.sandbox.protocol import Environment
from smith_lib.types import Repo


def environment_of(repo: Repo) -> Environment:
    """What the repository's environment is made from."""
    return Environment(
        repo_id=repo.repo_id,
        base=repo.base,
        python=repo.interpreter,
        requirements=repo.requirements,
        install=repo.install,
        environ=tuple((name, value) for name, _, value in (e.partition("=") for e in repo.environ)),
        dockerfile=repo.dockerfile,
        digest=repo.image_digest,
        image=repo.image,
    )
