"""A function's text taken out of its file as if it stood alone, and put back."""

from dataclasses import dataclass
from difflib import SequenceMatcher

import libcst as cst

from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Edit


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A function and where it stands."""

    program: Program
    node: cst.FunctionDef
    start: int
    end: int
    indent: str
    code: str
    """From the first decorator to the last line, without the indentation; lines end in a newline."""

    def edit(self, code: str) -> Edit:
        """The edit that puts other code in its place; lines that are alike keep their exact bytes."""
        text = self.program.text[self.start : self.end]
        newline = "\r\n" if "\r\n" in text else "\n"
        old = text.split("\n")
        before = [line.rstrip() for line in self.code.rstrip("\n").split("\n")]
        after = [line.rstrip() for line in code.rstrip().split("\n")]
        lines: list[str] = []
        for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                lines += [line.removesuffix("\r") for line in old[i:j]]
            else:
                lines += [self.indent + line if line else "" for line in after[k:m]]
        tail = text[len(text.rstrip("\r\n")) :]
        return Edit(self.start, self.end, newline.join(lines) + tail)


def excerpt_of(program: Program, node: cst.FunctionDef) -> Excerpt | None:
    """The function's excerpt; none where it cannot be taken out of its place without changing it."""
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
