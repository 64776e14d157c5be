"""The inject stage with a model: its key, and what happens where no model answers."""

import logging
from pathlib import Path
from typing import Any, cast

import pytest

from smith_lib.errors import ModelUnusable
from smith_lib.ledger import slug
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import load
from smith_lib.sources.table import fetch, pin
from smith_lib.stages import Desk, inject
from smith_lib.storage import Root, Shard, read_at, write
from smith_lib.types import Candidate, Coverage, Function, Repo, StageRun, StageStatus, Strategy
from tests.inject.authors import functions, writes_bugs
from tests.rows import a_repo
from tests.servers.openai import openai


def desk_of(out: Path, **changes: Any) -> Desk:
    told = {"out": str(out), "inject.limit": 6, "inject.strategies": ["ast", "llm"], **changes}
    root, no_sandbox = Root.at(str(out)), cast("Sandbox", None)
    return Desk("run", load(None, told), root, no_sandbox, out / "cache", lambda table, rows: None)


def selected(tree: Path, desk: Desk) -> StageRun:
    """What the select stage leaves behind, for one file of the repository."""
    at = pin(str(tree), desk.settings.select)
    files = ("tiny/money.py",)
    there = fetch(at, desk.cache, desk.settings.select).path
    name, key = slug(at.source), "0" * 16
    row = a_repo(source=at.source, repo=at.repo, source_files=files, test_files=())
    write(desk.root, Shard("repos", name, key), Repo, [row])
    write(desk.root, Shard("functions", name, key), Function, functions(there, files))
    write(desk.root, Shard("coverage", name, key), Coverage, [])
    return StageRun(
        "run", str(tree), at.source, row.repo_id, "select", StageStatus.DONE, "", False, 1, 0.0, "", key, ""
    )


def test_the_family_is_as_if_off_until_a_model_answers(
    tmp_path: Path, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    before = selected(tiny_tree, desk_of(tmp_path))
    off = inject(before, desk_of(tmp_path, **{"inject.strategies": ["ast"]}))
    assert off.status is StageStatus.DONE

    unset = inject(before, desk_of(tmp_path))
    assert (unset.shard, unset.status) == (off.shard, StageStatus.CACHED)
    [line] = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert line == "inject.strategies names llm, but llm.model is not set; the other families go on"
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        keyless = inject(before, desk_of(tmp_path, **{"llm.model": "openai/gpt-4o-mini"}))
    assert (keyless.shard, keyless.status) == (off.shard, StageStatus.CACHED)
    records = [record for record in caplog.records if record.name.startswith("smith_lib")]
    [line] = [record.message for record in records if record.levelno >= logging.WARNING]
    assert line.endswith("set OPENAI_API_KEY; the other families go on")
    with pytest.raises(ModelUnusable, match="set OPENAI_API_KEY"):
        inject(before, desk_of(tmp_path, **{"llm.model": "openai/gpt-4o-mini", "inject.strategies": ["llm"]}))

    with openai(writes_bugs) as server:
        told = {"llm.model": "openai/gpt-4o-mini", "llm.base_url": server.url}
        on = inject(before, desk_of(tmp_path, **told))
        assert (on.status, on.shard != off.shard) == (StageStatus.DONE, True)
        rows = read_at(Root.at(str(tmp_path)), on.shard, Candidate)
        assert {row.strategy for row in rows} == {Strategy.AST, Strategy.LLM}
        again = inject(before, desk_of(tmp_path, **told, **{"llm.workers": 1, "llm.timeout": 3.0}))
        assert (again.shard, again.status) == (on.shard, StageStatus.CACHED)
        assert inject(before, desk_of(tmp_path, **told, **{"llm.temperature": 0.0})).shard != on.shard
