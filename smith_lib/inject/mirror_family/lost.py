"""Names that a change takes away from a package while code still uses them."""

import ast
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from smith_lib import syntax


@dataclass(frozen=True, slots=True)
class Uses:
    """What a file binds and reads."""

    bound: frozenset[str]
    """Names that the module itself binds."""
    read: frozenset[str]
    """Names that are read anywhere in it."""
    stored: frozenset[str]
    """Attributes that are set, and members of classes."""
    loaded: frozenset[str]
    """Attributes that are read."""


@lru_cache(maxsize=512)
def uses(text: str) -> Uses:
    """What the file binds and reads. Raises `SyntaxError` and the like."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = syntax.parse(text)
    found: dict[str, set[str]] = {"bound": set(), "read": set(), "stored": set(), "loaded": set()}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found["read" if isinstance(node.ctx, ast.Load) else "bound"].add(node.id)
        elif isinstance(node, ast.Attribute):
            found["loaded" if isinstance(node.ctx, ast.Load) else "stored"].add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found["bound"].add(node.name)
            found["stored"].add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found["bound"].update((alias.asname or alias.name).split(".")[0] for alias in node.names)
    found["stored"] |= found["bound"]
    return Uses(**{name: frozenset(names) for name, names in found.items()})


def lost(clean: Mapping[str, str], changed: Mapping[str, str]) -> str:
    """The first name that the changed files (path to text) take away and code still uses; empty without."""
    try:
        before = {path: uses(text) for path, text in clean.items()}
        after = before | {path: uses(text) for path, text in changed.items()}
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""  # told by the check that it compiles
    for path in sorted(changed):
        gone = before[path].bound - after[path].bound
        if gone & after[path].read:
            return min(gone & after[path].read)
    was = Counter(name for one in before.values() for name in one.stored)
    now = Counter(name for one in after.values() for name in one.stored)
    used = {name for one in after.values() for name in one.loaded}
    return min((name for name in was if not now[name] and name in used), default="")
