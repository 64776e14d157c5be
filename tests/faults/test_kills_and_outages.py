"""Whole runs of a worker's: kills at random moments, no engine, no Prefect server, a bad object store."""

import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from smith_lib.storage import Root
from tests.faults import killing, small
from tests.faults.comparing import published
from tests.faults.pool import FINAL, Pool, pool, until
from tests.servers import s3, weather
from tests.servers.engine import Engine, engine

pytestmark = [
    pytest.mark.faults,
    pytest.mark.server,
    pytest.mark.engine,
    pytest.mark.network,
    pytest.mark.timeout(3_000),
]
NAMES = ("gauge", "scale")
KILLS = 50


@pytest.fixture(scope="module")
def own() -> Iterator[Engine]:
    with engine() as made:
        yield made


@pytest.fixture(scope="module")
def machines(own: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pool]:
    """A pool with one worker on an engine of its own."""
    with pool(tmp_path_factory.mktemp("machines") / "pool", {"DOCKER_HOST": own.host}) as made:
        made.work("left", 3)
        yield made


class Night:
    """The same run as often as wanted, each into a root of its own."""

    def __init__(self, machines: Pool, folder: Path) -> None:
        self.machines, self.folder = machines, folder
        self.sources = small.smallest(folder / "repositories", *NAMES)

    def begin(self, out: str | Path, spread: int = 0) -> str:
        """The id of the flow run."""
        settings = {**small.settings(limit=6), "seed": 5, "out": str(out), "spread": spread}
        settings["sandbox"] = {"kind": "docker"}
        return self.machines.begin("run/run", {"sources": self.sources, "settings": settings})

    def end(self, run: str, out: str | Path) -> list[str]:
        """The states that it and what took up its failures ended in, the last of which is a good one."""
        seen: list[str] = []
        for _ in range(20):
            seen.append(str(self.machines.wait(run)["type"]))
            if seen[-1] == "COMPLETED":
                return seen
            run = self.machines.begin("rerun-failed/rerun-failed", {"out": str(out)})
        raise AssertionError(f"it never came to its end: {seen}\n{self.machines.logs()}")

    def judging(self) -> bool:
        """Whether a worker's flow run has containers in which candidates are judged."""
        workers = [name for name in self.machines.processes if name != "server"]
        pids = [pid for name in workers for pid in self.machines.below(name)]
        host = self.machines.variables["DOCKER_HOST"]
        return any(killing.judges(box, host) for box in killing.containers(pids, host))


@pytest.fixture(scope="module")
def night(machines: Pool, tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(machines, tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def quiet(night: Night) -> dict[str, bytes]:
    """What a run publishes to which nothing happens."""
    out = night.folder / "quiet"
    assert night.end(night.begin(out), out) == ["COMPLETED"]
    found = published(Root.at(out))
    assert found
    return found


def seeded(night: Night, out: Path) -> Path:
    """A root in which the repositories are selected already, so that faults meet the stages that follow."""
    for table in ("repos", "tests", "functions", "coverage"):
        shutil.copytree(night.folder / "quiet" / table, out / table)
    return out


def test_the_engine_stopped_and_started_in_the_middle(
    night: Night, quiet: dict[str, bytes], own: Engine
) -> None:
    out = seeded(night, night.folder / "engine")
    run = night.begin(out)
    until(night.judging, 300, night.machines.logs)
    own.stop()
    time.sleep(5)
    own.start()
    night.end(run, out)
    assert published(Root.at(out)) == quiet
    assert killing.docker(own.host, "ps", "-aq") == ""


def test_the_prefect_server_gone_for_a_minute(night: Night, quiet: dict[str, bytes]) -> None:
    out = seeded(night, night.folder / "server")
    run = night.begin(out)
    until(night.judging, 300, night.machines.logs)
    night.machines.stop("server")
    time.sleep(60)
    night.machines.serve()
    if night.machines.processes["left"].poll() is not None:  # as systemd would
        night.machines.work("left", 3)
    night.end(run, out)
    assert published(Root.at(out)) == quiet


def test_a_store_that_answers_500_and_not_at_all(
    night: Night, quiet: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3.bucket("tasks") as store, weather.before(store["AWS_ENDPOINT_URL"], "night") as proxy:
        seen = {**store, "AWS_ENDPOINT_URL": proxy.url}
        night.machines.stop("left")
        night.machines.work("left", 3, **seen)
        run = night.begin("s3://tasks/night")
        until(night.judging, 600, night.machines.logs)
        proxy.failing = 1.0
        time.sleep(15)
        proxy.failing, proxy.hanging = 0.2, 0.0
        time.sleep(15)
        proxy.hanging, proxy.failing = 1.0, 0.0
        time.sleep(20)
        proxy.hanging, proxy.failing = 0.0, 0.1
        night.end(run, "s3://tasks/night")
        assert proxy.failed > 10
        s3.set_variables(monkeypatch, store)
        assert published(Root.at("s3://tasks/night")) == quiet
    night.machines.stop("left")
    night.machines.work("left", 3)


def test_fifty_kills_at_random_moments(night: Night, quiet: dict[str, bytes], own: Engine) -> None:
    random, machines = Random("kills"), night.machines
    machines.stop("left")
    for name in ("one", "two"):
        machines.work(name, 2)
    out = night.folder / "kills"
    run, killed, orphans = night.begin(out, spread=1), Counter[str](), set[int]()
    states: list[str] = []
    deadline = time.monotonic() + 2_400
    while True:
        assert time.monotonic() < deadline, (killed, states, machines.logs())
        if (state := machines.state(run).get("type")) in FINAL:
            states.append(str(state))
            if killed.total() >= KILLS and state == "COMPLETED":
                break
            if state == "COMPLETED":  # it was quicker than the kills: once more, from the candidates on
                for table in ("verdicts", "instances", "judged"):
                    shutil.rmtree(out / table, ignore_errors=True)
                run = night.begin(out, spread=1)
            else:
                run = machines.begin("rerun-failed/rerun-failed", {"out": str(out)})
        time.sleep(random.uniform(0.1, 2.0))
        flows = {pid for name in ("one", "two") for pid in machines.below(name)} | orphans
        if killed.total() >= KILLS:
            continue
        what = random.choices(("inside", "flow", "worker"), (0.84, 0.1, 0.06))[0]
        if what == "inside" and (found := killing.inside(random, sorted(flows), own.host)):
            killed[found] += 1
        elif what == "flow" and flows and killing.gone(random.choice(sorted(flows))):
            killed["flow"] += 1
        elif what == "worker":
            name = random.choice(("one", "two"))
            orphans |= set(machines.below(name))  # they go on
            lost = machines.processes.pop(name)
            lost.send_signal(signal.SIGKILL)
            lost.wait()
            killed["worker"] += 1
            machines.work(name, 2)
    assert set(killed) == {"judge", "container", "flow", "worker"}, killed
    assert published(Root.at(out)) == quiet
    assert len([path for path in (out / "published").iterdir() if path.name.startswith("v")]) == 1
    assert night.end(night.begin(out), out) == ["COMPLETED"]  # the first that opens a sandbox sweeps
    assert killing.docker(own.host, "ps", "-aq") == ""
    print(dict(killed), states)
