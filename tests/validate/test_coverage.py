"""Which tests a change may make fail, from what each was seen to execute."""

from dataclasses import replace

import pytest

from smith_lib.types import Coverage, CoveredFile
from smith_lib.validate.affected import ANYONE, Touched
from smith_lib.validate.coverage import Affected, Gathered, Map, by_most_tests

A, B = "pkg/a.py", "pkg/b.py"


def row(tests: tuple[str, ...], why: tuple[str, ...] = (), **files: tuple[int, ...]) -> Coverage:
    paths = {"a": A, "b": B}
    return Coverage("r", tests, tuple(CoveredFile(paths[name], lines) for name, lines in files.items()), why)


ROWS = [
    row((), a=(1, 9)),
    row(("one", "two"), a=(3, 4), b=(2,)),
    row(("three",), a=(4,)),
    row(("starts",), ("process",), a=(7,)),
    row(("reads",), ("source pkg/c.py",), a=(4,)),
    row(("peeks",), ("process", "source pkg/c.py")),
    row(("flaky",), a=(3,)),
]
RELIABLE = ("two", "three", "one", "starts", "reads", "peeks", "new")
ALWAYS = ("new", "peeks", "starts")
"""What depends on more than it executes, and what nothing is known of."""


def touched(*lines: int) -> Touched:
    return Touched(frozenset(lines))


@pytest.mark.parametrize(
    ("changes", "tests"),
    [
        ({A: touched(3)}, ("one", "two")),
        ({A: touched(4)}, ("one", "reads", "three", "two")),
        ({B: touched(2)}, ("one", "two")),
        ({B: touched(3, 4)}, ()),
        ({"pkg/c.py": touched(3)}, ("reads",)),
        ({A: touched(5), B: touched(2)}, ("one", "two")),
        ({A: touched(7)}, ()),
        ({A: touched()}, ()),
        ({}, ()),
    ],
)
def test_those_that_execute_what_is_touched_and_those_of_which_too_little_is_known(
    changes: dict[str, Touched], tests: tuple[str, ...]
) -> None:
    assert Map(ROWS, RELIABLE).affected(changes) == Affected(tuple(sorted({*tests, *ALWAYS})), False)


@pytest.mark.parametrize("changes", [{A: ANYONE}, {A: touched(9)}, {B: touched(2), A: touched(1, 3)}])
def test_what_is_executed_outside_tests_may_fail_all(changes: dict[str, Touched]) -> None:
    found = Map(ROWS, RELIABLE).affected(changes)
    assert (found.tests, found.at_import) == (tuple(sorted(RELIABLE)), True)
    assert A in found.reason


def test_who_needs_company_runs_with_it() -> None:
    rows = [
        row(("one",), a=(1,)),
        row(("two",), a=(2,)),
        replace(row(("three",), a=(3,)), company=("three", "two")),
        replace(row(("four",), b=(4,)), company=("four", "three")),
    ]
    asked = Map(rows, ("one", "two", "three", "four"))
    assert asked.affected({A: touched(1)}).tests == ("one",)
    assert asked.affected({A: touched(3)}).tests == ("three", "two")
    assert asked.affected({B: touched(4)}).tests == ("four", "three", "two")


def test_company_is_gathered_with_what_it_executes() -> None:
    gathered = Gathered([A]).add("one", [(A, (1,))], ()).add("two", [(A, (2,))], ("process",))
    gathered.bind(["one"], ["one", "two"])
    assert gathered.rows("r", ["one", "two"]) == (
        row(()),
        replace(row(("one",), ("process",), a=(1, 2)), company=("one", "two")),
        row(("two",), ("process",), a=(2,)),
    )


def test_what_a_test_executes_in_one_way_only_is_told() -> None:
    gathered = Gathered([A, B])
    for test, together, alone in (("one", (1, 2), (2, 3)), ("two", (2,), (2,)), ("three", (3,), ())):
        gathered.add(test, [(A, together)], ())
        if alone:
            gathered.add(test, [(A, alone)], (), alone=True)
    rows = gathered.rows("r", ["one", "two", "three"])
    assert [(row.tests, row.only_alone, row.only_together) for row in rows[1:]] == [
        (("one",), (CoveredFile(A, (3,)),), (CoveredFile(A, (1,)),)),
        (("three",), (), ()),
        (("two",), (), ()),
    ]
    asked = Map(rows, ["one", "two", "three"])
    for lines, tests, only_alone, only_together in (
        ((1,), {"one"}, set(), {"one"}),
        ((2,), {"one", "two"}, set(), set()),
        ((3,), {"one", "three"}, {"one"}, set()),
        ((2, 3), {"one", "two", "three"}, set(), set()),
        ((1, 3), {"one", "three"}, set(), set()),
    ):
        found = asked.affected({A: touched(*lines)})
        assert (set(found.tests), found.only_alone, found.only_together) == (tests, only_alone, only_together)


def test_a_map_without_rows_knows_nothing() -> None:
    assert not Map((), RELIABLE).known
    assert Map(ROWS, RELIABLE).known


def test_runs_are_put_together_and_tests_that_execute_the_same_share_a_row() -> None:
    gathered = Gathered([A, B])
    gathered.add("", [(A, (1,)), ("tests/test_a.py", (1, 2))], ())
    gathered.add("", [(A, (9,))], ())
    gathered.add("two", [(B, (2,)), (A, (4,))], ())
    gathered.add("one", [(A, (4, 3))], ()).add("one", [(A, (4,)), (B, (2,))], ())
    gathered.add("two", [(A, (3,))], ())
    gathered.add("three", [(A, (3, 4)), (B, (2,))], ("process",)).add("three", (), ("source", "process"))
    gathered.add("unreliable", [(A, (77,))], ())
    assert gathered.rows("r", ["two", "three", "one", "unseen"]) == (
        row((), a=(1, 9)),
        row(("one", "two"), a=(3, 4), b=(2,)),
        row(("three",), ("process", "source"), a=(3, 4), b=(2,)),
        row(("unseen",)),
    )
    assert gathered.executed() == {A: {1, 3, 4, 9, 77}, B: {2}}


def test_rows_give_the_map_that_was_gathered() -> None:
    gathered = Gathered([A]).add("", [(A, (1,))], ()).add("one", [(A, (3,))], ()).add("two", (), ())
    asked = Map(gathered.rows("r", ["one", "two", "three"]), ["one", "two", "three"])
    assert asked.affected({A: touched(3)}).tests == ("one",)
    assert asked.affected({A: touched(1)}).at_import
    assert asked.affected({A: touched(2)}).tests == ()


def test_lines_that_most_tests_execute() -> None:
    rows = [row((), a=(1,)), row(("one", "two"), a=(3, 4), b=(2,)), row(("three",), a=(4,)), row(("four",))]
    assert by_most_tests(rows) == {A: {4}, B: set()}
    assert by_most_tests(rows, 0.4) == {A: {3, 4}, B: {2}}
    assert by_most_tests([]) == {}
