"""What is wrong with a patch has a name, and what it has no say over is left out of it."""

import pytest

from smith_lib import diffs
from smith_lib.grade.patches import MOST_BYTES, parts, split


def change(*paths: str) -> str:
    return diffs.make(dict.fromkeys(paths, "x = 1\n"), dict.fromkeys(paths, "x = 2\n"))


LINK = "diff --git a/pkg/l b/pkg/l\nnew file mode 120000\n--- /dev/null\n+++ b/pkg/l\n@@ -0,0 +1 @@\n+/etc\n"
BINARY = "diff --git a/pkg/a.bin b/pkg/a.bin\nBinary files a/pkg/a.bin and b/pkg/a.bin differ\n"


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("I cannot do that.\n", "malformed"),
        ("x" * (MOST_BYTES + 1), "too_large"),
        (change("pkg/a.py") + "\udcff", "not_utf8"),
        (change("pkg/a.py") + "+\0\n", "binary"),
        (BINARY, "binary"),
        (change("pkg/a.py") + BINARY, "binary"),
        (LINK, "link"),
        (change("../a.py"), "outside_tree"),
        (change("pkg/../../a.py"), "outside_tree"),
        ("--- a/x\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "outside_tree"),
        ('--- "a/x"\n+++ "b/\\056\\056/x"\n@@ -1 +1 @@\n-a\n+b\n', "outside_tree"),
        (change(".git/hooks/post-checkout"), "outside_tree"),
        ("diff --git a/x b/.git/y\nrename from x\nrename to .git/y\n", "outside_tree"),
        (change("tests/test_a.py", "conftest.py", "setup.cfg", "x.pth"), "tests_only"),
        (change("tests/data/golden.txt"), "tests_only"),
        (change("pkg/a.py"), ""),
        (change("pkg/a.py", "tests/test_a.py"), ""),
    ],
)
def test_a_problem_has_a_name(patch, problem):
    assert split(patch, (), ()).problem == problem


def test_what_a_patch_has_no_say_over_is_left_out_and_told():
    found = split(change("pkg/a.py", "pkg/conftest.py", "README.md", "sitecustomize.py"), (), {"README.md"})
    assert [part.paths for part in found.parts] == [("pkg/a.py",)]
    assert found.ignored == (
        "README.md: holds tests",
        "pkg/conftest.py: configures tests",
        "sitecustomize.py: is run at the interpreter's start",
    )
    assert found.text == change("pkg/a.py")


def test_a_file_that_the_task_is_about_may_be_changed_whatever_it_is_called():
    assert split(change("pkg/test_support.py"), {"pkg/test_support.py"}, ()).problem == ""
    assert split(change("pkg/test_support.py"), (), ()).problem == "tests_only"


def test_lines_that_look_like_headers_inside_a_hunk_are_lines():
    old, new = "-- a/x\nkeep\n", "++ b/x\nkeep\n"
    patch = diffs.make({"a.sql": old, "b.sql": old}, {"a.sql": new, "b.sql": new})
    assert [part.paths for part in parts(patch)] == [("a.sql",), ("b.sql",)]


def test_a_file_without_hunks_has_its_names_too():
    patch = "diff --git a/pkg/x.py b/pkg/x.py\nnew file mode 100644\n" + change("pkg/b.py")
    assert [part.paths for part in parts(patch)] == [("pkg/x.py",), ("pkg/b.py",)]
