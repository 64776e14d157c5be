"""Names under which a user of the library reaches its code."""

import ast
import builtins
from collections.abc import Callable
from dataclasses import dataclass

from smith_lib import syntax
from smith_lib.package.places import FunctionNode, parsed
from smith_lib.package.snippet import Snippet

Read = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Called:
    """A function of the package as a user calls it."""

    name: str
    """Dotted, e.g. `voluptuous.Schema`."""
    signature: str
    """`(schema, required=False)`, or empty where it is not known."""
    documented: bool = False
    """It has a docstring."""


def at(file: str, line: int, function: str, read: Read) -> Called | None:
    """The function that holds that line of the file, or none; `function` is the frame's name for it."""
    module = _module(file, read)
    if module is None:
        return None
    found = _enclosing(module, line, [])
    bare = function.rpartition(".")[2]
    while found and found[-1].name != bare and isinstance(found[-1], FunctionNode):
        found.pop()
    while (
        found
        and isinstance(found[-1], FunctionNode)
        and len(found) > 1
        and isinstance(found[-2], FunctionNode)
    ):
        found.pop()
    if not found or not isinstance(found[-1], FunctionNode):
        return None
    return _called(file, [n.name for n in found], found[-1], read)


def of(snippet: Snippet, files: dict[str, str], read: Read) -> Called | None:
    """The package's callable in the snippet's last statement, or none; `files` is dotted module to path.

    Where that statement has none of it, the last one that the code names before is taken.
    """
    try:
        name = _outermost(syntax.parse(snippet.action).body[-1])
        code = syntax.parse(snippet.code)
    except (SyntaxError, IndexError):
        return None
    imports, made = dict(snippet.imports), dict(snippet.made_by)
    bare = name.startswith("=")
    root, _, rest = name.lstrip("=").partition(".")
    for _ in range(3):
        if root in made:
            name = made[root] + ("." + rest if rest else "" if bare else ".__call__")
            root, _, rest = name.partition(".")
            bare = True
    if root in imports:
        return _resolve(imports[root] + ("." + rest if rest else ""), files, read, 0)
    called = [n.func for s in code.body for n in ast.walk(s) if isinstance(n, ast.Call)]
    given = [n.value for n in code.body if isinstance(n, ast.Assign)]
    named = [n for n in (*given, *called) if isinstance(n, ast.Attribute | ast.Name)]
    for node in reversed(named):
        if _plain(node) and isinstance(node.ctx, ast.Load):
            root, _, rest = ast.unparse(node).partition(".")
            if root in made and rest:  # a method of what a variable holds
                root, _, rest = f"{made[root]}.{rest}".partition(".")
            dotted = ".".join(filter(None, (imports.get(root, ""), rest)))
            found = _resolve(dotted, files, read, 0) if root in imports else None
            if found is not None and found.signature:
                return found
    return None


def _outermost(node: ast.AST) -> str:
    """The dotted name that the statement is about: what it calls first of all, builtins aside.

    With `=` before it where it is a variable that is only looked at.
    """
    if isinstance(node, ast.Name):
        return f"={node.id}"
    body = getattr(node, "body", None)
    if isinstance(body, list) and body:
        return _outermost(body[-1])
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id) and node.args:
            return _outermost(node.args[0])
        return ast.unparse(node.func) if _plain(node.func) else _outermost(node.func)
    if isinstance(node, ast.Attribute):
        return ast.unparse(node) if _plain(node) else _outermost(node.value)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return _outermost(node.generators[0].iter)
    if isinstance(node, ast.Compare):
        return _outermost(node.left)
    if isinstance(node, ast.BoolOp):
        return _outermost(node.values[0])
    if isinstance(node, ast.UnaryOp):
        return _outermost(node.operand)
    if isinstance(node, ast.BinOp):
        return _outermost(node.left)
    inner = getattr(node, "value", None)
    return _outermost(inner) if isinstance(inner, ast.AST) else ""


def modules(source_files: tuple[str, ...]) -> dict[str, str]:
    """Dotted module name to path for every file of the package."""
    packages = {f.rpartition("/")[0] for f in source_files if f.endswith("__init__.py")}
    return {dotted: f for f in source_files if f.endswith(".py") and (dotted := _dotted(f, packages))}


def _dotted(file: str, packages: set[str]) -> str:
    folder, _, name = file.rpartition("/")
    parts = [] if name == "__init__.py" else [name.removesuffix(".py")]
    while folder and folder in packages:
        parts.insert(0, folder.rpartition("/")[2])
        folder = folder.rpartition("/")[0]
    return ".".join(parts)


def _plain(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _module(file: str, read: Read) -> ast.Module | None:
    try:
        return parsed(read(file))
    except (OSError, KeyError, UnicodeDecodeError):
        return None


def _enclosing(
    node: ast.AST, line: int, path: list[FunctionNode | ast.ClassDef]
) -> list[FunctionNode | ast.ClassDef]:
    for child in ast.iter_child_nodes(node):
        if getattr(child, "lineno", 0) <= line <= (getattr(child, "end_lineno", 0) or 0):
            return _enclosing(
                child, line, [*path, child] if isinstance(child, FunctionNode | ast.ClassDef) else path
            )
    return path


def _called(file: str, names: list[str], node: FunctionNode | ast.ClassDef, read: Read) -> Called:
    function: FunctionNode | None = (
        node
        if isinstance(node, FunctionNode)
        else next((n for n in node.body if isinstance(n, FunctionNode) and n.name == "__init__"), None)
    )
    documented = ast.get_docstring(node) is not None
    if names[-1] == "__init__" and len(names) > 1:
        names = names[:-1]
    signature = ""
    if function is not None:
        arguments = syntax.parse(ast.unparse(function.args).join(("def f(", "): pass"))).body[0]
        assert isinstance(arguments, ast.FunctionDef)
        static = any("staticmethod" in ast.unparse(d) for d in function.decorator_list)
        first = [*arguments.args.posonlyargs, *arguments.args.args][:1]
        if first and first[0].arg in ("self", "cls", "mcs") and not static:
            (arguments.args.posonlyargs or arguments.args.args).pop(0)
        for a in ast.walk(arguments.args):
            if isinstance(a, ast.arg):
                a.annotation = None
        signature = f"({ast.unparse(arguments.args)})"
    return Called(".".join([public(file, names[0], read), *names[1:]]), signature, documented)


def _exists(path: str, read: Read) -> str | None:
    try:
        return read(path)
    except (OSError, KeyError, UnicodeDecodeError):
        return None


def public(file: str, name: str, read: Read) -> str:
    """The shortest dotted name: from the outermost package whose `__init__` brings the name in."""
    folder, _, base = file.rpartition("/")
    chain: list[tuple[str, str]] = []
    inits: list[str] = []
    while folder and (text := _exists(f"{folder}/__init__.py", read)) is not None:
        chain.insert(0, (folder.rpartition("/")[2], text))
        inits.insert(0, f"{folder}/__init__.py")
        folder = folder.rpartition("/")[0]
    own = [package for package, _ in chain] + ([] if base == "__init__.py" else [base.removesuffix(".py")])
    for depth, (_, text) in enumerate(chain, 1):
        module = parsed(text)
        for node in ast.walk(module) if module is not None else ():
            if isinstance(node, ast.ImportFrom) and _gives(node, inits[depth - 1], file, name, read, 0):
                return ".".join([*own[:depth], name])
    return ".".join([*own, name])


def _gives(node: ast.ImportFrom, importer: str, file: str, name: str, read: Read, depth: int) -> bool:
    """Whether the import brings in what `file` calls by that name, under the same name."""
    plain = any(alias.name == name and alias.asname in (None, name) for alias in node.names)
    if depth > 3 or not (plain or (node.names[0].name == "*" and not name.startswith("_"))):
        return False
    tail = (node.module or "").split(".") if node.module else []
    folder = importer.split("/")[:-1]
    folder = folder[: len(folder) - node.level + 1] if node.level else folder
    if not node.level:  # an absolute import: from the folder that holds the outermost package
        if not tail or tail[0] not in folder:
            return False
        folder = folder[: folder.index(tail[0])]
    place = "/".join([*folder, *tail])
    for path in (f"{place}.py", f"{place}/__init__.py"):
        if path == file:
            return True
        module = _module(path, read)
        if module is not None and path != importer:
            inner = (n for n in module.body if isinstance(n, ast.ImportFrom))
            return any(_gives(n, path, file, name, read, depth + 1) for n in inner)
    return False


def _resolve(dotted: str, files: dict[str, str], read: Read, depth: int) -> Called | None:
    module, rest = dotted, list[str]()
    while module and module not in files:
        module, _, last = module.rpartition(".")
        rest.insert(0, last)
    if not module or not rest or depth > 4:
        return None
    tree = _module(files[module], read)
    for node in tree.body if tree is not None else ():
        if isinstance(node, FunctionNode | ast.ClassDef) and node.name == rest[0]:
            inner, names = node, [rest[0]]
            for name in rest[1:]:
                following = next(
                    (n for n in inner.body if isinstance(n, FunctionNode | ast.ClassDef) and n.name == name),
                    None,
                )
                if following is None and isinstance(inner, FunctionNode):
                    break
                if following is None:
                    return Called(_called(files[module], [*names, name], inner, read).name, "")
                inner = following
                names.append(name)
            return _called(files[module], names, inner, read)
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.ImportFrom):
            base = module if files[module].endswith("__init__.py") else module.rpartition(".")[0]
            for _ in range(node.level - 1):
                base = base.rpartition(".")[0]
            origin = ".".join(p for p in (base if node.level else "", node.module or "") if p)
            for alias in node.names:
                if alias.name == "*" and origin in files:
                    found = _resolve(".".join([origin, *rest]), files, read, depth + 1)
                    if found is not None:
                        return found
                elif (alias.asname or alias.name) == rest[0]:
                    return _resolve(".".join([origin, alias.name, *rest[1:]]), files, read, depth + 1)
    return None
