"""A repository's candidates: real bugs, each once, the same for a seed, and in balance."""

import ast
import os
import subprocess
import sys
import textwrap
from collections import Counter, defaultdict
from dataclasses import fields
from pathlib import Path

import pytest

from smith_lib import diffs
from smith_lib.errors import UnknownName
from smith_lib.inject import balance, combine
from smith_lib.inject import candidates as inject
from smith_lib.inject.candidates import candidates
from smith_lib.settings import InjectSettings
from smith_lib.types import Candidate, Category, Complexity, Function, Repo, RepoOutcome, Strategy

SOURCES = Path(__file__).parents[2] / "smith_lib"
"""Smith's own code serves as a package of some thousand lines."""


BLANK: dict[object, object] = {str: "", int: 0, float: 0.0, RepoOutcome: RepoOutcome.KEPT}


def repo(*files: str, tests: tuple[str, ...] = ()) -> Repo:
    columns = {column.name: BLANK.get(column.type, ()) for column in fields(Repo)}
    own = {"repo_id": "o__n.12345678", "source_files": files, "test_files": tests}
    return Repo(**{**columns, **own})  # type: ignore[arg-type]


def functions(tree: Path, files: tuple[str, ...]) -> list[Function]:
    found: list[Function] = []

    def walk(path: str, node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                line = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                found.append(Function("o__n.12345678", path, prefix + child.name, line))
                walk(path, child, f"{prefix}{child.name}.<locals>.")
            else:
                walk(path, child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)

    for path in files:
        walk(path, ast.parse((tree / path).read_bytes()), "")
    return found


def own_code() -> tuple[str, ...]:
    folders = ("inject", "storage")
    files = [*SOURCES.glob("*.py"), *(f for name in folders for f in (SOURCES / name).glob("*.py"))]
    return tuple(sorted(str(path.relative_to(SOURCES)) for path in files))


@pytest.fixture(scope="module")
def drawn() -> list[Candidate]:
    files = own_code()
    return candidates(repo(*files), SOURCES, functions(SOURCES, files), InjectSettings(limit=150), 7)


def written(tree: Path, **files: str | bytes) -> tuple[str, ...]:
    names = []
    for name, content in files.items():
        data = content if isinstance(content, bytes) else textwrap.dedent(content).encode()
        (tree / f"{name}.py").write_bytes(data)
        names.append(f"{name}.py")
    return tuple(names)


def draw(
    tree: Path, files: tuple[str, ...], limit: int = 40, seed: int = 0, **settings: object
) -> list[Candidate]:
    chosen = InjectSettings.model_validate({"limit": limit, "max_per_function": 100, **settings})
    return candidates(repo(*files), tree, functions(tree, files), chosen, seed)


def buggy(tree: Path, candidate: Candidate) -> dict[str, str]:
    return diffs.apply(candidate.bug_patch, lambda path: (tree / path).read_bytes().decode())


def test_every_candidate_compiles_and_is_another_program(drawn: list[Candidate]) -> None:
    assert sum(_worth(candidate) for candidate in drawn) == pytest.approx(150, abs=1)
    programs = set()
    for candidate in drawn:
        changed = buggy(SOURCES, candidate)
        assert tuple(sorted(changed)) == candidate.files
        trees = {path: ast.dump(ast.parse(text)) for path, text in changed.items()}
        for path, text in changed.items():
            compile(text, path, "exec", dont_inherit=True)
            assert trees[path] != ast.dump(ast.parse((SOURCES / path).read_bytes()))
        programs.add(tuple(sorted(trees.items())))
    assert len(programs) == len(drawn)


def test_the_columns_are_what_the_patch_shows(drawn: list[Candidate]) -> None:
    assert len({candidate.candidate_id for candidate in drawn}) == len(drawn)
    for candidate in drawn:
        assert candidate.candidate_id.startswith(f"o__n.12345678.{candidate.operator}.")
        assert candidate.fix_lines == diffs.fix_lines(candidate.bug_patch)
        assert candidate.complexity is Complexity.of(candidate.fix_lines)
        assert candidate.files == diffs.paths(candidate.bug_patch)
        assert {name.split("::")[0] for name in candidate.functions} == set(candidate.files)


def _worth(candidate: Candidate) -> float:
    return balance.worth(len(candidate.parts))


def test_the_draw_is_spread_towards_its_shares(drawn: list[Candidate]) -> None:
    sizes: dict[Complexity, float] = defaultdict(float)
    kinds: dict[Category, float] = defaultdict(float)
    for candidate in drawn:
        sizes[candidate.complexity] += _worth(candidate)
        kinds[candidate.category] += _worth(candidate)
    assert 0.5 <= sizes[Complexity.SIMPLE] / 150 <= 0.75
    assert 0.2 <= sizes[Complexity.MEDIUM] / 150 <= 0.38
    assert sizes[Complexity.COMPLEX] >= 6
    assert kinds[Category.LOGIC_ERROR] / 150 == pytest.approx(0.35, abs=0.08)
    assert kinds[Category.EDGE_CASE] / 150 == pytest.approx(0.25, abs=0.08)
    assert sum(_worth(c) for c in drawn if len(c.files) > 1) == pytest.approx(8, abs=1)
    assert max(Counter(c.operator for c in drawn if c.strategy is not Strategy.COMBINE).values()) <= 12
    assert len({candidate.operator for candidate in drawn}) >= 60
    assert _crowded([c for c in drawn if not c.parts]) <= 6
    assert _crowded([c for c in drawn if c.parts]) <= 6


def _crowded(some: list[Candidate]) -> float:
    """What the candidates in one function count for at most."""
    found: dict[str, float] = defaultdict(float)
    for candidate in some:
        for name in candidate.functions:
            found[name] += _worth(candidate)
    return max(found.values())


def test_a_combination_is_its_parts_on_lines_of_their_own(drawn: list[Candidate]) -> None:
    by_id = {candidate.candidate_id: candidate for candidate in drawn}
    together = [candidate for candidate in drawn if candidate.strategy is Strategy.COMBINE]
    assert len({c.operator for c in together} & {*combine.NAMES}) >= 3
    assert {len(c.parts) for c in together} >= {2, 3}
    assert [c for c in drawn if c.parts] == together
    for candidate in together:
        parts = [by_id[name] for name in candidate.parts]
        assert not any(part.parts or part.part_only for part in parts)
        assert {name for part in parts for name in part.functions} == {*candidate.functions}
        gone = sorted(hunk for part in parts for hunk in _gone(part))
        assert gone == sorted(_gone(candidate))


def _gone(candidate: Candidate) -> list[tuple[str, int, str]]:
    """The clean lines that are not there any more: file, number, text."""
    found = []
    for diff in diffs.parse(candidate.bug_patch):
        for hunk in diff.hunks:
            for first, last, _, _ in diffs.runs(list(hunk.old), list(hunk.new)):
                found += [(diff.old_path or "", hunk.start + n, hunk.old[n]) for n in range(first, last)]
    return found


def test_the_same_seed_gives_the_same_rows_under_any_hash_seed(tmp_path: Path) -> None:
    files = written(tmp_path, a=LOOPS, b=CLASSES)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from test_candidates import draw\n"
        "print(draw(Path(sys.argv[2]), ('a.py', 'b.py'), seed=3))"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(tmp_path)]
    rows = [
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    ]
    assert rows[0] == rows[1]
    assert draw(tmp_path, files, seed=3) != draw(tmp_path, files, seed=4)


LOOPS = '''
    import logging

    log = logging.getLogger(__name__)
    __all__ = ["total", "first"]
    LIMIT = 10

    def total(items, start=0):
        """The sum, at most LIMIT + 1."""
        result = start
        for index, item in enumerate(items):
            if item is None or index > LIMIT:
                continue
            log.debug("item %d of %d", index + 1, len(items))
            result += item
        return result

    def first(items: list[int], wanted: int = 1) -> int:
        if not items:
            return -1
        for item in items[1:]:
            if item >= wanted and item < LIMIT:
                return item
        return items[0]
'''
CLASSES = """
    class Stack:
        size = 3

        def __init__(self, items=None):
            self.items = list(items or [])
            self.changed = False

        def push(self, item):
            if len(self.items) >= self.size:
                raise ValueError("full")
            self.items.append(item)
            self.changed = True
            return len(self.items)

        async def drain(self, sink):
            while self.items:
                item = self.items.pop()
                await sink(item)
            self.changed = True
"""


def test_documentation_annotations_exports_and_logging_stay_as_they_are(tmp_path: Path) -> None:
    files = written(tmp_path, a=LOOPS)
    clean = (tmp_path / "a.py").read_text()
    kept = [line for line in clean.splitlines() if "log" in line or "__all__" in line or '"""' in line]
    made = draw(tmp_path, files, limit=80)
    assert len(made) > 40
    for candidate in made:
        text = buggy(tmp_path, candidate)["a.py"]
        for line in kept:
            assert line.strip() in text
        if "def first" in candidate.bug_patch:
            assert "items: list[int], wanted: int" in text


def test_tests_and_functions_that_no_test_calls_are_never_changed(tmp_path: Path) -> None:
    files = written(tmp_path, a=LOOPS, b=CLASSES, test_a=LOOPS)
    called = [f for f in functions(tmp_path, files) if f.qualname in ("total", "Stack.push")]
    settings = InjectSettings(limit=60, max_per_function=100)
    made = candidates(repo(*files, tests=("test_a.py",)), tmp_path, called, settings, 1)
    outside = ("a.py::<module>", "b.py::Stack", "b.py::<module>")
    assert made
    for candidate in made:
        assert set(candidate.functions) <= {"a.py::total", "b.py::Stack.push", *outside}


def test_async_functions_and_class_bodies_are_in_reach(tmp_path: Path) -> None:
    made = draw(tmp_path, written(tmp_path, b=CLASSES), limit=80)
    changed = {name for candidate in made for name in candidate.functions}
    assert {"b.py::Stack.drain", "b.py::Stack"} <= changed


@pytest.mark.parametrize(
    ("newline", "before", "after"),
    [
        ("\r\n", "", ""),
        ("\n", "\ufeff", ""),
        ("\n", "# one\n\f\n", "\f\n# last, no newline"),
        ("\r\n", "\ufeff", "#"),
    ],
)
def test_the_bytes_outside_a_change_are_kept(tmp_path: Path, newline: str, before: str, after: str) -> None:
    clean = before + (textwrap.dedent(CLASSES).replace("    ", "\t") + after).replace("\n", newline)
    files = written(tmp_path, b=clean.encode())
    made = draw(tmp_path, files, limit=60)
    assert len(made) > 20
    for candidate in made:
        text = buggy(tmp_path, candidate)["b.py"]
        assert text.startswith("\ufeff") == clean.startswith("\ufeff")
        assert text.count("\r\n") == (text.count("\n") if newline == "\r\n" else 0)
        assert text.endswith(after)
        assert text.count("\f") == clean.count("\f")


def test_files_that_cannot_be_taken_are_left_out_with_a_reason(tmp_path: Path) -> None:
    deep = "x = " + "(" * 150 + "1" + ")" * 150
    files = written(
        tmp_path, good=LOOPS, latin="# -*- coding: latin-1 -*-\nx = '\xe9'\n".encode("latin-1"),
        said=b"# -*- coding: cp1252 -*-\nx = 1\n", old="print 'a'\n", nul=b"x = 1\0\n",
        deep=deep.encode(), empty=b"",
    )  # fmt: skip
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    parsed, skipped = inject.programs(repo(*files, "link.py", "gone.py"), tmp_path)
    assert {"good.py", "empty.py"} <= {program.path for program in parsed}
    assert {"latin.py", "said.py", "old.py", "nul.py", "link.py", "gone.py"} <= set(skipped)
    assert "UTF-8" in skipped["latin.py"]
    assert "link" in skipped["link.py"]
    assert all(skipped.values())


def test_only_named_operators_and_families_are_drawn(tmp_path: Path) -> None:
    files = written(tmp_path, a=LOOPS, b=CLASSES)
    named = draw(
        tmp_path,
        files,
        operators=["shift_boundary", "remove_emptiness_guard"],
        strategies=["ast", "semantic"],
    )
    assert {candidate.operator for candidate in named} == {"shift_boundary", "remove_emptiness_guard"}
    together = draw(tmp_path, files, strategies=["combine"])
    assert {candidate.strategy for candidate in together if not candidate.part_only} == {Strategy.COMBINE}
    used = {name for candidate in together for name in candidate.parts}
    assert {candidate.candidate_id for candidate in together if candidate.part_only} == used
    of_a_file = draw(tmp_path, files, operators=["combine_file"])
    assert sum(candidate.operator == "combine_file" for candidate in of_a_file) > 3
    assert all(candidate.part_only for candidate in of_a_file if candidate.operator != "combine_file")
    semantic = draw(tmp_path, files, strategies=["semantic"])
    assert {candidate.strategy for candidate in semantic} == {Strategy.SEMANTIC}


def test_an_unknown_operator_is_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"unknown operator 'shift_bondary'.*shift_boundary"):
        draw(tmp_path, written(tmp_path, a=LOOPS), operators=["shift_bondary"])


def test_a_function_takes_no_more_than_its_share(tmp_path: Path) -> None:
    made = draw(tmp_path, written(tmp_path, a=LOOPS, b=CLASSES), limit=100, max_per_function=3)
    assert _crowded([c for c in made if not c.parts]) == 3
    assert 2 < _crowded([c for c in made if c.parts]) <= 3


def test_what_most_tests_execute_takes_its_share_until_nothing_else_is_left(tmp_path: Path) -> None:
    files = written(tmp_path, a=LOOPS, b=CLASSES)
    known = functions(tmp_path, files)
    settings = InjectSettings(
        limit=20, max_per_function=100, common_share=0.1, strategies=("ast", "semantic")
    )
    common = {f"{f.file}::{f.qualname}" for f in known if f.file == "a.py"}

    def in_common(limit: int, share: float) -> tuple[int, int]:
        asked = settings.model_copy(update={"limit": limit, "common_share": share})
        made = candidates(repo(*files), tmp_path, known, asked, 1, common=common)
        return sum(not common.isdisjoint(c.functions) for c in made), len(made)

    assert in_common(20, 0.1) == (2, 20)
    assert in_common(20, 1)[0] > 4
    left, everything = in_common(400, 0.01)
    assert left > 4
    assert in_common(400, 1)[1] == everything


def test_a_blank_line_that_moves_gets_no_spaces(tmp_path: Path) -> None:
    source = (
        "def f(a):\n    b = 0\n    for x in a:\n        b += x\n\n    b = g(b)\n\n    b += 1\n    return b\n"
    )
    for candidate in draw(tmp_path, written(tmp_path, a=source), limit=60):
        assert not any(
            line.startswith("+") and line[1:].isspace() for line in candidate.bug_patch.split("\n")
        )


def test_a_package_without_code_has_no_candidates(tmp_path: Path) -> None:
    assert draw(tmp_path, written(tmp_path, a='"""Nothing."""\n', b="")) == []
