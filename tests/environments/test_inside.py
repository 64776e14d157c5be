"""What runs inside of the sandbox, run here on little suites with this interpreter."""

import importlib
import sys
import textwrap
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

FOLDER = str(resources.files("smith_lib.environments.inside"))
MODULES = ("attempt", "guesses", "reading", "suite", "tree", "trial")


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The modules as they are imported inside, by their bare names, on a tree of our own."""
    monkeypatch.syspath_prepend(FOLDER)
    modules = {name: importlib.import_module(name) for name in MODULES}
    (tmp_path / "testbed").mkdir()
    monkeypatch.setattr(modules["tree"], "TESTBED", tmp_path / "testbed")
    monkeypatch.setattr(modules["tree"], "CLEAN", tmp_path / "clean")
    monkeypatch.setattr(modules["suite"], "REPORT", tmp_path / "report.jsonl")
    yield modules
    for name in MODULES:
        sys.modules.pop(name, None)


def run(inside: dict[str, Any], text: str, *args: str, seconds: float = 60) -> Any:
    testbed = inside["tree"].TESTBED
    (testbed / "test_it.py").write_text(textwrap.dedent(text))
    (testbed / "pytest.ini").write_text("[pytest]\n")
    return inside["suite"].run_suite(sys.executable, testbed, list(args), {}, 60, seconds, {"own"})


def test_a_suite_is_counted_test_by_test(inside: dict[str, Any]) -> None:
    suite = run(inside, """
        import pytest
        def test_good(): pass
        def test_bad(): import nowhere_to_be_found
        def test_skipped(): pytest.skip("no")
        @pytest.mark.xfail
        def test_expected(): assert False
        def test_fixture(nothing): pass
    """)  # fmt: skip
    assert (suite.ended, suite.collected, suite.passed, suite.bad) == ("finished", 5, 1, 2)
    assert inside["guesses"].missing_modules(suite.problems()) == ["nowhere_to_be_found"]
    assert suite.reason() == (
        "2 of 5 tests do not pass, 1 of them with "
        "ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    )


def test_a_hanging_test_is_named(inside: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside["suite"], "QUIET", 3.0)
    suite = run(inside, "import time\ndef test_a(): pass\ndef test_b(): time.sleep(60)\ndef test_c(): pass\n")
    assert (suite.ended, suite.current, suite.passed) == ("hung", "test_it.py::test_b", 1)
    assert suite.bad == 2  # the one that hangs and the one never reached


def test_a_suite_that_makes_progress_may_take_longer_than_a_quiet_one(
    inside: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inside["suite"], "QUIET", 5.0)
    suite = run(inside, """
        import time, pytest
        @pytest.mark.parametrize("n", range(8))
        def test_slow(n): time.sleep(0.8)
    """)  # fmt: skip
    assert suite.ended == "finished" and suite.seconds > 6


def test_a_suite_that_is_cut_off_says_how_far_it_came(inside: dict[str, Any]) -> None:
    suite = run(inside, """
        import time, pytest
        @pytest.mark.parametrize("n", range(90))
        def test_slow(n): time.sleep(0.3)
    """, seconds=15)  # fmt: skip
    assert suite.ended == "limit" and 0 < suite.passed < 90
    assert suite.reason().startswith("the suite is too slow: ")


def test_waiting_for_a_busy_machine_is_told_apart(inside: dict[str, Any]) -> None:
    running = inside["suite"]._Running([sys.executable, "-c", "print(1)"], "/", {})
    assert 0 <= running.queued() < 60
    assert running.wait(60) and running.end() == (0, "1\n")


def test_an_interpreter_that_dies_is_told_with_the_test_that_ran(inside: dict[str, Any]) -> None:
    suite = run(inside, "import os\ndef test_a(): pass\ndef test_b(): os._exit(3)\n")
    assert (suite.ended, suite.current) == ("crashed", "test_it.py::test_b")


def test_the_commonest_failure_is_named(inside: dict[str, Any]) -> None:
    suite = run(inside, """
        def test_a(options): pass
        def test_b(options): pass
        def test_c(): assert False
    """)  # fmt: skip
    assert suite.reason() == "3 of 3 tests do not pass, 2 of them with fixture 'options' not found"


def test_modules_that_cannot_be_collected_are_told_with_the_reason(inside: dict[str, Any]) -> None:
    suite = run(inside, "import nowhere_at_all\n")
    assert suite.ended == "nothing" and list(suite.uncollected) == ["test_it.py"]
    assert suite.reason() == (
        "1 modules cannot be collected, the first test_it.py: "
        "ModuleNotFoundError: No module named 'nowhere_at_all'"
    )


def test_code_that_is_not_the_trees_own_is_seen(inside: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/own.py").touch()
    suite = run(inside, f"""
        import sys
        sys.path.insert(0, {str(tmp_path / "elsewhere")!r})
        import own
        def test_a(): pass
    """)  # fmt: skip
    assert suite.copied == ["own"]


def test_the_tree_comes_back_as_it_was(inside: dict[str, Any]) -> None:
    tree = inside["tree"]
    (tree.TESTBED / "pkg").mkdir()
    (tree.TESTBED / "pkg/__init__.py").write_text("a")
    (tree.TESTBED / "link").symlink_to("pkg")
    tree.keep()
    (tree.TESTBED / "pkg/__init__.py").write_text("b")
    (tree.TESTBED / "more").mkdir()
    tree.restore()
    assert sorted(p.name for p in tree.TESTBED.iterdir()) == ["link", "pkg"]
    assert (tree.TESTBED / "link").is_symlink() and (tree.TESTBED / "pkg/__init__.py").read_text() == "a"
    assert tree.own_modules() == {"pkg", "link"}


def test_what_is_left_out_is_counted_by_its_test_functions(inside: dict[str, Any]) -> None:
    tree = inside["tree"]
    (tree.TESTBED / "sub").mkdir()
    (tree.TESTBED / "sub/test_a.py").write_text("import no\ndef test_a(): ...\nasync def test_b(): ...\n")
    (tree.TESTBED / "sub/test_c.py").write_text("def test_c(): ...\ndef helper(): ...\n")
    assert tree.test_functions(tree.TESTBED / "sub") == 3
    assert tree.test_functions(tree.TESTBED / "missing.py") == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("E   ModuleNotFoundError: No module named 'bson.objectid'", ["pymongo"]),
        ("ImportError: No module named yaml", ["pyyaml"]),
        ("ModuleNotFoundError: No module named 'time_machine'", ["time-machine"]),
    ],
)
def test_distributions_are_guessed_from_imports(inside: dict[str, Any], text: str, wanted: list[str]) -> None:
    guesses = inside["guesses"]
    assert [guesses.distribution(module) for module in guesses.missing_modules(text)] == wanted


@pytest.mark.parametrize(
    ("text", "older"),
    [
        ("pytest.PytestRemovedIn10Warning: fixtures", True),
        ("ImportError: cannot import name 'monkeypatch' from '_pytest'", True),
        ("pytest.PytestCollectionWarning: cannot collect test class", False),
        ("ImportError: cannot import name 'x' from 'mypkg'", False),
    ],
)
def test_what_an_older_pytest_may_cure_is_told(inside: dict[str, Any], text: str, older: bool) -> None:
    assert inside["guesses"].wants_older_pytest(text) is older


def test_plugins_are_guessed_from_what_pytest_does_not_know(inside: dict[str, Any]) -> None:
    text = """
E       fixture 'mocker' not found
'asyncio' not found in `markers` configuration option
pytest: error: unrecognized arguments: --cov=x --timeout=3
ERROR: Missing required plugins: pytest-xdist, pytest-env
"""
    assert inside["guesses"].plugins(text) == [
        "pytest-mock", "pytest-asyncio", "pytest-xdist", "pytest-env", "pytest-cov", "pytest-timeout",
    ]  # fmt: skip


def test_reasons_are_the_line_that_matters(inside: dict[str, Any]) -> None:
    one_line = inside["reading"].one_line
    resolver = (
        "  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because nothing==9 was not found in\n      the registry, we can conclude no.\n"
    )
    assert one_line(resolver).startswith("Because nothing==9 was not found in the registry")
    cause = "foo.c:1:10: fatal error: ffi.h: No such file"
    assert one_line(f"  × Failed to build `x`\n  {cause}\nerror: command 'gcc' failed\n") == cause
