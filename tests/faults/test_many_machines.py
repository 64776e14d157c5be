"""Workers on several machines share a run; one of them is lost in the middle, and nothing of the run is."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from smith_lib import ledger
from smith_lib.publish.version import latest
from smith_lib.storage import Root, read_at
from smith_lib.types import Instance
from tests.faults import small
from tests.faults.pool import pool, until
from tests.servers import s3
from tests.servers.engine import engine
from tests.servers.postgres import database, programs
from tests.servers.registry import registry

pytestmark = [
    pytest.mark.faults,
    pytest.mark.server,
    pytest.mark.engine,
    pytest.mark.network,
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(not (programs() and shutil.which("docker-registry")), reason="packages are lacking"),
]
NAMES = ("gauge", "scale")


def published(root: Root) -> dict[str, bytes]:
    """The data files of the newest version."""
    version = latest(root)
    folder = f"published/{version}/data"
    return {name.removeprefix(folder): root.read_bytes(name) for name in root.names(folder)}


def test_a_run_over_two_machines_of_which_one_is_lost_publishes_what_one_machine_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = small.smallest(tmp_path / "repositories", *NAMES)
    with (
        s3.bucket("smith") as store,
        database(tmp_path / "database.log") as url,
        registry(tmp_path / "registry") as images,
        engine() as second,
        pool(tmp_path / "pool", store, PREFECT_API_DATABASE_CONNECTION_URL=url) as machines,
    ):
        s3.set_variables(monkeypatch, store)
        settings: dict[str, Any] = {
            **small.settings(), "seed": 5, "sandbox": {"kind": "docker"},
            "environments": {"registry": images},
        }  # fmt: skip
        apart = {"out": "s3://smith/many", "spread": 1, **settings}
        machines.work("left")
        machines.work("right", DOCKER_HOST=second.host)
        run = machines.begin("run/run", {"sources": sources, "settings": apart})
        until(lambda: len(machines.flow_runs("part")) == len(NAMES), 300, machines.logs)

        def judging() -> bool:
            """Whether the second engine judges candidates."""
            injected = "Task run 'inject" in machines.log("right")
            return injected and bool(second.docker("ps", "-q").stdout)

        until(judging, 1_200, machines.logs)
        machines.kill("right")
        state = machines.wait(run)
        assert state["type"] == "COMPLETED", (state, machines.logs())
        crashed = [part for part in machines.flow_runs("part") if part["state_type"] == "CRASHED"]
        assert crashed, "the machine was lost too late to show anything"
        assert all("its worker is gone" in part["state"]["message"] for part in crashed)

        said = "".join((machines.folder / f"{name}.log").read_text() for name in ("left", "right"))
        assert f"from {images}" in said, "an image that one engine had built is pulled by the other"

        alone = {"out": "s3://smith/one", "spread": 0, **settings}
        state = machines.wait(machines.begin("run/run", {"sources": sources, "settings": alone}))
        assert state["type"] == "COMPLETED", (state, machines.logs())

        many, one = Root.at(apart["out"]), Root.at(alone["out"])
        assert published(many) == published(one) != {}
        place = f"published/{latest(many)}/data"
        rows = [row for name in published(many) for row in read_at(many, f"{place}{name}", Instance)]
        assert max(Counter(row.instance_id for row in rows).values()) == 1
        (run_id,) = ledger.runs(many)
        stages = Counter((row.source, row.stage) for row in ledger.stages(many, run_id))
        assert set(stages) == {(source, stage) for source in sources for stage in ledger.STAGES}
        assert set(stages.values()) == {1}
