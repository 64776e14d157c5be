"""The rows: one frozen dataclass a table, from which the Arrow schemas derive.

Every row carries `repo_id`. Ids are opaque to the code and readable to people:
`owner__name.commit8` for a repository, `owner__name.commit8.operator.hash8` for a candidate.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class RepoOutcome(StrEnum):
    """Why a repository was kept or rejected."""

    KEPT = "kept"
    CONTAMINATED = "contaminated"
    LICENSE = "license"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    TOO_FEW_TESTS = "too_few_tests"
    NO_INTERPRETER = "no_interpreter"
    BUILD_FAILED = "build_failed"
    SUITE_FAILED = "suite_failed"
    TOO_FEW_PASSING = "too_few_passing"


class Outcome(StrEnum):
    """What became of a candidate."""

    VALID = "valid"
    SUBTLE = "subtle"
    NO_FAILURE = "no_failure"
    NOT_COVERED = "not_covered"
    TOO_BROKEN = "too_broken"
    FLAKY = "flaky"
    TIMEOUT = "timeout"
    APPLY_FAILED = "apply_failed"
    DUPLICATE = "duplicate"


class Stability(StrEnum):
    """What the clean runs said of a test."""

    RELIABLE = "reliable"
    FLAKY = "flaky"
    BROKEN = "broken"
    SKIPPED = "skipped"


class Strategy(StrEnum):
    """The family a bug comes from."""

    AST = "ast"
    SEMANTIC = "semantic"
    LLM = "llm"
    MIRROR = "mirror"
    COMBINE = "combine"
    GIVEN = "given"
    """None of Smith's: the bug was read from a file."""


class Category(StrEnum):
    """What kind of mistake a bug is."""

    LOGIC_ERROR = "logic_error"
    EDGE_CASE = "edge_case"
    OFF_BY_ONE = "off_by_one"
    NULL_HANDLING = "null_handling"
    OTHER = "other"


class Complexity(StrEnum):
    """The size of the fix in changed lines: 1 to 5, 6 to 15, 16 and more."""

    SIMPLE = "simple"
    MEDIUM = "medium"
    COMPLEX = "complex"

    @classmethod
    def of(cls, fix_lines: int) -> "Complexity":
        """The class of a fix of so many changed lines."""
        if fix_lines <= 5:
            return cls.SIMPLE
        return cls.MEDIUM if fix_lines <= 15 else cls.COMPLEX


class Tag(StrEnum):
    """What is to be known of a task."""

    WEAK_TESTS = "weak_tests"
    """A wrong fix passes its tests."""


class GradeOutcome(StrEnum):
    """What became of a prediction."""

    RESOLVED = "resolved"
    UNRESOLVED = "unresolved"
    REFUSED = "refused"
    """Nothing was run: `problem` names what is wrong with the patch."""
    CHEATING = "cheating"
    """A test that cannot pass did, or vanished beside tests that passed."""
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    """The test process ended before its tests did."""
    UNGRADED = "ungraded"
    """The task's environment cannot be had; says nothing of the patch."""


class PatchProblem(StrEnum):
    """What is wrong with a prediction's patch, or with the prediction."""

    NONE = ""
    EMPTY = "empty"
    MALFORMED = "malformed"
    DOES_NOT_APPLY = "does_not_apply"
    OUTSIDE_TREE = "outside_tree"
    BINARY = "binary"
    LINK = "link"
    """Makes or changes a symbolic link or a submodule."""
    TOO_LARGE = "too_large"
    NOT_UTF8 = "not_utf8"
    TESTS_ONLY = "tests_only"
    """All that it changes are tests and what configures them."""
    UNKNOWN_INSTANCE = "unknown_instance"
    DOUBLED = "doubled"
    """The file has an earlier prediction of the same model for the same task, which is the one graded."""


class Tier(StrEnum):
    """How a candidate was judged: function code swapped, a fresh import in a fork, a cold process."""

    SWAP = "swap"
    FORK = "fork"
    COLD = "cold"


class StageStatus(StrEnum):
    """How a stage of one repository ended."""

    DONE = "done"
    CACHED = "cached"
    """The shard was there already."""
    REJECTED = "rejected"
    """The repository does not meet the criteria; nothing follows."""
    SKIPPED = "skipped"
    """Nothing to do, since the stage before gave nothing."""
    FAILED = "failed"


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


@dataclass(frozen=True, slots=True)
class Report:
    """An issue or a pull request as people wrote it."""

    kind: str
    """`issue` or `pull`."""
    number: int
    title: str
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bug that has not been judged."""

    repo_id: str
    candidate_id: str
    strategy: Strategy
    operator: str
    category: Category
    bug_patch: str
    """Unified diff from clean to buggy, git style."""
    files: tuple[str, ...]
    functions: tuple[str, ...]
    """`file::qualname` of the functions (or classes, or `<module>`) that change."""
    fix_lines: int
    """Changed lines: the larger of removed and added, hunk by hunk, summed."""
    complexity: Complexity
    seed: int
    model: str
    cost_usd: float
    covering_tests: tuple[str, ...]
    """Reliable tests that execute the changed lines; empty where that is not known."""
    fix_commit: str = ""
    """The commit that a mirrored bug undoes, 40 hexadecimal digits; empty for other families."""
    fix_date: str = ""
    """When it was committed, ISO 8601 in UTC."""
    fix_title: str = ""
    """The first line of its message."""
    fix_body: str = ""
    """The rest of its message."""
    fix_reports: tuple[Report, ...] = ()
    """Its pull request and the issues that it names, as far as they could be read."""


@dataclass(frozen=True, slots=True)
class FixedPiece:
    """A function, or a variable of a module or class, as it was before a fix and after it."""

    file: str
    name: str
    """Qualified, as Python has it; `<module>` for lines outside of all of them."""
    buggy: str
    fixed: str


@dataclass(frozen=True, slots=True)
class Variation:
    """Another bug, made by an operator at the lines of a fix, and what the tests said of it."""

    candidate_id: str
    operator: str
    category: Category
    bug_patch: str
    """Unified diff from today's clean code to buggy."""
    fix_lines: int
    outcome: Outcome
    fail_to_pass: tuple[str, ...]
    fail_ratio: float


@dataclass(frozen=True, slots=True)
class PastFix:
    """A fix out of a project's history: the bug, the fix, and the tests that tell them apart."""

    repo_id: str
    """The repository at the commit that is today's code."""
    fix_id: str
    """`repo_id.fix.commit8`."""
    repo: str
    source: str
    """As it may be published: without the place of a folder on this machine."""
    license: str
    commit: str
    """The fix, 40 hexadecimal digits."""
    date: str
    """When it was committed, ISO 8601 in UTC."""
    title: str
    body: str
    reports: tuple[Report, ...]
    """Its pull request and the issues that it names, as far as they could be read."""
    files: tuple[str, ...]
    """The source files that it changes, sorted."""
    functions: tuple[str, ...]
    """`file::name` of the pieces, sorted."""
    pieces: tuple[FixedPiece, ...]
    patch: str
    """What it does to these files: buggy to fixed."""
    test_files: tuple[str, ...]
    """The files of tests that it changes, sorted."""
    category: Category
    edits: tuple[str, ...]
    """What it does to the syntax tree, e.g. `add branch`, `change comparison`; in the order of the code."""
    fix_lines: int
    complexity: Complexity
    validated: bool
    """Whether reliable tests of today fail with it undone on today's code; else it is recorded only."""
    outcome: str
    """That of its undoing, as verdicts have it; empty where it was not undone or not judged."""
    reason: str
    operator: str
    """The way in which it was undone, e.g. `mirror_reverse`; empty without."""
    candidate_id: str
    bug_patch: str
    """Its undoing: today's clean code to buggy."""
    fail_to_pass: tuple[str, ...]
    """The tests that fail with it undone, sorted."""
    fail_ratio: float
    variations: tuple[Variation, ...]
    embedding: str
    """The model that the vector is of, with its number of dimensions."""
    vector: bytes
    """Numbers of 16 bits (IEEE 754, little-endian) of length 1 together."""
    words: bytes
    """Hashes of the words that it is found by, 32 bits each (little-endian), sorted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a traceback inside the repository."""

    file: str
    line: int
    function: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What was seen of one failing test on buggy code."""

    test_id: str
    exception: str
    """Type name, e.g. `AssertionError`."""
    message: str
    frames: tuple[Frame, ...]
    """From the test inwards."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tests said of one candidate."""

    repo_id: str
    candidate_id: str
    outcome: Outcome
    reason: str
    fail_to_pass: tuple[str, ...]
    """Node ids that pass on clean code and not on buggy code, sorted."""
    pass_to_pass: tuple[str, ...]
    """Node ids that pass on both, sorted; empty unless valid or subtle."""
    fail_ratio: float
    """`fail_to_pass` over the repository's reliable tests, 0 to 1."""
    runs: int
    seconds: float
    """Wall seconds of all runs."""
    tier: Tier
    audit: str
    """Whether a cold run of the whole suite was compared: `agrees`, `differs` (the row is then what cold
    runs said), or empty where it was not in the sample."""
    failures: tuple[Failure, ...]
    """Evidence of up to five failing tests, first run."""


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A whole file."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A published task: SWE-bench's fields under their own names, then ours."""

    instance_id: str
    repo: str
    base_commit: str
    patch: str
    """The fix: buggy to clean."""
    test_patch: str
    """Adds back the tests that the task hides."""
    problem_statement: str
    hints_text: str
    created_at: str
    version: str
    FAIL_TO_PASS: tuple[str, ...] = field(metadata={"doc": "Pass on clean code, not on buggy code."})
    PASS_TO_PASS: tuple[str, ...] = field(metadata={"doc": "Pass on both."})
    environment_setup_commit: str
    difficulty: str
    repo_id: str
    source: str
    license: str
    bug_patch: str
    """The bug: clean to buggy."""
    buggy_code: tuple[CodeFile, ...]
    oracle_code: tuple[CodeFile, ...]
    problem_statement_source: str
    """How the issue text was written, e.g. `template:traceback` or `original:issue` (people's own words)."""
    reproduced: bool
    """Whether the issue's code was run on clean and on buggy code and showed what the text says."""
    image: str
    image_digest: str
    dockerfile: str
    requirements: str
    python: str
    test_command: str
    strategy: Strategy
    operator: str
    category: Category
    complexity: Complexity
    fix_lines: int
    files_changed: int
    functions: tuple[str, ...]
    fail_ratio: float
    subset: str
    """`main` for the band of 1 to 90 %, `subtle` below it."""
    model: str
    cost_usd: float
    covering_tests: int
    """Reliable tests that execute what the fix changes."""
    given_away: float
    """How much of the fix the issue text gives away, 0 to 1: by the function's name, the names on the fix's
    lines, a traceback that ends there."""
    difficulty_points: int
    """What `difficulty` is read from."""
    wrong_fixes: int
    """Wrong programs, made by Smith's operators at the lines that the fix writes, that the tests were tried
    with."""
    wrong_fixes_surviving: int
    """Those of them that fail no test, and yet were seen to do something else than the fix."""
    wrong_fixes_alike: int
    """Those that fail no test and were not seen to: they may be the same as the fix."""
    quality: float
    """0 to 1: the mean of the share of the wrong fixes that fail a test (one of those alike counts half) and
    of what the issue text shows."""
    tags: tuple[Tag, ...]
    """What is to be known of the task: `weak_tests` where a wrong fix survives."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What the tests said of one prediction."""

    repo_id: str
    """Empty where the instance is not known."""
    instance_id: str
    model: str
    """`model_name_or_path` of the prediction."""
    outcome: GradeOutcome
    problem: PatchProblem
    reason: str
    """One line."""
    ignored: tuple[str, ...]
    """Paths of the patch that were left out, with why: `tests/test_a.py: holds tests`; sorted."""
    applies: bool
    fixed: tuple[str, ...]
    """FAIL_TO_PASS that pass, sorted."""
    not_fixed: tuple[str, ...]
    kept: tuple[str, ...]
    """PASS_TO_PASS that pass, sorted."""
    not_kept: tuple[str, ...]
    fixed_share: float
    """Of FAIL_TO_PASS, 0 to 1; 0 unless the run came to its end honestly."""
    kept_share: float
    """Of PASS_TO_PASS, likewise; 1 where there are none."""
    reward: float
    """0 to 1, by the formula of `smith_lib.grade.rewards`."""
    canaries: int
    """Tests in the run that must fail."""
    tier: Tier
    """How it was run: `swap`, `fork` or `cold`."""
    seconds: float
    """Wall seconds from patch to verdict."""

    @property
    def resolved(self) -> bool:
        """Whether all of FAIL_TO_PASS and PASS_TO_PASS pass."""
        return self.outcome is GradeOutcome.RESOLVED


@dataclass(frozen=True, slots=True)
class Solved:
    """How often a task was solved, and how hard it is by that."""

    repo_id: str
    instance_id: str
    points: int
    """`difficulty_points` of the instance."""
    by_rule: str
    """`difficulty` of the instance."""
    models: tuple[str, ...]
    """Whose patches were graded, sorted."""
    tries: int
    """Graded patches."""
    resolved: int
    """Those that solve it."""
    solve_rate: float
    """`resolved` over `tries`, 0 to 1; -1 where there was none."""
    difficulty: str
    """As the rule has it, or one level easier or harder where the attempts show it."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a person said of a task; None where nothing was said to a question."""

    repo_id: str
    instance_id: str
    reviewer: str
    realistic: bool | None
    """Whether people make such mistakes."""
    text_clear: bool | None
    """Whether the issue text says what is wrong, so that work could begin."""
    difficulty_right: bool | None
    """Whether `difficulty` is what it would take."""
    notes: str
    at: str
    """When it was said last, ISO 8601 in UTC."""


@dataclass(frozen=True, slots=True)
class StageRun:
    """How far a run came with one source: a row of the run's ledger."""

    run_id: str
    source: str
    """As it was asked for."""
    pin: str
    """Fixed to a commit or release; empty until the source is resolved."""
    repo_id: str
    """Empty until the source is fetched."""
    stage: str
    """The stage this row is about: select, inject, validate, package."""
    status: StageStatus
    reason: str
    """One line: why it was rejected or failed."""
    curable: bool
    """Whether another try may help."""
    rows: int
    seconds: float
    shard: str
    """The shard's path relative to the root, or an empty string."""
    key: str
    """The shard's key, from which the next stage's derives."""
    started_at: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What a run did in one stage of one repository, and what run it was: a row of `ledger/RUN.parquet`."""

    run_id: str
    of: str
    """The run whose failures it took up, or an empty string."""
    started_by: str
    """User and machine."""
    deployment: str
    """The id of Prefect's deployment; empty where it was started by hand."""
    began_at: str
    ended_at: str
    until: str
    """The last stage wanted."""
    settings: str
    """All of them, as JSON."""
    smith: str
    """Releases: of Smith, Python and Prefect."""
    python: str
    prefect: str
    judge: int
    """The version of the way in which bugs are judged, and of that in which tasks are written up."""
    packager: int
    version: str
    """The dataset version that the run published, or an empty string."""
    source: str
    repo_id: str
    pin: str
    stage: str
    status: StageStatus
    outcome: str
    """`kept` or why the repository was rejected, once it is selected; else the status."""
    reason: str
    attempts: int
    """How often it was tried; 0 where it was skipped or never reached."""
    started_at: str
    seconds: float
    cost_usd: float
    """What models were paid for what the stage made, whichever run paid it."""
    rows: int
    shard: str
    log: str
    """Where the traceback of a failed stage lies, relative to the root."""
    flow_run_url: str
    """In Prefect's UI; empty where the run had a server of its own that is gone."""
    task_run_url: str


Row = (
    Repo | Test | Function | Coverage | Candidate | Verdict | Instance | Grade | Review | PastFix | StageRun
    | LedgerRow
)
