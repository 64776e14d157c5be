"""What tox, nox and CI files say."""

from pathlib import Path

from smith_lib.environments.hints import hints


def test_tox_gives_deps_extras_groups_and_paths(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "more.txt").write_text("attrs\n")
    (tmp_path / "tox.ini").write_text("""
[tox]
envlist = py311
[testenv]
extras = fast
dependency_groups = tests
deps =
    pytest>=8
    py38: mock
    -rmore.txt
    -e .[slow]
commands =
    python -m pytest -q {posargs:checks}
[testenv:docs]
deps = never
""")
    (hint,) = hints(tmp_path)
    assert hint.name == "tox"
    assert hint.wanted.requirements == ["pytest>=8", "mock", "attrs"]
    assert hint.wanted.extras == ["slow", "fast"] and hint.wanted.groups == ["tests"]
    assert hint.paths == ("checks",)


def test_nox_is_read_and_never_run(tmp_path: Path) -> None:
    (tmp_path / "noxfile.py").write_text("""
import nox
raise SystemExit("never run")
@nox.session
def unit(session):
    session.install("-e", ".[test]", "pytest", "hypothesis")
    session.run("pytest", "tests")
@nox.session
def docs(session):
    session.install("never")
""")
    (tmp_path / "tests").mkdir()
    (hint,) = hints(tmp_path)
    assert (hint.wanted.requirements, hint.wanted.extras) == (["pytest", "hypothesis"], ["test"])
    assert hint.paths == ("tests",)


def test_ci_files_give_what_they_install(tmp_path: Path) -> None:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/ci.yml").write_text("""
jobs:
  tests:
    steps:
      - run: python -m pip install -U pip pytest "mock>=4" && echo done
      - run: |
          pip install .[test]
""")
    (tmp_path / ".github/workflows/release.yml").write_text("- run: pip install never\n")
    (hint,) = hints(tmp_path)
    assert hint.wanted.requirements == ["pip", "pytest", "mock>=4"]
    assert hint.wanted.extras == ["test"]


def test_paths_outside_of_the_tree_are_no_hints(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text("[testenv]\ncommands = pytest ../elsewhere /etc\n")
    assert hints(tmp_path) == ()
