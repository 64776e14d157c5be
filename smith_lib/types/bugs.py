"""A bug, and what the tests said of it."""

from dataclasses import dataclass

from smith_lib.types.values import Category, Complexity, Outcome, Strategy, Tier


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
    parts: tuple[str, ...] = ()
    """The ids of the bugs that it combines; it is judged where each of them alone is valid or subtle."""
    part_only: bool = False
    """Whether it is judged for what it is a part of alone, and becomes no task."""


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
