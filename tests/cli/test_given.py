"""`smith validate --candidates`: what is asked of it, what it shows, and the exit codes."""

import json
from pathlib import Path

import pytest

from smith_lib.storage import Root, Shard, write
from smith_lib.types import Candidate, Strategy, Verdict
from tests.rows import a_candidate, a_verdict

pytestmark = pytest.mark.usefixtures("told_flows")


@pytest.fixture
def bugs(tmp_path: Path) -> Path:
    """A file of two bugs."""
    path = tmp_path / "bugs.jsonl"
    rows = [{"instance_id": name, "patch": "x", "repo": "o/n"} for name in ("zwei \u2028", "a")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_each_verdict_is_one_line_of_json_in_the_order_of_the_file(invoke, bugs: Path, tmp_path: Path):
    result = invoke("validate", "pypi:h11", "--candidates", bugs, "--out", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["instance_id"] for line in lines] == ["zwei \u2028", "a"]
    assert lines[0] == {
        "instance_id": "zwei \u2028", "outcome": "too_broken", "FAIL_TO_PASS": ["tests/test_a.py::test_1"],
        "PASS_TO_PASS": ["tests/test_a.py::test_0", "tests/test_a.py::test_2"], "fail_ratio": 0.1,
        "tier": "cold", "seconds": 4.5, "reason": str(bugs),
    }  # fmt: skip


def test_a_person_gets_a_table_the_counts_and_the_place(invoke, bugs: Path, tmp_path: Path):
    result = invoke("validate", "pypi:h11", "--candidates", bugs, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "some__repo.01234567" in result.stdout
    assert f"2 verdicts: 2 too_broken\n{tmp_path}/out/verdicts/r-k.parquet\n" in result.stdout
    assert result.stderr.startswith("starting Prefect ...\n")


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ([], "--candidates takes exactly one SOURCE; 0 given\n"),
        (["pypi:a", "pypi:b"], "--candidates takes exactly one SOURCE; 2 given: pypi:a, pypi:b\n"),
        (["ftp:a"], "unknown source 'ftp:a'; known: "),
        (["pypi:raise-EngineError"], "it went wrong"),
    ],
)
def test_what_cannot_be_judged_in_is_told(sources, told, invoke, bugs: Path, tmp_path: Path):
    result = invoke("validate", *sources, "--candidates", bugs, "--out", tmp_path / "out")
    assert result.exit_code == (5 if "raise" in "".join(sources) else 2)
    assert told in result.stderr


def test_a_bad_file_is_told_before_anything_starts(invoke, tmp_path: Path):
    bad = tmp_path / "bugs.jsonl"
    bad.write_text('{"instance_id": "a"}\n')
    result = invoke("validate", "pypi:raise-EngineError", "--candidates", bad, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"smith: {bad}: row 1 lacks the column 'patch'; it has instance_id\n"
    plain = invoke("validate", "pypi:h11", "--candidates", tmp_path / "gone.json", "--json")
    assert plain.exit_code == 2
    assert "gone.json: candidates cannot be read" in json.loads(plain.stdout)["error"]


def test_a_given_bug_is_shown_though_there_is_no_run(invoke, tmp_path: Path):
    root = Root.at(tmp_path)
    bug = a_candidate(candidate_id="theirs", strategy=Strategy.GIVEN, operator="given")
    write(root, Shard("candidates", "r", "k"), Candidate, [bug])
    write(root, Shard("verdicts", "r", "k"), Verdict, [a_verdict(candidate_id="theirs", reason="1 of 3")])
    result = invoke("show", "theirs", "--out", tmp_path)
    assert result.exit_code == 0, result.output
    assert "valid: 1 of 3" in result.stdout
    assert bug.bug_patch in result.stdout
