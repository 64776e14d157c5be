"""What the inject stage takes from a pool: examples for the model, and shares to aim at."""

import logging
from pathlib import Path

import pytest

from smith_lib.stages import Desk, inject, record
from smith_lib.storage import Root, read_at
from smith_lib.types import Candidate, StageStatus
from tests.inject.authors import way_of, writes_bugs
from tests.inject.test_mirror_stage import desk_of, selected
from tests.pool import histories
from tests.servers.openai import Messages, openai

SAID = "# Before: Skip missing sides (#9)"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return histories.history(tmp_path_factory.mktemp("history") / "shapes")


def desk(out: Path, url: str = "", **changes: object) -> Desk:
    model = {"llm.model": "openai/gpt-4o-mini", "llm.base_url": url} if url else {}
    return desk_of(out, **{"inject.strategies": ["ast", "llm"] if url else ["ast"], **model, **changes})


def test_the_nearest_real_fixes_are_examples_within_the_budget(
    checkout: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    asked: list[Messages] = []

    def say(messages: Messages) -> str:
        asked.append(messages)
        return "NONE" if way_of(messages) == "llm_rewrite" else writes_bugs(messages)

    with openai(say) as server:
        before = selected(str(checkout), desk(tmp_path))
        plain = inject(before, desk(tmp_path, server.url))
        without = [messages[1]["content"] for messages in asked if len(messages) == 2]
        with caplog.at_level(logging.WARNING):
            none = inject(before, desk(tmp_path, server.url, **{"inject.llm_examples": 2}))
        assert (none.shard, none.status) == (plain.shard, StageStatus.CACHED)  # no pool yet
        assert "the pool has no fixes of local/shapes, so inject.llm_examples is as if unset" in caplog.text

        record(str(checkout), histories.desk_of(tmp_path))
        asked.clear()
        shown = inject(before, desk(tmp_path, server.url, **{"inject.llm_examples": 2}))
        assert (shown.status, shown.shard != plain.shard) == (StageStatus.DONE, True)
        told = {messages[1]["content"]: way_of(messages) for messages in asked if len(messages) == 2}
        of_modify = [text for text, way in told.items() if way == "llm_modify"]
        assert of_modify and any(SAID in text for text in of_modify)
        assert all(text.count("# Before: ") <= 2 for text in told)
        assert not any("# Before: " in text for text, way in told.items() if way == "llm_rewrite")
        assert not any("# Before: " in text for text in without)
        again = inject(before, desk(tmp_path, server.url, **{"inject.llm_examples": 2}))
        assert again.status is StageStatus.CACHED

        asked.clear()
        small = {"inject.llm_examples": 2, "llm.longest_context": 60}
        inject(before, desk(tmp_path, server.url, **small))
        assert asked and not any("# Before: " in messages[1]["content"] for messages in asked)  # none fits


def test_candidates_are_drawn_towards_the_fixes_of_the_pool(checkout: Path, tmp_path: Path) -> None:
    before = selected(str(checkout), desk(tmp_path))
    told = {"inject.limit": 12, "inject.max_per_function": 12}
    plain = inject(before, desk(tmp_path, **told))
    unset = inject(before, desk(tmp_path, **told, **{"inject.towards": "pool"}))
    assert unset.shard == plain.shard  # no pool yet
    record(str(checkout), histories.desk_of(tmp_path))
    weights = {"inject.towards": "pool", "inject.towards_weights": {"edits": 1.0, "category": 1.0}}
    moved = inject(before, desk(tmp_path, **told, **weights))
    assert (moved.status, moved.shard != plain.shard) == (StageStatus.DONE, True)
    assert inject(before, desk(tmp_path, **told, **weights)).status is StageStatus.CACHED
    assert inject(before, desk(tmp_path, **told)).shard == plain.shard
    root = Root.at(str(tmp_path))
    rows = read_at(root, moved.shard, Candidate)
    (tmp_path / moved.shard).unlink()
    inject(before, desk(tmp_path, **told, **weights))
    assert read_at(root, moved.shard, Candidate) == rows
    less = {**weights, "inject.towards_weights": {"edits": 0.5}}
    assert inject(before, desk(tmp_path, **told, **less)).shard not in (plain.shard, moved.shard)
