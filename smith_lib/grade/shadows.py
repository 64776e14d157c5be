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
    top = len(parts) - 1
    while top and _is_package("/".join(parts[:top]), tree, added):
        top -= 1
    name = parts[top].partition(".")[0]
    place = "/".join(parts[: top + 1])
    if path.endswith("/__init__.py") and top == len(parts) - 1:
        return ""
    if any(other == place or other.startswith(place + "/") for other in tree):
        return ""
    return name if name in ALWAYS or name in sys.stdlib_module_names or name in installed else ""


def _is_package(folder: str, tree: Collection[str], added: Collection[str]) -> bool:
    inside = f"{folder}/__init__.py"
    return inside in tree or inside in added
