"""Unified diffs as they come: with and without git's headers, prefixes, and what mail programs put around."""

import re
from pathlib import PurePosixPath

from smith_lib.diffs import HUNK, DoesNotApply, FileDiff, hunk_at, lines_of

EXTENDED = re.compile(
    r"(?P<refused>(new|deleted) file mode|old mode|new mode|rename (from|to)|copy (from|to))"
    r"|(dis)?similarity index|index "
)
"""A line between `diff --git` and the paths."""
REFUSED = {
    "new file mode": "creates a file",
    "deleted file mode": "deletes a file",
    "old mode": "changes a file's mode",
    "new mode": "changes a file's mode",
    "rename from": "renames a file",
    "rename to": "renames a file",
    "copy from": "copies a file",
    "copy to": "copies a file",
}
BINARY = re.compile(r"GIT binary patch|Binary files .* differ\s*$")
ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
LETTERS = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r", strict=True))


def files_in(patch: str) -> tuple[FileDiff, ...]:
    """The files that a diff changes, in its order, either path the one below the tree.

    Raises `DoesNotApply` where it is malformed, empty or binary, does anything but change text in place, or
    names a path outside the tree.
    """
    if not patch.strip():
        raise DoesNotApply("the patch is empty")
    lines = lines_of(patch if patch.endswith("\n") else patch + "\n")
    files: list[FileDiff] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if BINARY.match(line):
            raise DoesNotApply("the patch is binary")
        if line.startswith("diff --git "):
            at = _after_headers(lines, at + 1)
        elif line.startswith("--- ") and lines[at + 1 : at + 2] and lines[at + 1].startswith("+++ "):
            file, at = _file(lines, at)
            files.append(file)
        elif HUNK.match(line):
            raise DoesNotApply(f"line {at + 1} of the patch begins a hunk, but no file was named")
        else:
            at += 1
    if not files:
        raise DoesNotApply("the patch changes no file")
    return tuple(files)


def _after_headers(lines: list[str], at: int) -> int:
    """The line after git's extended headers."""
    while at < len(lines) and (header := EXTENDED.match(lines[at])):
        if refused := header["refused"]:
            raise DoesNotApply(f"the patch {REFUSED[refused]} ({lines[at].rstrip()})")
        at += 1
    return at


def _file(lines: list[str], at: int) -> tuple[FileDiff, int]:
    old, new = _name(lines[at]), _name(lines[at + 1])
    if old == "/dev/null" or new == "/dev/null":
        raise DoesNotApply(f"the patch {'creates' if old == '/dev/null' else 'deletes'} a file")
    path = _common(old, new)
    at += 2
    hunks = []
    while at < len(lines) and lines[at].startswith("@@"):
        hunk, at = hunk_at(lines, at)
        hunks.append(hunk)
    if not hunks:
        raise DoesNotApply(f"{path}: line {at + 1} of the patch is no hunk header")
    if at < len(lines) and lines[at][0] in "+- " and lines[at].strip() and not _ends(lines, at):
        raise DoesNotApply(f"{path}: line {at + 1} of the patch is more than its hunk's header counts")
    return FileDiff(path, path, tuple(hunks)), at


def _ends(lines: list[str], at: int) -> bool:
    """Whether the hunks end before that line: a mail's signature or the next file follows."""
    return lines[at].rstrip() in ("--", "---") or (
        lines[at].startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ ")
    )


def _name(line: str) -> str:
    """The path in a `---` or `+++` line, git's quotes taken off and the time after it left out."""
    text = line[4:].rstrip("\r\n")
    if not text.startswith('"'):
        return text.partition("\t")[0]
    quoted = text[1:].rpartition('"')[0].encode()

    def plain(escape: "re.Match[bytes]") -> bytes:
        code = escape[1]
        return bytes((int(code, 8) & 255,) if len(code) == 3 else (LETTERS.get(code[0], code[0]),))

    try:
        return ESCAPE.sub(plain, quoted).decode()
    except UnicodeDecodeError as error:
        raise DoesNotApply(f"the path {text} is not UTF-8") from error


def _common(old: str, new: str) -> str:
    """The path that both sides are of: the same, or the same below folders of their own (`a/` and `b/`)."""
    if old != new and not old.startswith("/"):
        (_, _, below_old), (_, _, below_new) = old.partition("/"), new.partition("/")
        if not below_old or below_old != below_new:
            raise DoesNotApply(f"the patch renames {old} to {new}")
        new = below_new
    path = PurePosixPath(new)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in new:
        raise DoesNotApply(f"{new}: leaves the tree")
    return str(path)
