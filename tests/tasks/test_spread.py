"""How a run is cut into parts, and what is made of the ledger once they have ended."""

from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.states import Completed, Crashed, Failed

from smith_lib import ledger
from smith_lib.errors import MachineryError
from smith_lib.settings import Settings
from smith_lib.sources.protocol import Pin
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks import end_part, gathered, parted, take_part
from tasks.desk import remember
from tasks.lost import automations
from tasks.spread import Part
from tests.rows import filled


class Ended:
    """The future of a part that has ended so."""

    def __init__(self, state: State[Any], said: str = "") -> None:
        self.state, self.said = state, said

    def wait(self) -> None: ...

    def result(self) -> str:
        return self.said


def staged(source: str, stage: str, status: StageStatus = StageStatus.DONE, **facts: Any) -> StageRun:
    return filled(StageRun, run_id="r1", source=source, stage=stage, status=status, reason="", **facts)


def test_a_run_is_cut_in_its_order_and_parts_know_their_pins() -> None:
    sources = ["a", "b", "c", "d", "e"]
    remember("r1", {"b": Pin("b@1", "b"), "e": Pin("e@1", "e")})
    parts = parted(sources, ["a", "b", "a", "d", "e"], Settings(spread=2), "r1")
    assert [part.sources for part in parts] == [("a", "b"), ("c", "d"), ("e",)]
    assert [part.first for part in parts] == [("a", "b"), ("a", "d"), ("e",)]
    assert [part.name for part in parts] == ["a and 1 more", "c and 1 more", "e"]
    assert [dict(part.pins) for part in parts] == [{"b": Pin("b@1", "b")}, {}, {"e": Pin("e@1", "e")}]
    take_part("r2", {"b": ["b@1", "b"]})
    assert parted(["b"], ["b"], Settings(spread=1), "r2")[0].pins == {"b": Pin("b@1", "b")}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """Four sources: one went through, one was rejected, one failed, and one was cut off after a stage."""
    root = Root.at(tmp_path)
    rows = [staged("good", stage) for stage in ledger.STAGES]
    rows += [staged("rejected", "select", StageStatus.REJECTED), staged("cut off", "select")]
    rows += [staged("broken", "select"), staged("broken", "inject", StageStatus.FAILED)]
    for row in rows:
        ledger.enter(root, row)
    return root


def test_what_no_part_brought_to_an_end_has_failed_and_says_why(root: Root) -> None:
    parts = [Part(name, (name,), (name,), {}) for name in ("good", "rejected", "broken", "cut off", "never")]
    crashed = Failed(data=MachineryError("the flow run 'cut off' crashed: its worker is gone"))
    done = Ended(Completed(), "it ended as Completed")
    failed, gone = Ended(Completed(), "it ended as Failed"), Ended(Crashed(message="x"))
    futures: Any = [done, done, failed, Ended(crashed), gone]
    rows = gathered(parts, futures, Settings(out=root.url, spread=1), "publish", "r1")
    by_source = {source: [row for row in rows if row.source == source] for source in {r.source for r in rows}}
    assert [row.stage for row in by_source["good"]] == list(ledger.STAGES)
    assert len(by_source["rejected"]) == 1
    assert [row.status for row in by_source["broken"]] == [StageStatus.DONE, StageStatus.FAILED]
    lost = by_source["cut off"][-1]
    assert (lost.stage, lost.status, lost.curable) == ("inject", StageStatus.FAILED, True)
    assert lost.reason == "MachineryError: the flow run 'cut off' crashed: its worker is gone"
    assert by_source["never"][-1].stage == "select"
    entered = {(row.source, row.stage): row for row in ledger.stages(root, "r1")}
    assert entered["cut off", "inject"] == lost, "so that rerun-failed takes it up"


def test_a_part_in_which_a_repository_failed_ends_as_failed() -> None:
    good, bad = staged("a", "package"), staged("b", "validate", StageStatus.FAILED)
    settings = Settings(out="out")
    assert end_part([good], "r1", settings) == {"run_id": "r1", "repositories": 1, "failed": 0}
    state = end_part([good, bad], "r1", settings)
    assert isinstance(state, State)
    assert state.is_failed()
    assert str(state.message).startswith("1 of 2 repositories failed: b (validate: ")


def test_a_flow_run_that_falls_silent_is_called_crashed() -> None:
    silent, never = automations(60)
    assert silent.trigger.model_dump()["within"].total_seconds() == 60
    assert never.trigger.model_dump()["within"].total_seconds() == 120
    for one in (silent, never):
        (action,) = (action.model_dump(mode="json") for action in one.actions)
        assert (action["type"], action["state"]) == ("change-flow-run-state", "CRASHED")
        assert "its worker is gone" in action["message"]
