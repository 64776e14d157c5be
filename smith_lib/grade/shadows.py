"""Files of a patch that would be imported in the place of somebody else's module."""

import sys
from collections.abc import Collection
from pathlib import PurePosixPath

ALWAYS = frozenset({"pytest", "_pytest", "py", "pluggy", "iniconfig", "sitecustomize", "usercustomize"})


def shadowed(path: str, tree: Collection[str], added: Collection[str], installed: Collection[str]) -> str:
    """The name of the module whose place a new file would take on the import path; empty for none.

    Any folder that is no package may be on the path. `tree` are the clean tree's files and `added` the
    patch's, `installed` the names of modules that are installed beside the project.
    """
    if path in tree:
        return ""
    parts = PurePosixPath(path).parts
    for depth, part in enumerate(parts):
        if depth and _is_package("/".join(parts[:depth]), tree, added):
            break
        name, place = part.partition(".")[0], "/".join(parts[: depth + 1])
        there = any(other == place or other.startswith(place + "/") for other in tree)
        if not there and (name in ALWAYS or name in sys.stdlib_module_names or name in installed):
            return name
    return ""


def _is_package(folder: str, tree: Collection[str], added: Collection[str]) -> bool:
    inside = f"{folder}/__init__.py"
    return inside in tree or inside in added
