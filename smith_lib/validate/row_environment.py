"""The environment of a published row, read back from its Dockerfile and its frozen requirements."""

import shlex

from smith_lib.errors import InputError
from smith_lib.sandbox.protocol import Environment
from smith_lib.types import Instance

_OWN = frozenset({"PATH", "VIRTUAL_ENV"})
"""Variables that the Dockerfile sets for whoever runs the image; a sandbox sets them itself."""


def environment_in(row: Instance) -> Environment:
    """What the instance's columns tell of its environment: its image, and what any sandbox builds it from.

    Raises `InputError` where the Dockerfile is not one that Smith writes.
    """
    base = python = ""
    install: tuple[str, ...] = ()
    environ: dict[str, str] = {}
    for words in map(_words, row.dockerfile.replace("\\\n", " ").splitlines()):
        match words:
            case ["ARG", pair] if pair.startswith("BASE="):
                base = pair.partition("=")[2]
            case ["RUN", "uv", "venv", *options] if "--python" in options[:-1]:
                python = options[options.index("--python") + 1]
            case ["RUN", "uv", "pip", "install", "--python", _, "--no-cache", *install_words]:
                install = tuple(install_words)
            case ["ENV", *pairs]:
                environ |= dict(pair.partition("=")[::2] for pair in pairs)
    if not base or not python:
        raise InputError(f"{row.instance_id}: its Dockerfile names no base and interpreter")
    return Environment(
        repo_id=row.repo_id,
        base=base,
        python=python,
        requirements=row.requirements,
        install=install,
        environ=tuple((name, value) for name, value in environ.items() if name not in _OWN),
        dockerfile=row.dockerfile,
        digest=row.image_digest,
        image=row.image,
    )


def _words(line: str) -> list[str]:
    """A line's words; none for a comment."""
    return [] if line.lstrip().startswith("#") else shlex.split(line)
