"""Where the names in a test come from: an import that a user would write, or a helper to write out."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from smith_lib.package.bindings import stores
from smith_lib.package.places import FunctionNode, imports_in, parsed

Read = Callable[[str], str]
LONGEST_HELPER = 1_600
TEST_ONLY = ("pytest", "unittest", "_pytest", "hypothesis", "mock", "nose", "conftest", "tests", "test")


@dataclass(frozen=True, slots=True)
class Library:
    """The files that names are looked up in."""

    read: Read
    modules: Mapping[str, str]
    """Dotted name to path of the package's own modules."""
    test_files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that an import gives."""

    dotted: str
    line: str
    """The import statement."""


@dataclass(frozen=True, slots=True)
class Helper:
    """Something that test code defines."""

    file: str
    node: ast.stmt


def find(name: str, file: str, library: Library, depth: int = 0) -> Imported | Helper | None:
    """What the module-level name in that file stands for; none where it cannot be told or is too long."""
    module = _parsed(file, library)
    if module is None or depth > 4:
        return None
    imports, definitions = _table(module)
    if name in imports:
        return _imported(*imports[name], file, library, depth)
    if name in definitions:
        node = definitions[name]
        short = len(ast.unparse(node)) <= LONGEST_HELPER
        return Helper(file, node) if short and not _is_fixture(node) else None
    for node in module.body:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            through = _star(node, name, file, library, depth)
            if through is not None:
                return through
    return None


Imports = dict[str, tuple[ast.Import | ast.ImportFrom, ast.alias]]


@lru_cache(maxsize=64)
def _table(module: ast.Module) -> tuple[Imports, dict[str, ast.stmt]]:
    """The module's imports (inner ones too) and its own definitions, by local name."""
    found: Imports = {}
    for node in imports_in(module):
        for alias in node.names:
            whole = isinstance(node, ast.ImportFrom)
            found.setdefault(
                alias.asname or (alias.name if whole else alias.name.partition(".")[0]), (node, alias)
            )
    definitions: dict[str, ast.stmt] = {
        name: node
        for node in module.body
        if isinstance(node, FunctionNode | ast.ClassDef | ast.Assign)
        for name in (stores(node) if isinstance(node, ast.Assign) else {node.name})
    }
    return found, definitions


def lineage(cls: ast.ClassDef, file: str, library: Library, depth: int = 0) -> list[Helper]:
    """The class and its bases as far as test code defines them, in the order in which they are searched."""
    out = [Helper(file, cls)]
    for base in cls.bases if depth < 5 else ():
        name = ast.unparse(base).rpartition(".")[2]
        module = _parsed(file, library)
        inner = _table(module)[1].get(name) if module is not None else None
        found = Helper(file, inner) if inner is not None else _class(ast.unparse(base), file, library)
        if found is not None and isinstance(found.node, ast.ClassDef) and found.node is not cls:
            out += lineage(found.node, found.file, library, depth + 1)
    return out


def _class(name: str, file: str, library: Library) -> Helper | None:
    """A base class that is imported from other test code, by name or through its module."""
    module = _parsed(file, library)
    root, _, rest = name.partition(".")
    if module is None or root not in _table(module)[0]:
        return None
    node, alias = _table(module)[0][root]
    if isinstance(node, ast.Import):
        node = ast.ImportFrom(alias.name, [], 0)
    elif rest:
        node = ast.ImportFrom(f"{node.module}.{alias.name}" if node.module else alias.name, [], node.level)
    origin = _origin(node, file, library)
    tree = _parsed(origin, library) if origin in library.test_files else None
    inner = _table(tree)[1].get(rest or alias.name) if tree is not None else None
    return Helper(origin, inner) if inner is not None else None


def _imported(
    node: ast.Import | ast.ImportFrom, alias: ast.alias, file: str, library: Library, depth: int
) -> Imported | Helper | None:
    renamed = f" as {alias.asname}" if alias.asname else ""
    if isinstance(node, ast.Import):
        local = alias.name if alias.asname else alias.name.partition(".")[0]
        return None if for_tests(alias.name) else Imported(local, f"import {alias.name}{renamed}")
    origin = _origin(node, file, library)
    if origin in library.test_files:
        return None if alias.asname else find(alias.name, origin, library, depth + 1)
    source = node.module or ""
    if node.level or origin:
        by_path = {path: dotted for dotted, path in library.modules.items()}
        as_module = f"{origin.removesuffix('/__init__.py')}/{alias.name}.py" if origin else ""
        if origin not in by_path and as_module not in by_path:
            return None
        source = by_path.get(origin, "") or by_path[as_module].rpartition(".")[0]
        source = _shortest(source, alias.name, library)
    if for_tests(source):
        return None
    return Imported(f"{source}.{alias.name}", f"from {source} import {alias.name}{renamed}")


def _star(
    node: ast.ImportFrom, name: str, file: str, library: Library, depth: int
) -> Imported | Helper | None:
    origin = _origin(node, file, library)
    if origin in library.test_files:
        return find(name, origin, library, depth + 1)
    dotted = next((d for d, path in library.modules.items() if path == origin), "")
    if not dotted or not _binds(dotted, name, library, 0):
        return None
    return Imported(f"{dotted}.{name}", f"from {dotted} import {name}")


def _origin(node: ast.ImportFrom, file: str, library: Library) -> str:
    """The path of the module that is imported from, or an empty string where it is not in the tree."""
    tail = (node.module or "").replace(".", "/")
    folder = file.rpartition("/")[0]
    if node.level:
        for _ in range(node.level - 1):
            folder = folder.rpartition("/")[0]
        places = [f"{folder}/{tail}".strip("/")]
    else:
        if node.module and node.module in library.modules:
            return library.modules[node.module]
        places = [tail, f"{folder}/{tail}".strip("/")]
    for place in places:
        for path in (f"{place}.py", f"{place}/__init__.py"):
            if path in library.test_files or path in library.modules.values():
                return path
    return ""


def _shortest(module: str, name: str, library: Library) -> str:
    """The outermost package that gives the very same object; the module itself where that cannot be told."""
    parts, own = module.split("."), _home(module, name, library, 0)
    for length in range(1, len(parts)):
        outer = ".".join(parts[:length])
        if own and outer in library.modules and _home(outer, name, library, 0) == own:
            return outer
    return module


def _home(module: str, name: str, library: Library, depth: int) -> str:
    """Where that is defined which what `module` has under the name, by plain imports; empty where not plain.

    A name that is bound twice, in a block, or by an import under another name is not.
    """
    tree = _parsed(library.modules.get(module, ""), library)
    if tree is None or depth > 4:
        return ""
    binding = [n for n in tree.body if name in top(n)]
    nested = [n for n in tree.body if isinstance(n, ast.If | ast.Try | ast.With | ast.For | ast.While)]
    if len(binding) > 1 or any(name in stores(n) for n in nested):
        return ""
    if not binding:
        stars = _bindings(tree)[1] if not name.startswith("_") else ()
        homes = {h for n in stars if (h := _through(n, module, name, library, depth))}
        return homes.pop() if len(homes) == 1 else ""
    (node,) = binding
    if isinstance(node, ast.ImportFrom):
        plain = any(a.name == name and a.asname in (None, name) for a in node.names)
        return _through(node, module, name, library, depth) if plain else ""
    return module if isinstance(node, FunctionNode | ast.ClassDef | ast.Assign) else ""


def _through(node: ast.ImportFrom, module: str, name: str, library: Library, depth: int) -> str:
    origin = _origin(node, library.modules[module], library)
    inner = next((dotted for dotted, path in library.modules.items() if path == origin), "")
    return _home(inner, name, library, depth + 1) if inner else ""


def _binds(module: str, name: str, library: Library, depth: int) -> bool:
    tree = _parsed(library.modules.get(module, ""), library)
    if tree is None or depth > 4:
        return False
    bound, stars = _bindings(tree)
    if name in bound:
        return True
    for node in stars if not name.startswith("_") else ():
        origin = _origin(node, library.modules[module], library)
        inner = next((d for d, path in library.modules.items() if path == origin), "")
        if inner and _binds(inner, name, library, depth + 1):
            return True
    return False


@lru_cache(maxsize=64)
def _bindings(module: ast.Module) -> tuple[frozenset[str], tuple[ast.ImportFrom, ...]]:
    """The names that a module binds at its top level, and its star imports."""
    stars = tuple(n for n in module.body if isinstance(n, ast.ImportFrom) and n.names[0].name == "*")
    return frozenset(name for n in module.body for name in top(n)), stars


def top(node: ast.stmt) -> set[str]:
    """The names that a statement binds in its own scope."""
    return {node.name} if isinstance(node, FunctionNode | ast.ClassDef) else stores(node)


def _parsed(file: str, library: Library) -> ast.Module | None:
    try:
        return parsed(library.read(file)) if file else None
    except (OSError, KeyError, UnicodeDecodeError):
        return None


def _is_fixture(node: ast.stmt) -> bool:
    return isinstance(node, FunctionNode) and any("fixture" in ast.unparse(d) for d in node.decorator_list)


def for_tests(dotted: str) -> bool:
    """Whether a module is one that only tests import."""
    return dotted.startswith(".") or any(part in TEST_ONLY for part in dotted.split("."))
