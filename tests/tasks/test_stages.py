"""Sources that are one repository and commit make its tasks once."""

import shutil
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.cli.funnel import funnel
from smith_lib.sandbox.backends import BACKENDS
from smith_lib.settings import Settings, load
from smith_lib.stages.frame import follows
from smith_lib.storage import Root
from smith_lib.types import StageStatus
from tasks import asking, firsts, inject_repo, select_repo
from tasks.desk import desk_for
from tests.cli.conftest import Idle
from tests.sources.made import PACKAGE, repository


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setitem(BACKENDS, "docker", Idle)
    return Settings(out=str(tmp_path / "out"), cache=str(tmp_path / "cache"))


@pytest.fixture
def places(tmp_path: Path, tiny_tree: Path) -> list[str]:
    """The same folder at two places, and one of the same name with other files."""
    found = [tmp_path / name / "tiny" for name in ("a", "b", "c")]
    for place in found:
        shutil.copytree(tiny_tree, place)
    (found[2] / "more.py").write_text("x = 1\n")
    return [str(place) for place in found]


def test_the_first_of_the_same_sources_stands_for_the_others(places: list[str], settings: Settings) -> None:
    first, second, other = places
    sources = ["pypi:", other, first, second, "/not/there"]
    assert firsts.fn(sources, settings, "r1") == ["pypi:", other, first, first, "/not/there"]


def test_what_was_pinned_is_not_pinned_again_in_the_run_but_a_folder(
    places: list[str], settings: Settings, tmp_path: Path
) -> None:
    checkout = repository(tmp_path / "repo", PACKAGE)
    sources = [f"git+file://{checkout}", f"git+file://{checkout}@HEAD", places[0]]
    assert firsts.fn(sources, settings, "r1") == [sources[0], sources[0], places[0]]
    assert set(desk_for("r1", settings).pins) == set(sources[:2])
    assert desk_for("r2", settings).pins == {}


def test_a_duplicate_is_rejected_and_costs_nothing(places: list[str], settings: Settings) -> None:
    first, second, _ = places
    root = Root.at(settings.out)
    ledger.begin(root, ledger.RunRecord("r1", (second,), settings, "publish"))
    row = select_repo.fn(second, first, settings, "r1").data
    assert (row.status, row.shard) == (StageStatus.REJECTED, "")
    assert row.reason == f"the same repository and commit as {first}"
    assert not follows(row)
    assert ledger.stages(root, "r1") == [row]
    [line] = funnel(root, "r1").repositories
    assert (line.outcome, line.reason) == ("duplicate", row.reason)
    assert not Path(settings.cache or "").exists()


def test_only_a_stage_that_may_ask_a_model_counts_against_the_models_limit() -> None:
    asks = asking(inject_repo, load(None, {"llm.model": "openai/small"}))
    assert "model" in asks.tags
    assert asks.task_run_name == "inject {source}"
    assert asks.retries == inject_repo.retries
    assert "model" not in asking(inject_repo, Settings()).tags
