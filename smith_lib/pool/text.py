"""What fixes are found by: what people said of them, and the lines that they change."""

import re
from collections.abc import Iterable

from smith_lib import diffs
from smith_lib.types import PastFix

MOST_SAID = 1_200
"""Characters of what people said of a fix that count."""
MOST_CODE = 3_000
"""Characters of the changed lines that count."""
_WORD = re.compile(r"[^\W\d]\w*|\d+")
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_MARKS = re.compile(r"https?://\S+|[0-9a-f]{12,40}|#\d+")
_HEADER = re.compile(r"^(?:diff --git |--- |\+\+\+ |index [0-9a-f]|@@ )")


def of_fix(row: PastFix) -> str:
    """The text that a fix is found by."""
    names = " ".join(dict.fromkeys(name.rpartition("::")[2] for name in row.functions))
    files = " ".join(row.files)
    said = [row.title, row.body, *(f"{report.title}\n{report.body}" for report in row.reports)]
    code, more = changed(row.patch)[:MOST_CODE], plain("\n".join(said[1:]))[:MOST_SAID]
    return "\n".join([plain(row.title), names, files, code, more])


def of_question(text: str) -> str:
    """The text of a question: of a diff the changed lines and paths, else what it says."""
    if re.search(r"^@@ .* @@", text, re.M):
        return "\n".join([*_paths(text), changed(text)[:MOST_CODE]])
    return plain(text)


def words(text: str) -> frozenset[str]:
    """The words of a text in small letters, and the parts of those that are made of several."""
    found: set[str] = set()
    for word in _WORD.findall(text):
        found.add(word.lower())
        found.update(part.lower() for part in _PART.findall(word))
    return frozenset(found)


def plain(text: str) -> str:
    """The text without addresses, numbers of issues and ids of commits."""
    return " ".join(_MARKS.sub(" ", text).split())


def changed(patch: str) -> str:
    """The lines that a diff takes and brings, without its marks."""
    lines = (line for line in patch.split("\n") if line[:1] in ("+", "-") and not _HEADER.match(line))
    return "\n".join(bare for line in lines if (bare := line[1:].strip()))


def _paths(patch: str) -> Iterable[str]:
    try:
        return diffs.paths(patch)
    except diffs.DoesNotApply:
        return ()
