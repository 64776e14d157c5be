"""What the candidates of a repository are judged with, and how one of them is."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from smith_lib import diffs
from smith_lib.sandbox.protocol import Limits
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.settings import ValidateSettings
from smith_lib.types import Candidate, Tier
from smith_lib.validate.affected import Touched, touched
from smith_lib.validate.coverage import Affected, Map
from smith_lib.validate.reached import Reached

Touching = Mapping[str, Mapping[str, Touched]]
"""A patch to the files that it changes and what it touches in them."""
SuiteRunner = Callable[[SuiteJob, Limits], SuiteReport]
"""Runs a suite once in a fresh sandbox: `run_suite` with its sandbox and environment bound."""
IDLE = 2.0
"""The least time that a run may wait."""
UNKNOWN = Map((), ())
"""The coverage of a repository of which none is known."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that the candidates of one repository are judged with."""

    run: SuiteRunner
    """A cold run of the whole suite."""
    args: tuple[str, ...]
    reliable: tuple[str, ...]
    """Node ids, sorted."""
    clean: Callable[[str], str]
    """The clean text of a file of the tree; `OSError` where there is none."""
    limits: Limits
    """Of a cold run; its seconds are of processor time."""
    idle_seconds: float
    """How long a cold run may use hardly any processor time."""
    settings: ValidateSettings
    coverage: Map = UNKNOWN
    seconds: Mapping[str, float] = field(default_factory=dict)
    """What each reliable test takes on clean code, in the order of collection."""
    start_seconds: float = 0.0
    """At most what starting and collecting takes."""
    tiers: tuple[Tier, ...] = (Tier.COLD,)
    """Fast ones first."""
    slowest: Mapping[str, Tier] = field(default_factory=dict)
    """Tests that some tier does not tell, with the fastest that does."""
    together: frozenset[str] = frozenset()
    """Tests that pass on clean code in the whole suite only."""
    whole: bool = False
    """Whether all tests are run for every bug, since what they execute is not trusted."""
    reached: Callable[[], Reached] | None = None
    """Who meets what imports make; None where for a bug that imports execute all tests are run."""
    look_from: float = 0.5
    """Clean seconds of tests from which on a look at what imports make of a bug may spare more than it
    costs."""
    full: bool = False
    """Whether all failing tests are wanted of a candidate that is too broken."""
    likely: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Tests that a candidate, by its patch, is likely to fail: where one failure decides they run first."""
    touching: Touching = field(default_factory=dict)
    """What candidates touch, by their patch, where more than that is added which no test comes by."""

    def patience(self, tests: Sequence[str], tier: Tier) -> float:
        """The seconds of the processor that a warm run of these tests may take; a fresh session imports and
        collects too."""
        start = self.start_seconds if tier is Tier.FORK else 0.0
        return patience(start + self.clean_seconds(tests), self.settings)

    def clean_seconds(self, tests: Sequence[str]) -> float:
        """What these tests take on clean code."""
        return sum(self.seconds.get(test, 0.0) for test in tests)

    def below(self, tier: Tier) -> "Bench":
        """The same without that tier."""
        return replace(self, tiers=tuple(t for t in self.tiers if t is not tier))


@dataclass(frozen=True, slots=True)
class Plan:
    """How one candidate is judged."""

    files: Mapping[str, str]
    tests: tuple[str, ...]
    tiers: tuple[Tier, ...]
    """To be tried in this order."""
    at_import: bool
    """Whether what changes is executed outside tests: by imports, collection, or session set-up."""
    meeting: tuple[str, ...] | None = None
    """Of what is executed outside tests, the tests that execute it too; None where that is not known."""
    only_alone: frozenset[str] = frozenset()
    """Tests that execute what changes by themselves, and not in the whole suite."""
    only_together: bool = False
    """Whether there are some that execute it in the whole suite, and not by themselves."""


def patience(clean_seconds: float, settings: ValidateSettings) -> float:
    """The seconds of the processor that a run may take whose clean run takes so many."""
    return max(settings.timeout_floor, settings.timeout_factor * clean_seconds)


def idleness(clean_seconds: float, settings: ValidateSettings) -> float:
    """The seconds in which such a run may use hardly any processor time; a busy machine may give it none."""
    return max(IDLE, patience(clean_seconds, settings))


def plan(files: Mapping[str, str], bench: Bench) -> Plan:
    """Which tests have to run, and in which ways they may."""
    if bench.coverage.known:
        return planned(files, {path: touched(bench.clean(path), text) for path, text in files.items()}, bench)
    return planned(files, {}, bench)


def planned(
    files: Mapping[str, str], changes: Mapping[str, Touched], bench: Bench, always: Collection[str] = ()
) -> Plan:
    """The same of files that touch what is named; the tests in `always` run in any case."""
    if bench.coverage.known:
        affected = bench.coverage.affected(changes)
    else:
        affected = Affected(bench.reliable, True, "what its tests execute is not known")
    tests = affected.tests if not always else tuple(sorted({*affected.tests, *always}))
    if bench.whole or not bench.together.isdisjoint(tests):  # the latter need what runs before them
        tests = bench.reliable
    slowest = {bench.slowest[test] for test in tests if test in bench.slowest}
    tiers = [
        tier
        for tier in bench.tiers
        if not (tier is Tier.SWAP and (affected.at_import or slowest & {Tier.FORK, Tier.COLD}))
        and not (tier is Tier.FORK and Tier.COLD in slowest)
    ]
    meeting = None if bench.whole else affected.meeting
    return Plan(files, tests, tuple(tiers), affected.at_import, meeting, affected.only_alone,
                bool(affected.only_together))  # fmt: skip


def planned_for(candidate: Candidate, bench: Bench) -> Plan | None:
    """How a candidate is judged; none where its patch does not apply."""
    try:
        files = diffs.apply(candidate.bug_patch, bench.clean)
        touches = bench.touching.get(candidate.bug_patch)
        return plan(files, bench) if touches is None else planned(files, touches, bench)
    except diffs.DoesNotApply:
        return None
