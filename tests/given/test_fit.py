"""Diffs as they come in the wild fit as `git apply` has it, or are refused with a reason."""

import random
import re
import subprocess
from pathlib import Path

import pytest

from smith_lib import diffs
from smith_lib.given.fit import fitted

CLEAN = "".join(f"line {n}\n" for n in range(1, 41)).replace("line 20\n", "def f(x):\n")
FILES = {
    "pkg/a.py": CLEAN,
    "pkg/b.py": "one\n\ntwo\n\nthree",
    "pkg/crlf.py": "one\r\ntwo\r\nthree\r\n",
    "pkg/größe two.py": "a\nb\nc\n",
    "tests/test_a.py": "def test(): ...\n",
    "pyproject.toml": "[project]\n",
    "a/pkg.py": "one\ntwo\n",
    "pkg/tab\there.py": "x\n",
}
TESTS = {"tests/test_a.py", "pyproject.toml"}
BUGGY = CLEAN.replace("line 12\n", "LINE 12\n").replace("line 33\n", "")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    (root / "pkg" / "latin.py").write_bytes(b"# \xe9\nx = 1\n")
    (tmp_path / "outside.py").write_text("x = 1\n")
    (root / "pkg" / "link.py").symlink_to("../../outside.py")
    (root / "up").symlink_to("..")
    return root


def git_diff(tree: Path, path: str, buggy: str) -> str:
    """What git tells of the change."""
    for side, text in (("clean", FILES[path]), ("buggy", buggy)):
        file = tree.parent / side / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    command = ["git", "diff", "--no-index", "clean", "buggy"]
    done = subprocess.run(command, cwd=tree.parent, capture_output=True, timeout=60, check=False)
    return done.stdout.decode().replace("a/clean/", "a/").replace("b/buggy/", "b/")


def result(patch: str, tree: Path, tests: set[str] = TESTS) -> dict[str, str]:
    """The files that come of the patch in Smith's own form."""
    return diffs.apply(fitted(patch, tree, tests), lambda path: (tree / path).read_bytes().decode())


PLAIN = diffs.make({"pkg/a.py": CLEAN}, {"pkg/a.py": BUGGY})
BARE = PLAIN.partition("\n")[2]
MAIL = "From 1a2b Mon Sep 17 00:00:00 2001\nSubject: rename x\n\n- a bullet\n---\n pkg/a.py | 3 +--\n\n"


@pytest.mark.parametrize(
    "patch",
    [
        PLAIN,
        BARE,
        BARE.replace("--- a/", "--- ").replace("+++ b/", "+++ "),
        BARE.replace("--- a/", "--- clean/").replace("+++ b/", "+++ buggy/"),
        BARE.replace("/pkg/a.py\n", "/pkg/./a.py\t2025-01-02 03:04:05.000000000 +0000\n"),
        PLAIN.replace("\n---", "\nindex 1a2b3c4..5d6e7f8 100644\n---"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.rstrip("\n"),
        PLAIN + "-- \n2.39.5 (Apple Git-154)\n\n",
        PLAIN + "\n\n",
        MAIL + PLAIN + "-- \n2.39\n",
        "Here is the bug:\n```diff\n" + PLAIN + "```\n",
        re.sub(r"@@ -(\d+),(\d+) \+(\d+)", lambda m: f"@@ -{int(m[1]) + 4},{m[2]} +{int(m[3]) - 3}", PLAIN),
        re.sub(r"@@ -9,(\d+)", r"@@ -900000000,\1", PLAIN),
        re.sub(r"(@@ .* @@)", r"\1 def f(x):", PLAIN),
    ],
)
def test_the_same_bug_in_any_dress_fits(patch: str, tree: Path) -> None:
    assert result(patch, tree) == {"pkg/a.py": BUGGY}
    assert fitted(patch, tree, TESTS) == PLAIN


@pytest.mark.parametrize(
    ("path", "buggy"),
    [
        ("pkg/b.py", "one\n\ntwo\n\nthree\n"),
        ("pkg/b.py", "one\n\nTWO\n\nthree"),
        ("pkg/b.py", "one\n\ntwo\n\nfour"),
        ("pkg/b.py", ""),
        ("pkg/crlf.py", "one\r\nTWO\r\nthree\r\n"),
        ("pkg/crlf.py", "one\r\ntwo\nthree\r\n"),
        ("pkg/größe two.py", "a\nx\nc\n"),
        ("a/pkg.py", "one\n2\n"),
    ],
)
def test_what_git_writes_fits(path: str, buggy: str, tree: Path) -> None:
    patch = git_diff(tree, path, buggy)
    assert result(patch, tree) == {path: buggy}
    assert result(patch.rstrip("\n"), tree) == {path: buggy}


@pytest.mark.parametrize(
    ("path", "buggy"),
    [("pkg/b.py", "one\n\nTWO\n\nthree"), ("pkg/crlf.py", "one\r\nTWO\r\nthree\r\n")],
)
def test_a_diff_whose_every_line_ends_in_crlf_fits_a_file_of_either_kind(
    path: str, buggy: str, tree: Path
) -> None:
    patch = git_diff(tree, path, buggy).replace("\r\n", "\n").replace("\n", "\r\n")
    assert result(patch, tree) == {path: buggy}


def test_several_files_and_a_file_twice_in_one_diff_fit(tree: Path) -> None:
    b = diffs.make({"pkg/b.py": FILES["pkg/b.py"]}, {"pkg/b.py": "one\n"})
    more = diffs.make({"pkg/a.py": BUGGY}, {"pkg/a.py": BUGGY + "more\n"})
    assert result(PLAIN + b + more, tree) == {"pkg/a.py": BUGGY + "more\n", "pkg/b.py": "one\n"}


def test_a_folder_that_is_called_like_a_prefix_is_kept(tree: Path) -> None:
    patch = "--- a/pkg.py\n+++ a/pkg.py\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
    assert result(patch, tree) == {"a/pkg.py": "one\n2\n"}


@pytest.mark.parametrize("line", range(2, 10))
def test_of_two_places_the_one_that_git_takes_is_taken(line: int, tmp_path: Path) -> None:
    """The lines are there at line 2 and at line 8; a hunk told to be at line 5 is as far from both."""
    clean = "-\na\nb\nc\n-\n-\n-\na\nb\nc\n-\n"
    (tmp_path / "f.py").write_text(clean)
    patch = f"--- a/f.py\n+++ b/f.py\n@@ -{line},4 +{line},4 @@\n a\n-b\n+x\n c\n -\n"
    ours = result(patch, tmp_path)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True, timeout=60)
    assert ours == {"f.py": (tmp_path / "f.py").read_text()}


def test_a_hunk_is_not_placed_before_the_one_above_it(tree: Path) -> None:
    first, second = (PLAIN.index("@@ -9"), PLAIN.index("@@ -30"))
    swapped = PLAIN[:first] + PLAIN[second:] + PLAIN[first:second]
    with pytest.raises(diffs.DoesNotApply, match="the hunk at line 9 does not fit"):
        fitted(swapped, tree, TESTS)


def on(path: str) -> str:
    return PLAIN.replace("pkg/a.py", path)


REPEATED = "--- a/pkg/a.py\n+++ b/pkg/a.py\n"


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ("", "the patch is empty"),
        (" \n\n", "the patch is empty"),
        ("hello\n", "the patch changes no file"),
        ("diff --git a/pkg/a.py b/pkg/a.py\n", "the patch changes no file"),
        (REPEATED + "@@ -1,2 +1,2 @@\n line 1\n line 2\n", "the patch changes nothing"),
        (on("../outside.py"), r"\.\./outside\.py: leaves the tree"),
        (on("pkg/../../outside.py"), "leaves the tree"),
        (on("/etc/passwd"), "/etc/passwd: leaves the tree"),
        (BARE.replace("a/pkg/a.py", "/etc/passwd").replace("b/pkg/a.py", "/etc/passwd"), "leaves the tree"),
        (on("pkg/link.py"), r"pkg/link\.py: leads through a link"),
        (on("up/outside.py"), r"up/outside\.py: leads through a link"),
        (on("tests/test_a.py"), r"tests/test_a\.py: holds or configures tests"),
        (on("tests//./test_a.py"), r"tests/test_a\.py: holds or configures tests"),
        (on("pyproject.toml"), r"pyproject\.toml: holds or configures tests"),
        ('--- "a/pkg/tab\\there.py"\n+++ "b/pkg/tab\\there.py"\n@@ -1 +1 @@\n-x\n+y\n', "hold this name"),
        (on("pkg/gone.py"), r"pkg/gone\.py: no such file"),
        (on("pkg"), "pkg: no such file"),
        (on("x" * 300), "no such file"),
        (on("pkg/a.py/x"), "no such file"),
        (on("pkg/latin.py"), r"pkg/latin\.py: is no text in UTF-8"),
        (diffs.make({}, {"pkg/new.py": "x\n"}), r"creates a file \(new file mode 100644\)"),
        (diffs.make({}, {"pkg/new.py": "x\n"}).partition("mode 100644\n")[2], "creates a file"),
        (diffs.make({"pkg/a.py": CLEAN}, {}), "deletes a file"),
        (diffs.make({"pkg/a.py": CLEAN}, {}).partition("mode 100644\n")[2], "deletes a file"),
        ("diff --git a/pkg/a.py b/c.py\nsimilarity index 99%\nrename from pkg/a.py\nrename to c\n", "rename"),
        (PLAIN.replace("+++ b/pkg/a.py", "+++ b/pkg/c.py"), r"renames a/pkg/a\.py to b/pkg/c\.py"),
        ("diff --git a/pkg/a.py b/pkg/a.py\nold mode 100644\nnew mode 100755\n", "changes a file's mode"),
        ("diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n", "the patch is binary"),
        ("diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKcmZ\n", "the patch is binary"),
        (PLAIN.replace("-line 12", "-line 13"), r"pkg/a\.py: the hunk at line 9 does not fit"),
        (PLAIN.replace(" line 10\n", " line 10 \n"), "the hunk at line 9 does not fit"),
        (PLAIN.replace("@@ -9,7", "@@ -9,8"), "does not fit|cut short|no diff line"),
        (PLAIN.replace("+9,7", "+9,6"), "the hunk at old line 9 has more lines than its header counts"),
        (PLAIN.replace("-30,7 +30,6", "-30,6 +30,5"), "line 20 of the patch is more than its hunk's"),
        (PLAIN.replace("@@ -9,7 +9,7 @@", "@@ ... @@"), "is no hunk header"),
        (REPEATED + "just text\n", "line 3 of the patch is no hunk header"),
        (PLAIN[PLAIN.index("@@") :], "begins a hunk, but no file was named"),
        (PLAIN.replace("@@ -30", "\n@@ -30"), "begins a hunk, but no file was named"),
        (PLAIN.replace("@@ -9,7", f"@@ -9,{'9' * 5000}"), "no hunk header"),
        (PLAIN.replace("\n-line 12", " \r\n-line 12"), "does not fit"),
        (on("pkg/crlf.py"), "does not fit"),
        (BARE.replace("a/pkg/a.py", '"a/pkg/\\377"').replace("b/pkg/a.py", '"b/pkg/\\377"'), "is not UTF-8"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(patch: str, told: str, tree: Path) -> None:
    with pytest.raises(diffs.DoesNotApply, match=told):
        fitted(patch, tree, TESTS)


def edited(rng: random.Random) -> tuple[str, str]:
    """A clean text of few different lines, and a buggy one."""
    clean = [f"{rng.choice('abc')}\n" for _ in range(rng.randrange(4, 40))]
    buggy = list(clean)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(buggy) + 1)
        buggy[at : at + rng.randrange(3)] = [f"{rng.choice('abx')}\n" for _ in range(rng.randrange(3))]
    return "".join(clean), "".join(buggy)


@pytest.mark.parametrize("block", range(4))
def test_wrong_line_numbers_end_as_git_apply_ends(block: int, tmp_path: Path) -> None:
    """Hunks moved by a few lines, in files where they may fit in several places."""
    for n in range(40):
        rng = random.Random(f"moved:{block}:{n}")
        clean, buggy = edited(rng)
        patch = diffs.make({"f.py": clean}, {"f.py": buggy})
        by = rng.randrange(-6, 7)
        if clean == buggy:
            continue

        def moved(header: "re.Match[str]", by: int = by) -> str:
            old, new = (max(0, int(header[at]) + by) for at in (1, 3))
            return f"@@ -{old}{header[2]} +{new}{header[4]} @@"

        patch = re.sub(r"@@ -(\d+)((?:,\d+)?) \+(\d+)((?:,\d+)?) @@", moved, patch)
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / "f.py").write_text(clean)
        try:
            ours = result(patch, folder)["f.py"]
        except diffs.DoesNotApply:
            ours = None
        apply = ["git", "apply", "--whitespace=nowarn", "-"]
        done = subprocess.run(
            apply, cwd=folder, input=patch.encode(), capture_output=True, timeout=60, check=False,
            env={"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(tmp_path)},
        )  # fmt: skip
        gits = (folder / "f.py").read_text() if not done.returncode else None
        (folder / "f.py").write_text(clean)
        assert ours == gits, patch
