"""Names that a change takes away from a package while code still uses them."""

import ast
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from smith_lib import syntax


@dataclass(frozen=True, slots=True)
class Uses:
    """What a file binds and reads."""

    bound: frozenset[str] = frozenset()
    """Names that it binds anywhere."""
    read: frozenset[str] = frozenset()
    """Names that it reads anywhere."""
    stored: frozenset[str] = frozenset()
    """Those bound, and attributes that it sets."""
    loaded: frozenset[str] = frozenset()
    """Attributes that it reads."""


def uses(text: str) -> Uses:
    """What the file binds and reads; nothing where it does not parse, which the other checks tell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Uses()
    found: dict[str, set[str]] = {"bound": set(), "read": set(), "stored": set(), "loaded": set()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found["read" if isinstance(node.ctx, ast.Load) else "bound"].add(node.id)
        elif isinstance(node, ast.Attribute):
            found["loaded" if isinstance(node.ctx, ast.Load) else "stored"].add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found["bound"].add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found["bound"].update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    found["stored"] |= found["bound"]
    return Uses(**{name: frozenset(names) for name, names in found.items()})


class Package:
    """What a package's files bind and read, and in how many of them."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Read the files (path to text)."""
        self.files = {path: uses(text) for path, text in texts.items()}
        self.stored = Counter(name for one in self.files.values() for name in one.stored)
        self.loaded = Counter(name for one in self.files.values() for name in one.loaded)

    def lost(self, changed: Mapping[str, str]) -> str:
        """The first name that the changed files take away and code still uses; empty without one."""
        before = {path: self.files[path] for path in changed}
        after = {path: uses(text) for path, text in changed.items()}
        pairs = [(before[path], after[path]) for path in changed]
        lost = {name for was, now in pairs for name in (was.bound - now.bound) & now.read}
        lost |= {name for was, now in pairs for name in (was.stored - now.stored) & now.loaded}
        for name in {name for was, now in pairs for name in was.stored - now.stored}:
            stored = sum((name in now.stored) - (name in was.stored) for was, now in pairs)
            loaded = sum((name in now.loaded) - (name in was.loaded) for was, now in pairs)
            if self.stored[name] + stored == 0 < self.loaded[name] + loaded:
                lost.add(name)
        return min(lost, default="")
