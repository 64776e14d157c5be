"""`smith deploy` and `smith worker` on a machine where nothing of Prefect's is set up yet."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from smith_lib.cli.deploy import parameters_of, search_of
from smith_lib.errors import InputError
from smith_lib.settings import Settings
from tasks.deployments import described, filled
from tests.flows.conftest import PREFECT, SMITH, smith
from tests.servers.ports import free_port

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment of its own for Prefect, in which a server would listen at a free port."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    home = tmp_path / "prefect"
    home.mkdir()
    own |= {"PREFECT_HOME": str(home), "PREFECT_SERVER_API_PORT": str(free_port()), "PYTHONUNBUFFERED": "1"}
    yield own
    if (home / "server.pid").exists():
        subprocess.run([*PREFECT, "server", "stop"], env=own, capture_output=True, timeout=120, check=False)


@pytest.mark.server
def test_one_command_sets_up_a_night_and_the_same_again_changes_nothing(
    nowhere: dict[str, str], tmp_path: Path
) -> None:
    home = Path(nowhere["PREFECT_HOME"])
    (home / "server.pid").write_text("4194305")  # left by a server that ended without removing it
    (home / "list.txt").write_text("pypi:h11\n")
    (home / "smith.toml").write_text("seed = 7\nout = 'data'\n[inject]\nlimit = 9\n")
    options = ["--settings", "smith.toml", "--cron", "30 2 * * *", "--engine-limit", "3"]
    options += ["--search", "min_stars=500", "--search", "pushed_after=2026-01-31"]
    command = ["deploy", "@list.txt", *options]
    first = json.loads(smith(nowhere, *command, "--json"))
    assert first["started"]
    assert not (again := json.loads(smith(nowhere, *command, "--json")))["started"]
    assert {**again, "started": True} == first

    def get(path: str) -> Any:
        return requests.get(f"{first['api']}/{path}", timeout=30).json()

    assert get("work_pools/smith")["type"] == "process"
    assert get("concurrency_limits/tag/engine")["concurrency_limit"] == 3
    assert get("concurrency_limits/tag/model")["concurrency_limit"] == 2
    nightly = get("deployments/name/nightly/nightly")
    assert [one["schedule"]["cron"] for one in nightly["schedules"]] == ["30 2 * * *"]
    settings = {"seed": 7, "out": str(home / "data"), "inject": {"limit": 9}}
    search = {"min_stars": 500, "pushed_after": "2026-01-31"}
    listed = [f"@{home / 'list.txt'}"]
    assert nightly["parameters"] == {"sources": listed, "settings": settings, "search": search}
    assert get("deployments/name/rerun-failed/rerun-failed")["parameters"] == {"out": str(home / "data")}

    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen([*SMITH, "worker"], env=nowhere, stdout=log, stderr=log)
        try:
            workers = f"{first['api']}/work_pools/smith/workers/filter"
            deadline = time.monotonic() + 120
            while not requests.post(workers, json={}, timeout=30).json():
                told = (tmp_path / "worker.log").read_text()
                assert worker.poll() is None, told
                assert time.monotonic() < deadline, told
                time.sleep(1)
        finally:
            worker.terminate()
            assert worker.wait(60) in (0, 143, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("searched", "told"),
    [("stars=5", "KEY one of min_stars, language"), ("min_stars", "KEY=VALUE wanted"),
     ("limit=0", "limit = 0: Input should be greater"), ("language=", "language = ''")],
)  # fmt: skip
def test_a_search_that_cannot_be_is_bad_input(searched: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        search_of((searched,))


def test_a_search_alone_takes_the_place_of_the_sources_described() -> None:
    search = search_of(("limit=5", 'licenses=["mit"]'))
    assert search == {"limit": 5, "licenses": ["mit"]}
    nightly = parameters_of((), (), Settings(), search)["nightly"]
    assert (nightly["sources"], nightly["search"]) == ([], search)
    assert "sources" not in parameters_of((), (), Settings())["nightly"]


def test_a_worker_without_a_server_is_told_the_remedy(nowhere: dict[str, str]) -> None:
    told = smith(nowhere, "worker", code=5)
    assert f"no Prefect server answers at http://127.0.0.1:{nowhere['PREFECT_SERVER_API_PORT']}/api" in told
    assert "`smith deploy` starts one" in told


def test_a_server_elsewhere_is_not_started_here(nowhere: dict[str, str]) -> None:
    told = smith({**nowhere, "PREFECT_API_URL": "http://prefect.invalid:4200/api"}, "deploy", code=5)
    assert "no Prefect server answers at http://prefect.invalid:4200/api" in told
    assert "unset PREFECT_API_URL" in told


@pytest.mark.parametrize(
    ("cron", "timezone"), [("every night", "UTC"), ("99 1 * * *", "UTC"), ("0 1 * * *", "Mars/Phobos")]
)
def test_a_schedule_that_cannot_be_is_bad_input(cron: str, timezone: str) -> None:
    with pytest.raises(InputError, match="no schedule can be made of"):
        filled(described(), {}, cron, timezone)


def test_parameters_and_schedules_are_laid_over_what_is_described() -> None:
    def nightly(parameters: dict[str, Any], cron: str | None) -> dict[str, Any]:
        laid = filled(described(), {"nightly": parameters}, cron, "Europe/Berlin")["deployments"]
        return next(one for one in laid if one["name"] == "nightly")

    assert nightly({}, None)["parameters"]["sources"]
    assert nightly({}, None)["schedules"] == [{"cron": "0 1 * * *", "timezone": "Europe/Berlin"}]
    assert nightly({"sources": ["pypi:x"]}, "")["parameters"] == {"sources": ["pypi:x"]}
    assert nightly({}, "")["schedules"] == []
