"""The modules that are copied into sandboxes, loaded as what they are there: files of their own."""

import importlib.util
from pathlib import Path
from types import ModuleType

import smith_lib.sandbox

FOLDER = Path(smith_lib.sandbox.__file__).parent / "inside"


def inside(name: str) -> ModuleType:
    """That module, new each time."""
    spec = importlib.util.spec_from_file_location(f"smith_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
