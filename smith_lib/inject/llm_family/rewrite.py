"""`llm_rewrite`: a function or class written anew from its outline; what the tests notice is the bug."""

from collections.abc import Iterator
from random import Random

import libcst as cst

from smith_lib.inject.draw import Sites
from smith_lib.inject.llm_family.answer import Rules
from smith_lib.inject.llm_family.asking import Told, Way
from smith_lib.inject.llm_family.excerpt import Excerpt
from smith_lib.inject.llm_family.kinds import ANEW
from smith_lib.inject.llm_family.outline import skeleton
from smith_lib.inject.llm_family.prompt import fenced
from smith_lib.inject.llm_family.targets import Target, drawn, excerpts
from smith_lib.settings import InjectSettings

LINES = range(5, 81)
"""Lines that a function or class may have."""


def targets(sites: Sites, settings: InjectSettings, random: Random, each: int) -> Iterator[Target]:
    """Places in random order, those that say what they do in a docstring before the others."""
    found = [excerpt for excerpt in excerpts(sites, LINES) if not _is_nested(excerpt)]
    for documented in (True, False):
        some = [one for one in found if (one.node.get_docstring() is not None) is documented]
        yield from drawn(some, (ANEW,), 1, 1, random)


def _is_nested(excerpt: Excerpt) -> bool:
    """Whether it is inside of a function, of whose variables an outline does not tell."""
    return any(isinstance(above, cst.FunctionDef) for above in excerpt.program.ancestors(excerpt.node))


def told(target: Target) -> Told:
    """The outline."""
    return {"code": fenced(skeleton(target.excerpt))}


WAY = Way(
    name="llm_rewrite",
    summary="A function or class that a model writes anew from its signature, docstring and context.",
    prompt="rewrite",
    share=0.3,
    rules=Rules(may_comment=True, may_help=True),
    targets=targets,
    told=told,
    hidden=True,
)
