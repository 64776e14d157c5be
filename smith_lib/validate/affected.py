"""Which statements of a clean file a change touches, such that whoever is affected executes one of them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from smith_lib import syntax

_Block = list[ast.stmt]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
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
        part = differing(clean, buggy)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ANYONE
    before, after, lines = part.before, part.after, set[int]()
    try:
        if not _blocks(before.body, after.body, None, lines, part):
            return ANYONE
        lines |= _scopes(before, after, lines)
    except RecursionError:
        return ANYONE
    return Touched(frozenset(lines))


@dataclass(frozen=True, slots=True)
class Differing:
    """Where two texts may differ."""

    before: ast.Module
    """Of the top-level statements those that may, each on its line; or all of them."""
    after: ast.Module
    head: int
    """So many lines at the beginning are the same."""
    tails: tuple[int, int]
    """The numbers of the last lines, in both, after which all lines are the same."""

    def same(self, one: ast.AST, other: ast.AST) -> bool:
        """Whether two statements, one of each text, say the same; those on lines that are the same do."""
        if isinstance(one, ast.stmt) and isinstance(other, ast.stmt):
            ends = one.end_lineno or 0, other.end_lineno or 0
            begun = syntax.span(one).start, syntax.span(other).start
            columns = one.col_offset == other.col_offset
            if columns and begun[0] == begun[1] and ends[0] == ends[1] <= self.head:
                return type(one) is type(other)
            old, new = self.tails
            if columns and begun[0] - old == begun[1] - new > 0 and ends[0] - old == ends[1] - new:
                return type(one) is type(other)
        return same(one, other)


def differing(clean: str, buggy: str) -> Differing:
    """Of both texts what has to be looked at to tell them apart. Raises as `ast.parse` does."""
    clean, buggy = _plain(clean), _plain(buggy)
    old, new = clean.split("\n"), buggy.split("\n")
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    tails, shift = (len(old) - tail, len(new) - tail), len(new) - len(old)
    starts, methods = _places(clean)
    first = max((n for n in starts if n <= max(1, head)), default=1)
    last = min((n for n in starts if n > tails[0] + 1), default=len(old) + 1) - 1
    places = [(m.start, m.stop - 1, "class _:\n") for m in methods if m.start <= head < m.stop - 1]
    for begin, end, holder in (*places, (first, last, "")):
        above = "\n" * (begin - 1 - bool(holder)) + holder
        if holder and end < tails[0]:
            continue
        try:
            before = syntax.parse(above + "\n".join(old[begin - 1 : end]))
            after = syntax.parse(above + "\n".join(new[begin - 1 : end + shift]))
        except SyntaxError:
            continue
        if not holder or (_is_method(before) and _is_method(after)):
            return Differing(before, after, head, tails)
    return Differing(syntax.parse(clean), syntax.parse(buggy), head, tails)


def _is_method(module: ast.Module) -> bool:
    """Whether it is a class that holds a function and nothing else."""
    classes = [statement.body for statement in module.body if isinstance(statement, ast.ClassDef)]
    return len(module.body) == len(classes) == 1 and [isinstance(s, _FUNCTIONS) for s in classes[0]] == [True]


def _plain(text: str) -> str:
    """The text with lines that end as Python has it: a form feed ends none."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@lru_cache(64)
def _places(clean: str) -> tuple[tuple[int, ...], tuple[range, ...]]:
    """The first lines of the statements at the top level, and the lines of each method of a class there."""
    body = syntax.parse(clean).body
    held = [(c.lineno, s) for c in body if isinstance(c, ast.ClassDef) for s in c.body]
    methods = [(line, syntax.span(s)) for line, s in held if isinstance(s, _FUNCTIONS)]
    firsts = tuple(syntax.span(statement).start for statement in body)
    return firsts, tuple(span for line, span in methods if span.start > line)


def same(one: ast.AST | None, other: ast.AST | None) -> bool:
    """Whether two trees say the same; by far faster than comparing what `ast.dump` gives."""
    if type(one) is not type(other):
        return False
    if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):  # 1 == True == 1.0
        value, now = one.value, other.value
        return type(value) is type(now) and repr(value) == repr(now) and one.kind == other.kind
    names = () if one is None else one._fields
    return all(_equal(getattr(one, name, None), getattr(other, name, None)) for name in names)


def _inner(holder: ast.AST) -> Iterator[int]:
    """The lines within a compound statement; for a function or class those of its body alone.

    That is, where it has any that a probe tells of.
    """
    if isinstance(holder, _DEFS) and not all(map(_is_silent, holder.body)):
        for statement in holder.body:
            yield from syntax.span(statement)
    else:
        yield from syntax.span(holder)


def _is_silent(statement: ast.stmt) -> bool:
    """Whether it may be a docstring, which no probe tells of."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _blocks(
    before: _Block, after: _Block, holder: ast.AST | None, lines: set[int], part: Differing
) -> bool:
    """Collect what differs between two blocks; False where that is an insertion into the module itself."""
    start, ends = 0, (len(before), len(after))
    while start < min(ends) and part.same(before[start], after[start]):
        start += 1
    while min(ends) > start and part.same(before[ends[0] - 1], after[ends[1] - 1]):
        ends = (ends[0] - 1, ends[1] - 1)
    old, new = before[start : ends[0]], after[start : ends[1]]
    if not old and not new:
        return True
    if start == 0 and isinstance(holder, _DEFS) and any(map(_is_silent, (*before[:1], *after[:1]))):
        lines.update(syntax.span(holder))  # its docstring, which is there once it is defined
    if len(old) == len(new):
        return all(_statements(one, other, holder, lines, part) for one, other in zip(old, new, strict=True))
    return _region(old, holder, lines)


def _region(old: _Block, holder: ast.AST | None, lines: set[int]) -> bool:
    """The lines of statements that are replaced; of what holds them where none is or they are silent."""
    for statement in old:
        lines.update(syntax.span(statement))
    if old and not _is_silent(old[0]):
        return True
    if holder is None:
        return False
    lines.update(_inner(holder))
    return True


def _statements(
    one: ast.stmt, other: ast.stmt, holder: ast.AST | None, lines: set[int], part: Differing
) -> bool:
    if part.same(one, other):
        return True
    pairs = _below(one, other)
    if pairs is None:
        return _region([one], holder, lines)
    return all(_blocks(before, after, one, lines, part) for before, after in pairs)


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
        return same(one, other)
    return one == other


def _scopes(before: ast.Module, after: ast.Module, lines: set[int]) -> set[int]:
    """The whole bodies of touched functions whose names or kind change.

    An assignment that comes or goes makes a name local or not in all of its function; a `yield` makes it a
    generator.
    """
    found: set[int] = set()
    others = dict(_functions(after, ""))
    for name, node in _functions(before, ""):
        if lines.isdisjoint(syntax.span(node)):
            continue
        other = others.get(name)
        if other is None or _bound(node) != _bound(other):
            found.update(_inner(node))
    return found


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function with a name that tells it from others: those of one name are numbered."""
    counts: dict[str, int] = {}
    for child in held(node):
        name = prefix
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            counts[child.name] = counts.get(child.name, 0) + 1
            name = f"{prefix}{child.name}#{counts[child.name]}."
            if not isinstance(child, ast.ClassDef):
                yield name, child
        yield from _functions(child, name)


def held(node: ast.AST) -> Iterator[ast.AST]:
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
