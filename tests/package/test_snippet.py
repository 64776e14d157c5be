"""Snippets hold what leads to the failure, stand alone, and show the difference when they are run."""

import subprocess
import sys
from pathlib import Path

import pytest

from smith_lib.package import names, snippet
from smith_lib.package.bindings import unbound
from smith_lib.package.names import Library
from tests.package.boxes import FILES, TESTS, line_of

MODULES = {"boxes": "boxes/__init__.py", "boxes._box": "boxes/_box.py"}


def cut(test: str, at: str, source: str = TESTS) -> snippet.Snippet:
    """The snippet of a test that failed at the first line that holds `at`."""
    files = {**FILES, "tests/test_box.py": source}
    library = Library(files.__getitem__, MODULES, frozenset(f for f in files if f.startswith("tests/")))
    found = snippet.snippet(f"tests/test_box.py::{test}", line_of(source, at), library)
    assert found is not None
    return found


def test_cases_fixtures_and_imports_are_written_out() -> None:
    found = cut("test_put_counts[a-1]", "box.put(thing) == count")
    assert found.code == "from boxes import Box\n\nbox = Box(3)\nbox.put('a')"
    assert (found.relation, found.other, found.complete) == ("==", "1", True)


@pytest.mark.parametrize(
    ("call", "written"),
    [
        ("total(*[1, False])", "total(1, False)"),
        ("total(*(1,), 2, **{'a': 3})", "total(1, 2, a=3)"),
        ("total(*Box(1), **{'a b': 3})", "total(*Box(1), **{'a b': 3})"),
    ],
)
def test_arguments_that_are_unpacked_are_written_as_people_do(call: str, written: str) -> None:
    source = f"from boxes import Box, total\n\n\ndef test_it():\n    assert {call} == 1\n"
    assert cut("test_it", "assert", source).action == written


def test_helpers_of_other_test_modules_are_written_out() -> None:
    found = cut("test_total", "assert total(box) == expected")
    assert "def filled_with(*things):" in found.code and "helpers" not in found.code
    assert found.code.startswith("from boxes import Box, total\n")
    assert found.action == "total(box)" and found.other == "3" and found.complete


def test_set_up_is_written_out_and_self_is_gone() -> None:
    found = cut("TestFull::test_refuses", "with pytest.raises(OverflowError)")
    assert found.code == "from boxes import Box\n\nbox = Box(1)\nbox.put(1)\nbox.put(2)"
    assert (found.relation, found.other) == ("raises", "OverflowError")


@pytest.mark.parametrize(
    ("body", "code", "relation", "other"),
    [
        ("b = Box(1)\nc = Box(2)\nassert c.put(1) == 1", "c = Box(2)\nc.put(1)", "==", "1"),
        (
            "b = Box(1)\nassert b.put(1) == 1\nassert b.things == [1]",
            "b = Box(1)\nb.put(1)\nb.things",
            "==",
            "[1]",
        ),
        (
            "b = Box(3)\nb.put(1)\nb = Box(1)\nassert b.put(2) == 1",
            "b = Box(1)\nb.put(2)",
            "==",
            "1",
        ),
        (
            "for i in [2]:\n    assert Box(i).size == i\nfor i in [1]:\n    assert Box(i).put(1) == 1",
            "for i in [1]:\n    print(Box(i).put(1))",
            "==",
            "1",
        ),
        (
            't = """\n  a\n"""\nassert Box(1).put(t) == 1',
            't = """\n      a\n    """\n\nBox(1).put(t)',
            "==",
            "1",
        ),
        (
            "b = Box(1)\nif True:\n    b.put(0)\nassert b.things == [0]",
            "b = Box(1)\n\nif True:\n    b.put(0)\n\nb.things",
            "==",
            "[0]",
        ),
        (
            "b = Box(1)\nc = Box(b)\nassert c.put(1) == 1\nassert b.things == []",
            "b = Box(1)\nc = Box(b)\nc.put(1)\nb.things",
            "==",
            "[]",
        ),
        ("assert 1 == Box(1).put(2)", "Box(1).put(2)", "==", "1"),
        ("x = Box(1).put(2)\nassert x == 1", "Box(1).put(2)", "==", "1"),
        ("assert Box(1).things is not None", "Box(1).things", "is not", "None"),
        ("assert not Box(1).things", "Box(1).things", "false", ""),
        ("assert 'a' in Box(1).things", "Box(1).things", "contains", "'a'"),
        ("self.assertEqual(Box(1).put(1), 1)", "Box(1).put(1)", "==", "1"),
        ("self.assertRaises(ValueError, Box(1).put, 3)", "Box(1).put(3)", "raises", "ValueError"),
        (
            "try:\n    Box(0).put(1)\n    assert False\nexcept OverflowError:\n    pass",
            "Box(0).put(1)",
            "raises",
            "OverflowError",
        ),
        (
            "for i in [1]:\n    assert Box(i).put(1) == 1",
            "for i in [1]:\n    print(Box(i).put(1))",
            "==",
            "1",
        ),
        (
            "with pytest.raises(OverflowError) as e:\n    Box(0).put(1)\nassert 'full' in str(e.value)",
            "try:\n    Box(0).put(1)\nexcept OverflowError as error:\n    e = error\n\nstr(e)",
            "contains",
            "'full'",
        ),
    ],
)
def test_the_failing_statement_becomes_a_use(body: str, code: str, relation: str, other: str) -> None:
    inner = "\n".join("    " + line for line in body.split("\n"))
    source = f"import pytest\nfrom boxes import Box\n\n\ndef test_it(self=None):\n{inner}\n"
    at = "assert False" if "assert False" in body else body.split("\n")[-1]
    found = cut("test_it", at, source)
    assert found.code == f"from boxes import Box\n\n{code}"
    assert (found.relation, found.other, found.complete) == (relation, other, True)


def test_inherited_tests_take_the_members_of_their_class() -> None:
    source = (
        "from boxes import Box\n\n\nclass Mixin:\n    def make(self, n):\n        return self.Kind(n)\n\n"
        "    def test_it(self):\n        assert self.make(2).size == 3\n\n\n"
        "class TestBox(Mixin):\n    Kind = Box\n"
    )
    found = cut("TestBox::test_it", "size == 3", source)
    assert (
        found.code.endswith("make(2).size") and "Kind = Box" in found.code and "return Kind(n)" in found.code
    )
    assert found.complete


def test_names_that_cannot_be_told_make_it_incomplete() -> None:
    found = cut("test_it", "a_fixture.put", "def test_it(a_fixture):\n    assert a_fixture.put(1) == 1\n")
    assert not found.complete


def test_the_shortest_public_import_is_taken() -> None:
    source = "from boxes._box import Box\n\n\ndef test_it():\n    assert Box(1).size == 2\n"
    assert cut("test_it", "size == 2", source).code == "from boxes import Box\n\nBox(1).size"


def test_only_test_code_is_written_out() -> None:
    library = Library(FILES.__getitem__, MODULES, frozenset())
    assert names.find("filled_with", "tests/test_box.py", library) is None


@pytest.mark.parametrize(
    ("test", "at", "clean"),
    [
        ("test_put_counts[dict]", "box.put(thing) == count", "1"),
        ("test_total", "assert total(box) == expected", "3"),
        ("TestOnly::test_alone", 'Box(2).put("x")', "1"),
    ],
)
def test_a_snippet_runs_on_the_clean_code_and_gives_what_is_expected(
    test: str, at: str, clean: str, tree: Path
) -> None:
    *before, last = cut(test, at).code.split("\n")
    program = "\n".join([*before, f"print({last})"])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tree, capture_output=True, text=True, timeout=30
    )
    assert (done.stdout.strip(), done.stderr) == (clean, "")


def test_a_member_and_a_variable_of_one_name_are_kept_apart() -> None:
    source = (
        "from boxes import Box\n\n\nclass TestBox:\n    def box(self, n):\n        return Box(n)\n\n"
        "    def test_it(self):\n        box = self.box(2)\n"
        "        assert box.put(1) == self.box(1).size + 1\n"
    )
    found = cut("TestBox::test_it", "assert box.put(1)", source)
    assert found.code.endswith("def make_box(n):\n    return Box(n)\n\nbox = make_box(2)\nbox.put(1)")


def looked(files: dict[str, str], source: str) -> Library:
    """The library with those package files and that test."""
    files = {**files, "tests/test_box.py": source}
    modules = {p.removesuffix(".py").removesuffix("/__init__").replace("/", "."): p for p in files}
    del modules["tests.test_box"]
    return Library(files.__getitem__, modules, frozenset({"tests/test_box.py"}))


@pytest.mark.parametrize(
    ("outer", "shorter"),
    [
        ("from ._box import Box\n", True),
        ("from ._box import *\n", True),
        ("from .sub import Box\n", True),
        ("from ._box import Box as _Box\nBox = wrapped(_Box)\n", False),
        ("from ._other import Box\n", False),
        ("from ._box import Box\nBox = wrapped(Box)\n", False),
        ("try:\n    from .fast import Box\nexcept ImportError:\n    from ._box import Box\n", False),
    ],
)
def test_an_import_becomes_shorter_only_where_it_is_the_same_object(outer: str, shorter: bool) -> None:
    files = {
        "boxes/__init__.py": outer,
        "boxes/sub/__init__.py": "from .._box import Box\n",
        "boxes/_box.py": "class Box: ...\n",
        "boxes/_other.py": "class Box: ...\n",
    }
    source = "from boxes.sub import Box\n\n\ndef test_it():\n    assert Box().size == 2\n"
    found = snippet.snippet("tests/test_box.py::test_it", 5, looked(files, source))
    assert found is not None
    assert found.imports == (("Box", "boxes.Box" if shorter else "boxes.sub.Box"),)


def test_a_test_that_does_nothing_but_import_gives_no_snippet() -> None:
    source = "def test_it():\n    import boxes\n    from boxes import Box\n"
    for line in (2, 3, None):
        assert snippet.snippet("tests/test_box.py::test_it", line, looked(FILES, source)) is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("a = [1]\nb = a\nassert Box(b).size == a", "b = [1]\nBox(b).size"),
        ("Kind = Box\nassert Kind(1).size == 2", "Box(1).size"),
        ("a = [1]\nb = a\nb = Box(b)\nassert b.size == 2", "a = [1]\nb = a\nb = Box(b)\nb.size"),
    ],
)
def test_second_names_for_one_thing_go(body: str, code: str) -> None:
    inner = "\n".join("    " + line for line in body.split("\n"))
    source = f"from boxes import Box\n\n\ndef test_it():\n{inner}\n"
    assert cut("test_it", "assert", source).code == f"from boxes import Box\n\n{code}"


@pytest.mark.parametrize(
    ("body", "action"),
    [
        ("assert raises(OverflowError, lambda: Box(0).put(1))", "Box(0).put(1)"),
        ("raises(OverflowError, lambda: Box(0).put(1))", "Box(0).put(1)"),
        ("self.assertRaises(OverflowError, lambda: Box(0).put(1))", "Box(0).put(1)"),
    ],
)
def test_what_waits_for_an_exception_is_looked_through(body: str, action: str) -> None:
    source = f"from boxes import Box\nfrom boxes.checks import raises\n\n\ndef test_it(self):\n    {body}\n"
    found = cut("test_it", "lambda", source)
    assert (found.action, found.relation, found.other) == (action, "raises", "OverflowError")
    assert "raises" not in found.code and found.complete


@pytest.mark.parametrize(
    ("code", "free"),
    [
        ("import a.b\na.b.c", set()),
        ("x", {"x"}),
        ("def f(n):\n    return n + m\nf(1)", {"m"}),
        ("[i for i in range(3)]\ni", {"i"}),
        ("f = lambda n: n\nf(n)", {"n"}),
        ("with open('x') as f:\n    print(f)", set()),
        ("class A:\n    n = 1\n    m = n\nA()", set()),
        ("def f():\n    global g\n    g = 1\nf()\ng", set()),
        ("no python", {""}),
    ],
)
def test_names_that_nothing_binds_are_found_scope_by_scope(code: str, free: set[str]) -> None:
    assert unbound(code) == free


CONFTEST = """import pytest

from boxes import Box

SIZE = 4


@pytest.fixture
def shared(deep):
    made = Box(SIZE)
    made.put(deep)
    yield made
"""
DEEPER = """import pytest


@pytest.fixture
def deep():
    return "deep"
"""


def test_fixtures_of_conftest_files_are_written_out() -> None:
    source = "def test_shared(shared):\n    assert shared.put(1) == 2\n"
    files = {**FILES, "tests/test_box.py": source, "tests/conftest.py": CONFTEST, "conftest.py": DEEPER}
    tests = frozenset(f for f in files if f.startswith("tests/")) | {"conftest.py"}
    found = snippet.snippet("tests/test_box.py::test_shared", 2, Library(files.__getitem__, MODULES, tests))
    assert found is not None and found.complete
    assert found.code == (
        "from boxes import Box\n\nSIZE = 4\n\n"
        "deep = 'deep'\nshared = Box(SIZE)\nshared.put(deep)\nshared.put(1)"
    )


@pytest.mark.parametrize(
    "body",
    [
        "if size == 0:\n            assert Box(size).things",
        "if size != 0:\n            pass\n        else:\n            assert Box(size).things",
        "if size:\n            continue\n        assert Box(size).things",
    ],
)
def test_the_guards_of_a_loop_stay(body: str) -> None:
    source = f"from boxes import Box\n\ndef test_it():\n    for size in [0, 1]:\n        {body}\n"
    code = cut("test_it", "assert", source).code
    assert "if " in code and "print(Box(size).things)" in code


def test_what_a_member_remembers_is_kept_without_its_class() -> None:
    source = (
        "import unittest\nfrom boxes import Box\n\n\nclass TestIt(unittest.TestCase):\n"
        "    def count(self):\n        if not hasattr(self, 'n'):\n            self.n = 0\n"
        "        self.n += 1\n        return self.n\n\n"
        "    def test_it(self):\n        self.assertEqual(Box(self.count()).put(1), 1)\n"
    )
    found = cut("TestIt::test_it", "assertEqual", source)
    assert found.complete and "self" not in found.code
    assert "class state:\n    pass" in found.code and "state.n += 1" in found.code


def test_of_a_branch_on_a_value_of_the_case_what_it_takes_stays() -> None:
    source = (
        "import pytest\nfrom boxes import Box\n\n\n@pytest.mark.parametrize('full', [True, False])\n"
        "def test_it(full):\n    box = Box(1)\n    if full:\n        box.put(1)\n    assert box.things\n"
    )
    codes = [cut(f"test_it[{full}]", "assert", source).code for full in (True, False)]
    assert codes[0] == "from boxes import Box\n\nbox = Box(1)\nbox.put(1)\nbox.things"
    assert codes[1] == "from boxes import Box\n\nbox = Box(1)\nbox.things"


def test_of_what_should_contain_something_it_can_be_asked_whether_it_does() -> None:
    for operator in ("in", "not in"):
        source = f"from boxes import Box\n\n\ndef test_it():\n    box = Box(1)\n    assert 1 {operator} box\n"
        files = {**FILES, "tests/test_box.py": source}
        library = Library(files.__getitem__, MODULES, frozenset(f for f in files if f.startswith("tests/")))
        found = snippet.snippet("tests/test_box.py::test_it", 6, library, whole=True)
        assert found is not None and found.code.endswith(f"box = Box(1)\n1 {operator} box")
        assert found.relation == "true" and cut("test_it", "assert", source).action == "Box(1)"


def test_a_name_that_shadows_a_builtin_one_is_imported() -> None:
    source = "from boxes import total as set\n\n\ndef test_it():\n    assert set(1) == 1\n"
    assert cut("test_it", "assert", source).code == "from boxes import total as set\n\nset(1)"
