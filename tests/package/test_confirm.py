"""What was seen when a snippet ran is what the issue says."""

import random
from dataclasses import replace

import pytest

from smith_lib.package import issue, shapes
from smith_lib.package.case import Facts
from smith_lib.package.confirm import confirmed, told, worth
from smith_lib.package.facts import ranked
from smith_lib.package.reproduce import Observed, Shown
from smith_lib.types import Repo
from tests.package.boxes import a_bug, a_case, a_failure
from tests.rows import filled

COUNT = a_bug("return len(self.things)", "return None", operator="drop_result")
FAILURE = a_failure("TestOnly::test_alone", 'Box(2).put("x")', "AssertionError", "assert None == 1")
BARE = filled(
    Facts, project="boxes", api="boxes.Box", code="boxes.Box()", shown="boxes.Box()", is_expression=True,
    kind="compared", got="gives `1`", want="give `2`", error="", traceback="", detail="", others=(),
    got_text="", want_text="",
)  # fmt: skip


def saw(error: str = "", value: str = "", printed: str = "", at: str = "last") -> Observed:
    return Observed(error, "no" if error else "", value, printed, at)


BOX = saw(value="<Box at 0x...>")


@pytest.mark.parametrize(
    ("clean", "buggy", "got", "want"),
    [
        (saw(value="3"), saw(value="4"), "gives `4`", "give `3`"),
        (saw(value="3"), saw(error="KeyError"), "raises `KeyError: no`", "give `3`"),
        (BOX, saw(error="KeyError"), "raises `KeyError: no`", "work without an exception"),
        (BOX, saw(value="4"), "gives `4`", "give `<Box>`"),
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
    ran = [(found[0].code, Shown(saw(value="1"), saw(error="KeyError", at="before")))]
    for seed in range(8):
        text = issue.write(case, str(seed), ran, found).text
        assert "KeyError: no" in text and "last line" not in text and "`Box(2).put('x')` raises" not in text


def test_code_that_shows_nothing_is_not_in_the_text(repo: Repo) -> None:
    case = a_case(repo, COUNT, FAILURE)
    found = ranked(case)
    shown = issue.write(case, "0", [(found[0].code, Shown(saw(value="1"), saw(value="None")))], found)
    assert shown.reproduced and found[0].code in shown.text
    bare = issue.write(case, "0", (), found)
    assert not bare.reproduced and "```python" not in bare.text
    assert [fact.code for fact in confirmed(case, found, ())] == [""]


def test_text_of_several_lines_is_shown_as_it_looks() -> None:
    fact = told(BARE, Shown(saw(value=repr("a\n  b\n")), saw(value=repr("a\nb\n"))))
    assert (fact.got_text, fact.want_text) == ("a\nb", "a\n  b") and worth(fact)
    for name, shape in shapes.SHAPES.items():
        text = shape(fact, random.Random(0))
        if name != "traceback":
            assert "\n```\na\nb\n```\n" in text and "\n```\na\n  b\n```\n" in text
    assert shapes.title(fact) == "`boxes.Box` gives the wrong text"


@pytest.mark.parametrize(
    ("one", "other"),
    [("a\nb", "a\nb "), ("\na\nb", "a\nb"), ("a\n```", "b"), ("a\n\x1b", "b"), ("a", "b")],
)
def test_text_that_would_not_show_the_difference_is_quoted(one: str, other: str) -> None:
    fact = told(BARE, Shown(saw(value=repr(one)), saw(value=repr(other))))
    assert not fact.got_text and not fact.want_text and fact.got.startswith("gives `")


def test_of_long_text_the_lines_are_shown_about_the_first_that_differs() -> None:
    lines = [f"line {n}" for n in range(60)]
    buggy = [*lines[:30], "wrong", *lines[31:]]
    fact = told(BARE, Shown(saw(printed="\n".join(lines)), saw(printed="\n".join(buggy))))
    assert fact.got_text.startswith("...\nline 27\n") and "wrong" in fact.got_text.split("\n")
    assert "line 30" in fact.want_text.split("\n") and fact.want_text.endswith("\n...")


def test_colours_are_left_out_where_the_text_differs_without_them() -> None:
    fact = told(BARE, Shown(saw(value=repr("\x1b[3ma\n\x1b[0mb")), saw(value=repr("\x1b[3ma\n\x1b[0mc"))))
    assert (fact.got_text, fact.want_text) == ("a\nc", "a\nb") and "left out" in fact.detail
    same = told(BARE, Shown(saw(value=repr("\x1b[3ma\nb")), saw(value=repr("\x1b[4ma\nb"))))
    assert not same.got_text and not same.detail


def test_an_exception_with_another_message_is_told_as_that(repo: Repo) -> None:
    seen = Shown(Observed("KeyError", "a", "", "", "last"), Observed("KeyError", "b", "", "", "last"))
    fact = told(BARE, seen)
    assert shapes.title(fact) == "`boxes.Box` raises `KeyError` with the wrong message"
    for seed in range(8):
        text = shapes.report(fact, random.Random(seed))
        assert "not the exception" not in text and "`KeyError: a`" in text and "`KeyError: b`" in text


def test_less_code_brings_its_own_last_line() -> None:
    fact = replace(BARE, code="a = boxes.Box()\nboxes.other(a)", shown="boxes.other(a)")
    less = told(fact, Shown(saw(value="3"), saw(error="KeyError"), "boxes.Box()"))
    assert (less.code, less.shown, less.want) == ("boxes.Box()", "boxes.Box()", "give `3`")


@pytest.mark.parametrize(
    ("api", "named"),
    [("boxes.Box.put", "boxes.Box"), ("boxes.Box.__len__", "boxes.Box.__len__"), ("boxes.total", "")],
)
def test_what_less_code_does_not_call_is_not_named(api: str, named: str) -> None:
    fact = replace(BARE, api=api, code="a = boxes.Box()\na.put(1)", shown="a.put(1)")
    assert told(fact, Shown(saw(value="3"), saw(error="KeyError"), "boxes.Box()")).api == named


def test_what_shows_another_part_of_the_bug_comes_below(repo: Repo) -> None:
    second = a_failure("test_total", "assert total(box)", "TypeError", "unsupported")
    case = a_case(repo, COUNT, FAILURE, second)
    found = ranked(case)
    main, other = (next(f for f in found if part in f.code) for part in ("Box(2).put", "total(box)"))
    first = (main.code, Shown(saw(value="1"), saw(value="None"), main.code))
    ran = [first, (other.code, Shown(saw(value="3"), saw(value="4"), other.code))]
    for seed in range(12):
        text = issue.write(case, str(seed), ran, found).text
        head, also, rest = text.partition("That is not all that goes wrong.")
        assert main.code in head and also and other.code in rest and "`4`" in rest and "`3`" in rest
        assert "That is not all" not in issue.write(case, str(seed), [first], found).text
    third = [first, (other.code, Shown(saw(value="3"), saw(value="4"), "test_total()"))]
    assert "test_total" not in issue.write(case, "0", third, found).text


@pytest.mark.parametrize(
    "fact",
    [
        replace(BARE, got="ends up with `1`", want="end up with `1`"),
        replace(BARE, got="goes wrong", want="work"),
        replace(BARE, got="gives a wrong result", want="give something other than `3`"),
        replace(BARE, code="", shown="", got="gives `1`", want="give `2`"),
        replace(BARE, code="", shown="", got=f"gives `{'1' * 50}`", want="give `2`"),
        replace(BARE, code="", shown="", kind="raised", error="KeyError: 3"),
        replace(BARE, code="", shown="", kind="raised", error="KeyError: 3", traceback="Traceback"),
        replace(BARE, code="", shown="", kind="untrue", got="raises nothing", want="raise `MultipleInvalid`"),
        replace(BARE, code="", shown="", kind="silent", got="raises nothing", want="raise `E`"),
    ],
)
def test_facts_without_an_input_or_two_values_are_worth_nothing(fact: Facts) -> None:
    assert not worth(fact)


def test_an_exception_in_place_of_another_is_not_told_as_input_to_handle(repo: Repo) -> None:
    case = a_case(repo, COUNT, FAILURE)
    found = ranked(case)
    ran = [(found[0].code, Shown(saw(error="ValueError"), saw(error="KeyError")))]
    texts = [issue.write(case, str(seed), ran, found).text for seed in range(30)]
    assert any("not the exception that I expect" in text for text in texts)
    assert all("`ValueError: no`" in text and "should handle" not in text for text in texts)
