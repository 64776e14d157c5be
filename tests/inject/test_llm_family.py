"""Bugs that a model writes: only code for the function asked about comes through."""

import ast
import difflib
import logging
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smith_lib import diffs
from smith_lib.errors import ModelUnusable
from smith_lib.inject.candidates import candidates
from smith_lib.inject.llm_family.answer import NoRoom, Unfit, code_of
from smith_lib.inject.llm_family.excerpt import excerpt_of
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import edited
from smith_lib.llm import Model
from smith_lib.settings import InjectSettings, LlmSettings
from smith_lib.types import Candidate, Category, Function, Strategy
from tests.rows import a_repo
from tests.servers.openai import Messages, OpenAI, openai

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


def fenced(code: str) -> str:
    return f"Here it is:\n\n```python\n{code}```\n"


def test_one_whole_function_comes_through() -> None:
    assert code_of(fenced(BUGGY), CLEAN) == BUGGY
    assert code_of(fenced(BUGGY).replace("\n", "\r\n"), CLEAN) == BUGGY
    assert code_of(fenced(BUGGY.replace("    # Missing items do not count.\n", "")), CLEAN)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("Sorry, I would rather not.", "no fenced blocks"),
        (f"```python\n{BUGGY}", "no fenced blocks"),
        (fenced(BUGGY) + fenced(BUGGY), "2 fenced blocks"),
        (fenced(BUGGY).replace("```python", "```json"), "not marked as python"),
        (fenced(BUGGY.replace("return start", "return (start")), "does not compile"),
        (fenced("\0\n"), "does not compile"),
        (fenced("(" * 5_000 + "\n"), "does not compile"),
        (fenced("import os\n" + BUGGY), "something other than the one function"),
        (fenced(BUGGY + "\nos.remove('x')\n"), "something other than the one function"),
        (fenced("x = 1\n"), "something other than the one function"),
        (fenced(BUGGY.replace("total", "sum_up")), "is called sum_up, not total"),
        (fenced(BUGGY.replace("start=0", "start=1")), "parameters are not"),
        (fenced(BUGGY.replace("def", "async def")), "async"),
        (fenced(BUGGY.replace("0):", "0) -> int:")), "result annotation"),
        (fenced(BUGGY.replace("@cached\n", "")), "decorators are not"),
        (fenced(BUGGY.replace("The sum", "Nearly the sum")), "docstring is not"),
        (fenced(BUGGY.replace("+= item", "+= item  # zero too")), "adds the comment '# zero too'"),
        (fenced(BUGGY.replace("for item", "for wrong_item")), "'wrong_item' points at the bug"),
        (fenced(BUGGY.replace("+= item", "+= item or len('injected')")), "'injected' points at the bug"),
    ],
)
def test_anything_else_is_turned_down_with_the_reason(answer: str, reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        code_of(answer, CLEAN)


@pytest.mark.parametrize("answer", ["NONE", " none.\n", "`NONE`"])
def test_a_model_may_say_that_there_is_no_room(answer: str) -> None:
    with pytest.raises(NoRoom):
        code_of(answer, CLEAN)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t"])
@pytest.mark.parametrize("tail", ["", "\n\n    # The end.\n\n\nX = 1\n"])
def test_a_function_goes_back_into_its_place_to_the_byte(newline: str, indent: str, tail: str) -> None:
    method = textwrap.indent(CLEAN.rstrip("\n"), indent).replace("items:\n", "items:  \n")
    head = f"class A:\n{indent}# Above.\n\n"
    text = (head + method + tail.replace("    ", indent)).replace("\n", newline)
    program = Program("a.py", text)
    [node] = [node for node in program.nodes() if type(node).__name__ == "FunctionDef"]
    excerpt = excerpt_of(program, node)
    assert excerpt is not None
    assert excerpt.code.startswith("@cached\ndef total")
    assert edited(program, [excerpt.edit(excerpt.code)]) == text
    changed = excerpt.edit(excerpt.code.replace("is not None", "> 0"))
    assert edited(program, [changed]) == text.replace("is not None", "> 0")
    longer = excerpt.edit(excerpt.code.replace("    return start", "    start += 1\n    return start"))
    added = f"{indent}    start += 1{newline}{indent}    return start"
    assert edited(program, [longer]) == text.replace(f"{indent}    return start", added)


def test_a_text_that_hangs_out_of_the_function_keeps_it_from_being_taken() -> None:
    program = Program("a.py", 'class A:\n    def f(self):\n        return """\nleft\n"""\n')
    [node] = [node for node in program.nodes() if type(node).__name__ == "FunctionDef"]
    assert excerpt_of(program, node) is None


def given(messages: Messages) -> str:
    """The function in the question."""
    found = re.search(r"```python\n(.*?)^```", messages[1]["content"], re.M | re.S)
    assert found is not None
    return found[1]


SWAPS = (
    ("is not None", "is None"), ("<=", "<"), (">=", ">"), (" < ", " <= "), (" > ", " >= "), ("==", "!="),
    ("- 1", ""), ("+ 1", "+ 2"), (" and ", " or "), (" or ", " and "), ("if not ", "if "), (" + ", " - "),
    ("True", "False"), ("[1:]", "[:]"), ("sorted(", "list("), ("max(", "min("),
)  # fmt: skip


def writes_bugs(messages: Messages) -> str:
    """A model of the plainest kind: the first of its habits that fits the function's body."""
    code = given(messages)
    quotes = code.rfind('"""') + 1 or code.find("\n")
    head, body = code[:quotes], code[quotes:]
    for old, new in SWAPS:
        if old in body:
            return fenced(head + body.replace(old, new, 1))
    return "NONE"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with openai(writes_bugs) as running:
        yield running


def model_of(server: OpenAI, folder: Path, run: str = "run", **settings: Any) -> Model:
    told = {"model": "openai/gpt-4o-mini", "base_url": server.url, "timeout": 5, **settings}
    return Model(LlmSettings.model_validate(told), folder / "llm", run, lambda _: None)


def functions(tree: Path, files: tuple[str, ...]) -> list[Function]:
    found = []
    for path in files:
        for node in ast.walk(ast.parse((tree / path).read_bytes())):
            if isinstance(node, ast.FunctionDef):
                line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                found.append(Function("tiny", path, node.name, line))
    return found


def drawn(
    tree: Path, model: Model | None, limit: int = 12, few: bool = True, **settings: Any
) -> list[Candidate]:
    files = tuple(sorted(f"tiny/{path.name}" for path in (tree / "tiny").glob("*.py")))
    files = files[:3] if few else files
    chosen = InjectSettings.model_validate({"limit": limit, "strategies": ("ast", "llm"), **settings})
    return candidates(a_repo(source_files=files), tree, functions(tree, files), chosen, 5, model)


def by_model(rows: list[Candidate]) -> list[Candidate]:
    return [row for row in rows if row.strategy is Strategy.LLM]


def test_a_model_writes_its_share_and_a_second_run_costs_nothing(
    server: OpenAI, tiny_tree: Path, tmp_path: Path
) -> None:
    server.broken(429)
    rows = drawn(tiny_tree, model_of(server, tmp_path), 30, few=False)
    mine = by_model(rows)
    assert len(rows) == 30
    assert len(mine) == 9
    for row in mine:
        assert (row.operator, row.model) == ("llm_modify", "openai/gpt-4o-mini")
        assert row.cost_usd > 0
        assert len(row.files) == len(row.functions) == 1
        changed = diffs.apply(row.bug_patch, lambda path: (tiny_tree / path).read_text())
        for path, text in changed.items():
            compile(text, path, "exec")
            assert row.fix_lines <= 2, difflib.unified_diff((tiny_tree / path).read_text(), text)
    assert len({row.functions for row in mine}) > 6
    assert len({row.category for row in mine}) > 1
    assert all(not row.model and not row.cost_usd for row in rows if row.strategy is Strategy.AST)
    n = len(server.asked)
    assert drawn(tiny_tree, model_of(server, tmp_path, "second", workers=1), 30, few=False) == rows
    assert len(server.asked) == n
    assert server.keys == ["Bearer k"] * len(server.keys)


def test_what_cannot_be_used_is_asked_for_once_more_with_the_reason(
    server: OpenAI, tiny_tree: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def unsure(messages: Messages) -> str:
        """The clean code at first, then its layout changed for some, a bug for others."""
        code = given(messages)
        if len(messages) == 2:
            return fenced(code)
        return fenced(code + "\n") if len(code) % 2 else writes_bugs(messages)

    server.say = unsure
    with caplog.at_level(logging.INFO):
        rows = by_model(drawn(tiny_tree, model_of(server, tmp_path), strategies=("llm",), limit=6))
    assert rows
    asked = Counter(len(body["messages"]) for body in server.asked)
    assert asked[2] == asked[4]
    reasons = {body["messages"][3]["content"] for body in server.asked if len(body["messages"]) == 4}
    assert all("the code was turned down: the same program" in reason for reason in reasons)
    assert "is skipped: the code was turned down: the same program" in caplog.text
    assert re.search(r"wrote \d of 6 bugs \(\d+ answered in no usable way", caplog.text)
    # Two answers were bought for each.
    assert {row.cost_usd for row in rows} == {round(2 * (10 * 0.15 + 500 * 0.6) / 1e6, 9)}


def test_the_kind_asked_for_gives_the_category(server: OpenAI, tiny_tree: Path, tmp_path: Path) -> None:
    from smith_lib.inject.llm_family.kinds import KINDS

    rows = by_model(drawn(tiny_tree, model_of(server, tmp_path), strategies=("llm",), limit=12))
    said = {kind.asked: kind.category for kind in KINDS}
    asked: dict[str, set[Category]] = {}
    for body in server.asked:
        text = body["messages"][1]["content"]
        name = re.search(r"^Function: (.*)$", text, re.M)
        kind = re.search(r"^Kind of bug: (.*)\.$", text, re.M)
        assert name and kind
        asked.setdefault(name[1], set()).add(said[kind[1]])
    for row in rows:
        assert row.category in asked[row.functions[0].split("::")[1]]


def test_a_budget_that_ends_leaves_the_rest_to_the_other_families(
    server: OpenAI, tiny_tree: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = drawn(tiny_tree, model_of(server, tmp_path, max_requests=2))
    assert len(rows) == 12
    assert 1 <= len(by_model(rows)) <= 2
    assert len(server.asked) == 2
    assert "left out by the budget" in caplog.text
    assert drawn(tiny_tree, model_of(server, tmp_path, "again", max_requests=2)) == rows
    afresh = model_of(server, tmp_path / "elsewhere", max_requests=2, workers=1)
    assert drawn(tiny_tree, afresh) == rows


def test_a_server_that_refuses_everything_is_no_model(
    server: OpenAI, tiny_tree: Path, tmp_path: Path
) -> None:
    server.broken(400, times=50)
    with pytest.raises(ModelUnusable, match="refuses the question with 400"):
        drawn(tiny_tree, model_of(server, tmp_path))


def test_without_a_model_the_family_gives_nothing(tiny_tree: Path) -> None:
    assert drawn(tiny_tree, None) == drawn(tiny_tree, None, strategies=("ast",))
