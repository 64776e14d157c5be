"""Canaries fail when they are run, whatever is drawn, and move no line of the tests."""

import ast
from random import Random

import pytest

from smith_lib.grade import canaries
from smith_lib.grade.twins import twin

TEXT = '''"""A module."""
import unittest
from unittest import mock
import pytest


def test_one():
    assert sorted([2, 1]) == [1, 2]


@pytest.mark.parametrize("n", [1, 2])
def test_two(n):
    value = n * 2

    assert 2 * n == value


class TestCase(unittest.TestCase):
    def test_three(self):
        self.assertEqual(len("ab"), 2)

    def test_four(self):
        assert True
'''
TESTS = ["t/test_a.py::test_one", "t/test_a.py::test_two[1]", "t/test_a.py::TestCase::test_three"]
ALL = (*canaries.PLAIN, *canaries.RAISING, *(kind for some in canaries.TOOLS.values() for kind in some))


def a_host() -> canaries.Host:
    found = canaries.host("t/test_a.py", TEXT, TESTS)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", range(len(ALL) - 1))  # but for numpy's
def test_every_kind_of_canary_fails(kind):
    for seed in range(20):
        space: dict = {}
        exec(f"def canary(): {ALL[kind](Random(seed))}", space)
        with pytest.raises((AssertionError, Exception, pytest.fail.Exception)):
            space["canary"]()


def test_no_line_of_the_tests_moves():
    for seed in range(50):
        made = canaries.plant([a_host()], ("alpha", "beta"), Random(seed))
        lines = made.files["t/test_a.py"].split("\n")
        changed = [at for at, line in enumerate(TEXT.split("\n")) if lines[at] != line]
        assert changed
        assert all(not TEXT.split("\n")[at] for at in changed)
        names = {n.name for n in ast.parse(made.files["t/test_a.py"]).body if isinstance(n, ast.FunctionDef)}
        assert {test.partition("::")[2] for test in made.ids} == names - {"test_one", "test_two"}


def test_canaries_differ_from_run_to_run():
    files = [canaries.plant([a_host()], ("alpha", "beta"), Random(seed)).files for seed in range(9)]
    assert len({made["t/test_a.py"] for made in files}) == 9


def test_the_tools_in_use_all_have_canaries():
    text = "\n".join(kind(Random(1)) for kind in canaries.drawn([a_host()], Random(1)))
    for tool in ("pytest.raises", "pytest.approx", "assertEqual", "assertRaises", "mock.Mock"):
        assert tool in text
    assert "numpy" not in text


def test_a_module_that_is_no_python_holds_none():
    assert canaries.host("t/test_a.py", "def (:\n", []) is None


@pytest.mark.parametrize("test", TESTS)
def test_a_twin_is_the_same_test_with_another_value(test, tmp_path, pytester_run):
    made = twin(test, ast.parse(TEXT), lambda name: name + "_twin", Random(3))
    assert made is not None
    assert made.test_id != test
    outcomes = pytester_run(TEXT + made.text)
    assert outcomes[test.removeprefix("t/")] == "passed"
    assert outcomes[made.test_id.removeprefix("t/")] == "failed"


@pytest.mark.parametrize("seed", range(4))
def test_a_twin_fails_whichever_of_its_comparisons_a_case_comes_to(seed, pytester_run):
    text = """\
import pytest


@pytest.mark.parametrize("n", [1, 2])
def test_branches(n):
    if n == 1:
        assert n * 2 == 2
    else:
        assert n * 3 == 6
"""
    made = twin("test_a.py::test_branches[1]", ast.parse(text), lambda name: name + "_twin", Random(seed))
    assert made is not None
    outcomes = pytester_run(text + made.text)
    assert [outcomes[f"test_a.py::test_branches_twin[{n}]"] for n in (1, 2)] == ["failed", "failed"]


def test_a_test_that_compares_nothing_has_no_twin():
    assert twin("t/test_a.py::TestCase::test_four", ast.parse(TEXT), str, Random(3)) is None
    assert twin("t/test_a.py::test_gone", ast.parse(TEXT), str, Random(3)) is None


@pytest.fixture
def pytester_run(tmp_path):
    """Run a module's tests in a process of its own; node id to outcome."""
    import subprocess
    import sys

    def run(text):
        (tmp_path / "test_a.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-rA", "-q", "-p", "no:cacheprovider", "test_a.py"]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        words = [line.split(" ", 2) for line in ran.stdout.splitlines() if "test_a.py::" in line]
        return {word[1]: word[0].lower() for word in words if word[0] in ("PASSED", "FAILED")}

    return run


def test_a_suite_that_names_all_tests_with_one_word_has_room_for_any_number():
    text = "def test_it():\n    pass\n" + "\n\ndef test_it_it():\n    pass\n" * 60
    place = canaries.host("tests/test_it.py", text, ["tests/test_it.py::test_it"])
    assert place is not None
    planted = canaries.plant([place], canaries.words_of(["tests/test_it.py::test_it"]), Random(1), times=9)
    assert len(set(planted.ids)) == len(planted.ids) > 20
