"""git applies what it can, leniently where counts or context are a little off, and says what it cannot."""

import pytest

from smith_lib import diffs
from smith_lib.grade.applying import applied
from smith_lib.grade.patches import parts

OLD = "".join(f"line {n}\n" for n in range(12))
NEW = OLD.replace("line 5\n", "line five\n")
PATCH = diffs.make({"pkg/a.py": OLD}, {"pkg/a.py": NEW})


def made(patch: str, **files: str):
    tree = {"pkg/a.py": OLD, **files}
    read = {path: text.encode("utf-8", "surrogateescape") for path, text in tree.items()}
    return applied(list(parts(patch)), read.get)


def test_a_patch_gives_the_files_it_changes():
    assert made(PATCH).files == {"pkg/a.py": NEW}


@pytest.mark.parametrize(
    "patch",
    [
        PATCH.replace("-3,7 +3,7", "-3,9 +3,5"),
        PATCH.replace("-3,7 +3,7", "-1,7 +1,7"),
        PATCH.replace(" line 2\n", " line two\n"),
        PATCH.removeprefix("diff --git a/pkg/a.py b/pkg/a.py\n"),
    ],
    ids=["wrong counts", "wrong place", "context a little off", "no header of git's"],
)
def test_small_mistakes_of_a_model_are_forgiven(patch):
    assert made(patch).files == {"pkg/a.py": NEW}


def test_files_come_and_go():
    patch = diffs.make({"pkg/a.py": OLD}, {"pkg/b.py": "x = 1\n"})
    change = made(patch)
    assert change.files == {"pkg/b.py": "x = 1\n"}
    assert change.gone == ("pkg/a.py",)
    moved = "diff --git a/pkg/a.py b/pkg/c.py\nrename from pkg/a.py\nrename to pkg/c.py\n"
    assert (made(moved).files, made(moved).gone) == ({"pkg/c.py": OLD}, ("pkg/a.py",))


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        (PATCH.replace("-line 5", "-line 6"), "does_not_apply"),
        (diffs.make({"pkg/none.py": OLD}, {"pkg/none.py": NEW}), "does_not_apply"),
        (PATCH.replace("+line five\n", "line five\n"), "malformed"),
        ("diff --git a/pkg/a.py b/pkg/a.py\nold mode 100644\nnew mode 100755\n", "empty"),
    ],
)
def test_what_git_does_not_take_has_a_name(patch, problem):
    change = made(patch)
    assert change.problem == problem
    assert change.reason
    assert not change.files


def test_bytes_that_are_no_utf8_are_kept():
    text = "x = '\udcff'\n" + OLD
    patch = diffs.make({"pkg/l.py": OLD}, {"pkg/l.py": NEW})
    assert made(patch, **{"pkg/l.py": text}).files == {"pkg/l.py": "x = '\udcff'\n" + NEW}
