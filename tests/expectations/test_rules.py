"""Each rule of each table, with a row that breaks it."""

from dataclasses import make_dataclass, replace
from functools import cache

import pytest

from expectations.checkpoint import TABLES, Checked, check, check_parts, passed
from expectations.rules import Given
from smith_lib.curate.choose import Choice
from smith_lib.curate.history import Drift
from smith_lib.errors import GateFailed
from smith_lib.package.difficulty import MIDDLE, SHORT
from smith_lib.publish import versions
from smith_lib.settings import PublishSettings, Settings
from smith_lib.stages.publish import Proposal, publish
from smith_lib.storage import Root
from smith_lib.types import (
    Category,
    Complexity,
    Coverage,
    CoveredFile,
    Failure,
    FixedPiece,
    Function,
    Grade,
    GradeOutcome,
    Instance,
    Outcome,
    PastFix,
    PatchProblem,
    RepoOutcome,
    Solved,
    Stability,
    Strategy,
    Tag,
    Test,
)
from tests.rows import a_candidate, a_repo, a_test, a_verdict, an_instance, filled

REPO = "some__repo.01234567"
F2P = ("tests/test_a.py::test_0",)
STRANGER = ("tests/test_z.py::test_z",)


def a_function(n=0, **changes):
    known = {"repo_id": REPO, "file": "pkg/a.py", "qualname": f"f{n}", "line": 1}
    return filled(Function, **(known | changes))


def a_coverage(n=0, **changes):
    known = {"repo_id": REPO, "tests": (a_test(n).test_id,), "files": (CoveredFile("pkg/a.py", (1, 3)),)}
    known["why"] = ("order", "process", "source pkg/a.py", "unknown")
    return filled(Coverage, **(known | changes))


def a_grade(n=0, **changes):
    known = {"repo_id": REPO, "instance_id": f"task{n}", "fixed": F2P, "reward": 1.0, "fixed_share": 1.0}
    known |= {"outcome": GradeOutcome.RESOLVED, "problem": PatchProblem.NONE}
    return filled(Grade, **(known | changes))


def a_solved(n=0, **changes):
    known = {"repo_id": REPO, "instance_id": f"task{n}", "points": 2, "by_rule": MIDDLE, "difficulty": MIDDLE}
    return filled(Solved, **(known | {"models": (), "tries": 0, "solve_rate": -1.0} | changes))


def a_fix(n=0, **changes):
    known = {
        "repo_id": REPO, "fix_id": f"{REPO}.fix.{n:08d}", "commit": "0" * 40, "fix_lines": 1,
        "patch": "--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1 +1 @@\n-x = 2\n+x = 1\n", "files": ("pkg/a.py",),
        "pieces": (FixedPiece("pkg/a.py", "x", "x = 2\n", "x = 1\n"),), "test_files": ("tests/test_a.py",),
        "validated": True, "fail_to_pass": F2P, "embedding": "model 2", "vector": bytes(4),
    }  # fmt: skip
    return filled(PastFix, **(known | changes))


def a_drift(n=0, **changes):
    known = {"measure": f"yield op{n}", "tonight": 0.5, "low": 0.3, "high": 0.7, "nights": 5}
    return Drift(**(known | changes))


MAKE = {
    "repos": lambda n, **changes: a_repo(**({"repo_id": f"repo{n}"} | changes)),
    "tests": a_test,
    "functions": a_function,
    "coverage": a_coverage,
    "candidates": a_candidate,
    "verdicts": a_verdict,
    "instances": an_instance,
    "grades": a_grade,
    "solved": a_solved,
    "fixes": a_fix,
    "published": an_instance,
    "drift": a_drift,
}
GIVEN = {
    "repos": {},
    "tests": {},
    "functions": {},
    "coverage": {},
    "grades": {},
    "solved": {},
    "fixes": {"tests": set(F2P)},
    "drift": {},
    "candidates": {"repos": {REPO}, "tests": {f"tests/test_a.py::test_{n}" for n in range(9)}},
    "verdicts": {
        "repos": {REPO},
        "candidates": {a_candidate(n).candidate_id for n in range(40)},
        "tests": {f"tests/test_a.py::test_{n}" for n in range(9)},
    },
    "instances": {
        "repos": {REPO},
        "candidates": {an_instance(n).instance_id for n in range(40)},
    },
}
GIVEN["published"] = GIVEN["instances"] | {
    "splits": {"torn": {"train", "test"}, "repo": {"train"}},
    "likeness": {"twin": 0.8, an_instance(0).instance_id: 0.7},
}
CLEAN = an_instance().oracle_code
REJECTED = {"outcome": RepoOutcome.TOO_SMALL, "reason": "few lines"}
HARMLESS = {"outcome": Outcome.NO_FAILURE, "fail_to_pass": (), "fail_ratio": 0.0, "reason": "no test fails"}

BREAKS = {
    "repos": {
        "repository ids are unique": {"repo_id": "repo0"},
        "outcomes are known ones": {"outcome": "so so"},
        "the commit is 40 hexadecimal digits": {"commit": "main"},
        "the source is told": {"source": ""},
        "a rejection has its reason": {**REJECTED, "reason": ""},
        "a kept repository's size is within bounds": {"loc": 999},
        "a kept repository has enough tests": {"n_tests": 50},
        "a kept repository has reliable tests": {"n_reliable": 0},
        "a kept repository's tests mostly pass": {"pass_rate": 0.9},
        "a kept repository has code that the suite loads": {"source_files": ()},
        "a kept repository's licence is allowed": {"license": "GPL-3.0-only"},
        "a kept repository is no benchmark's": {"repo": "sympy/sympy"},
        "a kept repository has its image's digest": {"image_digest": ""},
        "a kept repository has its test command": {"test_command": ""},
    },
    "tests": {
        "test ids are unique in a repository": {"test_id": a_test(0).test_id},
        "the test id is not empty": {"test_id": ""},
        "stabilities are known ones": {"stability": "shaky"},
        "outcomes are known ones": {"outcomes": ("passed", "maybe", "passed"), "stability": Stability.FLAKY},
        "no test took less than no time": {"seconds": -0.1},
        "a reliable test was run often enough": {"outcomes": ("passed",) * 2},
        "a reliable test passed every time": {"outcomes": ("passed", "failed", "passed")},
    },
    "functions": {
        "the file is told": {"file": "/etc/passwd"},
        "the name is told": {"qualname": ""},
        "lines count from one": {"line": 0},
    },
    "coverage": {
        "tests, files and company are sorted and unique": {"tests": (a_test(2).test_id, a_test(1).test_id)},
        "lines are sorted and unique": {"files": (CoveredFile("pkg/a.py", (3, 1)),)},
        "what tests depend on is of a known kind": {"why": ("process", "weather")},
    },
    "candidates": {
        "candidate ids are unique": {"candidate_id": a_candidate(0).candidate_id},
        "a combination has two parts or more": {"strategy": Strategy.COMBINE, "parts": ("one",)},
        "nothing else has parts": {"parts": ("one", "two")},
        "no bug is there twice": {"bug_patch": a_candidate(0).bug_patch},
        "the patch is not empty": {"bug_patch": ""},
        "the operator is told": {"operator": ""},
        "strategies are known ones": {"strategy": "guess"},
        "categories are known ones": {"category": "typo"},
        "complexities are known ones": {"complexity": "huge"},
        "the fix changes a line": {"fix_lines": 0},
        "the changed lines are those of the patch": {"fix_lines": 2},
        "the complexity is that of the changed lines": {"complexity": Complexity.MEDIUM},
        "the files are those of the patch": {"files": ("pkg/b.py",)},
        "files are sorted and unique": {"files": ("pkg/a.py", "pkg/a.py")},
        "what changes is named": {"functions": ()},
        "the cost is not negative": {"cost_usd": -1.0},
        "covering tests are reliable tests of the repository": {"covering_tests": STRANGER},
        "the repository is a kept one": {"repo_id": "another"},
    },
    "fixes": {
        "every fix is there once": {"fix_id": a_fix(0).fix_id},
        "commits are told whole": {"commit": "main"},
        "the patch is not empty": {"patch": ""},
        "the fix changes a line": {"fix_lines": 0},
        "the fix changes a piece of code": {"pieces": ()},
        "the fix changes tests": {"test_files": ()},
        "categories are known ones": {"category": "typo"},
        "the complexity is that of the changed lines": {"complexity": Complexity.MEDIUM},
        "files are sorted and unique": {"files": ("pkg/a.py", "pkg/a.py")},
        "the vector is as long as its model has it": {"vector": bytes(6)},
        "tests are told where a fix is validated, and there alone": {"validated": False},
        "tests are reliable tests of the repository": {"fail_to_pass": STRANGER},
    },
    "verdicts": {
        "a candidate is judged once": {"candidate_id": a_candidate(0).candidate_id},
        "outcomes are known ones": {"outcome": "so so"},
        "tiers are known ones": {"tier": "warm"},
        "the failing share is a share": {"outcome": Outcome.TOO_BROKEN, "reason": "x", "fail_ratio": 1.1},
        "no verdict took less than no time": {"seconds": -1.0},
        "a valid bug fails a test": {"fail_to_pass": ()},
        "a valid bug's share is in the band": {"fail_ratio": 0.9},
        "a subtle bug fails a test": {"outcome": Outcome.SUBTLE, "fail_ratio": 0.005, "fail_to_pass": ()},
        "a subtle bug's share is below the band": {"outcome": Outcome.SUBTLE, "fail_ratio": 0.01},
        "a kept bug leaves a test passing": {"pass_to_pass": ()},
        "a kept bug was run often enough": {"runs": 2},
        "a harmless candidate fails no test": {**HARMLESS, "fail_to_pass": F2P},
        "test lists are sorted and unique": {"fail_to_pass": F2P * 2},
        "no test both fails and passes": {"pass_to_pass": F2P},
        "the tests are reliable tests of the repository": {"fail_to_pass": STRANGER},
        "evidence is of failing tests": {"failures": (Failure("tests/test_a.py::test_1", "E", "", ()),)},
        "a rejection has its reason": {**HARMLESS, "reason": ""},
        "the repository is a kept one": {"repo_id": "another"},
        "the candidate is there": {"candidate_id": "another"},
    },
    "solved": {
        "every task is there once": {"instance_id": "task0"},
        "difficulties by rule are known ones": {"by_rule": "hard"},
        "difficulties are known ones": {"difficulty": "hard"},
        "there are no fewer points than none": {"points": -1},
        "no more is solved than was tried": {"tries": 1, "resolved": 2, "solve_rate": 2.0},
        "the rate is the share that solved it": {"tries": 2, "resolved": 1, "solve_rate": 0.4},
        "models are sorted and unique": {"models": ("b", "a")},
        "what was not tried is as hard as the rule has it": {"difficulty": SHORT},
    },
    "instances": {
        "instance ids are unique": {"instance_id": an_instance(0).instance_id},
        "strategies are known ones": {"strategy": "guess"},
        "categories are known ones": {"category": "typo"},
        "complexities are known ones": {"complexity": "huge"},
        "subsets are known ones": {"subset": "extra"},
        "a test fails": {"FAIL_TO_PASS": ()},
        "a test passes": {"PASS_TO_PASS": ()},
        "a failing share of `main` is in the band": {"fail_ratio": 0.9},
        "a failing share of `subtle` is below it": {"fail_ratio": 0.01, "subset": "subtle"},
        "test lists are sorted and unique": {"PASS_TO_PASS": an_instance().PASS_TO_PASS[::-1]},
        "no test both fails and passes": {"PASS_TO_PASS": F2P},
        "the issue text says something": {"problem_statement": "It is broken.\n" + " " * 80},
        "the issue text gives nothing away": {"problem_statement": "The area is wrong, by test_0 of pytest."},
        "the fix is not empty": {"patch": ""},
        "the bug is not empty": {"bug_patch": ""},
        "buggy code is not the clean code": {"buggy_code": CLEAN, "oracle_code": CLEAN},
        "the quality is a share": {"quality": 1.5},
        "what the issue text gives away is a share": {"given_away": -0.1},
        "no more wrong fixes pass than were tried": {"wrong_fixes": 1, "wrong_fixes_alike": 2},
        "tests that a wrong fix passes are tagged weak, and no others": {"tags": (Tag.WEAK_TESTS,)},
        "the fix applied to buggy code gives the clean code": {"patch": an_instance(3).patch},
        "the fix changes a line": {"fix_lines": 0},
        "the complexity is that of the changed lines": {"complexity": Complexity.COMPLEX},
        "the files are those that the fix changes": {"files_changed": 2},
        "the licence is allowed": {"license": "unknown"},
        "the repository is no benchmark's": {"repo": "sympy/sympy"},
        "the commit is 40 hexadecimal digits": {"base_commit": "main"},
        "the environment has its digest": {"image_digest": "latest"},
        "the test command is told": {"test_command": ""},
        "the cost is not negative": {"cost_usd": -1.0},
        "the repository is a kept one": {"repo_id": "another"},
        "the candidate was judged valid or subtle": {"instance_id": "another"},
    },
}
BREAKS["grades"] = {
    "the instance is told": {"instance_id": ""},
    "outcomes are known ones": {"outcome": "so so"},
    "problems are known ones": {"problem": "ugly"},
    "tiers are known ones": {"tier": "lukewarm"},
    "tests are sorted and unique": {"fixed": F2P * 2},
    "no test of what is resolved fails": {"not_kept": (STRANGER[0],)},
    "what is resolved is worth 1": {"reward": 0.5},
    "a reward lies between 0 and 1": {"outcome": GradeOutcome.UNRESOLVED, "reward": 1.5},
    "the share that is fixed lies between 0 and 1": {"fixed_share": 2.0},
    "the share that is kept lies between 0 and 1": {"kept_share": -0.5},
    "no grade took less than no time": {"seconds": -1.0},
}
BREAKS["published"] = {
    "no program is there twice": {"bug_patch": an_instance(0).bug_patch},
    "no task is a near-duplicate of another": {"instance_id": "twin"},
    "no project is in two splits": {"repo": "pypi/torn"},
}
BREAKS["drift"] = {
    "a figure is there once": {"measure": "yield op0"},
    "the figure is told": {"measure": ""},
    "it was compared with enough nights": {"nights": 2},
    "the figure is as in the nights before": {"tonight": 0.1},
}
WARNS = {"the figure is as in the nights before"}
CASES = [(table, name) for table, broken in BREAKS.items() for name in broken]


@cache
def _all_broken(table):
    """A good row, then a row for each rule that breaks it; and what was found, by rule."""
    make = MAKE[table]
    rows = {name: make(n, **changes) for n, (name, changes) in enumerate(BREAKS[table].items(), 1)}
    return rows, found(table, [make(0), *rows.values()])


def found(table, rows, settings=None, **given):
    return {b.rule: b for b in check(table, rows, settings=settings, **(GIVEN[table] | given)).failures}


@pytest.mark.parametrize("table", TABLES)
def test_good_rows_break_no_blocking_rule(table):
    checked = check(table, [MAKE[table](n) for n in range(3)], **GIVEN[table])
    assert checked.success
    assert {b.severity for b in checked.failures} <= {"warn"}
    assert table == "published" or not checked.failures


@pytest.mark.parametrize("table", [t for t in TABLES if t != "published"])
def test_no_rows_break_no_rule(table):
    assert check(table, [], **GIVEN[table]).failures == ()


@pytest.mark.parametrize(("table", "name"), CASES)
def test_a_row_that_breaks_the_rule_is_named(table, name):
    rows, broken = _all_broken(table)
    assert name in broken
    assert getattr(rows[name], TABLES[table].KEY) in broken[name].rows
    assert broken[name].severity == ("warn" if name in WARNS else "block")


@cache
def _version_all_broken():
    changes = BREAKS["instances"] | BREAKS["published"]
    rows = [an_instance(n, **one) for n, one in enumerate(changes.values(), 1)]
    return found("published", [an_instance(0), *rows])


@pytest.mark.parametrize("name", [*BREAKS["instances"], *BREAKS["published"]])
def test_the_gate_refuses_the_version_and_nothing_is_published(name, tmp_path):
    def check_it(proposal, docs):
        passed(Checked(False, (_version_all_broken()[name],), 1))

    root, choice = Root.at(tmp_path), Choice((an_instance(),), (), ())
    with pytest.raises(GateFailed, match="not met: ") as told:
        publish(Proposal(choice, frozenset(), frozenset(), {}), root, Settings(), check_it)
    assert f"published: not met: {name} (seen: " in str(told.value)
    assert versions(root) == []


def test_rows_in_parts_break_the_same_rules():
    changes = BREAKS["instances"] | BREAKS["published"]
    rows = [an_instance(0), *(an_instance(n, **one) for n, one in enumerate(changes.values(), 1))]
    parts = [rows[:20], rows[20:]]
    more = GIVEN["published"]
    checked = check_parts({"published": parts}, {"published": (len(rows), len(rows))}, **more)
    apart = {b.rule: b for b in checked.failures}
    together = _version_all_broken()
    assert set(apart) == set(together)
    assert {name: b.count for name, b in apart.items()} == {name: b.count for name, b in together.items()}
    assert apart["no program is there twice"].rows == together["no program is there twice"].rows


def test_every_rule_has_a_row_that_breaks_it():
    for table, suite in TABLES.items():
        given = Given(n_rows=1, n_main=0, repos=frozenset(), candidates=frozenset(), tests=frozenset())
        named = set(BREAKS[table]) | (set(BREAKS["instances"]) if table == "published" else set())
        assert {rule.name for rule in suite.rules(given)} - named <= {"there are rows"}
        names = [rule.name for rule in suite.rules(replace(given, n_main=1))]
        assert len(names) == len(set(names))


def test_a_version_without_rows_is_refused():
    assert "there are rows" in found("published", [])


def test_a_test_that_failed_in_no_clean_run_but_was_missing_is_not_reliable():
    rows = [a_test(outcomes=("passed", "missing", "passed"))]
    assert "a reliable test passed every time" in found("tests", rows)


def test_a_column_too_many_is_seen():
    odd = make_dataclass("Odd", [("note", str, "")], bases=(Test,), frozen=True)
    plain = a_test()
    rows = [odd(**{name: getattr(plain, name) for name in Test.__dataclass_fields__})]
    assert "note" in found("tests", rows)["the columns are those of the table"].observed


def _balanced(count):
    """Rows whose complexities and categories are just as wanted; `count` is a multiple of 20."""
    sizes = [Complexity.SIMPLE] * 12 + [Complexity.MEDIUM] * 6 + [Complexity.COMPLEX] * 2
    lines = {Complexity.SIMPLE: 1, Complexity.MEDIUM: 6, Complexity.COMPLEX: 16}
    kinds = [Category.LOGIC_ERROR] * 7 + [Category.EDGE_CASE] * 5 + [Category.OFF_BY_ONE] * 3
    kinds += [Category.NULL_HANDLING] * 3 + [Category.OTHER] * 2
    cells = list(zip(sizes, kinds, strict=True)) * (count // 20)
    return [
        an_instance(n, complexity=size, fix_lines=lines[size], category=kind)
        for n, (size, kind) in enumerate(cells)
    ]


SHARES = Settings(publish=PublishSettings(shares_from=40, multi_file=0))


def test_balanced_rows_pass_the_shares():
    rows = _balanced(40)
    assert found("published", rows, SHARES, candidates=None) == {}


@pytest.mark.parametrize(("count", "severity"), [(20, "warn"), (40, "block")])
def test_shares_warn_for_few_rows_and_block_for_many(count, severity):
    alike = {"complexity": Complexity.SIMPLE, "fix_lines": 1, "category": Category.OTHER}
    rows = [replace(row, **alike) for row in _balanced(count)]
    broken = found("published", rows, SHARES, candidates=None)
    assert {b.severity for b in broken.values()} == {severity}
    assert len(broken) == 3 + 5
    assert broken["the share of simple is within 2% of 60%"].observed == "1.0"


def test_the_subtle_subset_has_no_shares():
    rows = [*_balanced(40), *(an_instance(100 + n, subset="subtle", fail_ratio=0.005) for n in range(60))]
    assert found("published", rows, SHARES, candidates=None) == {}


def test_licence_expressions_are_taken_apart():
    given = Given()
    assert given.accepts("MIT OR GPL-3.0-only")
    assert given.accepts("(Apache-2.0 AND MIT)")
    assert not given.accepts("MIT AND GPL-3.0-only")
    assert not given.accepts("unknown")
    assert not given.accepts("")


def test_instances_are_of_their_own_type():
    assert TABLES["instances"].ROW is Instance


def test_evidence_may_be_of_a_module_that_could_not_be_collected():
    lost = Failure("tests/test_a.py", "ImportError", "cannot import name", ())
    rows = [a_verdict(n, failures=(lost,)) for n in range(2)]
    assert check("verdicts", rows).failures == ()
    stranger = Failure("tests/test_z.py", "ImportError", "cannot import name", ())
    [broken] = check("verdicts", [a_verdict(0, failures=(stranger,)), rows[1]]).failures
    assert broken.rule == "evidence is of failing tests"
