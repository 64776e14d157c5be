"""Combinations of a function and one that it calls."""

from pathlib import Path

from smith_lib.types import Strategy
from tests.inject.test_candidates import buggy, draw, written

HELPERS = '''
    def scaled(values, factor):
        out = []
        for value in values:
            if value > 0 and factor > 0:
                out.append(value * factor + 1)
        return out


    def join(parts, mark):
        text = ""
        for part in parts:
            if part and mark:
                text = text + mark + part
        return text[1:]
'''
USERS = '''
    from helpers import scaled


    class Scale:
        def join(self, parts):
            kept = [part for part in parts if part]
            if len(kept) > 2:
                return kept[1:]
            return kept

        def total(self, values):
            values = scaled(values, 3)
            parts = self.join(values)
            if len(parts) >= 1:
                return sum(parts) - 1
            return 0

        def text(self, values):
            mark = ","
            if not values or len(values) < 1:
                return ""
            return mark.join(values[:9])
'''
PAIRS = {
    frozenset({"helpers.py::scaled", "users.py::Scale.total"}),
    frozenset({"users.py::Scale.join", "users.py::Scale.total"}),
}


def test_bugs_of_a_function_and_of_one_that_it_calls_are_combined(tmp_path: Path) -> None:
    files = written(tmp_path, helpers=HELPERS, users=USERS)
    drawn = draw(tmp_path, files, limit=60, operators=("combine_calls",))
    found = [row for row in drawn if not row.part_only]
    assert {frozenset(row.functions) for row in found} == PAIRS
    assert {row.strategy for row in found} == {Strategy.COMBINE}
    for row in found:
        for path, text in buggy(tmp_path, row).items():
            compile(text, path, "exec")


def test_a_method_of_a_builtin_type_is_no_callee_and_no_function_calls_none(tmp_path: Path) -> None:
    alone = USERS.replace("self.join(values)", "list(values)").replace("scaled(values, 3)", "values[1:]")
    files = written(tmp_path, users=alone)
    assert draw(tmp_path, files, limit=20, operators=("combine_calls",)) == []
