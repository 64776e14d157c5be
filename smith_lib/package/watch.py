"""How well tests watch the place of a bug: which of them run there, and which wrong fixes pass them."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from smith_lib import diffs
from smith_lib.package.compared import bodies, compared
from smith_lib.package.equivalent import same_program
from smith_lib.package.wrong_fixes import Maker, partial, places
from smith_lib.settings import ValidateSettings
from smith_lib.types import UNTOLD, Candidate, Outcome, Strategy, Tier, Verdict
from smith_lib.validate.affected import Touched, touched
from smith_lib.validate.bench import Bench, Touching, planned_for

SURVIVES = frozenset({Outcome.NO_FAILURE, Outcome.NOT_COVERED})
"""Outcomes of a wrong fix that no test fails."""
FAILS = frozenset({Outcome.VALID, Outcome.SUBTLE, Outcome.TOO_BROKEN, Outcome.FLAKY})

LIKELY = 8
"""So many of a bug's failing tests are run first on its wrong fixes."""
Likely = Mapping[str, Sequence[str]]
Judge = Callable[[Sequence[Candidate], Touching, Likely], Sequence[Verdict]]
"""Judges bugs, of some of which it is told what they touch, or which tests they are likely to fail."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What the tests see of the place of a bug; wrong fixes are told by their ids."""

    covering: int = 0
    """Reliable tests that execute what the bug changes."""
    tried: tuple[str, ...] = ()
    """All wrong fixes, those that were bugs of their own first."""
    surviving: tuple[str, ...] = ()
    """Those that fail no test and yet were seen to do something else than the fix."""
    alike: tuple[str, ...] = ()
    """Those that fail no test and were not seen to: they may be the same as the fix."""


def hasty(settings: ValidateSettings, verdicts: Sequence[Verdict]) -> ValidateSettings:
    """The settings under which it is told whether any test fails: one run, which the first failure ends.

    Where a cold run has contradicted a verdict of the repository, a way of judging is used no more by which
    no other verdict was left standing.
    """
    tiers = settings.tiers
    if any(verdict.audit == "differs" for verdict in verdicts):
        standing = {Tier.COLD, *(verdict.tier for verdict in verdicts if not verdict.audit)}
        tiers = tuple(tier for tier in tiers if Tier(tier) in standing)
    one = {"runs": 1, "max_fail_ratio": 1e-9, "subtle_below": 0.0, "confirm": "warm", "audit": 0.0}
    return settings.model_copy(update={**one, "tiers": tiers})


def watched(
    bugs: Sequence[Candidate],
    candidates: Sequence[Candidate],
    verdicts: Sequence[Verdict],
    tree: Path,
    bench: Bench,
    judge: Judge,
    most: int,
    seed: int,
) -> dict[str, Watch]:
    """What the tests see of the place of each bug, by candidate id, with up to `most` wrong fixes each.

    A wrong fix is a program that differs from the clean one at the lines that the fix writes: one that
    leaves a single place of the bug as it was, a candidate of the repository, which is judged already, or,
    where these are too few, one that is made for it. What is not judged is so together for all bugs. The
    same for the same arguments, whatever `judge` has kept.
    """
    found = {bug.candidate_id: _Found(bug, bench) for bug in bugs}
    if most:
        outcomes = {verdict.candidate_id: verdict.outcome for verdict in verdicts}
        at = _by_function(candidates, outcomes)
        maker = Maker(tree)
        for bug in bugs:
            mine, random = found[bug.candidate_id], Random(f"{seed}:{bug.candidate_id}:wrong fixes")
            halves = partial(bug, mine.clean, mine.buggy)[:most]
            mine.before(at, outcomes, most - len(halves), random, {fix.bug_patch for fix in halves})
            left = most - len(halves) - len(mine.old)
            known = {fix.bug_patch for fix in (*halves, *mine.old)}
            mine.new = halves + maker.made(bug, mine.at, mine.buggy, left, random, known)
        told = {c.bug_patch: outcomes[c.candidate_id] for c in candidates if c.candidate_id in outcomes}
        told = {patch: outcome for patch, outcome in told.items() if outcome not in UNTOLD}
        fixes = {fix.bug_patch: fix for mine in found.values() for fix in (*mine.old, *mine.new)}
        failing = {verdict.candidate_id: verdict.fail_to_pass for verdict in verdicts}
        likely = {fix.bug_patch: _cheapest(failing.get(mine.bug.candidate_id, ()), bench)
                  for mine in found.values() for fix in mine.new}  # fmt: skip
        new = [fix for patch, fix in sorted(fixes.items()) if patch not in told]
        told |= _told(new, judge, likely=likely)
        passing = [fix for patch, fix in sorted(fixes.items()) if told[patch] in SURVIVES]
        other = _seen_to_differ(passing, bench.clean, judge)
        for mine in found.values():
            mine.weigh(told, other)
    return {name: mine.watch(bench) for name, mine in found.items()}


def _cheapest(tests: Sequence[str], bench: Bench) -> tuple[str, ...]:
    return tuple(sorted(tests, key=lambda test: (bench.seconds.get(test, 0.0), test))[:LIKELY])


def _told(
    fixes: Sequence[Candidate], judge: Judge, touching: Touching | None = None, likely: Likely | None = None
) -> dict[str, Outcome]:
    verdicts = judge(fixes, touching or {}, likely or {})
    return {fix.bug_patch: verdict.outcome for fix, verdict in zip(fixes, verdicts, strict=True)}


def _seen_to_differ(fixes: Sequence[Candidate], clean: Callable[[str], str], judge: Judge) -> set[str]:
    """The diffs of those that do anything else than the clean code where tests run it, or near that.

    For each the suite runs on clean code that compares itself with it and, where that fails, on clean code
    that compares itself with itself: where that fails too, nothing is known. The tests are those that execute
    the function: nothing else of what is compared does anything.
    """
    touching: dict[str, dict[str, Touched]] = {}
    runs: dict[str, tuple[Candidate, Candidate]] = {}
    for fix in fixes:
        texts = diffs.apply(fix.bug_patch, clean)
        if len(texts) != 1:
            continue
        [(path, text)] = texts.items()
        if (made := compared(clean(path), text)) is not None:
            both, same = (diffs.make({path: clean(path)}, {path: program}) for program in made)
            runs[fix.bug_patch] = replace(fix, bug_patch=both), replace(fix, bug_patch=same)
            touching |= {made: {path: _function(clean(path), text)} for made in (both, same)}
    told = _told([one for _, (one, _) in sorted(runs.items())], judge, touching)
    failing = {patch: pair for patch, pair in sorted(runs.items()) if told[pair[0].bug_patch] in FAILS}
    controls = {other.bug_patch: other for _, other in failing.values()}
    told |= _told(list(controls.values()), judge, touching)
    return {patch for patch, (_, other) in failing.items() if told[other.bug_patch] in SURVIVES}


def _function(clean: str, wrong: str) -> Touched:
    """The lines of the bodies of the functions, in no other ones, that hold what differs."""
    what = touched(clean, wrong)
    if what.anyone:
        return what
    lines = set(what.lines)
    for span, body in bodies(clean):
        if not what.lines.isdisjoint(span):
            lines |= set(body)
    return Touched(frozenset(lines))


class _Found:
    """What is known of one bug's wrong fixes."""

    def __init__(self, bug: Candidate, bench: Bench) -> None:
        self.bug, self._bench = bug, bench
        self.clean = {path: bench.clean(path) for path in diffs.paths(bug.bug_patch)}
        self.buggy = diffs.apply(bug.bug_patch, self.clean.__getitem__)
        self.at = places(bug.bug_patch, self.clean)
        self.old: list[Candidate] = []
        self.new: list[Candidate] = []
        self._tried: list[str] = []
        self._surviving: list[str] = []
        self._alike: list[str] = []

    def before(
        self, at: Mapping[str, Sequence[Candidate]], outcomes: Mapping[str, Outcome], most: int,
        random: Random, known: Set[str],
    ) -> None:  # fmt: skip
        """Take up to `most` wrong fixes from among the candidates; those whose diff is known are not."""
        there = {c.candidate_id: c for function in self.bug.functions for c in at.get(function, ())}
        names = sorted(there)
        random.shuffle(names)
        for name in names:
            if len(self.old) >= most:
                return
            other = there[name]
            if other.bug_patch in known | {self.bug.bug_patch} or not self._is_at_the_fix(other):
                continue
            outcome = outcomes[name]
            if outcome in SURVIVES and self._is_clean(other):
                continue
            self.old.append(other)

    def _is_at_the_fix(self, other: Candidate) -> bool:
        """Whether a candidate changes lines that the fix writes, and no other statement."""
        if not set(other.files) <= set(self.clean) or not set(other.functions) <= set(self.bug.functions):
            return False
        return all(
            self.at[path].holds(place.lines, diffs.lines_of(self.clean[path]))
            for path, place in places(other.bug_patch, self.clean).items()
        )

    def _is_clean(self, other: Candidate) -> bool:
        changed = diffs.apply(other.bug_patch, self.clean.__getitem__)
        return all(same_program(self.clean[path], text) for path, text in changed.items())

    def weigh(self, told: Mapping[str, Outcome], other: Set[str]) -> None:
        """Take what became of the wrong fixes, by diff, and which of them were seen to differ."""
        for fix in (*self.old, *self.new):
            outcome = told[fix.bug_patch]
            if outcome in UNTOLD:
                continue
            self._tried.append(fix.candidate_id)
            if outcome in SURVIVES:
                (self._surviving if fix.bug_patch in other else self._alike).append(fix.candidate_id)

    def watch(self, bench: Bench) -> Watch:
        """The figures."""
        planned = planned_for(self.bug, bench)
        covering = len(planned.tests) if planned else 0
        return Watch(covering, tuple(self._tried), tuple(self._surviving), tuple(self._alike))


def _by_function(
    candidates: Iterable[Candidate], outcomes: Mapping[str, Outcome]
) -> dict[str, list[Candidate]]:
    """Judged candidates by the functions that they change; those from elsewhere are left out."""
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        told = outcomes.get(candidate.candidate_id)
        if told is None or told in UNTOLD or candidate.strategy is Strategy.GIVEN:
            continue
        for function in candidate.functions:
            found.setdefault(function, []).append(candidate)
    return found
