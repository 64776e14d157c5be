"""Vectors from an embedding model behind litellm: kept by text, and counted in the run's budget."""

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from smith_lib import budget, closing, completion
from smith_lib.completion import Again
from smith_lib.errors import InputError, ModelRefused, ModelUnusable, NetworkError, StorageError
from smith_lib.llm import LONGEST_WAIT, TRIES, Model
from smith_lib.settings import LlmSettings
from smith_lib.storage import digest

log = logging.getLogger(__name__)
AT_ONCE = 64
"""Texts in one request."""
SPARE = 16
"""Tokens that a text may have more than bytes."""


def vectors(
    texts: Sequence[str], settings: LlmSettings, cache: Path, run_id: str,
    sleep: Callable[[float], None] = time.sleep,
) -> list[list[float]]:  # fmt: skip
    """One vector a text, in order; those asked for before come from the cache and cost nothing.

    Raises `NetworkError` where the server is not there or busy `TRIES` times, `BudgetSpent`, `ModelRefused`
    and `ModelUnusable`; what was bought till then is kept.
    """
    places = {text: _place(text, settings, cache) for text in texts}
    known = {text: found for text, place in places.items() if (found := _kept(place)) is not None}
    missing = [text for text in places if text not in known]
    completion_model = Model(settings, cache / "llm", run_id)
    for start in range(0, len(missing), AT_ONCE):
        some = missing[start : start + AT_ONCE]
        for text, vector in zip(some, _bought(some, completion_model, sleep), strict=True):
            known[text] = vector
            _keep(places[text], vector)
    if len({len(vector) for vector in known.values()}) > 1:
        raise InputError(f"{completion.who(settings)} gives vectors of different lengths")
    return [known[text] for text in texts]


def _place(text: str, settings: LlmSettings, cache: Path) -> Path:
    mark = digest("vector", settings.model, settings.base_url, text)
    return cache / "llm" / "vectors" / mark[:2] / f"{mark}.json"


def _kept(place: Path) -> list[float] | None:
    try:
        return [float(number) for number in json.loads(place.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None


def _keep(place: Path, vector: Sequence[float]) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
        partial.write_text(json.dumps(list(vector)), encoding="utf-8")
        partial.replace(place)
    except OSError as error:
        raise StorageError(f"cannot keep a vector in {place.parent}: {error}") from error


def _bought(texts: Sequence[str], model: Model, sleep: Callable[[float], None]) -> list[list[float]]:
    completion.access(model.settings)
    into, _ = completion.prices(model.settings)
    held = into * sum(len(text.encode()) + SPARE for text in texts)
    budget.hold(model.budget, 1, held)
    for tries in range(1, TRIES + 1):
        try:
            found, read = completion.embedded(texts, model.settings)
        except Again as again:
            billed = held if again.may_be_billed else 0.0
            budget.settle(model.budget, held, billed)
            if tries == TRIES or closing.closed():
                raise NetworkError(f"{completion.who(model.settings)} does not answer: {again}") from again
            budget.hold(model.budget, 1, held)
            log.info("%s: %s; trying again", model.settings.model, again)
            sleep(min(LONGEST_WAIT, max(again.wait, 2.0 ** (tries - 1))))
        except (ModelRefused, ModelUnusable):
            budget.settle(model.budget, held, 0)
            raise
        else:
            budget.settle(model.budget, held, read * into if read > 0 else held)
            return found
    raise AssertionError("unreachable")
