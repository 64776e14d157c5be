"""An agent's messages as a plain chat: roles and texts alone."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ROLES = ("system", "user", "assistant")
SAID_BY = {"tool": "user", "function": "user", "developer": "system", "human": "user", "ai": "assistant"}
"""Roles that are told as another one."""


def chat(messages: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    """Role and text of each message, up to the last one of the model; empty where the model said nothing.

    Calls of tools stand in the text as `<function=NAME>` with `<parameter=NAME>` for each argument, and what
    tools gave back is the user's. Messages of one role in a row are one. Messages of other roles, such as the
    note of an agent that it ends, are left out.
    """
    found: list[tuple[str, str]] = []
    for message in messages:
        if not isinstance(message, Mapping):
            continue
        role = str(message.get("role") or "")
        role = SAID_BY.get(role, role)
        text = _text(message)
        if role not in ROLES or not text:
            continue
        if found and found[-1][0] == role:
            text = f"{found.pop()[1]}\n\n{text}"
        found.append((role, text))
    while found and found[-1][0] != "assistant":
        found.pop()
    return tuple(found)


def _text(message: Mapping[str, Any]) -> str:
    said = "\n\n".join(part for part in (_content(message.get("content")), *_calls(message)) if part)
    return said.encode("utf-8", "replace").decode()


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content.strip()
    parts = content if isinstance(content, Sequence) else ()
    texts = (part.get("text") for part in parts if isinstance(part, Mapping) and part.get("type") == "text")
    return "\n\n".join(text.strip() for text in texts if isinstance(text, str))


def _calls(message: Mapping[str, Any]) -> Iterator[str]:
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            given = _arguments(function.get("arguments"))
            lines = [f"<parameter={name}>{value}</parameter>" for name, value in given.items()]
            yield "\n".join([f"<function={function.get('name')}>", *lines, "</function>"])


def _arguments(given: Any) -> Mapping[str, Any]:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {"arguments": given}
    return given if isinstance(given, Mapping) else {}
