"""The patch in what a model said."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*(\w*)[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_TAG = re.compile(r"<patch>\s*?\n?(.*?)</patch>", re.DOTALL)
_START = re.compile(r"^(diff --git |--- (?=[^\n]*\n\+\+\+ ))", re.MULTILINE)
_DIFFS = ("diff", "patch")


def text_of(completion: str | Sequence[Mapping[str, Any]]) -> str:
    """What was said: the text itself, or the content of the last message of a chat."""
    if isinstance(completion, str):
        return completion
    return str(completion[-1].get("content") or "") if completion else ""


def patch_in(completion: str | Sequence[Mapping[str, Any]]) -> str:
    """The unified diff in a completion, empty where there is none.

    The last fenced block that is marked `diff` or `patch`, else the last `<patch>`, else the last fenced
    block that begins a diff, else all from where a diff begins.
    """
    said = text_of(completion).replace("\r\n", "\n")
    fences = [(mark.lower(), body) for _, mark, body in _FENCE.findall(said)]
    marked = [body for mark, body in fences if mark in _DIFFS]
    tagged = _TAG.findall(said)
    begun = [body for _, body in fences if _START.search(body)]
    for found in (marked, tagged, begun):
        if found:
            return _from_start(found[-1])
    return _from_start(said) if _START.search(said) else ""


def _from_start(text: str) -> str:
    """The text from where its diff begins, with a line's end at its end."""
    start = _START.search(text)
    kept = text[start.start() :] if start is not None else text
    return kept if kept.endswith("\n") or not kept else kept + "\n"
