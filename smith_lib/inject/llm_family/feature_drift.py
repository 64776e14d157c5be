"""`llm_feature_drift`: a capability added carelessly, as in a hurry; what breaks is the bug."""

from collections.abc import Iterator
from random import Random

from smith_lib.inject.draw import Sites
from smith_lib.inject.llm_family.answer import Rules
from smith_lib.inject.llm_family.asking import Told, Way
from smith_lib.inject.llm_family.kinds import CAPABILITIES
from smith_lib.inject.llm_family.prompt import fenced
from smith_lib.inject.llm_family.targets import Target, drawn, excerpts
from smith_lib.settings import InjectSettings

LINES = range(5, 151)
"""Lines that a function or class may have."""
ROUNDS = 2
"""Most times that one of them is given to a model."""


def targets(sites: Sites, settings: InjectSettings, random: Random, each: int) -> Iterator[Target]:
    """Places in random order, each with one capability."""
    yield from drawn(excerpts(sites, LINES), CAPABILITIES, ROUNDS, 1, random)


def told(target: Target) -> Told:
    """The code, and the capability."""
    return {"code": fenced(target.excerpt.code), "kind": target.wishes[0].kind.asked}


WAY = Way(
    name="llm_feature_drift",
    summary="A function or class that a model carelessly adds a capability to.",
    prompt="feature_drift",
    share=0.2,
    rules=Rules(may_comment=True, may_grow=True),
    targets=targets,
    told=told,
    exampled=True,
)
