"""Where a failure passed: its frames in the package as a traceback, and the import that it came from."""

import ast
from collections.abc import Sequence

from smith_lib.package import leaks, phrases
from smith_lib.package.api import Read
from smith_lib.package.evidence import Seen
from smith_lib.package.places import parsed, split
from smith_lib.types import Failure, Frame


def traceback(read: Read, patch: str, frames: Sequence[Frame], seen: Seen) -> str:
    """The traceback inside the package; with source lines only where none of them is a line of the fix."""
    secret = {"".join(line.split()) for line in leaks.fix_lines(patch)}
    shown: list[tuple[Frame, str]] = []
    for frame in frames:
        try:
            lines = read(frame.file).split("\n")
        except (OSError, KeyError, UnicodeDecodeError):
            lines = []
        shown.append((frame, lines[frame.line - 1].strip() if 0 < frame.line <= len(lines) else ""))
    with_source = all("".join(source.split()) not in secret for _, source in shown)
    out = ["Traceback (most recent call last):"]
    skipped = len(shown) - 8
    for index, (frame, source) in enumerate(shown):
        if skipped > 0 and 3 <= index < 3 + skipped:
            if index == 3:
                out.append(f"  ... {skipped} more frames ...")
            continue
        out.append(f'  File "{frame.file}", line {frame.line}, in {frame.function.rpartition(".")[2]}')
        if with_source and source:
            out.append(f"    {source}")
    return "\n".join([*out, *phrases.error(seen).split("\n")[:8]])


def import_at(text: str, failure: Failure) -> str:
    """The import in a test module's text at which it failed, or an empty string."""
    module = parsed(text)
    file = split(failure.test_id).file
    lines = [frame.line for frame in failure.frames if frame.file == file]
    for node in ast.walk(module) if module is not None and lines else ():
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno <= lines[0] <= (
            node.end_lineno or 0
        ):
            return "" if isinstance(node, ast.ImportFrom) and node.level else ast.unparse(node)
    return ""
