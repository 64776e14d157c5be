"""Statements that stand in for the fixtures a test asks for."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from smith_lib.package import cases
from smith_lib.package.bindings import loads
from smith_lib.package.names import Library
from smith_lib.package.places import FunctionNode, functions, parsed

TEMPORARY = {
    "tmp_path": ("import pathlib", "import tempfile", "tmp_path = pathlib.Path(tempfile.mkdtemp())"),
}


@dataclass(slots=True)
class StandIns:
    """What stands in for the fixtures that some statements use."""

    lines: list[str] = field(default_factory=list)
    statements: list[ast.stmt] = field(default_factory=list)
    homes: dict[str, str] = field(default_factory=dict)
    """The file that a name in the statements is looked up in, where that is not the test's own."""


def stand_ins(
    file: str, library: Library, owners: Sequence[ast.ClassDef], arguments: set[str],
    statements: Sequence[ast.stmt], case: str = "",
) -> StandIns:  # fmt: skip
    """What stands in for the fixtures that the statements of a test in that file use.

    `case` is the parametrised case: it tells which of its values a fixture with some has.
    """
    out = StandIns()
    _add(out, file, library, owners, arguments, statements, set(), case)
    return out


def _add(
    out: StandIns, file: str, library: Library, owners: Sequence[ast.ClassDef], arguments: set[str],
    statements: Sequence[ast.stmt], seen: set[str], case: str,
) -> None:  # fmt: skip
    for name in sorted(arguments - seen):
        if not any(name in loads(s) for s in statements):
            continue
        home, fixture = next(_written(name, file, library, owners), ("", None))
        if fixture is None:
            out.lines += TEMPORARY.get(name, ())
            continue
        seen.add(name)
        inner = {a.arg for a in ast.walk(fixture.args) if isinstance(a, ast.arg)} - {"self"}
        whole = cases.of_fixture(fixture, case)
        if whole is None:
            continue
        last = whole[-1]
        value = last.value if isinstance(last, ast.Return) else None
        at = len(whole) - 1
        for index, s in enumerate(whole):
            if isinstance(s, ast.Expr) and isinstance(s.value, ast.Yield):
                value, at = s.value.value, index
        if value is None:
            continue
        body = [
            s
            for s in whole[:at]
            if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
            and not isinstance(s, ast.Import | ast.ImportFrom)
        ]
        _add(out, home, library, owners if home == file else (), inner, whole, seen, case)
        same = isinstance(value, ast.Name) and value.id == name
        assign: list[ast.stmt] = [] if same else [ast.Assign([ast.Name(name, ast.Store())], value)]
        if home != file:
            read = {n for s in [*body, ast.Expr(value)] for n in loads(s)}
            out.homes |= dict.fromkeys(sorted(read - inner), home)
        out.statements += [*body, *assign]


def _written(
    name: str, file: str, library: Library, owners: Sequence[ast.ClassDef]
) -> Iterator[tuple[str, FunctionNode]]:
    """The fixtures of that name, what counts first: the class's, the module's, the nearest conftest's."""
    folder = file.rpartition("/")[0]
    parts = folder.split("/") if folder else []
    places = ["/".join([*parts[:n], "conftest.py"]) for n in range(len(parts), -1, -1)]
    for home in [file, *(place for place in places if place != file)]:
        try:
            module = parsed(library.read(home))
        except (OSError, KeyError, UnicodeDecodeError):
            continue
        if module is None:
            continue
        for place in [*(owners if home == file else ()), module]:
            for found in functions(place, [name]):
                if any("fixture" in ast.unparse(d) for d in found.decorator_list):
                    yield home, found
