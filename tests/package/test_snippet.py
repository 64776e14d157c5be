"""Snippets hold what leads to the failure, stand alone, and show the difference when they are run."""

import subprocess
import sys
from pathlib import Path

import pytest

from smith_lib.package import names, snippet
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
    assert found.code == "from boxes import Box\n\nmade = Box(3)\nbox = made\nbox.put('a')"
    assert (found.relation, found.other, found.complete) == ("==", "1", True)


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
