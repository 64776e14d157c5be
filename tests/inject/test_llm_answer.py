"""Answers are parsed strictly: only code for what was asked about comes through."""

import pytest

from smith_lib.inject.llm_family.answer import NoRoom, Rules, code_of, codes_of, fit
from smith_lib.inject.llm_family.heads import Unfit
from tests.inject.authors import fenced

CLEAN = '''\
@cached
def total(items, start=0):
    """The sum of what is there."""
    # Missing items do not count.
    for item in items:
        if item is not None:
            start += item
    return start
'''
BUGGY = CLEAN.replace("is not None", "")
REWRITE = Rules(may_comment=True, may_help=True)
FEATURE = Rules(may_comment=True, may_grow=True)


def test_one_whole_function_comes_through() -> None:
    assert code_of(fenced(BUGGY), CLEAN) == BUGGY
    assert code_of(fenced(BUGGY).replace("\n", "\r\n"), CLEAN) == BUGGY
    assert code_of(fenced(BUGGY).replace("```", "`````"), CLEAN) == BUGGY
    assert code_of(fenced(BUGGY.replace("    # Missing items do not count.\n", "")), CLEAN)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "no fenced blocks"),
        ("Sorry, I would rather not.", "no fenced blocks"),
        (BUGGY, "no fenced blocks"),
        (f"```python\n{BUGGY}", "not closed"),
        (f"```python\n{BUGGY * 500}", "not closed"),
        (f"`````python\n{BUGGY}```\n", "not closed"),
        (fenced(BUGGY) + fenced(BUGGY), "2 fenced blocks"),
        (fenced(BUGGY).replace("```python", "```json"), "not marked as python"),
        (fenced("function total(items) { return 0; }\n").replace("python", "js"), "not marked as python"),
        (fenced("function total(items) { return 0; }\n"), "does not compile"),
        (fenced(BUGGY.replace("return start", "return (start")), "does not compile"),
        (fenced("\0\n"), "does not compile"),
        (fenced("\ud800\n"), "does not compile"),
        (fenced("(" * 5_000 + "\n"), "does not compile"),
        (fenced(""), "other than the one function"),
        (fenced("import os\n" + BUGGY), "other than the one function"),
        (fenced(BUGGY + "\nos.remove('x')\n"), "other than the one function"),
        (fenced("x = 1\n"), "other than the one function"),
        (fenced("class total:\n    pass\n"), "other than the one function"),
        (fenced(BUGGY.replace("total", "sum_up")), "is called sum_up, not total"),
        (fenced(BUGGY.replace("start=0", "start=1")), "parameters of total are not"),
        (fenced(BUGGY.replace("start=0", "start=0, end=1")), "parameters of total are not"),
        (fenced(BUGGY.replace("def", "async def")), "async"),
        (fenced(BUGGY.replace("0):", "0) -> int:")), "result annotation"),
        (fenced(BUGGY.replace("@cached\n", "")), "decorators of total are not"),
        (fenced(BUGGY.replace("The sum", "Nearly the sum")), "docstring of total is not"),
        (fenced(BUGGY.replace("+= item", "+= item  # zero too")), "adds the comment '# zero too'"),
        (fenced(BUGGY.replace("for item", "for wrong_item")), "'wrong_item' points at the bug"),
        (fenced(BUGGY.replace("for item", "for buggyItem")), "'buggyItem' points at the bug"),
        (fenced(BUGGY.replace("+= item", "+= item or len('injected')")), "'injected' points at the bug"),
    ],
)
def test_anything_else_is_turned_down_with_the_reason(answer: str, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        code_of(answer, CLEAN)


@pytest.mark.parametrize("answer", ["NONE", " none.\n", "`NONE`", "**NONE**"])
def test_a_model_may_say_that_there_is_no_room(answer: str) -> None:
    with pytest.raises(NoRoom):
        code_of(answer, CLEAN)


def told(answer: str, *numbers: int) -> list[str]:
    codes = codes_of(answer, numbers, numbered=True)
    return [
        code if isinstance(code, str) else f"{type(code).__name__} {code}".strip() for code in codes.values()
    ]


def test_several_pieces_stand_under_their_numbers() -> None:
    answer = f"Sure!\n\n## 1\n{fenced('x = 1' + chr(10))}\n### Bug 2: none\n\nNONE\n\n## 3\nno code here\n"
    got = told(answer.replace("= 1", "= 1\n## 2\n"), 1, 2, 3, 4)
    assert got[:2] == ["x = 1\n## 2\n", "NoRoom"]
    assert got[2].startswith("Unfit it holds no fenced blocks")
    assert got[3] == "Unfit the answer lacks the heading with its number"
    assert told("NONE", 1, 2) == ["NoRoom", "NoRoom"]
    assert told(f"## 2\n{fenced('y' + chr(10))}", 2) == ["y\n"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (fenced("x\n") + "## 1\n" + fenced("y\n"), "above the first heading"),
        ("## 1\n" + fenced("x\n") + "## 7\n" + fenced("y\n"), "nothing was asked for under the heading ## 7"),
        ("## 1\n" + fenced("x\n") + "## 1\n" + fenced("y\n"), "## 1 comes twice"),
        ("## 1\n" + fenced("x\n") + "## 2\n```python\ny", "not closed"),
    ],
)
def test_an_answer_in_another_order_is_no_good_as_a_whole(answer: str, reason: str) -> None:
    assert all(reason in one for one in told(answer, 1, 2))


@pytest.mark.parametrize(
    "body", ["...", "pass", "raise NotImplementedError", "raise NotImplementedError('later')"]
)
def test_a_placeholder_is_not_code(body: str) -> None:
    head, _, _ = CLEAN.partition("    # Missing")
    with pytest.raises(Unfit, match="total is not written out"):
        fit(f"{head}    {body}\n", CLEAN, REWRITE)
    fit(f"def f():\n    {body}\n", f"def f():\n    {body}  # as it was\n", REWRITE)


def test_a_piece_written_anew_may_have_comments_of_its_own_that_tell_nothing() -> None:
    fit(BUGGY.replace("Missing items do", "What is missing does"), CLEAN, REWRITE)
    for remark in ("# TODO: handle None", "# the bug is here", "# deliberately wrong", "# no longer checks"):
        with pytest.raises(Unfit, match="remarks on the change"):
            fit(BUGGY.replace("    for", f"    {remark}\n    for", 1), CLEAN, REWRITE)


@pytest.mark.parametrize(
    "new",
    [
        BUGGY.replace("start=0", "start=0, most=None").replace("in items", "in items[:most]"),
        BUGGY.replace("start=0", "start=0, *, most=None").replace("in items", "in items[:most]"),
        BUGGY.replace("there.", "there.\n\n    Not the first.\n    ").replace("in items", "in items[1:]"),
    ],
)
def test_a_capability_may_add_a_parameter_with_a_default_and_a_line_of_docstring(new: str) -> None:
    fit(new, CLEAN, FEATURE)
    with pytest.raises(Unfit):
        fit(new, CLEAN, Rules())


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (BUGGY.replace("start=0", "start=0, most=None"), "added parameter most is never used"),
        (BUGGY.replace("items, s", "items, most, s").replace("+= item", "+= most"), "parameters of"),
        (BUGGY.replace("start=0", "start=0, *, most").replace("+= item", "+= most"), "parameters of"),
        (BUGGY.replace("start=0", "most=0, start=0").replace("+= item", "+= most"), "parameters of"),
        (BUGGY.replace("start=0", "start=1, most=0").replace("+= item", "+= most"), "parameters of"),
        (BUGGY.replace("start=0", "start=0, **more").replace("+= item", "+= more"), "parameters of"),
        (BUGGY.replace("The sum of", "All of"), "docstring of total"),
        (CLEAN.replace("there.", "there.\n\n    Quickly.\n    "), "none of its statements differs"),
        (BUGGY.replace("for item", "# Regression in here\n    for item", 1), "remarks on the change"),
    ],
)
def test_a_capability_changes_nothing_else_of_the_head(new: str, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        fit(new, CLEAN, FEATURE)


CLASS = '''\
class Queue(Base, size=3):
    """First in, first out."""

    limit = 3

    def __init__(self):
        self.items = []

    @property
    def first(self):
        """What leaves next."""
        return self.items[0]

    @first.setter
    def first(self, item):
        self.items[0] = item

    def put(self, item, *more):
        self.items.extend([item, *more])
'''


def test_of_a_class_the_methods_bodies_may_change() -> None:
    fit(CLASS.replace("items[0]\n", "items[-1]\n"), CLASS, Rules())
    helped = CLASS + "\n    def _all(self):\n        return self.items\n"
    fit(helped, CLASS, REWRITE)
    with pytest.raises(Unfit, match="has _all too"):
        fit(helped, CLASS, Rules())


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (CLASS.replace("Queue", "Stack"), "class is called Stack"),
        (CLASS.replace("Base, ", ""), "base classes"),
        (CLASS.replace("size=3", "size=4"), "keywords"),
        (CLASS.replace("First in", "Last in"), "docstring of Queue"),
        (CLASS.replace("What leaves", "What came"), "docstring of first"),
        (CLASS.replace("self, item, *", "self, *").replace("item, *", "*"), "parameters of put"),
        (CLASS.replace("    @property\n", ""), "decorators of first"),
        (CLASS.replace("def put", "def push"), "lacks put"),
        (CLASS + "\n    def size(self):\n        return 0\n", "has size too"),
        (CLASS.replace("    limit = 3\n", ""), "lacks limit"),
        ("def Queue():\n    pass\n", "other than the one function or class"),
    ],
)
def test_what_others_rely_on_in_a_class_stays(new: str, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        fit(new, CLASS, Rules())
    if "limit" not in reason:
        with pytest.raises(Unfit, match=reason):
            fit(new, CLASS, FEATURE)
