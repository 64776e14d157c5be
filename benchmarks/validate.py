"""The same bugs judged by fresh sandboxes and whole suites, and by the warm judge, in one run on one machine.

    python benchmarks/validate.py [--limit 60] [--workers 2] [--sandbox docker] [--out FOLDER] [NAME...]

Per repository, and over all: seconds a candidate (median, mean, 95th percentile) for one cold run of the
whole suite in a fresh sandbox, for one warm run, and for a warm verdict with its confirming runs; the ratios
of cold to one warm run, the median of all candidates' and that of their sums; the share of the warm runs'
time that was spent inside tests; on how many candidates the two ways differ; which tiers judged. Cold and
warm take turns, candidate by candidate, on each of the workers.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from smith_lib import diffs, stages
from smith_lib.sandbox.suite import SuiteJob
from smith_lib.settings import Settings, load
from smith_lib.stages import Desk
from smith_lib.stages.frame import follows
from smith_lib.stages.validate import at_work
from smith_lib.storage import Root, Shard, read
from smith_lib.types import Candidate, Outcome, Tier
from smith_lib.validate.bench import Bench, plan
from smith_lib.validate.crew import Crew
from smith_lib.validate.judge import SHIPPED, Clerk, failing

NAMES = ("sqlparse", "jinja2", "tomlkit", "h11", "boltons", "marshmallow", "pycparser", "structlog", "glom",
         "voluptuous")  # fmt: skip
SEED = 4_202


@dataclass(frozen=True, slots=True)
class Pair:
    """One candidate, judged both ways."""

    candidate: Candidate
    outcome: Outcome
    tier: Tier
    cold: float
    """Seconds of one cold run of the whole suite."""
    once: float
    """Seconds of one warm run."""
    verdict: float
    """Seconds of the warm verdict."""
    inside: float
    """Seconds of the one warm run that were spent in tests."""
    at_import: bool
    """Whether what changes is executed outside tests."""
    differs: str
    """What the two ways do not say alike, or an empty string."""


def main() -> int:
    """The number of candidates on which the two ways differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--limit", type=int, default=60, help="candidates a repository")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--out", help="folder for shards, so that a second call finds environments known")
    given = parser.parse_args()
    out = given.out or tempfile.mkdtemp(prefix="smith-benchmark-")
    changes = {"out": out, "seed": given.seed, "workers": given.workers, "sandbox.kind": given.sandbox,
               "inject.limit": given.limit}  # fmt: skip
    settings = load(None, changes)
    desk = _desk(settings)
    everything: list[Pair] = []
    ready = 0.0
    _head()
    try:
        for name in given.names:
            seconds, pairs = _repository(f"pypi:{name}", desk)
            ready += seconds
            _show(name, pairs)
            everything += pairs
    finally:
        desk.sandbox.close()
    _show("all", everything)
    _sum(everything, ready * given.workers)
    return sum(bool(pair.differs) for pair in everything)


def _head() -> None:
    ways = " ".join(f"{way:>20}" for way in ("cold, whole suite", "warm, one run", "warm verdict"))
    print(f"{'':16} {'':4} {ways}  times as fast  in")
    ways = " ".join(f"{'median mean p95':>20}" for _ in range(3))
    print(f"{'repository':16} {'n':>4} {ways}  median    all tests differ  tiers", flush=True)


def _desk(settings: Settings) -> Desk:
    from smith_lib.sandbox.backends import open_sandbox
    from smith_lib.sources.table import cache_folder

    cache = cache_folder(settings)
    sandbox = open_sandbox(
        settings.sandbox.kind, settings.environments, settings.sandbox, cache, settings.workers
    )
    return Desk("benchmark", settings, Root.at(settings.out), sandbox, cache, lambda table, rows: None)


def _repository(source: str, desk: Desk) -> tuple[float, list[Pair]]:
    """The seconds until candidates could be judged, and the candidates judged."""
    began = time.monotonic()
    selected = stages.select(source, desk)
    if not follows(selected):
        print(f"{source}: {selected.reason}", flush=True)
        return 0.0, []
    injected = stages.inject(selected, desk)
    ready = time.monotonic() - began
    candidates = read(desk.root, Shard("candidates", selected.repo_id, injected.key), Candidate)
    bench, crew = at_work(selected, desk)
    waiting: SimpleQueue[Candidate] = SimpleQueue()
    for candidate in candidates:
        waiting.put(candidate)
    with ThreadPoolExecutor(desk.settings.workers) as pool:
        futures = [pool.submit(_worker, bench, crew, waiting) for _ in range(desk.settings.workers)]
        return ready, [pair for future in futures for pair in future.result()]


def _worker(bench: Bench, crew: Crew, waiting: "SimpleQueue[Candidate]") -> list[Pair]:
    made = []
    # Of the verdict that is compared every failing test is wanted; the one run stops as any other does.
    full = replace(bench, full=True)
    alone = replace(bench, settings=bench.settings.model_copy(update={"runs": 1}))
    assert crew.new_worker is not None
    with crew.new_worker() as worker:
        once, verdict = Clerk(alone, worker, crew.modules), Clerk(full, worker, crew.modules)
        for kind in ("swap", "fork"):  # what is warm is warm before the clock starts
            for seed in (1, 2, 3):
                worker.ready(kind, seed, crew.modules)
        while True:
            try:
                candidate = waiting.get_nowait()
            except Empty:
                return made
            made.append(_pair(candidate, bench, once, verdict))


def _pair(candidate: Candidate, bench: Bench, once: Clerk, verdict: Clerk) -> Pair:
    files = diffs.apply(candidate.bug_patch, bench.clean)
    began = time.monotonic()
    job = SuiteJob(bench.args, files, hash_seed=SEED, idle_seconds=bench.idle_seconds, keep_failures=0)
    cold = bench.run(job, bench.limits)
    cold_seconds = time.monotonic() - began
    inside = once.inside
    first = once.judge(candidate)
    told = verdict.judge(candidate)
    now = set(failing(cold, bench.reliable))
    differs = ""
    if told.outcome is Outcome.FLAKY:
        differs = ""  # there is no one set to compare
    elif (told.outcome is Outcome.TIMEOUT) != (cold.ended == "timeout"):
        differs = f"{told.outcome}, a cold run {cold.ended} with {len(now)} failing"
    elif told.outcome is not Outcome.TIMEOUT and set(told.fail_to_pass) != now:
        other = sorted(now ^ set(told.fail_to_pass))
        differs = f"{told.outcome} by {told.tier}: {len(other)} tests, e.g. {other[0]}"
    return Pair(candidate, told.outcome, told.tier, cold_seconds, first.seconds, told.seconds,
                once.inside - inside, plan(files, bench).at_import, differs)  # fmt: skip


def _show(name: str, pairs: Sequence[Pair]) -> None:
    if len(pairs) < 2:
        return
    warm = [p for p in pairs if p.tier is not Tier.COLD] or pairs
    cells = [_three([getattr(p, column) for p in pairs]) for column in ("cold", "once", "verdict")]
    ratio = statistics.median(p.cold / p.once for p in pairs)
    whole = sum(p.cold for p in pairs) / sum(p.once for p in pairs)
    share = sum(p.inside for p in warm) / sum(p.once for p in warm)
    tiers = ", ".join(f"{tier} {n}" for tier, n in sorted(Counter(p.tier.value for p in pairs).items()))
    differ = sum(bool(p.differs) for p in pairs)
    row = f"{name:16} {len(pairs):4} {cells[0]:>20} {cells[1]:>20} {cells[2]:>20}"
    print(f"{row}  {ratio:6.1f} {whole:6.1f} {share:4.0%} {differ:5}  {tiers}", flush=True)
    for pair in pairs:
        if pair.differs and name != "all":
            print(f"    {pair.candidate.candidate_id}: {pair.differs}", flush=True)


def _three(seconds: Sequence[float]) -> str:
    most = statistics.quantiles(seconds, n=20)[-1]
    return f"{statistics.median(seconds):6.2f} {statistics.mean(seconds):6.2f} {most:6.2f}"


def _sum(pairs: Sequence[Pair], ready: float) -> None:
    outcomes = Counter(p.outcome.value for p in pairs)
    print("outcomes: " + ", ".join(f"{name} {n}" for name, n in outcomes.most_common()))
    shipped = [p for p in pairs if p.outcome in SHIPPED]
    if shipped:
        judging = sum(p.verdict for p in pairs)
        print(f"{len(shipped) / judging * 3_600:,.0f} valid or subtle an hour of one worker, confirmation "
              "included, environments and audit aside")  # fmt: skip
        print(f"{len(shipped) / (judging + ready) * 3_600:,.0f} an hour of one core with environments, clean "
              f"runs, calibration and injection, {ready:,.0f} s of it")  # fmt: skip
    several = sum(len(p.candidate.functions) > 1 for p in pairs)
    at_import = sum(p.at_import for p in pairs)
    print(f"{at_import} change what is executed outside tests, {several} several functions")


if __name__ == "__main__":
    sys.exit(min(main(), 100))
