"""Which values a parametrised case stands for, read from the decorators without running anything."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import islice, product

from smith_lib.package.places import FunctionNode

MOST = 3_000


def values(function: FunctionNode, owners: Sequence[ast.ClassDef], case: str) -> dict[str, ast.expr] | None:
    """Argument name to its value's expression in that case; none where it cannot be told."""
    marks = [
        *reversed(function.decorator_list),
        *(d for owner in owners for d in reversed(owner.decorator_list)),
    ]
    tables = [_table(mark) for mark in marks if _is_parametrize(mark)]
    if not case:
        return {} if not tables else None
    if not tables or any(table is None for table in tables):
        return None
    found: list[dict[str, ast.expr]] = []
    for rows in islice(product(*(table for table in tables if table is not None)), MOST):
        if f"-{'-'.join(row_id for row_id, _ in rows)}-" in f"-{case}-":  # fixtures may add to the id
            found.append({name: value for _, row in rows for name, value in row.items()})
    return found[0] if len(found) == 1 else None


def names(function: FunctionNode, owners: Sequence[ast.ClassDef]) -> set[str]:
    """The arguments that parametrisation fills."""
    marks = [*function.decorator_list, *(d for owner in owners for d in owner.decorator_list)]
    return {name for mark in marks if _is_parametrize(mark) for name in _argnames(mark)}


def of_fixture(fixture: FunctionNode, case: str) -> list[ast.stmt] | None:
    """The fixture's body with the value that it has in that case; none where it asks for something else.

    Branches for other values are gone. Where the case does not tell, the first value is taken.
    """
    given = [_argument(mark, 9, "params") for mark in fixture.decorator_list]
    rows = next((g.elts for g in given if isinstance(g, ast.List | ast.Tuple)), [])
    chosen = next((row for row in rows if (name := _constant_id(row)) and f"-{name}-" in f"-{case}-"), None)
    change = _Given(chosen if chosen is not None else next(iter(rows), None))
    body = [found for s in fixture.body for found in change.statements(s)]
    asks = any(isinstance(n, ast.Name) and n.id == "request" for s in body for n in ast.walk(s))
    return None if asks or not body else body


class _Given(ast.NodeTransformer):
    """Puts a value in the place of `request.param`, and leaves out branches that it does not take."""

    def __init__(self, value: ast.expr | None) -> None:
        self.value = value

    def statements(self, statement: ast.stmt) -> list[ast.stmt]:
        changed = self.visit(deepcopy(statement))
        return changed if isinstance(changed, list) else [changed]

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if ast.unparse(node) == "request.param" and self.value is not None:
            return deepcopy(self.value)
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        test = node.test
        if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq | ast.NotEq | ast.In):
            return node
        try:
            one, other = (ast.literal_eval(side) for side in (test.left, test.comparators[0]))
        except (ValueError, TypeError):
            return node
        holds = one in other if isinstance(test.ops[0], ast.In) else one == other
        return node.body if holds != isinstance(test.ops[0], ast.NotEq) else node.orelse


def _is_parametrize(mark: ast.expr) -> bool:
    return (
        isinstance(mark, ast.Call)
        and isinstance(mark.func, ast.Attribute)
        and mark.func.attr == "parametrize"
    )


def _argument(mark: ast.expr, at: int, name: str) -> ast.expr | None:
    if not isinstance(mark, ast.Call):
        return None
    by_name = {k.arg: k.value for k in mark.keywords}
    return mark.args[at] if len(mark.args) > at else by_name.get(name)


def _argnames(mark: ast.expr) -> list[str]:
    node = _argument(mark, 0, "argnames")
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    if isinstance(node, ast.List | ast.Tuple):
        return [str(item.value) for item in node.elts if isinstance(item, ast.Constant)]
    return []


def _table(mark: ast.expr) -> list[tuple[str, Mapping[str, ast.expr]]] | None:
    """(id, argument name to value) for each row of one decorator, as pytest names them."""
    argnames, rows = _argnames(mark), _argument(mark, 1, "argvalues")
    ids = _argument(mark, 3, "ids")
    if not argnames or not isinstance(rows, ast.List | ast.Tuple):
        return None
    given: list[str | None] = [None] * len(rows.elts)
    if ids is not None:
        if not isinstance(ids, ast.List | ast.Tuple) or len(ids.elts) != len(rows.elts):
            return None
        given = [_constant_id(item) for item in ids.elts]
    table = list(_rows(argnames, rows.elts, given))
    return table if len(table) == len(rows.elts) else None


def _rows(
    argnames: list[str], rows: Sequence[ast.expr], given: Sequence[str | None]
) -> Iterator[tuple[str, Mapping[str, ast.expr]]]:
    for index, (row, name) in enumerate(zip(rows, given, strict=True)):
        cells: Sequence[ast.expr]
        if isinstance(row, ast.Call) and getattr(row.func, "attr", getattr(row.func, "id", "")) == "param":
            cells = row.args
            own = next((k.value for k in row.keywords if k.arg == "id"), None)
            name = _constant_id(own) if own is not None else name
        elif len(argnames) == 1:
            cells = [row]
        elif isinstance(row, ast.List | ast.Tuple):
            cells = row.elts
        else:
            return
        if len(cells) != len(argnames):
            return
        constants = [_constant_id(cell) for cell in cells]
        parts = [f"{a}{index}" if c is None else c for a, c in zip(argnames, constants, strict=True)]
        yield name if name is not None else "-".join(parts), dict(zip(argnames, cells, strict=True))


def _constant_id(node: ast.expr) -> str | None:
    """The id that pytest gives a constant; none for any other value."""
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        return f"-{node.operand.value!r}"
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bytes):
        return node.value.decode("ascii", "backslashreplace")
    if isinstance(node.value, str):
        return node.value.encode("unicode_escape").decode("ascii")
    return (
        str(node.value)
        if isinstance(node.value, int | float | complex | bool) or node.value is None
        else None
    )
