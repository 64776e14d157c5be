"""One run of a repository's test suite in a sandbox, and what it reported."""

from collections.abc import Mapping
from dataclasses import dataclass

from smith_lib.sandbox.protocol import Environment, Limits, Sandbox
from smith_lib.types import Failure


@dataclass(frozen=True, slots=True)
class SuiteJob:
    """How to run a suite."""

    args: tuple[str, ...] = ()
    """pytest's arguments: test paths, `--ignore=...`, `-p no:...`."""
    files: Mapping[str, str] | None = None
    """Changed files of the tree, relative path to text, written before the run."""
    hash_seed: int = 0
    """`PYTHONHASHSEED`."""
    trace: bool = False
    """Record which functions of the tree are called (slower; outcomes are then not to be trusted)."""
    keep_failures: int = 5
    """Failing tests whose traceback is kept."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test's outcome in one run."""

    outcome: str
    """passed, failed, error, skipped, xfailed, xpassed."""
    seconds: float

    __test__ = False


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """What one run of a suite reported."""

    ended: str
    """finished, timeout, crashed (interpreter died, memory limit, report lost)."""
    tests: Mapping[str, TestResult]
    """By node id, in the order run. Empty unless finished or partly run."""
    collection_errors: Mapping[str, str]
    """Node id of the collector (most often a module's path) to one line of why."""
    failures: tuple[Failure, ...]
    called: tuple[tuple[str, str, int], ...]
    """(relative file, qualified name, first line) of functions of the tree called; empty unless traced."""
    loaded: tuple[str, ...]
    """Relative paths of the tree's Python files that were imported, sorted."""
    python: str
    pytest: str
    seconds: float
    detail: str
    """The last lines of output, where it did not finish or collected nothing."""


def run_suite(sandbox: Sandbox, environment: Environment, job: SuiteJob, limits: Limits) -> SuiteReport:
    """Run the suite once in a fresh sandbox."""
    raise NotImplementedError
