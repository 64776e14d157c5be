"""The named pieces of a source text: functions, and variables of modules and classes."""

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from smith_lib import syntax
from smith_lib.diffs import lines_of

Defined = ast.FunctionDef | ast.AsyncFunctionDef
_HEAD = re.compile(r"(?P<indent>[ \t]*)(?:(?:async[ \t]+)?def|(?P<cls>class))[ \t]+(?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named piece of a text: its lines from `start` to before `end`, decorators included."""

    name: str
    """Qualified, as Python has it."""
    start: int
    end: int
    body: int
    """The first line of what it does; of a variable, its first line."""
    parameters: tuple[str, ...]
    returns: frozenset[int]
    """How many values its `return`s give: 1, or the length of a tuple; empty where it gives none."""
    lines: tuple[str, ...]

    @property
    def decorators(self) -> list[str]:
        """The lines that begin with a decorator."""
        head = self.lines[: self.body - self.start]
        return [line.strip() for line in head if line.lstrip().startswith("@")]

    @property
    def last_name(self) -> str:
        """The name without what it is in."""
        return self.name.rpartition(".")[2]


@lru_cache(maxsize=256)
def symbols(text: str) -> dict[str, Symbol]:
    """The text's pieces by name, of two the longest; found by indentation where it does not parse."""
    lines = lines_of(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = _by_indentation(lines)
    else:
        found = _pieces(tree.body, "", lines)
    return {piece.name: piece for piece in sorted(found, key=lambda piece: len(piece.lines))}


def _pieces(body: list[ast.stmt], above: str, lines: list[str]) -> Iterator[Symbol]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _pieces(node.body, f"{above}{node.name}.", lines)
        elif isinstance(node, Defined):
            start = syntax.span(node).start - 1
            first = node.body[1] if _is_text(node.body[0]) and len(node.body) > 1 else node.body[0]
            inside = node.args
            named = [*inside.posonlyargs, *inside.args, *inside.kwonlyargs, inside.vararg, inside.kwarg]
            parameters = tuple(arg.arg for arg in named if arg is not None)
            end = node.end_lineno or node.lineno
            given = frozenset(_returns(node))
            text = tuple(lines[start:end])
            yield Symbol(above + node.name, start, end, first.lineno - 1, parameters, given, text)
        elif isinstance(node, ast.If | ast.Try):
            for inner in (node.body, node.orelse):
                yield from _pieces(inner, above, lines)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                start, end = node.lineno - 1, node.end_lineno or node.lineno
                yield Symbol(above + target.id, start, end, start, (), frozenset(), tuple(lines[start:end]))


def _returns(function: Defined) -> Iterator[int]:
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield len(node.value.elts) if isinstance(node.value, ast.Tuple) else 1
        elif not isinstance(node, Defined | ast.ClassDef | ast.expr):
            waiting += ast.iter_child_nodes(node)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _by_indentation(lines: list[str]) -> Iterator[Symbol]:
    """Functions of a text of another Python, as far as indentation tells them."""
    around: list[tuple[int, str]] = []
    for at, line in enumerate(lines):
        head = _HEAD.match(line)
        if head is None:
            continue
        depth = len(head["indent"])
        around = [(deep, name) for deep, name in around if deep < depth]
        name = ".".join([*(name for _, name in around), head["name"]])
        if head["cls"]:
            around.append((depth, head["name"]))
            continue
        end = at + 1
        while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > depth):
            end += 1
        while not lines[end - 1].strip():
            end -= 1
        found = re.search(r"\(([^()]*)\)", line)
        told = (part.partition("=")[0].strip(" *") for part in (found[1] if found else "").split(","))
        parameters = tuple(part for part in told if part)
        yield Symbol(name, at, end, at + 1, parameters, frozenset(), tuple(lines[at:end]))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
