"""Functions and classes that a model may be asked about."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from random import Random

import libcst as cst

from smith_lib.inject.aims import CATEGORIES
from smith_lib.inject.draw import Sites
from smith_lib.inject.llm_family.excerpt import Excerpt, excerpt_of
from smith_lib.inject.llm_family.kinds import Kind
from smith_lib.types import Complexity


@dataclass(frozen=True, slots=True)
class Wish:
    """One bug that is asked for."""

    kind: Kind
    size: Complexity = Complexity.SIMPLE


@dataclass(frozen=True, slots=True)
class Target:
    """A function or class and the bugs that are asked for in it."""

    excerpt: Excerpt
    wishes: tuple[Wish, ...]


def excerpts(sites: Sites, lines: range) -> list[Excerpt]:
    """Functions that clean tests call, and classes of which they call a method, of so many lines."""
    found: list[Excerpt] = []
    alive: Set[int] = {
        id(site.program.parent(above))
        for site in sites.of_kinds(cst.FunctionDef)
        if (above := site.program.parent(site.node)) is not None
    }
    for site in sites.of_kinds(cst.FunctionDef, cst.ClassDef):
        node = site.node
        if not isinstance(node, cst.FunctionDef | cst.ClassDef):
            continue
        if isinstance(node, cst.ClassDef) and id(node) not in alive:
            continue
        excerpt = excerpt_of(site.program, node)
        if excerpt is not None and excerpt.code.count("\n") in lines:
            found.append(excerpt)
    return found


def drawn(found: Sequence[Excerpt], kinds: Sequence[Kind], rounds: int, each: int, random: Random,
          sizes: Sequence[float] = (1.0, 0.0, 0.0)) -> Iterator[Target]:  # fmt: skip
    """Targets in random order, every one once before any comes again, `rounds` times at most; each with
    `each` kinds, drawn by the shares of their categories and never twice for one place."""
    order = random.sample(found, len(found))
    weights = [CATEGORIES[kind.category] / sum(k.category is kind.category for k in kinds) for kind in kinds]
    taken: set[tuple[int, Kind]] = set()
    for _ in range(rounds):
        for at, excerpt in enumerate(order):
            wishes: list[Wish] = []
            for kind in random.choices(kinds, weights, k=each):
                [size] = random.choices(tuple(Complexity), sizes)
                if (at, kind) not in taken:
                    taken.add((at, kind))
                    wishes.append(Wish(kind, _that_fits(size, excerpt)))
            if wishes:
                yield Target(excerpt, tuple(wishes))


def _that_fits(size: Complexity, excerpt: Excerpt) -> Complexity:
    """The size, or the largest that the code has lines for."""
    lines = excerpt.code.count("\n")
    if lines < 3 * 6:
        return Complexity.SIMPLE
    return Complexity.MEDIUM if lines < 3 * 16 and size is Complexity.COMPLEX else size
