"""A runnable piece of user's code for a failing test: imports, helpers, fixtures and cases written out."""

import ast
import builtins
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from smith_lib.package import cases, slices
from smith_lib.package.places import FunctionNode, functions, owner, parsed, split
from smith_lib.package.slices import Target, loads, stores
from smith_lib.types import Failure

LONGEST_LINE = 44
TEMPORARY = {
    "tmp_path": ("import pathlib", "import tempfile", "tmp_path = pathlib.Path(tempfile.mkdtemp())"),
}
SETUP = ("setUp", "setup_method", "setup")
TEST_ONLY = (
    "pytest",
    "unittest",
    "_pytest",
    "hypothesis",
    "mock",
    "nose",
    "conftest",
    "tests",
    "test",
    "testing",
)


@dataclass(frozen=True, slots=True)
class Snippet:
    """What a user would type to see it."""

    code: str
    """All of it."""
    action: str
    """The last statement: an expression to look at, or one that raises."""
    is_expression: bool
    relation: str
    """What should hold of the expression, as `slices.Target` has it."""
    other: str
    """The other side of the relation, as source; empty where there is none."""
    swapped: bool
    complete: bool
    """It names nothing that it does not define or import."""
    imports: tuple[tuple[str, str], ...]
    """Local name to dotted name, of what it imports."""
    made_by: tuple[tuple[str, str], ...]
    """Local variable to the dotted call that made it."""


class _Attributes(ast.NodeTransformer):
    """`self.x` becomes `x` for the names that set-up gives; literal `lookup` names become their values."""

    def __init__(self, given: set[str], values: dict[str, ast.expr], caught: set[str]) -> None:
        self.given, self.values, self.caught = given, values, caught

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls") and node.attr in self.given:
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        if (
            isinstance(node.value, ast.Name)
            and node.value.id in self.caught
            and node.attr in ("value", "exception")
        ):
            return ast.copy_location(ast.Name(node.value.id, node.ctx), node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self.values:
            return deepcopy(self.values[node.id])
        return node


def snippet(text: str, test_id: str, line: int | None, package: set[str]) -> Snippet | None:
    """The snippet of the test in its module's `text`; none where the test cannot be found or read.

    `line` is where it failed, none where that is not known; `package` are the top-level names of the
    package's modules.
    """
    module, place = parsed(text), split(test_id)
    found = functions(module, place.names) if module is not None else []
    if module is None or not found:
        return None
    function = next(
        (f for f in found if line is not None and f.lineno <= line <= (f.end_lineno or 0)), found[-1]
    )
    owners = [o for i in range(len(place.names), 1, -1) if (o := owner(module, place.names[:i])) is not None]
    case = cases.values(function, owners, place.case)
    body = [*_set_up(owners), *function.body]
    imports = _imports(module)
    for statement in ast.walk(function):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imports.update(_bound(statement))
    path = slices.path_to(function.body, line if line is not None else slices.last_check(function))
    if not path:
        path = [function.body[-1]]
    refused = slices.refusal(path)
    reach = {name for name, (dotted, _) in imports.items() if dotted.partition(".")[0] in package}
    if refused is not None:
        path, what = refused
    else:
        what = slices.follow_up(function.body, path[-1], slices.target(path[-1], reach))
    statements = slices.cut(body, path, what.does)
    return _written(module, function, owners, statements, what, case, imports)


def _set_up(owners: Sequence[ast.ClassDef]) -> list[ast.stmt]:
    out: list[ast.stmt] = []
    for cls in owners:
        out += [n for n in cls.body if isinstance(n, ast.Assign | ast.AnnAssign)]
        out += [s for n in cls.body if isinstance(n, FunctionNode) and n.name in SETUP for s in n.body]
    return [s for s in out if not (isinstance(s, ast.Expr) and "super()" in ast.unparse(s))]


def _given(owners: Sequence[ast.ClassDef]) -> set[str]:
    names: set[str] = set()
    for statement in _set_up(owners):
        for node in ast.walk(statement):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and loads(node.value) & {"self", "cls"}
            ):
                names.add(node.attr)
        if isinstance(statement, ast.Assign):
            names |= {t.id for t in statement.targets if isinstance(t, ast.Name)}
    return names


def _bound(node: ast.Import | ast.ImportFrom) -> dict[str, tuple[str, str]]:
    """Local name to (dotted name, import statement); a relative import has a dotted name that starts with a dot."""
    out: dict[str, tuple[str, str]] = {}
    for alias in node.names:
        as_name = f" as {alias.asname}" if alias.asname else ""
        if isinstance(node, ast.Import):
            local = alias.asname or alias.name.partition(".")[0]
            out[local] = (alias.name if alias.asname else local, f"import {alias.name}{as_name}")
        else:
            source = "." * node.level + (node.module or "")
            out[alias.asname or alias.name] = (
                f"{source}.{alias.name}",
                f"from {source} import {alias.name}{as_name}",
            )
    return out


def _imports(module: ast.Module) -> dict[str, tuple[str, str]]:
    out: dict[str, tuple[str, str]] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for local, bound in _bound(node).items():
                out.setdefault(local, bound)
    return out


def _written(
    module: ast.Module,
    function: FunctionNode,
    owners: Sequence[ast.ClassDef],
    statements: list[ast.stmt],
    what: Target,
    case: dict[str, ast.expr] | None,
    imports: dict[str, tuple[str, str]],
) -> Snippet:
    short = {
        n: v
        for n, v in (case or {}).items()
        if len(ast.unparse(v)) <= LONGEST_LINE and not isinstance(v, ast.Lambda)
    }
    rebound = {
        n.id
        for s in statements
        for n in ast.walk(s)
        if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
    }
    short = {n: v for n, v in short.items() if n not in rebound}
    blocks_caught = (n for n in ast.walk(function) if isinstance(n, ast.With | ast.AsyncWith))
    caught = {name for n in blocks_caught if (name := slices.caught_as(n))}
    change = _Attributes(_given(owners), short, caught)
    statements = [
        change.visit(deepcopy(s)) for s in statements if not isinstance(s, ast.Import | ast.ImportFrom)
    ]
    statements = _merged(statements)
    change.values = case or {}
    other = change.visit(deepcopy(_settled(what.other, function))) if what.other is not None else None
    change.values = short
    long = {n: v for n, v in (case or {}).items() if n not in short}
    front: list[ast.stmt] = [
        ast.Assign([ast.Name(n, ast.Store())], v)
        for n, v in long.items()
        if any(n in loads(s) for s in statements)
    ]
    known = {name for s in statements for name in stores(s)} | {name for s in front for name in stores(s)}
    arguments = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    lines: list[str] = []
    complete = case is not None or not arguments & cases.names(function, owners)
    extra, front_code = _fixtures(
        module, owners, arguments - set(case or {}) - {"self"}, [*front, *statements]
    )
    lines += extra
    front = [*front_code, *front]
    known |= {name for s in front for name in stores(s)} | {
        name
        for n in ast.walk(ast.Module(statements, []))
        if isinstance(n, ast.comprehension | ast.Lambda | ast.arguments)
        for name in [*stores(n), *(a.arg for a in ast.walk(n) if isinstance(a, ast.arg))]
    }
    helpers: list[ast.stmt] = []
    used: dict[str, tuple[str, str]] = {}
    pending = [name for s in [*front, *statements] for name in sorted(loads(s))]
    while pending:
        name = pending.pop(0)
        if name in known or name in used or hasattr(builtins, name) or name in ("__file__", "__name__"):
            complete &= name not in ("__file__", "__name__")
            continue
        definition = _definition(module, name)
        if name in imports:
            used[name] = imports[name]
        elif definition is not None and len(helpers) < 4:
            helpers.insert(0, definition)
            known |= stores(definition) | {a.arg for a in ast.walk(definition) if isinstance(a, ast.arg)}
            pending += sorted(loads(definition))
        elif f"{name} = " not in "\n".join(lines):
            complete = False
    dotted = {name: target for name, (target, _) in used.items()}
    complete &= not any(_for_tests(name) for name in dotted.values())
    order = {id(n): i for i, n in enumerate(module.body)}
    helpers.sort(key=lambda n: order.get(id(n), 0))
    wanted = sorted(
        {line for _, line in used.values()} | {line for line in lines if line.startswith("import ")}
    )
    rest = [line for line in lines if not line.startswith("import ")]
    *before, last = [*front, *statements]
    shown: list[ast.stmt] = [*before, last]
    if isinstance(function, ast.AsyncFunctionDef) and _awaits(shown):
        wanted = sorted({*wanted, "import asyncio"})
        shown = _in_a_loop(shown)
    blocks = [
        _import_block([line for line in wanted if not _for_tests(line.split()[1])]),
        "\n\n".join(_source(h) for h in helpers),
        _block([*rest, *map(_source, shown)]),
    ]
    return Snippet(
        code="\n\n".join(block for block in blocks if block),
        action=_source(last),
        is_expression=isinstance(last, ast.Expr) and not slices.is_print(last),
        relation=what.relation,
        other=_told(other, imports, known),
        swapped=what.swapped,
        complete=complete,
        imports=tuple(sorted(dotted.items())),
        made_by=tuple(sorted(_makers([*front, *before]).items())),
    )


def _for_tests(dotted: str) -> bool:
    return dotted.startswith(".") or any(part in TEST_ONLY for part in dotted.split("."))


def _awaits(statements: Sequence[ast.stmt]) -> bool:
    kinds = (ast.Await, ast.AsyncWith, ast.AsyncFor)
    return any(isinstance(n, kinds) for s in statements for n in ast.walk(s))


def _in_a_loop(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements as an `async def main` that is run."""
    main, call = ast.parse("async def main(): pass\nasyncio.run(main())").body
    assert isinstance(main, ast.AsyncFunctionDef)
    main.body = slices.shown(list(statements))
    return [main, call]


def _told(other: ast.expr | None, imports: dict[str, tuple[str, str]], known: set[str]) -> str:
    """The other side as source, where a reader of the snippet knows every name in it; else empty."""
    if other is None or any(
        name not in known and name not in imports and not hasattr(builtins, name) for name in loads(other)
    ):
        return ""
    return ast.unparse(ast.fix_missing_locations(other))


def _merged(statements: list[ast.stmt]) -> list[ast.stmt]:
    """`name = use` and then `name` alone become `use`."""
    if len(statements) < 2:
        return statements
    *rest, before, last = statements
    if isinstance(before, ast.Assign) and isinstance(last, ast.Expr) and len(before.targets) == 1:
        bound = before.targets[0]
        if isinstance(bound, ast.Name) and isinstance(last.value, ast.Name) and last.value.id == bound.id:
            return [*rest, ast.Expr(before.value)]
    return statements


def _settled(other: ast.expr, function: FunctionNode) -> ast.expr:
    """The expected side, with a local name replaced by the one value that the test gives it."""
    if not isinstance(other, ast.Name):
        return other
    values = [
        n.value
        for n in ast.walk(function)
        if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == other.id for t in n.targets)
    ]
    return values[0] if len(values) == 1 else other


def _block(sources: Sequence[str]) -> str:
    """Statements as lines, with a blank line after a definition and around other blocks."""
    out = ""
    for source in sources:
        deep = "\n    " in source
        out += (
            ("\n" if deep and out and not out.endswith("\n\n") else "") + source + ("\n\n" if deep else "\n")
        )
    return out.rstrip("\n")


def _import_block(lines: Sequence[str]) -> str:
    """Import statements with those from one module joined."""
    joined: dict[str, list[str]] = {}
    out: list[str] = []
    for line in lines:
        found = re.fullmatch(r"from (\S+) import (.*)", line)
        if found:
            joined.setdefault(found[1], []).append(found[2])
        else:
            out.append(line)
    return "\n".join(
        [*out, *(f"from {module} import {', '.join(names)}" for module, names in joined.items())]
    )


def _makers(statements: Sequence[ast.stmt]) -> dict[str, str]:
    out: dict[str, str] = {}
    for s in statements:
        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call) and isinstance(s.targets[0], ast.Name):
            out[s.targets[0].id] = ast.unparse(s.value.func)
    return out


def _definition(module: ast.Module, name: str) -> ast.stmt | None:
    found = [
        n
        for n in module.body
        if name in stores(n) and isinstance(n, FunctionNode | ast.ClassDef | ast.Assign)
    ]
    if not found or len(ast.unparse(found[-1])) > 900:
        return None
    node = found[-1]
    if (
        isinstance(node, FunctionNode)
        and node.decorator_list
        and "fixture" in ast.unparse(node.decorator_list[0])
    ):
        return None
    return node


def _fixtures(
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
        more, before = _fixtures(module, owners, inner, fixture.body)
        lines += more
        same = isinstance(value, ast.Name) and value.id == name
        assign: list[ast.stmt] = [] if same else [ast.Assign([ast.Name(name, ast.Store())], value)]
        front += [*before, *body, *assign]
    return lines, front


def _source(node: ast.stmt) -> str:
    """The statement as source."""
    return ast.unparse(ast.fix_missing_locations(deepcopy(node)))


def failing_line(failure: Failure) -> int | None:
    """Where in its own function the test failed, or none where the evidence does not tell."""
    place = split(failure.test_id)
    if not place.names:
        return None
    lines = [
        frame.line
        for frame in failure.frames
        if frame.file == place.file and frame.function.rpartition(".")[2] == place.names[-1]
    ]
    return lines[-1] if lines else None
