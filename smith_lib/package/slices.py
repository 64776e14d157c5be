"""A minimal usage snippet cut out of a test's body: what leads to the statement that failed, nothing else."""

import ast
import builtins
import re
from collections.abc import Sequence
from copy import deepcopy

from smith_lib.package.bindings import loads, stores
from smith_lib.package.places import FunctionNode
from smith_lib.package.targets import caught_as, raised_by

Statements = list[ast.stmt]
CHANGES = re.compile(
    r"^(add|append|apply|clear|close|configure|consume|delete|discard|drop|expire|extend|feed|flush|insert|load|maybe|next|open|parse|"
    r"pop|process|push|put|read|receive|register|remove|reset|seek|send|set|setdefault|start|stop|take|tick|truncate|update|write)"
)


def path_to(body: Sequence[ast.stmt], line: int) -> list[ast.stmt]:
    """The statements that cover the line, from the outermost in; `raises` blocks count whole."""
    for statement in body:
        if not statement.lineno <= line <= (statement.end_lineno or statement.lineno):
            continue
        if isinstance(statement, ast.With | ast.AsyncWith) and raised_by(statement) is not None:
            return [statement]
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return [statement]
        for block in _blocks(statement):
            inner = path_to(block, line)
            if inner:
                return [statement, *inner]
        return [statement]
    return []


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    handlers = [handler.body for handler in getattr(statement, "handlers", [])]
    return [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")] + handlers


def last_check(function: FunctionNode) -> int:
    """The line of the function's last assertion, or of its last statement."""
    lines = [
        node.lineno
        for node in ast.walk(function)
        if isinstance(node, ast.Assert)
        or (isinstance(node, ast.With) and raised_by(node) is not None)
        or (isinstance(node, ast.Call) and getattr(node.func, "attr", "").startswith("assert"))
    ]
    return max(lines, default=function.body[-1].lineno)


def cut(body: Sequence[ast.stmt], path: Sequence[ast.stmt], does: ast.stmt) -> Statements:
    """The statements of `body` that `does` needs, in order, with `does` in the place where `path` ends."""
    needed = loads(does) | _called(does)
    return _cut(body, path, does, needed)


def _called(node: ast.AST) -> set[str]:
    """`name()` for each name that it calls."""
    calls = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return {f"{function.id}()" for function in calls if isinstance(function, ast.Name)}


def _cut(
    body: Sequence[ast.stmt], path: Sequence[ast.stmt], does: ast.stmt, needed: set[str], looped: bool = False
) -> Statements:
    head = path[0]
    if len(path) == 1:
        last: Statements = list(does.body) if isinstance(does, ast.If) and _always(does) else [does]
        return _before(body, head, needed, last)
    inner = next(block for block in _blocks(head) if any(s is path[1] for s in block))
    if isinstance(head, ast.Try) and inner is not head.body:
        return _before(body, head, needed, _handled(head, inner, path, does, needed))
    if isinstance(head, ast.If) and looped:  # it holds in some rounds alone
        test = head.test if inner is head.body else ast.UnaryOp(ast.Not(), head.test)
        guarded = ast.If(test, shown(_cut(inner, path[1:], does, needed, looped)), [])
        needed |= loads(test)
        return _before(body, head, needed, [guarded])
    if isinstance(head, ast.If | ast.Try) or (isinstance(head, ast.With) and _only_checks(head)):
        return _before(body, head, needed, _cut(inner, path[1:], does, needed, looped))
    around = deepcopy(head)
    assert isinstance(around, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith)
    looped = looped or not isinstance(around, ast.With | ast.AsyncWith)
    around.body = shown(_cut(inner, path[1:], does, needed, looped))
    if isinstance(around, ast.For | ast.While | ast.AsyncFor):
        around.orelse = []
    needed |= loads(around)
    if isinstance(around, ast.For | ast.AsyncFor):  # what the loop's variables were before does not matter
        needed -= stores(around.target) - loads(around.iter)
    return _before(body, head, needed, [around])


def _handled(
    head: ast.Try, inner: list[ast.stmt], path: Sequence[ast.stmt], does: ast.stmt, needed: set[str]
) -> Statements:
    """A `try` whose handler shows what the target looks at."""
    rest = _cut(inner, path[1:], does, needed)
    needed |= loads(head)
    tried = [s for s in head.body if not re.match(r"assert (False|0)\b|(self|pytest)\.fail", ast.unparse(s))]
    handler = next((h for h in head.handlers if h.body is inner), None)
    if handler is None:
        return [*tried, *rest]
    return [ast.Try(tried, [ast.ExceptHandler(handler.type, handler.name, shown(rest))], [], [])]


def _always(node: ast.If) -> bool:
    return isinstance(node.test, ast.Constant) and node.test.value is True


def _only_checks(node: ast.With) -> bool:
    return all("subTest" in ast.unparse(i) or "deprecated_call" in ast.unparse(i) for i in node.items)


def shown(statements: Statements) -> Statements:
    """Inside a block an expression is printed, since nothing else would show it."""
    last = statements[-1]
    if isinstance(last, ast.Expr) and not isinstance(last.value, ast.Yield):
        call = ast.Call(ast.Name("print", ast.Load()), [last.value], [])
        return [*statements[:-1], ast.Expr(call)]
    return statements


def is_print(statement: ast.stmt) -> bool:
    """Whether it is a call of `print`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"


def _before(body: Sequence[ast.stmt], stop: ast.stmt, needed: set[str], last: Statements) -> Statements:
    kept: Statements = []
    earlier = list(body[: next(i for i, s in enumerate(body) if s is stop)])
    needed |= _holders(earlier, needed)
    for statement in reversed(earlier):  # first learn every name that matters, then keep what touches one
        needed |= loads(statement) if _useful(statement, needed) is not None else set()
    gone: set[str] = set()
    for statement in reversed(earlier):
        useful = _useful(statement, needed - gone)
        if useful is not None:
            gone = (gone | _rebound(useful)) - loads(useful)
            kept.append(useful)
    return [*reversed(kept), *last]


def _holders(statements: Statements, needed: set[str]) -> set[str]:
    """Variables that are made with a needed one handed in, so that what is done with them may change it."""
    variables = {name for s in statements for name in stores(s)}
    out: set[str] = set()
    for s in statements:
        if not isinstance(s, ast.Assign):
            continue
        calls = (n for n in ast.walk(s.value) if isinstance(n, ast.Call))
        handed = {name for call in calls for a in (*call.args, *call.keywords) for name in loads(a)}
        if handed & variables & (needed | out):
            out |= _rebound(s)
    return out


def _rebound(statement: ast.stmt) -> set[str]:
    """Names that the statement gives a new value, so that what they held before is gone."""
    bound = statement.targets if isinstance(statement, ast.Assign) else []
    return {target.id for target in bound if isinstance(target, ast.Name)}


def _useful(statement: ast.stmt, needed: set[str]) -> ast.stmt | None:
    """The statement as far as what follows needs it: what sets a needed name, or may change what it holds."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return None
    if isinstance(statement, ast.With | ast.AsyncWith) and (expected := raised_by(statement)) is not None:
        if not (loads(statement) & needed and _changes(statement, needed)) and not stores(statement) & needed:
            return None
        caught = caught_as(statement)
        if caught and caught in needed:
            keep: Statements = [ast.Assign([ast.Name(caught, ast.Store())], ast.Name("error", ast.Load()))]
            handler = ast.ExceptHandler(expected, "error", keep)
        else:
            handler = ast.ExceptHandler(expected, None, [ast.Pass()])
        return ast.Try(list(statement.body), [handler], [], [])
    check = statement.test if isinstance(statement, ast.Assert) else None
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        if getattr(statement.value.func, "attr", "").startswith("assert"):
            check = statement.value
        else:
            return statement if loads(statement) & needed else None
    if check is not None:
        if stores(statement) & needed:
            return statement
        calls = [n for n in _outer_calls(check) if _changes(n, needed)]
        return ast.Expr(calls[0]) if calls else None
    return statement if stores(statement) & needed else _compound(statement, needed)


def _compound(statement: ast.stmt, needed: set[str]) -> ast.stmt | None:
    """A block that does something with a needed name, without its assertions, or none."""
    if isinstance(statement, ast.Global | ast.Nonlocal):
        return statement
    if not isinstance(
        statement, ast.For | ast.While | ast.With | ast.If | ast.Try | ast.AsyncFor | ast.AsyncWith
    ):
        return None
    kept = _Unchecked(needed).visit(deepcopy(statement))
    acts = any(
        (isinstance(n, ast.Continue | ast.Break) and isinstance(statement, ast.If))
        or (isinstance(n, ast.Expr) and isinstance(n.value, ast.Call | ast.Await) and loads(n) & needed)
        for n in ast.walk(kept)
    )
    return kept if acts else None


class _Unchecked(ast.NodeTransformer):
    """Takes assertions out, but for the calls in them that change what a needed name holds."""

    def __init__(self, needed: set[str]) -> None:
        self.needed = needed

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        calls = [n for n in _outer_calls(node.test) if _changes(n, self.needed)]
        return ast.Expr(calls[0]) if calls else ast.Pass()

    def visit_With(self, node: ast.With) -> ast.stmt:
        self.generic_visit(node)
        expected = raised_by(node)
        if expected is None:
            return node
        return ast.Try(node.body, [ast.ExceptHandler(expected, None, [ast.Pass()])], [], [])


def _outer_calls(node: ast.expr) -> list[ast.Call]:
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    return [c for c in calls if not getattr(c.func, "attr", "").startswith("assert")]


def _changes(node: ast.AST, needed: set[str]) -> bool:
    """Whether a call in it may change what a needed name holds, by the method's name."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call):
            continue
        if isinstance(call.func, ast.Name):
            handed = not hasattr(builtins, call.func.id) and not call.func.id[0].isupper()
            # `name()` in `needed`: the target calls it too, so an earlier call is but another check
            if call.func.id in needed and handed and f"{call.func.id}()" not in needed:
                return True
            if (call.func.id == "next" or handed) and any(loads(a) & needed for a in call.args):
                return True
        elif (
            isinstance(call.func, ast.Attribute)
            and CHANGES.match(call.func.attr)
            and loads(call.func) & needed
        ):
            return True
    return False
