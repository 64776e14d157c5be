"""How pytest is called for a tree."""

from pathlib import Path

import pytest

from smith_lib.environments.options import options, pytest_settings

ALWAYS = ("-p", "no:randomly", "-p", "no:random_order")


@pytest.mark.parametrize(
    ("addopts", "plain"),
    [
        ("-ra --strict-markers", None),
        ("-n auto --dist loadfile -m 'not slow' -x", "-m 'not slow'"),
        ("--cov=pkg --cov-report term --doctest-modules", "--doctest-modules"),
        ("-p randomly -p pkg.plugin --durations=10", "-p pkg.plugin"),
        ("--random-order-bucket=global -q", ""),
    ],
)
def test_options_that_change_order_or_processes_are_taken_out(
    tmp_path: Path, addopts: str, plain: str | None
) -> None:
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = {addopts}\n")
    extra = () if plain is None else ("-o", f"addopts={plain}")
    assert options(tmp_path, ()).args == ALWAYS + extra


def test_settings_come_from_the_file_that_pytest_reads(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\naddopts = -a\n")
    assert pytest_settings(tmp_path)["addopts"] == "-a"
    (tmp_path / "tox.ini").write_text("[pytest]\naddopts = -b\n")
    assert pytest_settings(tmp_path)["addopts"] == "-b"
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = ['-c']\n")
    assert pytest_settings(tmp_path)["addopts"] == ["-c"]
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    assert pytest_settings(tmp_path) == {}


def test_test_folders_are_found_where_nothing_names_them(tmp_path: Path) -> None:
    for name in ("pkg/test/test_a.py", "docs/tests/test_b.py", "pkg/sub/tests/test_c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert options(tmp_path, ()).paths == (("pkg/sub/tests", "pkg/test"), ())
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_d.py").touch()
    assert options(tmp_path, ()).paths[0] == ("tests",)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    assert options(tmp_path, ()).paths[0] == ()
