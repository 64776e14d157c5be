"""From a model's answer to code that may stand in for the function, or the reason why it may not."""

import ast
import io
import re
import tokenize
import warnings
from collections import Counter

from smith_lib import syntax

FENCE = re.compile(r"^```[^\S\n]*(?P<tag>[\w+-]*)[^\S\n]*\n(?P<code>.*?)^```[^\S\n]*$", re.M | re.S)
TELLING = re.compile(
    r"(?i)(?<![a-z])(bug|buggy|bugs|wrong|wrongly|incorrect|incorrectly|faulty|broken|mutat\w*|inject\w*|flawed"
    r"|sabotag\w*|off[ _-]by[ _-]one|intentional\w*|deliberate\w*|fixme|subtle)(?![a-z])"
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Unfit(Exception):  # noqa: N818
    """An answer that cannot be used; the text says why, to the model too."""


class NoRoom(Exception):  # noqa: N818
    """The model says that the function has no room for the bug."""


def code_of(answer: str, clean: str) -> str:
    """The function in the answer. Raises `NoRoom`, or `Unfit` with the reason."""
    if answer.strip().strip(".`").upper() == "NONE":
        raise NoRoom
    blocks = list(FENCE.finditer(answer.replace("\r\n", "\n")))
    if len(blocks) != 1:
        raise Unfit(f"the answer holds {len(blocks) or 'no'} fenced blocks of code, not one")
    if blocks[0]["tag"].lower() not in ("python", "py", "python3", ""):
        raise Unfit("the fenced block is not marked as python")
    code = blocks[0]["code"].strip("\n").rstrip() + "\n"
    before, after = _function(clean), _function(code)
    _same_head(before, after)
    _tells_nothing(clean, code, before, after)
    return code


def _function(code: str) -> Function:
    """The one function that the code is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = syntax.parse(code)
            compile(code, "<answer>", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Unfit(f"the code does not compile: {error.msg} in line {error.lineno}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unfit(f"the code does not compile: {type(error).__name__}") from error
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.FunctionDef | ast.AsyncFunctionDef):
        raise Unfit("the block holds something other than the one function")
    return tree.body[0]


def _same_head(before: Function, after: Function) -> None:
    if after.name != before.name:
        raise Unfit(f"the function is called {after.name}, not {before.name}")
    if type(after) is not type(before):
        raise Unfit("`async` is not as it was")
    heads = {"args": "parameters", "returns": "result annotation", "type_params": "type parameters"}
    for field, name in heads.items():
        if _dumped(getattr(after, field, None)) != _dumped(getattr(before, field, None)):
            raise Unfit(f"its {name} are not as they were")
    if _dumped(after.decorator_list) != _dumped(before.decorator_list):
        raise Unfit("its decorators are not as they were")
    if ast.get_docstring(after) != ast.get_docstring(before):
        raise Unfit("its docstring is not as it was")


def _dumped(value: object) -> str:
    if isinstance(value, list):
        return str([_dumped(part) for part in value])
    return ast.dump(value) if isinstance(value, ast.AST) else str(value)


def _tells_nothing(clean: str, code: str, before: Function, after: Function) -> None:
    added = _comments(code) - _comments(clean)
    if added:
        raise Unfit(f"it adds the comment {min(added)[:80]!r}")
    for word in sorted(_words(after) - _words(before)):
        if TELLING.search(word.replace("_", " ")):
            raise Unfit(f"{word[:80]!r} points at the bug")


def _comments(code: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def _words(function: Function) -> set[str]:
    """All names and texts in it."""
    found: set[str] = set()
    for node in ast.walk(function):
        for field in ("id", "attr", "arg", "name", "asname", "value"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
    return found
