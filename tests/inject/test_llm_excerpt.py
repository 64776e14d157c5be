"""A function or class taken out of its file and put back: all other bytes stay."""

import random
import textwrap

import libcst as cst
import pytest

from smith_lib import diffs
from smith_lib.inject.draw import Studio
from smith_lib.inject.llm_family.excerpt import Excerpt, excerpt_of
from smith_lib.inject.llm_family.outline import skeleton
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import edited
from smith_lib.types import Category, Strategy
from tests.inject.test_llm_answer import CLASS, CLEAN


def excerpt(program: Program, name: str) -> Excerpt:
    nodes = [n for n in program.nodes() if isinstance(n, cst.FunctionDef | cst.ClassDef)]
    found = excerpt_of(program, next(n for n in nodes if n.name.value == name))
    assert found is not None
    return found


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t"])
@pytest.mark.parametrize("tail", ["", "\n\n    # The end.\n\n\nX = 1\n", "\n\f\n\nX = 1\n"])
def test_a_function_goes_back_into_its_place_to_the_byte(
    newline: str, indent: str, tail: str, bom: str
) -> None:
    method = textwrap.indent(CLEAN.rstrip("\n"), indent).replace("items:\n", "items:  \n")
    head = f"{bom}class A:\n{indent}# Above.\n\n"
    text = (head + method + tail.replace("    ", indent)).replace("\n", newline)
    program = Program("a.py", text)
    total = excerpt(program, "total")
    assert total.code.startswith("@cached\ndef total")

    def put(code: str) -> str:
        """The file after the change, told by the edit and by the diff alike."""
        changed = program.bom + edited(program, [total.edit(code)])
        if changed != text:
            draft = Studio().made(total.parts(code), Strategy.LLM, "llm_modify", Category.OTHER)
            assert not isinstance(draft, str)
            assert diffs.apply(draft.patch, lambda path: text) == {"a.py": changed}
        return changed

    assert put(total.code) == text
    assert put(total.code.replace("is not None", "> 0")) == text.replace("is not None", "> 0")
    longer = total.code.replace("    return start", "    start += 1\n    return start")
    added = f"{indent}    start += 1{newline}{indent}    return start"
    assert put(longer) == text.replace(f"{indent}    return start", added)


def test_mixed_line_ends_stay_where_nothing_changes() -> None:
    text = "x = 1\r\ndef f(a):\n    b = a\r\n    c = b\n    return c\r\ny = 2\n"
    program = Program("a.py", text)
    f = excerpt(program, "f")
    new = f.edit("def f(a):\n    b = a\n    c = a\n    return c\n")
    assert edited(program, [new]) == text.replace("c = b", "c = a")
    assert edited(program, [f.edit(f.code)]) == text
    added = "return c\r\n    d = c\r\n    return d\r\n"
    longer = f.edit("def f(a):\n    b = a\n    c = b\n    return c\n    d = c\n    return d\n")
    assert edited(program, [longer]) == text.replace("return c\r\n", added)


def test_a_text_that_hangs_out_of_the_function_keeps_it_from_being_taken() -> None:
    program = Program("a.py", 'class A:\n    def f(self):\n        return """\nleft\n"""\n')
    [node] = [node for node in program.nodes() if isinstance(node, cst.FunctionDef)]
    assert excerpt_of(program, node) is None


def test_of_a_class_only_the_methods_that_differ_are_changed() -> None:
    text = f"import base\n\n\n{CLASS}\n\nX = 1\n".replace("\n", "\r\n")
    program = Program("a.py", text)
    queue = excerpt(program, "Queue")
    new = CLASS.replace("items[0] = item", "items[-1] = item").replace("[item, *more]", "[*more, item]")
    parts = queue.parts(new.replace('out."""\n', 'out."""\n\n    # A remark that goes nowhere.\n'))
    assert [part.function for part in parts] == ["Queue.first", "Queue.put"]
    changed = edited(program, [part.edit for part in parts])
    assert changed == text.replace(CLASS.replace("\n", "\r\n"), new.replace("\n", "\r\n"))
    helped = queue.parts(CLASS + "\n    def _all(self):\n        return self.items\n")
    assert [part.function for part in helped] == ["Queue"]
    added = "more])\r\n\r\n    def _all(self):\r\n        return self.items\r\n"
    assert edited(program, [part.edit for part in helped]) == text.replace("more])\r\n", added)


def test_any_lines_may_change_and_the_rest_of_the_file_stays() -> None:
    """Random rewrites of a method in a file of odd layout."""
    before, after = "\ufeffimport os\f\n\tif_ = 1\n"[:11] + "\n\n", "\n\n# end\n\n\n\nX = 1  \r\nY = 2"
    lines = [f"        x{n} = a{'  ' * (n % 3)}" for n in range(8)]
    text = before + "class A:\n    @p\n    def f(self, a):\n" + "\n".join(lines) + after
    program = Program("a.py", text)
    f = excerpt(program, "f")
    chance = random.Random(1)
    for _ in range(50):
        new = f.code.rstrip("\n").split("\n")
        for _ in range(3):
            at = chance.randrange(2, len(new))
            new[at : at + chance.randrange(2)] = [f"    y{chance.randrange(9)} = a"] * chance.randrange(1, 3)
        changed = program.bom + edited(program, [f.edit("\n".join(new) + "\n")])
        assert changed.startswith(before) and changed.endswith(after)
        kept = [line for line in changed.removeprefix(before).removesuffix(after).split("\n") if " x" in line]
        assert set(kept) <= set(lines)


def test_an_outline_holds_no_code() -> None:
    program = Program("a.py", f"{CLEAN}\n\n{CLASS}")
    assert skeleton(excerpt(program, "total")) == (
        '@cached\ndef total(items, start=0):\n    """The sum of what is there."""\n    ...\n'
    )
    told = skeleton(excerpt(program, "Queue"))
    assert "self.items" not in told
    assert told.count("...") == 4
    assert "    limit = 3\n" in told
    assert '    @property\n    def first(self):\n        """What leaves next."""\n        ...\n' in told
    compile(told, "told", "exec")
