"""Honest patches get what they deserve, whatever else is in them, and the broken ones a name."""

import json
import shutil
from dataclasses import replace

import pytest

from smith_lib import diffs
from smith_lib.grade.grader import Grader
from smith_lib.grade.predictions import Prediction
from smith_lib.grade.run import Kept, grades, key_of, summary
from smith_lib.settings import ValidateSettings
from smith_lib.storage import Root, read_at
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Grade
from tests.grade.tasks import BUG, FILE, LIMITS, TESTS, a_task

pytestmark = [pytest.mark.namespaces, pytest.mark.network]


@pytest.fixture
def fixed(tiny_tree):
    """The clean text of the file that the task is about."""
    return (tiny_tree / FILE).read_text()


def test_gold_resolves_again_and_again(grader, task):
    found = grader.grade([(task, "gold", task.patch)] * 5)
    assert [grade.outcome for grade in found] == ["resolved"] * 5
    assert found[0].fixed == task.FAIL_TO_PASS
    assert set(found[0].kept) == set(task.PASS_TO_PASS)


def test_a_fix_resolves_with_its_tests_left_out(judged, patch, fixed):
    grade = judged(patch({FILE: fixed, TESTS: "def test_merge():\n    assert False\n"}))
    assert grade.resolved
    assert grade.ignored == (f"{TESTS}: holds tests",)


def test_files_that_come_and_go_are_judged_too(judged, patch, fixed):
    inner = {"tiny/inner.py": fixed, FILE: "from tiny.inner import *\n"}
    assert judged(patch(inner)).resolved
    moved = judged(patch({**inner, "tiny/money.py": None}))
    assert not moved.resolved
    assert {test.partition("::")[0] for test in moved.not_kept} == {"tests/test_money.py"}
    assert moved.tier == "cold"
    assert moved.reward == pytest.approx(moved.kept_share * 0.5)


def test_what_one_patch_does_is_nowhere_in_the_next(judged, patch, task, fixed):
    spoils = fixed + "\nopen('/tmp/left', 'w').close()\nopen('tests/test_money.py', 'w').close()\n"
    assert not judged(patch({FILE: spoils})).resolved
    looks = fixed + "\nimport os\nassert not os.path.exists('/tmp/left')\n"
    assert judged(patch({FILE: looks})).resolved


def test_a_hang_is_told(judged, patch, fixed):
    grade = judged(patch({FILE: fixed.replace("    out = []\n", "    while True: pass\n", 1)}))
    assert (grade.outcome, grade.reward) == ("timeout", 0)


def test_code_that_does_not_compile_breaks_its_tests_and_is_no_cheat(judged, patch):
    grade = judged(patch({FILE: "def merge(:\n"}))
    assert grade.outcome == "unresolved"
    assert {test.partition("::")[0] for test in grade.not_kept} == {TESTS}


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda gold: "", "empty"),
        (lambda gold: "no diff", "malformed"),
        (lambda gold: gold.replace(BUG[1], "nothing like it"), "does_not_apply"),
        (lambda gold: gold.replace(FILE, "../" + FILE), "outside_tree"),
        (lambda gold: gold + "+\0", "binary"),
        (lambda gold: gold + "\udcff", "not_utf8"),
        (lambda gold: gold + "#" * (10 << 20), "too_large"),
        (lambda gold: diffs.make({}, {"tests/test_new.py": "x = 1\n"}), "tests_only"),
        (lambda gold: diffs.make({}, {"pytest.py": "x = 1\n"}), "tests_only"),
        (lambda gold: diffs.make({}, {FILE + "/x.py": "x = 1\n"}), "does_not_apply"),
        (lambda gold: diffs.make({}, {"tiny": "x = 1\n"}), "does_not_apply"),
    ],
)  # fmt: skip
def test_a_patch_that_is_none_has_a_named_problem(made, problem, judged, task):
    grade = judged(made(task.patch))
    assert (grade.outcome, grade.problem) == ("refused", problem)
    assert grade.reward == 0
    assert grade.reason


def test_every_prediction_gets_a_row_and_the_others_are_graded(grader, task, tmp_path):
    made = [
        Prediction("nobody", "m", "x"),
        Prediction(task.instance_id, "m", task.patch),
        Prediction(task.instance_id, "m", ""),
        Prediction(task.instance_id, "other", ""),
    ]
    found = grades(made, {task.instance_id: task}, grader, None)
    assert [grade.problem for grade in found] == ["unknown_instance", "", "doubled", "empty"]
    assert found[1].resolved
    figures = summary(found, {task.instance_id: task, "more": task})
    assert (figures["resolved"], figures["predictions"], figures["without_prediction"]) == (1, 4, 1)
    (tmp_path / "grades.parquet").write_bytes(to_parquet(to_table(Grade, found)))
    assert read_at(Root.at(tmp_path), "grades.parquet", Grade) == found


def test_a_function_that_cannot_be_filled_in_keeps_only_its_own_tasks_from_the_collected_suite(
    namespaces_sandbox, tiny_tree, tmp_path
):
    tree = tmp_path / "twice"
    shutil.copytree(tiny_tree, tree)
    with (tree / "tiny/text.py").open("a") as file:  # two functions of one place, with different code
        file.write("\n\nimport types\n\nconstants = (*slug.__code__.co_consts, 0)\n")
        file.write("slug_too = types.FunctionType(slug.__code__.replace(co_consts=constants), globals())\n")
    one = a_task(namespaces_sandbox, tree)
    bug = ("len(longer) > limit", "len(longer) < limit")
    other = a_task(namespaces_sandbox, tree, file="tiny/text.py", bug=bug)
    other = replace(other, instance_id="local__tiny.00000000.swap_operands.00000001")
    tasks = [one, other]
    with Grader(namespaces_sandbox, lambda _: tree, LIMITS, ValidateSettings(), 2, tasks) as grader:
        found = grader.grade([(task, "gold", task.patch) for task in (*tasks, *tasks)])
    told = [(grade.outcome, grade.tier) for grade in found]
    assert told == [("resolved", "swap"), ("resolved", "fork")] * 2


class NoMore:
    """A grader that must not be asked for anything."""

    def grade(self, asked, told):
        assert not asked
        return []


def test_what_is_graded_is_not_graded_again_and_what_is_damaged_is(grader, task, tmp_path):
    kept = Kept(Root.at(tmp_path))
    made, by_id = [Prediction(task.instance_id, "m", task.patch)], {task.instance_id: task}
    first = grades(made, by_id, grader, kept)
    assert grades(made, by_id, NoMore(), kept) == first
    other = [Prediction(task.instance_id, "another model", task.patch)]
    assert [grade.model for grade in grades(other, by_id, NoMore(), kept)] == ["another model"]
    [file] = tmp_path.rglob("*.json")
    file.write_text(json.dumps({"repo_id": "x"}))
    assert kept.get(key_of(task, task.patch)) is None
    assert key_of(task, task.patch) != key_of(task, task.patch + "\n")
