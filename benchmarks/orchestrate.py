"""What Prefect and Parquet cost over the bare stages, whether two workers do twice the work, and memory.

    python benchmarks/orchestrate.py overhead --repositories 20 --sleeps 10,1,20,5
    python benchmarks/orchestrate.py workers --repositories 16 --sleeps 20,1,35,5
    python benchmarks/orchestrate.py memory --counts 10,200,2000

The stages sleep (`benchmarks/sleeping.py`), since two cores would else be what is measured. A server of
Prefect's is started for it, in a temporary folder.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

TREE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TREE), str(TREE / "benchmarks")]

from smith_lib import ledger  # noqa: E402
from smith_lib.storage import Root  # noqa: E402
from smith_lib.types import StageStatus  # noqa: E402
from tests.faults.pool import PREFECT, Pool, pool  # noqa: E402

ONE = """
import json, resource, sys, time
sys.path[:0] = {path}
from smith_lib.cli import flows
flows.prepare(False)
begun = time.monotonic()
import sleeping
from smith_lib.settings import Settings
sources = [f"/r/{{n:05d}}" for n in range({count})]
entered = time.monotonic()
sleeping.run(sources, Settings(out={out!r}), "package")
peak = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({{"imports": entered - begun, "seconds": time.monotonic() - entered,
                  "cpu": peak.ru_utime + peak.ru_stime, "mb": peak.ru_maxrss / 1024}}))
"""


def one_run(machines: Pool, count: int, sleeps: str) -> dict[str, float]:
    """A run of so many repositories in a process of its own: seconds, processor seconds, peak memory."""
    out = machines.folder / f"out-{count}-{time.monotonic_ns()}"
    code = ONE.format(path=[str(TREE), str(TREE / "benchmarks")], count=count, out=str(out))
    environ = machines.environ("bench", SMITH_SLEEPS=sleeps)
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False, cwd=TREE
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    root = Root.at(out)
    rows = ledger.stages(root, ledger.runs(root)[0])
    assert len(rows) == 4 * count
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def database(machines: Pool) -> tuple[Counter[str], int]:
    """Rows of the server's database by table, and its bytes."""
    file = machines.folder / "server" / "prefect" / "prefect.db"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as there:
        names = [name for (name,) in there.execute("select name from sqlite_master where type = 'table'")]
        counted = (there.execute(f'select count(*) from "{name}"').fetchone() for name in names)  # noqa: S608
        rows = {name: count for name, (count,) in zip(names, counted, strict=True)}
    return Counter(rows), file.stat().st_size


def overhead(machines: Pool, given: argparse.Namespace) -> None:
    """The run against the same sleeps in as many threads."""
    os.environ["SMITH_SLEEPS"] = given.sleeps
    whole = sum(map(float, given.sleeps.split(",")))
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: time.sleep(whole), range(given.repositories)))
    bare = time.monotonic() - begun
    made = one_run(machines, given.repositories, given.sleeps)
    more = made["seconds"] - bare
    print(f"bare {bare:.1f} s, run {made['seconds']:.1f} s ({made['cpu']:.1f} s of processor, imports "
          f"{made['imports']:.1f} s before it): {more:.1f} s more, {more / bare:.1%}, "
          f"{more / given.repositories:.2f} s a repository")  # fmt: skip


def memory(machines: Pool, given: argparse.Namespace) -> None:
    """Peak memory of the process that runs the flow, by number of repositories."""
    for count in map(int, given.counts.split(",")):
        before, size = database(machines)
        made = one_run(machines, count, "0,0,0,0")
        time.sleep(15)  # the server writes events and logs behind
        after, bigger = database(machines)
        more = dict((after - before).most_common(6))
        print(f"database: {(after - before).total()} rows more, {(bigger - size) / 1e6:.1f} MB: {more}")
        print(f"{count} repositories: {made['mb']:.0f} MB, {made['seconds']:.0f} s, "
              f"{1000 * made['seconds'] / count / 4:.0f} ms a task", flush=True)  # fmt: skip


def workers(machines: Pool, given: argparse.Namespace) -> None:
    """The same spread run with one worker and with two, each taking one part at a time."""
    described = {
        "name": "smith",
        "pull": [{"prefect.deployments.steps.set_working_directory": {"directory": str(TREE)}}],
        "deployments": [
            {"name": name, "entrypoint": f"benchmarks/sleeping.py:{name}", "work_pool": {"name": "smith"}}
            for name in ("part", "run")
        ],
    }
    file = machines.folder / "sleeping.json"
    file.write_text(json.dumps(described))
    command = [*PREFECT, "deploy", "--all", "--prefect-file", str(file)]
    environ = machines.environ("bench", PYTHONPATH=f"{TREE}:{TREE / 'benchmarks'}")
    subprocess.run(command, env=environ, cwd=TREE, check=True, capture_output=True)
    took = {}
    more = {"SMITH_SLEEPS": given.sleeps, "PYTHONPATH": f"{TREE}:{TREE / 'benchmarks'}"}
    machines.work("asks", 1, **more)  # the run itself sits in a worker's slot while it waits
    for count in (1, 2):
        names = [f"worker{count}{n}" for n in range(count)]
        out = machines.folder / f"spread-{count}"
        settings = {"out": str(out), "spread": given.spread}
        sources = [f"/r/{n:05d}" for n in range(given.repositories)]
        given_run = {"sources": sources, "settings": settings, "until": "package"}
        run = machines.begin("run/run", given_run)
        _until(lambda: bool(machines.flow_runs("parts")))
        for name in names:
            machines.work(name, 1, **more)
        begun = time.monotonic()
        state = machines.wait(run, 3_600)
        took[count] = time.monotonic() - begun
        assert state["type"] == "COMPLETED", (state, machines.logs())
        root = Root.at(out)
        rows = ledger.stages(root, ledger.runs(root)[0])
        assert len(rows) == 4 * given.repositories
        assert {row.status for row in rows} == {StageStatus.DONE}
        print(f"{count} workers: {took[count]:.1f} s", flush=True)
        for name in names:
            machines.stop(name)
    print(f"two workers are {took[1] / took[2]:.2f} times as fast as one")


def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.2)


def main() -> None:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("what", choices=("overhead", "workers", "memory"))
    parser.add_argument("--repositories", type=int, default=20)
    parser.add_argument("--sleeps", default="10,1,20,5", help="seconds of select, inject, validate, package")
    parser.add_argument("--spread", type=int, default=2)
    parser.add_argument("--counts", default="10,200,2000")
    given = parser.parse_args()
    measured: dict[str, Callable[[Pool, Any], None]] = {
        "overhead": overhead, "workers": workers, "memory": memory,
    }  # fmt: skip
    place = tempfile.TemporaryDirectory(prefix="smith-bench-")
    with place as folder, pool(Path(folder) / "pool", {}) as machines:
        measured[given.what](machines, given)


if __name__ == "__main__":
    main()
