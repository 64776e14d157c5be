"""Functions that tasks change have no body where patches run, and all else of their files is as it was."""

from smith_lib import syntax
from smith_lib.grade.stubs import changed_lines, holed

CLEAN = '''import functools

def at_import(x):
    return x + 1

LIMIT = at_import(1)

class Box(list):
    @functools.cache
    def size(self, extra=0):
        """How large it is."""
        def inner(n):
            return n * 2
        return inner(len(self)) + extra

    def each(self):
        for one in super().__iter__():
            yield one

def short(): return LIMIT
'''


def changed(old, new):
    """The clean text with something broken."""
    assert old in CLEAN
    return CLEAN.replace(old, new)


def test_a_changed_function_has_no_body_and_no_other_line_moves():
    buggy = changed("n * 2", "n * 3")
    file = holed(CLEAN, changed_lines(CLEAN, buggy), ())
    assert [(hole.name, hole.line) for hole in file.holes] == [("size", 9)]
    assert "n * 2" not in file.text
    assert '"""How large it is."""' in file.text
    kept = [(a, b) for a, b in zip(CLEAN.split("\n"), file.text.split("\n"), strict=True) if a != b]
    assert len(kept) == 3
    assert file.hides(CLEAN, buggy)
    assert file.without(CLEAN, []) == CLEAN


def test_a_hole_is_of_the_same_kind_as_the_function():
    file = holed(CLEAN, changed_lines(CLEAN, changed("yield one", "yield None")), ())
    assert "raise NotImplementedError; yield; __class__" in file.text
    syntax.parse(file.text)


def test_what_is_needed_at_import_or_has_no_body_of_its_own_stays_and_is_told():
    for old, new, outside in (
        ("x + 1", "x + 2", {4}), ("extra=0", "extra=1", set()), ("return LIMIT", "return 1", set()),
        ("LIMIT = at_import(1)", "LIMIT = 2", set()),
    ):  # fmt: skip
        buggy = changed(old, new)
        file = holed(CLEAN, changed_lines(CLEAN, buggy), outside)
        assert not file.hides(CLEAN, buggy), old


def test_an_added_line_makes_a_hole_of_the_function_around_it():
    buggy = changed("        return inner", "        extra = 1\n        return inner")
    file = holed(CLEAN, changed_lines(CLEAN, buggy), ())
    assert [hole.name for hole in file.holes] == ["size"]
    assert file.hides(CLEAN, buggy)


def test_some_functions_may_stay_whole():
    buggy = changed("n * 2", "n * 3").replace("yield one", "yield None")
    file = holed(CLEAN, changed_lines(CLEAN, buggy), ())
    assert {hole.name for hole in file.holes} == {"size", "each"}
    left = file.but(CLEAN, {(9, "size")})
    assert [hole.name for hole in left.holes] == ["each"]
    assert "n * 2" in left.text
    assert "yield one" not in left.text
    assert not left.hides(CLEAN, buggy)
