"""Source is parsed by one thread at a time, and nothing in the library goes past that."""

import ast
import gc
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import smith_lib
from smith_lib import syntax

LINE = "    return [(x + 1) * (y - 1) for y in range(x) if y]\n"
SOURCE = "".join(f"def f{n}(x):\n{LINE}" for n in range(150))


def test_many_threads_may_parse_at_the_same_time():
    def give_way(phase: str, info: dict[str, int]) -> None:
        """Collecting garbage is where a thread that makes a tree lets another go on."""
        time.sleep(0)

    before = gc.get_threshold()
    gc.callbacks.append(give_way)
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(syntax.parse, [SOURCE] * 24))
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(give_way)
    assert [len(tree.body) for tree in made] == [150] * 24


def test_the_library_parses_in_no_other_way():
    folder = Path(smith_lib.__file__).parent
    for path in folder.rglob("*.py"):
        if path.name != "syntax.py" and path.parent.name != "inside":
            assert not re.search(r"\bast\.parse\(", path.read_text()), path


def test_a_mark_at_the_beginning_is_no_matter():
    assert ast.dump(syntax.parse("\ufeffx = 1\n")) == ast.dump(syntax.parse("\ufeffx = 1\n".encode()))
    with pytest.raises(SyntaxError):
        syntax.parse("x = 1\n\ufeffy = 2\n")


def test_what_others_parse_meanwhile_is_no_matter(monkeypatch):
    real, fails = ast.parse, iter([True, True, False])

    def disturbed(source: str, mode: str = "exec") -> ast.AST:
        if next(fails, False):
            raise SystemError("AST constructor recursion depth mismatch (before=78, after=120)")
        return real(source, mode=mode)

    monkeypatch.setattr(ast, "parse", disturbed)
    assert len(syntax.parse(SOURCE).body) == 150
    assert isinstance(syntax.expression("a + b"), ast.BinOp)


def test_what_never_goes_well_is_raised(monkeypatch):
    def broken(source: str, mode: str = "exec") -> ast.AST:
        raise SystemError(source)

    monkeypatch.setattr(ast, "parse", broken)
    with pytest.raises(SystemError, match="x = 1"):
        syntax.parse("x = 1")
