"""What columns may hold: outcomes, families, kinds, tiers."""

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
    PART_NOT_VALID = "part_not_valid"
    """It combines bugs of which one, alone, is neither valid nor subtle."""


UNTOLD = frozenset({Outcome.APPLY_FAILED, Outcome.DUPLICATE, Outcome.PART_NOT_VALID})
"""Outcomes that tell nothing of any test."""
UNJUDGED = UNTOLD | {Outcome.NOT_COVERED}
"""Outcomes after which no test was run."""


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
    PARTLY_TESTED = "partly_tested"
    """One of several changes can stay as it is, and all its tests pass."""
    PARTLY_TOLD = "partly_told"
    """Code was run for the issue text, and none that it has shows one of several changes."""


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
