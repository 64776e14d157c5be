"""The recipes and the dates, in their order."""

from datetime import UTC, datetime
from pathlib import Path

from smith_lib.environments.metadata import read
from smith_lib.environments.recipes import Recipe, dates, pythons, recipes, with_pytest

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def made(root: Path) -> list[Recipe]:
    return list(recipes(root, read(root)))


def test_what_is_declared_for_tests_comes_first_then_hints_then_the_bare_project(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("""
        [project]
        name = "x"
        [project.optional-dependencies]
        test = ["pytest"]
        yaml = ["pyyaml"]
        [dependency-groups]
        tests = ["mock"]
        dev = ["attrs"]
    """)
    (tmp_path / "tox.ini").write_text("[testenv]\ndeps = hypothesis\n")
    found = made(tmp_path)
    assert found[0] == Recipe("group tests + extra test", ("test",), ("mock",))
    assert [recipe.name for recipe in found[1:]] == [
        "group tests", "extra test", "group tests + extra test + tox", "tox",
        "group tests + extra test + group dev", "group dev", "bare", "group tests + extra test + every extra",
        "group tests + extra test + tox + source on the path",
    ]  # fmt: skip
    assert not found[-1].project


def test_a_tree_that_cannot_be_built_runs_from_its_source(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("attrs\n")
    (recipe,) = made(tmp_path)
    assert not recipe.project and recipe.requirements == ("attrs",)


def test_recipes_that_install_the_same_count_once(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n[dependency-groups]\ntest = ['mock']\n")
    (tmp_path / "tox.ini").write_text("[testenv]\ndeps = mock\n")
    assert [recipe.name for recipe in made(tmp_path)][:2] == ["group test", "bare"]


def test_pytest_is_always_installed() -> None:
    assert with_pytest(("mock",)) == ("mock", "pytest")
    assert with_pytest(("PyTest>=7",)) == ("PyTest>=7",)


def test_releases_of_the_commits_time_come_first() -> None:
    assert dates("2026-01-01T00:00:00Z", 30, 11, NOW) == (
        ("of its time", "2026-01-31T00:00:00Z"), ("newest", ""),
    )  # fmt: skip
    assert [moment for _, moment in dates("2021-01-01T00:00:00Z", 30, 11, NOW)] == [
        "2021-01-31T00:00:00Z", "2023-04-22T00:00:00Z", "",
    ]  # fmt: skip


def test_no_release_date_is_later_than_now_nor_depends_on_the_day_within_the_slack() -> None:
    on_the_days = {
        dates("2026-11-01T12:00:00Z", 30, 15, datetime(2026, 11, day, 13, tzinfo=UTC)) for day in (1, 2, 25)
    }
    assert on_the_days == {(("of its time", "2026-11-01T12:00:00Z"), ("newest", ""))}
    assert dates("2026-11-25T12:00:00Z", 30, 11, datetime(2026, 11, 24, tzinfo=UTC)) == (("newest", ""),)


def test_interpreters_of_the_commits_time_come_first() -> None:
    assert pythons(">=3.10", "2024-01-01T00:00:00Z")[:4] == (12, 11, 10, 13)
    assert pythons(">=3.99", "2024-01-01T00:00:00Z") == ()
    assert 11 in pythons("!!", "2024-01-01T00:00:00Z")
