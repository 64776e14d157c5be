"""What a linter of common settings would say at once of changed code: such bugs are not realistic."""

import ast
import builtins
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smith_lib.inject.program import Program

BUILTINS = frozenset(dir(builtins)) | {"__file__", "__path__", "__class__", "__module__", "__qualname__"}
ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_PLAIN = frozenset(
    {ast.Load, ast.Store, ast.Attribute, ast.Constant, ast.keyword, ast.Add, ast.Eq, ast.Subscript}
)
IMPLICIT = frozenset({"self", "cls", "_", "mcs", "__class__"})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a piece of code binds and reads, and the oddities in it."""

    loads: Counter[str]
    stores: frozenset[str]
    """Local names bound by plain assignment, `except ... as`, `with ... as`, imports or inner functions."""
    bound: frozenset[str]
    """All local names that are bound, parameters and loop targets included."""
    arguments: frozenset[str]
    oddities: Counter[str]


def _oddities(node: ast.AST) -> list[str]:
    found: list[str] = []
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list) and any(isinstance(statement, ENDS) for statement in block[:-1]):
            found.append("unreachable code")
        empty = isinstance(block, list) and len(block) == 1 and isinstance(block[0], ast.Pass)
        if empty and not isinstance(node, ast.ExceptHandler | ast.ClassDef):
            found.append("empty block")
    match node:
        case ast.Compare(left=left, comparators=[right]) if ast.dump(left) == ast.dump(right):
            found.append("compares a thing with itself")
        case ast.BinOp(left=left, op=ast.Sub() | ast.BitXor() | ast.Div() | ast.FloorDiv(), right=right):
            if ast.dump(left) == ast.dump(right):
                found.append("computes a thing with itself")
        case ast.BoolOp(values=values):
            dumps = [ast.dump(value) for value in values]
            if len(set(dumps)) < len(dumps):
                found.append("repeats a condition")
            if any(isinstance(value, ast.Constant) for value in values[:-1]):
                found.append("constant condition")
        case ast.If(test=test) | ast.IfExp(test=test):
            if isinstance(test, ast.Constant | ast.Tuple | ast.Lambda | ast.JoinedStr):
                found.append("constant condition")
            if isinstance(node, ast.IfExp) and ast.dump(node.body) == ast.dump(node.orelse):
                found.append("equal branches")
            if isinstance(node, ast.If) and node.orelse and _dumps(node.body) == _dumps(node.orelse):
                found.append("equal branches")
            if isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
                tests = _chain(node)
                if len(set(tests)) < len(tests):
                    found.append("repeats a condition")
        case ast.Expr(value=ast.Compare() | ast.Name() | ast.BinOp() | ast.Attribute() | ast.BoolOp()):
            found.append("useless expression")
        case ast.Expr(value=ast.Subscript() | ast.UnaryOp() | ast.Tuple() | ast.List() | ast.Dict()):
            found.append("useless expression")
        case ast.Assign(targets=[target], value=value) if ast.unparse(target) == ast.unparse(value):
            found.append("assigns a thing to itself")
        case ast.Call(args=args) if len(args) == 2 and ast.dump(args[0]) == ast.dump(args[1]):
            if not isinstance(args[0], ast.Constant):
                found.append("passes a thing twice")
        case ast.Dict(keys=keys):
            dumps = [ast.dump(k) for k in keys if isinstance(k, ast.Constant)]
            if len(set(dumps)) < len(dumps):
                found.append("repeats a key")
        case ast.Try(handlers=handlers):
            if any(handler.type is None for handler in handlers[:-1]):
                found.append("unreachable handler")
        case ast.ExceptHandler(type=None):
            found.append("bare except")
        case ast.JoinedStr(values=values) if not any(isinstance(v, ast.FormattedValue) for v in values):
            found.append("f-string without a field")
    return found


def _dumps(block: list[ast.stmt]) -> list[str]:
    return [ast.dump(statement) for statement in block]


def _chain(node: ast.If) -> list[str]:
    tests = [ast.dump(node.test)]
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        tests.append(ast.dump(node.test))
    return tests


def reading(tree: ast.AST) -> Reading:
    """What the code binds and reads."""
    loads: Counter[str] = Counter()
    oddities: Counter[str] = Counter()
    bound: set[str] = set()
    stores: set[str] = set()
    arguments: set[str] = set()
    for node in ast.walk(tree):
        if type(node) in _PLAIN:
            continue
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                bound.add(node.id)
            else:
                loads[node.id] += 1
            continue
        oddities.update(_oddities(node))
        match node:
            case ast.arg(arg=name):
                arguments.add(name)
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                bound.add(name)
                stores.add(name)
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                for alias in names:
                    bound.add((alias.asname or alias.name).split(".")[0])
                    stores.add((alias.asname or alias.name).split(".")[0])
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                loads.update(names)
        targets: list[ast.expr] = []
        match node:
            case ast.Assign(targets=several):
                targets = several
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.NamedExpr(target=target):
                targets = [target]
            case ast.withitem(optional_vars=ast.expr() as target):
                targets = [target]
        flat = [part for t in targets for part in (t.elts if isinstance(t, ast.Tuple) else [t])]
        stores.update(t.id for t in flat if isinstance(t, ast.Name))
    return Reading(loads, frozenset(stores), frozenset(bound), frozenset(arguments), oddities)


def objection(clean: Reading, buggy: Reading, program: "Program") -> str:
    """The first thing that a linter says of the buggy code and not of the clean; empty where it is silent."""
    for oddity in sorted(buggy.oddities):
        if buggy.oddities[oddity] > clean.oddities[oddity]:
            return oddity
    for name in sorted(buggy.loads):
        if name in clean.bound and name not in buggy.bound:
            return "a name that no longer exists"
        known = name in clean.bound or name in clean.loads or name in program.names or name in BUILTINS
        if not known and name not in buggy.bound:
            return "an unknown name"
    for name in sorted((clean.stores & buggy.stores) | clean.arguments):
        if name in clean.loads and name not in buggy.loads and name not in IMPLICIT:
            return "a name that is no longer used"
    for name in sorted(buggy.stores - clean.bound):
        if name not in buggy.loads:
            return "a name that is never used"
    for name in sorted(clean.loads):
        if program.imports.get(name) and program.imports[name] <= clean.loads[name] - buggy.loads[name]:
            return "an import that is no longer used"
    return ""
