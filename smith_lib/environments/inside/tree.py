"""The tree at `/testbed`: what it holds, and how it is brought back to what it was."""

import ast
import re
import shutil
from pathlib import Path

TESTBED = Path("/testbed")
CLEAN = Path("/tmp/smith-clean")
_NOT_OURS = re.compile(
    r"^(tests?|testing|docs?|examples?|setup|conftest|noxfile|build|benchmarks?|bench|tools|scripts)$"
)


def source_roots():
    """Folders that hold the project's modules."""
    return [str(root) for root in (TESTBED / "src", TESTBED / "lib", TESTBED) if root.is_dir()]


def own_modules():
    """Names of the modules and packages at the source roots, those of its tests and tools left out."""
    names = set()
    for root in map(Path, source_roots()):
        for child in root.iterdir():
            name = child.name[:-3] if child.suffix == ".py" else child.name
            package = child.is_dir() and (child / "__init__.py").is_file()
            if name.isidentifier() and (package or child.suffix == ".py") and not _NOT_OURS.match(name):
                names.add(name)
    return names


def places(module):
    """Folders of the tree in which a module or package of that name lies."""
    found = [*TESTBED.glob("**/%s.py" % module), *TESTBED.glob("**/%s/__init__.py" % module)]
    folders = {path.parent.parent if path.name == "__init__.py" else path.parent for path in found}
    return sorted(str(folder) for folder in folders if ".egg" not in str(folder))


def test_functions(path):
    """How many test functions a module, or a folder of them, holds; one at least."""
    found = 0
    for file in sorted(path.rglob("*.py")) if path.is_dir() else (path,):
        try:
            nodes = ast.walk(ast.parse(file.read_bytes()))
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        found += sum(isinstance(node, kinds) and node.name.startswith("test") for node in nodes)
    return max(1, found)


def empty(folder):
    """Remove what is in a folder that may be a mount itself."""
    for child in folder.iterdir() if folder.is_dir() else ():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(str(child), ignore_errors=True)
        else:
            child.unlink()


def keep():
    """Lay a copy of the tree aside."""
    shutil.copytree(str(TESTBED), str(CLEAN), symlinks=True)


def restore():
    """Bring the tree back to what it was when it was laid aside."""
    empty(TESTBED)
    for child in CLEAN.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.copytree(str(child), str(TESTBED / child.name), symlinks=True)
        else:
            shutil.copy2(str(child), str(TESTBED / child.name), follow_symlinks=False)
