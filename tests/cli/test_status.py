"""`smith status` and `smith show` read the ledger and the shards that it names."""

import hashlib
import json
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.cli import failures
from smith_lib.cli.runs import _selected
from smith_lib.errors import InputError
from smith_lib.publish.reading import source_in
from smith_lib.settings import Settings
from smith_lib.storage import Root, Shard, write
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import (
    Candidate,
    Instance,
    Outcome,
    Repo,
    RepoOutcome,
    StageRun,
    StageStatus,
    Verdict,
)
from tests.rows import a_candidate, a_repo, a_verdict, an_instance, filled

KEPT, SMALL, BROKEN = "pypi:repo", "pypi:small", "github:gone/away"
VERSION = "v0001-0123abcd"
DATA = "data/train-00000-of-00001.parquet"
OUTCOMES = [Outcome.VALID] * 3 + [Outcome.SUBTLE, Outcome.NO_FAILURE, Outcome.NO_FAILURE, Outcome.FLAKY]


def enter(
    root: Root, source: str, stage: str, shard: Shard | None, status: StageStatus, reason: str = ""
) -> None:
    row = filled(
        StageRun, run_id="r1", source=source, pin=source, repo_id=shard.name if shard else "",
        stage=stage, status=status, reason=reason, shard=shard.path if shard else "", key="", seconds=1.5,
    )  # fmt: skip
    ledger.enter(root, row)


def tell(root: Root, subsets: dict[str, int]) -> None:
    """Write the figures of the version, of its file as it is now."""
    files = {DATA: hashlib.sha256(root.read_bytes(f"published/{VERSION}/{DATA}")).hexdigest()}
    figures = {"distribution": {"subsets": subsets}, "files": files}
    root.write_bytes(f"published/{VERSION}/metrics.json", json.dumps(figures).encode())


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A run of three sources: one published, one rejected, one failed."""
    root = Root.at(tmp_path)
    settings = Settings(out=str(tmp_path))
    ledger.begin(root, ledger.RunRecord("r1", (KEPT, SMALL, BROKEN), settings, "publish"))
    verdicts = [a_verdict(n, outcome=o, reason=f"why {n}") for n, o in enumerate(OUTCOMES)]
    tables = {
        "select": (Repo, [a_repo()]),
        "inject": (Candidate, [a_candidate(n) for n in range(8)]),
        "validate": (Verdict, verdicts),
        "package": (Instance, [an_instance(n, subset="subtle" if n == 3 else "main") for n in range(4)]),
    }
    names = {"select": "repos", "inject": "candidates", "validate": "verdicts", "package": "instances"}
    for stage, (kind, rows) in tables.items():
        shard = write(root, Shard(names[stage], "some__repo.01234567", "0" * 16), kind, rows)
        enter(root, KEPT, stage, shard, StageStatus.CACHED if stage == "select" else StageStatus.DONE)
    small = a_repo(repo_id="small", outcome=RepoOutcome.TOO_FEW_TESTS, reason="3 tests, at least 51 wanted")
    shard = write(root, Shard("repos", "small", "0" * 16), Repo, [small])
    enter(root, SMALL, "select", shard, StageStatus.REJECTED, small.reason)
    enter(root, BROKEN, "select", None, StageStatus.FAILED, "NetworkError: no answer")
    rows = [an_instance(n) for n in range(2)]
    data = to_parquet(to_table(Instance, rows))
    root.write_bytes(f"published/{VERSION}/{DATA}", data)
    tell(root, {"main": 2, "subtle": 0})
    root.write_bytes("published/latest", f"{VERSION}\n".encode())
    ledger.end(root, "r1", {"version": VERSION})
    return root


def status(invoke, root: Root, *arguments: str):
    result = invoke("status", "--out", root.url, "--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_funnel_counts_every_candidate_once(invoke, root):
    got = status(invoke, root)
    assert (got["run_id"], got["version"], got["finished"]) == ("r1", VERSION, True)
    kept, small, broken = got["repositories"]
    assert (kept["source"], kept["outcome"], kept["stage"], kept["status"]) == (
        KEPT,
        "kept",
        "package",
        "done",
    )
    assert kept["candidates"] == 8
    assert kept["outcomes"] == {"flaky": 1, "no_failure": 2, "subtle": 1, "valid": 3}
    assert (kept["valid"], kept["subtle"], kept["instances"], kept["published"]) == (3, 1, 4, 2)
    assert kept["seconds"] == 6.0
    assert (small["outcome"], small["reason"]) == ("too_few_tests", "3 tests, at least 51 wanted")
    assert (broken["outcome"], broken["reason"]) == ("failed", "NetworkError: no answer")
    assert got["totals"]["repositories"] == {"kept": 1, "too_few_tests": 1, "failed": 1}
    assert got["totals"]["candidates"] == 8
    assert got["totals"]["published"] == 2


def test_it_says_who_began_the_run_and_why_tasks_were_not_published(invoke, root):
    settings = Settings(out=root.url)
    facts = {"began_at": "2026-01-31T01:00:00+00:00", "started_by": "me@here"}
    facts |= {"smith": "1.2", "prefect": "3.8"}
    ledger.begin(root, ledger.RunRecord("r1", (KEPT, SMALL, BROKEN), settings, "publish", facts=facts))
    left_out = {"the same program as another": 1, "enough of the complexity and category": 1}
    ledger.end(root, "r1", {"version": VERSION, "left_out": left_out})
    told = " ".join(invoke("status", "--out", root.url).stdout.split())
    assert "began 2026-01-31T01:00:00+00:00 by me@here with smith 1.2, prefect 3.8; 9 s of work" in told
    why = "1 (the same program as another), 1 (enough of the complexity and category)"
    assert f"2 tasks not published: {why}" in told


def test_two_sources_of_one_repository_count_once_in_the_totals(invoke, root):
    shard = Shard("candidates", "some__repo.01234567", "0" * 16)
    enter(root, "pypi:repo==1.0", "inject", shard, StageStatus.CACHED)
    got = status(invoke, root)
    assert len(got["repositories"]) == 4
    assert got["totals"]["candidates"] == 8


def test_the_table_names_reasons_and_totals(invoke, root):
    result = invoke("status", "--out", root.url)
    assert result.exit_code == 0
    assert "pypi:small: 3 tests, at least 51 wanted" in result.stdout
    assert "1 kept of 3" in result.stdout
    assert "no_failure" in result.stdout
    assert "28.6%" in result.stdout
    assert f"published {VERSION}" in result.stdout


def test_a_published_repository_is_shown_as_published_and_tables_end_without_blanks(invoke, root):
    out = invoke("status", "--out", root.url).stdout
    [line] = [line for line in out.splitlines() if line.strip().startswith("pypi:repo ")]
    assert " published " in line and "package done" not in line
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


def test_the_list_of_tasks_counts_them_as_status_does(invoke, root):
    tell(root, {"main": 11, "subtle": 5})
    for command in ("show", "status"):
        assert f"{VERSION}: 11 tasks, 5 subtle" in invoke(command, "--out", root.url).stdout


def test_what_was_kept_is_told_with_its_size_and_what_was_not_with_the_reason(root):
    kept, small = _selected(root, "r1")
    assert kept == f"{KEPT}: 2,000 lines of code, 100 tests, 98.0% of them pass"
    assert small == f"{SMALL}: 3 tests, at least 51 wanted"
    assert _selected(root, "no such run") == []


def test_a_source_on_this_disk_is_found_again_by_its_repository(root, tmp_path: Path):
    here = f"{tmp_path}/some/box@{'1' * 40}"
    shard = write(root, Shard("repos", "box", "1" * 16), Repo, [a_repo(repo_id="box.1", source=here)])
    enter(root, "./box", "select", shard, StageStatus.DONE)
    row = an_instance(repo_id="box.1", source=f"local:box@{'1' * 40}")
    assert source_in(root, row) == here
    assert source_in(root, an_instance()) == "pypi:repo==1.0"
    with pytest.raises(InputError, match="where local:box@2 lies is not known"):
        source_in(root, an_instance(source="local:box@2"))


def test_a_run_that_was_cut_off_says_so(invoke, tmp_path):
    root = Root.at(tmp_path)
    ledger.begin(root, ledger.RunRecord("r9", ("pypi:repo",), Settings(), "publish"))
    got = status(invoke, root)
    assert not got["finished"]
    assert got["repositories"][0]["outcome"] == "waiting"
    assert "not finished" in invoke("status", "--out", root.url).stdout


def test_an_unknown_run_is_told_with_the_known(invoke, root):
    result = invoke("status", "r7", "--out", root.url)
    assert result.exit_code == 2
    assert "no run 'r7'" in result.stderr
    assert "r1" in result.stderr


def test_a_task_is_shown_with_diff_issue_tests_and_facts(invoke, root):
    result = invoke("show", "some__repo.01234567.swap_operands.00000001", "--out", root.url)
    assert result.exit_code == 0, result.output
    for part in (
        "+x = 2",
        "-x = 1",
        "`area(1)` gives",
        "tests/test_a.py::test_0",
        "logic_error",
        "2 tests pass on both",
    ):
        assert part in result.stdout


def test_a_task_as_json_is_its_row(invoke, root):
    wanted = an_instance(1)
    got = json.loads(invoke("show", wanted.instance_id, "--out", root.url, "--json").stdout)
    assert got["patch"] == wanted.patch
    assert got["oracle_code"] == [{"path": "pkg/a.py", "text": "x = 1\n"}]
    assert next(iter(got)) == "instance_id"


def test_an_unambiguous_beginning_or_end_is_enough_and_an_ambiguous_one_is_told(invoke, root):
    assert invoke("show", "some__repo.01234567.swap_operands.00000003", "--out", root.url).exit_code == 0
    result = invoke("show", "some__repo", "--out", root.url)
    assert result.exit_code == 2
    assert "is the beginning or end of 2 ids" in result.stderr
    shown = invoke("show", "00000003", "--out", root.url)
    assert shown.exit_code == 0 and "swap_operands.00000003" in shown.stdout


def test_a_candidate_that_is_no_task_tells_its_outcome(invoke, root):
    result = invoke("show", "some__repo.01234567.swap_operands.00000006", "--out", root.url)
    assert result.exit_code == 0, result.output
    assert "flaky: why 6" in result.stdout
    assert "+x = 7" in result.stdout
    waiting = invoke("show", "some__repo.01234567.swap_operands.00000007", "--out", root.url, "--json")
    assert json.loads(waiting.stdout)["verdict"] is None


def test_an_unknown_id_is_told_with_the_near_ones(invoke, root):
    result = invoke("show", "some__repo.01234567.swap_operand.00000001", "--out", root.url)
    assert result.exit_code == 2
    assert "near: some__repo.01234567.swap_operands.0000000" in result.stderr


@pytest.mark.parametrize("table", ["repos", "candidates", "verdicts", "instances", "published"])
def test_a_damaged_shard_is_named_and_the_rest_is_shown(table, invoke, root):
    name = next(n for n in root.names(table) if n.endswith(".parquet") and "small" not in n)
    root.write_bytes(name, b"PAR1 not")
    result = invoke("status", "--out", root.url)
    assert result.exit_code == 5
    assert name in result.stderr
    assert "delete it and run again" in result.stderr
    assert "3 tests, at least 51 wanted" in result.stdout
    document = json.loads(invoke("status", "--out", root.url, "--json").stdout)
    assert [name in line for line in document["damaged"]] == [True]
    kept = document["repositories"][0]
    assert kept["candidates"] == (0 if table == "candidates" else 8)
    assert kept["valid"] == (0 if table == "verdicts" else 3)


def test_a_damaged_row_of_the_ledger_is_named_and_the_rest_is_shown(invoke, root):
    name = next(n for n in root.names("runs") if n.endswith("-validate.parquet"))
    root.write_bytes(name, b"PAR1 not")
    result = invoke("status", "--out", root.url)
    assert result.exit_code == 5
    assert name in result.stderr
    assert "3 tests, at least 51 wanted" in result.stdout


def test_colours_go_to_terminals_alone(invoke, root):
    assert (
        "\x1b[" not in invoke("show", "some__repo.01234567.swap_operands.00000001", "--out", root.url).stdout
    )


def test_the_sizes_of_both_subsets_are_told(invoke, root):
    tell(root, {"main": 1, "subtle": 13})
    assert f"published {VERSION}: 1 task, 13 subtle\n" in invoke("status", "--out", root.url).stdout
    ledger.end(root, "r1", {"version": VERSION, "new": False})
    assert f"unchanged {VERSION}: 1 task, 13 subtle\n" in invoke("status", "--out", root.url).stdout


def test_without_an_id_the_tasks_are_listed(invoke, root):
    result = invoke("show", "--out", root.url)
    assert result.exit_code == 0, result.output
    for n in range(2):
        assert an_instance(n).instance_id in result.stdout
    assert f"version {VERSION}: 2 tasks" in result.stdout
    [first, _] = json.loads(invoke("show", "--out", root.url, "--json").stdout)
    assert list(first) == ["id", "subset", "category", "complexity", "failing", "issue"]
    assert first["issue"] == an_instance(0).problem_statement.split("\n")[0]


def test_a_version_whose_files_are_not_what_was_published_is_not_listed(invoke, root):
    name = f"published/{VERSION}/{DATA}"
    root.write_bytes(name, to_parquet(to_table(Instance, [an_instance(0)])))
    result = invoke("show", "--out", root.url)
    assert result.exit_code == 5
    assert f"{DATA} is not what was published" in result.stderr


def test_an_empty_id_is_told_as_such(invoke, root):
    result = invoke("show", "", "--out", root.url)
    assert result.exit_code == 2
    assert "an empty id was given" in result.stderr


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("published/latest", b"\xff\xfe"),
        ("published/latest", b"../../elsewhere"),
        (f"published/{VERSION}/metrics.json", b"{"),
        (f"published/{VERSION}/metrics.json", b"[" * 100_000),
        (f"published/{VERSION}/metrics.json", b"[]"),
        (f"published/{VERSION}/metrics.json", b'{"files": 3}'),
    ],
)
@pytest.mark.parametrize("command", ["show", "verify"])
def test_what_names_and_describes_a_version_is_told_where_it_is_damaged(command, name, data, invoke, root):
    root.write_bytes(name, data)
    result = invoke(command, "--out", root.url)
    assert result.exit_code == 5, result.output
    assert f"{name} is damaged" in result.stderr


@pytest.mark.parametrize("subsets", [b'{"distribution": []}', b'{"distribution": {"subsets": {"main": []}}}'])
def test_figures_without_sizes_are_told_as_damaged(subsets, invoke, root):
    root.write_bytes(f"published/{VERSION}/metrics.json", subsets)
    result = invoke("status", "--out", root.url)
    assert result.exit_code == 5
    assert f"figures of version {VERSION} are damaged" in result.stderr


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("summary.json", b"[1]"),
        ("summary.json", b'{"version": 3}'),
        ("summary.json", b"\xff"),
        ("run.json", b"[]"),
        ("run.json", b'{"sources": "abc", "settings": {}, "until": "publish", "of": ""}'),
    ],
)
def test_a_runs_records_of_another_shape_are_told_as_damaged(name, data, invoke, root):
    root.write_bytes(f"runs/r1/{name}", data)
    result = invoke("status", "--out", root.url)
    assert result.exit_code == 5, result.output
    assert "the records of run 'r1'" in result.stderr


@pytest.mark.parametrize("command", [["show"], ["show", "some_id"], ["verify"], ["status"]])
def test_where_nothing_is_the_run_that_makes_something_is_named(command, invoke, tmp_path):
    result = invoke(*command, "--out", str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert "no run in" in result.stderr
    assert "smith run SOURCE... --out" in result.stderr


def test_a_failure_that_another_try_may_cure_is_told_with_the_whole_command(invoke, root):
    told = invoke("status", "--out", root.url).stdout
    assert f"`smith rerun-failed r1 --out {root.url}` tries again" in told
    assert "correct that" not in told


def test_bad_input_is_to_be_corrected_and_not_tried_again(invoke, root):
    enter(root, BROKEN, "select", None, StageStatus.FAILED, "InputError: './x' does not exist")
    told = invoke("status", "--out", root.url).stdout
    assert f"{BROKEN}: failed at select: InputError: './x' does not exist; correct that and run again" in told
    assert "rerun-failed" not in told


def test_the_traceback_of_a_failed_stage_is_named_and_shown_with_debug(invoke, root):
    [row] = failures.failed(root, "r1")
    name = ledger.error_log(row)
    root.write_bytes(name, b"Traceback of it\n")
    told = invoke("status", "--out", root.url).stdout
    assert f"(where: {root.local / name})" in told
    assert "Traceback of it" not in told
    assert "Traceback of it" in invoke("--debug", "status", "--out", root.url).stdout


def test_a_build_that_failed_names_its_log(invoke, root):
    log = "logs/gone-build.log"
    gone = a_repo(repo_id="gone", outcome=RepoOutcome.BUILD_FAILED, reason="no gcc", log=log)
    root.write_bytes(gone.log, b"cc: not found")
    shard = write(root, Shard("repos", "gone", "0" * 16), Repo, [gone])
    enter(root, SMALL, "select", shard, StageStatus.REJECTED, gone.reason)
    told = invoke("status", "--out", root.url).stdout
    assert f"{SMALL}: no gcc (log: {root.local / gone.log})" in told
