"""Functions and classes as they are told of in a few lines: heads, and the beginnings of docstrings."""

from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.llm_family.excerpt import Definition, Excerpt
from smith_lib.inject.nodes import is_docstring, statements
from smith_lib.inject.program import Program

LONG = 6
"""Lines of a class's assignment from which on it is left out."""


def own_text(program: Program, node: cst.CSTNode) -> str:
    """A statement's text without what stands above it, from the start of its line."""
    start, end = program.span(node)
    lead = getattr(node, "leading_lines", ())
    return program.text[program.span(lead[-1])[1] if lead else start : end].rstrip()


def head(program: Program, node: Definition) -> str:
    """From the first decorator to the colon."""
    start, _ = program.span(node)
    if node.leading_lines:
        start = program.span(node.leading_lines[-1])[1]
    return program.text[start : program.span(node.body)[0]].rstrip()


def stub(program: Program, node: Definition, documented: bool = True) -> str:
    """The head, the docstring's first line where it is to be `documented`, and dots."""
    text = head(program, node)
    first = (node.get_docstring() or "").strip().split("\n")[0].strip()
    inner = f"{text[: len(text) - len(text.lstrip())]}    "
    if documented and first and '"""' not in first and not first.endswith("\\"):
        text += f'\n{inner}"""{first}"""'
    return f"{text}\n{inner}..."


def skeleton(excerpt: Excerpt) -> str:
    """What is left of a function or class without its code: heads, whole docstrings, class attributes."""
    lines = list(_skeleton(excerpt.program, excerpt.node))
    return "\n".join(line.removesuffix("\r").removeprefix(excerpt.indent) for line in lines) + "\n"


def _skeleton(program: Program, node: Definition) -> Iterator[str]:
    yield from head(program, node).split("\n")
    indent = ""
    for statement in statements(node.body):
        text = own_text(program, statement)
        indent = text[: len(text) - len(text.lstrip())]
        if is_docstring(statement):
            yield from text.split("\n")
        elif isinstance(node, cst.ClassDef):
            if isinstance(statement, cst.FunctionDef | cst.ClassDef):
                yield from ("", *_skeleton(program, statement))
            elif isinstance(statement, cst.SimpleStatementLine) and text.count("\n") < LONG:
                yield from text.split("\n")
    if isinstance(node, cst.FunctionDef):
        yield f"{indent}..."
