"""Probes tell every statement that is executed, and change nothing else."""

import ast
import builtins
import importlib.machinery
import importlib.util
import inspect
import linecache
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.inside import inside

PROGRAM = '''\
"""A module."""
from __future__ import annotations

import asyncio
import functools
from contextlib import contextmanager

COUNT = 0


def branches(x: Unknown):
    """Doc."""
    if x > 1:
        y = 1
    elif x:
        y = 2
    else:
        y = 3
    return y


def loops(xs):
    global COUNT
    for x in xs:
        if x == 0:
            continue
        while x:
            x -= 1
        COUNT += 1
    else:
        return "all"


def risky(x):
    try:
        return 10 // x
    except ZeroDivisionError:
        return None
    except TypeError:
        raise
    else:
        pass
    finally:
        x = 1


def patterns(x):
    match x:
        case [a, *rest] if rest:
            return a
        case {"k": v}:
            return v
        case _:
            pass


@functools.lru_cache
def decorated(x):
    return (
        x
        + 1
    )


def outer():
    n = 0
    def inner():
        nonlocal n
        n += 1
        return n
    inner()
    return inner()


class Box:
    """A box."""

    size = 2
    if size:
        more = 3

    def area(self):
        """Told."""
        return self.size * self.more

    class Inner:
        deep = 4


class Lone:
    """Only a docstring."""


async def waits(n):
    async def one():
        return 1
    async for x in counted(n):
        n += x
    async with held():
        n += await one()
    return n


async def counted(n):
    for x in range(n):
        yield x


class held:
    async def __aenter__(self):
        pass
    async def __aexit__(self, *_):
        pass


@contextmanager
def managed():
    yield 1


def uses():
    with managed() as one, managed():
        return [x for x in range(one)], lambda: one
    return None


def fails(x):
    y = x
    raise ValueError(
        y
    )


def one_line(x): x += 1; return x


def text():
    "not " "told"
    "told"
    return inspect_me.__doc__


def inspect_me():
    """Doc of it."""
'''
LINES = [line.strip() for line in PROGRAM.splitlines()]
CALLS = (
    "branches(0)", "branches(1)", "branches(2)", "loops([0, 1])", "loops([])", "risky(0)", "risky(2)",
    "risky('a')", "patterns([1, 2])", "patterns({'k': 1})", "patterns(3)", "decorated(1)", "outer()",
    "Box().area()", "asyncio.run(waits(3))", "uses()[0]", "fails(1)", "one_line(1)", "text()",
    "Box.__doc__", "branches.__doc__", "branches.__annotations__", "Lone.__doc__", "__doc__", "inspect_me()",
)  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "program.py").write_text(PROGRAM)
    (tmp_path / "elsewhere.py").write_text("x = 1\n")
    return tmp_path / "tree"


@pytest.fixture
def probes(tree: Path) -> Iterator[Any]:
    """Installed; as it was afterwards."""
    loader = importlib.machinery.SourceFileLoader
    before = loader.source_to_code
    inside_of = f"{tree}/"
    made = inside("probes").Probes(
        lambda name: name[len(inside_of) :] if name.startswith(inside_of) else None
    )
    had = "source_to_code" in vars(loader)
    made.install()
    yield made
    if had:
        loader.source_to_code = before
    else:
        del loader.source_to_code
    delattr(builtins, "_smith_hits")


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def plain(tree: Path) -> ModuleType:
    """The program without probes."""
    (tree.parent / "plain").mkdir()
    (tree.parent / "plain" / "program.py").write_text(PROGRAM)
    return loaded(tree.parent / "plain" / "program.py")


def lines(probes: Any) -> set[str]:
    """The statements told since the last time, by their first lines."""
    told, _ = probes.take()
    assert set(told) <= {"program.py"}
    return {LINES[n - 1] for n in told.get("program.py", ())}


def outcome(call: str, module: ModuleType) -> str:
    try:
        return repr(eval(call, vars(module)))
    except Exception as error:
        frames = [(f.name, f.lineno, f.line) for f in traceback.extract_tb(error.__traceback__)
                  if f.filename == module.__file__]  # fmt: skip
        return f"{error!r} at {frames}"


def test_importing_tells_what_is_executed_at_import(probes: Any, tree: Path) -> None:
    loaded(tree / "program.py")
    told, why = probes.take()
    assert why == []
    module = ast.parse(PROGRAM)
    classes = [node for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    wanted = {node.lineno for holder in [module, *classes] for node in holder.body}
    wanted |= {LINES.index("more = 3") + 1}
    silent = {1, 2, *(c.body[0].lineno for c in classes if c.name in ("Box", "Lone"))}
    assert told == {"program.py": sorted(wanted - silent)}


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("branches(2)", {"if x > 1:", "y = 1", "return y"}),
        ("branches(1)", {"if x > 1:", "elif x:", "y = 2", "return y"}),
        ("branches(0)", {"if x > 1:", "elif x:", "y = 3", "return y"}),
        ("loops([0])", {"global COUNT", "for x in xs:", "if x == 0:", "continue", 'return "all"'}),
        ("risky(2)", {"try:", "return 10 // x", "x = 1"}),
        ("risky(0)", {"try:", "return 10 // x", "return None", "x = 1"}),
        ("risky('')", {"try:", "return 10 // x", "raise", "x = 1"}),
        ("patterns([1, 2])", {"match x:", "return a"}),
        ("patterns({'k': 1})", {"match x:", "return v"}),
        ("patterns(1)", {"match x:", "pass"}),
        ("decorated(1)", {"return ("}),
        (
            "outer()",
            {"n = 0", "def inner():", "nonlocal n", "n += 1", "return n", "inner()", "return inner()"},
        ),
        ("Box().area()", {"return self.size * self.more"}),
        (
            "asyncio.run(waits(1))",
            {
                "async def one():", "return 1", "async for x in counted(n):", "n += x", "async with held():",
                "n += await one()", "return n", "for x in range(n):", "yield x", "pass",
            },
        ),
        (
            "uses()",
            {"with managed() as one, managed():", "return [x for x in range(one)], lambda: one", "yield 1"},
        ),
        ("fails(1)", {"y = x", "raise ValueError("}),
        ("one_line(1)", {"def one_line(x): x += 1; return x"}),
        ("text()", {'"told"', "return inspect_me.__doc__"}),
        ("inspect_me()", set()),
    ],
)  # fmt: skip
def test_every_executed_statement_is_told_and_no_other(
    call: str, wanted: set[str], probes: Any, tree: Path
) -> None:
    module = loaded(tree / "program.py")
    probes.take()
    outcome(call, module)
    assert lines(probes) == wanted
    assert lines(probes) == set()  # taken
    module.decorated.cache_clear()
    outcome(call, module)
    assert lines(probes) == wanted


def test_results_tracebacks_and_docstrings_are_those_of_plain_code(
    probes: Any, plain: ModuleType, tree: Path
) -> None:
    module = loaded(tree / "program.py")
    assert [outcome(call, module) for call in CALLS] == [outcome(call, plain) for call in CALLS]


def source_of(module: ModuleType) -> dict[str, tuple[str, int]]:
    """Each function's source and first line."""
    functions = {name: inspect.unwrap(value) for name, value in vars(module).items() if callable(value)}
    return {
        name: (inspect.getsource(function), function.__code__.co_firstlineno)
        for name, function in functions.items()
        if inspect.isfunction(function) and function.__module__ == module.__name__
    }


def test_lines_and_sources_of_functions_are_those_of_plain_code(
    probes: Any, plain: ModuleType, tree: Path
) -> None:
    linecache.clearcache()
    assert source_of(loaded(tree / "program.py")) == source_of(plain)
    assert len(source_of(plain)) > 12


def test_names_are_those_of_plain_code(probes: Any, plain: ModuleType, tree: Path) -> None:
    module = loaded(tree / "program.py")
    assert set(vars(module)) == set(vars(plain))
    assert dir(module.Box) == dir(plain.Box)


def test_only_files_of_the_tree_have_probes(probes: Any, tree: Path) -> None:
    loaded(tree.parent / "elsewhere.py")
    assert (probes.files, probes.take()) == (set(), ({}, []))
    loaded(tree / "program.py")
    assert probes.files == {"program.py"}


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", '"""Doc."""\n', "from __future__ import annotations\n", "x = 1", "\ufeffx = 1\n"],
)
def test_small_modules_load(text: str, probes: Any, tree: Path) -> None:
    (tree / "small.py").write_text(text)
    loaded(tree / "small.py")
    assert set(probes.take()[0].get("small.py", [])) == ({1} if "x = 1" in text else set())


def test_a_module_in_another_encoding_loads(probes: Any, tree: Path) -> None:
    (tree / "old.py").write_bytes("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"))
    assert loaded(tree / "old.py").x == "é"
    assert probes.take()[0] == {"old.py": [2]}


def test_what_does_not_compile_fails_as_without_probes(probes: Any, tree: Path) -> None:
    for text in ("def f(:\n", "return 1\n", "x = 1\0\n", "def f():\n    x = 1\n    global x\n"):
        (tree / "broken.py").write_text(text)
        with pytest.raises((SyntaxError, ValueError)) as told:
            loaded(tree / "broken.py")
        with pytest.raises(type(told.value)) as wanted:
            compile(text, str(tree / "broken.py"), "exec")
        assert str(told.value) == str(wanted.value)


@pytest.mark.parametrize("depth", [50, 400, 900, 1200, 1800])
def test_what_is_nested_deeply_loads_where_it_does_without_probes(
    depth: int, probes: Any, tree: Path
) -> None:
    arms = "".join(f"elif x == {n}:\n    y = {n}\n" for n in range(1, depth))
    text = f"x = {depth - 1}\nif x == 0:\n    y = 0\n{arms}"
    (tree / "deep.py").write_text(text)
    try:
        compile(text, "deep.py", "exec")
    except RecursionError:
        pytest.skip("too deep for this interpreter")
    assert loaded(tree / "deep.py").y == depth - 1
    assert ("deep.py" in probes.files) == ("deep.py" in probes.take()[0])


def test_code_in_threads_is_told(probes: Any, tree: Path) -> None:
    import threading

    module = loaded(tree / "program.py")
    probes.take()
    thread = threading.Thread(target=module.branches, args=(2,))
    thread.start()
    thread.join()
    assert "y = 1" in lines(probes)


LISTENING = """
import sys, os, subprocess, importlib
sys.path.insert(0, {folder!r})
sys.dont_write_bytecode = True
import importlib.util
spec = importlib.util.spec_from_file_location("smith_probes", {probes!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
tree = {folder!r} + "/"
probes = module.Probes(lambda name: name[len(tree):] if name.startswith(tree) else None)
probes.install()
probes.listen()
{act}
print(probes.take()[1], probes.take()[1])
"""


@pytest.mark.parametrize(
    ("act", "why"),
    [
        ("pass", "[]"),
        ("import program", "[]"),
        ("open(os.devnull).close()", "[]"),
        ("open(tree + 'data.txt', 'w').close()", "[]"),
        ("open(tree + 'program.py').close()", "['source program.py']"),
        ("open(os.fsencode(tree) + b'program.py').close()", "['source program.py']"),
        ("import program, inspect; inspect.getsource(program)", "['source program.py']"),
        ("subprocess.run(['true'])", "['process']"),
        ("os.system('true')", "['process']"),
        ("os.posix_spawn('/bin/true', ['true'], os.environ)", "['process']"),
        ("os.fork() or os._exit(0)", "['process']"),
        ("os.system('true'); open(tree + 'program.py').close()", "['process', 'source program.py']"),
    ],
)
def test_what_else_a_run_depends_on_is_told(act: str, why: str, tree: Path) -> None:
    code = LISTENING.format(folder=str(tree), probes=str(inside("probes").__file__), act=textwrap.dedent(act))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == f"{why} []"
