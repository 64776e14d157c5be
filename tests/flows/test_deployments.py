"""Each deployment of `prefect.yaml`, started through a real server and run by a real worker."""

import json
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import pytest
import requests

from smith_lib import ledger
from smith_lib.storage import Root, read_at
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Instance, StageStatus
from tests import browser
from tests.faults import small
from tests.flows import hands
from tests.flows.conftest import PREFECT, PrefectServer
from tests.flows.test_forms import DEPLOYMENTS, explained

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]


def call(server: PrefectServer, path: str, **body: Any) -> Any:
    """The server's answer; its database may be busy for a while, which it says by 503."""
    for pause in (0.5, 1, 2, 4, 8):
        answer = requests.post(f"{server.url}/{path}", json=body, timeout=60)
        if answer.status_code != 503:
            break
        time.sleep(pause)
    answer.raise_for_status()
    return answer.json()


def start(server: PrefectServer, deployment: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The flow run's record once it has ended."""
    name = f"{server.url}/deployments/name/{deployment}"
    found = requests.get(name, timeout=30).json()
    made = call(server, f"deployments/{found['id']}/create_flow_run", parameters=parameters)
    deadline = time.monotonic() + 400
    while True:
        run = requests.get(f"{server.url}/flow_runs/{made['id']}", timeout=30).json()
        if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            return dict(run)
        assert time.monotonic() < deadline, run["state"]
        time.sleep(0.5)


def task_runs(server: PrefectServer, run: dict[str, Any]) -> dict[str, str]:
    """Task run names to their states' names."""
    found = call(server, "task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}}, limit=200)
    return {task["name"]: task["state_name"] for task in found}


def shown(server: PrefectServer, key: str) -> Any:
    """The data of the newest artifact under that key."""
    found = requests.get(f"{server.url}/artifacts/{key}/latest", timeout=30)
    found.raise_for_status()
    data = found.json()["data"]
    return json.loads(data) if isinstance(data, str) and data[:1] in "[{" else data


def artifacts(server: PrefectServer) -> set[str]:
    return {found["key"] for found in call(server, "artifacts/filter", limit=200)}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, tiny_tree: Path) -> Path:
    """A checkout of its own of the tiny repository."""
    place = tmp_path_factory.mktemp("repositories") / "tiny"
    shutil.copytree(tiny_tree, place)
    return place


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, sandbox_kind: str) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("out")
    return {"out": str(out), "seed": 3, "inject": {"limit": 12}, "sandbox": {"kind": sandbox_kind}}


def test_run_publishes_and_names_repository_and_stage(
    prefect_server: PrefectServer, repository: Path, settings: dict[str, Any]
) -> None:
    run = start(prefect_server, "run/run", {"sources": [str(repository)], "settings": settings})
    assert run["state_type"] == "COMPLETED", run["state"]
    tasks = task_runs(prefect_server, run)
    for stage in ledger.STAGES:
        assert tasks[f"{stage} {repository}"] == "Completed"
    root = Root.at(settings["out"])
    version = root.read_bytes("published/latest").decode().strip()
    assert root.exists(f"published/{version}/data/train-00000-of-00001.parquet")
    there = artifacts(prefect_server)
    assert {"repositories", "failed-and-slowest", "gate", "version", "funnel"} <= there
    assert {key for key in there if key.startswith("progress-")} <= {f"progress-{s}" for s in ledger.STAGES}
    assert shown(prefect_server, "progress-select") == 100.0


@pytest.mark.browser
def test_a_person_starts_a_run_from_its_form_and_reads_its_artifacts(
    prefect_server: PrefectServer, repository: Path, settings: dict[str, Any]
) -> None:
    """With the tests before it a light form of `make test-ui`: there the run makes everything itself."""
    with browser.page(1400, 1000, timeout=60) as page:
        hands.form(page, prefect_server.url.removesuffix("/api"), "run")
        assert hands.unexplained(page) == []
        hands.listed(page, str(repository))
        given = {"Out": settings["out"], "Seed": settings["seed"], "Limit": settings["inject"]["limit"]}
        for name, value in given.items():
            hands.field(page, f"{name} (Optional)").fill(str(value))
        hands.shot(page, "form")
        run = hands.submit(page)
        assert hands.ended(page) == "Completed"
        hands.shot(page, "run")
        record = requests.get(f"{prefect_server.url}/flow_runs/{run.rpartition('/')[2]}", timeout=30).json()
        asked = record["parameters"]
        assert asked["sources"] == [str(repository)]
        assert (asked["settings"]["seed"], asked["settings"]["inject"]["limit"]) == (3, 12)
        version = Root.at(settings["out"]).read_bytes("published/latest").decode().strip()
        told = {
            "repositories": str(repository),
            "failed-and-slowest": "package_seconds",
            "funnel": "published",
            "distribution": "target",
            "gate": "rules",
            "version": version,
        }
        there = hands.artifacts(page, run, told)
        for key, words in told.items():
            page.goto(there[key])
            page.get_by_text(words).first.wait_for()
            hands.shot(page, f"artifact-{key}")
        page.goto(there["gate"])
        docs = page.get_by_role("link", name="data docs").get_attribute("href") or ""
        assert Path(unquote(urlsplit(docs).path)).is_file()


def test_a_night_with_nothing_new_finds_every_stage_cached(
    prefect_server: PrefectServer, repository: Path, settings: dict[str, Any]
) -> None:
    version = Root.at(settings["out"]).read_bytes("published/latest")
    run = start(prefect_server, "nightly/nightly", {"sources": [str(repository)], "settings": settings})
    assert run["state_type"] == "COMPLETED", run["state"]
    subflow = call(
        prefect_server,
        "flow_runs/filter",
        flow_runs={"operator": "and_", "start_time": {"after_": run["start_time"]}},
        flows={"name": {"any_": ["run"]}},
    )[0]
    tasks = task_runs(prefect_server, subflow)
    assert {tasks[f"{stage} {repository}"] for stage in ledger.STAGES} == {"Cached"}
    assert Root.at(settings["out"]).read_bytes("published/latest") == version


def test_only_what_failed_is_run_again(
    prefect_server: PrefectServer, repository: Path, settings: dict[str, Any]
) -> None:
    late = repository.with_name("late")
    sources = [str(repository), str(late)]
    run = start(prefect_server, "run/run", {"sources": sources, "settings": settings})
    assert task_runs(prefect_server, run)[f"select {late}"] == "Failed"
    assert run["state_type"] == "FAILED"
    told = run["state"]["message"]
    assert told.startswith(f"1 of 2 repositories failed: {late} (select: "), told
    root = Root.at(settings["out"])
    statuses = {row.source: row.status for row in ledger.stages(root, ledger.runs(root)[-1])}
    assert statuses[str(late)] is StageStatus.FAILED
    assert f"`smith rerun-failed {ledger.runs(root)[-1]} --out {root.url}` takes them up" in told
    assert (ledger.record(root).summary or {})["version"], "what did not fail is published"
    table = shown(prefect_server, "failed-and-slowest")
    assert [line["source"] for line in table] == [str(late), str(repository)]
    assert "smith rerun-failed " in table[0]["remedy"]
    assert table[1]["remedy"] == ""
    assert all(table[1][f"{stage}_seconds"] >= 0 for stage in ledger.STAGES)
    night = start(prefect_server, "nightly/nightly", {"sources": sources, "settings": settings})
    assert night["state_type"] == "FAILED"
    assert night["state"]["message"].startswith(f"1 of 2 repositories failed: {late} (select: ")
    shutil.copytree(repository, late)
    again = start(prefect_server, "rerun-failed/rerun-failed", {"out": settings["out"]})
    assert again["state_type"] == "COMPLETED", again["state"]
    tasks = task_runs(prefect_server, again)
    assert tasks[f"package {late}"] == "Completed"
    assert not [name for name in tasks if name.endswith(str(repository))]


def test_of_ten_repositories_the_three_that_failed_are_run_again_and_no_other(
    prefect_server: PrefectServer, sandbox_kind: str, tmp_path: Path
) -> None:
    ten = small.made(tmp_path / "repositories")
    three = [ten[1], ten[4], ten[8]]
    for place in three:
        Path(place).rename(f"{place}.away")
    # Too small for the settings: nothing has to be installed.
    given = {"out": str(tmp_path / "out"), "sandbox": {"kind": sandbox_kind}}
    run = start(prefect_server, "run/run", {"sources": ten, "settings": given})
    assert run["state_type"] == "FAILED"
    assert run["state"]["message"].startswith("3 of 10 repositories failed: ")
    for place in three:
        Path(f"{place}.away").rename(place)
    again = start(prefect_server, "rerun-failed/rerun-failed", {"out": given["out"]})
    stages = {name for name in task_runs(prefect_server, again) if name.startswith("select ")}
    assert stages == {f"select {place}" for place in three}
    root = Root.at(given["out"])
    first, second = ledger.runs(root)
    assert {row.source for row in ledger.stages(root, second)} == set(three)
    assert {row.source for row in ledger.stages(root, first)} == set(ten)
    assert {row.status for row in ledger.stages(root, second)} == {StageStatus.REJECTED}


def test_publish_takes_what_the_root_holds(prefect_server: PrefectServer, settings: dict[str, Any]) -> None:
    run = start(prefect_server, "publish/publish", {"settings": settings})
    assert run["state_type"] == "COMPLETED", run["state"]


def test_the_tasks_own_fixes_are_graded_and_shown(
    prefect_server: PrefectServer, settings: dict[str, Any]
) -> None:
    given = {"dataset": settings["out"], "predictions": "gold", "settings": settings}
    run = start(prefect_server, "grade/grade", given)
    assert run["state_type"] == "COMPLETED", run["state"]
    assert run["name"] == f"grade gold on {settings['out']}"
    assert task_runs(prefect_server, run) == {"grade gold": "Completed"}
    table = shown(prefect_server, "grades")
    assert table
    assert all(line["predictions"] == line["resolved"] > 0 for line in table)
    assert Root.at(settings["out"]).exists("grades/gold.parquet")
    given["predictions"] = "nothing/of/the/kind.jsonl"
    run = start(prefect_server, "grade/grade", given)
    assert run["state_type"] == "FAILED"
    assert "nothing/of/the/kind.jsonl" in run["state"]["message"]


def test_the_form_of_a_deployment_explains_every_field(prefect_server: PrefectServer) -> None:
    for deployment in DEPLOYMENTS:
        name = f"{prefect_server.url}/deployments/name/{deployment['name']}/{deployment['name']}"
        found = dict(explained(requests.get(name, timeout=30).json()["parameter_openapi_schema"]))
        assert found
        assert all(found.values())


class Hook(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    heard: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


def test_a_refusal_of_the_gate_is_a_state_and_a_notification(
    prefect_server: PrefectServer, settings: dict[str, Any], tmp_path: Path
) -> None:
    hook = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    made = (
        "from prefect.blocks.notifications import CustomWebhookNotificationBlock as Block\n"
        f"block = Block(name='smith', url='http://127.0.0.1:{hook.server_port}', "
        "json_data={'text': '{{subject}}: {{body}}'})\n"
        "print('id:' + str(block.save('smith', overwrite=True)))\n"
    )
    command = [sys.executable, "-c", made]
    told = subprocess.run(command, env=prefect_server.environ, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    automation = tmp_path / "notify.yaml"
    text = (Path(__file__).parents[2] / "examples" / "notify.yaml").read_text()
    block = told.stdout.partition("id:")[2].strip()
    automation.write_text(text.replace("block_document_id: BLOCK", f"block_document_id: {block}"))
    command = [*PREFECT, "automation", "create", "--from-file", str(automation)]
    told = subprocess.run(command, env=prefect_server.environ, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stdout + told.stderr
    time.sleep(5)  # the server's triggers read new automations now and then
    root = Root.at(settings["out"])
    for name in [name for name in root.names("instances") if name.endswith(".parquet")]:
        rows = [replace(row, fail_ratio=0.95) for row in read_at(root, name, Instance)]
        root.write_bytes(name, to_parquet(to_table(Instance, rows)))
    run = start(prefect_server, "publish/publish", {"settings": settings})
    assert (run["state_type"], run["state_name"]) == ("FAILED", "Refused"), run["state"]
    deadline = time.monotonic() + 120
    while not Hook.heard:
        assert time.monotonic() < deadline
        time.sleep(1)
    hook.shutdown()
    hook.server_close()
    text = json.loads(Hook.heard[0])["text"]
    assert text.startswith(f"Smith: publish {settings['out']} ended as Refused: ")
    assert run["state"]["message"] in text
