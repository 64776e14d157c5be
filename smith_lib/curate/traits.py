"""What choosing goes by of a task: a row without its texts, so that a million of them fit into memory."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from sys import intern
from types import SimpleNamespace
from typing import Any, Protocol

from smith_lib.curate.likeness import Features, features
from smith_lib.curate.quality import Parts, parts
from smith_lib.storage import Root, table_at
from smith_lib.types import Category, CodeFile, Complexity, Instance, Strategy, Tag


class Described(Protocol):
    """What figures and cards need of a row: an `Instance` has it, and a `Trait`."""

    @property
    def instance_id(self) -> str: ...
    @property
    def repo_id(self) -> str: ...
    @property
    def repo(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def license(self) -> str: ...
    @property
    def strategy(self) -> Strategy: ...
    @property
    def operator(self) -> str: ...
    @property
    def category(self) -> Category: ...
    @property
    def complexity(self) -> Complexity: ...
    @property
    def files_changed(self) -> int: ...
    @property
    def functions(self) -> tuple[str, ...]: ...
    @property
    def fail_ratio(self) -> float: ...
    @property
    def subset(self) -> str: ...
    @property
    def wrong_fixes(self) -> int: ...
    @property
    def wrong_fixes_surviving(self) -> int: ...
    @property
    def wrong_fixes_alike(self) -> int: ...
    @property
    def quality(self) -> float: ...
    @property
    def tags(self) -> tuple[Tag, ...]: ...


MANY = 3
"""Tests that come by a place, from which on it says something that all of them fail."""
NEEDED = (
    "instance_id", "repo_id", "repo", "source", "license", "strategy", "operator", "category", "complexity",
    "fix_lines", "files_changed", "functions", "fail_ratio", "subset", "wrong_fixes", "wrong_fixes_surviving",
    "wrong_fixes_alike", "quality", "tags", "problem_statement", "problem_statement_source", "reproduced",
    "given_away", "covering_tests", "bug_patch", "FAIL_TO_PASS", "PASS_TO_PASS",
)  # fmt: skip
"""Columns that a trait is made of, and the changed files:"""
NESTED = ("buggy_code",)


@dataclass(frozen=True, slots=True)
class Trait:
    """A task without its texts."""

    instance_id: str
    repo_id: str
    repo: str
    source: str
    license: str
    strategy: Strategy
    operator: str
    category: Category
    complexity: Complexity
    fix_lines: int
    files_changed: int
    functions: tuple[str, ...]
    fail_ratio: float
    subset: str
    wrong_fixes: int
    wrong_fixes_surviving: int
    wrong_fixes_alike: int
    quality: float
    tags: tuple[Tag, ...]
    problem_statement_source: str
    issue_length: int
    """Characters of the issue text."""
    program: bytes
    """Digest of the buggy files; the same for the same program."""
    features: Features
    """What the bug's patch changes (`smith_lib.curate.likeness`)."""
    parts: Parts
    """What was measured of its quality; the distance to the nearest neighbour is not known yet."""
    blatant: bool
    """Whether every test fails that executes what changes, and `MANY` or more do."""
    appropriate: bool
    """Whether some tests fail and some pass, none does both, and the failing share is not the whole."""
    shard: str
    """Where the whole row lies, relative to the root; empty where it is in memory."""


def traits(
    instances: Iterable[Instance], verdicts: Mapping[str, Any] | None = None, shard: str = ""
) -> list[Trait]:
    """A trait for each instance; `verdicts` by instance id tell how often its bug was run."""
    judged = verdicts or {}
    return [trait(row, judged.get(row.instance_id), shard) for row in instances]


def traits_at(root: Root, shard: str, verdicts: Mapping[str, Any]) -> list[Trait]:
    """A trait for each instance of the shard, of which no more is read than that takes."""
    table = table_at(root, shard, [*NEEDED, *NESTED])
    columns = [table.column(name).to_pylist() for name in (*NEEDED, *NESTED)]
    names = (*NEEDED, *NESTED)
    made = []
    for values in zip(*columns, strict=True):
        seen = SimpleNamespace(**dict(zip(names, values, strict=True)))
        seen.strategy, seen.category = Strategy(seen.strategy), Category(seen.category)
        seen.complexity, seen.tags = Complexity(seen.complexity), tuple(map(Tag, seen.tags))
        seen.buggy_code = [CodeFile(file["path"], file["text"]) for file in seen.buggy_code]
        made.append(trait(seen, verdicts.get(seen.instance_id), shard))
    return made


def trait(row: Any, verdict: Any | None = None, shard: str = "") -> Trait:
    """An instance, or what is needed of it, without its texts."""
    return Trait(
        instance_id=row.instance_id,
        repo_id=intern(row.repo_id),
        repo=intern(row.repo),
        source=intern(row.source),
        license=intern(row.license),
        strategy=row.strategy,
        operator=intern(row.operator),
        category=row.category,
        complexity=row.complexity,
        fix_lines=row.fix_lines,
        files_changed=row.files_changed,
        functions=tuple(map(intern, row.functions)),
        fail_ratio=row.fail_ratio,
        subset=intern(str(row.subset)),
        wrong_fixes=row.wrong_fixes,
        wrong_fixes_surviving=row.wrong_fixes_surviving,
        wrong_fixes_alike=row.wrong_fixes_alike,
        quality=row.quality,
        tags=row.tags,
        problem_statement_source=intern(row.problem_statement_source),
        issue_length=len(row.problem_statement.strip()),
        program=_program(row),
        features=features(row.bug_patch),
        parts=parts(row, verdict),
        blatant=len(row.FAIL_TO_PASS) >= max(MANY, row.covering_tests),
        appropriate=appropriate(row),
        shard=intern(shard),
    )


def appropriate(row: Any) -> bool:
    """Whether some tests fail and some pass, none does both, and the failing share is not the whole."""
    failing = set(row.FAIL_TO_PASS)
    if not failing or not row.PASS_TO_PASS or not 0 < row.fail_ratio < 1:
        return False
    return failing.isdisjoint(row.PASS_TO_PASS)


def _program(row: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(row.buggy_code, key=lambda f: f.path):
        for text in (file.path.encode(errors="surrogatepass"), file.text.encode(errors="surrogatepass")):
            digest.update(b"%d:" % len(text))
            digest.update(text)
    return digest.digest()
