"""Which statements of a clean file a change touches, such that whoever is affected executes one of them."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from smith_lib import syntax

_Block = list[ast.stmt]
_DEFS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_HELD = (ast.stmt, ast.excepthandler, ast.match_case)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Touched:
    """Lines of the clean file, among them the first line of every statement that a change touches."""

    lines: frozenset[int]
    anyone: bool = False
    """Whether no line can tell who is affected: then everybody may be."""


ANYONE = Touched(frozenset(), True)


def touched(clean: str, buggy: str) -> Touched:
    """What the change from clean to buggy touches; `ANYONE` where this interpreter cannot parse them."""
    try:
        before, after = _parsed(clean, buggy)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ANYONE
    lines: set[int] = set()
    try:
        if not _blocks(before.body, after.body, None, lines):
            return ANYONE
        lines |= _scopes(before, after, lines)
    except RecursionError:
        return ANYONE
    return Touched(frozenset(lines))


def _parsed(clean: str, buggy: str) -> tuple[ast.Module, ast.Module]:
    """Both trees, or of both only the top-level statements that may differ, which is faster."""
    clean, buggy = _plain(clean), _plain(buggy)
    old, new = clean.split("\n"), buggy.split("\n")
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    starts = _starts(clean)
    first = max((n for n in starts if n <= max(1, head)), default=1)
    last = min((n for n in starts if n > len(old) - tail + 1), default=len(old) + 1) - 1
    try:
        before = syntax.parse("\n" * (first - 1) + "\n".join(old[first - 1 : last]))
        return before, syntax.parse("\n".join(new[first - 1 : len(new) - len(old) + last]))
    except SyntaxError:
        return syntax.parse(clean), syntax.parse(buggy)


def _plain(text: str) -> str:
    """The text with lines that end as Python has it: a form feed ends none."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(64)
def _starts(clean: str) -> tuple[int, ...]:
    """The first lines of the statements at the top level."""
    return tuple(_span(statement).start for statement in syntax.parse(clean).body)


def _same(one: ast.AST | None, other: ast.AST | None) -> bool:
    """Whether two trees say the same; by far faster than comparing what `ast.dump` gives."""
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):  # 1 == True == 1.0
        value, now = one.value, other.value
        return type(value) is type(now) and repr(value) == repr(now) and one.kind == other.kind
    names = () if one is None else one._fields
    return all(_equal(getattr(one, name, None), getattr(other, name, None)) for name in names)


def _all_same(ones: Iterable[ast.AST | None], others: Iterable[ast.AST | None]) -> bool:
    first, second = list(ones), list(others)
    return len(first) == len(second) and all(map(_same, first, second))


def _span(node: ast.AST) -> range:
    """The lines of a statement, decorators included."""
    line: int = node.lineno  # type: ignore[attr-defined]
    first = min([d.lineno for d in getattr(node, "decorator_list", ())] + [line])
    return range(first, (getattr(node, "end_lineno", None) or line) + 1)


def _inner(holder: ast.AST) -> Iterator[int]:
    """The lines within a compound statement; for a function or class those of its body alone.

    That is, where it has any that a probe tells of.
    """
    if isinstance(holder, _DEFS) and not all(map(_is_silent, holder.body)):
        for statement in holder.body:
            yield from _span(statement)
    else:
        yield from _span(holder)


def _is_silent(statement: ast.stmt) -> bool:
    """Whether it may be a docstring, which no probe tells of."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _blocks(before: _Block, after: _Block, holder: ast.AST | None, lines: set[int]) -> bool:
    """Collect what differs between two blocks; False where that is an insertion into the module itself."""
    start, ends = 0, (len(before), len(after))
    while start < min(ends) and _same(before[start], after[start]):
        start += 1
    while min(ends) > start and _same(before[ends[0] - 1], after[ends[1] - 1]):
        ends = (ends[0] - 1, ends[1] - 1)
    old, new = before[start : ends[0]], after[start : ends[1]]
    if not old and not new:
        return True
    if start == 0 and isinstance(holder, _DEFS) and any(map(_is_silent, (*before[:1], *after[:1]))):
        lines.update(_span(holder))  # its docstring, which is there once it is defined
    if len(old) == len(new):
        return all(_statements(one, other, holder, lines) for one, other in zip(old, new, strict=True))
    return _region(old, holder, lines)


def _region(old: _Block, holder: ast.AST | None, lines: set[int]) -> bool:
    """The lines of statements that are replaced; of what holds them where none is or they are silent."""
    for statement in old:
        lines.update(_span(statement))
    if old and not _is_silent(old[0]):
        return True
    if holder is None:
        return False
    lines.update(_inner(holder))
    return True


def _statements(one: ast.stmt, other: ast.stmt, holder: ast.AST | None, lines: set[int]) -> bool:
    if _same(one, other):
        return True
    pairs = _below(one, other)
    if pairs is None:
        return _region([one], holder, lines)
    return all(_blocks(before, after, one, lines) for before, after in pairs)


def _below(one: ast.stmt, other: ast.stmt) -> list[tuple[_Block, _Block]] | None:
    """The blocks of two compound statements, pair by pair; None where more than blocks differ."""
    if type(one) is not type(other):
        return None
    found: list[tuple[_Block, _Block]] = []
    for name, before in ast.iter_fields(one):
        after = getattr(other, name)
        if name in ("body", "orelse", "finalbody") and isinstance(before, list):
            found.append((before, after))
        elif name in ("handlers", "cases"):
            if len(before) != len(after):
                return None
            for a, b in zip(before, after, strict=True):
                heads = [(x, y) for (n, x), (_, y) in zip(ast.iter_fields(a), ast.iter_fields(b), strict=True)
                         if n != "body"]  # fmt: skip
                if not all(_equal(x, y) for x, y in heads):
                    return None
                found.append((a.body, b.body))
        elif not _equal(before, after):
            return None
    return found or None


def _equal(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, ast.AST) and isinstance(other, ast.AST):
        return _same(one, other)
    return one == other


def _scopes(before: ast.Module, after: ast.Module, lines: set[int]) -> set[int]:
    """The whole bodies of touched functions whose names or kind change.

    An assignment that comes or goes makes a name local or not in all of its function; a `yield` makes it a
    generator.
    """
    found: set[int] = set()
    others = dict(_functions(after, ""))
    for name, node in _functions(before, ""):
        if lines.isdisjoint(_span(node)):
            continue
        other = others.get(name)
        if other is None or _bound(node) != _bound(other):
            found.update(_inner(node))
    return found


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function with a name that tells it from others: those of one name are numbered."""
    counts: dict[str, int] = {}
    for child in _held(node):
        name = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            counts[child.name] = counts.get(child.name, 0) + 1
            name = f"{prefix}{child.name}#{counts[child.name]}."
            if not isinstance(child, ast.ClassDef):
                yield name, child
        yield from _functions(child, name)


def _held(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases right below."""
    for name in node._fields:
        below = getattr(node, name, None)
        if isinstance(below, list) and below and isinstance(below[0], _HELD):
            yield from below


def _bound(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """The names that a function binds or declares, and whether it yields."""
    found: set[str] = set()
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.alias(name=name, asname=other):
                found.add(other or name.partition(".")[0])
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found |= {f"outer {name}" for name in names}
            case ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
            case ast.Yield() | ast.YieldFrom():
                found.add("yield itself")
            case _:
                pass
        if not isinstance(node, _SCOPES):
            todo.extend(ast.iter_child_nodes(node))
    return found
