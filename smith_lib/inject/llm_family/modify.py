"""`llm_modify`: a function or class as it is, with a subtle bug of the kind that was asked for."""

from collections.abc import Iterator
from random import Random

from smith_lib.inject.draw import Sites
from smith_lib.inject.llm_family.answer import Rules
from smith_lib.inject.llm_family.asking import Told, Way
from smith_lib.inject.llm_family.kinds import KINDS, SIZES
from smith_lib.inject.llm_family.prompt import fenced, said
from smith_lib.inject.llm_family.targets import Target, drawn, excerpts
from smith_lib.settings import InjectSettings

LINES = range(4, 151)
"""Lines that a function or class may have to be given to a model."""
ROUNDS = 3
"""Most times that one of them is given to it."""


def targets(sites: Sites, settings: InjectSettings, random: Random, each: int) -> Iterator[Target]:
    """Places in random order, with up to `each` kinds of bugs."""
    sizes = (settings.simple, settings.medium, max(0.0, 1 - settings.simple - settings.medium))
    each = min(each, settings.max_per_function)
    yield from drawn(excerpts(sites, LINES), KINDS, ROUNDS, each, random, sizes)


def told(target: Target) -> Told:
    """The code, and the bugs that are wanted."""
    wishes = [
        said("modify", "wish", {"number": str(at), "kind": wish.kind.asked, "size": SIZES[wish.size]})
        for at, wish in enumerate(target.wishes, 1)
    ]
    return {"code": fenced(target.excerpt.code), "wishes": "\n".join(wishes)}


WAY = Way(
    name="llm_modify",
    summary="A function or class that a model gives a subtle bug of the kind it is asked for.",
    prompt="modify",
    share=0.5,
    rules=Rules(),
    targets=targets,
    told=told,
    exampled=True,
    numbered=True,
)
