"""Whether two texts are the same program, as far as that can be told without running them."""

import ast
import dis
import inspect
from types import CodeType
from typing import Any

from smith_lib.inject.untouchable import LOGGERS
from smith_lib.validate.affected import differing

_FAILS = (SyntaxError, ValueError, RecursionError, MemoryError)


def same_program(one: str, other: str) -> bool:
    """Whether CPython makes the same code of both, apart from what only people read.

    What is folded, jumped over or never reached makes no difference then. What only people
    read is docstrings, the text of exceptions that are raised, of warnings and of log lines, and what an
    `assert` says. A text that does not compile is the same as none.
    """
    try:
        part = differing(one, other)
        return bool(_code(part.before) == _code(part.after))
    except _FAILS:
        return False


def _code(module: ast.Module) -> Any:
    """What CPython makes of the module, which is changed on the way."""
    tree: ast.Module = ast.fix_missing_locations(_Unread().visit(module))
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):  # on one line, or lines of which nothing is left would leave their mark
            node.lineno = node.end_lineno = 1  # type: ignore[attr-defined]
            node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]
    return _shape(compile(tree, "<program>", "exec", dont_inherit=True))


def _shape(code: CodeType) -> Any:
    """What a code object does, without where it stands in a file and what it names and never uses."""
    return (
        code.co_name, tuple(map(_step, dis.get_instructions(code))), code.co_exceptiontable, code.co_flags,
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, inspect.getargs(code),
    )  # fmt: skip


def _step(step: dis.Instruction) -> Any:
    if step.opcode in dis.hasconst:
        return step.opname, _constant(step.argval)
    return step.opname, step.argval, step.argrepr


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _shape(value)
    if isinstance(value, tuple):
        return tuple(map(_constant, value))
    if isinstance(value, frozenset):
        return frozenset(map(_constant, value))
    return type(value).__name__, repr(value)  # 1 is neither True nor 1.0, and 0.0 is not -0.0


class _Unread(ast.NodeTransformer):
    """Takes out what only people read."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.exc, ast.Call):
            _silence(node.exc)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if _root(node.func) in LOGGERS - {"print"}:
            _silence(node)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        self.generic_visit(node)
        node.msg = None
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        return ast.Pass() if _is_text(node.value) else node


def _silence(call: ast.Call) -> None:
    """The call with its arguments that hold text, messages, empty."""
    call.args = [_emptied(argument) for argument in call.args]
    for keyword in call.keywords:
        keyword.value = _emptied(keyword.value)


def _emptied(argument: ast.expr) -> ast.expr:
    return ast.Constant("") if any(map(_is_text, ast.walk(argument))) else argument


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
