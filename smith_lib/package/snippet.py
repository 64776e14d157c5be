"""A runnable piece of user's code for a failing test: imports, helpers, fixtures and cases written out."""

import ast
import builtins
import re
import textwrap
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from smith_lib.package import cases, names, slices
from smith_lib.package.names import Helper, Imported, Library
from smith_lib.package.places import FunctionNode, functions, owner, parsed, split
from smith_lib.package.slices import Target, loads, stores
from smith_lib.types import Failure

LONGEST_LINE = 44
TEMPORARY = {
    "tmp_path": ("import pathlib", "import tempfile", "tmp_path = pathlib.Path(tempfile.mkdtemp())"),
}
SETUP = ("setUp", "setup_method", "setup")
MOST_HELPERS = 5


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


def snippet(test_id: str, line: int | None, library: Library) -> Snippet | None:
    """The snippet of the test; none where its function cannot be found or read.

    `line` is where it failed, none where that is not known.
    """
    test = _found(test_id, line, library)
    if test is None:
        return None
    methods = _methods(test)
    blocks = (n for n in ast.walk(test.function) if isinstance(n, ast.With | ast.AsyncWith))
    caught = {name for n in blocks if (name := slices.caught_as(n))}
    change = _Attributes(_given(test.owners) | set(methods), {}, caught)
    body = [change.visit(deepcopy(s)) for s in test.function.body]
    set_up = [change.visit(deepcopy(s)) for s in _set_up(test.owners)]
    path = slices.path_to(body, line if line is not None else slices.last_check(test.function)) or [body[-1]]
    refused = slices.refusal(path)
    if refused is not None:
        path, what = refused
    else:
        what = slices.follow_up(body, path[-1], slices.target(path[-1], _reach(test.module, library)))
    return _written(test, slices.cut([*set_up, *body], path, what.does), what, methods, library)


def _found(test_id: str, line: int | None, library: Library) -> "_Test | None":
    """The test's function, in its own class or in a base class of it."""
    place = split(test_id)
    try:
        module = parsed(library.read(place.file))
    except (OSError, KeyError, UnicodeDecodeError):
        return None
    if module is None or not place.names:
        return None
    classes = [o for i in range(len(place.names), 1, -1) if (o := owner(module, place.names[:i])) is not None]
    family = names.lineage(classes[0], place.file, library) if classes else []
    homes: list[tuple[str, ast.AST]] = [(h.file, h.node) for h in family]
    for home, cls in homes or [(place.file, module)]:
        text = library.read(home)
        tree = parsed(text)
        found = functions(cls, place.names[-1:])
        if tree is None or not found:
            continue
        function = next((f for f in found if line and f.lineno <= line <= (f.end_lineno or 0)), found[-1])
        owners = [h.node for h in family if isinstance(h.node, ast.ClassDef)] + classes[1:]
        case = cases.values(function, owners, place.case)
        return _Test(text, home, tree, function, owners, {id(h.node): h.file for h in family}, case)
    return None


@dataclass(frozen=True, slots=True)
class _Test:
    text: str
    file: str
    module: ast.Module
    function: FunctionNode
    owners: Sequence[ast.ClassDef]
    """Its class and that class's bases, then the classes around it."""
    files: dict[int, str]
    """The file of each of them, by `id`."""
    case: dict[str, ast.expr] | None
    """Values of the parametrised arguments; none where they cannot be told."""


def _reach(module: ast.Module, library: Library) -> set[str]:
    """Names that the module imports from the package."""
    tops = {name.partition(".")[0] for name in library.modules}
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (node.level if isinstance(node, ast.ImportFrom) else 0)
        or ((getattr(node, "module", None) or alias.name).partition(".")[0] in tops)
    }


def _set_up(owners: Sequence[ast.ClassDef]) -> list[ast.stmt]:
    out: list[ast.stmt] = []
    for cls in reversed(owners):
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
    return names


def _written(
    test: _Test, statements: list[ast.stmt], what: Target, methods: dict[str, Helper], library: Library
) -> Snippet:
    case = test.case or {}
    rebound = {n for s in statements for n in stores(s)}
    short = {
        n: v
        for n, v in case.items()
        if len(ast.unparse(v)) <= LONGEST_LINE and not isinstance(v, ast.Lambda) and n not in rebound
    }
    change = _Attributes(set(), short, set())
    statements = _merged(
        [change.visit(deepcopy(s)) for s in statements if not isinstance(s, ast.Import | ast.ImportFrom)]
    )
    change.values = case
    other = change.visit(deepcopy(_settled(what.other, test.function))) if what.other is not None else None
    arguments = {a.arg for a in ast.walk(test.function.args) if isinstance(a, ast.arg)} - {"self"}
    lines, front = _fixtures(test.module, test.owners, arguments - set(case), statements)
    front += [
        ast.Assign([ast.Name(n, ast.Store())], v)
        for n, v in case.items()
        if n not in short and any(n in loads(s) for s in statements)
    ]
    used = _used([*front, *statements], lines, test.file, library, methods)
    *before, last = [*front, *statements]
    body: list[ast.stmt] = [*before, last]
    imports = {i.line for i in used.imports.values()} | {line for line in lines if line.startswith("import ")}
    if isinstance(test.function, ast.AsyncFunctionDef) and _awaits(body):
        imports.add("import asyncio")
        body = _in_a_loop(body)
    rest = [line for line in lines if not line.startswith("import ")]
    parts = [
        _import_block(sorted(imports)),
        "\n\n".join(_source(h.node, "") for h in used.helpers),
        _block([*rest, *(_source(s, test.text) for s in body)]),
    ]
    unfilled = test.case is None and bool(arguments & cases.names(test.function, test.owners))
    return Snippet(
        code="\n\n".join(part for part in parts if part),
        action=_source(last, ""),
        is_expression=isinstance(last, ast.Expr) and not slices.is_print(last),
        relation=what.relation,
        other=_told(other, test.file, used, library),
        swapped=what.swapped,
        complete=used.complete and not unfilled,
        imports=tuple(sorted((name, i.dotted) for name, i in used.imports.items())),
        made_by=tuple(sorted(_makers([*front, *before]).items())),
    )


@dataclass(slots=True)
class _Used:
    """What the statements need from outside, as it is gathered."""

    known: set[str]
    imports: dict[str, Imported]
    helpers: list[Helper]
    complete: bool = True


def _methods(test: _Test) -> dict[str, Helper]:
    """What the test's classes define besides tests, as functions, classes and values that stand alone."""
    out: dict[str, Helper] = {}
    for cls in test.owners:
        for node in cls.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
            elif isinstance(node, FunctionNode | ast.ClassDef):
                name = node.name
            else:
                continue
            too_long = len(ast.unparse(node)) > names.LONGEST_HELPER
            if name in SETUP or name in out or name.startswith(("test", "assert", "__")) or too_long:
                continue
            out[name] = Helper(test.files.get(id(cls), test.file), _alone(node))
    given = _given(test.owners) | set(out)
    change = _Attributes(given, {}, set())
    return {name: Helper(h.file, change.visit(h.node)) for name, h in out.items()}


def _alone(node: ast.Assign | FunctionNode | ast.ClassDef) -> ast.stmt:
    """A member of a class as it would stand in a module."""
    alone = deepcopy(node)
    if isinstance(alone, FunctionNode):
        alone.decorator_list = []
        if alone.args.args and alone.args.args[0].arg in ("self", "cls"):
            alone.args.args.pop(0)
    if isinstance(alone, ast.Assign) and isinstance(alone.value, ast.Call):
        wrapped = alone.value
        if ast.unparse(wrapped.func) in ("staticmethod", "classmethod") and wrapped.args:
            alone.value = wrapped.args[0]
    return alone


def _used(
    statements: Sequence[ast.stmt],
    lines: Sequence[str],
    file: str,
    library: Library,
    methods: dict[str, Helper],
) -> _Used:
    own = {n for s in statements for n in loads(s)} & set(methods)
    twice = own & {n for s in statements for n in stores(s)}
    used = _Used(_bound(statements) - own | {line.partition(" = ")[0] for line in lines}, {}, [])
    pending = [(name, file) for s in statements for name in sorted(loads(s))]
    used.complete = not twice  # a member and a variable of one name
    while pending:
        name, where = pending.pop(0)
        if name in used.known or name in used.imports or (hasattr(builtins, name) and name not in methods):
            continue
        found = methods.get(name) or names.find(name, where, library)
        if isinstance(found, Imported):
            used.imports[name] = found
        elif isinstance(found, Helper) and len(used.helpers) < MOST_HELPERS:
            used.helpers.append(found)
            used.known |= names.top(found.node)
            inner = _bound([found.node]) - names.top(found.node)
            pending += [(n, found.file) for n in sorted(loads(found.node) - inner)]
        elif name in ("__file__", "__name__") or found is None:
            used.complete = False
        else:
            used.complete = False
    used.helpers.sort(key=lambda h: (h.file == file, h.file, h.node.lineno))
    return used


def _bound(statements: Sequence[ast.stmt]) -> set[str]:
    """Names that the statements bind, arguments and loop variables of inner scopes too."""
    module = ast.Module(list(statements), [])
    arguments = {n.arg for n in ast.walk(module) if isinstance(n, ast.arg)}
    return (stores(module) - {"self", "cls"}) | arguments


def _awaits(statements: Sequence[ast.stmt]) -> bool:
    kinds = (ast.Await, ast.AsyncWith, ast.AsyncFor)
    return any(isinstance(n, kinds) for s in statements for n in ast.walk(s))


def _in_a_loop(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements as an `async def main` that is run."""
    main, call = ast.parse("async def main(): pass\nasyncio.run(main())").body
    assert isinstance(main, ast.AsyncFunctionDef)
    main.body = slices.shown(list(statements))
    return [main, call]


def _told(other: ast.expr | None, file: str, used: _Used, library: Library) -> str:
    """The other side as source, where a reader of the snippet can know every name in it; else empty."""
    if other is None:
        return ""
    for name in loads(other):
        known = name in used.known or name in used.imports or hasattr(builtins, name)
        if not known and not isinstance(names.find(name, file, library), Imported):
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
            func = s.value.func
            out[s.targets[0].id] = ast.unparse(func.value if isinstance(func, ast.Subscript) else func)
    return out


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


def _source(node: ast.stmt, text: str) -> str:
    """The statement as source; where that is too long, laid out as `text` has it if it is still the same."""
    new = ast.unparse(ast.fix_missing_locations(deepcopy(node)))
    if not text or max(map(len, new.split("\n"))) <= 100 or not hasattr(node, "lineno"):
        return new
    lines = text.split("\n")[node.lineno - 1 : node.end_lineno]
    old = textwrap.dedent("\n".join(lines))
    try:
        same = ast.dump(ast.parse(old)) == ast.dump(ast.parse(new))
    except SyntaxError:
        return new
    return old if same and "#" not in old else new


def failing_line(failure: Failure, test_files: frozenset[str]) -> int | None:
    """Where in its own function the test failed, or none where the evidence does not tell."""
    place = split(failure.test_id)
    lines = [
        frame.line
        for frame in failure.frames
        if place.names
        and (frame.file == place.file or frame.file in test_files)
        and frame.function.rpartition(".")[2] == place.names[-1]
    ]
    return lines[-1] if lines else None
