"""What is known of a repository: itself, its tests and functions, and who executes what."""

from dataclasses import dataclass

from smith_lib.types.values import RepoOutcome, Stability, Tier


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository at a commit, kept or rejected."""

    repo_id: str
    source: str
    """Where it comes from, pinned: `pypi:h11==0.16.0`, `github:owner/name@<40 hex>`."""
    repo: str
    """`owner/name`; `pypi/name` for an sdist."""
    commit: str
    """40 hexadecimal digits; the tree in the store is this commit's."""
    version: str
    """The project's own version, or an empty string where it tells none."""
    license: str
    """SPDX id, or `unknown`."""
    created_at: str
    """The commit's date, ISO 8601 in UTC."""
    loc: int
    """Lines of Python outside tests that are neither blank nor comments."""
    n_tests_static: int
    """Test functions counted in the source."""
    n_tests: int
    """Tests that the clean suite collected, and the test functions in modules that cannot be collected."""
    n_reliable: int
    """Tests that passed in every clean run."""
    pass_rate: float
    """`n_reliable` over the tests that ran (skipped ones left out), 0 to 1."""
    python: str
    """The interpreter's version inside the sandbox, e.g. `3.11.2`."""
    pytest: str
    """The suite's pytest version."""
    image: str
    """The environment's name in its sandbox: an image tag for docker."""
    image_digest: str
    """sha256 of what the environment is made from; the same for the same inputs on any machine."""
    dockerfile: str
    requirements: str
    """Frozen, one `name==version` a line, sorted."""
    base: str
    """What the environment is layered on: an image's name, or an interpreter's path."""
    interpreter: str
    """The interpreter in the base that the virtual environment is made from."""
    install: tuple[str, ...]
    """uv pip's arguments that install the project itself."""
    environ: tuple[str, ...]
    """`NAME=value` set while installing and running."""
    recipe: str
    """The install recipe that worked."""
    test_command: str
    """The command that runs the suite in `/testbed`."""
    test_args: tuple[str, ...]
    """pytest's arguments in it."""
    test_files: tuple[str, ...]
    """Files that hold or configure tests, relative; never changed by a bug."""
    ignored: tuple[str, ...]
    """Test modules that cannot be collected and are left out."""
    source_files: tuple[str, ...]
    """Python files of the package that the suite loads, relative, sorted."""
    baseline_seconds: float
    """Median wall seconds of a clean run."""
    baseline_cpu_seconds: float
    """Median processor seconds of a clean run."""
    sandbox: str
    tiers: tuple[str, ...]
    """The ways of judging that told the clean suite's outcomes, fast ones first."""
    tiers_reason: str
    """Why the others did not; empty where none is missing."""
    outside: tuple[str, ...]
    """Modules from outside the tree that the collected suite has imported, in the order of their import, and
    those of the standard library that its tests load while they run."""
    patterns: tuple[str, ...]
    """Regular expressions that its tests compile while they run, each as JSON: text, flags, whether it is
    bytes. A warm process has them compiled before."""
    outcome: RepoOutcome
    reason: str
    """One line with the figure, e.g. `612 lines of code, at least 1,000 wanted`."""
    log: str
    """The build's log relative to the root, or an empty string."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test of a repository and what the clean runs said of it."""

    repo_id: str
    test_id: str
    """pytest's node id, whole."""
    file: str
    outcomes: tuple[str, ...]
    """One a clean run: passed, failed, error, skipped, xfailed, xpassed, missing."""
    seconds: float
    """Median over the clean runs, set-up and tear-down included."""
    stability: Stability
    alone: bool
    """Whether it passes when it is run by itself; else its candidates are judged with all tests in order."""
    tier: Tier
    """The fastest way of judging that tells its outcome on clean code."""

    __test__ = False  # not a pytest class


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the package that the clean suite calls."""

    repo_id: str
    file: str
    qualname: str
    line: int
    """First line of the code object, decorators included."""


@dataclass(frozen=True, slots=True)
class CoveredFile:
    """Statements of a file."""

    path: str
    lines: tuple[int, ...]
    """Their first lines, sorted."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Reliable tests that execute the same statements of the package; without tests: what runs outside."""

    repo_id: str
    tests: tuple[str, ...]
    """Node ids, sorted."""
    files: tuple[CoveredFile, ...]
    why: tuple[str, ...]
    """What else they depend on, sorted: `process` where they start one, `source PATH` where they read that
    file of code, `order` or `unknown` where they pass in the whole suite only."""
    company: tuple[str, ...] = ()
    """Tests that they need, themselves among them, sorted; what those execute is among `files`."""
    only_alone: tuple[CoveredFile, ...] = ()
    """Of `files` what they execute by themselves and not in the whole suite, where others did it before."""
    only_together: tuple[CoveredFile, ...] = ()
    """Of `files` what they execute in the whole suite and not by themselves."""
