"""Models that answer: litellm, asked under a run's budget, with every answer kept.

The same question has the same answer for good, from a cache on this machine.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from smith_lib import budget, closing, completion
from smith_lib.budget import Budget
from smith_lib.completion import Again, Message
from smith_lib.errors import BudgetSpent, ModelRefused, ModelUnusable, NetworkError, NoAnswer
from smith_lib.settings import LlmSettings
from smith_lib.storage import digest

log = logging.getLogger(__name__)

TRIES = 5
"""Requests that one question may cost."""
PAID_TRIES = 2
"""Of these, those that the server worked on and may have to be paid for."""
LONGEST_WAIT = 60.0
"""Seconds between two tries, whatever the server asks for."""
BATCH = 16
"""Questions whose budget is held before the first of them is sent, at any number of workers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said."""

    text: str
    cost_usd: float
    """What it cost when it was bought."""
    model: str
    cached: bool


Outcome = Answer | ModelRefused | NoAnswer | BudgetSpent
"""An answer, or why one question of several has none."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model as one run asks it."""

    settings: LlmSettings
    folder: Path
    """Where answers and budgets are kept."""
    run_id: str
    sleep: Callable[[float], None] = time.sleep

    @property
    def budget(self) -> Budget:
        """What the run may spend on it."""
        file = self.folder / "spent" / f"{digest(self.run_id)[:16]}.json"
        return Budget(file, self.settings.max_requests, self.settings.max_usd)


@dataclass(frozen=True, slots=True)
class _Ticket:
    """A question that is answered already, or whose budget is held."""

    messages: Sequence[Message]
    digest: str
    held: float
    answer: Answer | None = None


def ask(messages: Sequence[Message], model: Model) -> Answer:
    """The model's answer.

    Raises `NetworkError` where the server is not there or busy `TRIES` times, `NoAnswer` where `PAID_TRIES`
    times what it sends does not end or cannot be read, `BudgetSpent`, `ModelRefused` where it does not take
    this question, and `ModelUnusable` where it would take none: no key, no such model.
    """
    ticket = _ticket(messages, model)
    return ticket.answer or _bought(ticket, model)


def ask_all(questions: Sequence[Sequence[Message]], model: Model) -> list[Outcome]:
    """One answer a question, in order, or why there is none; what is asked depends on no other thread.

    Raises `NetworkError` and `ModelUnusable` as `ask` does.
    """
    answers: list[Outcome] = []
    while len(answers) < len(questions):
        tickets: list[_Ticket] = []
        try:
            for messages in questions[len(answers) : len(answers) + BATCH]:
                tickets.append(_ticket(messages, model))
        except BudgetSpent as error:
            if not tickets:
                return answers + [error] * (len(questions) - len(answers))
        answers += _all_bought(tickets, model)
    return answers


def _all_bought(tickets: Sequence[_Ticket], model: Model) -> list[Outcome]:
    def one(ticket: _Ticket) -> Outcome:
        try:
            return ticket.answer or _bought(ticket, model)
        except (ModelRefused, NoAnswer, BudgetSpent) as error:
            return error

    if all(ticket.answer for ticket in tickets):
        return [one(ticket) for ticket in tickets]
    pool = ThreadPoolExecutor(model.settings.workers, thread_name_prefix="llm")
    futures = [pool.submit(one, ticket) for ticket in tickets]
    try:
        return [future.result() for future in futures]
    finally:
        for future, ticket in zip(futures, tickets, strict=True):
            if future.cancel() and ticket.answer is None:
                budget.settle(model.budget, ticket.held, 0)
        pool.shutdown()


def _ticket(messages: Sequence[Message], model: Model) -> _Ticket:
    """The question with its answer from the cache, or with its budget held. Raises `BudgetSpent`."""
    told = model.settings
    mark = digest(told.model, told.base_url, messages, told.temperature, told.longest_answer)
    try:
        kept = json.loads(_place(mark, model).read_text(encoding="utf-8"))
        answer = Answer(str(kept["text"]), float(kept["cost_usd"]), told.model, cached=True)
        requests = int(kept["requests"])
    except (OSError, ValueError, KeyError, TypeError):
        completion.access(told)
        held = completion.most_usd(messages, told)
        budget.hold(model.budget, 1, held)
        return _Ticket(messages, mark, held)
    # Counted as if bought now, so that a run that stops at its budget stops there again.
    budget.hold(model.budget, requests, answer.cost_usd, mark)
    return _Ticket(messages, mark, 0.0, answer)


def _place(mark: str, model: Model) -> Path:
    return model.folder / "answers" / mark[:2] / f"{mark}.json"


def _keep(mark: str, answer: Answer, requests: int, model: Model) -> None:
    place = _place(mark, model)
    place.parent.mkdir(parents=True, exist_ok=True)
    kept = {"text": answer.text, "cost_usd": answer.cost_usd, "model": answer.model, "requests": requests}
    partial = place.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
    partial.write_text(json.dumps(kept), encoding="utf-8")
    partial.replace(place)


def _bought(ticket: _Ticket, model: Model) -> Answer:
    """The answer to a question whose budget is held, kept from now on."""
    held, paid, who = ticket.held, 0, completion.who(model.settings)
    for tries in range(1, TRIES + 1):
        try:
            reply = completion.sent(ticket.messages, model.settings)
        except Again as again:
            paid += again.may_be_billed
            if paid == PAID_TRIES:
                raise NoAnswer(f"{who} gives no answer that ends and can be read: {again}") from again
            if tries == TRIES or closing.closed():
                budget.settle(model.budget, held, held if again.may_be_billed else 0)
                raise NetworkError(f"{who} does not answer: {again}") from again
            if again.may_be_billed:
                budget.hold(model.budget, 1, ticket.held)
            else:
                _hold_request(model, held)
            log.info("%s: %s; trying again", model.settings.model, again)
            model.sleep(min(LONGEST_WAIT, max(again.wait, 2.0 ** (tries - 1))))
        except (ModelRefused, ModelUnusable):
            budget.settle(model.budget, held, 0)
            raise
        else:
            usd = completion.usd(reply, model.settings, held)
            answer = Answer(reply.text, round(usd, 9), model.settings.model, cached=False)
            _keep(ticket.digest, answer, tries, model)
            budget.settle(model.budget, held, answer.cost_usd, ticket.digest)
            return answer
    raise AssertionError("unreachable")


def _hold_request(model: Model, held: float) -> None:
    try:
        budget.hold(model.budget, 1, 0)
    except BudgetSpent:
        budget.settle(model.budget, held, 0)
        raise
