"""What people wrote of a fix that a bug undoes, told as they told it: without what leads to the fix."""

import re
from collections.abc import Iterator

from smith_lib.types import Candidate, Strategy

SHORTEST = 60
"""Characters, spaces aside, that a report must have to tell something."""
LONGEST = 6_000
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LEADS = re.compile(
    r"https?://|www\.|(?<![\w&])#\d+|\bGH-\d+|\b[0-9a-f]{7,40}\b|(?<!\w)@[A-Za-z][\w-]*(?=[\s,.:;!?)]|$)"
    r"|\b(?:pull request|merge request|this PR|patch(?:ed)?|commit(?:ted)?)\b",
    re.IGNORECASE,
)
"""What leads to the fix where it was made: links, numbers, hashes, people, talk of a change."""
SOLVES = re.compile(
    r"\b(?:fix(?:e[sd])?|fixing|solv(?:e[sd]?|ing)|solution|workaround|root cause|instead of using"
    r"|(?:can|could|should|would) be (?:changed|replaced)|the (?:problem|bug|culprit|cause) (?:is|lies|seems)"
    r"|by (?:adding|changing|replacing|removing)|I (?:added|changed|replaced|removed))\b",
    re.IGNORECASE,
)
"""Talk of how it is to be mended, or of where it goes wrong."""
FENCE = re.compile(r"^(?:```|~~~)")


def told(candidate: Candidate) -> Iterator[tuple[str, str, str]]:
    """Title, text and kind (`issue`, `pull`) of each report that may be told, issues first.

    Lines outside code that lead to the fix or talk of it are left out; a report of which little is left, or
    whose title is such a line, is not told. Only mirrored bugs have any.
    """
    if candidate.strategy is not Strategy.MIRROR:
        return
    for report in sorted(candidate.fix_reports, key=lambda report: report.kind != "issue"):
        title, body = _plain(report.title), _body(report.body)
        if title and len(re.sub(r"\s", "", body)) >= SHORTEST and len(body) <= LONGEST:
            yield title, body, report.kind


def _plain(title: str) -> str:
    """The title on one line; empty where it gives something away."""
    text = " ".join(title.split()).strip("# ")
    return "" if LEADS.search(text) or SOLVES.search(text) else text


def _body(text: str) -> str:
    """The lines that give nothing away, with code blocks whole or not at all."""
    kept: list[str] = []
    block: list[str] | None = None
    for line in COMMENT.sub("", text.replace("\r\n", "\n")).split("\n"):
        if block is not None:
            block.append(line)
            if FENCE.match(line):
                kept += [] if any(re.search(r"https?://", inner) for inner in block) else block
                block = None
        elif FENCE.match(line):
            block = [line]
        elif not LEADS.search(line) and not SOLVES.search(line):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
