"""A minimal usage snippet cut out of a test's body: what leads to the statement that failed, nothing else."""

import ast
import builtins
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from smith_lib.package.places import FunctionNode

Statements = list[ast.stmt]
RAISES = ("raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp")
CHANGES = re.compile(
    r"^(add|append|apply|clear|close|configure|delete|discard|drop|extend|feed|flush|insert|load|next|open|parse|"
    r"pop|process|push|put|read|receive|register|remove|reset|seek|send|set|setdefault|start|stop|truncate|update|write)"
)
COMPARISONS = {
    "assertEqual": ast.Eq,
    "assertEquals": ast.Eq,
    "assertListEqual": ast.Eq,
    "assertDictEqual": ast.Eq,
    "assertTupleEqual": ast.Eq,
    "assertSetEqual": ast.Eq,
    "assertSequenceEqual": ast.Eq,
    "assertMultiLineEqual": ast.Eq,
    "assertCountEqual": ast.Eq,
    "assertNotEqual": ast.NotEq,
    "assertIs": ast.Is,
    "assertIsNot": ast.IsNot,
    "assertIn": ast.In,
    "assertNotIn": ast.NotIn,
    "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE,
    "assertLess": ast.Lt,
    "assertLessEqual": ast.LtE,
}


@dataclass(frozen=True, slots=True)
class Target:
    """The statement that failed, as a user would say it."""

    does: ast.stmt
    """What to run: an expression to look at, or a statement."""
    relation: str
    """`==`, `in`, ... (what should hold of the expression), `contains`, `lacks`, `true`, `false`, `raises`
    or `runs`."""
    other: ast.expr | None = None
    """The other side of the relation; the exception for `raises`."""
    swapped: bool = False
    """The expression was the right-hand side."""


def target(statement: ast.stmt, package_names: set[str]) -> Target:
    """The failing statement read; `package_names` are names through which the package is reached."""
    check: ast.expr | None = statement.test if isinstance(statement, ast.Assert) else None
    call = (
        statement.value if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) else None
    )
    if call is not None and isinstance(call.func, ast.Attribute):
        name, arguments = call.func.attr, call.args
        if name in COMPARISONS and len(arguments) >= 2:
            check = ast.Compare(arguments[0], [COMPARISONS[name]()], [arguments[1]])
        elif name in ("assertTrue", "assert_") and arguments:
            check = arguments[0]
        elif name == "assertFalse" and arguments:
            check = ast.UnaryOp(ast.Not(), arguments[0])
        elif name in ("assertIsNone", "assertIsNotNone") and arguments:
            operator = ast.Is() if name == "assertIsNone" else ast.IsNot()
            check = ast.Compare(arguments[0], [operator], [ast.Constant(None)])
        elif name == "assertIsInstance" and len(arguments) >= 2:
            check = ast.Call(ast.Name("isinstance", ast.Load()), arguments[:2], [])
        elif name in RAISES and len(arguments) >= 2:
            called = ast.Call(arguments[1], arguments[2:], call.keywords)
            return Target(ast.Expr(called), "raises", arguments[0])
    if isinstance(statement, ast.With | ast.AsyncWith) and (expected := raised_by(statement)) is not None:
        body = statement.body
        does = body[-1] if len(body) == 1 else ast.If(ast.Constant(True), body, [])
        return Target(does, "raises", expected)
    if check is None:
        return Target(statement, "runs")
    return _checked(check, package_names)


def _checked(check: ast.expr, package_names: set[str]) -> Target:
    if isinstance(check, ast.Compare) and len(check.ops) == 1:
        left, right = check.left, check.comparators[0]
        relation = ast.unparse(check)[len(ast.unparse(left)) : -len(ast.unparse(right))].strip(" ()")
        swapped = relation in ("==", "is") and _weight(right, package_names) > _weight(left, package_names)
        if swapped:
            left, right = right, left
        if relation in ("in", "not in") and _weight(right, package_names) > _weight(left, package_names):
            return Target(ast.Expr(right), "contains" if relation == "in" else "lacks", left, True)
        return Target(ast.Expr(left), relation, right, swapped)
    if isinstance(check, ast.UnaryOp) and isinstance(check.op, ast.Not):
        return Target(ast.Expr(check.operand), "false")
    return Target(ast.Expr(check), "true")


def _weight(node: ast.expr, package_names: set[str]) -> int:
    """How much a side looks like what is being examined rather than what is expected."""
    read = loads(node)
    if not read:
        return 0
    called = {ast.unparse(n.func).rpartition(".")[2] for n in ast.walk(node) if isinstance(n, ast.Call)}
    functions = {
        name for name in called if not re.match(r"[A-Z]|(list|dict|set|tuple|frozenset|bytes|type)$", name)
    }
    expected = any(re.search(r"expect|want|correct|should", name) for name in read)
    return 1 + bool(called) + 3 * bool(functions) + bool(called & package_names) - 6 * expected


def raised_by(statement: ast.With | ast.AsyncWith) -> ast.expr | None:
    """The exception that a `with pytest.raises(...)` or `with self.assertRaises(...)` waits for, or none."""
    for item in statement.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and call.args:
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in RAISES:
                return call.args[0]
    return None


def caught_as(statement: ast.With | ast.AsyncWith) -> str:
    """The name that such a block gives to what it caught, or an empty string."""
    names = [i.optional_vars.id for i in statement.items if isinstance(i.optional_vars, ast.Name)]
    return names[0] if names and raised_by(statement) is not None else ""


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


def refusal(path: Sequence[ast.stmt]) -> tuple[list[ast.stmt], Target] | None:
    """For `try: use; assert False; except E`: the path to the `try`, and that the use should raise `E`."""
    if len(path) < 2 or not isinstance(path[-2], ast.Try) or not path[-2].handlers:
        return None
    last, around = path[-1], path[-2]
    text = ast.unparse(last)
    if not re.match(r"assert (False|0|not True)\b|(self|pytest)\.fail\(|raise AssertionError", text):
        return None
    used = [s for s in around.body if s is not last]
    if not used or not any(s is last for s in [*around.body, *around.orelse]):
        return None
    expected = around.handlers[0].type or ast.Name("Exception", ast.Load())
    does = used[-1] if len(used) == 1 else ast.If(ast.Constant(True), used, [])
    return list(path[:-1]), Target(does, "raises", expected)


def follow_up(body: Sequence[ast.stmt], statement: ast.stmt, what: Target) -> Target:
    """For `name = use` that stops: the use with what a later assertion says of `name`, where one does."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return what
    name = statement.targets[0].id
    for later in ast.walk(ast.Module(list(body), [])):
        if not isinstance(later, ast.Assert | ast.Expr) or later.lineno <= statement.lineno:
            continue
        said = target(later, set())
        is_name = isinstance(said.does, ast.Expr) and ast.unparse(said.does) == name
        if is_name and said.relation in ("==", "is") and said.other is not None and not loads(said.other):
            return Target(ast.Expr(statement.value), said.relation, said.other)
    return what


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
    needed = loads(does)
    return _cut(body, path, does, needed)


def _cut(body: Sequence[ast.stmt], path: Sequence[ast.stmt], does: ast.stmt, needed: set[str]) -> Statements:
    head = path[0]
    if len(path) == 1:
        last: Statements = list(does.body) if isinstance(does, ast.If) and _always(does) else [does]
        return _before(body, head, needed, last)
    inner = next(block for block in _blocks(head) if any(s is path[1] for s in block))
    if isinstance(head, ast.Try) and inner is not head.body:
        return _before(body, head, needed, _handled(head, inner, path, does, needed))
    if isinstance(head, ast.If | ast.Try) or (isinstance(head, ast.With) and _only_checks(head)):
        return _before(body, head, needed, _cut(inner, path[1:], does, needed))
    around = deepcopy(head)
    assert isinstance(around, ast.For | ast.While | ast.With | ast.AsyncFor | ast.AsyncWith)
    around.body = shown(_cut(inner, path[1:], does, needed))
    if isinstance(around, ast.For | ast.While | ast.AsyncFor):
        around.orelse = []
    needed |= loads(around)
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
    for statement in reversed(earlier):
        useful = _useful(statement, needed)
        if useful is not None:
            kept.append(useful)
            needed |= loads(useful)
    return [*reversed(kept), *last]


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
        elif loads(statement) & needed:
            return statement
        return None
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
        isinstance(n, ast.Expr) and isinstance(n.value, ast.Call | ast.Await) and loads(n) & needed
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
            if (call.func.id == "next" or handed) and any(loads(a) & needed for a in call.args):
                return True
        elif (
            isinstance(call.func, ast.Attribute)
            and CHANGES.match(call.func.attr)
            and loads(call.func) & needed
        ):
            return True
    return False


def loads(node: ast.AST) -> set[str]:
    """Names that it reads."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def stores(node: ast.AST) -> set[str]:
    """Names that it binds or whose item or attribute it sets."""
    names: set[str] = set()
    for n in ast.walk(node):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store | ast.Del):
            names.add(n.id)
        elif isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(n.name)
        elif isinstance(n, ast.Import | ast.ImportFrom):
            names |= {(a.asname or a.name).partition(".")[0] for a in n.names}
        elif isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store | ast.Del):
            names |= loads(n.value)
        elif isinstance(n, ast.ExceptHandler) and n.name:
            names.add(n.name)
    return names
