"""Wrong fixes change the fix's lines and nothing else, and are neither the bug nor the clean program."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from smith_lib import diffs
from smith_lib.package.equivalent import same_program
from smith_lib.package.wrong_fixes import HALF, Maker, partial, places
from smith_lib.types import Candidate
from tests.package.boxes import FILES, LIBRARY, a_bug, line_of

FILE = "boxes/_box.py"
FULL = a_bug("len(self.things) >= self.size", "len(self.things) > self.size")


def buggy_of(bug: Candidate) -> Mapping[str, str]:
    return diffs.apply(bug.bug_patch, FILES.__getitem__)


def made(tree: Path, bug: Candidate, most: int = 6, seed: int = 0) -> list[Candidate]:
    at = places(bug.bug_patch, FILES)
    return Maker(tree).made(bug, at, buggy_of(bug), most, Random(seed))


def test_they_change_the_lines_of_the_fix_and_no_other_statement(tree: Path) -> None:
    found = made(tree, FULL)
    assert len(found) > 2
    at = line_of(LIBRARY, "if len(self.things)")
    for fix in found:
        assert at in places(fix.bug_patch, FILES)[FILE].lines
        before, after = LIBRARY.split("\n"), buggy_of(fix)[FILE].split("\n")
        assert before[: at - 1] == after[: at - 1] and before[at + 1 :] == after[at + 1 - len(before) :]


def test_none_is_the_bug_or_the_clean_program_or_there_twice(tree: Path) -> None:
    found = made(tree, FULL, most=100)
    texts = [diffs.apply(fix.bug_patch, FILES.__getitem__)[FILE] for fix in found]
    assert len(texts) > 2 and len(set(texts)) == len(texts)
    assert not any(same_program(text, other) for text in texts for other in (LIBRARY, buggy_of(FULL)[FILE]))


def test_what_differs_in_a_message_alone_is_no_wrong_fix(tree: Path) -> None:
    bug = a_bug('raise OverflowError("the box is full")', "pass")
    texts = [diffs.apply(fix.bug_patch, FILES.__getitem__)[FILE] for fix in made(tree, bug, most=100)]
    assert texts and all("OverflowError" not in text or "the box is full" in text for text in texts)


def test_the_same_seed_makes_the_same_ones_and_another_makes_others(tree: Path) -> None:
    assert made(tree, FULL) == made(tree, FULL)
    assert made(tree, FULL) != made(tree, FULL, seed=1)


def test_many_operators_come_before_one_comes_twice(tree: Path) -> None:
    names = [fix.operator for fix in made(tree, FULL)]
    assert len(set(names)) == len(names)


def test_other_functions_of_the_file_are_left_alone(tree: Path) -> None:
    assert made(tree, replace(FULL, functions=(f"{FILE}::total",))) == []


def test_known_ones_are_not_made_again(tree: Path) -> None:
    first = made(tree, FULL)[0].bug_patch
    at = places(FULL.bug_patch, FILES)
    again = Maker(tree).made(FULL, at, buggy_of(FULL), 6, Random(0), {first})
    assert again and first not in {fix.bug_patch for fix in again}


def test_where_the_fix_takes_lines_out_those_next_to_them_are_its_place() -> None:
    last = "        return len(self.things)\n"
    bug = a_bug(last, f"        self.things.pop()\n{last}")
    at = line_of(LIBRARY, "return len(self.things)")
    assert places(bug.bug_patch, FILES)[FILE].lines == {at - 1, at}


def test_blank_lines_and_comments_are_no_place() -> None:
    bug = a_bug("def total(box, start=0):\n", "total = None\n\n\ndef total(box, start=0):\n")
    lines = {line_of(LIBRARY, "return len(self"), line_of(LIBRARY, "def total")}
    assert places(bug.bug_patch, FILES)[FILE].lines == lines


TWO = replace(
    FULL,
    bug_patch=diffs.make(
        {FILE: LIBRARY},
        {FILE: LIBRARY.replace(">= self.size", "> self.size").replace(", start)", ")")},
    ),
    functions=(f"{FILE}::Box.put", f"{FILE}::total"),
)


def test_a_fix_of_two_places_may_forget_either() -> None:
    one, other = partial(TWO, {FILE: LIBRARY}, buggy_of(TWO))
    assert one.operator == other.operator == HALF and one.candidate_id != other.candidate_id
    assert buggy_of(one)[FILE] == LIBRARY.replace(">= self.size", "> self.size")
    assert buggy_of(other)[FILE] == LIBRARY.replace(", start)", ")")


def test_a_fix_of_one_place_cannot_be_partial() -> None:
    assert partial(FULL, {FILE: LIBRARY}, buggy_of(FULL)) == []


@pytest.mark.parametrize("more", ["# said\n", "else_ = (\n"])
def test_half_a_fix_that_is_none_or_no_program_is_left_out(more: str) -> None:
    buggy = LIBRARY.replace(">= self.size", "> self.size") + (more if more[0] == "#" else f"{more})\n")
    bug = replace(FULL, bug_patch=diffs.make({FILE: LIBRARY}, {FILE: buggy}))
    found = partial(bug, {FILE: LIBRARY}, {FILE: buggy})
    assert len(found) == (0 if more[0] == "#" else 2)
