"""Mirrored fixes: found in a history, undone on today's code, with what people wrote of them."""

import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from smith_lib import diffs
from smith_lib.errors import SourceError
from smith_lib.inject.candidates import candidates
from smith_lib.inject.mirror_family import fixes
from smith_lib.inject.mirror_family.blobs import blobs
from smith_lib.inject.mirror_family.category import category_of
from smith_lib.inject.mirror_family.history import History, branches, listed
from smith_lib.inject.mirror_family.lost import Package
from smith_lib.inject.mirror_family.mirror import Past
from smith_lib.inject.mirror_family.parts import parts_of
from smith_lib.inject.program import Program
from smith_lib.settings import InjectSettings
from smith_lib.types import Candidate, Strategy
from tests.rows import a_repo
from tests.sources.made import git, repository, write

Files = Mapping[str, str | bytes]
SHAPES = '''\
"""Shapes."""

UNITS = [
    ("millimetre", "mm", 0.001),
    ("centimetre", "cm", 0.01),
    ("kilometre", "km", 1000.0),
]


class Shape:
    """A shape."""

    def __init__(self, sides):
        self.sides = list(sides)

    def longest(self, default=0):
        """The longest side."""
        best = default
        for side in self.sides:
            if side > best:
                best = side
        return best


def scaled(shape, factor):
    """The shape, larger."""
    if factor <= 0:
        raise ValueError("a factor is above 0")
    return Shape(side * factor for side in shape.sides)


def total(shape):
    """The sum of the sides."""
    return sum(shape.sides)
'''
TEST = "def test_{0}():\n    assert {0}\n"


def say(folder: Path, message: str, files: Files) -> str:
    """The repository's next commit, and its id."""
    write(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def started(folder: Path, text: str = SHAPES, **files: str | bytes) -> Path:
    return repository(folder, {"pkg/shapes.py": text, "tests/test_pkg.py": "", **files})


def mirrored(folder: Path, *files: str, seed: int = 0, **settings: object) -> list[Candidate]:
    """The candidates of the family on what the checkout holds now."""
    head = git(folder, "rev-parse", "HEAD")
    told = InjectSettings.model_validate({"strategies": ["mirror"], "max_per_function": 100, **settings})
    repo = a_repo(repo_id="o__n.12345678", source_files=files or ("pkg/shapes.py",), test_files=())
    past = Past(History(folder, head, "o/n"))
    return candidates(repo, folder, _functions(folder, repo.source_files), told, seed, past=past)


def _functions(folder: Path, files: tuple[str, ...]) -> list:
    from tests.inject.test_candidates import functions

    return functions(folder, tuple(f for f in files if (folder / f).exists() and _parses(folder / f)))


def _parses(path: Path) -> bool:
    try:
        compile(path.read_bytes(), str(path), "exec")
    except (SyntaxError, ValueError):
        return False
    return True


def buggy(folder: Path, row: Candidate) -> dict[str, str]:
    return diffs.apply(row.bug_patch, lambda path: (folder / path).read_bytes().decode())


def fixed(text: str = SHAPES) -> str:
    """A fix of `longest`: sides that are missing do not count."""
    return text.replace("if side > best:", "if side is not None and side > best:")


def test_a_fix_is_undone_where_its_patch_still_fits(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    sha = say(repo, "Skip missing sides (fixes #12)\n\nThey come from files.",
              {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")})  # fmt: skip
    say(repo, "Say more", {"pkg/shapes.py": fixed().replace('"""Shapes."""', '"""Shapes and\nunits."""')})
    [row] = mirrored(repo)
    assert (row.strategy, row.operator) == (Strategy.MIRROR, "mirror_reverse")
    assert (row.fix_commit, row.fix_title, row.fix_body) == (
        sha, "Skip missing sides (fixes #12)", "They come from files."
    )  # fmt: skip
    assert row.fix_date == "2024-05-06T05:08:09+00:00"
    assert [(r.kind, r.number) for r in row.fix_reports] == [("issue", 12)]
    assert row.functions == ("pkg/shapes.py::Shape.longest",)
    assert row.category == "null_handling"
    assert buggy(repo, row)["pkg/shapes.py"] == SHAPES.replace('"""Shapes."""', '"""Shapes and\nunits."""')


def test_a_fix_is_merged_out_where_lines_around_it_have_changed(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    say(repo, "Fix", {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")})
    later = fixed().replace("best = default", "best = default or 0")
    say(repo, "More", {"pkg/shapes.py": later})
    [row] = mirrored(repo, mirror_per_fix=1)
    assert row.operator == "mirror_merge"
    assert buggy(repo, row)["pkg/shapes.py"] == later.replace("side is not None and ", "")


def test_a_fix_is_undone_in_a_function_that_moved_and_changed_its_look(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    say(repo, "Fix", {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")})
    body = fixed().partition("class Shape:")[2].replace('"""A shape."""', "'''A shape.'''")
    moved = "class Shape:" + body.replace("    def", "    # New here.\n    def").replace("best", "best")
    say(repo, "Move", {"pkg/shapes.py": "from pkg.core import Shape\n\nA = [Shape]\n", "pkg/core.py": moved})
    rows = mirrored(repo, "pkg/shapes.py", "pkg/core.py")
    assert [row.operator for row in rows] == ["mirror_symbols"]
    assert rows[0].files == ("pkg/core.py",)
    assert buggy(repo, rows[0])["pkg/core.py"] == moved.replace("side is not None and ", "")


def test_a_line_of_a_table_is_found_wherever_it_is_today(tmp_path: Path) -> None:
    wrong = SHAPES.replace('("kilometre", "km", 1000.0)', '("kilometre", "km", 100.0)')
    repo = started(tmp_path / "r", wrong)
    say(repo, "Fix", {"pkg/shapes.py": SHAPES, "tests/test_pkg.py": TEST.format("UNITS")})
    table = 'LENGTHS = {\n    "metric": [\n        ("kilometre", "km", 1000.0),\n    ],\n}\n'
    say(repo, "Anew", {"pkg/shapes.py": SHAPES.partition("UNITS")[0], "pkg/tables.py": table})
    [row] = mirrored(repo, "pkg/shapes.py", "pkg/tables.py")
    assert row.operator == "mirror_symbols"
    assert buggy(repo, row)["pkg/tables.py"] == table.replace("1000.0", "100.0")


def test_a_renamed_file_is_followed(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    say(repo, "Fix", {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")})
    git(repo, "mv", "pkg/shapes.py", "pkg/forms.py")
    say(repo, "Rename", {})
    git(repo, "mv", "pkg/forms.py", "pkg/figures.py")
    say(repo, "Rename again", {})
    [row] = mirrored(repo, "pkg/figures.py")
    assert (row.operator, row.files) == ("mirror_reverse", ("pkg/figures.py",))


def test_several_files_make_one_bug_and_its_parts(tmp_path: Path) -> None:
    other = "def half(number):\n    return number / 2\n"
    repo = started(tmp_path / "r", **{"pkg/numbers.py": other})
    say(repo, "Fix", {"pkg/shapes.py": fixed(), "pkg/numbers.py": other.replace("/ 2", "// 2"),
                      "tests/test_pkg.py": TEST.format("both")})  # fmt: skip
    rows = mirrored(repo, "pkg/shapes.py", "pkg/numbers.py")
    assert sorted(row.files for row in rows) == [
        ("pkg/numbers.py",), ("pkg/numbers.py", "pkg/shapes.py"), ("pkg/shapes.py",)
    ]  # fmt: skip
    [whole] = mirrored(repo, "pkg/shapes.py", "pkg/numbers.py", mirror_per_fix=1)
    assert len(whole.files) == 2


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"pkg/shapes.py": fixed()}, "no tests"),
        ({"pkg/shapes.py": SHAPES.replace("The sum of", "All of"), "tests/test_pkg.py": "x = 1\n"}, "texts"),
        ({"pkg/shapes.py": SHAPES.replace("class", "# Here.\nclass"), "tests/test_pkg.py": "#"}, "texts"),
        ({"pkg/new.py": "X = 1\n", "tests/test_pkg.py": TEST.format("X")}, "adds a file"),
        ({"tests/test_pkg.py": TEST.format("X")}, "tests alone"),
    ],
)  # fmt: skip
def test_what_is_no_fix_gives_nothing(tmp_path: Path, files: Files, why: str) -> None:
    repo = started(tmp_path / "r")
    say(repo, why, files)
    assert mirrored(repo, "pkg/shapes.py", "pkg/new.py") == []


def test_undone_code_meets_the_linter_and_uses_no_name_that_is_gone(tmp_path: Path) -> None:
    wrong = SHAPES.replace("return sum(shape.sides)", "return add_up(shape.sides)")
    repo = started(tmp_path / "r", "def add_up(sides):\n    return sum(sides) + 1\n\n\n" + wrong)
    say(repo, "Fix", {"pkg/shapes.py": "def add_up(sides):\n    return sum(sides) + 1\n\n\n" + SHAPES,
                      "tests/test_pkg.py": TEST.format("total")})  # fmt: skip
    say(repo, "Remove what is not used", {"pkg/shapes.py": SHAPES})
    assert mirrored(repo) == []
    wrong = SHAPES.replace("shape.sides)\n", "shape.edges_of_old)\n")
    repo = started(tmp_path / "s", wrong)
    say(repo, "Fix", {"pkg/shapes.py": SHAPES, "tests/test_pkg.py": TEST.format("total")})
    assert mirrored(repo) == []


def test_nothing_is_taken_away_that_is_used_elsewhere(tmp_path: Path) -> None:
    counted = SHAPES.replace("list(sides)\n", "list(sides)\n        self.count = len(self.sides)\n")
    repo = started(tmp_path / "r", SHAPES)
    say(repo, "Count", {"pkg/shapes.py": counted, "tests/test_pkg.py": TEST.format("Shape")})
    assert len(mirrored(repo)) == 1
    used = counted.replace("return sum(shape.sides)", "return sum(shape.sides) / shape.count")
    say(repo, "Use it", {"pkg/shapes.py": used})
    assert mirrored(repo) == []
    assert Package({"a.py": used}).lost({"a.py": SHAPES}) == ""
    imported = "import os\n\n\ndef here():\n    return os.getcwd()\n"
    assert Package({"a.py": imported}).lost({"a.py": imported.replace("import os\n", "")}) == "os"


def test_a_function_whose_callers_changed_with_it_is_not_undone_alone(tmp_path: Path) -> None:
    callers = "from pkg.shapes import scaled\n\n\ndef doubled(shape):\n    return scaled({})\n"
    swapped = SHAPES.replace("def scaled(shape, factor)", "def scaled(factor, shape)")
    repo = started(tmp_path / "r", swapped, **{"pkg/use.py": callers.format("2, shape")})
    say(repo, "Shape first", {"pkg/shapes.py": SHAPES, "pkg/use.py": callers.format("shape, 2"),
                              "tests/test_pkg.py": TEST.format("doubled")})  # fmt: skip
    rows = mirrored(repo, "pkg/shapes.py", "pkg/use.py")
    assert [row.files for row in rows] == [("pkg/shapes.py", "pkg/use.py")]
    assert rows[0].operator == "mirror_reverse"


def test_what_takes_the_place_of_a_blank_line_is_indented_as_what_is_around_it(tmp_path: Path) -> None:
    table = "TABLE = {{\n    'all': [\n        ('one', 1),\n{}        ('two', 2),\n    ],\n}}\n"
    repo = started(tmp_path / "r", table.format("        ('many', 100),\n"))
    fix = {"pkg/shapes.py": table.format("\n"), "tests/test_pkg.py": TEST.format("TABLE")}
    say(repo, "No many", fix)
    flat = "TABLE = [\n    ('one', 1),\n\n    ('two', 2),\n]\n"
    say(repo, "Flat", {"pkg/shapes.py": flat})
    [row] = mirrored(repo)
    assert buggy(repo, row)["pkg/shapes.py"] == flat.replace("\n\n", "\n    ('many', 100),\n")


def test_layout_is_not_undone_with_a_fix(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    spaced = fixed().replace("        best = default\n", "        best = default\n\n")
    say(repo, "Fix", {"pkg/shapes.py": spaced, "tests/test_pkg.py": TEST.format("longest")})
    today = spaced.replace("self.sides:", "self.sides[:]:").replace("= default\n", "= default or 0\n")
    say(repo, "Otherwise", {"pkg/shapes.py": today})
    [row] = mirrored(repo)
    assert row.operator == "mirror_symbols"
    assert buggy(repo, row)["pkg/shapes.py"] == today.replace("side is not None and ", "")


@pytest.mark.parametrize(
    ("clean", "buggy", "category"),
    [
        ("x = a if a is not None else 0\n", "x = a\n", "null_handling"),
        ("x = a[: n + 1]\n", "x = a[:n]\n", "off_by_one"),
        ("if a and b:\n    x = 1\n", "if a:\n    x = 1\n", "edge_case"),
        ("try:\n    x = f()\nexcept KeyError:\n    x = 1\n", "x = f()\n", "other"),
        ("x = left\n", "x = right\n", "logic_error"),
    ],
)
def test_the_category_is_told_from_what_changes(clean: str, buggy: str, category: str) -> None:
    head = "a = n = b = left = right = f = None\n"
    assert category_of(parts_of(Program("a.py", head + clean), head + buggy)) == category


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_bytes_outside_the_change_stay_as_they_are(tmp_path: Path, newline: str, bom: str) -> None:
    odd = SHAPES.replace("UNITS = [", "NAME = 'Größe'  \n\f\nUNITS = [").rstrip("\n")
    repo = started(tmp_path / "r", odd)
    say(repo, "Fix", {"pkg/shapes.py": fixed(odd), "tests/test_pkg.py": TEST.format("longest")})
    today = bom + fixed(odd).replace("\n", newline)
    say(repo, "Other ends", {"pkg/shapes.py": today.encode()})
    [row] = mirrored(repo)
    assert buggy(repo, row)["pkg/shapes.py"] == today.replace("side is not None and ", "")


def test_odd_histories_are_outcomes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    repo = started(tmp_path / "r", **{"pkg/data.bin": b"\0\1", "pkg/latin.py": "x = 'é'\n".encode("latin-1"),
                                      "pkg/old.py": "print 'x'\n", "pkg/gone.py": "X = 1\n"})  # fmt: skip
    say(repo, "Binary, not UTF-8, of Python 2", {
        "pkg/data.bin": b"\0\2", "pkg/latin.py": "x = 'è'\n".encode("latin-1"), "pkg/old.py": "print 'y'\n",
        "pkg/gone.py": "X = 2\n", "tests/test_pkg.py": "x = 1\n"})  # fmt: skip
    (repo / "pkg/gone.py").unlink()
    say(repo, "Gone \x1f odd message\n\nwith ] > < and 'quotes'", {"tests/test_pkg.py": "x = 2\n"})
    (repo / "pkg/old.py").unlink()
    (repo / "pkg/old.py").symlink_to("shapes.py")
    say(repo, "A link", {"tests/test_pkg.py": "x = 3\n"})
    git(repo, "checkout", "-q", "--orphan", "other")
    say(repo, "Another root", {})
    git(repo, "checkout", "-q", "main")
    merge = ("merge", "-q", "--allow-unrelated-histories", "-s", "ours")
    git(repo, *merge, "-m", "Merge branch 'other'", "other")
    with caplog.at_level(logging.INFO):
        assert mirrored(repo, "pkg/shapes.py", "pkg/latin.py", "pkg/old.py", "pkg/data.bin") == []
    assert "a file that is missing, binary, not UTF-8 or very large" in caplog.text


def test_a_shallow_clone_has_the_history_that_it_has(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    say(repo, "Fix", {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")})
    say(repo, "Later", {"README": "x\n"})
    for depth, rows in ((1, 0), (2, 0), (3, 1)):
        folder = tmp_path / f"clone{depth}"
        git(tmp_path, "clone", "-q", f"--depth={depth}", f"file://{repo}", str(folder))
        assert len(mirrored(folder)) == rows
    assert len({History(tmp_path / f"clone{n}", "HEAD", "").digest for n in (1, 2, 3)}) == 3
    with pytest.raises(SourceError):
        listed(History(repo, "0" * 40, "o/n"), 10)


def test_a_branch_is_known_by_the_merge_that_brought_it(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    git(repo, "checkout", "-q", "-b", "topic")
    one = say(repo, "Fix", {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")})
    two = say(repo, "More tests", {"tests/test_pkg.py": "x = 2\n"})
    git(repo, "checkout", "-q", "main")
    say(repo, "Meanwhile", {"README": "x\n"})
    message = "Merge pull request #34 from someone/topic\n\nMissing sides do not count"
    git(repo, "merge", "-q", "--no-ff", "-m", message, "topic")
    commits = listed(History(repo, "main", "o/n"), 100)
    merge = commits[0]
    assert {sha: by.sha for sha, by in branches(commits).items()} == {one: merge.sha, two: merge.sha}
    assert [c.sha for c in fixes.candidates(commits)] == [one, merge.sha]
    [row] = mirrored(repo)
    assert (row.fix_commit, row.fix_title) == (one, "Fix")
    [pull] = row.fix_reports
    assert (pull.kind, pull.number, pull.title) == ("pull", 34, "Missing sides do not count")


SAME = """
import sys
from pathlib import Path
from tests.inject.test_mirror_family import mirrored
for row in mirrored(Path(sys.argv[1]), "pkg/shapes.py", "pkg/numbers.py", limit=2):
    print(row.candidate_id)
"""


def test_the_rows_are_the_same_under_any_hash_seed(tmp_path: Path) -> None:
    other = "def half(number):\n    return number / 2\n"
    repo = started(tmp_path / "r", **{"pkg/numbers.py": other})
    say(repo, "Fix", {"pkg/shapes.py": fixed(), "pkg/numbers.py": other.replace("/ 2", "// 2"),
                      "tests/test_pkg.py": TEST.format("both")})  # fmt: skip

    def told(hash_seed: str) -> str:
        command = [sys.executable, "-c", textwrap.dedent(SAME), str(repo)]
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
        return ran.stdout

    assert told("1") == told("2")
    assert len(told("3").splitlines()) == 2
    assert len({row.candidate_id for row in mirrored(repo, "pkg/shapes.py", "pkg/numbers.py", seed=4)}) == 3


def test_a_partial_clone_is_read_without_fetching_what_it_lacks(tmp_path: Path) -> None:
    repo = started(tmp_path / "r")
    say(repo, "Fix", {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")})
    git(repo, "config", "uploadpack.allowFilter", "true")
    part = tmp_path / "part"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{repo}", str(part))
    history = History(part, git(part, "rev-parse", "HEAD"), "o/n")
    [fix, _] = listed(history, 10)
    try:
        texts = blobs(history, [change.new for change in fix.changes], 1_000)
    except SourceError:  # as git before 2.44 has it
        texts = {}
    assert texts == {}
