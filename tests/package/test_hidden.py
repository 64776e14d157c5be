"""Hidden tests go function by function and come back byte for byte."""

import ast

import pytest

from smith_lib import diffs
from smith_lib.package import hidden
from tests.package.boxes import FILES, TESTS

FILE = "tests/test_box.py"


def hide(*names: str, files: dict[str, str] = FILES) -> str:
    """The test file without those."""
    return hidden.hide([f"{FILE}::{n}" for n in names], files.__getitem__, files).get(FILE, files[FILE])


def test_a_parametrised_case_takes_its_function_decorators_and_comment_along() -> None:
    left = hide("test_put_counts[a-1]")
    assert "test_put_counts" not in left and "parametrize" not in left and "Said of every box" not in left
    assert "def box():" in left and "import pytest" in left and "NUMBERS" in left
    assert "test_total" in left


def test_a_class_left_empty_goes_and_another_stays() -> None:
    assert "TestOnly" not in hide("TestOnly::test_alone")
    left = hide("TestFull::test_refuses")
    assert "class TestFull" in left and "setup_method" in left and "test_refuses" not in left


@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        (
            "class T:\n    def test_a(self): pass\n\nclass U(T):\n    x = 1\n",
            [("T", "test_a")],
            "class T:\n    pass\nclass U(T):\n    x = 1\n",
        ),
        ("if True:\n    def test_a(): pass\n", [("test_a",)], "if True:\n    pass\n"),
        (
            "try:\n    import x\nexcept ImportError:\n    def test_a(): pass\n",
            [("test_a",)],
            "try:\n    import x\nexcept ImportError:\n    pass\n",
        ),
        ("def test_a(): pass\ndef test_a(): assert 0\nx = 1\n", [("test_a",)], "x = 1\n"),
        ("async def test_a():\n    pass\n", [("test_a",)], ""),
        ("x = 1\r\ndef test_a():\r\n    pass\r\ny = 2\r\n", [("test_a",)], "x = 1\r\ny = 2\r\n"),
        ("\tbroken(\n", [("test_a",)], "\tbroken(\n"),
        ("def test_a(): pass\ntest_b = test_a\n", [("test_a",)], "def test_a(): pass\ntest_b = test_a\n"),
        (
            "class Base:\n    def test_a(self): pass\nclass T(Base): pass\n",
            [("T", "test_a")],
            "class Base:\n    def test_a(self): pass\nclass T(Base): pass\n",
        ),
    ],
)
def test_what_cannot_be_cut_cleanly_is_left(text: str, names: list[tuple[str, ...]], left: str) -> None:
    assert hidden.without(text, names) == left


def test_what_other_test_modules_import_stays() -> None:
    files = {**FILES, "tests/test_more.py": "from .test_box import test_total\n"}
    assert hide("test_total", files=files) == TESTS


@pytest.mark.parametrize("name", ["pkg.module.Thing", "test_generated", "TestFull::test_inherited"])
def test_ids_without_a_function_stay_visible(name: str) -> None:
    assert hide(name) == TESTS


@pytest.mark.parametrize(
    "names",
    [
        ("test_put_counts[a-1]", "test_total"),
        ("TestFull::test_refuses", "TestOnly::test_alone"),
        ("test_stays",),
        (
            "test_put_counts[a-1]",
            "test_total",
            "TestFull::test_refuses",
            "TestOnly::test_alone",
            "test_stays",
        ),
    ],
)
def test_the_test_patch_puts_back_every_byte_and_undoing_it_hides_again(names: tuple[str, ...]) -> None:
    left = hide(*names)
    ast.parse(left)
    patch = diffs.make({FILE: left}, {FILE: TESTS})
    assert diffs.apply(patch, {FILE: left}.__getitem__) == {FILE: TESTS}
    assert hidden.undo(patch, FILES.__getitem__) == {FILE: left}


def test_a_patch_that_the_files_do_not_hold_cannot_be_undone() -> None:
    patch = diffs.make({FILE: hide("test_total")}, {FILE: TESTS})
    with pytest.raises(
        diffs.DoesNotApply, match=r"tests/test_box\.py: the hunk at line \d+ cannot be undone"
    ):
        hidden.undo(patch, {FILE: TESTS.replace("expected = 3", "expected = 4")}.__getitem__)


def test_a_text_that_ends_like_a_comment_is_not_cut():
    text = 'A = """\n# no comment"""\ndef test_a():\n    pass\n'
    assert hidden.without(text, [("test_a",)]) == text
    inside = "class TestIt:\n" + "".join(f"    {line}\n" for line in text.splitlines())
    assert hidden.without(inside, [("TestIt", "test_a")]) == inside
    lines = "def test_a(): pass\nB = 1; C = 2\n"
    assert hidden.without(lines, [("test_a",)]) == "B = 1; C = 2\n"
