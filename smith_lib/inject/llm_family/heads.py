"""Whether two functions or classes have the same head: what callers and readers of the clean code rely on."""

import ast

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Unfit(Exception):  # noqa: N818
    """An answer that cannot be used; the text says why, to the model too."""


def same(before: Definition, after: Definition, *, helped: bool = False, grown: bool = False) -> None:
    """Nothing; raises `Unfit` where a head is not as it was, of the definition or of a method in it.

    Where it may be `helped`, a class may have private methods more; where it may be `grown`, parameters with
    defaults may be added, and lines to docstrings.
    """
    if type(after) is not type(before):
        both = {ast.FunctionDef, ast.AsyncFunctionDef}
        if {type(before), type(after)} == both:
            raise Unfit("`async` is not as it was")
        raise Unfit("the block holds something other than the one function or class")
    if after.name != before.name:
        raise Unfit(f"the {_kind(before)} is called {after.name}, not {before.name}")
    name = after.name
    if not grown or not _is_longer(_parameters(before), _parameters(after), after):
        _field(before, after, "args", "parameters")
    _field(before, after, "returns", "result annotation")
    _field(before, after, "type_params", "type parameters")
    _field(before, after, "decorator_list", "decorators")
    _field(before, after, "bases", "base classes")
    _field(before, after, "keywords", "class keywords")
    if not _is_documented(ast.get_docstring(before), ast.get_docstring(after), grown):
        raise Unfit(f"the docstring of {name} is not as it was")
    if _is_empty(after) and not _is_empty(before):
        raise Unfit(f"{name} is not written out")
    if isinstance(before, ast.ClassDef) and isinstance(after, ast.ClassDef):
        _same_members(before, after, helped, grown)


def _kind(definition: Definition) -> str:
    return "class" if isinstance(definition, ast.ClassDef) else "function"


def _field(before: Definition, after: Definition, field: str, name: str) -> None:
    if _dumped(getattr(after, field, None)) != _dumped(getattr(before, field, None)):
        raise Unfit(f"the {name} of {after.name} are not as they were")


def _dumped(value: object) -> str:
    if isinstance(value, list):
        return str([_dumped(part) for part in value])
    return ast.dump(value) if isinstance(value, ast.AST) else str(value)


def _is_empty(definition: Definition) -> bool:
    """Whether it holds a placeholder in place of code."""
    match definition.body[1:] if ast.get_docstring(definition) is not None else definition.body:
        case [] | [ast.Pass()] | [ast.Expr(value=ast.Constant())]:
            return True
        case [ast.Raise(exc=ast.Name(id=name) | ast.Call(func=ast.Name(id=name)))]:
            return name == "NotImplementedError"
    return False


def body_of(definition: Definition) -> str:
    """Its statements without its docstring, as text that is the same for the same statements."""
    return _dumped(definition.body[1:] if ast.get_docstring(definition) is not None else definition.body)


def _is_documented(before: str | None, after: str | None, grown: bool) -> bool:
    if before == after:
        return True
    if not grown or after is None:
        return False
    lines = iter(line.strip() for line in after.split("\n"))
    return all(line.strip() in lines for line in (before or "").split("\n") if line.strip())


def _same_members(before: ast.ClassDef, after: ast.ClassDef, helped: bool, grown: bool) -> None:
    """Every method and inner class is there, in the order of those of its name, with the same head."""
    left = [one for one in after.body if isinstance(one, Definition)]
    for member in before.body:
        if not isinstance(member, Definition):
            continue
        found = next((one for one in left if one.name == member.name), None)
        if found is None:
            raise Unfit(f"the class {before.name} lacks {member.name}")
        left.remove(found)
        same(member, found, helped=helped, grown=grown)
    private = [one for one in left if one.name.startswith("_") and not one.name.startswith("__")]
    if helped or grown:
        left = [one for one in left if one not in private]
    if left:
        raise Unfit(f"the class {before.name} has {left[0].name} too, which was not asked for")
    if not helped and _bound(before) - _bound(after):
        raise Unfit(f"the class {before.name} lacks {min(_bound(before) - _bound(after))}")


def _bound(body: ast.ClassDef) -> set[str]:
    """Names that a class's own assignments bind."""
    found: set[str] = set()
    for one in body.body:
        targets = one.targets if isinstance(one, ast.Assign) else [getattr(one, "target", None)]
        found.update(target.id for target in targets if isinstance(target, ast.Name))
    return found


def _parameters(definition: Definition) -> ast.arguments | None:
    return None if isinstance(definition, ast.ClassDef) else definition.args


def _is_longer(before: ast.arguments | None, after: ast.arguments | None, holder: Definition) -> bool:
    """Whether parameters were added such that every call of before means what it meant. Raises `Unfit` where
    an added one is never read."""
    if before is None or after is None:
        return before is after
    old, new = _positional(before), _positional(after)
    named, naming = _named(before), _named(after)
    if new[: len(old)] != old or len(after.posonlyargs) != len(before.posonlyargs):
        return False
    if any(_dumped(getattr(before, f)) != _dumped(getattr(after, f)) for f in ("vararg", "kwarg")):
        return False
    added = new[len(old) :]
    if added and before.vararg is not None:
        return False
    if {name: value for name, value in naming.items() if name in named} != named:
        return False
    fresh = [arg.arg for arg in [*after.args, *after.kwonlyargs] if arg.arg not in _names(before)]
    if any(default == "None" for _, default in added):
        return False
    if any(default == "None" for name, (_, default) in naming.items() if name not in named):
        return False
    read = {n.id for n in ast.walk(holder) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for name in fresh:
        if name not in read:
            raise Unfit(f"the added parameter {name} is never used")
    return True


def _names(arguments: ast.arguments) -> set[str]:
    return {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}


def _positional(arguments: ast.arguments) -> list[tuple[str, str]]:
    """The positional parameters with their defaults, as text; `None` where there is none."""
    every = [*arguments.posonlyargs, *arguments.args]
    lacking: list[ast.expr | None] = [None] * (len(every) - len(arguments.defaults))
    return [
        (_dumped(one), _dumped(default))
        for one, default in zip(every, [*lacking, *arguments.defaults], strict=True)
    ]


def _named(arguments: ast.arguments) -> dict[str, tuple[str, str]]:
    """The keyword-only parameters with their defaults, as text."""
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return {one.arg: (_dumped(one), _dumped(default)) for one, default in pairs}
