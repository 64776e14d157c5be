"""Statements laid out as source that a person would have typed."""

import ast
import re
import textwrap
from collections.abc import Sequence
from copy import deepcopy

from smith_lib import syntax


def block(sources: Sequence[str]) -> str:
    """Statements as lines, with a blank line after a definition and around other blocks."""
    out = ""
    for source in sources:
        deep = "\n    " in source
        out += (
            ("\n" if deep and out and not out.endswith("\n\n") else "") + source + ("\n\n" if deep else "\n")
        )
    return out.rstrip("\n")


def import_block(lines: Sequence[str]) -> str:
    """Import statements with those from one module joined."""
    joined: dict[str, list[str]] = {}
    out: list[str] = []
    for line in lines:
        found = re.fullmatch(r"from (\S+) import (.*)", line)
        if found:
            joined.setdefault(found[1], []).append(found[2])
        else:
            out.append(line)
    return "\n".join(
        [*out, *(f"from {module} import {', '.join(names)}" for module, names in joined.items())]
    )


def source(node: ast.stmt, text: str) -> str:
    """The statement as source; where that is too long, or holds text of several lines, laid out as `text` has
    it if it is still the same."""
    new = ast.unparse(ast.fix_missing_locations(deepcopy(node)))
    if not text or not hasattr(node, "lineno"):
        return new
    lines = text.split("\n")[node.lineno - 1 : node.end_lineno]
    if max(map(len, new.split("\n"))) <= 100 and not re.search(r"\"{3}|'{3}", "".join(lines)):
        return new
    for old in (textwrap.dedent("\n".join(lines)), "\n".join([lines[0].lstrip(), *lines[1:]])):
        try:
            same = ast.dump(syntax.parse(old)) == ast.dump(syntax.parse(new))
        except SyntaxError:
            continue
        if same and "#" not in old:
            return old
    return new
