"""The small library as a tree and as a row."""

from pathlib import Path

import pytest

from smith_lib.types import Repo
from tests.package.boxes import FILES
from tests.rows import a_repo


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The clean tree."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def repo() -> Repo:
    """The library's row."""
    return a_repo(
        repo="pypi/boxes",
        version="1.0",
        source_files=("boxes/__init__.py", "boxes/_box.py"),
        test_files=("tests/__init__.py", "tests/helpers.py", "tests/test_box.py"),
    )
