"""Models that answer: litellm, asked under a run's budget, with every answer kept.

The same question has the same answer for good, from a cache on this machine. litellm takes seconds to
import and is imported with the first question that the cache does not answer.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from smith_lib import budget, closing
from smith_lib.budget import Budget
from smith_lib.errors import BudgetSpent, ModelRefused, ModelUnusable, NetworkError
from smith_lib.settings import LlmSettings
from smith_lib.storage import digest

log = logging.getLogger(__name__)

TRIES = 5
"""Requests that one question may cost."""
LONGEST_WAIT = 60.0
"""Seconds between two tries, whatever the server asks for."""
BATCH = 16
"""Questions whose budget is held before the first of them is sent, at any number of workers."""
MOST_TEXT = 100_000
"""Characters of an answer that are kept."""

Message = dict[str, str]
"""`role` (system, user or assistant) and `content`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said."""

    text: str
    cost_usd: float
    """What it cost when it was bought."""
    model: str
    cached: bool


Outcome = Answer | ModelRefused | BudgetSpent
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

    Raises `NetworkError` where none comes within `TRIES` requests, `BudgetSpent`, `ModelRefused` where the
    server does not take this question, and `ModelUnusable` where it would take none: no key, no such model.
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
        except (ModelRefused, BudgetSpent) as error:
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
        _access(told)
        held = _most_usd(messages, told)
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
    held = ticket.held
    for tries in range(1, TRIES + 1):
        try:
            text, read, written = _sent(ticket.messages, model.settings)
        except _Again as again:
            if tries == TRIES or closing.closed():
                budget.settle(model.budget, held, held if again.may_be_billed else 0)
                raise NetworkError(f"{_who(model.settings)} does not answer: {again}") from again
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
            into, out = _prices(model.settings)
            usd = read * into + written * out if read else held
            answer = Answer(text, round(usd, 9), model.settings.model, cached=False)
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


class _Again(Exception):  # noqa: N818
    """Another try may help; the text says why it is needed."""

    def __init__(self, why: str, wait: float, may_be_billed: bool) -> None:
        super().__init__(why)
        self.wait = wait
        self.may_be_billed = may_be_billed


def _who(settings: LlmSettings) -> str:
    return settings.model + (f" at {settings.base_url}" if settings.base_url else "")


@cache
def _litellm() -> Any:
    """The library, told to look nothing up, to read no file and to print nothing."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")  # else it reads a .env file
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm


@cache
def _prices(settings: LlmSettings) -> tuple[float, float]:
    """Dollars a token read and a token written. Raises `ModelUnusable` where they are not known."""
    if settings.input_price is not None and settings.output_price is not None:
        return settings.input_price / 1e6, settings.output_price / 1e6
    try:
        into, out = _litellm().cost_per_token(model=settings.model, prompt_tokens=1, completion_tokens=1)
    except Exception as error:  # whatever its table's look-up raises
        told = "set llm.input_price and llm.output_price (0 where it is free)"
        raise ModelUnusable(f"no price is known for llm.model = {settings.model!r}: {told}") from error
    return float(into), float(out)


def _most_usd(messages: Sequence[Message], settings: LlmSettings) -> float:
    """The most that one request may cost: a token is at least one byte."""
    into, out = _prices(settings)
    read = sum(len(message["content"].encode()) + 16 for message in messages)
    return read * into + settings.longest_answer * out


@cache
def _access(settings: LlmSettings) -> dict[str, str]:
    """Where to send a request and with what key. Raises `ModelUnusable` where the environment holds none."""
    litellm = _litellm()
    try:
        litellm.get_llm_provider(settings.model)
    except Exception as error:  # a kind of its own for each way of not knowing it
        told = "wanted PROVIDER/NAME as litellm has it, e.g. openai/gpt-4o-mini"
        raise ModelUnusable(f"llm.model = {settings.model!r} is of no known provider; {told}") from error
    missing = litellm.validate_environment(settings.model)["missing_keys"]
    if settings.base_url:
        own = {"api_key": "none"} if missing else {}  # a server of one's own often wants no key
        return {"base_url": settings.base_url, **own}
    if missing:
        raise ModelUnusable(f"no key for llm.model = {settings.model!r}: set {', '.join(missing)}")
    return {}


def _sent(messages: Sequence[Message], settings: LlmSettings) -> tuple[str, int, int]:
    """One request: the text, the tokens read, the tokens written."""
    litellm = _litellm()
    try:
        response = litellm.completion(
            model=settings.model,
            messages=list(messages),
            temperature=settings.temperature,
            max_tokens=settings.longest_answer,
            timeout=settings.timeout,
            drop_params=True,
            max_retries=0,
            num_retries=0,
            **_access(settings),
        )
    except tuple(litellm.LITELLM_EXCEPTION_TYPES) as error:
        raise _told(error, settings) from error
    text = (response.choices[0].message.content or "") if response.choices else ""
    usage = response.usage
    return str(text)[:MOST_TEXT], int(usage.prompt_tokens), int(usage.completion_tokens)


def _told(error: Exception, settings: LlmSettings) -> Exception:
    """What a failure of litellm's means: try again, refused, or no use in asking anything."""
    status = int(getattr(error, "status_code", None) or 500)
    said = " ".join(str(error).split())[:200]
    if status in (408, 409, 425, 429) or status >= 500:
        headers = getattr(error, "litellm_response_headers", None) or {}
        asked = str(headers.get("retry-after", ""))
        return _Again(f"{status}, {said}", float(asked) if asked.isdecimal() else 0.0, status == 408)
    if status in (401, 402, 403, 404):
        return ModelUnusable(f"{_who(settings)} answers {status}: {said}")
    return ModelRefused(f"{_who(settings)} refuses the question with {status}: {said}")
