"""What is said to the model, from the files in `prompts`: one a way of asking."""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Template

from smith_lib.completion import Message

MOST_ECHOED = 16_000
"""Characters of an unusable answer that the model is shown again."""


@cache
def _parts(name: str) -> dict[str, Template]:
    text = resources.files(__package__).joinpath("prompts", f"{name}.md").read_text(encoding="utf-8")
    sections = (section.partition("\n") for section in ("\n" + text).split("\n# ")[1:])
    return {part: Template(body.strip()) for part, _, body in sections}


def said(name: str, part: str, told: Mapping[str, str]) -> str:
    """A section of the prompt `name` with its `$fields` filled in."""
    return _parts(name)[part].substitute(told)


def fenced(code: str) -> str:
    """The code in a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}python\n{code.rstrip()}\n{fence}"


def question(name: str, told: Mapping[str, str]) -> list[Message]:
    """The messages that begin a conversation."""
    return [
        {"role": "system", "content": said(name, "system", {})},
        {"role": "user", "content": said(name, "user", told)},
    ]


def again(name: str, asked: list[Message], answer: str, reasons: Mapping[int, str]) -> list[Message]:
    """The messages that ask once more, after an answer of which some numbers cannot be used, and why."""
    alone = len(reasons) == 1
    why = "\n".join(f"- {reason}" if alone else f"- {at}: {reason}" for at, reason in reasons.items())
    told = {"reasons": why, "numbers": ", ".join(f"## {at}" for at in reasons)}
    return [
        *asked,
        {"role": "assistant", "content": answer[:MOST_ECHOED]},
        {"role": "user", "content": said(name, "again", told)},
    ]
