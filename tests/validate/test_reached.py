"""Which tests meet what a bug makes of imports, over what two sessions told."""

from dataclasses import replace

import pytest

from smith_lib.sandbox.warm import Entry, Held
from smith_lib.types import Coverage, CoveredFile
from smith_lib.validate.coverage import Map
from smith_lib.validate.reached import Reached, Strange, strange

CODE = """\
LIMIT = 3


def low(x, by=1):
    return x < LIMIT


def any_of(box, name):
    return getattr(box, name)


class Box:
    __kind = 1
    high = 2

    def kind(self):
        return self.__kind
"""
TESTS = ("tests/test_a.py::test_any", "tests/test_a.py::test_kind", "tests/test_a.py::test_low",
         "tests/test_b.py::test_limit", "tests/test_b.py::test_other")  # fmt: skip
FILES = {
    "pkg/a.py": CODE,
    "tests/test_a.py": "def test_low(): ...\n",
    "tests/test_b.py": "from pkg import a\n\n\ndef test_limit():\n    assert a.LIMIT\n",
}
ROWS = [
    Coverage("r", (), (CoveredFile("pkg/a.py", (1, 4, 8, 12, 13, 14, 16)),), ()),
    Coverage("r", (TESTS[0],), (CoveredFile("pkg/a.py", (9,)),), ()),
    Coverage("r", (TESTS[1],), (CoveredFile("pkg/a.py", (17,)),), ()),
    Coverage("r", (TESTS[2],), (CoveredFile("pkg/a.py", (5,)),), ()),
    Coverage("r", TESTS[3:], (), ()),
]
REACHED = Reached(FILES, Map(ROWS, TESTS), TESTS)


def entry(
    kind: str = "data", digest: int | None = 1, about: int | None = 1, *holds: str, line: int = 0
) -> Entry:  # fmt: skip
    return Entry(kind, digest, about, frozenset(holds), "pkg/a.py" if line else "", line)


def held(**changes: Entry | None) -> Held:
    """What clean code holds, with those entries instead; none where there is None."""
    entries: dict[str, Entry | None] = {
        "LIMIT": entry(), "low": entry("function", line=4), "Box": entry("all"), "Box:high": entry(),
        "Box:_Box__kind": entry(), "Box:kind": entry("function", line=16),
        "by_name": entry("data", 1, 1, "m:low"), "__all__": entry(),
    }  # fmt: skip
    entries |= changes
    return Held({f"m:{name}": one for name, one in entries.items() if one is not None}, (), ())


CLEAN = held()


def met(buggy: Held, clean: Held = CLEAN, again: Held | None = None) -> tuple[str, ...] | None:
    found = strange(clean, again or clean, buggy)
    return None if found is None else REACHED.tests(found, clean, frozenset(FILES))


def test_what_is_the_same_is_met_by_nobody() -> None:
    assert strange(CLEAN, CLEAN, held()) == Strange(*[frozenset()] * 4)
    assert met(held()) == ()


def test_other_defaults_are_met_by_who_executes_the_function() -> None:
    assert met(held(low=entry("function", 2, line=4))) == (TESTS[2],)


def test_another_value_is_met_by_who_names_it_or_asks_for_names_that_it_makes_up() -> None:
    assert met(held(LIMIT=entry(digest=2))) == (TESTS[0], TESTS[2], TESTS[3], TESTS[4])


def test_a_private_name_is_found_without_that_of_its_class() -> None:
    assert met(held(**{"Box:_Box__kind": entry(digest=2)})) == (TESTS[0], TESTS[1])


def test_what_holds_another_function_differs_too() -> None:
    found = strange(CLEAN, CLEAN, held(low=entry("function", 1, 2, line=4)))
    assert found is not None
    assert found.named == {"m:low", "m:by_name"}


@pytest.mark.parametrize(
    "buggy",
    [
        held(Box=entry("all", 2)),
        held(__all__=entry(digest=2)),
        held(low=None, __getattr__=entry("function", line=4)),
        replace(CLEAN, elsewhere=(("json", "dumps"),)),
        replace(CLEAN, left=("environ",)),
    ],
)
def test_what_code_elsewhere_may_look_at_matters_to_all(buggy: Held) -> None:
    assert met(buggy) is None


def test_what_cannot_be_compared_is_met_by_who_names_it() -> None:
    unseen = held(LIMIT=entry(digest=None))
    found = strange(unseen, unseen, unseen)
    assert found is not None
    assert found.doubtful == {"m:LIMIT"}
    assert REACHED.tests(found, unseen, frozenset(FILES)) == (TESTS[2], TESTS[3], TESTS[4])


def test_what_differs_on_clean_code_too_is_no_difference_of_the_bug() -> None:
    found = strange(CLEAN, held(LIMIT=entry(digest=5)), held(LIMIT=entry(digest=6)))
    assert found is not None
    assert (found.named, found.doubtful) == (frozenset(), {"m:LIMIT"})


def test_a_test_that_is_given_something_else_is_met() -> None:
    clean = held()
    given = {"test tests/test_b.py::test_other": entry("test")}
    clean = replace(clean, entries={**clean.entries, **given})
    other = {"test tests/test_b.py::test_other": entry("test", 2)}
    assert met(replace(clean, entries={**clean.entries, **other}), clean) == (TESTS[4],)


def test_a_file_that_is_loaded_and_not_known_makes_it_all_tests() -> None:
    found = strange(CLEAN, CLEAN, held(LIMIT=entry(digest=2)))
    assert found is not None
    assert REACHED.tests(found, CLEAN, frozenset({*FILES, "tests/made_up.py"})) is None
