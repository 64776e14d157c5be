"""The ledger's account of a run says who began it with what, and what each stage took."""

from pathlib import Path

from smith_lib import __version__, ledger
from smith_lib.accounts import close, facts
from smith_lib.cli.funnel import funnel
from smith_lib.settings import Settings
from smith_lib.storage import Root, Shard, write
from smith_lib.types import Candidate, Repo, StageRun, StageStatus
from smith_lib.validate.judge import VERSION as JUDGE
from tasks import tried
from tests.rows import a_repo, filled


def test_every_stage_of_a_run_is_a_row_with_attempts_cost_and_versions(tmp_path: Path) -> None:
    root, settings = Root.at(tmp_path), Settings(out=str(tmp_path), seed=4)
    began = facts()
    ledger.begin(root, ledger.RunRecord("r2", ("pypi:x",), settings, "publish", of="r1", facts=began))
    kept = write(root, Shard("repos", "x", "k"), Repo, [a_repo()]).path
    bugs = write(root, Shard("candidates", "x", "k"), Candidate, [filled(Candidate, cost_usd=0.5)]).path
    known = {"run_id": "r2", "source": "pypi:x", "repo_id": "x", "shard": ""}
    rows = [
        filled(StageRun, **{**known, "run_id": "r1"}, stage="select", status=StageStatus.DONE),
        filled(StageRun, **{**known, "shard": kept}, stage="select", status=StageStatus.CACHED, seconds=0.5),
        filled(StageRun, **{**known, "shard": bugs}, stage="inject", status=StageStatus.DONE, seconds=2.0),
        filled(StageRun, **known, stage="validate", status=StageStatus.FAILED, reason="EngineError: gone"),
    ]
    for row in rows[1:]:
        ledger.enter(root, row)
        tried.note("r2", "pypi:x", row.stage)
    tried.note("r2", "pypi:x", "validate")
    close(root, "r2", rows, {"version": "v0001-0123abcd"}, tried.of)
    found = ledger.accounts(root, "r2")
    assert [(row.stage, row.attempts, row.outcome, row.cost_usd) for row in found] == [
        ("select", 1, "kept", 0.0), ("inject", 1, "done", 0.5), ("validate", 2, "failed", 0.0),
    ]  # fmt: skip
    assert {(row.run_id, row.of, row.version, row.judge) for row in found} == {
        ("r2", "r1", "v0001-0123abcd", JUDGE)
    }
    assert {(row.smith, row.started_by, row.flow_run_url) for row in found} == {
        (__version__, began["started_by"], "")
    }
    assert Settings.model_validate_json(found[0].settings) == settings
    assert [bool(row.log) for row in found] == [False, False, True]
    told = funnel(root, "r2")
    assert (told.seconds, told.cost_usd, told.tried_again, told.facts) == (2.5, 0.5, 1, began)
    assert ledger.accounts(root, "r1") == []
