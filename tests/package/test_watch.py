"""Which wrong fixes are tried with the tests of a bug's place, and what is made of those that pass."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from smith_lib import diffs
from smith_lib.package.instances import instances
from smith_lib.package.issue import Text
from smith_lib.package.quality import quality, tags
from smith_lib.package.watch import Likely, Watch, hasty, watched
from smith_lib.package.wrong_fixes import HALF, PARTIAL
from smith_lib.sandbox.protocol import Limits
from smith_lib.settings import PackageSettings, ValidateSettings
from smith_lib.types import Candidate, Coverage, CoveredFile, Outcome, Repo, Strategy, Tag, Tier, Verdict
from smith_lib.validate.affected import Touched
from smith_lib.validate.bench import Bench, Touching
from smith_lib.validate.coverage import Map
from tests.package.boxes import FILES, LIBRARY, a_bug, a_failure, a_verdict, line_of

FILE = "boxes/_box.py"
TESTS = tuple(sorted(f"tests/test_box.py::test_{n}" for n in range(3)))
BUG = a_bug("len(self.things) >= self.size", "len(self.things) > self.size")
AT = line_of(LIBRARY, "if len(self.things)")


def named(candidate: Candidate, name: str) -> Candidate:
    return replace(candidate, candidate_id=f"some__repo.01234567.{name}.00000000")


def never(job: object, limits: object) -> object:
    raise AssertionError("nothing is run here")


BENCH = Bench(
    run=never, args=(), reliable=TESTS, clean=FILES.__getitem__, limits=Limits(60), idle_seconds=60,  # type: ignore[arg-type]
    settings=ValidateSettings(),
    coverage=Map(
        [Coverage("r", TESTS[:2], (CoveredFile(FILE, (AT,)),), ()), Coverage("r", TESTS[2:], (), ())], TESTS
    ),
)  # fmt: skip


STRONG = """
box = Box(2)
assert [box.put(1), box.put(2)] == [1, 2]
try:
    box.put(3)
except OverflowError:
    pass
else:
    assert False
"""
WEAK = "Box(2).put('x')"


class Court:
    """Judges by running code with the program, and remembers what it was asked."""

    def __init__(self, use: str, compares: bool = True) -> None:
        self.asked: list[Candidate] = []
        self.touching: dict[str, Mapping[str, Touched]] = {}
        self.likely: dict[str, Sequence[str]] = {}
        self._use, self._compares = use, compares

    def __call__(self, fixes: Sequence[Candidate], touching: Touching, likely: Likely) -> list[Verdict]:
        self.asked += fixes
        self.touching |= touching
        self.likely |= likely
        return [a_verdict(fix, outcome=self._outcome(fix)) for fix in fixes]

    def _outcome(self, fix: Candidate) -> Outcome:
        text = diffs.apply(fix.bug_patch, FILES.__getitem__)[FILE]
        if "_smith_both" in text and not self._compares:
            return Outcome.NO_FAILURE
        try:
            exec(compile(f"{text}\n{self._use}", FILE, "exec"), {})
        except BaseException:
            return Outcome.TOO_BROKEN
        return Outcome.NO_FAILURE


def told(watch: Watch, strategy: Strategy = Strategy.AST, partly: bool = False) -> tuple[Tag, ...]:
    return tags(watch, Text("", "template:terse", partly=partly), strategy)


def tried(
    tree: Path, court: Court, *others: tuple[Candidate, Outcome], most: int = 6, bug: Candidate = BUG
) -> Watch:
    candidates = [bug, *(candidate for candidate, _ in others)]
    verdicts = [a_verdict(bug), *(a_verdict(candidate, outcome=outcome) for candidate, outcome in others)]
    return watched([bug], candidates, verdicts, tree, BENCH, court, most, 0)[bug.candidate_id]


def test_tests_that_fail_every_wrong_fix_are_not_weak(tree: Path) -> None:
    watch = tried(tree, Court(STRONG))
    assert len(watch.tried) > 2 and watch.surviving == watch.alike == () and told(watch) == ()


def test_a_wrong_fix_that_passes_and_differs_makes_the_tests_weak(tree: Path) -> None:
    watch = tried(tree, Court(WEAK))
    assert watch.surviving and set(watch.surviving) < set(watch.tried) and told(watch) == ("weak_tests",)


def test_what_is_held_against_the_fix_runs_by_the_tests_that_execute_the_function(tree: Path) -> None:
    court = Court(WEAK)
    tried(tree, court)
    held = [fix for fix in court.asked if "_smith_both" in fix.bug_patch]
    assert held and {fix.bug_patch for fix in held} <= court.touching.keys()
    for touches in court.touching.values():
        assert AT in touches[FILE].lines and not touches[FILE].anyone
        assert BENCH.coverage.affected(touches).tests == TESTS[:2]


def test_the_bugs_own_failing_tests_are_likely_to_fail_on_its_wrong_fixes(tree: Path) -> None:
    court = Court(STRONG)
    tried(tree, court)
    made = {fix.bug_patch for fix in court.asked if "_smith_both" not in fix.bug_patch}
    assert made == court.likely.keys()
    assert set(court.likely.values()) == {a_verdict(BUG).fail_to_pass}


def test_one_that_passes_and_is_not_seen_to_differ_is_set_apart(tree: Path) -> None:
    watch = tried(tree, Court("", compares=False))
    assert watch.surviving == () and watch.alike == watch.tried != () and told(watch) == ()


def test_candidates_at_the_place_come_first_and_are_not_judged_again(tree: Path) -> None:
    other = named(a_bug("len(self.things) >= self.size", "len(self.things) >= self.size - 1"), "other")
    court = Court(STRONG)
    watch = tried(tree, court, (other, Outcome.VALID))
    assert watch.tried[0] == other.candidate_id
    assert other.bug_patch not in {fix.bug_patch for fix in court.asked}


def test_a_candidate_that_no_test_failed_is_a_survivor(tree: Path) -> None:
    other = named(a_bug("len(self.things) >= self.size", "len(self.things) >= self.size - 1"), "other")
    watch = tried(tree, Court(STRONG), (other, Outcome.NO_FAILURE), most=1)
    assert (watch.tried, len(watch.surviving) + len(watch.alike)) == ((other.candidate_id,), 1)


def test_candidates_elsewhere_of_other_hands_or_not_judged_do_not_count(tree: Path) -> None:
    far = named(a_bug("return len(self.things)", "return 0"), "far")
    near = a_bug("len(self.things) >= self.size", "len(self.things) >= self.size - 1")
    given = replace(named(near, "given"), strategy=Strategy.GIVEN)
    watch = tried(
        tree, Court(STRONG), (far, Outcome.VALID), (given, Outcome.VALID),
        (named(near, "twin"), Outcome.DUPLICATE),
    )  # fmt: skip
    assert not {name for name in watch.tried for other in ("far", "given", "twin") if f".{other}." in name}


def test_a_candidate_that_is_the_clean_program_is_no_wrong_fix(tree: Path) -> None:
    said = named(a_bug("if len(self.things) >= self.size:", "if (len(self.things) >= self.size):"), "s")
    watch = tried(tree, Court(STRONG), (said, Outcome.NO_FAILURE))
    assert said.candidate_id not in watch.tried


def test_a_fix_that_forgets_a_place_is_tried_first(tree: Path) -> None:
    text = LIBRARY.replace(">= self.size", "> self.size").replace("return len(self.things)", "return 0")
    bug = replace(BUG, bug_patch=diffs.make({FILE: LIBRARY}, {FILE: text}))
    watch = tried(tree, Court(STRONG), bug=bug)
    assert [f".{PARTIAL}." in name for name in watch.tried[:3]] == [True, True, False]


def test_a_change_that_may_stay_and_one_that_is_not_told_are_marked() -> None:
    left = Watch(3, (f"o__n.{HALF}.0", "o__n.other.1"), (), (f"o__n.{HALF}.0",))
    assert told(left, Strategy.COMBINE) == ("partly_tested",)
    assert told(left, Strategy.MIRROR) == ()
    assert told(replace(left, alike=("o__n.other.1",)), Strategy.COMBINE, partly=True) == ("partly_told",)


def test_the_order_of_rows_does_not_matter_and_nothing_is_tried_where_none_is_wanted(tree: Path) -> None:
    others = [named(a_bug(">= self.size", f">= self.size - {n}"), f"o{n}") for n in range(1, 9)]
    rows = [(other, Outcome.VALID) for other in others]
    court = Court(STRONG)
    assert tried(tree, court, *rows) == tried(tree, court, *rows[::-1])
    assert tried(tree, Court(""), *rows, most=0) == Watch(2)


def test_covering_tests_are_those_that_execute_the_change(tree: Path) -> None:
    assert tried(tree, Court(STRONG)).covering == 2


def test_survivors_lower_the_quality_and_those_alike_half_as_much() -> None:
    text = Text("", "template:report", reproduced=True)
    fine, weak = Watch(2, ("a", "b")), Watch(2, ("a", "b"), ("a",))
    assert [quality(w, text) for w in (fine, weak, Watch(2, ("a", "b"), (), ("a",)))] == [1.0, 0.75, 0.875]
    assert quality(Watch(), text) == 1.0
    assert quality(fine, replace(text, reproduced=False)) == 0.75
    assert quality(fine, Text("", "template:plain")) == 0.5


def test_runs_are_short_and_slower_ones_where_fast_ones_were_contradicted() -> None:
    want = ValidateSettings()
    agreed = a_verdict(BUG, audit="agrees", tier=Tier.SWAP)
    differed, later = a_verdict(BUG, audit="differs"), a_verdict(BUG, audit="", tier=Tier.FORK)
    assert (hasty(want, [agreed]).runs, hasty(want, [agreed]).tiers) == (1, want.tiers)
    assert hasty(want, [agreed, differed, later]).tiers == ("fork", "cold")
    assert hasty(want, [agreed, differed]).tiers == ("cold",)


def test_rows_tell_what_the_tests_see(repo: Repo, tree: Path) -> None:
    failure = a_failure("TestOnly::test_alone", 'Box(2).put("x")', "AssertionError", "assert None == 1")
    verdict = a_verdict(BUG, failure)
    watch = {BUG.candidate_id: Watch(7, ("a", "b", "c", "d"), ("a",), ("b",))}
    (row,) = instances(repo, [BUG], [verdict], tree, PackageSettings(), 0, None, watch)
    told = row.covering_tests, row.wrong_fixes, row.wrong_fixes_surviving, row.wrong_fixes_alike, row.tags
    assert told == (7, 4, 1, 1, ("weak_tests",))
    (plain,) = instances(repo, [BUG], [verdict], tree, PackageSettings(), 0)
    assert (plain.wrong_fixes, plain.tags) == (0, ())
