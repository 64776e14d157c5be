"""A runnable piece of user's code for a failing test: imports, helpers, fixtures and cases written out."""

import ast
import builtins
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

from smith_lib import syntax
from smith_lib.package import aliases, cases, fixtures, layout, members, names, slices, targets
from smith_lib.package.bindings import loads, stores, unbound
from smith_lib.package.names import Helper, Imported, Library
from smith_lib.package.places import FunctionNode, functions, imports_in, owner, parsed, split
from smith_lib.package.targets import Target
from smith_lib.types import Failure

LONGEST_LINE = 44
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


def snippet(test_id: str, line: int | None, library: Library, whole: bool = False) -> Snippet | None:
    """The snippet of the test; none where its function cannot be found or read, or does nothing but import.

    `line` is where it failed, none where that is not known. Of `a in b` the snippet looks at `b`, and at
    whether it holds where `whole` is set.
    """
    test = _found(test_id, line, library)
    if test is None:
        return None
    renamed = members.clashes(test.owners, {n for s in test.function.body for n in stores(s)})
    methods = members.methods(test.owners, test.files, renamed)
    blocks = (n for n in ast.walk(test.function) if isinstance(n, ast.With | ast.AsyncWith))
    caught = {name for n in blocks if (name := targets.caught_as(n))}
    reached = members.given(test.owners) | set(methods) | set(renamed)
    change = members.Attributes(reached, {}, caught, renamed)
    body = [change.visit(deepcopy(s)) for s in test.function.body]
    set_up = [change.visit(deepcopy(s)) for s in members.set_up(test.owners)]
    path = slices.path_to(body, line if line is not None else slices.last_check(test.function)) or [body[-1]]
    refused = targets.refusal(path)
    if refused is not None:
        path, what = refused
    else:
        what = targets.follow_up(body, path[-1], targets.target(path[-1], _reach(test.module, library)))
    what = targets.as_question(what) if whole else what
    statements = slices.cut([*set_up, *body], path, what.does)
    if all(isinstance(s, ast.Import | ast.ImportFrom) for s in statements):
        return None
    return _written(test, statements, what, methods, library)


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
        files = {id(h.node): h.file for h in family}
        return _Test(text, home, tree, function, owners, files, case, place.case)
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
    case_id: str


def _reach(module: ast.Module, library: Library) -> set[str]:
    """Names that the module imports from the package."""
    tops = {name.partition(".")[0] for name in library.modules}
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in imports_in(module)
        for alias in node.names
        if (node.level if isinstance(node, ast.ImportFrom) else 0)
        or ((getattr(node, "module", None) or alias.name).partition(".")[0] in tops)
    }


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
    change = members.Attributes(set(), short, set(), {})
    kept = [s for s in statements if not isinstance(s, ast.Import | ast.ImportFrom)]
    statements = _merged(members.changed(kept, change))
    change.values = case
    other = change.visit(deepcopy(_settled(what.other, test.function))) if what.other is not None else None
    arguments = {a.arg for a in ast.walk(test.function.args) if isinstance(a, ast.arg)} - {"self"}
    asked = arguments - set(case)
    given = fixtures.stand_ins(test.file, library, test.owners, asked, statements, test.case_id)
    lines, front = given.lines, given.statements
    front += [
        ast.Assign([ast.Name(n, ast.Store())], v)
        for n, v in case.items()
        if n not in short and any(n in loads(s) for s in statements)
    ]
    *before, last = aliases.collapsed([*front, *statements])
    used = _used([*before, last], given, test.file, library, methods)
    body: list[ast.stmt] = [*before, last]
    imports = {i.line for i in used.imports.values()} | {line for line in lines if line.startswith("import ")}
    if isinstance(test.function, ast.AsyncFunctionDef) and _awaits(body):
        imports.add("import asyncio")
        body = _in_a_loop(body)
    rest = [line for line in lines if not line.startswith("import ")]
    parts = [
        layout.import_block(sorted(imports)),
        "\n\n".join(layout.source(h.node, "") for h in used.helpers),
        layout.block([*rest, *(layout.source(s, test.text) for s in body)]),
    ]
    unfilled = test.case is None and bool(arguments & cases.names(test.function, test.owners))
    code = "\n\n".join(part for part in parts if part)
    return Snippet(
        code=code,
        action=layout.source(last, ""),
        is_expression=isinstance(last, ast.Expr) and not slices.is_print(last),
        relation=what.relation,
        other=_told(other, test.file, used, library),
        swapped=what.swapped,
        complete=used.complete and not unfilled and not unbound(code),
        imports=tuple(sorted((name, i.dotted) for name, i in used.imports.items())),
        made_by=tuple(sorted(_makers(before).items())),
    )


@dataclass(slots=True)
class _Used:
    """What the statements need from outside, as it is gathered."""

    known: set[str]
    imports: dict[str, Imported]
    helpers: list[Helper]
    complete: bool = True


def _used(
    statements: Sequence[ast.stmt],
    given: fixtures.StandIns,
    file: str,
    library: Library,
    methods: dict[str, Helper],
) -> _Used:
    used = _Used(_bound(statements) | {line.partition(" = ")[0] for line in given.lines}, {}, [])
    pending = [(name, given.homes.get(name, file)) for s in statements for name in sorted(loads(s))]
    while pending:
        name, where = pending.pop(0)
        if name in used.known or name in used.imports:
            continue
        found = methods.get(name) or names.find(name, where, library)
        if found is None and hasattr(builtins, name):
            continue
        if isinstance(found, Imported):
            used.imports[name] = found
        elif isinstance(found, Helper) and len(used.helpers) < MOST_HELPERS:
            used.helpers.append(found)
            used.known |= names.top(found.node)
            inner = _bound([found.node]) - names.top(found.node) - {members.STATE}
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
    main, call = syntax.parse("async def main(): pass\nasyncio.run(main())").body
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


def _makers(statements: Sequence[ast.stmt]) -> dict[str, str]:
    out: dict[str, str] = {}
    for s in statements:
        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call) and isinstance(s.targets[0], ast.Name):
            func = s.value.func
            out[s.targets[0].id] = ast.unparse(func.value if isinstance(func, ast.Subscript) else func)
    return out


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
