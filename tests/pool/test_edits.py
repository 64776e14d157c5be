"""Edits of the syntax tree, in words."""

import pytest

from smith_lib.pool.bugs import edits_between
from smith_lib.pool.edits import TEXT, edits_of


@pytest.mark.parametrize(
    ("buggy", "fixed", "edits"),
    [
        ("if a:\n    f()\n", "if a and b:\n    f()\n", ("add condition",)),
        ("x = a\n", "if a:\n    x = a\n", ("add branch",)),
        ("if a:\n    x = a\n", "x = a\n", ("drop branch",)),
        ("f(a)\n", "f(a, b=1)\n", ("add argument",)),
        ("x = y[1:]\n", "x = y[2:]\n", ("change constant",)),
        ("a < b\n", "a <= b\n", ("change comparison",)),
        ("x = a\n", "x = a.b\n", ("add attribute",)),
        ("def f():\n    return 1\n", "def f():\n    a()\n    return 1\n", ("add call",)),
        ("def f():\n    '''One.'''\n    return 1\n", "def f():\n    '''Two.'''\n    return 1\n", ()),
        ("x = 1\n", "x = 1  # one\n", ()),
        ("    return a\n", "    return not a\n", ("add condition",)),
        ("print 'a'\n", "print 'b'\n", (TEXT,)),
        ("for x in xs:\n    f(x)\n", "try:\n    f(xs)\nexcept E:\n    pass\n", ("change loop",)),
    ],
)
def test_edits_are_told_in_words(buggy, fixed, edits):
    assert edits_of(buggy, fixed) == edits


def test_of_files_only_what_differs_is_looked_at_and_nothing_is_missed():
    head = "import a\n\n\n@a.b\ndef f(x):\n    if x:\n        return 1\n    return 2\n\n\n"
    tail = "class C:\n    def g(self):\n        return 3\n"
    fixed = head.replace("if x:", "if x is None:") + tail.replace("3", "4")
    assert edits_between(head + tail, fixed) == ("add comparison", "change constant")
    broken = "if a:\n    x = 1\nelse:\n    x = 2\n"  # a block that does not parse alone
    assert edits_between(broken, broken.replace("2", "3")) == ("change constant",)
