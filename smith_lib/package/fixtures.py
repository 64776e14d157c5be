"""Statements that stand in for the fixtures a test asks for."""

import ast
from collections.abc import Sequence

from smith_lib.package.bindings import loads
from smith_lib.package.places import functions

TEMPORARY = {
    "tmp_path": ("import pathlib", "import tempfile", "tmp_path = pathlib.Path(tempfile.mkdtemp())"),
}


def stand_ins(
    module: ast.Module, owners: Sequence[ast.ClassDef], arguments: set[str], statements: Sequence[ast.stmt]
) -> tuple[list[str], list[ast.stmt]]:
    """Lines and statements that stand in for the fixtures that the statements use."""
    lines: list[str] = []
    front: list[ast.stmt] = []
    for name in sorted(arguments):
        if not any(name in loads(s) for s in statements):
            continue
        written = [f for place in [*owners, module] for f in functions(place, [name])]
        fixture = next(
            (f for f in written if any("fixture" in ast.unparse(d) for d in f.decorator_list)), None
        )
        if fixture is None:
            lines += TEMPORARY.get(name, ())
            continue
        inner = {a.arg for a in ast.walk(fixture.args) if isinstance(a, ast.arg)} - {"self"}
        last = fixture.body[-1]
        value = last.value if isinstance(last, ast.Return) else None
        at = len(fixture.body) - 1
        for index, s in enumerate(fixture.body):
            if isinstance(s, ast.Expr) and isinstance(s.value, ast.Yield):
                value, at = s.value.value, index
        if value is None or "request" in inner:
            continue
        body = [
            s
            for s in fixture.body[:at]
            if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        ]
        more, before = stand_ins(module, owners, inner, fixture.body)
        lines += more
        same = isinstance(value, ast.Name) and value.id == name
        assign: list[ast.stmt] = [] if same else [ast.Assign([ast.Name(name, ast.Store())], value)]
        front += [*before, *body, *assign]
    return lines, front
