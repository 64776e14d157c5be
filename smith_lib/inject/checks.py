"""Whether a change of a program is worth a candidate."""

import ast
import re
import warnings
from collections.abc import Sequence
from itertools import groupby

from smith_lib import syntax
from smith_lib.inject.layout import Region, grouped, laid_out, regions
from smith_lib.inject.lint import objection
from smith_lib.inject.program import Program
from smith_lib.inject.reading import BLOCKS, Reader, Reading
from smith_lib.inject.rewrite import Edit, Part, edited
from smith_lib.inject.units import Change, Renumbered, Unit, summed

Key = tuple[tuple[str, int, int], ...]
"""What identifies a changed program: file, place and number of every unit that changed."""
_FAILS = (SyntaxError, ValueError, RecursionError, MemoryError)
_ELSEWHERE = re.compile(r"\b(?:global|nonlocal)\b")
_CODE = re.compile(r"^(?P<indent>[ \t]*)[^\s#]", re.M)


def _compiled(text: str) -> tuple[ast.Module, int]:
    """The syntax tree of code, and how many warnings it gives. Raises one of `_FAILS`."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tree = syntax.parse(text)
        compile(text, "<unit>", "exec", dont_inherit=True)
    return tree, len(caught)


def unit_code(text: str) -> str:
    """A unit's text so that it can be compiled at any indentation."""
    lines = text.lstrip("\f").split("\n")
    first = next((line for line in lines if line.strip() and line.strip()[0] != "#"), "")
    return "if 1:\n" + text if first[:1] in (" ", "\t") else text


def _body(tree: ast.Module, levels: int) -> list[ast.stmt] | None:
    """The statements below so many lines that open blocks; none where there is more beside them."""
    body = tree.body
    for _ in range(levels):
        if len(body) != 1 or getattr(body[0], "orelse", None):
            return None
        body = body[0].body  # type: ignore[attr-defined]
    return body


class Judge:
    """Tells whether edits make a program worth keeping; remembers what it has read of the clean code."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._units: dict[tuple[str, int, int], Unit] = {}
        self._reader = Reader()
        self.asked = self.read_whole = 0
        """How often changes were judged, and how often that took a unit's whole text."""

    def program_key(self, parts: Sequence[Part]) -> Key | str:
        """What identifies the changed program; else why it is no good."""
        places = sorted(((p.program.path, *p.program.span(p.unit)), at) for at, p in enumerate(parts))
        key: list[tuple[str, int, int]] = []
        for place, inside in groupby(places, key=lambda item: item[0]):
            chosen = [parts[at] for _, at in inside]
            unit = self.unit(place, chosen[0].program)
            edits = tuple(part.edit for part in chosen)
            number = unit.judged.get(edits)
            if number is None:
                number = unit.judged[edits] = self._judged(unit, list(edits))
            if isinstance(number, str):
                return number
            key.append((place[0], place[1], number))
        return tuple(key)

    def unit(self, place: tuple[str, int, int], program: Program) -> Unit:
        """The clean unit at a place: file, start and end."""
        unit = self._units.get(place)
        if unit is None:
            _, start, end = place
            text = program.text[start:end]
            code = unit_code(text)
            tree, warned = _compiled(code)
            reading, numbers = Reading(), dict[int, int]()
            body = tree.body if code is text else tree.body[0].body  # type: ignore[attr-defined]
            number = self._read(body, reading, numbers)
            layout = laid_out(tree, text, start, code is not text)
            unit = Unit(program, start, end, number, reading, warned, numbers, tree, layout)
            self._units[place] = unit
        return unit

    def _read(self, body: list[ast.stmt], into: Reading, keep: dict[int, int] | None = None) -> int:
        read = self._reader.read
        number = self._reader.number((ast.Module, tuple([read(statement, into, keep) for statement in body])))
        into.oddities.update(self._reader.odd[number])
        return number

    def _judged(self, unit: Unit, edits: list[Edit]) -> int | str:
        changes = self._changes(unit, edits)
        self.asked += 1
        if changes is None:
            self.read_whole += 1
            return self.judged_whole(unit, edits)
        before = now = 0
        olds: list[Reading] = []
        for change in changes:
            old, warned = self._clean(unit, change.region, bool(change.warned))
            olds.append(old)
            before, now = before + warned, now + change.warned
        gone, come = summed(olds), summed([change.come for change in changes])
        number = Renumbered(self._reader, unit, changes, gone.oddities, come.oddities).number
        return self._told(unit, number, now > before, gone, come)

    def judged_whole(self, unit: Unit, edits: list[Edit]) -> int | str:
        """The number of a unit with edits, or why it is no good, told from its whole text."""
        text = edited(unit.program, edits, unit.start, unit.end)
        code = unit_code(text)
        try:
            tree, warned = _compiled(code)
            if not tree.body:
                compile(edited(unit.program, edits), unit.program.path, "exec", dont_inherit=True)
        except _FAILS:
            return "does not compile"
        body = tree.body if code is text else _body(tree, 1)
        come = Reading()
        number = self._read(tree.body if body is None else body, come)
        return self._told(unit, number, warned > unit.warned, unit.reading, come)

    def _told(self, unit: Unit, number: int, warns: bool, gone: Reading, come: Reading) -> int | str:
        if number == unit.number:
            return "the same program"
        if warns:
            return "the compiler warns"
        return objection(unit.reading, gone, come, unit.program) or number

    def _changes(self, unit: Unit, edits: list[Edit]) -> list[Change] | None:
        """What the edits change, in regions that do not overlap; none where it takes the whole unit."""
        if unit.layout is None:
            return None
        if len(edits) == 1:
            for region in [*regions(unit.layout, edits[0].start, edits[0].end)][::-1]:
                change = self._change(unit, region, edits)
                if change is not None:
                    return [change]
            return None
        changes: list[Change] = []
        for group in grouped(unit.layout, edits):
            *_, region = [None, *regions(unit.layout, group[0].start, max(e.end for e in group))]
            change = None if region is None else self._change(unit, region, group)
            if change is None:
                return None
            changes.append(change)
        return changes

    def _change(self, unit: Unit, region: Region, edits: list[Edit]) -> Change | None:
        """What the edits make of a region; none where that cannot be told without what is around it."""
        block, (start, end) = region.block, region.span
        text = edited(unit.program, edits, start, end)
        if not text.endswith("\n") and (text or region.is_header) and end < len(unit.program.text):
            return None
        if text.endswith(("\\\n", "\\\r\n")):
            return None
        if _ELSEWHERE.search(text) or ("yield" in text and block.head.startswith("async")):
            return None
        code = _CODE.search(text)
        if code is None:
            alone = region.last - region.first == len(block.runs) or region.is_header
            return None if alone else Change(region, (), (), Reading(), 0)
        if code["indent"] != block.indent:
            return None
        if block.is_elif:
            at = code.end() - 1
            if not text.startswith("elif", at):
                return None
            text = text[:at] + text[at + 2 :]
        if region.is_header:
            text += f"{block.runs[region.first].blocks[0].indent}pass\n"
        try:
            tree, warned = _compiled(block.head + text)
        except _FAILS:
            return None
        body = _body(tree, block.head.count("\n"))
        if body is None or (block.is_elif and len(body) != 1):
            return None
        come = Reading()
        if not region.is_header:
            numbers = tuple([self._reader.read(statement, come) for statement in body])
            return Change(region, numbers, (), come, warned)
        [clean] = region.statements
        if len(body) != 1 or type(body[0]) is not type(clean):
            return None
        inner: list[ast.stmt] = body[0].body  # type: ignore[attr-defined]
        if len(inner) != 1 or not isinstance(inner[0], ast.Pass) or getattr(body[0], "orelse", None):
            return None
        return Change(region, (), self._reader.parts(body[0], come, BLOCKS), come, warned)

    def _clean(self, unit: Unit, region: Region, warns: bool) -> tuple[Reading, int]:
        """What was read of a region's clean code, and how many warnings that gives, where it `warns`."""
        key = (region.block, region.first, region.last, region.is_header)
        known = unit.gone.get(key)
        if known is None or (warns and known[1] < 0):
            reading = Reading()
            if region.is_header:
                self._reader.parts(region.statements[0], reading, BLOCKS)
            else:
                for statement in region.statements:
                    self._reader.read(statement, reading)
            warned = -1
            if warns:
                clean = self._change(unit, region, [])
                warned = clean.warned if clean is not None else 0
            known = unit.gone[key] = reading, warned
        return known[0], max(0, known[1])
