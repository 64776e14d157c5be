"""What is said to the model, from the file `prompt.md`."""

from functools import cache
from importlib import resources
from string import Template

from smith_lib.completion import Message
from smith_lib.inject.llm_family.excerpt import Excerpt
from smith_lib.inject.llm_family.kinds import SIZES, Kind
from smith_lib.types import Complexity


@cache
def _parts() -> dict[str, Template]:
    text = resources.files(__package__).joinpath("prompt.md").read_text(encoding="utf-8")
    sections = (section.partition("\n") for section in ("\n" + text).split("\n# ")[1:])
    return {name: Template(body.strip()) for name, _, body in sections}


def question(excerpt: Excerpt, function: str, kind: Kind, size: Complexity) -> list[Message]:
    """The messages that ask for a bug of that kind and size in the function."""
    told = {
        "path": excerpt.program.path,
        "function": function,
        "kind": kind.asked,
        "size": SIZES[size],
        "code": excerpt.code.rstrip("\n"),
    }
    return [
        {"role": "system", "content": _parts()["system"].substitute()},
        {"role": "user", "content": _parts()["user"].substitute(told)},
    ]


def again(asked: list[Message], answer: str, reason: str) -> list[Message]:
    """The messages that ask once more, after an answer that cannot be used."""
    return [
        *asked,
        {"role": "assistant", "content": answer},
        {"role": "user", "content": _parts()["again"].substitute(reason=reason)},
    ]
