"""Units of code as they are read once, and their numbers after a change of some regions."""

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from smith_lib.inject.layout import Block, Region, Run
from smith_lib.inject.oddities import Parts, fields_of
from smith_lib.inject.program import Program
from smith_lib.inject.reading import BLOCKS, Reader, Reading
from smith_lib.inject.rewrite import Edit


@dataclass(slots=True, eq=False)
class Unit:
    """A function or statement of the clean code that changes are made in."""

    program: Program
    start: int
    end: int
    number: int
    reading: Reading
    warned: int
    numbers: dict[int, int]
    """Numbers of its statements by `id`."""
    tree: ast.Module
    layout: Block | None
    judged: dict[tuple[Edit, ...], int | str] = field(default_factory=dict)
    """The verdicts on edits: a combination asks again for each part that is alone in its unit."""
    blocks: dict[Block, list[int]] = field(default_factory=dict)
    """The numbers of blocks' statements."""
    gone: dict[tuple[Block, int, int, bool], tuple[Reading, int]] = field(default_factory=dict)
    """What has been read of clean regions, and how many warnings they give."""


@dataclass(slots=True)
class Change:
    """What a region is replaced with."""

    region: Region
    numbers: tuple[int, ...]
    header: Parts
    come: Reading
    warned: int


class Renumbered:
    """The number of a unit with changes made, and what that does to the oddities of what is around them."""

    def __init__(
        self, reader: Reader, unit: Unit, changes: list[Change], gone: Counter[str], come: Counter[str]
    ) -> None:
        """Renumber from the changes outwards; `gone` and `come` get the oddities of the nodes around."""
        self.reader, self.unit, self.gone, self.come = reader, unit, gone, come
        if unit.layout is None:
            raise ValueError("a unit without a layout has no regions")
        self.number = self._node(unit.number, (ast.Module, self._block(unit.layout, changes)))

    def _node(self, old: int, parts: Parts) -> int:
        new = self.reader.number(parts)
        if self.reader.odd[new] != self.reader.odd[old]:
            self.gone.update(self.reader.odd[old])
            self.come.update(self.reader.odd[new])
        return new

    def _block(self, block: Block, changes: list[Change]) -> tuple[int, ...]:
        clean = self.unit.blocks.get(block)
        if clean is None:
            clean = [self.unit.numbers[id(statement)] for statement in block.statements]
            self.unit.blocks[block] = clean
        numbers = list(clean)
        for at, group in groupby(changes[::-1], key=lambda change: block.run(change.region.span[0])):
            inside, run = [*group][::-1], block.runs[at]
            region = inside[0].region
            if region.block is block and not region.is_header:
                numbers[run.first : block.runs[region.last - 1].last] = inside[0].numbers
            else:
                numbers[run.first] = self._statement(clean[run.first], block, run, inside)
        return tuple(numbers)

    def _statement(self, old: int, block: Block, run: Run, changes: list[Change]) -> int:
        clean = self.reader.rows[old]
        names = fields_of(clean[0])
        parts = list(clean)
        if changes[0].region.is_header and changes[0].region.block is block:
            for at, name in enumerate(names, 1):
                if name not in BLOCKS:
                    parts[at] = changes[0].header[at]
        for inner in run.blocks:
            start, end = inner.runs[0].start, inner.runs[-1].end
            inside = [c for c in changes if start <= c.region.span[0] and c.region.span[1] <= end]
            if not inside:
                continue
            place = names.index(str(inner.way[0])) + 1
            if len(inner.way) == 1:
                parts[place] = self._block(inner, inside)
            else:
                items = list(parts[place])
                at = int(inner.way[1])
                holder = list(self.reader.rows[items[at]])
                holder[fields_of(holder[0]).index("body") + 1] = self._block(inner, inside)
                items[at] = self._node(items[at], tuple(holder))
                parts[place] = tuple(items)
        return self._node(old, tuple(parts))


def summed(readings: Sequence[Reading]) -> Reading:
    """The readings together, with oddities to which more may be added."""
    if len(readings) == 1:
        return replace(readings[0], oddities=readings[0].oddities.copy())
    total = Reading()
    for reading in readings:
        total.loads.update(reading.loads)
        total.stores.update(reading.stores)
        total.bound.update(reading.bound)
        total.arguments.update(reading.arguments)
        total.oddities.update(reading.oddities)
    return total
