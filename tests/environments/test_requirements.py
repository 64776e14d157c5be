"""Requirement strings out of what projects write."""

from pathlib import Path

import pytest

from smith_lib.environments.requirements import (
    Wanted,
    add,
    from_file,
    from_poetry,
    poetry_specifier,
    requirement,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("pytest >= 8, < 9 ; python_version >= '3.8'", 'pytest<9,>=8; python_version >= "3.8"'),
        ("requests[socks]", "requests[socks]"),
        ("thing @ git+https://host/thing.git@main", "thing"),
        ("git+https://host/thing.git#egg=thing", "thing"),
        ("ruff==0.1", None),
        ("Sphinx_Book_Theme", None),
        ("./local", None),
        ("--index-url", None),
        ("{[base]deps}", None),
    ],
)
def test_a_requirement_is_normalised_and_a_tool_is_none(text: str, wanted: str | None) -> None:
    assert requirement(text) == wanted


def test_requirement_files_include_others_but_none_outside_of_the_tree(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    (root / "requirements").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("stolen\n")
    (root / "requirements/base.txt").write_text("-r tests.txt\nattrs==25.1 \\\n    --hash=sha256:abc\n")
    (root / "requirements/tests.txt").write_text(
        "# a comment\n-rbase.txt\n-r ../../secret.txt\n--index-url https://elsewhere\n"
        "pytest  # why\n-e .[fast]\n"
    )
    wanted = from_file(root / "requirements/tests.txt", root)
    assert wanted.requirements == ["attrs==25.1", "pytest"]
    assert wanted.extras == ["fast"]


def test_arguments_of_pip_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("mock\n")
    wanted = Wanted()
    words = "-U pytest -r dev.txt -e .[test,fast] --group pyproject.toml:tests -i url coverage"
    add(wanted, words.split(), tmp_path, tmp_path)
    assert wanted == Wanted(["pytest", "mock", "coverage"], ["test", "fast"], ["tests"])


@pytest.mark.parametrize(
    ("poetry", "pep440"),
    [
        ("^1.2.3", ">=1.2.3,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("~1.2", ">=1.2,<1.3"), ("~1", ">=1,<2"),
        ("*", ""), (">=2,<4", ">=2,<4"), ("1.4", "==1.4"), ("^3.6 || ^3.8", ">=3.8,<4"), ("~=2.1", "~=2.1"),
    ],
)  # fmt: skip
def test_poetrys_specifiers_are_written_out(poetry: str, pep440: str) -> None:
    assert poetry_specifier(poetry) == pep440


def test_poetrys_tables_become_requirements() -> None:
    httpx = {"version": "~0.27", "extras": ["http2"]}
    table = {"python": "^3.8", "pytest": "^8", "black": "*", "httpx": httpx}
    assert from_poetry(table) == ("pytest<9,>=8", "httpx[http2]<0.28,>=0.27")
