"""The family as a whole: its ways of asking, and what all of them give together."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TYPE_CHECKING

from smith_lib.inject.draw import Draft, Sites, Studio
from smith_lib.inject.llm_family import feature_drift, modify, rewrite
from smith_lib.inject.llm_family.asking import Desk, Way, written
from smith_lib.inject.llm_family.context import Surroundings
from smith_lib.inject.program import Program
from smith_lib.llm import Model
from smith_lib.progress import report
from smith_lib.settings import InjectSettings

if TYPE_CHECKING:
    from smith_lib.pool.examples import Examples

WAYS: tuple[Way, ...] = (modify.WAY, rewrite.WAY, feature_drift.WAY)
NAMES = {way.name: way.summary for way in WAYS}
"""What `smith operators` tells of them."""


def authored(
    repo_id: str,
    programs: Sequence[Program],
    sites: Sites,
    studio: Studio,
    settings: InjectSettings,
    model: Model,
    random: Callable[[str], Random],
    wanted: int,
    examples: "Examples | None" = None,
) -> list[Draft]:
    """Up to `wanted` bugs that the model writes, by the ways' shares; what one lacks the next may give.

    It is shown `examples`, where there are any.

    Raises `NetworkError` and `ModelUnusable` where the model cannot be had.
    """
    ways = [way for way in WAYS if not settings.operators or way.name in settings.operators]
    around = Surroundings(programs, model.settings.longest_context if ways else 0)
    desk = Desk(repo_id, sites, studio, settings, model, around, examples)
    made: list[Draft] = []
    upto = 0.0
    for way in ways:
        upto += way.share / sum(other.share for other in ways)
        part = min(wanted, max(1, round(upto * wanted))) - len(made)
        if part <= 0:
            continue
        drafts, lasted = written(way, desk, random(way.name), part)
        made += drafts
        report("inject", repo_id, len(made), settings.limit, f"{model.settings.model} writes bugs")
        if not lasted:
            break
    return made
