"""`smith operators` lists whatever `inject.operators` takes."""

import json

from smith_lib.inject.combine import NAMES
from smith_lib.inject.table import MIRRORED, WRITTEN, chosen, operators


def test_every_name_that_the_setting_takes_is_listed_on_a_line_of_its_own(invoke):
    listed = json.loads(invoke("operators", "--json").stdout)
    names = [row["name"] for row in listed]
    assert names == [*(info.name for info in operators()), *NAMES, *MIRRORED, *WRITTEN]
    assert all(row["summary"] for row in listed)
    chosen(tuple(names))
    lines = invoke("operators").stdout.rstrip().splitlines()
    assert [line.split()[0] for line in lines[-len(names) :]] == names


def test_combinations_and_what_models_write_are_families(invoke):
    families = {"combine": list(NAMES), "mirror": list(MIRRORED), "llm": list(WRITTEN)}
    for family, names in families.items():
        got = json.loads(invoke("operators", "--family", family, "--json").stdout)
        assert [row["name"] for row in got] == names
    unknown = invoke("operators", "--family", "asd")
    assert unknown.exit_code == 2
    assert "known: ast, combine, llm, mirror, semantic" in unknown.stderr


def test_examples_come_with_a_name_or_when_asked(invoke):
    [info] = [info for info in operators() if info.name == "drop_slice"]
    first = info.before.strip().splitlines()[0].strip()
    assert first not in invoke("operators", "--family", "semantic").stdout
    assert first in invoke("operators", "drop_slice").stdout
    assert first in invoke("operators", "--examples").stdout
    unknown = invoke("operators", "drop_slices")
    assert unknown.exit_code == 2
    assert "unknown operator 'drop_slices'; nearest of" in unknown.stderr and "drop_slice," in unknown.stderr
