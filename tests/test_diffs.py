"""Diffs are exact, and read by `git apply` and `patch` as by us."""

import random
import subprocess
from pathlib import Path

import pytest

from smith_lib import diffs

LINES = [
    "a\n",
    "b\n",
    "\n",
    "a\r\n",
    "\f\n",
    " x = 1\n",
    "\ty\n",
    "+ plus\n",
    "- minus\n",
    "@@ -1 +1 @@\n",
    "ü\u2028\x1c\n",
]
ENDS = ["", "tail", "\f", "last\r", "--- a/x"]


def text(rng: random.Random, most: int = 30) -> str:
    return "".join(rng.choice(LINES) for _ in range(rng.randrange(most))) + rng.choice(ENDS)


def edited(rng: random.Random, clean: str) -> str:
    lines = diffs.lines_of(clean)
    for _ in range(rng.randrange(1, 4)):
        at = rng.choice([0, len(lines), rng.randrange(len(lines) + 1)])
        to = min(len(lines), at + rng.randrange(4))
        if to == len(lines) or rng.random() < 0.3:
            lines[at:] = [rng.choice(LINES) for _ in range(rng.randrange(4))] + [rng.choice(ENDS)]
        else:
            lines[at:to] = [rng.choice(LINES) for _ in range(rng.randrange(4))]
    return "".join(lines)


@pytest.mark.parametrize("seed", range(300))
def test_a_patch_turns_clean_into_buggy_and_back(seed: int) -> None:
    rng = random.Random(f"diffs:{seed}")
    clean = {"a.py": text(rng), "b/c.py": text(rng)}
    buggy = {path: edited(rng, before) for path, before in clean.items()}
    changed = sorted(path for path in clean if clean[path] != buggy[path])
    there, back = diffs.make(clean, buggy), diffs.make(buggy, clean)
    if not changed:
        assert there == back == ""
        return
    assert diffs.apply(there, clean.__getitem__) == {path: buggy[path] for path in changed}
    assert diffs.apply(back, buggy.__getitem__) == {path: clean[path] for path in changed}
    assert diffs.paths(there) == tuple(changed)
    assert diffs.fix_lines(there) > 0
    assert diffs.fix_lines(back) > 0


@pytest.mark.parametrize(
    "tool",
    [["git", "apply", "--whitespace=nowarn"], ["patch", "-p1", "--binary", "-s", "-i"]],
    ids=lambda t: t[0],
)
@pytest.mark.parametrize("block", range(8))
def test_other_tools_read_our_patches_as_we_do(tool: list[str], block: int, tmp_path: Path) -> None:
    clean, buggy = {}, {}
    for n in range(6):
        rng = random.Random(f"tools:{block}:{n}")
        path = f"d{n}/file.py"
        clean[path] = text(rng) or "one\n"
        buggy[path] = edited(rng, clean[path]) or "two\n"
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_bytes(clean[path].encode())
    (tmp_path / "p.diff").write_bytes(diffs.make(clean, buggy).encode())
    done = subprocess.run(
        [*tool, "p.diff"], cwd=tmp_path, capture_output=True, timeout=60, env={"PATH": "/usr/bin:/bin"}
    )
    assert done.returncode == 0, done.stderr.decode()
    assert {path: (tmp_path / path).read_bytes().decode() for path in clean} == buggy


@pytest.mark.parametrize(
    ("clean", "buggy", "lines"),
    [
        ("", "a\n", 1),
        ("a\n", "", 1),
        ("a", "a\n", 1),
        ("a\nb\nc\n", "a\nc\n", 1),
        ("a\nb\n", "x\ny\nz\n", 3),
        ("a\nb\nc\n", "x\nb\ny\n", 2),
        ("b\n", "a\nb\n", 1),
        ("a\n", "a\nb", 1),
    ],
)
def test_small_changes_are_made_applied_and_counted(clean: str, buggy: str, lines: int) -> None:
    patch = diffs.make({"f": clean}, {"f": buggy})
    assert diffs.apply(patch, {"f": clean}.__getitem__) == {"f": buggy}
    assert diffs.fix_lines(patch) == lines


def test_a_created_file_applies_and_a_deleted_one_is_refused() -> None:
    assert diffs.apply(diffs.make({}, {"n.py": "a\n"}), {}.__getitem__) == {"n.py": "a\n"}
    with pytest.raises(diffs.DoesNotApply, match="deleting"):
        diffs.apply(diffs.make({"n.py": "a\n"}, {}), {"n.py": "a\n"}.__getitem__)


def test_git_takes_created_files(tmp_path: Path) -> None:
    (tmp_path / "p.diff").write_text(diffs.make({}, {"n.py": "a\nb"}))
    subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "n.py").read_text() == "a\nb"


def test_a_second_diff_of_an_emptied_file_starts_from_the_empty_file() -> None:
    patch = diffs.make({"f": "a\n"}, {"f": ""}) + diffs.make({"f": ""}, {"f": "b\n"})
    assert diffs.apply(patch, {"f": "a\n"}.__getitem__) == {"f": "b\n"}


@pytest.mark.parametrize(
    "patch",
    [
        "",
        "hello\n",
        "--- a/f\n+++ b/f\n@@ nonsense\n",
        "--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-a\n",
        "--- a/f\n+++ b/f\n@@ -1 +1 @@\n*a\n",
        "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-zzz\n+b\n",
        "--- a/f\n+++ b/f\n@@ -9 +9 @@\n-a\n+b\n",
        "--- a/../f\n+++ b/../f\n@@ -1 +1 @@\n-a\n+b\n",
        "--- a/g\n+++ b/g\n@@ -1 +1 @@\n-a\n+b\n",
        "rename from f\nrename to g\n",
    ],
)
def test_a_patch_that_does_not_fit_says_so(patch: str) -> None:
    with pytest.raises(diffs.DoesNotApply):
        diffs.apply(patch, {"f": "a\n", "../f": "a\n"}.__getitem__)


def test_changes_far_apart_in_a_long_file_are_cheap_and_two_hunks() -> None:
    lines = ["\n" if n % 3 == 0 else f"x = {n % 50}\n" if n % 4 else f"y = {n}\n" for n in range(30_000)]
    clean = "".join(lines)
    lines[10], lines[29_000] = "first\n", "second\n"
    patch = diffs.make({"f": clean}, {"f": "".join(lines)})
    assert patch.count("@@ -") == 2
    assert diffs.fix_lines(patch) == 2


def test_a_diff_from_known_lines_is_the_diff_of_the_whole_files() -> None:
    rng = random.Random("replaced")
    for alphabet in ("ab", "abcdefgh", "abcdefghijklmnopqrstuvwxyz0123456789"):
        for _ in range(150):
            old = [rng.choice(alphabet) + "\n" for _ in range(rng.randint(1, 120))]
            if rng.random() < 0.2:
                old[-1] = old[-1][:-1]
            first = rng.randint(0, len(old))
            last = min(len(old), first + rng.choice((0, 1, 1, 2, 9)))
            new = [rng.choice(alphabet) + "\n" for _ in range(rng.choice((0, 1, 1, 2, 9)))]
            if first == len(old) and new and not old[-1].endswith("\n"):
                continue
            clean, buggy = "".join(old), "".join([*old[:first], *new, *old[last:]])
            assert diffs.replaced("f", old, [(first, last, new)]) == diffs.make({"f": clean}, {"f": buggy})
            assert diffs.changed(old, diffs.lines_of(buggy)) == (
                diffs.fix_lines(diffs.make({"f": clean}, {"f": buggy})) if clean != buggy else 0
            )


def test_a_diff_from_several_runs_of_known_lines_applies(tmp_path: Path) -> None:
    rng = random.Random("several")
    for turn in range(200):
        old = [rng.choice("abcdefgh") + "\n" for _ in range(200)]
        at, new, changes = 0, list[str](), []
        while len(changes) < 4:
            first = at + rng.choice((1, 2, 7, 15, 16, 17, 40))
            last = first + rng.choice((0, 1, 3))
            lines = [rng.choice("abxyz") + "\n" for _ in range(rng.choice((0, 1, 3)))]
            changes.append((first, last, lines))
            new += [*old[at:first], *lines]
            at = last
        clean, buggy = "".join(old), "".join([*new, *old[at:]])
        if clean == buggy:
            continue
        patch = diffs.replaced("f", old, changes)
        assert diffs.apply(patch, {"f": clean}.__getitem__) == {"f": buggy}
        if turn < 20:
            (tmp_path / "f").write_text(clean)
            (tmp_path / "p.diff").write_text(patch)
            subprocess.run(["git", "apply", "p.diff"], cwd=tmp_path, check=True, timeout=60)
            assert (tmp_path / "f").read_text() == buggy
