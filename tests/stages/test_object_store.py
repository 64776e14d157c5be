"""The stages of one repository with their shards in an object store."""

from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import load
from smith_lib.stages import Desk, inject, package, select, validate
from smith_lib.stages.publish import propose, publish
from smith_lib.storage import Root, read_at
from smith_lib.types import Instance, StageRun, StageStatus
from tests.servers import s3


@pytest.mark.engine
@pytest.mark.network
def test_every_stage_finds_its_shards_in_an_object_store(
    tmp_path: Path, tiny_tree: Path, docker_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3.bucket("tasks") as variables:
        s3.set_variables(monkeypatch, variables)
        settings = load(None, {"out": "s3://tasks/night", "inject.limit": 6, "seed": 3})
        gated: list[str] = []
        root = Root.at(settings.out)
        desk = Desk("run", settings, root, docker_sandbox, tmp_path, lambda table, rows: gated.append(table))

        def through() -> list[StageRun]:
            selected = select(str(tiny_tree), desk)
            injected = inject(selected, desk)
            validated = validate(selected, injected, desk)
            rows = [selected, injected, validated, package(selected, injected, validated, desk)]
            for row in rows:
                ledger.enter(root, row)
            return rows

        rows = through()
        assert [row.status for row in rows] == [StageStatus.DONE] * 4
        assert gated == ["tests", "functions", "coverage", "repos", "candidates", "verdicts", "instances"]
        assert [row.status for row in through()] == [StageStatus.CACHED] * 4
        assert len(gated) == 7
        again = replace(desk, settings=load(None, {"out": "s3://tasks/night", "inject.limit": 6, "seed": 4}))
        selected = select(str(tiny_tree), again)
        assert selected.status is StageStatus.CACHED
        assert inject(selected, again).status is StageStatus.DONE
        del gated[7:]
        assert [row.stage for row in ledger.stages(root, "run")] == list(ledger.STAGES)
        made = publish(propose(rows, root, settings), root, settings, lambda proposal, docs: None)
        assert 0 < made.rows <= len(read_at(root, rows[-1].shard, Instance))
        data = f"published/{made.version}/data"
        assert any(root.exists(f"{data}/{name}-00000-of-00001.parquet") for name in ("train", "subtle"))
