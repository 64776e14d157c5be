"""A source file laid out for rewriting: every node's place in the text, its parent and its function."""

import ast
import io
import tokenize
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from smith_lib import syntax
from smith_lib.diffs import lines_of
from smith_lib.inject import untouchable

MAX_CHARACTERS = 1_000_000
_BINDING = (cst.Param, cst.AssignTarget, cst.For)


class Skipped(Exception):  # noqa: N818
    """A file that bugs cannot be made in; the text says why."""


@dataclass(slots=True)
class _Recorder(CodegenState):
    """Generates code while it notes where each node starts and ends (all that belongs to it included)."""

    length: int = 0
    stack: Any = None
    places: Any = None
    order: Any = None

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.length += len(value)

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.add_token(token)

    def pop_trailing_newline(self) -> None:
        if self.tokens:
            self.length -= len(self.tokens.pop())

    def before_codegen(self, node: cst.CSTNode) -> None:
        parent = self.stack[-1] if self.stack else None
        self.places[id(node)] = [self.length, -1, parent, tuple(self.indent_tokens), len(self.order), -1]
        self.order.append(node)
        self.stack.append(node)

    def after_codegen(self, node: cst.CSTNode) -> None:
        self.stack.pop()
        place = self.places[id(node)]
        place[1], place[5] = self.length, len(self.order)


@dataclass(slots=True)
class _Generator(CodegenState):
    """Generates code of nodes that may have moved; blank lines that were bare stay so at any depth."""

    program: Any = None
    bare: bool = False

    def before_codegen(self, node: cst.CSTNode) -> None:
        if node.__class__ is cst.EmptyLine and node.comment is None:
            self.bare = not self.program.is_known(node) or not self.program.source(node).strip("\r\n")

    def after_codegen(self, node: cst.CSTNode) -> None:
        if node.__class__ is cst.EmptyLine:
            self.bare = False

    def add_indent_tokens(self) -> None:
        if not self.bare:
            self.tokens.extend(self.indent_tokens)


class Program:
    """A parsed file. Offsets count characters of `text`, which has no byte order mark."""

    def __init__(self, path: str, text: str) -> None:
        """Parse; raises `Skipped` where that cannot be done without loss."""
        self.path = path
        self.bom = "\ufeff" if text.startswith("\ufeff") else ""
        self.text = text.removeprefix("\ufeff")
        if len(text) > MAX_CHARACTERS:
            raise Skipped(f"{len(text):,} characters, at most {MAX_CHARACTERS:,} are taken")
        try:
            self.module = cst.parse_module(self.text)
            recorder = _Recorder(self.module.default_indent, self.module.default_newline)
            recorder.stack, recorder.places, recorder.order = [], {}, []
            self.module._codegen(recorder)
        except cst.ParserSyntaxError as error:
            raise Skipped(f"does not parse: {error.message} at line {error.raw_line}") from error
        except RecursionError as error:
            raise Skipped("nested too deeply") from error
        if "".join(recorder.tokens) != self.text:
            raise Skipped("its exact bytes cannot be kept")
        self.lines = lines_of(self.bom + self.text)
        """The file's lines with their ends, the byte order mark included."""
        self._line_starts = [0]
        self._newlines = self.text.count("\n")
        for line in lines_of(self.text):
            self._line_starts.append(self._line_starts[-1] + len(line))
        self._places = recorder.places
        self._order: list[cst.CSTNode] = recorder.order
        self._variables: dict[int, list[tuple[int, str]]] = {}
        self._attributes: dict[int, tuple[str, ...]] = {}
        self._frozen = untouchable.spans(self)
        self.names, self.imports = _module_names(self.text)

    def nodes(self) -> list[cst.CSTNode]:
        """All nodes in the order of the text, outer ones first."""
        return self._order

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where the node's text starts and ends, its parentheses, comments above and line end included."""
        place = self._places[id(node)]
        return place[0], place[1]

    def inside(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """The nodes below this one in the order of the text."""
        place = self._places[id(node)]
        return self._order[place[4] + 1 : place[5]]

    def is_known(self, node: cst.CSTNode) -> bool:
        """Whether the node is one of the clean file."""
        return id(node) in self._places

    def source(self, node: cst.CSTNode) -> str:
        """The node's own text."""
        start, end = self.span(node)
        return self.text[start:end]

    def line(self, offset: int) -> int:
        """The line (from 0) that holds the offset; one more than there are behind the last line end."""
        return min(bisect_right(self._line_starts, offset) - 1, self._newlines)

    def line_start(self, line: int) -> int:
        """Where the line (from 0) starts in the text."""
        return self._line_starts[line]

    def first_line(self, node: cst.CSTNode) -> int:
        """The line (from 1) on which a statement starts, comments above it left out, decorators included."""
        start, _ = self.span(node)
        lead = getattr(node, "leading_lines", ())
        if lead:
            start = self.span(lead[-1])[1]
        return self.line(start) + 1

    def generate(self, new: cst.CSTNode, like: cst.CSTNode) -> str:
        """The text of a new node, indented as the one it replaces."""
        state = _Generator(self.module.default_indent, self.module.default_newline)
        state.program = self
        state.indent_tokens = list(self._places[id(like)][3])
        if isinstance(new, cst.If) and self.is_elif(like):
            new._codegen(state, is_elif=True)
        else:
            new._codegen(state)
        return "".join(state.tokens)

    def is_elif(self, node: cst.CSTNode) -> bool:
        """Whether the node is the `elif` of another `if`."""
        return isinstance(node, cst.If) and isinstance(self.parent(node), cst.If)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds this one; none for the module."""
        place = self._places.get(id(node))
        return place[2] if place else None

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around this one, from the inside out."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The innermost function that holds the node."""
        return next((a for a in self.ancestors(node) if isinstance(a, cst.FunctionDef)), None)

    def owner(self, node: cst.CSTNode) -> cst.ClassDef | None:
        """The innermost class that holds the node, functions passed through."""
        return next((a for a in self.ancestors(node) if isinstance(a, cst.ClassDef)), None)

    def statement(self, node: cst.CSTNode) -> cst.BaseStatement | None:
        """The innermost statement that holds the node, or itself."""
        around = (node, *self.ancestors(node))
        return next((a for a in around if isinstance(a, cst.BaseStatement)), None)

    def qualname(self, node: cst.CSTNode) -> str:
        """The qualified name of a function or class as Python has it; `<module>` for the module."""
        if not isinstance(node, cst.FunctionDef | cst.ClassDef):
            return "<module>"
        name = node.name.value
        for above in self.ancestors(node):
            if isinstance(above, cst.FunctionDef):
                name = f"{above.name.value}.<locals>.{name}"
            elif isinstance(above, cst.ClassDef):
                name = f"{above.name.value}.{name}"
        return name

    def siblings(self, node: cst.CSTNode) -> tuple[list[cst.BaseStatement], int]:
        """The statements of the block that holds this statement, and its place among them."""
        block = self.parent(node)
        if not isinstance(block, cst.IndentedBlock | cst.Module):
            return [], 0
        body: list[cst.BaseStatement] = list(block.body)
        at = next((i for i, statement in enumerate(body) if statement is node), None)
        return ([], 0) if at is None else (body, at)

    def variables(self, node: cst.CSTNode) -> tuple[str, ...]:
        """Parameters and variables of the enclosing function that are bound before the node, in order."""
        function = self.function(node)
        if function is None:
            return ()
        bound = self._variables.get(id(function))
        if bound is None:
            bound = self._variables[id(function)] = list(self._bound(function))
        start, _ = self.span(node)
        return tuple(dict.fromkeys(name for at, name in bound if at < start))

    def _bound(self, function: cst.FunctionDef) -> Iterator[tuple[int, str]]:
        body = self.span(function.body)[0]
        for node in self.inside(function):
            if not isinstance(node, _BINDING) or self.function(node) is not function:
                continue
            at, to = self.span(node)
            if isinstance(node, cst.Param):
                if (
                    self.parent(self.parent(node) or node) is function
                    and at < body
                    and node.star not in ("*", "**")
                ):
                    yield at, node.name.value
            else:
                target = node.target
                parts = [e.value for e in target.elements] if isinstance(target, cst.Tuple) else [target]
                for part in parts:
                    if isinstance(part, cst.Name):
                        yield (
                            to if isinstance(node, cst.AssignTarget) else self.span(node.body)[0] - 1,
                            part.value,
                        )

    def attributes(self, node: cst.CSTNode) -> tuple[str, ...]:
        """Attributes that the enclosing class reads or sets on `self` without calling them, sorted."""
        owner = self.owner(node)
        if owner is None:
            return ()
        known = self._attributes.get(id(owner))
        if known is None:
            found = {
                n.attr.value
                for n in self.inside(owner)
                if isinstance(n, cst.Attribute)
                and isinstance(n.value, cst.Name)
                and n.value.value == "self"
                and not isinstance(self.parent(n), cst.Call)
            }
            known = self._attributes[id(owner)] = tuple(sorted(found))
        return known

    def methods(self, node: cst.CSTNode) -> tuple[cst.FunctionDef, ...]:
        """The methods of the enclosing class, in order."""
        owner = self.owner(node)
        body = owner.body.body if owner is not None else ()
        return tuple(s for s in body if isinstance(s, cst.FunctionDef))

    def unit(self, node: cst.CSTNode) -> cst.CSTNode:
        """The outermost function around the node (or itself), else the statement around it."""
        holder: cst.CSTNode = node
        for step in [node, *self.ancestors(node)][::-1]:
            if isinstance(step, cst.ClassDef):
                holder = step
            elif isinstance(step, cst.BaseCompoundStatement | cst.SimpleStatementLine):
                return step
            elif not isinstance(step, cst.Module | cst.IndentedBlock):
                return holder
        return holder

    def touchable(self, node: cst.CSTNode) -> bool:
        """Whether bugs may be made here: not in docstrings, annotations, imports, logging and the like."""
        start, _ = self.span(node)
        return not self._frozen.holds(start)


def _module_names(text: str) -> tuple[frozenset[str], dict[str, int]]:
    """Names that the module binds at any depth outside functions, and how often its imports are read."""
    tree = syntax.parse(text)
    names: set[str] = set()
    imported: set[str] = set()
    loads: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Store):
                names.add(node.id)
            else:
                loads[node.id] += 1
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    return frozenset(names | imported), {name: loads[name] for name in sorted(imported) if loads[name]}


def read(tree: Path, path: str) -> Program:
    """The parsed file. Raises `Skipped` with the reason."""
    file = tree / path
    try:
        if file.is_symlink() or not file.resolve().is_relative_to(tree.resolve()):
            raise Skipped("a link that may leave the tree")
        data = file.read_bytes()
        text = data.decode("utf-8")
        coding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if coding not in ("utf-8", "utf-8-sig", "ascii"):
            raise Skipped(f"says that its coding is {coding}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, path, "exec", dont_inherit=True)
    except OSError as error:
        raise Skipped(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Skipped(f"is not UTF-8: {error.reason} at byte {error.start}") from error
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Skipped(f"does not compile: {error}") from error
    return Program(path, text)
