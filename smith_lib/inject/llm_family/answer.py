"""From a model's answer to code that may stand in for what was asked about, or the reason why it may not."""

import re
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from smith_lib import syntax
from smith_lib.inject.llm_family import heads
from smith_lib.inject.llm_family.heads import Unfit
from smith_lib.inject.llm_family.telling import tells_nothing

OPENS = re.compile(r"(?P<fence>`{3,})[^\S\n]*(?P<tag>[\w+-]*)[^\S\n]*")
HEADING = re.compile(r"#{1,6}[^\S\n]*(?:bug[^\S\n]*)?(?P<number>\d{1,3})\b[^\n]*", re.I)
TAGS = ("python", "py", "python3", "")


class NoRoom(Exception):  # noqa: N818
    """The model says that there is no room for what it was asked for."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an answer may change beside the code's statements."""

    may_comment: bool = False
    """Comments may be added."""
    may_help: bool = False
    """Private methods may be added to a class."""
    may_grow: bool = False
    """Parameters with defaults may be added, and lines to docstrings."""


@dataclass(slots=True)
class _Section:
    text: str = ""
    """What is said outside fences."""
    blocks: list[tuple[str, str]] | None = None
    """Tag and code of each fence."""


def codes_of(answer: str, numbers: Collection[int], numbered: bool) -> Mapping[int, str | NoRoom | Unfit]:
    """The code under each number's heading, or why there is none; where it is not `numbered`, all is one.

    Of an answer that was not asked for so, the reason is the same for all.
    """
    try:
        sections = _sections(answer.replace("\r\n", "\n"), numbered)
        if not numbered:
            return {number: _code(sections[0]) for number in numbers}
        if set(sections) == {0} and not sections[0].blocks and _is_none(sections[0].text):
            return {number: NoRoom() for number in numbers}
        if odd := sorted(set(sections) - {0, *numbers}):
            raise Unfit(f"nothing was asked for under the heading ## {odd[0]}")
        if sections.get(0, _Section()).blocks:
            raise Unfit("there is a fenced block above the first heading")
    except Unfit as reason:
        return dict.fromkeys(numbers, reason)
    lacking = Unfit("the answer lacks the heading with its number")
    return {number: _code(sections[number]) if number in sections else lacking for number in numbers}


def _sections(answer: str, numbered: bool) -> dict[int, _Section]:
    """What stands under each heading; 0 for what is above the first. Raises `Unfit`."""
    found = {0: _Section()}
    now = found[0]
    fence, tag, code = "", "", list[str]()
    for line in answer.split("\n"):
        opened = OPENS.fullmatch(line)
        if fence:
            if line.rstrip().strip("`") == "" and len(line.rstrip()) >= len(fence):
                now.blocks = [*(now.blocks or ()), (tag, "\n".join(code))]
                fence = ""
            else:
                code.append(line)
        elif opened:
            fence, tag, code = opened["fence"], opened["tag"], []
        elif numbered and (heading := HEADING.fullmatch(line.strip())):
            if (number := int(heading["number"])) in found:
                raise Unfit(f"the heading ## {number} comes twice")
            now = found[number] = _Section()
        else:
            now.text += line + "\n"
    if fence:
        raise Unfit("its fenced block is not closed")
    return found


def _is_none(text: str) -> bool:
    return text.strip().strip(".`*").upper() == "NONE"


def _code(section: _Section) -> str | NoRoom | Unfit:
    blocks = section.blocks or []
    if not blocks and _is_none(section.text):
        return NoRoom()
    if len(blocks) != 1:
        return Unfit(f"it holds {len(blocks) or 'no'} fenced blocks of code, not one")
    [(tag, code)] = blocks
    if tag.lower() not in TAGS:
        return Unfit("its fenced block is not marked as python")
    return code.strip("\n").rstrip() + "\n"


def code_of(answer: str, clean: str) -> str:
    """The one piece of code in an answer, fit to stand in for the clean one. Raises `NoRoom` or `Unfit`."""
    code = codes_of(answer, (1,), numbered=False)[1]
    if not isinstance(code, str):
        raise code
    fit(code, clean, Rules())
    return code


def fit(code: str, clean: str, rules: Rules) -> None:
    """Nothing; raises `Unfit` with the reason where the code may not stand in for the clean code."""
    before, after = _definition(clean), _definition(code)
    heads.same(before, after, helped=rules.may_help, grown=rules.may_grow)
    if rules.may_grow and heads.body_of(before) == heads.body_of(after):
        raise Unfit("none of its statements differs")
    tells_nothing(clean, code, before, after, rules.may_comment)


def _definition(code: str) -> heads.Definition:
    """The one function or class that the code is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = syntax.parse(code)
            compile(code, "<answer>", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Unfit(f"the code does not compile: {error.msg} in line {error.lineno}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unfit(f"the code does not compile: {type(error).__name__}") from error
    if len(tree.body) != 1 or not isinstance(tree.body[0], heads.Definition):
        raise Unfit("the block holds something other than the one function or class")
    return tree.body[0]
