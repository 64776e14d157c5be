"""Fixes that people made, as the pool keeps them."""

from dataclasses import dataclass

from smith_lib.types.bugs import Report
from smith_lib.types.values import Category, Complexity, Outcome


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
