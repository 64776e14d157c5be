"""Bugs from a file, judged from end to end in a repository that no dataset would hold."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smith_lib import diffs
from smith_lib.storage import Root, read_at
from smith_lib.types import Candidate, Repo, RepoOutcome, Strategy, Verdict
from tests.e2e import odd
from tests.e2e.called import Place, running

pytestmark = [
    pytest.mark.timeout(600), pytest.mark.network, pytest.mark.namespaces, pytest.mark.server
]  # fmt: skip

SETTINGS = """\
workers = 2
select = {licenses = ["ISC"], clean_runs = 2, min_pass_rate = 1.0}
sandbox = {kind = "namespaces"}
validation = {runs = 2}
environments = {build_seconds = 60}
"""
SPACES = "tests/test_text.py::test_slug[two words]"


def bug(tree: Path, path: str, old: str, new: str) -> str:
    clean = (tree / path).read_text()
    assert clean.count(old) == 1
    return diffs.make({path: clean}, {path: clean.replace(old, new)})


def bugs_in(tree: Path) -> dict[str, str]:
    """Ids and diffs."""
    good = bug(tree, "tiny/money.py", "self.amount < other.amount", "self.amount > other.amount")
    slug = bug(tree, "tiny/text.py", 'f"{out}-{part}" if out else part', 'f"{out}_{part}" if out else part')
    return {
        "tests": bug(tree, "tests/test_money.py", "import pytest", "import pytest, os"),
        "good": good,
        "no fit": good.replace("-        return", "-        yield"),
        "two words": slug.partition("\n")[2].replace("--- a/", "--- ").replace("+++ b/", "+++ "),
        "escapes": good.replace("tiny/money.py", "../money.py"),
        "good again": good.replace("\n", "\r\n"),
        "all": bug(tree, "tiny/__init__.py", '__version__ = "1.2.0"\n', 'raise RuntimeError("no")\n'),
    }


@dataclass(frozen=True)
class Judged:
    """A call that has ended."""

    pid: int
    code: int
    lines: list[dict[str, Any]]
    errors: str

    def line(self, name: str) -> dict[str, Any]:
        """The line of that id."""
        [found] = [line for line in self.lines if line["instance_id"] == name]
        return found


def judge(place: Place, source: Path, file: Path, out: Path) -> Judged:
    settings = place.folder / "given.toml"
    settings.write_text(SETTINGS)
    process = place.start("validate", source, "--candidates", file, "--settings", settings, "--out", out)
    try:
        told, errors = process.communicate(timeout=500)
    finally:
        process.kill()
    return Judged(process.pid, process.returncode, [json.loads(line) for line in told.splitlines()], errors)


@pytest.fixture(scope="module")
def out(place: Place) -> Path:
    return place.folder / "given"


@pytest.fixture(scope="module")
def bugs(checkout: Path) -> dict[str, str]:
    return bugs_in(checkout)


@pytest.fixture(scope="module")
def called(place: Place, checkout: Path, bugs: dict[str, str], out: Path) -> Judged:
    file = place.folder / "bugs.jsonl"
    rows = [{"instance_id": name, "patch": patch, "repo": "o/n"} for name, patch in bugs.items()]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = judge(place, checkout, file, out)
    assert found.code == 0, (found.lines, found.errors)
    return found


def test_every_bug_has_its_line_in_the_order_of_the_file(called: Judged, bugs: dict[str, str]) -> None:
    assert [line["instance_id"] for line in called.lines] == list(bugs)
    assert {name: called.line(name)["outcome"] for name in bugs} == {
        "tests": "apply_failed", "good": "valid", "no fit": "apply_failed", "two words": "valid",
        "escapes": "apply_failed", "good again": "valid", "all": "too_broken",
    }  # fmt: skip


def test_what_is_refused_says_why(called: Judged) -> None:
    reasons = {line["instance_id"]: line["reason"] for line in called.lines}
    assert reasons["tests"] == "tests/test_money.py: holds or configures tests"
    assert reasons["escapes"] == "../money.py: leaves the tree"
    assert reasons["no fit"].startswith("tiny/money.py: the hunk at line ")
    assert all(called.line(name)["PASS_TO_PASS"] == [] for name in ("tests", "escapes", "no fit"))


def test_the_lists_hold_all_reliable_tests_whole(called: Judged) -> None:
    lists = {
        line["instance_id"]: (set(line["FAIL_TO_PASS"]), set(line["PASS_TO_PASS"])) for line in called.lines
    }
    failing, passing = lists["two words"]
    assert SPACES in failing
    assert "tests/test_text.py::test_slug[nothing at all]" in passing
    assert lists["good"] == lists["good again"]
    assert SPACES in lists["good"][1]
    assert len(lists["all"][0]) >= 0.9 * len(failing | passing)
    for name in ("good", "two words", "all"):
        assert lists[name][0] | lists[name][1] == failing | passing
        assert not lists[name][0] & lists[name][1]
        assert called.line(name)["fail_ratio"] == len(lists[name][0]) / len(failing | passing)


def test_the_shards_hold_the_same_and_the_repository_says_what_it_is(
    called: Judged, bugs: dict[str, str], out: Path
) -> None:
    root = Root.at(out)
    [verdicts] = out.glob("verdicts/*.parquet")
    [candidates] = out.glob("candidates/*.parquet")
    judged = read_at(root, f"verdicts/{verdicts.name}", Verdict)
    assert [(v.candidate_id, v.outcome) for v in judged] == [
        (line["instance_id"], line["outcome"]) for line in called.lines
    ]
    given = read_at(root, f"candidates/{candidates.name}", Candidate)
    assert {c.strategy for c in given} == {Strategy.GIVEN}
    assert given[0].bug_patch == bugs["tests"]
    assert given[5].bug_patch == bugs["good"]
    repos = [read_at(root, f"repos/{path.name}", Repo)[0] for path in out.glob("repos/*.parquet")]
    assert {repo.outcome for repo in repos} == {RepoOutcome.LICENSE}
    assert sorted(bool(repo.image_digest) for repo in repos) == [False, True]
    assert not (out / "runs").exists()


def test_nothing_is_left_running_or_lying_about(called: Judged, place: Place) -> None:
    assert running(called.pid) == []
    assert place.temporary() == []


def test_the_same_rows_in_another_format_are_judged_already(
    called: Judged, place: Place, checkout: Path, bugs: dict[str, str], out: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    file = place.folder / "bugs.parquet"
    pq.write_table(pa.table({"patch": list(bugs.values()), "instance_id": list(bugs)}), file)
    again = judge(place, checkout, file, out)
    assert (again.code, again.lines) == (0, called.lines), again.errors
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")} == before


def test_a_repository_without_a_suite_is_bad_input(place: Place, called: Judged) -> None:
    folder = place.folder / "without_tests"
    odd.PLAIN["no_tests"](folder)
    file = place.folder / "bugs.jsonl"
    found = judge(place, folder, file, place.folder / "nowhere")
    assert found.code == 2, (found.lines, found.errors)
    assert f"no bug can be judged in {folder}: " in found.lines[0]["error"]
