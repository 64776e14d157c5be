"""A function's or class's text taken out of its file as if it stood alone, and put back."""

import ast
import textwrap
from dataclasses import dataclass
from difflib import SequenceMatcher

import libcst as cst

from smith_lib import syntax
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Edit, Part

Definition = cst.FunctionDef | cst.ClassDef


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A function or class and where it stands."""

    program: Program
    node: Definition
    start: int
    end: int
    indent: str
    code: str
    """From the first decorator to the last line, without the indentation; lines end in a newline."""

    @property
    def label(self) -> str:
        """Its qualified name."""
        return self.program.qualname(self.node)

    def parts(self, code: str) -> tuple[Part, ...]:
        """What putting other code in its place changes: of a class only the methods that differ, where that
        is all, so that each is checked as a function of its own."""
        methods = _methods(self, code) if isinstance(self.node, cst.ClassDef) else []
        if methods:
            return tuple(part for method, new in methods for part in method.parts(new))
        return (Part(self.program, self.edit(code), self.program.unit(self.node), self.label),)

    def edit(self, code: str) -> Edit:
        """The edit that puts other code in its place; lines that are alike keep their exact bytes."""
        text = self.program.text[self.start : self.end]
        newline = "\r\n" if "\r\n" in text else "\n"
        old = [_parted(line) for line in text.rstrip("\r\n").split("\n")]
        before = [line.rstrip() for line in self.code.rstrip("\n").split("\n")]
        after = [line.rstrip() for line in code.rstrip().split("\n")]
        lines: list[tuple[str, str]] = []
        for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                lines += [(line, newline if at == len(old) - 1 else end)
                          for at, (line, end) in enumerate(old[i:j], i)]  # fmt: skip
            else:
                ends = [end for _, end in old[i : min(j, len(old) - 1)]] + [newline] * (m - k)
                new = (self.indent + line if line else "" for line in after[k:m])
                lines += zip(new, ends, strict=False)
        body = "".join(line + end for line, end in lines[:-1]) + lines[-1][0]
        return Edit(self.start, self.end, body + text[len(text.rstrip("\r\n")) :])


def _parted(line: str) -> tuple[str, str]:
    """A line that ended in a line feed, and its end."""
    return (line[:-1], "\r\n") if line.endswith("\r") else (line, "\n")


def _methods(whole: Excerpt, code: str) -> list[tuple[Excerpt, str]]:
    """The methods of a class that other code changes, with their new text; none where it changes more."""
    [before], [after] = syntax.parse(whole.code).body, syntax.parse(code).body
    nodes = [node for node in whole.node.body.body if isinstance(node, cst.FunctionDef | cst.ClassDef)]
    if not isinstance(before, ast.ClassDef) or not isinstance(after, ast.ClassDef):
        return []
    clean, new = before.body, after.body
    if [_name(one) for one in clean] != [_name(one) for one in new]:
        return []
    lines = code.split("\n")
    found: list[tuple[Excerpt, str]] = []
    for one, other in zip(clean, new, strict=True):
        node = nodes.pop(0) if isinstance(one, _NAMED) else None
        if ast.dump(one) == ast.dump(other):
            continue
        excerpt = excerpt_of(whole.program, node) if isinstance(node, cst.FunctionDef) else None
        if excerpt is None:
            return []
        first = syntax.span(other).start
        text = textwrap.dedent("\n".join(lines[first - 1 : other.end_lineno]))
        found.append((excerpt, text + "\n"))
    return found


_NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _name(statement: ast.stmt) -> tuple[type[ast.stmt], str]:
    return type(statement), getattr(statement, "name", "")


def excerpt_of(program: Program, node: Definition) -> Excerpt | None:
    """The excerpt of a function or class; none where taking it out of its place would change it."""
    start, end = program.span(node)
    if node.leading_lines:
        start = program.span(node.leading_lines[-1])[1]
    text = program.text[start:end]
    end = start + len(text.rstrip()) + (1 if len(text.rstrip()) < len(text) else 0)
    text = program.text[start:end].rstrip()
    if program.text[end - 1 : end] == "\r":
        end += 1
    indent = text[: len(text) - len(text.lstrip(" \t"))]
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if any(line.strip() and not line.startswith(indent) for line in lines) or "\f" in text:
        return None
    code = "\n".join(line[len(indent) :] if line.strip() else "" for line in lines) + "\n"
    return Excerpt(program, node, start, end, indent, code)
