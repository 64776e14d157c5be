import math
from dataclasses import replace

import pytest

from smith_lib.curate.choose import choose
from smith_lib.curate.history import drift, nights, of_night, remember
from smith_lib.curate.quality import Parts, margin, parts, score, with_distance
from smith_lib.curate.worth import effective, worth
from smith_lib.errors import StorageError
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from tests.rows import a_verdict, an_instance

TEXT = "`area(3)` gives a wrong answer\n\n```python\n>>> area(3)\n4\n```\n\nIt gave 9 before the update."
GOOD = an_instance(
    1, problem_statement=TEXT, problem_statement_source="template:report", reproduced=True, covering_tests=9,
    wrong_fixes=4, given_away=0.2,
)  # fmt: skip


def test_each_part_is_lowered_by_what_it_measures():
    best = parts(GOOD, a_verdict())
    assert (best.reproduction, best.text, best.tests, best.realism) == (1, 1, 1, 1)
    assert parts(replace(GOOD, reproduced=False), None).reproduction == 0
    assert parts(replace(GOOD, given_away=0.9), None).text == 0.75
    assert parts(replace(GOOD, problem_statement="short"), None).text == 0.5
    assert parts(replace(GOOD, wrong_fixes_surviving=1, wrong_fixes_alike=2), None).tests == 0.5
    assert parts(replace(GOOD, wrong_fixes=0), None).tests is None
    assert parts(replace(GOOD, fail_ratio=0.5), None).realism == 0.75
    assert parts(replace(GOOD, fix_lines=40), None).realism == 0.75
    assert parts(replace(GOOD, covering_tests=1), None).realism == 0.75
    assert parts(replace(GOOD, bug_patch=GOOD.bug_patch + "+    # injected\n"), None).realism == 0.75
    assert parts(GOOD, None).margin is None


def test_the_margin_is_what_agreeing_runs_prove():
    assert margin(a_verdict(runs=3)) == pytest.approx(0.05 ** (1 / 3), abs=1e-3)
    assert margin(a_verdict(runs=3, audit="agrees")) == margin(a_verdict(runs=4)) > margin(a_verdict(runs=3))
    assert margin(a_verdict(runs=0)) == 0


def test_the_score_is_the_mean_of_the_known_parts():
    assert score(Parts(1, 0.5, None, None, 0)) == 0.5
    assert score(Parts(None, None, None, None, None)) == 0
    assert with_distance(Parts(1, 1, 1, 1, 1), 0.75).distance == 0.5
    assert with_distance(Parts(1, 1, 1, 1, 1), 0.2).distance == 1


def test_of_two_that_one_cell_has_room_for_the_better_one_is_taken():
    rows = [an_instance(n, functions=("a.py::f",), reproduced=n == 7) for n in range(9)]
    choice = choose(rows, PublishSettings(max_per_function=1), seed=0)
    assert [row.instance_id for row in choice.main] == [rows[7].instance_id]


def test_the_score_of_a_dataset_is_its_formula():
    rows = [an_instance(n, operator=f"op{n % 4}", repo=f"owner/p{n % 2}") for n in range(40)]
    known = {row.instance_id: Parts(1, 0.5, None, None, None) for row in rows}
    told = worth(rows, known, {rows[0].instance_id: 0.75}, operators=8)
    assert told["diversity"] == {"operators": 0.5, "functions": 1, "repositories": 1, "distance": 0.9875}
    assert (told["N"], told["Q"]) == (40, 0.75)
    assert told["D"] == pytest.approx((0.5 + 1 + 1 + 0.9875) / 4, abs=1e-4)
    assert told["score"] == pytest.approx(40**0.3 * told["D"] ** 0.5 * 0.75**0.7, rel=1e-3)
    assert worth([], {}, {}, 8)["score"] == 0
    alike = [replace(row, operator="op0", functions=("a.py::f",)) for row in rows]
    assert worth(alike, known, {}, 8)["score"] < told["score"]
    assert effective({"a": 5, "b": 5}) == pytest.approx(2)
    assert math.isclose(effective({"a": 9}), 1)


def test_a_figure_unlike_the_nights_before_is_told_and_little_differences_are_not():
    before = [{"pass_rate": 0.5 + n / 100, "text_length": 700.0} for n in range(5)]
    told = {d.measure: d for d in drift({"pass_rate": 0.53, "text_length": 90.0, "new": 1.0}, before)}
    assert told["pass_rate"].low <= 0.53 <= told["pass_rate"].high
    assert not told["text_length"].low <= 90 <= told["text_length"].high
    assert set(told) == {"pass_rate", "text_length"}
    assert told["pass_rate"].nights == 5
    assert drift({"pass_rate": 0.1}, before[:2]) == []


def test_nights_are_kept_in_their_order_and_a_damaged_one_is_named(tmp_path):
    root = Root.at(tmp_path)
    figures = of_night(
        {
            "drift": {"pass_rate": 0.5, "text_length": None},
            "yields": {"op": {"judged": 40, "valid": 10}, "rare": {"judged": 2, "valid": 2}},
        }
    )
    assert figures == {"pass_rate": 0.5, "yield op": 0.25}
    remember(root, figures, "v0001-aaaaaaaa", "2026-01-01", [])
    remember(root, {"pass_rate": 0.4}, "", "2026-01-02", ["refused"])
    assert [(n["version"], n["figures"].get("pass_rate")) for n in nights(root)] == [
        ("v0001-aaaaaaaa", 0.5),
        ("", 0.4),
    ]
    (tmp_path / "history" / "00002.json").write_text("{")
    with pytest.raises(StorageError, match=r"history/00002.json is damaged.*delete it"):
        nights(root)
