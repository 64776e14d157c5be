"""`mirror_ported`: a fix that nothing else undoes, undone on today's function by a model."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from string import Template
from textwrap import dedent

import libcst as cst

from smith_lib.completion import Message
from smith_lib.errors import ModelRefused, ModelUnusable
from smith_lib.inject.draw import Draft, Sites, Studio
from smith_lib.inject.llm_family.answer import NoRoom, code_of
from smith_lib.inject.llm_family.excerpt import Excerpt, excerpt_of
from smith_lib.inject.llm_family.heads import Unfit
from smith_lib.inject.mirror_family.category import category_of
from smith_lib.inject.mirror_family.fixes import Fix
from smith_lib.inject.mirror_family.symbols import Symbol, symbols
from smith_lib.inject.mirror_family.symbolwise import shape
from smith_lib.inject.mirror_family.undo import PORTED
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Part
from smith_lib.llm import Answer, Model, Outcome, ask_all
from smith_lib.types import Strategy

log = logging.getLogger(__name__)
LONGEST = 150
"""Lines that a function may have to be given to a model."""


@dataclass(frozen=True, slots=True)
class Target:
    """A function of today and the fix that is to be undone in it."""

    fix: Fix
    excerpt: Excerpt
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A target, what is said to the model about it, and what that has cost so far."""

    target: Target
    messages: list[Message]
    cost_usd: float = 0.0


def target_of(fix: Fix, there: Mapping[str, Program], sites: Sites) -> Target | None:
    """The first function that the fix changed and that is there today under its name and called by tests."""
    for change in fix.changes:
        before, after = symbols(change.before), symbols(change.after)
        for name, fixed in after.items():
            was = before.get(name)
            if was is None or len(fixed.lines) > LONGEST or shape(was) == shape(fixed):
                continue
            for excerpt, label in _todays(name, change.today, there, sites):
                return Target(fix, excerpt, label, _text(was), _text(fixed))
    return None


def _todays(
    name: str, path: str, there: Mapping[str, Program], sites: Sites
) -> Iterator[tuple[Excerpt, str]]:
    """Today's functions of that name, those of the same file first."""
    last = name.rpartition(".")[2]
    found = [
        (site.program.path != path, site.function != name, site.program.path, site.function, site)
        for site in sites.of_kinds(cst.FunctionDef)
        if site.function.rpartition(".")[2] == last and site.program.path in there
    ]
    for *_, label, site in sorted(found, key=lambda item: item[:4]):
        excerpt = excerpt_of(site.program, site.node) if isinstance(site.node, cst.FunctionDef) else None
        if excerpt is not None and excerpt.code.count("\n") <= LONGEST:
            yield excerpt, label


def _text(piece: Symbol) -> str:
    return dedent("".join(piece.lines)).rstrip()


def ported(targets: Sequence[Target], studio: Studio, model: Model, skipped: Counter[str]) -> list[Draft]:
    """What the model makes of them; counts what comes to nothing, by reason.

    Raises `NetworkError` and `ModelUnusable` where the model cannot be had.
    """
    made: list[Draft] = []
    asked = [Asked(target, _question(target)) for target in targets]
    for last in (False, True):
        answers = ask_all([one.messages for one in asked], model)
        if answers and not last and all(isinstance(answer, ModelRefused) for answer in answers):
            raise ModelUnusable(str(answers[0]))
        retry: list[Asked] = []
        for one, answer in zip(asked, answers, strict=True):
            outcome = _outcome(one, answer, studio)
            if isinstance(outcome, Draft):
                made.append(outcome)
            elif isinstance(outcome, Unfit) and isinstance(answer, Answer) and not last:
                messages = _again(one.messages, answer.text, str(outcome))
                retry.append(Asked(one.target, messages, one.cost_usd + answer.cost_usd))
            else:
                skipped[f"not ported: {type(outcome).__name__}"] += 1
                log.info("%s: %s is skipped: %s", PORTED, one.target.label, outcome)
        asked = retry
    return made


def _outcome(one: Asked, answer: Outcome, studio: Studio) -> Draft | Exception:
    if not isinstance(answer, Answer):
        return answer
    excerpt = one.target.excerpt
    try:
        code = code_of(answer.text, excerpt.code)
    except (NoRoom, Unfit) as reason:
        return reason
    program, node = excerpt.program, excerpt.node
    parts = (Part(program, excerpt.edit(code), program.unit(node), one.target.label),)
    draft = studio.made(parts, Strategy.MIRROR, PORTED, category_of(parts))
    if isinstance(draft, str):
        return Unfit(f"the code was turned down: {draft}")
    cost = round(one.cost_usd + answer.cost_usd, 9)
    return replace(draft, model=answer.model, cost_usd=cost, fix=one.target.fix.commit)


@cache
def _parts() -> dict[str, Template]:
    text = resources.files(__package__).joinpath("port.md").read_text(encoding="utf-8")
    sections = (section.partition("\n") for section in ("\n" + text).split("\n# ")[1:])
    return {name: Template(body.strip()) for name, _, body in sections}


def _question(target: Target) -> list[Message]:
    told = {
        "path": target.excerpt.program.path,
        "function": target.label,
        "title": target.fix.commit.title[:200],
        "before": target.before,
        "after": target.after,
        "code": target.excerpt.code.rstrip("\n"),
    }
    return [
        {"role": "system", "content": _parts()["system"].substitute()},
        {"role": "user", "content": _parts()["user"].substitute(told)},
    ]


def _again(asked: list[Message], answer: str, reason: str) -> list[Message]:
    return [
        *asked,
        {"role": "assistant", "content": answer},
        {"role": "user", "content": _parts()["again"].substitute(reason=reason)},
    ]
