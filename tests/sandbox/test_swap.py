"""A bug is swapped into loaded code only where that has the effect of a fresh import."""

import ast
import inspect
import itertools
import textwrap
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from smith_lib.validate.affected import touched
from tests.inside import inside


@pytest.fixture(scope="module")
def swap() -> ModuleType:
    return inside("swap")


@dataclass
class Case:
    """A clean program, a change of it, and what shows the change."""

    clean: str
    old: str
    new: str
    shows: tuple[str, ...]
    """Expressions; the first ends otherwise in buggy code."""
    elsewhere: str = ""
    """A part of why it cannot be swapped; empty where it can."""
    names: dict[str, Any] = field(default_factory=dict)
    """The loaded clean program."""

    def __post_init__(self) -> None:
        self.clean = textwrap.dedent(self.clean)
        assert self.old in self.clean, self.old
        self.buggy = self.clean.replace(self.old, self.new, 1)


F = """
def f(x):
    return x + 1
"""
CALLERS = """
def noted(f):
    f.noted = f.__code__.co_varnames[: f.__code__.co_argcount], f.__code__.co_flags & 32
    return f
@noted
def f(x, y=0):
    return x
"""
KEPT = {
    "set": "kept = {f.__code__}",
    "frozenset": "kept = frozenset([f.__code__])",
    "list": "kept = [f.__code__]",
    "tuple": "kept = (f.__code__,)",
    "tuple in a tuple": "kept = (1, (f.__code__, 2))",
    "dict by name": "kept = {'f': f.__code__}",
    "dict by code": "kept = {f.__code__: 1}",
    "name of the module": "kept = f.__code__",
    "attribute": "class A: pass\nkept = A()\nkept.code = f.__code__",
    "slot": "class A:\n    __slots__ = ('code',)\nkept = A()\nkept.code = f.__code__",
    "class attribute": "class A:\n    code = f.__code__",
    "closure": "def make(code):\n    return lambda: code\nkept = make(f.__code__)",
    "default": "def kept(code=f.__code__):\n    return code",
    "function attribute": "f.code = f.__code__",
    "bound argument": "import functools\nkept = functools.partial(print, f.__code__)",
}

CASES = {
    "function body": Case(F, "x + 1", "x - 1", ("f(3)", "f('a')")),
    "line shift": Case(
        "def g(x):\n    return 1 // x\n\ndef f(x):\n    return 1 // x\n",
        "    return", "    x = x\n    x = x\n    return", ("f(0)", "g(0)", "f(1)"),
    ),
    "method": Case(
        "class A:\n    def get(self): return 1\n    def more(self): return self.get() + 1\n",
        "return 1", "return 2", ("A().get()", "A().more()"),
    ),
    "kinds of methods": Case(
        """
        class A:
            @classmethod
            def make(cls): return 1, cls.__name__
            @staticmethod
            def plain(): return 1
            @property
            def value(self): return 1
        """,
        "return 1\n    @property", "return 2\n    @property", ("A.plain()", "A.make()", "A().value"),
    ),
    "bound methods and aliases": Case(
        "class A:\n    def get(self):\n        return 1\n    also = get\nbound = A().get\nplain = [A.get]\n",
        "return 1", "return 2", ("bound()", "A().also()", "plain[0](None)"),
    ),
    "closure made at import": Case(
        "def make(n):\n    def add(x): return x + n\n    return add\ntwo, three = make(2), make(3)\n",
        "x + n", "x - n", ("two(5)", "three(5)", "make(4)(5)"),
    ),
    "decorated": Case(
        """
        import functools
        def twice(f):
            @functools.wraps(f)
            def both(*args):
                return f(f(*args))
            return both
        @twice
        def f(x):
            return x + 1
        """,
        "return x + 1", "return x + 3", ("f(1)",),
    ),
    "decorator itself": Case(
        "def twice(f):\n    def both(x): return f(f(x))\n    return both\n@twice\ndef f(x): return x + 1\n",
        "f(f(x))", "f(x)", ("f(1)",),
    ),
    "cached": Case(
        "import functools\n@functools.lru_cache\ndef f(x):\n    return x + 1\n", "x + 1", "x - 1", ("f(1)",)
    ),
    "lambdas of one line": Case(
        "f, g = (lambda x: x + 1), (lambda x: x * 2)\n", "x * 2", "x * 3", ("g(1)", "f(1)")
    ),
    "equal lambdas of one line": Case(
        "f, g = (lambda x: x + 1), (lambda x: x + 1)\nh = f\n",
        "(lambda x: x + 1)\nh", "(lambda x: x + 2)\nh", ("g(1)", "f(1)", "h(1)"), "|at import",
    ),
    "lambda as a default": Case(
        "def f(x, by=lambda x: x + 1):\n    return by(x)\n", "x + 1", "x + 2", ("f(1)",)
    ),
    "comprehension": Case(
        "def f(xs):\n    return [x + 1 for x in xs if x], {x: 1 for x in xs}, sum(x for x in xs)\n",
        "x + 1 for x in xs if x", "x for x in xs if not x", ("f([0, 1])",),
    ),
    "generator function": Case(
        "def f(n):\n    for x in range(n):\n        yield x\n", "yield x", "yield x + 1", ("list(f(3))",)
    ),
    "coroutine": Case("async def f():\n    return 1\n", "return 1", "return 2", ("run(f())",)),
    "nested function": Case(
        "def f(x):\n    def g(y):\n        return y + x\n    return g(1)\n", "y + x", "y - x", ("f(1)",)
    ),
    "nested lambda comes": Case(
        "def f(x):\n    return x\n", "return x", "return (lambda: x + 1)()", ("f(1)",)
    ),
    "global lambda comes": Case(
        "def f(x):\n    return x\n", "return x", "return (lambda y: y + 1)(x)", ("f(1)",)
    ),
    "nested function goes": Case(
        "def f(x):\n    def g(y):\n        return y\n    return g(x)\n",
        "    def g(y):\n        return y\n    return g(x)", "    return x + 1", ("f(1)",),
    ),
    "nested function that is held goes": Case(
        "def f():\n    def g():\n        return 1\n    return g\nkept = f()\n",
        "    def g():\n        return 1\n    return g", "    return len", ("kept",), "goes or comes",
    ),
    "nested function beside a set of constants": Case(
        "def f(x):\n    def g(y):\n        return y + 1\n    return g(x) if x in {1, 2} else 0\nkept = f\n",
        "y + 1", "y - 1", ("f(1)",),
    ),
    "constants alike": Case("def f():\n    return 1\n", "return 1", "return True", ("f()",)),
    "signed zero": Case("def f():\n    return 0.0\n", "0.0", "-0.0", ("f()",)),
    "default": Case("def f(x=1):\n    return x\n", "x=1", "x=2", ("f()",), "at import"),
    "default alike": Case("def f(x=1):\n    return x\n", "x=1", "x=1.0", ("f()",), "at import"),
    "keyword default": Case("def f(*, x=1):\n    return x\n", "x=1", "x=2", ("f()",), "at import"),
    "default of a nested function": Case(
        "def f():\n    def g(x=1):\n        return x\n    return g()\n", "x=1", "x=2", ("f()",)
    ),
    "decorator goes": Case(
        "def no(f):\n    return lambda: 0\n@no\ndef f():\n    return 1\n", "@no\n", "", ("f()",), "at import"
    ),
    "class attribute": Case("class A:\n    n = 1\n", "n = 1", "n = 2", ("A.n",), "at import"),
    "base class": Case(
        "class A(ValueError):\n    pass\n", "ValueError", "KeyError", ("A.__base__",), "at import"
    ),
    "method comes": Case(
        "class A:\n    def f(self):\n        return 1\n", "    def f", "    def g(self): ...\n    def f",
        ("hasattr(A, 'g')",), "at import",
    ),
    "function comes": Case(F, "def f", "def g(x):\n    return x\ndef f", ("'g' in globals()",), "at import"),
    "module level": Case("n = 1\n" + F, "n = 1", "n = 2", ("n",), "at import"),
    "class in a function": Case(
        "def f():\n    class A:\n        n = 1\n    return A.n\n", "n = 1", "n = 2", ("f()",), "at import"
    ),
    "annotation": Case(
        "def f(x: int):\n    return x\n", "x: int", "x: str", ("f.__annotations__",), "annotations|at import"
    ),
    "docstring": Case(
        'def f():\n    """One."""\n    return 1\n', "One", "Two", ("f.__doc__",), "docstring|at import"
    ),
    "docstring comes": Case(
        "def f():\n    return 1\n", "    return", '    """Told."""\n    return', ("f.__doc__",), "docstring"
    ),
    "docstring of a class": Case('class A:\n    """One."""\n', "One", "Two", ("A.__doc__",), "at import"),
    "docstring of a nested function": Case(
        'def f():\n    def g():\n        """One."""\n    return g.__doc__\n', "One", "Two", ("f()",)
    ),
    "docstring of a held closure": Case(
        'def f():\n    def g():\n        """One."""\n        return 1\n    return g\nkept = f()\n',
        "One", "Two", ("kept.__doc__",), "docstring",
    ),
    "free variable comes": Case(
        "def f(n, m):\n    def g():\n        return n\n    return g\nkept = f(1, 2)\n",
        "return n", "return n + m", ("kept()",), "free variables",
    ),
    "free variables swap": Case(
        "def f(n, m):\n    def g():\n        return n - m\n    return g\nkept = f(1, 2)\n", "n - m", "m - n",
        ("kept()", "f(4, 1)()"),
    ),
    "parameters change places": Case(CALLERS, "(x, y=0)", "(y, x=0)", ("f.noted",), "parameters"),
    "parameter comes": Case(CALLERS, "(x, y=0)", "(x, z, y=0)", ("f.noted",), "parameters"),
    "function becomes a generator": Case(CALLERS, "return x", "yield x", ("f.noted",), "parameters|kind"),
    "living generator": Case(
        "def f():\n    yield 1\n    yield 2\nkept = f()\nnext(kept)\n", "yield 2", "yield 3", ("next(kept)",),
        "kept elsewhere",
    ),
    "living coroutine": Case(
        "async def f():\n    return 1\nkept = f()\n", "return 1", "return 2", ("run(kept)",), "kept elsewhere"
    ),
    "living asynchronous generator": Case(
        "async def f():\n    yield 1\nkept = f()\n", "yield 1", "yield 2", ("run(kept.__anext__())",),
        "kept elsewhere",
    ),
    "function of another's code": Case(
        F + "import types\ng = types.FunctionType(f.__code__, globals())\n",
        "x + 1", "x - 1", ("g(1)", "f(1)"),
    ),
    "code that was replaced": Case(
        F + "f.__code__ = f.__code__.replace(co_name='g')\n", "x + 1", "x - 1", ("f(1)",),
        "not what its file holds",
    ),
    "code that was rewritten in place": Case(
        F + "f.__code__ = f.__code__.replace(co_consts=(None, 5))\n", "x + 1", "x - 1", ("f(1)",),
        "not what its file holds",
    ),
    **{
        f"code kept in a {name}": Case(F + more + "\n", "x + 1", "x - 1", ("f(1)",), "kept elsewhere")
        for name, more in KEPT.items()
    },
    "kept code of a function that only moves": Case(
        "def g():\n    return 1\n" + F + "kept = {f.__code__}\n", "return 1", "x = 1\n    return x",
        ("g.__code__.co_nlocals",),
    ),
    "does not compile": Case(F, "return", "return return", ("f(1)",), "SyntaxError"),
}  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("swap")


@pytest.fixture(scope="module")
def index(tree: Path, swap: ModuleType) -> Any:
    """The index of a process that has loaded the clean program of every case."""
    for name, case in CASES.items():
        case.names = fresh(case.clean, place(tree, name))
    return swap.Index(str(tree))


def place(tree: Path, name: str) -> str:
    return str(tree / f"{list(CASES).index(name)}.py")


def fresh(text: str, path: str) -> dict[str, Any]:
    """What importing that text makes."""
    names: dict[str, Any] = {"__name__": "m"}
    exec(compile(text, path, "exec", dont_inherit=True), names)
    return names


def run(coroutine: Any) -> Any:
    """What it gives, without a loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits")


def outcome(expression: str, names: dict[str, Any], path: str) -> str:
    """What an expression gives: its value, or its exception and where that came from."""
    try:
        return repr(eval(expression, names, {"run": run}))
    except Exception as error:
        frames = [(f.f_code.co_name, line) for f, line in traceback.walk_tb(error.__traceback__)
                  if f.f_code.co_filename == path]  # fmt: skip
        return f"{error!r} at {frames}"


def look(thing: Any) -> object:
    """What can be seen of something without calling it."""
    if isinstance(thing, FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        return (
            thing.__name__, thing.__qualname__, thing.__doc__, look(thing.__defaults__),
            list(inspect.signature(thing).parameters), thing.__annotations__,
            thing.__code__.co_firstlineno, [look(cell) for cell in cells],
            {name: look(value) for name, value in vars(thing).items()}, look(thing.__code__),
        )  # fmt: skip
    if isinstance(thing, CodeType):
        below = [look(value) for value in thing.co_consts]
        return (thing.co_code, thing.co_names, thing.co_varnames, list(thing.co_lines()), repr(below))
    if isinstance(thing, type) and thing.__module__ == "m":
        hidden = ("__dict__", "__weakref__", "__firstlineno__")  # the last is for inspect.getsource alone
        return {name: look(value) for name, value in vars(thing).items() if name not in hidden}
    if isinstance(thing, (staticmethod, classmethod)):
        return look(thing.__func__)
    if isinstance(thing, property):
        return look(thing.fget)
    if isinstance(thing, tuple):
        return list(map(look, thing))
    return repr(thing) if isinstance(thing, (int, float, str, type(None))) else type(thing).__name__


def seen(names: dict[str, Any]) -> dict[str, object]:
    return {name: look(value) for name, value in names.items() if name != "__builtins__"}


@pytest.mark.parametrize("name", CASES)
def test_a_swap_has_the_effect_of_a_fresh_import_or_is_refused(
    name: str, index: Any, swap: ModuleType, tree: Path
) -> None:
    case, path = CASES[name], place(tree, name)
    try:
        made = index.plan(path, case.clean.encode(), case.buggy.encode())
    except SyntaxError as error:
        assert case.elsewhere == type(error).__name__
        return
    except swap.Elsewhere as why:
        assert case.elsewhere, why
        assert any(part and part in str(why) for part in case.elsewhere.split("|")), why
        return
    assert "" in case.elsewhere.split("|"), "it is swapped"
    for function, code in made:
        function.__code__ = code
    buggy = fresh(case.buggy, path)
    assert seen(case.names) == seen(buggy)
    for expression in case.shows:
        assert outcome(expression, case.names, path) == outcome(expression, buggy, path)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.elsewhere != "SyntaxError"])
def test_the_cases_show_their_change(name: str, tree: Path) -> None:
    case, path = CASES[name], place(tree, name)
    clean, buggy = fresh(case.clean, path), fresh(case.buggy, path)
    told = [outcome(expression, clean, path) != outcome(expression, buggy, path) for expression in case.shows]
    rewritten = "__code__.replace" in case.clean
    assert told[0] or rewritten or seen(clean) != seen(buggy)


def test_what_is_not_loaded_needs_no_swap(index: Any, tree: Path) -> None:
    assert index.plan(str(tree / "never.py"), F.encode(), F.replace("+", "-").encode()) == []


def test_equal_code_needs_no_swap(index: Any, tree: Path) -> None:
    case = CASES["generator function"]
    assert index.plan(place(tree, "generator function"), case.clean.encode(), case.clean.encode()) == []


def test_a_file_under_several_names_is_refused(tree: Path, swap: ModuleType) -> None:
    path = tree / "twice.py"
    kept = [fresh(F, str(path)), fresh(F, f"{tree}/../{tree.name}/twice.py")]
    index = swap.Index(str(tree))
    with pytest.raises(swap.Elsewhere, match="several names"):
        index.plan(str(path), F.encode(), F.replace("+", "-").encode())
    assert len(kept) == 2


def test_two_loads_of_one_file_are_both_swapped(tree: Path, swap: ModuleType) -> None:
    path = str(tree / "again.py")
    kept = [fresh(F, path), fresh(F, path)]
    index = swap.Index(str(tree))
    for function, code in index.plan(path, F.encode(), F.replace("+", "-").encode()):
        function.__code__ = code
    assert [names["f"](3) for names in kept] == [2, 2]


def test_a_file_that_was_loaded_otherwise_is_refused(tree: Path, swap: ModuleType) -> None:
    path = str(tree / "rewritten.py")
    kept = fresh(F.replace("x + 1", "(x) + 1 if x else x"), path)
    index = swap.Index(str(tree))
    with pytest.raises(swap.Elsewhere, match="not what its file holds"):
        index.plan(path, F.encode(), F.replace("+", "-").encode())
    assert kept["f"](1) == 2


PROGRAM = """
import functools

def made(n):
    def add(x, *more):
        return x + n + len(more)
    return add

plus = made(1)

class Box:
    size = 2
    def __init__(self, n=3):
        self.n = n
    def area(self):
        if self.n > self.size:
            return self.n * self.size
        return 0
    @property
    def double(self):
        return [x * 2 for x in range(self.n)]
    @functools.lru_cache
    def cached(self, k):
        return sum(x for x in range(k)) + self.n

def walk(xs):
    for x in xs:
        if x % 2 == 0:
            continue
        yield x + 1

by, name = (lambda x: x + 1), (lambda x: str(x) + "!")

def risky(x):
    try:
        return 10 // x
    except ZeroDivisionError:
        return None
    finally:
        x = 1
"""
CALLS = ("plus(1)", "plus(1, 2)", "made(2)(3)", "Box().area()", "Box(1).area()", "Box(2).double",
         "Box(3).cached(4)", "list(walk(range(5)))", "by(1)", "name(2)", "risky(0)", "risky(3)",
         "risky('a')", "Box.size", "Box.__init__.__defaults__")  # fmt: skip
EDITS = (
    ("+", "-"), ("*", "//"), (">", ">="), ("==", "!="), ("x", "1"), ("0", "1"), ("1", "0"), ("2", "3"),
    ("self.n", "self.size"), ("return", "yield"), ("return ", "return not "), ("continue", "break"),
    ("if", "while"), ("ZeroDivisionError", "TypeError"), ("    ", "    x = 1;"), ("(", "(lambda: 1)("),
    ("\n", "\n\n"),
    ("def ", "async def "), ("range", "len"), ("more", "rest"), ("*more", "more"), ("finally", "else"),
    ("str", "repr"), ("lambda x: ", "lambda x, y=1: "), ("functools.", ""), ("@property", ""),
)  # fmt: skip


def edits() -> Iterator[str]:
    """Many small changes of the program: each edit at each place."""
    for old, new in EDITS:
        at = PROGRAM.find(old)
        while at >= 0:
            yield PROGRAM[:at] + new + PROGRAM[at + len(old) :]
            at = PROGRAM.find(old, at + len(old))


def test_whatever_is_swapped_behaves_as_a_fresh_import(tree: Path, swap: ModuleType) -> None:
    path = str(tree / "many.py")
    names = fresh(PROGRAM, path)
    index = swap.Index(str(tree))
    at_import = executed_at_import(PROGRAM)
    before = {call: outcome(call, names, path) for call in CALLS}
    swapped = refused = told = 0
    for buggy in dict.fromkeys(edits()):
        change = touched(PROGRAM, buggy)
        if change.anyone or change.lines & at_import:  # judged by a fresh import
            refused += 1
            continue
        try:
            made = index.plan(path, PROGRAM.encode(), buggy.encode())
        except (swap.Elsewhere, SyntaxError):
            refused += 1
            continue
        clean = [(function, function.__code__) for function, _ in made]
        for function, code in made:
            function.__code__ = code
        names["Box"].cached.cache_clear()
        wanted = fresh(buggy, path)
        assert seen(names) == seen(wanted), buggy
        after = {call: outcome(call, names, path) for call in CALLS if _ends(buggy)}
        assert after == {call: outcome(call, wanted, path) for call in after}, buggy
        told += after != before
        swapped += 1
        for function, code in clean:
            function.__code__ = code
    assert (swapped > 60, refused > 20, told > 40) == (True, True, True), (swapped, refused, told)


def executed_at_import(text: str) -> set[int]:
    probes = inside("probes").Probes(lambda name: name)
    tree = ast.parse(text)
    probes.block(tree, "body", "m.py")
    exec(compile(tree, "m.py", "exec"), {"_smith_hits": probes.hits})
    return set(probes.take()[0]["m.py"])


def _ends(buggy: str) -> bool:
    return "while" not in buggy


def test_constants_that_compare_equal_are_told_apart(swap: ModuleType) -> None:
    sets = [frozenset([1]), frozenset([1.0])]
    values = [1, 1.0, True, 0.0, -0.0, 1j, (1,), (1.0,), (True,), "1", b"1", None, *sets]
    for one, other in itertools.combinations(values, 2):
        assert swap.constant(one) != swap.constant(other), (one, other)
