"""Every operator runs its own examples."""

import libcst as cst
import pytest

from smith_lib.inject.draw import Sites, rewrites
from smith_lib.inject.operator import Operator
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import edited
from smith_lib.inject.table import catalogue, operators
from smith_lib.types import Category


def everything(operator: Operator, source: str) -> set[str]:
    """All sources that an operator makes of one."""
    program = Program("example.py", source)
    sites = Sites([program], None).of(operator)
    return {edited(program, [part.edit]) for site in sites for part in rewrites(site, operator)}


@pytest.mark.parametrize("operator", catalogue(), ids=lambda op: op.name)
def test_an_operator_makes_what_its_examples_say_and_only_code_that_parses(operator: Operator) -> None:
    for before, after in operator.examples:
        made = everything(operator, before)
        assert after in made
        assert before not in made
        for source in made:
            cst.parse_module(source)
    for source in operator.quiet:
        assert everything(operator, source) == set()


def test_every_operator_says_what_it_makes() -> None:
    for operator in catalogue():
        assert operator.summary.endswith("."), operator.name
        assert operator.summary[0].isupper(), operator.name
        assert len(operator.summary) <= 100, operator.name


def made(name: str, source: str) -> set[str]:
    return everything(next(op for op in catalogue() if op.name == name), source)


def test_an_elif_stays_one() -> None:
    source = "if a:\n    f()\nelif b:\n    g()\nelif c:\n    h()\n"
    assert "if a:\n    f()\nelif c:\n    h()\nelif b:\n    g()\n" in made("swap_cases", source)


def test_a_removed_first_statement_leaves_no_blank_line_behind() -> None:
    source = "def f(a):\n    if a is None:\n        return 0\n\n    return a.b\n"
    assert made("remove_none_guard", source) == {"def f(a):\n    return a.b\n"}


def test_a_removed_statement_keeps_the_blank_line_above_it() -> None:
    source = "def f(a):\n    g()\n\n    # No a.\n    if a is None:\n        return 0\n    return a.b\n"
    assert made("remove_none_guard", source) == {"def f(a):\n    g()\n\n    return a.b\n"}


def test_words_do_not_run_together_where_parentheses_go() -> None:
    assert made("drop_condition", "def f(a, b):\n    return(a and b)\n") >= {"def f(a, b):\n    return a\n"}


def test_the_catalogue_covers_its_categories_and_both_families() -> None:
    table = operators()
    assert sum(info.family == "ast" for info in table) >= 24
    assert sum(info.family == "semantic" for info in table) >= 10
    assert {info.category for info in table} == set(Category)
    assert all(info.before != info.after for info in table)
