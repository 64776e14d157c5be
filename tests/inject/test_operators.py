"""Every operator runs its own examples."""

import libcst as cst
import pytest

from smith_lib.inject.draw import Sites, rewrites
from smith_lib.inject.operator import Operator
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import edited
from smith_lib.inject.table import catalogue


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
