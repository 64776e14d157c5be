"""A model's patch taken apart: what is wrong with it, and which of its parts count.

Tests and whatever configures them are the task's, never the patch's: those parts are left out, and said.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from smith_lib import diffs
from smith_lib.sources.roles import configures_tests, holds_tests
from smith_lib.types import PatchProblem

MOST_BYTES = 1 << 20
"""Of a patch; a larger one is refused."""
_SITE = frozenset(("sitecustomize.py", "usercustomize.py"))
_SITE_SUFFIXES = (".pth", ".egg-link")
_METADATA = (".egg-info", ".dist-info")
_LEFT_BEHIND = frozenset(("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox"))
_MODE = re.compile(r"(?:new file|old|new|deleted file) mode (\d{6})|index \S+\.\.\S+ (\d{6})")
_ESCAPE = re.compile(r'\\([0-7]{3}|[abfnrtv"\\])')
_NAMED = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


@dataclass(frozen=True, slots=True)
class Part:
    """What a patch does to one file, as text."""

    paths: tuple[str, ...]
    """The file's names before and after."""
    text: str
    modes: tuple[str, ...]
    binary: bool
    hunks: int


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a patch that count, those that do not, or why none is looked at."""

    problem: PatchProblem
    reason: str
    parts: tuple[Part, ...] = ()
    ignored: tuple[str, ...] = ()
    """`path: why`, sorted."""

    @property
    def text(self) -> str:
        """A patch of the parts that count."""
        return "".join(part.text for part in self.parts)


def split(patch: str, mine: Collection[str], tests: Collection[str]) -> Split:
    """The patch's parts; `mine` are files that a fix may change whatever they are called, `tests` files that
    hold tests of the task."""
    if not patch.strip():
        return Split(PatchProblem.EMPTY, "the patch is empty")
    if len(patch) > MOST_BYTES:
        return Split(PatchProblem.TOO_LARGE, f"{len(patch):,} bytes; at most {MOST_BYTES:,} are taken")
    try:
        patch.encode()
    except UnicodeEncodeError:
        return Split(PatchProblem.NOT_UTF8, "the patch is no UTF-8")
    if "\0" in patch:
        return Split(PatchProblem.BINARY, "the patch holds null bytes")
    found = list(parts(patch if patch.endswith("\n") else patch + "\n"))
    if not found:
        return Split(PatchProblem.MALFORMED, "no file and no hunk is found in it")
    kept: list[Part] = []
    ignored: set[str] = set()
    for part in found:
        if (outside := next((path for path in part.paths if leaves(path)), None)) is not None:
            return Split(PatchProblem.OUTSIDE_TREE, f"{outside[:200]!r} lies outside the tree")
        if any(why := [_left_out(path, mine, tests) for path in part.paths]):
            ignored |= {f"{path}: {w}" for path, w in zip(part.paths, why, strict=True) if w}
        elif any(mode[:2] in ("12", "16") for mode in part.modes):
            return Split(PatchProblem.LINK, f"{part.paths[-1]} is a link or a submodule")
        elif part.binary:
            return Split(PatchProblem.BINARY, f"{part.paths[-1]} is binary")
        else:
            kept.append(part)
    told = tuple(sorted(ignored))
    if not kept:
        nothing = "nothing remains without tests and their configuration"
        return Split(PatchProblem.TESTS_ONLY, nothing, (), told)
    return Split(PatchProblem.NONE, "", tuple(kept), told)


def leaves(path: str) -> bool:
    """Whether the path lies outside the tree, or in git's own folder."""
    pieces = path.split("/")
    return not path or path.startswith("/") or ".." in pieces or any(p.casefold() == ".git" for p in pieces)


def left_out(path: str) -> str:
    """Why a patch has no say over that file, in words; empty where it has."""
    pure = PurePosixPath(path)
    if pure.name in _SITE or pure.suffix in _SITE_SUFFIXES:
        return "is run at the interpreter's start"
    if any(piece.endswith(_METADATA) for piece in pure.parts):
        return "tells what is installed"
    if pure.suffix in (".pyc", ".pyo") or not _LEFT_BEHIND.isdisjoint(pure.parts):
        return "is left behind by a run"
    if configures_tests(path):
        return "configures tests"
    return "holds tests" if holds_tests(path) else ""


def _left_out(path: str, mine: Collection[str], tests: Collection[str]) -> str:
    if path in mine:
        return ""
    return "holds tests" if path in tests else left_out(path)


def parts(patch: str) -> Iterator[Part]:
    """The patch file by file; what stands before the first one is left out."""
    lines = diffs.lines_of(patch)
    starts = list(_starts(lines))
    for start, end in zip(starts, [*starts, len(lines)][1:], strict=True):
        yield _part(lines[start:end])


def _starts(lines: list[str]) -> Iterator[int]:
    """The lines where files begin: git's header, or `---` and `+++` without one."""
    at, header = 0, False
    while at < len(lines):
        line = lines[at]
        if line.startswith("diff --git "):
            yield at
            header = True
        elif line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            if not header:
                yield at
            header = False
            at += 1
        elif (hunk := diffs.HUNK.match(line)) is not None:
            header = False
            at = _after_hunk(lines, at + 1, *(1 if n is None else int(n) for n in hunk.group(2, 4))) - 1
        at += 1


def _after_hunk(lines: list[str], at: int, old: int, new: int) -> int:
    """The line after a hunk of so many lines; where they are fewer, the first that is none of its own."""
    while at < len(lines) and (old > 0 or new > 0):
        mark = lines[at][0]
        if mark not in " +-\\\n":
            break
        old -= mark in " -\n"
        new -= mark in " +\n"
        at += 1
    return at


def _part(lines: list[str]) -> Part:
    names: list[str] = []
    modes: list[str] = []
    binary, hunks = False, 0
    for at, line in enumerate(lines):
        if diffs.HUNK.match(line):
            hunks = 1
            break
        for mark in ("--- ", "+++ ", "rename from ", "rename to ", "copy from ", "copy to "):
            if line.startswith(mark):
                name = _name(line.removeprefix(mark), plain=mark.startswith(("rename", "copy")))
                names += [name] if name is not None else []
        if (mode := _MODE.match(line)) is not None:
            modes.append(mode[1] or mode[2])
        binary = binary or line.startswith(("GIT binary patch", "Binary files "))
        if at and line.startswith("GIT binary patch"):
            break
    if not names and lines[0].startswith("diff --git "):
        names = _header_names(lines[0].removeprefix("diff --git ").rstrip("\n"))
    return Part(tuple(dict.fromkeys(names)), "".join(lines), tuple(modes), binary, hunks)


def _name(text: str, plain: bool) -> str | None:
    """A path of a header line without git's `a/` or `b/`; None for no file."""
    name = text.rstrip("\r\n")
    name = _unquoted(name) if name.startswith('"') else name.split("\t")[0]
    if name == "/dev/null" and not plain:
        return None
    return name[2:] if not plain and name[:2] in ("a/", "b/") else name


def _header_names(text: str) -> list[str]:
    """The names in git's first line, where no other line tells them: both are the same then."""
    if text.startswith('"'):
        return [_unquoted(text.partition('" ')[0] + '"')[2:]]
    middle = len(text) // 2
    return [text[2:middle], text[middle + 3 :]] if text[middle : middle + 1] == " " else [text]


def _unquoted(text: str) -> str:
    inner = text[1 : text.rfind('"')] if text.count('"') > 1 else text[1:]
    data = bytearray()
    at = 0
    for match in _ESCAPE.finditer(inner):
        data += inner[at : match.start()].encode()
        data.append(int(match[1], 8) & 255 if match[1].isdigit() else _NAMED[match[1]])
        at = match.end()
    return (bytes(data) + inner[at:].encode()).decode("utf-8", "replace")
