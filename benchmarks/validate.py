"""The same bugs judged by fresh sandboxes and whole suites, and by the warm judge, in one run on one machine.

    python benchmarks/validate.py [--limit 60] [--workers 2] [--sandbox docker] [--out FOLDER] [NAME...]

Per repository, and over all: seconds a candidate (median, mean, 95th percentile) for one cold run of the
whole suite in a fresh sandbox, for one warm run, and for a warm verdict with its confirming runs; how many
times as fast one warm run is as one cold run (the median of all candidates, and of their sums), and a warm
verdict as a cold one, which takes as many runs (sums); the share of the warm runs' time that was spent inside
tests; on how many candidates the two ways differ; which tiers judged.

These figures are of bugs as they are drawn. Where fewer than a fifth of them are executed outside tests, or
touch several functions, more of that kind are judged for the agreement alone. Cold and warm take turns, some
candidates at a time, on all of the workers.
"""

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from random import Random

from opened import a_desk

from smith_lib import stages
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.settings import load
from smith_lib.stages import Desk
from smith_lib.stages.frame import follows
from smith_lib.stages.validate import at_work
from smith_lib.storage import Shard, read
from smith_lib.types import Candidate, Outcome, Tier, Verdict
from smith_lib.validate.bench import Bench, Plan, planned_for
from smith_lib.validate.crew import Crew, as_slow
from smith_lib.validate.judge import SHIPPED, Clerk, failing

NAMES = ("sqlparse", "jinja2", "tomlkit", "h11", "boltons", "marshmallow", "pycparser", "structlog", "glom",
         "voluptuous")  # fmt: skip
SEED = 4_202
TURN = 8
"""Candidates a worker, after which cold and warm change places."""
KINDS = 0.2
"""The share of candidates that are at least executed outside tests, and that touch several functions."""


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
    runs: int
    """That the verdict took, and a cold one would."""
    at_import: bool
    """Whether what changes is executed outside tests."""
    drawn: bool
    """Whether it is one of those that figures are of."""
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
               "inject.limit": 6 * given.limit}  # fmt: skip
    settings = load(None, changes)
    everything: list[Pair] = []
    ready = 0.0
    _head()
    with a_desk(settings) as desk:
        for name in given.names:
            seconds, pairs = _repository(f"pypi:{name}", desk, given.limit)
            ready += seconds
            _show(name, pairs)
            everything += pairs
    _show("all", everything)
    _sum(everything, ready * given.workers)
    return sum(bool(pair.differs) for pair in everything)


def _head() -> None:
    ways = " ".join(f"{way:>20}" for way in ("cold, whole suite", "warm, one run", "warm verdict"))
    print(f"{'':16} {'':4} {ways}  times as fast: run, verdict  in")
    ways = " ".join(f"{'median mean p95':>20}" for _ in range(3))
    print(f"{'repository':16} {'n':>4} {ways}  median    all     all      tests differ  tiers", flush=True)


def _repository(source: str, desk: Desk, limit: int) -> tuple[float, list[Pair]]:
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
    chosen = _chosen(candidates, bench, limit)
    workers = desk.settings.workers
    pairs = []
    with ExitStack() as opened, ThreadPoolExecutor(workers) as pool:
        clerks = list(pool.map(lambda _: _clerks(bench, crew, opened), range(workers)))
        for at in range(0, len(chosen), TURN * workers):
            turn = chosen[at : at + TURN * workers]
            shares = [turn[n::workers] for n in range(workers)]
            warm = pool.map(lambda two, share: [_warm(one[0], *two) for one in share], clerks, shares)
            told = list(warm)
            cold = list(pool.map(lambda share: [_cold(one, bench) for one in share], shares))
            pairs += [_pair(*one, w, c, bench) for s, ws, cs in zip(shares, told, cold, strict=True)
                      for one, w, c in zip(s, ws, cs, strict=True)]  # fmt: skip
    return ready, pairs


Chosen = tuple[Candidate, Plan, bool]


def _chosen(candidates: Sequence[Candidate], bench: Bench, limit: int) -> list[Chosen]:
    """Candidates with plans, and whether they are drawn; then more of the kinds that are rare among them."""
    planned = [(c, p) for c in candidates if (p := planned_for(c, bench)) is not None and p.tests]
    Random(len(planned)).shuffle(planned)
    chosen = [(c, p, True) for c, p in planned[:limit]]
    for rare in (lambda c, p: p.at_import, lambda c, p: len(c.functions) > 1):
        lacking = math.ceil(KINDS * limit) - sum(rare(c, p) for c, p, _ in chosen)
        known = {c.candidate_id for c, _, _ in chosen}
        more = [(c, p, False) for c, p in planned if rare(c, p) and c.candidate_id not in known]
        chosen += more[: max(0, lacking)]
    return chosen


def _clerks(bench: Bench, crew: Crew, opened: ExitStack) -> tuple[Clerk, Clerk]:
    """Of one worker: who makes one run, and who makes verdicts; all is warm before the clock starts."""
    # Of the verdict that is compared every failing test is wanted; the one run stops as any other does.
    full = replace(bench, full=True)
    alone = replace(bench, settings=bench.settings.model_copy(update={"runs": 1}))
    assert crew.new_worker is not None
    worker = opened.enter_context(crew.new_worker())
    for kind in ("swap", "fork"):
        for seed in (1, 2, 3):
            worker.ready(kind, seed, crew.modules)
    return Clerk(alone, worker, crew.modules), Clerk(full, worker, crew.modules)


def _warm(candidate: Candidate, once: Clerk, verdict: Clerk) -> tuple[float, float, Verdict]:
    """Seconds of one run, planning included, those of them inside tests, and the full verdict."""
    before, began = once.inside, time.monotonic()
    once.judge(candidate)
    return time.monotonic() - began, once.inside - before, verdict.judge(candidate)


def _cold(one: Chosen, bench: Bench) -> tuple[SuiteReport, float]:
    began = time.monotonic()
    job = SuiteJob(bench.args, one[1].files, hash_seed=SEED, idle_seconds=bench.idle_seconds, keep_failures=0)
    return bench.run(job, bench.limits), time.monotonic() - began


def _pair(
    candidate: Candidate, planned: Plan, drawn: bool, warm: tuple[float, float, Verdict],
    cold: tuple[SuiteReport, float], bench: Bench,
) -> Pair:  # fmt: skip
    once, inside, told = warm
    now = set(failing(cold[0], bench.reliable))
    differs = ""
    if told.outcome is Outcome.FLAKY:
        differs = ""  # there is no one set to compare
    elif told.outcome is Outcome.TIMEOUT and as_slow(cold[0], planned, bench, told.tier):
        differs = ""
    elif told.outcome is Outcome.TIMEOUT or cold[0].ended == "timeout":
        differs = f"{told.outcome}, a cold run {cold[0].ended} with {len(now)} failing"
    elif set(told.fail_to_pass) != now:
        other = sorted(now ^ set(told.fail_to_pass))
        differs = f"{told.outcome} by {told.tier}: {len(other)} tests, e.g. {other[0]}"
    runs = told.runs if told.outcome in (*SHIPPED, Outcome.FLAKY) else 1
    return Pair(candidate, told.outcome, told.tier, cold[1], once, told.seconds, inside, runs,
                planned.at_import, drawn, differs)  # fmt: skip


def _show(name: str, judged: Sequence[Pair]) -> None:
    pairs = [pair for pair in judged if pair.drawn]
    if len(pairs) < 2:
        return
    warm = [p for p in pairs if p.tier is not Tier.COLD] or pairs
    cells = [_three([getattr(p, column) for p in pairs]) for column in ("cold", "once", "verdict")]
    ratio = statistics.median(p.cold / p.once for p in pairs)
    whole = sum(p.cold for p in pairs) / sum(p.once for p in pairs)
    verdict = sum(p.runs * p.cold for p in pairs) / sum(p.verdict for p in pairs)
    share = sum(p.inside for p in warm) / sum(p.once for p in warm)
    tiers = ", ".join(f"{tier} {n}" for tier, n in sorted(Counter(p.tier.value for p in judged).items()))
    differ = f"{sum(bool(p.differs) for p in judged)}/{len(judged)}"
    row = f"{name:16} {len(pairs):4} {cells[0]:>20} {cells[1]:>20} {cells[2]:>20}"
    print(f"{row}  {ratio:6.1f} {whole:6.1f} {verdict:7.1f} {share:9.0%} {differ:>6}  {tiers}", flush=True)
    for pair in judged:
        if pair.differs and name != "all":
            print(f"    {pair.candidate.candidate_id}: {pair.differs}", flush=True)


def _three(seconds: Sequence[float]) -> str:
    most = statistics.quantiles(seconds, n=20)[-1]
    return f"{statistics.median(seconds):6.2f} {statistics.mean(seconds):6.2f} {most:6.2f}"


def _sum(judged: Sequence[Pair], ready: float) -> None:
    outcomes = Counter(p.outcome.value for p in judged)
    print("outcomes: " + ", ".join(f"{name} {n}" for name, n in outcomes.most_common()))
    several = sum(len(p.candidate.functions) > 1 for p in judged)
    at_import = sum(p.at_import for p in judged)
    print(f"{len(judged)} compared: {at_import} executed outside tests, {several} of several functions")
    pairs = [p for p in judged if p.drawn]
    long = [p.once / p.inside for p in pairs if p.inside > 0.2 and p.tier is not Tier.COLD]
    if long:
        most = statistics.quantiles(long, n=20)[-1]
        print(f"where tests take over 0.2 s, one warm run takes {statistics.median(long):.2f} times as long "
              f"(median of {len(long)}, 95 % below {most:.2f})")  # fmt: skip
    shipped = [p for p in pairs if p.outcome in SHIPPED]
    if shipped:
        judging = sum(p.verdict for p in pairs)
        print(f"{len(shipped) / judging * 3_600:,.0f} valid or subtle an hour of one worker, confirmation "
              "included, environments and audit aside")  # fmt: skip
        print(f"{ready:,.0f} s of one core went before: environments, clean runs, calibration and injection")


if __name__ == "__main__":
    sys.exit(min(main(), 100))
