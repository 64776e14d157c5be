"""All verdicts on a repository's candidates: several workers, an audit by cold runs, nothing judged twice."""

import logging
import math
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from random import Random
from types import MappingProxyType

from smith_lib import diffs
from smith_lib.errors import EngineError
from smith_lib.progress import report
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.sandbox.warm import Worker
from smith_lib.types import UNTOLD, Candidate, Outcome, Tier, Verdict
from smith_lib.validate.bench import UNKNOWN, Bench, Plan, plan, planned_for
from smith_lib.validate.judge import SHIPPED, Clerk, failing, judge
from smith_lib.validate.kept import Kept

log = logging.getLogger(__name__)
AUDIT_SEED = 4_201
"""A hash seed that no verdict is made under."""
UNCHECKED = UNTOLD | {Outcome.FLAKY}
"""Outcomes that one cold run cannot speak against."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who judges."""

    size: int
    new_worker: Callable[[], AbstractContextManager[Worker]] | None = None
    """None where nothing is judged but by cold runs."""
    modules: tuple[str, ...] = ()
    kept: Kept | None = None
    anew: bool = False
    """Whether what is kept is not asked, but replaced."""
    seed: str = ""
    """From which the audit's sample is drawn."""
    stage: str = "validate"
    """Whose work it is, to be told while it goes on."""


def verdicts(
    candidates: Sequence[Candidate],
    bench: Bench,
    crew: Crew,
    told: Mapping[str, Verdict] = MappingProxyType({}),
) -> list[Verdict]:
    """The candidates' verdicts, in their order; combinations are judged last, those alone whose parts are
    valid or subtle. `told` are verdicts on others. Raises `EngineError` where sandboxes broke twice.
    """
    made: dict[str, Verdict] = {}
    singles = [c for c in candidates if not c.parts]
    with standing(crew) if len(singles) < len(candidates) else nullcontext(crew) as crew:
        made, bench = settled(singles, made, bench, crew)
        known = {**told, **made}
        sound = [c for c in candidates if c.parts and not _unsound(c, known)]
        made, bench = settled(sound, made, bench, crew, [*singles, *sound])
    known = {**told, **made}  # what an audit has changed
    for candidate in candidates:
        if candidate.parts and (reason := _unsound(candidate, known)):
            made[candidate.candidate_id] = unjudged(candidate, Outcome.PART_NOT_VALID, reason)
    return [made[c.candidate_id] for c in candidates]


def settled(
    some: Sequence[Candidate], made: Mapping[str, Verdict], bench: Bench, crew: Crew,
    audience: Sequence[Candidate] = (),
) -> tuple[dict[str, Verdict], Bench]:  # fmt: skip
    """The verdicts `made` with those of some candidates, audited, and the bench that is trusted after that.

    The audit is of these and of `audience`, all that was judged so far.
    """
    if not some:
        return {**made}, bench
    found = {**made, **judged(some, bench, crew)}
    audience = audience or some
    while True:
        wrong, bench = audited(audience, found, bench, crew)
        if not wrong:
            return found, bench
        again = [c for c in audience if c.candidate_id in wrong]
        found |= judged(again, bench, replace(crew, anew=True))


def _unsound(candidate: Candidate, made: Mapping[str, Verdict]) -> str:
    """Why a combination is not judged: the first part that is no bug by itself; empty where it is."""
    for part in candidate.parts:
        told = made.get(part)
        if told is None or told.outcome not in SHIPPED:
            return f"{part} alone is {told.outcome if told else 'not judged'}"
    return ""


def unjudged(candidate: Candidate, outcome: Outcome, reason: str) -> Verdict:
    """The verdict on a candidate of which no test was run."""
    return Verdict(
        repo_id=candidate.repo_id, candidate_id=candidate.candidate_id, outcome=outcome,
        reason=reason, fail_to_pass=(), pass_to_pass=(), fail_ratio=0.0, runs=0, seconds=0.0, tier=Tier.COLD,
        audit="", failures=(),
    )  # fmt: skip


def judged(candidates: Sequence[Candidate], bench: Bench, crew: Crew) -> dict[str, Verdict]:
    """Verdicts by candidate id, those kept from before among them."""
    repo_id, total = candidates[0].repo_id, len(candidates)
    made: dict[str, Verdict] = {}
    left: list[Candidate] = []
    for candidate in candidates:
        if crew.kept is not None and not crew.anew and (before := crew.kept.get(candidate)) is not None:
            made[candidate.candidate_id] = before
        else:
            left.append(candidate)
    report(crew.stage, repo_id, len(made), total)
    waiting: queue.SimpleQueue[tuple[Candidate, Plan | None]] = queue.SimpleQueue()
    for planned in dear_first(left, bench):
        waiting.put(planned)
    stop = threading.Event()
    lock = threading.Lock()

    def work() -> None:
        with _clerk(bench, crew) as clerk:
            while not stop.is_set():
                try:
                    candidate, planned = waiting.get_nowait()
                except queue.Empty:
                    return
                verdict = _insistently(clerk, candidate, planned)
                with lock:
                    made[candidate.candidate_id] = verdict
                    report(crew.stage, repo_id, len(made), total)
                if crew.kept is not None:
                    crew.kept.put(candidate, verdict)

    size = max(1, min(crew.size, waiting.qsize()))
    pool = ThreadPoolExecutor(size)
    try:
        futures = [pool.submit(work) for _ in range(size)]
        ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in ended:
            future.result()
        return made
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
        if crew.kept is not None:
            crew.kept.flush()


@contextmanager
def _clerk(bench: Bench, crew: Crew) -> Iterator[Clerk]:
    if crew.new_worker is None or bench.tiers == (Tier.COLD,):
        yield Clerk(bench, None)
        return
    with crew.new_worker() as worker:
        yield Clerk(bench, worker, crew.modules)


@contextmanager
def standing(crew: Crew) -> Iterator[Crew]:
    """The crew with workers that stay from one call to the next, warm, until the end."""
    if crew.new_worker is None:
        yield crew
        return
    new, idle = crew.new_worker, queue.SimpleQueue[Worker]()
    with ExitStack() as opened:

        @contextmanager
        def lent() -> Iterator[Worker]:
            try:
                worker = idle.get_nowait()
            except queue.Empty:
                worker = opened.enter_context(new())
            yield worker
            idle.put(worker)

        yield replace(crew, new_worker=lent)


def dear_first(candidates: Sequence[Candidate], bench: Bench) -> list[tuple[Candidate, Plan | None]]:
    """The candidates with their plans, those whose tests take long first, so that none is the last."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}  # the same tests are held once
    found: list[tuple[float, Candidate, Plan | None]] = []
    for candidate in candidates:
        planned, seconds = planned_for(candidate, bench), 0.0
        if planned is not None:
            planned = replace(planned, tests=known.setdefault(planned.tests, planned.tests))
            seconds = bench.clean_seconds(planned.tests)
        found.append((seconds, candidate, planned))
    found.sort(key=lambda one: (-one[0], one[1].candidate_id))
    return [(candidate, planned) for _, candidate, planned in found]


def _insistently(clerk: Clerk, candidate: Candidate, planned: Plan | None) -> Verdict:
    """The verdict; where a worker's sandbox broke under it, once more in a new one."""
    try:
        return clerk.judge(candidate, planned)
    except EngineError as error:
        log.warning("%s: %s; it is judged again", candidate.candidate_id, error)
        return clerk.judge(candidate, planned)


def audited(
    candidates: Sequence[Candidate], made: dict[str, Verdict], bench: Bench, crew: Crew
) -> tuple[set[str], Bench]:
    """Candidates whose verdicts have to be made again, and the bench to do it with.

    A sample of every outcome is run once more, cold and whole, and what was compared is told in `made`. Where
    one differs, the tier that judged it judges nothing any more; where a test failed that was not known to
    execute the change, all tests are run for every bug from then on. Where imports execute the change, all
    tests are run for all bugs of that kind first.
    """
    sample = [c for c in candidates if c.candidate_id in _sample(made, bench, crew)]
    wrong: set[Tier] = set()
    unforeseen = unmet = False
    if sample:
        repo_id = candidates[0].repo_id
        report(crew.stage, repo_id, 0, len(sample), "audit")
        with ThreadPoolExecutor(min(crew.size, len(sample))) as pool:
            checked = pool.map(lambda c: _checked(c, made[c.candidate_id], bench), sample)
            for done, (candidate, verdict) in enumerate(zip(sample, checked, strict=True), 1):
                before = made[verdict.candidate_id]
                if verdict.audit == "differs" and verdict.outcome is not Outcome.FLAKY:
                    log.warning(
                        "%s: %s said %s (%s), a cold run %s (%s)", verdict.candidate_id, before.tier,
                        before.outcome, before.reason, verdict.outcome, verdict.reason,
                    )  # fmt: skip
                    planned = plan(_files(candidate, bench), bench)
                    if planned.at_import and bench.reached is not None:
                        unmet = True
                    elif set(verdict.fail_to_pass) <= set(planned.tests):
                        wrong.add(before.tier)
                    else:
                        unforeseen = True
                made[verdict.candidate_id] = verdict
                if crew.kept is not None:
                    crew.kept.put(candidate, verdict)
                report(crew.stage, repo_id, done, len(sample), "audit")
        if crew.kept is not None:
            crew.kept.flush()
    if not wrong and not unforeseen and not unmet:
        return set(), bench
    if unforeseen:
        bench = replace(bench, whole=True)
    doubtful = {Tier.SWAP, Tier.FORK} if unforeseen else wrong
    again = {name for name, verdict in made.items() if verdict.tier in doubtful and not verdict.audit}
    if wrong or unforeseen:
        again |= {name for name, v in made.items() if v.outcome is Outcome.NOT_COVERED and not v.audit}
    if unmet:
        bench = replace(bench, reached=None)
        left = [(c.candidate_id, planned_for(c, bench)) for c in candidates if not made[c.candidate_id].audit]
        again |= {name for name, planned in left if planned is not None and planned.at_import}
    for tier in wrong:
        bench = bench.below(tier)
    if bench.tiers == (Tier.COLD,):  # then what tests execute is not trusted either
        bench = replace(bench, coverage=UNKNOWN)
    return again, bench


def _sample(made: dict[str, Verdict], bench: Bench, crew: Crew) -> set[str]:
    share = bench.settings.audit
    if share == 0 or bench.tiers == (Tier.COLD,):
        return set()
    found: set[str] = set()
    for outcome in Outcome:
        names = sorted(name for name, v in made.items() if v.outcome is outcome and v.tier is not Tier.COLD)
        if outcome in UNCHECKED or not names:
            continue
        have = sum(made[name].audit != "" for name in names)
        wanted = max(1, math.ceil(share * len(names))) - have
        left = [name for name in names if made[name].audit == ""]
        if wanted > 0:
            found |= set(Random(f"{crew.seed}:audit:{outcome}").sample(left, min(wanted, len(left))))
    return found


def _checked(candidate: Candidate, verdict: Verdict, bench: Bench) -> Verdict:
    """The verdict marked as compared, or what cold runs say instead."""
    if agrees(candidate, verdict, bench):
        return replace(verdict, audit="agrees")
    return replace(judge(candidate, bench), audit="differs")


def _files(candidate: Candidate, bench: Bench) -> dict[str, str]:
    return diffs.apply(candidate.bug_patch, bench.clean)


def agrees(candidate: Candidate, verdict: Verdict, bench: Bench) -> bool:
    """Whether one cold run of the whole suite says the same."""
    files = _files(candidate, bench)
    job = SuiteJob(bench.args, files, hash_seed=AUDIT_SEED, idle_seconds=bench.idle_seconds, keep_failures=0)
    run = bench.run(job, bench.limits)
    if verdict.outcome is Outcome.TIMEOUT:
        return as_slow(run, plan(files, bench), bench, verdict.tier)
    now = set(failing(run, bench.reliable))
    if run.ended == "timeout":
        return False
    if verdict.outcome is Outcome.TOO_BROKEN and not bench.full:
        least = bench.settings.max_fail_ratio * len(bench.reliable)
        return set(verdict.fail_to_pass) <= now and len(now) >= least
    return now == set(verdict.fail_to_pass)


def as_slow(run: SuiteReport, planned: Plan, bench: Bench, tier: Tier) -> bool:
    """Whether a cold run, which has the time of the whole suite, bears out a hang of the chosen tests."""
    took = sum(run.tests[test].seconds for test in planned.tests if test in run.tests)
    return run.ended == "timeout" or took > 0.5 * bench.patience(planned.tests, tier)
