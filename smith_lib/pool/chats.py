"""Fixes of a pool as data to learn from: what was reported and the code as it was; the fix."""

from collections.abc import Iterator, Sequence

from smith_lib.export import sft
from smith_lib.export.prompts import fenced
from smith_lib.types import PastFix

MOST_SAID = 4_000
"""Characters of what people wrote that are kept."""
ABOUT = ("fix_id", "repo", "license", "commit", "category")
ASKED = """\
You are fixing a bug in the Python repository {repo}. Answer with the code below as it should be, piece by \
piece under the same headings, and with nothing else.

# What was said

{said}

# Code

{code}"""
README = """
# Fixes of projects' histories to learn from, {name}

{count} fixes. `text` has the columns `prompt` and `completion`, `chat` has `messages`; both are there as
Parquet and as JSON lines. The prompt is what people said of the bug and the code as it was; the completion
is the code as they fixed it.

    load_dataset("path/to/this/folder", "chat", split="{split}")
"""


def files(rows: Sequence[PastFix], name: str, split: str) -> Iterator[tuple[str, bytes]]:
    """`text/` and `chat/`, each as Parquet and JSON lines, and the card."""
    about = [{key: str(getattr(row, key)) for key in ABOUT} for row in rows]
    asked, answers = [prompt(row) for row in rows], [completion(row) for row in rows]
    card = README.format(name=name, count=len(rows), split=split)
    yield from sft.laid_out(about, asked, answers, [row.license for row in rows], split, card)


def prompt(row: PastFix) -> str:
    """What was said of a fix, its issues before its message, and the code as it was before."""
    told = [f"{report.title}\n\n{report.body}" for report in row.reports if report.title]
    said = [text.strip() for text in (*told, f"{row.title}\n\n{row.body}")]
    code = "\n\n".join(_piece(piece.file, piece.name, piece.buggy) for piece in row.pieces)
    return ASKED.format(repo=row.repo, said="\n\n".join(dict.fromkeys(said))[:MOST_SAID], code=code)


def completion(row: PastFix) -> str:
    """The code as it was after the fix."""
    return "\n\n".join(_piece(piece.file, piece.name, piece.fixed) for piece in row.pieces)


def _piece(file: str, name: str, code: str) -> str:
    return f"## {file}, {name}\n\n{fenced(code)}"
