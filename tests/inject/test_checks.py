"""What is told of a change from its own lines is what the whole unit and the whole file tell."""

import ast
from collections.abc import Iterator
from pathlib import Path
from random import Random

import libcst as cst
import pytest

from smith_lib.inject.checks import Judge
from smith_lib.inject.draw import Sites, rewrites
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Edit, Part, edited
from smith_lib.inject.table import catalogue

SOURCES = Path(__file__).parents[2] / "smith_lib"
FILES = ("inject/program.py", "inject/draw.py", "diffs.py", "llm.py")
KINDS = '''
import asyncio

class Kinds(dict):
    """Every kind of block, on one line and on several."""
    size = 3; other = 4
    if size:
        wide = True

    @property
    def looped(self, n=1):
        for i in range(n):
            # Above.
            if i == 2: continue
            elif i > 3:
                break
            elif i > 1:
                i += 1; n -= 1

            else:
                # Only.
                yield i
        else:
            return n
        while n:
            n -= 1
            try:
                n = n / 2
            except (ValueError, TypeError) as error:
                raise KeyError from error
            except KeyError:
                pass
            else:
                n += 1
            finally:
                n = n or 0
        return [n
                for n in self] \\
            or None

    async def waits(self, others):
        async with others as one, self:
            await one.get(
                1,
            )
        async for other in others:
            text = """
    for x in y:
"""
            await other(text)

        def inner(k, *rest, **named):
            nonlocal one
            match k:
                case [a, b] if a:
                    one = b
                case {"a": c}:
                    one = c
                case _:
                    one = k
            return lambda: (rest, named, one)
        return await asyncio.gather(inner(1))
'''
PIECES = (
    "", " ", "    ", "\n", "(", ")", ":", "#", '"', "\\\n", "return 1", "break\n", "continue\n", "yield i",
    "await n", "nonlocal n\n", "global n\n", "n", "not ", "else:\n", "elif n:\n", "pass\n", "f'{n}'",
    "1 is n", "; ", ", ", "async ", "x := 1", "*n", "lambda: n", "\n    n = 1\n", "del n\n", "import *",
)  # fmt: skip


def programs() -> Iterator[Program]:
    yield Program("kinds.py", KINDS)
    for name in FILES:
        yield Program(name, (SOURCES / name).read_text())


def random_parts(program: Program, count: int, random: Random) -> Iterator[tuple[Part, ...]]:
    """Edits of the text at random, some two to a unit: most give no program."""
    nodes = [n for n in program.nodes() if program.span(n)[1] > program.span(n)[0]]
    for _ in range(count):
        node = random.choice(nodes)
        unit = program.unit(node)
        start, end = program.span(unit)
        edits: list[Edit] = []
        for _ in range(random.choice((1, 1, 2))):
            place = random.choice([*program.inside(unit), unit])
            at, to = program.span(place)
            a = random.choice((at, to, random.randint(start, end)))
            b = min(end, random.choice((a, to, a + random.randint(0, 12), a + random.randint(0, 120))))
            edits.append(Edit(a, max(a, b), random.choice(PIECES)))
        if len(edits) == 1 or edits[0].end < edits[1].start or edits[1].end < edits[0].start:
            yield tuple(Part(program, edit, unit, "f") for edit in edits)


def told_whole(judge: Judge, parts: tuple[Part, ...]) -> object:
    """As `program_key`, without a look at single regions."""
    span = parts[0].program.span(parts[0].unit)
    unit = judge.unit((parts[0].program.path, *span), parts[0].program)
    number = judge.judged_whole(unit, [part.edit for part in parts])
    return number if isinstance(number, str) else ((parts[0].program.path, span[0], number),)


def test_a_region_tells_what_the_whole_unit_tells() -> None:
    random = Random("regions")
    for program in programs():
        judge = Judge()
        for parts in random_parts(program, 800 if program.path == "kinds.py" else 100, random):
            assert judge.program_key(parts) == told_whole(judge, parts), parts
        assert judge.read_whole < judge.asked


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "n -= 1\n\n            else:\n                # Only.",
            "continue\n        else:\n                # Only.",
        ),
        ("n=1):\n", "n=1):\\\n"),
        ("                i += 1; n -= 1\n", "                n\n                i += 1; n -= 1\n"),
        ("                break\n", ""),
        ("            await other(text)\n", "            await other(text)\n            return 1\n"),
        ("            await other(text)\n", "            yield other(text)\n"),
        ("                break\n", "                return i\n"),
        ("            return n\n", "            break\n"),
        ("            elif i > 3:\n", "            elif i >= 3:\n"),
        (
            "            return n\n        while n:\n            n -= 1\n",
            "            n -= 1\n        while n:\n            return n\n",
        ),
        ("            else:\n                n += 1\n", ""),
    ],
)
def test_blocks_that_a_change_leaves_or_opens_are_seen(old: str, new: str) -> None:
    program = Program("kinds.py", KINDS)
    assert KINDS.count(old) >= 1
    at = KINDS.index(old)
    node = next(n for n in program.nodes() if isinstance(n, cst.FunctionDef) and program.span(n)[1] > at)
    judge = Judge()
    parts = (Part(program, Edit(at, at + len(old), new), node, "f"),)
    assert judge.program_key(parts) == told_whole(judge, parts)


@pytest.mark.parametrize("name", FILES)
def test_a_draft_compiles_where_its_whole_file_does(name: str) -> None:
    program = Program(name, (SOURCES / name).read_text())
    sites, judge, counted = Sites([program], None), Judge(), 0
    clean = ast.dump(ast.parse(program.text))
    for operator in catalogue():
        for part in [part for site in sites.of(operator)[::3] for part in rewrites(site, operator)]:
            key = judge.program_key((part,))
            text = edited(program, [part.edit])
            try:
                compile(text, name, "exec", dont_inherit=True)
            except SyntaxError:
                assert key == "does not compile"
            else:
                assert key != "does not compile"
                assert (key == "the same program") == (ast.dump(ast.parse(text)) == clean)
            counted += 1
    assert counted > 50
