"""What was seen when a snippet ran is what the issue says."""

from dataclasses import replace

import pytest

from smith_lib.package import issue
from smith_lib.package.confirm import confirmed, told, worth
from smith_lib.package.facts import Facts, ranked
from smith_lib.package.reproduce import Observed, Shown
from smith_lib.types import Repo
from tests.package.boxes import a_bug, a_case, a_failure
from tests.rows import filled

COUNT = a_bug("return len(self.things)", "return None", operator="drop_result")
FAILURE = a_failure("TestOnly::test_alone", 'Box(2).put("x")', "AssertionError", "assert None == 1")
BARE = filled(
    Facts, project="boxes", api="boxes.Box", code="boxes.Box()", shown="boxes.Box()", is_expression=True,
    kind="compared", got="gives `1`", want="give `2`", error="", traceback="", detail="", others=(),
)  # fmt: skip


def saw(error: str = "", value: str = "", printed: str = "", at: str = "last") -> Observed:
    return Observed(error, "no" if error else "", value, printed, at)


@pytest.mark.parametrize(
    ("clean", "buggy", "got", "want"),
    [
        (saw(value="3"), saw(value="4"), "gives `4`", "give `3`"),
        (saw(value="3"), saw(error="KeyError"), "raises `KeyError: no`", "give `3`"),
        (saw(), saw(error="KeyError"), "raises `KeyError: no`", "work without an exception"),
        (saw(error="ValueError"), saw(), "raises nothing", "raise `ValueError`"),
        (saw(error="ValueError"), saw(error="KeyError"), "raises `KeyError: no`", "raise `ValueError: no`"),
        (saw(printed="a"), saw(), "prints nothing", "print `a`"),
    ],
)
@pytest.mark.parametrize("kind", ["compared", "raised", "silent", "untrue", "unknown"])
def test_the_text_says_what_was_seen(
    kind: str, clean: Observed, buggy: Observed, got: str, want: str
) -> None:
    fact = told(replace(BARE, kind=kind, got="goes wrong", want="work"), Shown(clean, buggy))
    assert (fact.got, fact.want) == (got, want) and worth(fact) and fact.reproduced


def test_of_long_values_the_place_is_told_where_they_differ() -> None:
    same = "x" * 300
    fact = told(BARE, Shown(saw(value=same + "1" + same), saw(value=same + "2" + same)))
    assert "x2x" in fact.got and "x1x" in fact.want and len(fact.got) < 120


def test_no_line_is_named_that_the_code_does_not_come_to(repo: Repo) -> None:
    case = a_case(repo, COUNT, FAILURE)
    found = ranked(case)
    ran = (found[0].code, Shown(saw(value="1"), saw(error="KeyError", at="before")))
    for seed in range(8):
        text = issue.write(case, str(seed), ran, found).text
        assert "KeyError: no" in text and "last line" not in text and "`Box(2).put('x')` raises" not in text


def test_code_that_shows_nothing_is_not_in_the_text(repo: Repo) -> None:
    case = a_case(repo, COUNT, FAILURE)
    found = ranked(case)
    shown = issue.write(case, "0", (found[0].code, Shown(saw(value="1"), saw(value="None"))), found)
    assert shown.reproduced and found[0].code in shown.text
    bare = issue.write(case, "0", None, found)
    assert not bare.reproduced and "```python" not in bare.text
    assert [fact.code for fact in confirmed(case, found, "", None)] == [""]


@pytest.mark.parametrize(
    "fact",
    [
        replace(BARE, got="ends up with `1`", want="end up with `1`"),
        replace(BARE, got="goes wrong", want="work"),
        replace(BARE, got="gives a wrong result", want="give something other than `3`"),
        replace(BARE, code="", shown="", got="gives `1`", want="give `2`"),
        replace(BARE, code="", shown="", kind="raised", error="KeyError: 3"),
        replace(BARE, code="", shown="", kind="silent", got="raises nothing", want="raise `E`"),
    ],
)
def test_facts_without_an_input_or_two_values_are_worth_nothing(fact: Facts) -> None:
    assert not worth(fact)


def test_a_traceback_is_worth_telling_without_code() -> None:
    assert worth(replace(BARE, code="", shown="", kind="raised", error="KeyError: 3", traceback="Traceback"))


def test_an_exception_in_place_of_another_is_not_told_as_input_to_handle(repo: Repo) -> None:
    case = a_case(repo, COUNT, FAILURE)
    found = ranked(case)
    ran = (found[0].code, Shown(saw(error="ValueError"), saw(error="KeyError")))
    texts = [issue.write(case, str(seed), ran, found).text for seed in range(30)]
    assert any("not the exception that I expect" in text for text in texts)
    assert all("`ValueError: no`" in text and "should handle" not in text for text in texts)
