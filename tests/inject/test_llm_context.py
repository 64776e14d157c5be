"""What a model is told of the surroundings, within a budget of tokens."""

from collections.abc import Sequence

import libcst as cst
import pytest

from smith_lib.completion import _litellm
from smith_lib.inject.llm_family.context import Surroundings, tokens
from smith_lib.inject.llm_family.excerpt import excerpt_of
from smith_lib.inject.program import Program
from tests.conftest import TINY

STOCK = '''\
"""Stock."""
import os
from threading import RLock

LIMIT = 3
OTHER = {
    "a": 1,
    "b": 2,
    "c": 3,
    "d": 4,
    "e": 5,
    "f": 6,
}


class Stock(dict):
    """What is there."""

    def __init__(self):
        self.lock = RLock()

    def take(self, name, many=1):
        """Take some."""
        secret = helped(name) + LIMIT
        return self.pop(name)[secret:many]

    def take_all(self):
        """Take all."""
        return [self.take(name) for name in list(self)]


def helped(name):
    """The name as it is
    on the shelf.
    """
    return name


def unrelated(more):
    return take_place(more)
'''
SHOP = '''\
from stock import Stock

def sell(basket):
    stock = Stock()
    stock.take("apple", 2)
    basket.take("nothing")

def browse(basket):
    return basket.pop("x")
'''
LONG = "from stock import Stock\n\ndef audit(stock):\n" + "".join(
    f"    line{n} = {n}\n" for n in range(40)
) .replace("    line20 = 20\n", "    line20 = stock.take(20)\n")


def told(name: str, budget: int, hidden: bool = False, files: Sequence[str] = (STOCK, SHOP, LONG)) -> str:
    names = ("pkg/stock.py", "pkg/shop.py", "pkg/audit.py")
    programs = [Program(path, text) for path, text in zip(names, files, strict=False)]
    nodes = [n for n in programs[0].nodes() if isinstance(n, cst.FunctionDef | cst.ClassDef)]
    excerpt = excerpt_of(programs[0], next(n for n in nodes if n.name.value == name))
    assert excerpt is not None
    return Surroundings(programs, budget).told(excerpt, hidden)


def test_a_method_comes_with_its_class_its_module_and_its_callers() -> None:
    got = told("take", 2_000)
    for line in (
        "from threading import RLock", "LIMIT = 3", "class Stock(dict):", "        self.lock = RLock()",
        "    def take_all(self):", '        """Take all."""', "def helped(name):",
        '    """The name as it is"""', "def unrelated(more):",
        "Called in pkg/stock.py by Stock.take_all:", "    return [self.take(name) for name in list(self)]",
        "Called in pkg/shop.py by sell:", '    stock.take("apple", 2)',
        "Called in pkg/audit.py by audit:", "    line20 = stock.take(20)", "    line24 = 24", "    ...",
    ):  # fmt: skip
        assert f"{line}\n" in got, line
    for line in ("secret", "OTHER", "browse", "line25", "line15", "return name"):
        assert line not in got, line
    assert got.index("pkg/stock.py by") < got.index("pkg/audit.py by") < got.index("pkg/shop.py by")


def test_the_name_of_a_common_method_tells_of_no_caller() -> None:
    got = told("pop", 2_000, files=(STOCK.replace("take", "pop"), SHOP))
    assert "by sell" not in got
    assert "by browse" not in got
    assert "by Stock.pop_all" in got


def test_a_constructor_is_called_by_its_class_and_a_class_by_its_name() -> None:
    for name in ("__init__", "Stock"):
        assert "Called in pkg/shop.py by sell" in told(name, 2_000)


def test_what_holds_the_code_is_not_told_where_it_is_hidden() -> None:
    text = "def outer():\n    def inner(x):\n        return 'secret'\n    return inner(1)\n"
    assert "secret" in told("inner", 2_000, files=(text,))
    assert "secret" not in told("inner", 2_000, hidden=True, files=(text,))
    again = "def outer(x):\n    return outer('secret')\n"
    assert told("outer", 2_000, files=(again,)) == ""


@pytest.mark.parametrize("budget", [0, 1, 20, 50, 80, 120, 200, 400])
def test_the_budget_is_kept_and_what_matters_most_comes_first(budget: int) -> None:
    got = told("take", budget)
    assert tokens(got) <= budget
    if budget >= 50:
        assert "import os" in got
    if budget >= 200:
        assert "class Stock(dict):" in got
        assert "Called in pkg/stock.py" in got
    assert (got == "") == (budget <= 20)


def test_tokens_are_rather_counted_too_high() -> None:
    litellm = _litellm()
    for path in sorted((TINY / "tiny").glob("*.py")):
        text = path.read_text(encoding="utf-8")
        real = litellm.token_counter(model="gpt-4o-mini", text=text)
        assert real <= tokens(text) <= 1.6 * real
    strange = "x = 'żółć 数学 🎉🎉' * 3\n" * 20
    assert litellm.token_counter(model="gpt-4o-mini", text=strange) <= tokens(strange)


def test_fences_in_the_code_do_not_end_the_fence_around_it() -> None:
    text = STOCK.replace('"""Take all."""', '"""Take all, as in:```"""')
    assert '"""Take all, as in:```"""' in told("take", 2_000, files=(text,))
    assert "````python\n" in told("take", 2_000, files=(text,))
