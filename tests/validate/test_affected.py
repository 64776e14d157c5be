"""Whoever a change affects executes one of the statements that it touches."""

import ast
import textwrap
from collections.abc import Iterator

import pytest

from smith_lib.validate.affected import ANYONE, Touched, touched
from tests.inside import inside

CLEAN = '''\
"""A module."""
import os

LIMIT = 3


def scale(x, by=2):
    """Scaled."""
    if x > LIMIT:
        x = LIMIT
    elif x < 0:
        x = 0
    for step in range(by):
        x += step
    return (
        x
        * by
    )


class Box:
    """A box."""

    size = 4

    def area(self):
        side = self.size
        return side * side

    def label(self):
        return "box"


def read(path):
    try:
        found = open(path).read()
    except OSError:
        found = None
    else:
        found = found.strip()
    finally:
        done = True
    match found:
        case None:
            return done
        case "a" | "b":
            return 1
        case _:
            return 2


def outer(xs):
    def inner(x):
        return x + LIMIT
    with open(os.devnull):
        made = [inner(x) for x in xs]
    return made


def stub():
    """Nothing yet."""


class Oops(Exception):
    """It went wrong."""
'''
LONE = '    """It went wrong."""\n    code = 1\n'
LINE = {line.strip(): n for n, line in enumerate(CLEAN.splitlines(), 1)}


def change(old: str, new: str) -> Touched:
    assert CLEAN.count(old) == 1, old
    return touched(CLEAN, CLEAN.replace(old, new))


def lines(*statements: str) -> Touched:
    """Of the statements that begin with these lines."""
    return Touched(frozenset(LINE[statement] for statement in statements))


def executable(found: Touched) -> set[int]:
    """The touched lines at which statements begin."""
    return {node.lineno for node in ast.walk(ast.parse(CLEAN)) if isinstance(node, ast.stmt)} & found.lines


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("        x = LIMIT\n", "        x = LIMIT + 1\n", ["x = LIMIT"]),
        ("        x += step\n", "        x -= step\n", ["x += step"]),
        ("    elif x < 0:\n", "    elif x <= 0:\n", ["elif x < 0:", "x = 0"]),
        ("            return 1\n", "            return 3\n", ["return 1"]),
        ("        found = None\n", "        found = ''\n", ["found = None"]),
        ("        done = True\n", "        done = False\n", ["done = True"]),
        ("        return x + LIMIT\n", "        return x\n", ["return x + LIMIT"]),
        ("        side = self.size\n", "", ["side = self.size", "return side * side"]),  # no local any more
    ],
)
def test_a_changed_statement_is_touched_alone(old: str, new: str, expected: list[str]) -> None:
    assert change(old, new) == lines(*expected)


def test_a_statement_of_several_lines_is_touched_by_its_first() -> None:
    found = change("        * by\n", "        - by\n")
    assert executable(found) == {LINE["return ("]}


def test_a_removed_statement_is_touched() -> None:
    assert change("        x += step\n", "        pass\n").lines == {LINE["x += step"]}
    found = change("    for step in range(by):\n        x += step\n", "")
    assert executable(found) >= {LINE["for step in range(by):"], LINE["x += step"]}


def test_an_inserted_statement_touches_all_of_its_block() -> None:
    found = change('        return "box"\n', '        str(self)\n        return "box"\n')
    assert found == lines('return "box"')
    found = change("        x += step\n", "        x += step\n        x += step\n")
    assert executable(found) == {LINE["for step in range(by):"], LINE["x += step"]}


def test_an_else_that_is_made_unconditional_is_told_by_what_runs_in_both_cases() -> None:
    clean = "def f(x):\n    if x:\n        y = 1\n    else:\n        y = 2\n    return y\n"
    buggy = "def f(x):\n    if x:\n        y = 1\n    y = 2\n    return y\n"
    assert 2 in touched(clean, buggy).lines


def test_an_else_that_comes_touches_its_condition() -> None:
    clean = "def f(x, y):\n    if x:\n        y = 1\n    return y\n"
    buggy = "def f(x, y):\n    if x:\n        y = 1\n    else:\n        y = 2\n    return y\n"
    assert 2 in touched(clean, buggy).lines


@pytest.mark.parametrize(
    ("old", "new", "definition"),
    [
        ("def scale(x, by=2):", "def scale(x, by=3):", "def scale(x, by=2):"),
        ("def scale(x, by=2):", "def scale(by, x=2):", "def scale(x, by=2):"),
        ("def scale(x, by=2):", "@staticmethod\ndef scale(x, by=2):", "def scale(x, by=2):"),
        ("def scale(x, by=2):", "async def scale(x, by=2):", "def scale(x, by=2):"),
        ("def scale(x, by=2):", "def rescale(x, by=2):", "def scale(x, by=2):"),
        ('    """Scaled."""\n', '    """Not scaled."""\n', "def scale(x, by=2):"),
        ('    """Scaled."""\n', "", "def scale(x, by=2):"),
        ('        return "box"\n', '        """Told."""\n        return "box"\n', "def label(self):"),
        ("class Oops(Exception):", "class Oops(KeyError):", "class Oops(Exception):"),
        ('    """It went wrong."""\n', '    """Gone wrong."""\n', "class Oops(Exception):"),
        ("    size = 4\n", "    size = 5\n", "size = 4"),
        ("LIMIT = 3\n", "LIMIT = 4\n", "LIMIT = 3"),
    ],
)
def test_what_is_executed_at_import_is_touched(old: str, new: str, definition: str) -> None:
    assert LINE[definition] in change(old, new).lines


@pytest.mark.parametrize(
    ("old", "new", "definition"),
    [
        ('    """Nothing yet."""\n', '    """Nothing yet."""\n    return 1\n', "def stub():"),
        ('    """It went wrong."""\n', LONE, "class Oops(Exception):"),
    ],
)
def test_what_comes_after_a_lone_docstring_is_told_by_the_definition(
    old: str, new: str, definition: str
) -> None:
    assert LINE[definition] in change(old, new).lines


def test_a_method_that_comes_touches_its_class_body() -> None:
    found = change("    def label(self):\n", "    def other(self): ...\n    def label(self):\n")
    assert {LINE["size = 4"], LINE["def area(self):"], LINE["def label(self):"]} <= found.lines


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 3\n", "LIMIT = 3\nMORE = 4\n"),
        ("def scale", "def added():\n    return 1\n\n\ndef scale"),
        ('"""A module."""\n', '"""Another."""\n'),
        ('"""A module."""\n', ""),
    ],
)
def test_what_comes_into_the_module_itself_may_affect_anyone(old: str, new: str) -> None:
    assert change(old, new) == ANYONE


def test_an_assignment_that_makes_a_global_name_local_touches_all_of_its_function() -> None:
    found = change("        x += step\n", "        LIMIT = step\n")
    assert {LINE["if x > LIMIT:"], LINE["x = LIMIT"], LINE["x += step"]} <= found.lines


@pytest.mark.parametrize("new", ["global made", "del made", "import made", "yield made", "(made := 1)"])
def test_a_name_that_changes_its_kind_touches_all_of_its_function(new: str) -> None:
    clean = "def f(x):\n    if x:\n        return made\n    if x is None:\n        pass\n    return 2\n"
    found = touched(clean, clean.replace("pass", new))
    assert {2, 3, 4, 5, 6} <= found.lines


def test_a_yield_that_goes_touches_all_of_its_function() -> None:
    clean = "def f(x):\n    if x:\n        yield 1\n    return 2\n"
    assert {2, 4} <= touched(clean, clean.replace("yield 1", "x = 1")).lines


def test_a_nested_function_keeps_its_names_to_itself() -> None:
    assert change("        return x + LIMIT\n", "        y = x\n        return y\n").lines == {
        LINE["return x + LIMIT"]
    }


def test_several_functions_and_equal_lines_between_them() -> None:
    buggy = CLEAN.replace("x += step", "x += 1").replace("side * side", "side + side")
    assert touched(CLEAN, buggy) == lines("x += step", "return side * side")


@pytest.mark.parametrize(
    ("old", "new", "heads"),
    [
        ("    except OSError:\n", "    except ValueError:\n", ["try:", "found = open(path).read()"]),
        ("    else:\n        found = found.strip()\n", "", ["found = found.strip()"]),
        ("    finally:\n        done = True\n", "    done = True\n", ["try:"]),
        ("    match found:\n", "    match path:\n", ["match found:"]),
        ('        case "a" | "b":\n', '        case "a":\n', ["match found:"]),
        ('        case "a" | "b":\n            return 1\n', "", ["match found:"]),
        ("    with open(os.devnull):\n", "    if True:\n", ["with open(os.devnull):"]),
    ],
)
def test_a_changed_head_touches_all_of_its_statement(old: str, new: str, heads: list[str]) -> None:
    assert lines(*heads).lines <= change(old, new).lines


@pytest.mark.parametrize("buggy", ["def f(:\n", "x = (\n", "x = 1\0\n", "x = " + "(" * 500 + ")" * 500])
def test_what_does_not_parse_may_affect_anyone(buggy: str) -> None:
    assert touched("x = 1\n", buggy) == ANYONE
    assert touched(buggy, "x = 1\n") == ANYONE


def test_equal_texts_and_comments_touch_nothing() -> None:
    assert touched(CLEAN, CLEAN) == Touched(frozenset())
    assert change("    for step in", "    # a comment\n    for step in") == Touched(frozenset())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("odd", ["\x0c", "# \x1c \x85 \u2028"])
def test_lines_end_where_python_ends_them(odd: str, end: str) -> None:
    clean = f"x = 1\n{odd}\n{odd}\n{odd}\n\ndef f():\n    return 1\n\n\ndef g():\n    return 3\n"
    clean = clean.replace("\n", end)
    assert touched(clean, clean.replace("return 1", "return 2")).lines == {7}


PROGRAMS = {
    "branches": (
        """
        def f(x):
            if x > 2:
                y = 1
            else:
                y = 2
            return y
        """,
        ["f(0)", "f(2)", "f(3)"],
        [
            ("x > 2", "x >= 2"), ("y = 1", "y = 5"), ("y = 2", "pass"), ("    else:\n        y = 2\n", ""),
            ("    else:\n        y = 2\n", "    y = 2\n"), ("    return y", "    y += 1\n    return y"),
            ("    return y", "    return y\n    yield"), ("    return y", ""),
        ],
    ),
    "names": (
        """
        N = 5
        def f(x):
            if x == 1:
                return N
            if x == 2:
                x = 3
            return x
        def g(x):
            def h():
                return N + x
            if x:
                x = x + 1
            return h()
        """,
        ["f(0)", "f(1)", "f(2)", "g(0)", "g(1)", "N"],
        [("x = 3", "N = 3"), ("x = x + 1", "N = 2"), ("return N + x", "return x"), ("N = 5", "N = 6"),
         ("    def h", "    N = x\n    def h")],
    ),
    "loops": (
        """
        def f(xs):
            total = 0
            for x in xs:
                if x < 0:
                    continue
                if x > 9:
                    break
                total += x
            else:
                total += 100
            return total
        """,
        ["f([])", "f([1, 2])", "f([-1, 2])", "f([10, 1])", "f([0])"],
        [("continue", "break"), ("break", "pass"), ("x < 0", "x < 2"),
         ("    else:\n        total += 100\n", ""),
         ("        total += x\n", ""), ("        total += x\n", "        total += x\n        total += 1\n"),
         ("    total = 0", "    total = 1"), ("    return total", "    total -= 1\n    return total")],
    ),
    "errors": (
        """
        def f(x):
            try:
                y = 10 // x
            except ZeroDivisionError:
                y = None
            else:
                y += 1
            finally:
                z = 1
            return y, z
        """,
        ["f(0)", "f(5)", "f('a')"],
        [("ZeroDivisionError", "TypeError"), ("y = None", "raise"), ("    else:\n        y += 1\n", ""),
         ("z = 1", "z = 2"), ("y = 10", "y = 20"),
         ("    else", "    except TypeError:\n        y = 7\n    else")],
    ),
    "patterns": (
        """
        def f(x):
            match x:
                case [a, b]:
                    return a
                case {"k": v, **rest}:
                    return v
                case str() as s if s:
                    return s
            return None
        """,
        ["f([1, 2])", "f({'k': 3})", "f('')", "f('b')", "f(1)"],
        [("return a", "return b"), ("[a, b]", "[b, a]"), ("as s if s", "as s"), ("return None", "return x"),
         ('        case {"k": v, **rest}:\n            return v\n', ""), ("match x", "match [x, x]")],
    ),
    "definitions": (
        '''
        def twice(f):
            def both(x):
                return f(f(x))
            return both
        @twice
        def more(x, by=1):
            """More."""
            return x + by
        class A:
            """A."""
            n = 1
            def get(self):
                return self.n
        class B(A):
            """B."""
        def doc():
            """Doc."""
        ''',
        ["more(1)", "A().get()", "B().get()", "B.__doc__", "doc()", "doc.__doc__", "A.__doc__"],
        [("@twice\n", ""), ("by=1", "by=2"), ("f(f(x))", "f(x)"), ("n = 1", "n = 2"), ("(A)", ""),
         ('"""B."""', '"""B."""\n    n = 9'), ('"""Doc."""', '"""Doc."""\n    return 3'),
         ('"""Doc."""', '"""Cod."""'), ('    """A."""\n', ""), ("return self.n", "return -self.n"),
         ('    """More."""\n', "    x += 1\n")],
    ),
    "one line": (
        """
        def f(x): return x + 1
        g, h = (lambda x: x + 2), (lambda x: x + 3)
        def k(x):
            if x: return 1
            y = [z for z in range(x + 3) if z]; w = len(y)
            return w
        """,
        ["f(1)", "g(1)", "h(1)", "k(0)", "k(1)"],
        [("x + 1", "x + 4"), ("x + 2", "x + 5"), ("return 1", "return 2"), ("len(y)", "sum(y)"),
         ("if z", "if not z")],
    ),
}  # fmt: skip


def _pairs() -> Iterator[object]:
    for name, (text, calls, changes) in PROGRAMS.items():
        for old, new in changes:
            yield pytest.param(textwrap.dedent(text), calls, old, new, id=f"{name}: {old!r} to {new!r}")


class Watched:
    """A program compiled with probes."""

    def __init__(self, text: str) -> None:
        self.probes = inside("probes").Probes(lambda name: name)
        tree = ast.parse(text)
        self.probes.block(tree, "body", "m.py")
        self.names: dict[str, object] = {"_smith_hits": self.probes.hits}
        exec(compile(tree, "m.py", "exec"), self.names)
        self.at_import = self.taken()

    def taken(self) -> set[int]:
        return set(self.probes.take()[0].get("m.py", ()))


def outcome(call: str, names: dict[str, object]) -> str:
    try:
        value = eval(call, names)
        return repr(list(value) if hasattr(value, "send") else value)
    except Exception as error:
        return repr(error)


@pytest.mark.parametrize(("text", "calls", "old", "new"), list(_pairs()))
def test_a_call_that_a_change_affects_executes_what_is_touched(
    text: str, calls: list[str], old: str, new: str
) -> None:
    buggy = text.replace(old, new, 1)
    assert buggy != text
    found = touched(text, buggy)
    clean, changed = Watched(text), {}
    exec(compile(buggy, "m.py", "exec"), changed)
    differing = 0
    for call in calls:
        before = outcome(call, clean.names)
        executed = clean.taken() | clean.at_import
        if before != outcome(call, changed):
            differing += 1
            assert found.anyone or found.lines & executed, call
    assert differing, "no call shows the change"
