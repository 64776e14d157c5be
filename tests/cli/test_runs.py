"""`smith run` and its like: what the flows are called with, what is shown, and the exit codes."""

import json
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.errors import SandboxUnavailable
from smith_lib.sandbox.backends import BACKENDS
from smith_lib.settings import load
from smith_lib.storage import Root
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Instance, StageRun, StageStatus
from tests.cli.conftest import TREE
from tests.rows import an_instance, filled

pytestmark = pytest.mark.usefixtures("told_flows")


def called(invoke, *arguments):
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["called"]


def test_run_calls_the_flow_with_sources_and_settings(invoke):
    got = called(
        invoke, "run", "pypi:h11", "./here", "pypi:h11", "--limit", "40", "--set", "select.min_tests=7"
    )
    assert got["sources"] == ["pypi:h11", "./here"]
    assert got["until"] == "publish"
    assert got["settings"]["inject"]["limit"] == 40
    assert got["settings"]["select"]["min_tests"] == 7


@pytest.mark.parametrize("stage", ["select", "inject", "validate", "package"])
def test_a_stage_runs_the_flow_up_to_it(stage, invoke):
    assert called(invoke, stage, "pypi:h11")["until"] == stage


def test_sources_come_from_files_too(invoke, tmp_path: Path):
    listed = tmp_path / "list.txt"
    listed.write_text("# all of them\npypi:a  # the first\n\n  git+https://x.example/y#frag@main\n")
    more = tmp_path / "more"
    more.write_text("pypi:b")
    got = called(invoke, "run", "pypi:z", f"@{listed}", "--sources", more)
    assert got["sources"] == ["pypi:z", "pypi:a", "git+https://x.example/y#frag@main", "pypi:b"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["@nowhere.txt"], "nowhere.txt"),
        ([""], "empty source"),
        ([], "no SOURCE given"),
        (["--sources", "/dev/null"], "names none"),
        (["~nosuch/x"], "~nosuch/x"),
        (["./" + "x" * 300], "does not exist"),
        (["x" * 300], "unknown source"),
        (["@" + "x" * 300], "cannot read the list"),
    ],
)
def test_sources_that_cannot_be_are_bad_input(arguments, told, invoke):
    result = invoke("run", *arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_stage_without_sources_goes_on_with_the_newest_run(invoke, tmp_path: Path):
    root = Root.at(tmp_path)
    before = load(None, {"out": str(tmp_path), "seed": 9, "inject.limit": 33})
    ledger.begin(root, ledger.RunRecord("r1", ("pypi:h11", "pypi:tinydb"), before, "inject"))
    got = called(invoke, "validate", "--out", str(tmp_path), "--workers", "4")
    assert got["sources"] == ["pypi:h11", "pypi:tinydb"]
    assert (got["settings"]["seed"], got["settings"]["inject"]["limit"], got["settings"]["workers"]) == (
        9,
        33,
        4,
    )


def test_a_stage_without_sources_and_without_a_run_is_bad_input(invoke, tmp_path: Path):
    result = invoke("validate", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert "no run in" in result.stderr


def test_publish_without_sources_publishes_what_is_there(invoke):
    result = invoke("publish", "--out", "x", "--json")
    assert json.loads(result.stdout)["path"] == "x/published/v2"
    assert invoke("publish", "--out", "x").stdout.strip().endswith("published v2 at x/published/v2")


def test_rerun_failed_names_the_run_and_the_place(invoke, tmp_path: Path):
    out = str(tmp_path)
    ledger.begin(Root.at(out), ledger.RunRecord("r7", ("pypi:h11",), load(None, {}), "publish"))
    assert called(invoke, "rerun-failed", "r7", "--out", out) == {"run_id": "r7", "out": out}
    assert called(invoke, "rerun-failed", "--out", out)["run_id"] is None
    assert invoke("rerun-failed", "r8", "--out", out).exit_code == 2


@pytest.mark.parametrize(("source", "code"), [("pypi:refused", 3), ("pypi:empty", 1)])
def test_a_run_that_published_nothing_still_shows_its_summary(source, code, invoke, tmp_path: Path):
    shown = invoke("run", source, "--out", str(tmp_path))
    assert shown.exit_code == code, shown.output
    assert "pypi__h11.12345678" in shown.stdout
    assert "smith: nothing published: row 3, rule 4" in shown.stderr
    plain = invoke("run", source, "--out", str(tmp_path), "--json")
    assert plain.exit_code == code
    assert json.loads(plain.stdout)["refused"] == "nothing to publish: row 3, rule 4"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["run", "pypi:h11"], 0),
        (["run", "pypi:h11", "pypi:bad"], 1),
        (["run", "pypi:nothing"], 1),
        (["validate", "pypi:h11"], 0),
        (["validate", "pypi:bad"], 1),
        (["run", "pypi:raise-SourceError"], 2),
        (["run", "pypi:raise-GateFailed"], 3),
        (["run", "pypi:raise-SandboxUnavailable"], 4),
        (["run", "pypi:raise-EngineError"], 5),
        (["run", "pypi:raise-StorageError"], 5),
        (["run", "pypi:raise-NoSuchName"], 70),
    ],
)
def test_exit_codes_mean_something(arguments, code, invoke):
    result = invoke(*arguments)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output


def test_an_error_is_one_line_and_debug_shows_where(invoke):
    result = invoke("run", "pypi:raise-GateFailed")
    assert result.stderr == "starting Prefect ...\nsmith: it went wrong\n"
    assert "Traceback" in invoke("run", "pypi:raise-GateFailed", "--debug").stderr
    assert "Traceback" in invoke("--debug", "run", "pypi:raise-GateFailed").stderr


def test_json_holds_one_document_even_for_an_error(invoke):
    result = invoke("run", "pypi:raise-GateFailed", "--json")
    assert json.loads(result.stdout) == {"error": "it went wrong", "exit_code": 3}
    assert json.loads(invoke("run", "pypi:bad", "--json").stdout)["failed"] == 1


def test_progress_goes_to_standard_error_and_json_is_quiet(invoke):
    shown = invoke("run", "pypi:h11")
    assert "validate" in shown.stderr
    assert "2/2" in shown.stderr
    assert "published v1" in shown.stdout
    assert invoke("run", "pypi:h11", "--json").stderr == ""


def test_a_run_of_unknown_sources_alone_is_bad_input(invoke):
    result = invoke("run", "ftp:x", "h11")
    assert result.exit_code == 2
    assert "unknown source 'ftp:x'; known: github:" in result.stderr
    assert called(invoke, "run", "ftp:x", "pypi:h11")["sources"] == ["ftp:x", "pypi:h11"]


@pytest.mark.parametrize(
    ("source", "told"),
    [("github:foo", "names no repository; wanted github:owner/name"), ("pypi:-x", "names no project"),
     ("pypi:h11==new", "'new' is no version"), ("git+ftp://h/p", "is no transport")],
)  # fmt: skip
def test_a_malformed_source_alone_is_bad_input_at_once(source, told, invoke):
    result = invoke("run", source)
    assert result.exit_code == 2
    assert told in result.stderr
    assert called(invoke, "run", source, "pypi:h11")["sources"] == [source, "pypi:h11"]


def test_without_a_sandbox_nothing_starts(invoke, monkeypatch):
    def none(*_):
        raise SandboxUnavailable("no engine; start one")

    for kind in BACKENDS:
        monkeypatch.setitem(BACKENDS, kind, none)
    result = invoke("run", "pypi:raise-EngineError")
    assert result.exit_code == 4
    assert "start one" in result.stderr


def test_it_is_the_installed_command_too(process, told_flows, tmp_path: Path):
    environ = {"PYTHONPATH": f"{told_flows}:{TREE}", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = process("publish", "--out", "x", "--json", env=environ, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == "v2"
    assert process("run", "ftp:x", env=environ, cwd=tmp_path).returncode == 2


def test_failures_and_an_example_are_told_with_whole_commands(invoke, tmp_path: Path):
    out = str(tmp_path / "a b")
    root = Root.at(out)
    ledger.begin(root, ledger.RunRecord("r1", ("pypi:bad",), load(None, {}), "publish"))
    failed = {"status": StageStatus.FAILED, "reason": "KeyError: 3"}
    row = filled(StageRun, run_id="r1", source="pypi:bad", stage="inject", **failed)
    ledger.enter(root, row)
    data = to_parquet(to_table(Instance, [an_instance(4)]))
    root.write_bytes("published/v1/data/train-00000-of-00001.parquet", data)
    result = invoke("run", "pypi:h11", "pypi:bad", "--out", out)
    assert result.exit_code == 1, result.output
    assert "1 repository failed\npypi:bad: failed at inject: KeyError: 3\n" in result.stderr
    assert f"`smith rerun-failed r1 --out '{out}'` tries again" in result.stderr
    assert f"look at one: smith show {an_instance(4).instance_id} --out '{out}'" in result.stdout


def test_something_is_said_before_prefect_is_imported(invoke):
    assert invoke("run", "pypi:h11").stderr.startswith("starting Prefect ...\n")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ('inject.strategies=["llm"]', "inject.strategies names llm alone, but llm.model is not set"),
        ('inject.operators=["mirror_reverse"]', "names only operators of the family mirror, which"),
        ('inject.yields="v0009"', "unknown yields 'v0009'; known: even, recorded"),
        ('inject.short_of="v0009"', "unknown version to draw by 'v0009'; known: even"),
        ('select.contamination_file="/not/there"', "contamination_file '/not/there': No such file"),
    ],
)
def test_what_settings_name_and_is_not_to_be_had_is_told_before_anything_runs(setting, told, invoke):
    result = invoke("run", "pypi:h11", "--set", setting)
    assert result.exit_code == 2
    assert told in result.stderr
