"""Conversations with a model: what is asked, what is taken, what is asked for once more."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING

from smith_lib.completion import Message
from smith_lib.errors import BudgetSpent, ModelRefused, ModelUnusable, NetworkError, NoAnswer
from smith_lib.inject.draw import Draft, Sites, Studio
from smith_lib.inject.llm_family.answer import NoRoom, Rules, codes_of, fit
from smith_lib.inject.llm_family.context import Surroundings, tokens
from smith_lib.inject.llm_family.heads import Unfit
from smith_lib.inject.llm_family.prompt import again, question
from smith_lib.inject.llm_family.targets import Target
from smith_lib.llm import Answer, Model, Outcome, ask_all
from smith_lib.settings import InjectSettings
from smith_lib.types import Strategy

if TYPE_CHECKING:
    from smith_lib.pool.examples import Examples

log = logging.getLogger(__name__)
WAVES = 3
"""How often more places are taken for those that came to nothing."""
SILENT = 4
"""Questions in a row without an answer from which on it is the server that does not answer."""

BUDGET = "left out by the budget"
NO_ANSWER = "without an answer that ends and can be read"
Told = dict[str, str]
"""What a prompt's fields are filled with."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of having bugs written: an operator of the family."""

    name: str
    summary: str
    prompt: str
    """The name of its file in `prompts`."""
    share: float
    """Of the bugs that the family is to give."""
    rules: Rules
    targets: Callable[[Sites, InjectSettings, Random, int], Iterator[Target]]
    """What it may be asked for, with so many bugs in one answer at most."""
    told: Callable[[Target], Told]
    """The fields of its prompt, beside those that all have."""
    hidden: bool = False
    """Whether the model must not see the code."""
    numbered: bool = False
    """Whether answers have a heading for each bug."""
    exampled: bool = False
    """Whether real fixes of the project may be shown."""


@dataclass(slots=True, eq=False)
class _Talk:
    """One conversation: what is still wanted, what has come of it, what it has cost."""

    target: Target
    messages: list[Message]
    wanted: list[int]
    """Numbers of the wishes that are open, from 1."""
    drafts: dict[int, Draft] = field(default_factory=dict)
    cost_usd: float = 0.0
    model: str = ""

    @property
    def made(self) -> list[Draft]:
        """Its drafts, each with its share of the cost."""
        share = round(self.cost_usd / max(1, len(self.drafts)), 9)
        return [
            replace(draft, model=self.model, cost_usd=share) for _, draft in sorted(self.drafts.items())
        ]


@dataclass(frozen=True, slots=True)
class Desk:
    """What conversations about one repository share."""

    repo_id: str
    sites: Sites
    studio: Studio
    settings: InjectSettings
    model: Model
    around: Surroundings
    examples: "Examples | None" = None


def written(way: Way, desk: Desk, random: Random, wanted: int) -> tuple[list[Draft], bool]:
    """Up to `wanted` bugs, and whether asking on makes sense; fewer where the answers are no good.

    Raises `NetworkError` and `ModelUnusable` where the model cannot be had.
    """
    waiting = way.targets(desk.sites, desk.settings, random, desk.model.settings.bugs_an_answer)
    made: list[Draft] = []
    skipped: Counter[str] = Counter()
    usd = 0.0
    for _ in range(WAVES):
        talks = [_begun(way, desk, target) for target in _wave(waiting, wanted - len(made))]
        for last in (False, True):
            asked = [talk for talk in talks if talk.wanted]
            answers = ask_all([talk.messages for talk in asked], desk.model)
            if not last:
                _whether_it_answers(answers)
            for talk, answer in zip(asked, answers, strict=True):
                _heard(way, desk, talk, answer, last, skipped)
        made += [draft for talk in talks for draft in talk.made]
        usd += sum(talk.cost_usd for talk in talks)
        if skipped[BUDGET] or skipped[NO_ANSWER] >= SILENT or not talks:
            break
    told = ", ".join(f"{n} {reason}" for reason, n in sorted(skipped.items())) or "none skipped"
    level = logging.WARNING if skipped[BUDGET] else logging.INFO
    who = f"{desk.repo_id}: {way.name}: {desk.model.settings.model}"
    log.log(level, "%s wrote %d of %d bugs (%s) for $%.4f", who, len(made), wanted, told, usd)
    return made, not skipped[BUDGET] and skipped[NO_ANSWER] < SILENT


def _whether_it_answers(answers: Sequence[Outcome]) -> None:
    """Nothing; raises `ModelUnusable` or `NetworkError` where it is not one question that has no answer."""
    if answers and all(isinstance(answer, ModelRefused) for answer in answers):
        raise ModelUnusable(str(answers[0]))
    if len(answers) >= SILENT and all(isinstance(answer, NoAnswer) for answer in answers):
        raise NetworkError(str(answers[0]))


def _wave(waiting: Iterator[Target], wanted: int) -> Iterator[Target]:
    """Targets with so many wishes together."""
    while wanted > 0:
        target = next(waiting, None)
        if target is None:
            return
        target = replace(target, wishes=target.wishes[:wanted])
        wanted -= len(target.wishes)
        yield target


def _begun(way: Way, desk: Desk, target: Target) -> _Talk:
    excerpt = target.excerpt
    path, examples = excerpt.program.path, ""
    if way.exampled and desk.examples is not None:
        examples = desk.examples.near(path, excerpt.label, excerpt.code)
    told = {
        "path": path,
        "name": excerpt.label,
        "examples": examples,
        "context": desk.around.told(excerpt, way.hidden, tokens(examples) if examples else 0),
        **way.told(target),
    }
    return _Talk(target, question(way.prompt, told), [*range(1, len(target.wishes) + 1)])


def _heard(way: Way, desk: Desk, talk: _Talk, answer: Outcome, last: bool, skipped: Counter[str]) -> None:
    """Take what can be used of an answer; what cannot is asked for again, or is skipped with its reason."""
    found: dict[int, Draft | Exception]
    if isinstance(answer, Answer):
        talk.cost_usd, talk.model = talk.cost_usd + answer.cost_usd, answer.model
        codes = codes_of(answer.text, talk.wanted, way.numbered)
        found = {number: _drafted(way, desk, talk, number, codes[number]) for number in talk.wanted}
    else:
        found = dict.fromkeys(talk.wanted, answer)
    reasons: dict[int, str] = {}
    for number, outcome in found.items():
        if isinstance(outcome, Draft):
            talk.drafts[number] = outcome
        elif isinstance(outcome, Unfit) and not last:
            reasons[number] = str(outcome)
        else:
            skipped[_reason(outcome)] += 1
            label = talk.target.excerpt.label
            log.info("%s: %s: %s is skipped: %s", desk.repo_id, way.name, label, outcome)
    talk.wanted = list(reasons)
    if reasons and isinstance(answer, Answer):
        talk.messages = again(way.prompt, talk.messages, answer.text, reasons)


def _drafted(
    way: Way, desk: Desk, talk: _Talk, number: int, code: str | NoRoom | Unfit
) -> Draft | NoRoom | Unfit:
    """The draft that the code gives, or why it gives none."""
    if not isinstance(code, str):
        return code
    excerpt = talk.target.excerpt
    try:
        fit(code, excerpt.code, way.rules)
    except Unfit as reason:
        return reason
    category = talk.target.wishes[number - 1].kind.category
    draft = desk.studio.made(excerpt.parts(code), Strategy.LLM, way.name, category)
    return Unfit(f"the code was turned down: {draft}") if isinstance(draft, str) else draft


def _reason(outcome: Exception | Draft) -> str:
    match outcome:
        case BudgetSpent():
            return BUDGET
        case ModelRefused():
            return "refused by the server"
        case NoAnswer():
            return NO_ANSWER
        case NoRoom():
            return "without room for what was asked"
    return "answered in no usable way"
