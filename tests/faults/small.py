"""Small repositories, each a git checkout with one commit. None needs to be installed."""

import shutil
from pathlib import Path
from typing import Any

from tests.conftest import TINY
from tests.e2e.odd import CODE, LICENSE, TESTS, as_git

NAMES = (
    "caches", "dates", "formulas", "graphs", "intervals", "inventory", "money", "patterns", "tables", "text",
)  # fmt: skip
SMALL = {
    "select.min_loc": "20",
    "select.min_tests": "5",
    "select.clean_runs": "2",
    "validation.audit": "0",
    "package.wrong_fixes": "0",
    "validation.timeout_floor": "10",
}
"""Settings that let them in, have little done, and take no busy machine for a hang."""


def made(folder: Path, names: tuple[str, ...] = NAMES) -> list[str]:
    """The places of those repositories below the folder: each a module of the tiny one with its tests."""
    return [str(_made(folder / name, name)) for name in names]


def _made(place: Path, name: str) -> Path:
    for part in ("tiny", "tests"):
        (place / part).mkdir(parents=True)
    for file in ("LICENSE", "tiny/__init__.py", f"tiny/{name}.py", f"tests/test_{name}.py"):
        shutil.copy(TINY / file, place / file)
    text = (TINY / "tests" / "conftest.py").read_text(encoding="utf-8")
    if name != "inventory":
        text = text.partition("@pytest.fixture\ndef stock")[0]
        text = text.replace("from tiny.inventory import Inventory, Item\n", "")
    (place / "tests" / "conftest.py").write_text(text, encoding="utf-8")
    as_git(place)
    return place


def smallest(folder: Path, *names: str) -> list[str]:
    """The places of repositories of those names with five functions and thirteen tests, soon judged."""
    tests = TESTS.partition("@pytest")[0].replace("import pytest\n", "")
    for name in names:
        files = {
            "LICENSE": LICENSE,
            f"{name}.py": CODE.replace("Small sums", f"Small sums of {name}"),
            "test_sums.py": tests.replace("gauge", name),
        }
        (folder / name).mkdir(parents=True)
        for file, text in files.items():
            (folder / name / file).write_text(text.strip() + "\n", encoding="utf-8")
        as_git(folder / name)
    return [str(folder / name) for name in names]


def settings(**inject: object) -> dict[str, Any]:
    """The same as `SMALL`, as Prefect's parameters have them."""
    found: dict[str, Any] = {"inject": {"limit": 4, **inject}}
    for key, value in SMALL.items():
        group, _, name = key.partition(".")
        found.setdefault(group, {})[name] = int(value)
    return found
