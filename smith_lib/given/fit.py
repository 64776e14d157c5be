"""A bug from elsewhere against the clean tree: what it makes of it, or why it is refused."""

from collections.abc import Collection, Sequence
from pathlib import Path

from smith_lib.diffs import DoesNotApply, Hunk, lines_of, make, paths
from smith_lib.given.patch import files_in


def fitted(patch: str, tree: Path, test_files: Collection[str]) -> str:
    """The same bug as a diff of Smith's own, which applies exactly.

    Hunks are placed as `git apply` places them: at their own line, else at the nearest one where every line
    of theirs is there. Raises `DoesNotApply` with the reason where that is nowhere, a path leaves the tree
    (through a link, too), holds or configures tests, or is no text in UTF-8, and where nothing changes.
    """
    try:
        return _fitted(patch, tree, test_files)
    except DoesNotApply:
        # Where the headers end in CR LF, some program gave all lines that end.
        if not any(line.startswith("+++ ") and line.endswith("\r\n") for line in lines_of(patch)):
            raise
    return _fitted(patch.replace("\r\n", "\n"), tree, test_files)


def _fitted(patch: str, tree: Path, test_files: Collection[str]) -> str:
    clean: dict[str, str] = {}
    buggy: dict[str, str] = {}
    for diff in files_in(patch):
        path = str(diff.new_path)
        if path not in clean:
            clean[path] = buggy[path] = _text(path, tree, test_files)
        buggy[path] = _changed(path, buggy[path], diff.hunks)
    made = make(clean, buggy)
    if not made:
        raise DoesNotApply("the patch changes nothing")
    if set(paths(made)) != {path for path, text in buggy.items() if text != clean[path]}:
        raise DoesNotApply(f"{min(clean)!r}: a diff cannot hold this name")
    return made


def _text(path: str, tree: Path, test_files: Collection[str]) -> str:
    """The file's clean text."""
    if path in test_files:
        raise DoesNotApply(f"{path}: holds or configures tests")
    here = tree
    try:
        for part in path.split("/"):
            here = here / part
            if here.is_symlink():
                raise DoesNotApply(f"{path}: leads through a link")
        return here.read_bytes().decode()
    except OSError as error:
        raise DoesNotApply(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise DoesNotApply(f"{path}: is no text in UTF-8") from error


def _changed(path: str, text: str, hunks: Sequence[Hunk]) -> str:
    old = lines_of(text)
    new: list[str] = []
    at = 0
    for hunk in hunks:
        start = _place(hunk, old, at)
        if start is None:
            raise DoesNotApply(f"{path}: the hunk at line {hunk.start} does not fit")
        new += [*old[at:start], *hunk.new]
        at = start + len(hunk.old)
    return "".join([*new, *old[at:]])


def _place(hunk: Hunk, old: Sequence[str], least: int) -> int | None:
    """The line (from 0, at least `least`) where the hunk fits: its own, else the nearest; None without."""
    size = len(hunk.old)

    def fits(start: int) -> bool:
        return least <= start <= len(old) - size and tuple(old[start : start + size]) == hunk.old

    told = hunk.start - 1 if hunk.old else hunk.start
    if fits(told):
        return told
    # As git has it: what is told to be at a file's beginning belongs there, and what ends without context
    # belongs at its end. Lines that are only added fit anywhere.
    if not hunk.old:
        return None
    if hunk.start <= 1:
        return 0 if fits(0) else None
    if hunk.old[-1:] != hunk.new[-1:]:
        return len(old) - size if fits(len(old) - size) else None
    places = [n for n in range(least, len(old) - size + 1) if old[n] == hunk.old[0] and fits(n)]
    return min(places, key=lambda n: (abs(n - told), n < told), default=None)
