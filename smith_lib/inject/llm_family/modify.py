"""`llm_modify`: a function as it is, with a subtle bug of the kind that was asked for."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from random import Random

import libcst as cst

from smith_lib.completion import Message
from smith_lib.errors import BudgetSpent, ModelRefused, ModelUnusable
from smith_lib.inject.balance import CATEGORIES
from smith_lib.inject.draw import Draft, Sites, Studio
from smith_lib.inject.llm_family.answer import NoRoom, Unfit, code_of
from smith_lib.inject.llm_family.excerpt import Excerpt, excerpt_of
from smith_lib.inject.llm_family.kinds import KINDS, Kind
from smith_lib.inject.llm_family.prompt import again, question
from smith_lib.inject.rewrite import Part
from smith_lib.llm import Answer, Model, Outcome, ask_all
from smith_lib.progress import report
from smith_lib.settings import InjectSettings
from smith_lib.types import Complexity, Strategy

log = logging.getLogger(__name__)

NAME = "llm_modify"
LINES = range(4, 151)
"""Lines that a function may have to be given to a model."""
PER_FUNCTION = 3
"""Most times that one function is given to it."""
WAVES = 3
"""How often more functions are taken for those that came to nothing."""

BUDGET = "left out by the budget"


@dataclass(frozen=True, slots=True)
class Target:
    """A function and the bug that is asked for in it."""

    excerpt: Excerpt
    label: str
    kind: Kind
    size: Complexity


@dataclass(frozen=True, slots=True)
class Asked:
    """A target, what is said to the model about it, and what that has cost so far."""

    target: Target
    messages: list[Message]
    cost_usd: float = 0.0


def targets(sites: Sites, settings: InjectSettings, random: Random) -> Iterator[Target]:
    """Functions and kinds in random order, every function once before any comes again."""
    found: list[tuple[str, Excerpt]] = []
    for site in sites.of_kinds(cst.FunctionDef):
        excerpt = excerpt_of(site.program, site.node) if isinstance(site.node, cst.FunctionDef) else None
        if excerpt is not None and excerpt.code.count("\n") in LINES:
            found.append((site.function, excerpt))
    order = random.sample(found, len(found))
    weights = [CATEGORIES[kind.category] / sum(k.category is kind.category for k in KINDS) for kind in KINDS]
    shares = (settings.simple, settings.medium, max(0.0, 1 - settings.simple - settings.medium))
    taken: set[tuple[int, Kind]] = set()
    for _ in range(min(PER_FUNCTION, settings.max_per_function)):
        for at, (label, excerpt) in enumerate(order):
            [kind] = random.choices(KINDS, weights)
            [size] = random.choices(tuple(Complexity), shares)
            lines = excerpt.code.count("\n")
            if lines < 3 * 6:
                size = Complexity.SIMPLE
            elif lines < 3 * 16 and size is Complexity.COMPLEX:
                size = Complexity.MEDIUM
            if (at, kind) not in taken:
                taken.add((at, kind))
                yield Target(excerpt, label, kind, size)


def written(
    repo_id: str,
    sites: Sites,
    studio: Studio,
    settings: InjectSettings,
    model: Model,
    random: Random,
    wanted: int,
) -> list[Draft]:
    """Up to `wanted` bugs that the model writes; fewer where its answers are no good or the budget ends.

    Raises `NetworkError` and `ModelUnusable` where the model cannot be had.
    """
    waiting = targets(sites, settings, random)
    made: list[Draft] = []
    skipped: Counter[str] = Counter()
    for _ in range(WAVES):
        wave = list(islice(waiting, wanted - len(made)))
        asked = [Asked(to, question(to.excerpt, to.label, to.kind, to.size)) for to in wave]
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
                    messages = again(one.messages, answer.text, str(outcome))
                    retry.append(Asked(one.target, messages, one.cost_usd + answer.cost_usd))
                else:
                    skipped[_reason(outcome)] += 1
                    log.info("%s: %s: %s is skipped: %s", repo_id, NAME, one.target.label, outcome)
            asked = retry
            report("inject", repo_id, len(made), settings.limit, f"{model.settings.model} writes bugs")
        if skipped[BUDGET]:
            break
    told = ", ".join(f"{n} {reason}" for reason, n in sorted(skipped.items())) or "none skipped"
    level = logging.WARNING if skipped[BUDGET] else logging.INFO
    log.log(level, "%s: %s wrote %d of %d bugs (%s)", repo_id, model.settings.model, len(made), wanted, told)
    return made


def _outcome(one: Asked, answer: Outcome, studio: Studio) -> Draft | Exception:
    """The draft that the answer gives, or why it gives none."""
    if not isinstance(answer, Answer):
        return answer
    target = one.target
    try:
        code = code_of(answer.text, target.excerpt.code)
    except (NoRoom, Unfit) as reason:
        return reason
    program, node = target.excerpt.program, target.excerpt.node
    part = Part(program, target.excerpt.edit(code), program.unit(node), target.label)
    draft = studio.made((part,), Strategy.LLM, NAME, target.kind.category)
    if isinstance(draft, str):
        return Unfit(f"the code was turned down: {draft}")
    cost = round(one.cost_usd + answer.cost_usd, 9)
    return replace(draft, model=answer.model, cost_usd=cost)


def _reason(outcome: Exception | Draft) -> str:
    match outcome:
        case BudgetSpent():
            return BUDGET
        case ModelRefused():
            return "refused by the server"
        case NoRoom():
            return "without room for the bug asked for"
    return "answered in no usable way"
