"""What a failing statement examines, and what should hold of it, as a user would say it."""

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from smith_lib.package.bindings import loads

RAISES = ("raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp")
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
    tried = check or (statement.value if isinstance(statement, ast.Expr) else None)
    if (refused := _tried(tried)) is not None:
        return refused
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


def _tried(node: ast.expr | None) -> Target | None:
    """For `raises(E, lambda: use)`, whoever defines `raises`: that the use should raise `E`."""
    if not isinstance(node, ast.Call) or len(node.args) < 2 or not isinstance(node.args[1], ast.Lambda):
        return None
    name, tried = getattr(node.func, "attr", getattr(node.func, "id", "")), node.args[1]
    if name not in RAISES or any(isinstance(n, ast.arg) for n in ast.walk(tried.args)):
        return None
    return Target(ast.Expr(tried.body), "raises", node.args[0])


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


def as_question(what: Target) -> Target:
    """For what should contain something: whether it does."""
    operator = {"contains": ast.In(), "lacks": ast.NotIn()}.get(what.relation)
    if operator is None or what.other is None or not isinstance(what.does, ast.Expr):
        return what
    return Target(ast.Expr(ast.Compare(what.other, [operator], [what.does.value])), "true")


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
