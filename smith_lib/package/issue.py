"""The issue text of an instance, written offline from what was seen: facts first, then a shape."""

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from smith_lib.package import facts, leaks, original, shapes
from smith_lib.package.case import Case, Facts
from smith_lib.package.confirm import confirmed, worth
from smith_lib.package.places import split
from smith_lib.package.reproduce import Showing

__all__ = ["Case", "Text", "write"]

PLAIN = "template:plain"
"""The source of a text that tells neither an input nor what differs: its task is not published."""


@dataclass(frozen=True, slots=True)
class Text:
    """An issue text and how it came about."""

    text: str
    source: str
    """`template:<shape>`; `original:issue` or `original:pull` where people wrote it of the fix undone."""
    reproduced: bool = False
    """It has code that was run, and showed the difference."""
    codes: tuple[str, ...] = ()
    """The code that it has, piece by piece."""
    partly: bool = False
    """The bug is made of several changes, code was run, and none that the text has shows one of them."""


def least(case: Case) -> Text:
    """The text that needs nothing but the row of the repository, and so cannot fail."""
    repo, project = case.repo, case.name
    release = f"{project} {repo.version}".strip() + (f", Python {repo.python}" if repo.python else "")
    return Text(
        f"# {project} gives a wrong result\n\n"
        f"Code that uses {project} no longer gives the right result, and it did with earlier versions.\n\n"
        f"({release})\n",
        PLAIN,
    )


def write(
    case: Case, seed: str, ran: Sequence[Showing] = (), found: Sequence[Facts] | None = None
) -> Text:
    """The issue text; the same for the same arguments.

    `found` are the case's facts, where their code was run, and `ran` is the code that showed a difference,
    the main one first; no other code comes into the text then. Shapes are tried in an order drawn by the
    seed, over the clearest evidence first. A text that gives something away is written again in the next
    shape, and at last from the API's name alone. What people wrote of a fix that the bug undoes goes before
    all that, with the clearest evidence below it.
    """
    rng, names = random.Random(seed), _test_names(case)
    ranked = facts.ranked(case) if found is None else confirmed(case, found, ran)
    beside = {other.code: other for fact in ranked for other in fact.also}
    fit = {code for code, other in beside.items() if _may_be_told(case, names, other)}
    ranked = [replace(fact, also=tuple(a for a in fact.also if a.code in fit)) for fact in ranked]
    for head, body, kind in original.told(case.candidate):
        for fact in (*filter(worth, _tries(ranked)), None):
            text = shapes.original(head, body, fact)
            if not _leaks(case, names, text):
                shown = fact is not None and fact.reproduced and bool(fact.code)
                return Text(text, f"original:{kind}", shown, _codes(fact))
    for fact in filter(worth, _tries(ranked)):
        for name in _order(fact, rng):
            text = shapes.SHAPES[name](fact, rng)
            if text and not _leaks(case, names, text):
                return Text(text, f"template:{name}", fact.reproduced and bool(fact.code), _codes(fact))
    known = facts.plain(case)
    text = shapes.plain(known)
    if _leaks(case, names, text):
        text = shapes.plain(facts.nameless(known))
    return Text(text, PLAIN)


def _codes(fact: Facts | None) -> tuple[str, ...]:
    return () if fact is None else tuple(one.code for one in (fact, *fact.also) if one.code)


def _may_be_told(case: Case, names: set[str], fact: Facts) -> bool:
    """Whether more that is seen is worth telling, and gives nothing away."""
    return worth(fact) and not _leaks(case, names, shapes.more_of(fact))


def _leaks(case: Case, names: set[str], text: str) -> tuple[str, ...]:
    return leaks.leaks(
        text,
        test_ids=case.verdict.fail_to_pass,
        test_files=case.repo.test_files,
        operator=case.candidate.operator,
        patch=case.patch,
        test_names=names,
    )


def _test_names(case: Case) -> set[str]:
    """What the test files define."""
    names: set[str] = set()
    files = {*case.repo.test_files, *(split(t).file for t in case.verdict.fail_to_pass)}
    for path in (file for file in files if file.endswith(".py")):
        with suppress(OSError, KeyError, UnicodeDecodeError):
            names |= leaks.defined(case.clean(path))
    return names


def _tries(ranked: Sequence[Facts]) -> Iterator[Facts]:
    """Facts from the best evidence on, first with and then without what is likeliest to give a lot away."""
    for thin in (False, True):
        for found in ranked:
            if thin:
                yield facts.thinner(found)
                continue
            yield found
            if found.others:
                yield replace(found, others=())
            if found.also:
                yield replace(found, others=(), also=())


def _order(found: Facts, rng: random.Random) -> list[str]:
    fitting = [name for name in shapes.SHAPES if shapes.fits(name, found)]
    rng.shuffle(fitting)
    return fitting
