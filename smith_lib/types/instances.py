"""A published task, and what became of attempts to solve it."""

from dataclasses import dataclass, field

from smith_lib.types.values import Category, Complexity, GradeOutcome, PatchProblem, Strategy, Tag, Tier


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
    """What is to be known of the task: `weak_tests`, `partly_tested`, `partly_told`."""


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
