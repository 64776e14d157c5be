"""Small repositories, each with a habit that a warm process may get wrong, and bugs to tell by.

All have one package, `pkg`, and its tests; the habit comes on top.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from smith_lib.types import Tier

PYTEST = ("iniconfig==2.1.0", "packaging==25.0", "pluggy==1.6.0", "pygments==2.19.2", "pytest==8.4.2")
ALL = tuple(Tier)
FRESH = (Tier.FORK, Tier.COLD)

CORE = '''\
"""Numbers of several kinds."""

LIMIT = 10


def table():
    """What is worth what."""
    return {"a": 1, "b": 2}


RATES = table()


class Box:
    """So wide and so high."""

    high = 3

    def __init__(self, wide=2):
        self.wide = wide

    def area(self):
        return self.wide * self.high


def clamp(x):
    """At most the limit."""
    if x > LIMIT:
        return LIMIT
    return x


def worth(name, times=1):
    """So much."""
    return RATES[name] * times
'''
TESTS = """\
import pytest

from pkg.core import RATES, Box, clamp, worth


def test_area():
    assert Box(4).area() == 12


def test_area_of_default():
    assert Box().area() == 6


def test_low():
    assert clamp(3) == 3


def test_high():
    assert clamp(30) == 10


@pytest.mark.parametrize("name", sorted(RATES))
def test_worth(name):
    assert worth(name, 2) == {"a": 2, "b": 4}[name]


def test_worth_once():
    assert worth("a") == 1


def test_nothing():
    assert True
"""
CORE_BUGS = {
    "body": ("pkg/core.py", "self.wide * self.high", "self.wide + self.high"),
    "comparison": ("pkg/core.py", "x > LIMIT", "x < LIMIT"),
    "attribute": ("pkg/core.py", "    high = 3", "    high = 4"),
    "default": ("pkg/core.py", "wide=2", "wide=5"),
    "constant": ("pkg/core.py", "LIMIT = 10", "LIMIT = 11"),
    "at_import": ("pkg/core.py", '"b": 2', '"b": 3'),
}

Bug = tuple[str, str, str]


@dataclass(frozen=True)
class Odd:
    """A repository and what has to be found of it."""

    files: Mapping[str, str]
    bugs: Mapping[str, Bug]
    """Name to file, what it has once, and what the bug has instead."""
    tiers: tuple[Tier, ...] = ALL
    reason: str = ""
    """In the reason why other tiers are missing."""
    cold_tests: tuple[str, ...] = ()
    """Tests that only a cold run tells."""
    needy: tuple[str, ...] = ()
    """Tests that fail by themselves."""
    requirements: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    editable: bool = False

    def write(self, folder: Path) -> Path:
        """The tree, written."""
        files = {"pkg/__init__.py": "", "pkg/core.py": CORE, "tests/test_core.py": TESTS} | dict(self.files)
        for path, text in files.items():
            if text is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8")
        return folder


def threads() -> Odd:
    """A thread that starts at import."""
    code = """\
import queue
import threading

ORDERS, ANSWERS = queue.Queue(), queue.Queue()


def double(x):
    return 2 * x


def serve():
    while True:
        ANSWERS.put(double(ORDERS.get()))


threading.Thread(target=serve, daemon=True).start()


def ask(x):
    ORDERS.put(x)
    return ANSWERS.get(timeout=5)
"""
    tests = "from pkg.served import ask\n\n\ndef test_asked():\n    assert ask(4) == 8\n"
    return Odd(
        {"pkg/served.py": code, "tests/test_served.py": tests},
        CORE_BUGS | {"in_thread": ("pkg/served.py", "2 * x", "3 * x")},
        FRESH, "2 threads run", needy=("tests/test_served.py::test_asked",),  # no thread is in a fork
    )  # fmt: skip


def c_extension() -> Odd:
    """Code in C beside the Python code that wraps it; needs a compiler."""
    code = """\
#include <Python.h>
static PyObject *twice(PyObject *self, PyObject *x) { return PyNumber_Add(x, x); }
static PyMethodDef methods[] = {{"twice", twice, METH_O, ""}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_fast", "", -1, methods};
PyMODINIT_FUNC PyInit__fast(void) { return PyModule_Create(&module); }
"""
    setup = """\
from setuptools import Extension, setup

setup(name="pkg", version="1", packages=["pkg"], ext_modules=[Extension("pkg._fast", ["pkg/_fast.c"])])
"""
    wrapper = "from pkg._fast import twice\n\n\ndef four_times(x):\n    return twice(twice(x))\n"
    tests = "from pkg.fast import four_times\n\n\ndef test_four_times():\n    assert four_times(2) == 8\n"
    return Odd(
        {"setup.py": setup, "pkg/_fast.c": code, "pkg/fast.py": wrapper, "tests/test_fast.py": tests},
        CORE_BUGS | {"wrapper": ("pkg/fast.py", "twice(twice(x))", "twice(x)")},
        requirements=("setuptools==80.9.0",), editable=True,
    )  # fmt: skip


def stateful_plugin() -> Odd:
    """A plugin by which tests of a class do not run once one of them has failed."""
    conftest = """\
import pytest


def pytest_runtest_makereport(item, call):
    if call.excinfo is not None and item.cls is not None:
        item.parent.failed_before = item


def pytest_runtest_setup(item):
    before = getattr(item.parent, "failed_before", None)
    if before is not None and item.cls is not None:
        pytest.skip(f"{before.name} failed")
"""
    tests = """\
from pkg.core import Box, clamp


class TestSteps:
    def test_first(self):
        assert Box(5).area() == 15

    def test_second(self):
        assert clamp(2) == 2

    def test_third(self):
        assert 1 + 1 == 2
"""
    return Odd({"conftest.py": conftest, "tests/test_steps.py": tests}, CORE_BUGS)


SERVER = '''\
import http.server
import urllib.request


def page(path):
    """What a server shows there."""
    if path == "/hello":
        return 200, b"hello"
    return 404, b"nothing"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        code, body = page(self.path)
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def get(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read().decode().upper()
'''
SERVED = """\
import threading
import urllib.error

import pytest

from pkg.web import Handler, get
{imports}

@pytest.fixture(scope="session")
def url():
    server = {server}
    thread = threading.Thread(target=server.serve_forever, kwargs={{"poll_interval": 0.01}})
    thread.start()
    yield "http://127.0.0.1:%d" % server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_hello(url):
    assert get(url + "/hello") == "HELLO"


def test_nothing_there(url):
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(url + "/nothing")
    caught.value.close()
    assert caught.value.code == 404
"""
WEB_BUGS = {
    "handler": ("pkg/web.py", 'b"hello"', 'b"bye"'),
    "client": ("pkg/web.py", ".upper()", ".lower()"),
    "code": ("pkg/web.py", "404", "200"),
}


def session_server() -> Odd:
    """A server in a thread that all tests share, for the session."""
    made = SERVED.format(
        imports="import http.server", server='http.server.HTTPServer(("127.0.0.1", 0), Handler)'
    )
    return Odd({"pkg/web.py": SERVER, "tests/test_web.py": made}, CORE_BUGS | WEB_BUGS)


def server_at_fixed_port() -> Odd:
    """A server whose address is taken for a minute after each run."""
    made = SERVED.format(
        imports="import socketserver", server='socketserver.TCPServer(("127.0.0.1", 28765), Handler)'
    )
    made += '\n\n@pytest.mark.parametrize("n", range(20))\ndef test_more(n):\n    assert n < 20\n'
    both = ("tests/test_web.py::test_hello", "tests/test_web.py::test_nothing_there")
    return Odd(
        {"pkg/web.py": SERVER, "tests/test_web.py": made}, CORE_BUGS | WEB_BUGS,
        cold_tests=both, needy=both,
    )  # fmt: skip


def warnings_are_errors() -> Odd:
    """`filterwarnings = error`, and code that warns."""
    code = """\
import warnings


def old(x):
    if x < 0:
        warnings.warn("negative", DeprecationWarning, stacklevel=2)
    return abs(x)


def first_line(path):
    with open(path) as file:
        return file.readline()
"""
    tests = """\
import pytest

from pkg.warned import first_line, old


def test_old():
    assert old(3) == 3


def test_warned():
    with pytest.warns(DeprecationWarning):
        assert old(-3) == 3


def test_first_line(tmp_path):
    (tmp_path / "a").write_text("one\\ntwo\\n")
    assert first_line(tmp_path / "a") == "one\\n"
"""
    left_open = "    file = open(path)\n    return file.readline()"
    ini = "[pytest]\nfilterwarnings = error\n"
    return Odd(
        {"pkg/warned.py": code, "tests/test_warned.py": tests, "pytest.ini": ini},
        CORE_BUGS | {
            "warns": ("pkg/warned.py", "x < 0", "x <= 3"),
            "escape": ("pkg/warned.py", '"negative"', '"\\d"'),
            "leaves_open": (
                "pkg/warned.py", "    with open(path) as file:\n        return file.readline()", left_open
            ),
        },
    )  # fmt: skip


def xdist_and_random_order() -> Odd:
    """Options that spread tests over processes, mix their order and stop at the first that fails."""
    ini = "[pytest]\naddopts = -n 2 --dist loadfile -x --durations=3 -p no:cacheprovider\n"
    return Odd(
        {"pytest.ini": ini}, CORE_BUGS,
        requirements=("execnet==2.1.1", "pytest-randomly==4.0.1", "pytest-xdist==3.8.0"),
    )  # fmt: skip


def order_matters() -> Odd:
    """Tests that need what an earlier one did, or run otherwise after it."""
    code = """\
KNOWN = {}


def learn(name, value):
    KNOWN[name] = value + 1


def recall(name):
    return KNOWN[name]


def count():
    return len(KNOWN)
"""
    tests = """\
from pkg.memory import count, learn, recall


def test_learns():
    learn("a", 1)
    assert count() == 1


def test_recalls():
    assert recall("a") == 2


def test_counts():
    assert count() in (0, 1)
"""
    return Odd(
        {"pkg/memory.py": code, "tests/test_memory.py": tests},
        CORE_BUGS | {
            "learn": ("pkg/memory.py", "value + 1", "value - 1"),
            "recall": ("pkg/memory.py", "return KNOWN[name]", "return KNOWN[name] * 2"),
            "count": ("pkg/memory.py", "len(KNOWN)", "len(KNOWN) + 1"),
        },
        needy=("tests/test_memory.py::test_recalls",),
    )  # fmt: skip


def starts_processes() -> Odd:
    """Tests that start the package in processes of its own."""
    main = """\
import sys

from pkg.core import clamp


def main(words):
    return " ".join(str(clamp(int(word))) for word in words)


if __name__ == "__main__":
    print(main(sys.argv[1:]))
"""
    tests = """\
import multiprocessing
import subprocess
import sys

from pkg.core import worth


def test_command():
    out = subprocess.run([sys.executable, "-m", "pkg", "3", "30"], capture_output=True, text=True)
    assert out.stdout.strip() == "3 10"


def ask(queue):
    queue.put(worth("b"))


def test_process():
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=ask, args=(queue,))
    process.start()
    process.join(10)
    assert queue.get() == 2
"""
    return Odd(
        {"pkg/__main__.py": main, "tests/test_processes.py": tests},
        CORE_BUGS | {"main": ("pkg/__main__.py", '" ".join', '", ".join')},
    )


def reads_source() -> Odd:
    """Tests that look at the package's source."""
    tests = """\
import inspect
from pathlib import Path

import pkg.core


def test_says_numbers():
    assert "Numbers" in Path(pkg.core.__file__).read_text()


def test_no_sums():
    assert "+" not in inspect.getsource(pkg.core.Box)


def test_lines():
    assert inspect.getsource(pkg.core.clamp).count("return") == 2
"""
    return Odd({"tests/test_source.py": tests}, CORE_BUGS | {
        "docstring": ("pkg/core.py", '"""Numbers of', '"""Sums of'),
        "fewer_returns": ("pkg/core.py", "    if x > LIMIT:\n        return LIMIT\n", ""),
    })  # fmt: skip


def caches() -> Odd:
    """Caches that tests share."""
    code = """\
from functools import cached_property, lru_cache


@lru_cache(maxsize=None)
def slow(x):
    return x * x


def fast(x):
    return slow(x) + 1


class Page:
    @cached_property
    def text(self):
        return "text"


PAGE = Page()
"""
    tests = """\
from pkg.cached import PAGE, fast, slow


def test_slow():
    assert slow(3) == 9


def test_fast():
    assert fast(3) == 10


def test_again():
    assert slow(3) - 9 == 0


def test_text():
    assert PAGE.text == "text"


def test_text_again():
    assert len(PAGE.text) == 4
"""
    return Odd({"pkg/cached.py": code, "tests/test_cached.py": tests}, CORE_BUGS | {
        "cached": ("pkg/cached.py", "x * x", "x * 2"),
        "property": ("pkg/cached.py", '"text"', '"texts"'),
        "size": ("pkg/cached.py", "maxsize=None", "maxsize=1"),
    })  # fmt: skip


def runs_at_collection() -> Odd:
    """Functions of the package that run at import, in parametrize and in decorators."""
    code = """\
def cases():
    return [("one", 1), ("two", 2)]


def named(name):
    def decorate(function):
        function.title = name.title()
        return function
    return decorate


@named("hello")
def greet():
    return "hello"


def negative(x):
    return -x
"""
    tests = """\
import pytest

from pkg.early import cases, greet, negative

MINUS = negative(1)


@pytest.mark.parametrize("name, n", cases())
def test_case(name, n):
    assert len(name) == 3 and n in (1, 2)


def test_title():
    assert greet.title == "Hello" and greet() == "hello"


def test_minus():
    assert MINUS == -1
"""
    return Odd({"pkg/early.py": code, "tests/test_early.py": tests}, CORE_BUGS | {
        "cases": ("pkg/early.py", '("two", 2)', '("three", 3)'),
        "decorator": ("pkg/early.py", "name.title()", "name.upper()"),
        "decorated": ("pkg/early.py", 'return "hello"', 'return "bye"'),
        "minus": ("pkg/early.py", "return -x", "return x"),
    })  # fmt: skip


def replaced_module() -> Odd:
    """A module that conftest replaces, and one that is loaded under two names."""
    conftest = """\
import importlib.util
import sys
import types

fake = types.ModuleType("pkg.net")
fake.fetch = lambda: "fake"
sys.modules["pkg.net"] = fake

spec = importlib.util.spec_from_file_location("again", "pkg/twice.py")
again = sys.modules["again"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(again)
"""
    net = 'def fetch():\n    return "real"\n'
    twice = "def value():\n    return 7\n"
    use = "from pkg import net\n\n\ndef shown():\n    return net.fetch().upper()\n"
    tests = """\
import importlib

import again
import pkg.core
from pkg.shown import shown
from pkg.twice import value


def test_shown():
    assert shown() == "FAKE"


def test_value():
    assert value() == 7


def test_value_again():
    assert again.value() == 7


def test_reloaded():
    importlib.reload(pkg.core)
    assert pkg.core.clamp(12) == 10
"""
    files = {"conftest.py": conftest, "pkg/net.py": net, "pkg/twice.py": twice, "pkg/shown.py": use}
    return Odd(files | {"tests/test_replaced.py": tests}, CORE_BUGS | {
        "replaced": ("pkg/net.py", '"real"', '"gone"'),
        "twice": ("pkg/twice.py", "7", "8"),
        "shown": ("pkg/shown.py", ".upper()", ".lower()"),
    })  # fmt: skip


def odd_ids() -> Odd:
    """Test ids with spaces, brackets, colons and unicode."""
    tests = """\
import pytest

from pkg.core import clamp


@pytest.mark.parametrize("word", ["two words", "[brackets]", "größe", "a::b", "tab\\there", "-k x", "日本"])
def test_named(word):
    assert clamp(len(word)) == len(word)


def test_größe_in_a_name():
    assert clamp(11) == 10
"""
    shown = "[pytest]\ndisable_test_id_escaping_and_forfeit_all_rights_to_community_support = true\n"
    return Odd({"tests/test_größe/test_ids of this.py": tests, "pytest.ini": shown}, CORE_BUGS)


def src_layout() -> Odd:
    """The package below `src`, installed editable."""
    project = """\
[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "pkg"
version = "1"

[tool.setuptools.packages.find]
where = ["src"]
"""
    files = {"pyproject.toml": project, "src/pkg/__init__.py": "", "src/pkg/core.py": CORE}
    bugs = {name: (f"src/{path}", old, new) for name, (path, old, new) in CORE_BUGS.items()}
    return Odd(
        files | {"pkg/__init__.py": None, "pkg/core.py": None}, bugs,  # type: ignore[dict-item]
        requirements=("setuptools==80.9.0",), editable=True,
    )  # fmt: skip


def loaded_otherwise() -> Odd:
    """Modules that pytest rewrites, one out of an archive, and bytecode that lies there from installing."""
    project = "[build-system]\nrequires = [\"setuptools>=64\"]\nbuild-backend = \"setuptools.build_meta\"\n"
    setup = """\
import sys

from setuptools import setup

sys.path.insert(0, ".")
sys.dont_write_bytecode = False
import pkg.core

setup(name="pkg", version="1", packages=["pkg"])
"""
    checked = """\
def halved(n):
    \"\"\"Half of an even number.\"\"\"
    assert n % 2 == 0, "odd"
    return n // 2
"""
    archived = """\
import sys
import zipfile
from pathlib import Path

archive = Path(__file__).with_name("more.zip")
with zipfile.ZipFile(archive, "w") as file:
    file.writestr("archived.py", "ONE = 1\\n")
sys.path.append(str(archive))
import archived
"""
    tests = """\
import archived
import pytest

from pkg.checked import halved


def test_halved():
    assert halved(4) == 2 * archived.ONE


def test_odd():
    with pytest.raises(AssertionError):
        halved(3)
"""
    files = {"pyproject.toml": project, "setup.py": setup, "pkg/checked.py": checked,
             "pytest.ini": "[pytest]\npython_files = *.py\ntestpaths = tests\n",
             "tests/conftest.py": archived, "tests/test_checked.py": tests}  # fmt: skip
    return Odd(files, CORE_BUGS | {
        "returned": ("pkg/checked.py", "n // 2", "n"),
        "asserted": ("pkg/checked.py", "n % 2 == 0", "n % 2 == 1"),
    }, requirements=("setuptools==80.9.0",), editable=True)  # fmt: skip


def leaves_traces() -> Odd:
    """Code that changes its process and puts that back, and tests that would see it where it does not."""
    code = """\
import os
from contextlib import contextmanager


@contextmanager
def variable(name, value):
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


@contextmanager
def folder(path):
    before = os.getcwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)
"""
    tests = """\
import os

from pkg.traces import folder, variable


def test_variable():
    with variable("PKG_DEPTH", "3"):
        assert os.environ["PKG_DEPTH"] == "3"


def test_folder(tmp_path):
    with folder(tmp_path):
        assert os.getcwd() == str(tmp_path)
"""
    later = """\
import os


def test_no_variable():
    assert "PKG_DEPTH" not in os.environ


def test_here():
    assert os.path.exists("pkg")
"""
    return Odd({"pkg/traces.py": code, "tests/test_a.py": tests, "tests/test_b.py": later}, CORE_BUGS | {
        "variable": ("pkg/traces.py", "del os.environ[name]", "pass"),
        "folder": ("pkg/traces.py", "os.chdir(before)", "os.chdir(path)"),
    })  # fmt: skip


def leaves_state() -> Odd:
    """Objects and files that outlive a test, and tests that read them and execute nothing that changes."""
    code = """\
import os
from contextlib import contextmanager

CODECS = {"plain": str}


class Door:
    open = 0

    def enter(self):
        Door.open += 1

    def leave(self):
        Door.open -= 1


@contextmanager
def codec(name, function):
    CODECS[name] = function
    try:
        yield
    finally:
        del CODECS[name]


@contextmanager
def scratch():
    with open("scratch", "w"):
        yield
    os.remove("scratch")


def drained(queue):
    found = list(queue)
    queue.clear()
    return found
"""
    tests = """\
import pytest

from pkg.state import CODECS, Door, codec, drained, scratch


@pytest.fixture(scope="module")
def queue():
    return []


def test_codec():
    with codec("other", len):
        assert CODECS["other"]("abc") == 3


def test_door():
    Door().enter()
    Door().leave()


def test_scratch():
    with scratch():
        pass


def test_drained(queue):
    queue += [1, 2]
    assert drained(queue) == [1, 2]
    assert drained(queue) == []


def test_queue_is_empty(queue):
    assert queue == []
"""
    later = """\
import os

from pkg.state import CODECS, Door


def test_no_codec_stays():
    assert CODECS.keys() == {"plain"}


def test_nobody_is_in():
    assert Door.open == 0


def test_no_file_stays():
    assert not os.path.exists("scratch")
"""
    return Odd({"pkg/state.py": code, "tests/test_a.py": tests, "tests/test_b.py": later}, CORE_BUGS | {
        "codec": ("pkg/state.py", "del CODECS[name]", "pass"),
        "door": ("pkg/state.py", "Door.open -= 1", "Door.open -= 0"),
        "scratch": ("pkg/state.py", 'os.remove("scratch")', "pass"),
        "drained": ("pkg/state.py", "queue.clear()", "queue.copy()"),
    })  # fmt: skip


def made_at_import() -> Odd:
    """What imports make is met in many ways: by name, by call, in registries, by `getattr`, as test cases."""
    code = """\
import enum
import functools
import itertools
import re
from dataclasses import dataclass, field

HANDLERS = {}


def registered(function):
    HANDLERS[function.__name__] = function
    return function


def scaled(factor):
    def wrap(function):
        @functools.wraps(function)
        def inner(x):
            return factor * function(x)

        return inner

    return wrap


def width(n):
    return n * 2


WIDTH = width(3)
WORD = re.compile("[a-z]+")


class Kind(enum.Enum):
    ONE = 1
    TWO = 2


@registered
def first(x, by=1):
    return x + by


@registered
def second(x):
    return x * 2


@scaled(3)
def third(x):
    return x


TABLE = {"third": third}


@dataclass
class Point:
    x: int = 0
    tags: list = field(default_factory=list)


class Case:
    def __init__(self, value):
        self.value = value


def cases():
    return [Case(1), Case(2)]


def numbers():
    yield 1
    yield 2


STREAM = numbers()
COUNTER = itertools.count(5)
LENGTH = lambda text: len(text)  # noqa: E731


class Shape:
    sides = 3
    name = "shape"

    @property
    def double(self):
        return self.sides * 2

    def told(self, name):
        return getattr(self, name)


DEFAULT = Shape()


@functools.lru_cache
def after(n):
    return n + 1


NEXT = after(1)


class Named:
    def __init_subclass__(cls):
        cls.label = cls.__name__.lower()


class Thing(Named):
    pass
"""
    tests = """\
import pytest

from pkg import made
from pkg.made import DEFAULT, HANDLERS, TABLE, WIDTH, Kind, Point, Shape, Thing


def test_width():
    assert made.width(10) == 20


def test_width_made():
    assert WIDTH == 6


def test_word():
    assert made.WORD.match("abc")


def test_kind():
    assert Kind(1) is Kind.ONE


def test_other_kind():
    assert Kind.TWO.value == 2


@pytest.mark.parametrize("name, result", [("first", 5), ("second", 8)])
def test_handled(name, result):
    assert HANDLERS[name](4) == result


def test_first_by():
    assert made.first(1, by=2) == 3


def test_third():
    assert TABLE["third"](2) == 6


def test_point():
    assert Point().x == 0


def test_point_given():
    assert Point(2).x == 2


@pytest.mark.parametrize("case", made.cases(), ids=["low", "high"])
def test_case(case):
    assert case.value < 3


def test_stream():
    assert next(made.STREAM) == 1


def test_counter():
    assert next(made.COUNTER) == 5


def test_length():
    assert made.LENGTH("abc") == 3


def test_double():
    assert Shape().double == 6


def test_told():
    assert DEFAULT.told("si" + "des") == 3


def test_name():
    assert DEFAULT.name == "shape"


def test_next():
    assert made.NEXT == 2


def test_after():
    assert made.after(1) == 2


def test_after_more():
    assert made.after(5) == 6


def test_thing():
    assert Thing.label == "thing"
"""
    bugs = {
        "made": ("return n * 2", "return n * 3"),
        "made_alike": ("return n * 2", "return n * 2 if n < 5 else n"),
        "pattern": ('"[a-z]+"', '"[A-Z]+"'),
        "member": ("    ONE = 1", "    ONE = 3"),
        "default_of_registered": ("by=1", "by=2"),
        "not_registered": ("@registered\ndef second", "def second"),
        "closure": ("@scaled(3)", "@scaled(4)"),
        "undecorated": ("@scaled(3)\n", ""),
        "inner": ("factor * function(x)", "factor + function(x)"),
        "field": ("x: int = 0", "x: int = 7"),
        "case": ("[Case(1), Case(2)]", "[Case(1), Case(4)]"),
        "generator": ("yield 1", "yield 3"),
        "counter": ("count(5)", "count(6)"),
        "lambda": ("len(text)", "-len(text)"),
        "attribute": ("    sides = 3", "    sides = 4"),
        "attribute_by_name": ('    name = "shape"', '    name = "form"'),
        "property": ("    @property\n", ""),
        "cached": ("return n + 1", "return n + 2"),
        "cached_alike": ("return n + 1", "return n + 1 if n < 2 else n"),
        "subclass": (".lower()", ".upper()"),
        "nothing": ("HANDLERS = {}", "HANDLERS = dict()"),
    }
    return Odd(
        {"pkg/made.py": code, "tests/test_made.py": tests},
        {name: ("pkg/made.py", *bug) for name, bug in bugs.items()},
    )


def found_before() -> Odd:
    """Tests that execute other code where some that never meet it have run before them."""
    code = """\
KNOWN = {}
MODE = []


def known(name):
    if name not in KNOWN:
        KNOWN[name] = make(name)
    return KNOWN[name]


def make(name):
    return name.upper()


def say(text):
    if MODE:
        return loud(text)
    return text


def loud(text):
    return text.upper()
"""
    first = """\
from pkg import before


def test_knows():
    before.KNOWN["x"] = "X"


def test_mode():
    before.MODE.append("loud")
"""
    second = """\
from pkg import before


def test_known():
    assert before.known("x") == "X"


def test_unknown():
    assert before.known("y").upper() == "Y"


def test_say():
    assert before.say("a") in ("a", "A")


def test_say_nothing():
    assert before.say("") == ""
"""
    return Odd(
        {"pkg/before.py": code, "tests/test_a.py": first, "tests/test_b.py": second},
        {
            "not_met": ("pkg/before.py", "return name.upper()", "return name.lower()"),
            "met_by_some": ("pkg/before.py", "return name.upper()", "return None"),
            "met_together": ("pkg/before.py", "return text.upper()", "return text * 2"),
            "met_and_passes": ("pkg/before.py", "return text.upper()", "return text.lower()"),
        },
    )


REPOS: dict[str, Callable[[], Odd]] = {
    made.__name__: made
    for made in (
        threads, c_extension, stateful_plugin, session_server, server_at_fixed_port, warnings_are_errors,
        xdist_and_random_order, order_matters, starts_processes, reads_source, caches, runs_at_collection,
        replaced_module, odd_ids, src_layout, loaded_otherwise, leaves_traces, leaves_state,
        made_at_import, found_before,
    )
}  # fmt: skip
