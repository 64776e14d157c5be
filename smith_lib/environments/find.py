"""Find the environment in which a repository's suite runs."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from smith_lib.environments.dockerfile import environment
from smith_lib.environments.metadata import Metadata, read
from smith_lib.environments.trial import NETWORK, Attempt, Best, Trial, last_line, try_recipes
from smith_lib.errors import InputError, NetworkError
from smith_lib.sandbox.protocol import Environment, Limits, Sandbox
from smith_lib.sandbox.suite import COMPLETE
from smith_lib.settings import EnvironmentSettings
from smith_lib.sources.protocol import Tree
from smith_lib.types import RepoOutcome

WORTH_RUNNING = 0.5
"""The share of tests that must pass in the trial; the exact share is for the clean runs to say."""
UNKNOWN_VERSION = "9999.0"
"""What a project is called whose version is in its history alone: high, as others may want a recent one."""

VERSION_VARIABLES = (
    "SETUPTOOLS_SCM_PRETEND_VERSION", "PDM_BUILD_SCM_VERSION", "PBR_VERSION", "UV_DYNAMIC_VERSIONING_BYPASS",
    "POETRY_DYNAMIC_VERSIONING_BYPASS",
)  # fmt: skip
_BY_HISTORY = re.compile(
    r"setuptools[-_]scm|hatch-vcs|\bvcs\b|\bscm\b|\bpbr\b|dynamic-versioning|flit[-_]scm|dunamai"
)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of looking for an environment."""

    outcome: RepoOutcome
    """KEPT, NO_INTERPRETER, BUILD_FAILED or SUITE_FAILED."""
    reason: str
    """One line: which recipe failed and why; empty where it was kept."""
    environment: Environment | None
    recipe: str
    test_args: tuple[str, ...]
    """pytest's arguments."""
    test_command: str
    """What a person types in `/testbed`."""
    ignored: tuple[str, ...]
    """Modules that cannot be collected and are left out."""
    suite_seconds: float
    """What the suite took in the trial."""
    log: str
    """Every attempt, and the build of the environment."""
    attempts: tuple[Attempt, ...] = ()


def find(tree: Tree, sandbox: Sandbox, settings: EnvironmentSettings, limits: Limits) -> Found:
    """The environment that the first good recipe gives, built; or why there is none.

    The clean runs that follow decide whether the suite is good enough: a suite of which at least half
    passed is handed on. Raises `NetworkError` where the package index does not answer, `EngineError`
    where the sandbox failed.
    """
    metadata = read(tree.path)
    base = sandbox.base()
    environ = pretended_version(tree, metadata)
    trial = try_recipes(sandbox, base, tree, metadata, environ, settings, limits)
    best = trial.best
    if best is None or best.passed <= WORTH_RUNNING * (best.tests + best.lost):
        return _failed(trial, metadata)
    made = environment(tree, base, settings.base_image, best, environ)
    log = f"{trial.log}\n=== building {made.image}\n"
    try:
        log += sandbox.build(made, tree.path, replace(limits, seconds=settings.build_seconds))
    except InputError as error:
        if NETWORK.search(str(error)):
            raise NetworkError(f"the package index did not answer while {made.image!r} was built") from error
        return _not_built(best, str(error), log, trial)
    return Found(
        RepoOutcome.KEPT, "", made, best.recipe, best.args, command(best), best.ignored, best.seconds, log,
        trial.attempts,
    )  # fmt: skip


def command(best: Best) -> str:
    """The command that runs the suite in `/testbed`."""
    return shlex.join(["python", "-m", "pytest", *COMPLETE, *best.args])


def pretended_version(tree: Tree, metadata: Metadata) -> dict[str, str]:
    """Variables that tell build backends the version that they would look for in the history."""
    if metadata.released or not _versioned_by_history(tree.path):
        return {}
    try:
        version = str(Version(tree.version))
    except InvalidVersion:
        version = UNKNOWN_VERSION
    return dict.fromkeys(VERSION_VARIABLES, version)


def _versioned_by_history(root: Path) -> bool:
    return any(
        _BY_HISTORY.search((root / name).read_text(encoding="utf-8", errors="replace"))
        for name in ("pyproject.toml", "setup.py", "setup.cfg")
        if (root / name).is_file()
    )


def _not_built(best: Best, error: str, log: str, trial: Trial) -> Found:
    """What worked in the trial and could not be built again, most often within the time."""
    reason = f"recipe {best.recipe!r}: worked in the trial and could not be built: {last_line(error)}"
    return Found(
        RepoOutcome.BUILD_FAILED, reason, None, "", (), "", (), 0.0, log + error, trial.attempts
    )


def _failed(trial: Trial, metadata: Metadata) -> Found:
    """Why there is no environment, in one line."""
    if not trial.interpreters:
        outcome = RepoOutcome.NO_INTERPRETER
        reason = f"requires Python {metadata.requires_python}, which the base has no interpreter for"
    elif not any(a.installed for a in trial.attempts):
        outcome = RepoOutcome.BUILD_FAILED
        reason = _told(trial.attempts, "cannot be installed")
    else:
        outcome = RepoOutcome.SUITE_FAILED
        installed = sorted((a for a in trial.attempts if a.installed), key=lambda a: (-a.passed, -a.tests))
        reason = _told(installed, "its tests do not run")
    return Found(outcome, reason, None, "", (), "", (), 0.0, trial.log, trial.attempts)


def _told(attempts: Sequence[Attempt], what: str) -> str:
    if not attempts:
        return f"{what}: no recipe was tried within the time limit"
    others = f" (so did {len(attempts) - 1} other tries)" if len(attempts) > 1 else ""
    return f"recipe {attempts[0].recipe!r}: {what}: {attempts[0].reason}{others}"
