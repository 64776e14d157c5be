"""Models as tests script them, and what they are asked with."""

import ast
import re
import textwrap
from pathlib import Path
from typing import Any

from smith_lib.inject.candidates import candidates
from smith_lib.llm import Model
from smith_lib.settings import InjectSettings, LlmSettings
from smith_lib.types import Candidate, Function, Strategy
from tests.conftest import TINY
from tests.rows import a_repo
from tests.servers.openai import Messages, OpenAI

SWAPS = (
    ("is not None", "is None"), ("<=", "<"), (">=", ">"), (" < ", " <= "), (" > ", " >= "), ("==", "!="),
    ("- 1", ""), ("+ 1", "+ 2"), (" and ", " or "), (" or ", " and "), ("if not ", "if "), (" + ", " - "),
    ("True", "False"), ("[1:]", "[:]"), ("sorted(", "list("), ("max(", "min("),
)  # fmt: skip
"""A plain model's habits."""


def fenced(code: str) -> str:
    return f"Here it is:\n\n```python\n{code}```\n"


def way_of(messages: Messages) -> str:
    """The operator whose prompt this is."""
    said = messages[1]["content"]
    if "\nWanted bugs:\n" in said:
        return "llm_modify"
    return "llm_rewrite" if "\nThe outline of the piece" in said else "llm_feature_drift"


def given(messages: Messages) -> str:
    """The code or outline in the question."""
    _, _, asked = messages[1]["content"].partition("indented as if it stood alone:\n")
    found = re.search(r"^(`{3,})python\n(.*?)^\1", asked, re.M | re.S)
    assert found is not None
    return found[2]


def piece(messages: Messages) -> tuple[str, str]:
    """The file and the qualified name that are asked about."""
    found = re.search(r"^File: (.*)\nPiece: (.*)$", messages[1]["content"], re.M)
    assert found is not None
    return found[1], found[2]


def numbers(messages: Messages) -> list[int]:
    """The headings that are asked for."""
    last = messages[-1]["content"]
    if len(messages) > 2:
        return [int(n) for n in re.findall(r"## (\d+)", last)]
    return [int(n) for n in re.findall(r"^(\d+)\. Kind of bug", last, re.M)]


def recalled(messages: Messages) -> str:
    """The clean code of what is asked about, as a model may know it by heart."""
    path, name = piece(messages)
    text = (TINY / path).read_text(encoding="utf-8")
    body = ast.parse(text).body
    for part in name.split("."):
        found = next(one for one in body if getattr(one, "name", "") == part)
        body = getattr(found, "body", [])
    first = min([found.lineno, *(d.lineno for d in getattr(found, "decorator_list", ()))])
    return textwrap.dedent("\n".join(text.split("\n")[first - 1 : found.end_lineno])) + "\n"


def swapped(code: str, skip: int = 0) -> str | None:
    """The code with one of the habits in its body; none is left where so many are skipped."""
    quotes = code.rfind('"""') + 1 or code.find("\n")
    head, body = code[:quotes], code[quotes:]
    fitting = [(old, new) for old, new in SWAPS if old in body]
    if skip >= len(fitting):
        return None
    old, new = fitting[skip]
    return head + body.replace(old, new, 1)


def writes_bugs(messages: Messages) -> str:
    """A model of the plainest kind: some of its habits that fit the code."""
    if way_of(messages) != "llm_modify":
        code = swapped(given(messages) if way_of(messages) == "llm_feature_drift" else recalled(messages))
        return "NONE" if code is None else fenced(code)
    codes = {n: swapped(given(messages), n - 1) for n in numbers(messages)}
    return "\n".join(f"## {n}\n{fenced(code) if code else 'NONE'}" for n, code in codes.items())


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
    """The candidates in a tree's package `tiny`, or in three of its files."""
    files = tuple(sorted(f"tiny/{path.name}" for path in (tree / "tiny").glob("*.py")))
    files = files[:3] if few else files
    chosen = InjectSettings.model_validate({"limit": limit, "strategies": ("ast", "llm"), **settings})
    return candidates(a_repo(source_files=files), tree, functions(tree, files), chosen, 5, model)


def by_model(rows: list[Candidate]) -> list[Candidate]:
    return [row for row in rows if row.strategy is Strategy.LLM]
