"""Instance rows hold the fix and the bug exactly and nothing that differs between runs."""

import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib import diffs
from smith_lib.errors import InputError
from smith_lib.package import hidden
from smith_lib.package.instances import instance_id, instances
from smith_lib.settings import PackageSettings
from smith_lib.types import CodeFile, Outcome, Repo
from tests.package.boxes import FILES, LIBRARY, TESTS, a_bug, a_failure, a_verdict

COUNT = a_bug("return len(self.things)", "return None", operator="drop_result")
CHANGED = 1 + next(n for n, line in enumerate(LIBRARY.split("\n")) if "return len(self.things)" in line)
FAILURE = a_failure("TestOnly::test_alone", 'Box(2).put("x")', "AssertionError", "assert None == 1")


def test_a_row_holds_fix_bug_and_whole_files(repo: Repo, tree: Path) -> None:
    (row,) = instances(repo, [COUNT], [a_verdict(COUNT, FAILURE)], tree, PackageSettings(), 0)
    buggy = LIBRARY.replace("return len(self.things)", "return None")
    assert diffs.apply(row.patch, {"boxes/_box.py": buggy}.__getitem__) == {"boxes/_box.py": LIBRARY}
    assert diffs.apply(row.bug_patch, FILES.__getitem__) == {"boxes/_box.py": buggy}
    assert row.buggy_code == (CodeFile("boxes/_box.py", buggy),)
    assert row.oracle_code == (CodeFile("boxes/_box.py", LIBRARY),)
    assert (row.subset, row.base_commit, row.hints_text, row.files_changed) == ("main", repo.commit, "", 1)
    assert row.FAIL_TO_PASS == ("tests/test_box.py::TestOnly::test_alone",)


def test_the_task_tree_lacks_the_hidden_tests_and_grading_brings_them_back(repo: Repo, tree: Path) -> None:
    (row,) = instances(repo, [COUNT], [a_verdict(COUNT, FAILURE)], tree, PackageSettings(), 0)
    task = hidden.task_files(row, FILES.__getitem__)
    assert "test_alone" not in task["tests/test_box.py"] and "return None" in task["boxes/_box.py"]
    assert hidden.graded_files(row, {**FILES, **task}) == {"tests/test_box.py": TESTS}


def test_neither_path_nor_folder_of_this_machine_is_in_a_row(repo: Repo, tree: Path) -> None:
    (tree / "pyproject.toml").write_text("[project]\nname = 'Great-Boxes'\n")
    here = replace(repo, repo="local/my-checkout", source=f"/home/me/my-checkout@{repo.commit}")
    (row,) = instances(here, [COUNT], [a_verdict(COUNT, FAILURE)], tree, PackageSettings(), 0)
    assert row.source == f"local:my-checkout@{repo.commit}"
    assert "Great-Boxes" in row.problem_statement and "my-checkout" not in row.problem_statement


def test_tests_stay_where_the_setting_says_so(repo: Repo, tree: Path) -> None:
    settings = PackageSettings(hide_tests=False)
    (row,) = instances(repo, [COUNT], [a_verdict(COUNT, FAILURE)], tree, settings, 0)
    assert row.test_patch == "" and hidden.graded_files(row, FILES) == {}


def test_only_valid_and_subtle_verdicts_become_rows_sorted_by_id(repo: Repo, tree: Path) -> None:
    bugs = {
        o: a_bug(">= self.size", f">= self.size + {i}", operator=f"op_{9 - i}") for i, o in enumerate(Outcome)
    }
    verdicts = [a_verdict(bug, FAILURE, outcome=outcome) for outcome, bug in bugs.items()]
    rows = instances(repo, list(bugs.values()), verdicts, tree, PackageSettings(), 0)
    assert [(row.subset, row.operator) for row in rows] == [("subtle", "op_8"), ("main", "op_9")]


def test_what_is_only_part_of_a_combination_becomes_no_row(repo: Repo, tree: Path) -> None:
    part = replace(a_bug(">= self.size", "> self.size", operator="op"), part_only=True)
    verdicts = [a_verdict(bug, FAILURE) for bug in (part, COUNT)]
    (row,) = instances(repo, [part, COUNT], verdicts, tree, PackageSettings(), 0)
    assert row.operator == "drop_result"


def test_a_combination_is_no_easier_than_its_hardest_part(repo: Repo, tree: Path) -> None:
    part = a_bug(">= self.size", "> self.size", operator="hard")
    whole = replace(COUNT, parts=(part.candidate_id, "not judged"))
    near = a_failure("TestOnly::test_alone", 'Box(2).put("x")', "AssertionError", "no", (CHANGED, "count"))
    seen = replace(near, test_id="tests/test_box.py::test_other")
    easy = a_verdict(whole, near, seen)
    verdicts = [easy, a_verdict(part, FAILURE)]
    same = replace(easy, candidate_id=COUNT.candidate_id)
    [alone] = instances(repo, [COUNT], [same], tree, PackageSettings(), 0)
    rows = instances(repo, [whole, part], verdicts, tree, PackageSettings(), 0)
    by_operator = {row.operator: row for row in rows}
    assert alone.difficulty_points < by_operator["hard"].difficulty_points
    assert by_operator["drop_result"].difficulty_points == by_operator["hard"].difficulty_points
    assert by_operator["drop_result"].difficulty == by_operator["hard"].difficulty


def test_a_verdict_without_its_candidate_is_an_error(repo: Repo, tree: Path) -> None:
    with pytest.raises(InputError, match=r"no such candidate in 'some__repo\.01234567'"):
        instances(repo, [], [a_verdict(COUNT, FAILURE)], tree, PackageSettings(), 0)


@pytest.mark.parametrize(
    ("candidate", "instance"),
    [
        ("pypi__h11.0123abcd.flip_comparison.01234567", "pypi__h11.0123abcd.flip_comparison.01234567"),
        ("PyPI__H11.0123abcd.x.01234567", "pypi__h11.0123abcd.x.01234567"),
    ],
)
def test_a_plain_id_is_kept(candidate: str, instance: str) -> None:
    assert instance_id(candidate) == instance


@pytest.mark.parametrize(
    "candidate", ["a b/c:d", "..", "x" * 300, "é__ü", "a___b", "a..b", "-a-", "a._b", "a/../b"]
)
def test_any_id_becomes_one_that_docker_and_file_systems_take(candidate: str) -> None:
    name = instance_id(candidate)
    assert re.fullmatch(r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*", name) and len(name) <= 100
    assert name != instance_id(candidate + " ")


def test_rows_are_the_same_under_any_hash_seed_and_whatever_addresses_are_in_the_evidence(tree: Path) -> None:
    program = (
        "import pathlib, sys\n"
        "from smith_lib.package.instances import instances\n"
        "from smith_lib.settings import PackageSettings\n"
        "from tests.package import test_instances as t\n"
        "from tests.rows import a_repo\n"
        "repo = a_repo(repo='pypi/boxes', source_files=('boxes/__init__.py', 'boxes/_box.py'),"
        " test_files=tuple(p for p in t.FILES if p.startswith('tests/')))\n"
        "failure = t.replace(t.FAILURE, message=f'assert <Box at {id(repo):#018x}> == 1')\n"
        "rows = instances(repo, [t.COUNT], [t.a_verdict(t.COUNT, failure, seconds=id(repo) / 7)],"
        " pathlib.Path(sys.argv[1]), PackageSettings(), 3)\n"
        "print(rows)\n"
    )
    root = Path(__file__).parents[2]
    printed = {
        subprocess.run(
            [sys.executable, "-c", program, str(tree)],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(printed) == 1 and "0x..." in printed.pop()


def test_seconds_do_not_reach_the_row(repo: Repo, tree: Path) -> None:
    verdicts = [a_verdict(COUNT, FAILURE, seconds=s) for s in (1.0, 2.0)]
    one, two = (
        instances(replace(repo, baseline_seconds=v.seconds), [COUNT], [v], tree, PackageSettings(), 0)
        for v in verdicts
    )
    assert one == two


def test_a_text_that_cannot_be_written_costs_no_row(
    repo: Repo, tree: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = replace(a_verdict(COUNT, FAILURE), failures=(replace(FAILURE, message=None),))  # type: ignore[arg-type]
    other = a_bug("return len(self.things)", "return 7", operator="other_result")
    with caplog.at_level(logging.ERROR, "smith_lib.package.instances"):
        verdicts = [broken, a_verdict(other, FAILURE)]
        rows = instances(repo, [COUNT, other], verdicts, tree, PackageSettings(), 0)
    assert [row.operator for row in rows] == ["drop_result", "other_result"]
    assert "boxes gives a wrong result" in rows[0].problem_statement
    assert rows[0].problem_statement_source == "template:plain"
    assert len(rows[0].problem_statement) > 40 and COUNT.candidate_id in caplog.text
    assert "put('x')" in rows[1].problem_statement
