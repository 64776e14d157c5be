"""Given bugs become candidates under their own ids, and those that do not fit are told why."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from expectations.checkpoint import check
from smith_lib import diffs
from smith_lib.given.candidates import candidates
from smith_lib.given.read import GivenBug
from smith_lib.given.verdicts import judged, plain
from smith_lib.types import Candidate, Complexity, Outcome, Strategy, Tier, Verdict
from tests.rows import a_candidate, a_repo, a_verdict

CLEAN = '''\
import re

class Box:
    size = 1

    def open(self, key):
        def turn(n):
            return n + 1
        return turn(key)

LIMIT = 3
# the end of it
'''
FILES = {
    "pkg/a.py": CLEAN,
    "pkg/data.txt": "one\n",
    "pkg/new.py": "match = print x\n",
    "tests/test_a.py": "a\n",
}
REPO = a_repo(test_files=("tests/test_a.py",))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def bug(old: str, new: str, path: str = "pkg/a.py") -> str:
    assert FILES[path].count(old) == 1
    return diffs.make({path: FILES[path]}, {path: FILES[path].replace(old, new)})


def row(patch: str, tree: Path) -> Candidate:
    [made] = candidates([GivenBug("an id", patch)], REPO, tree)
    return made


def test_a_bug_that_fits_has_its_facts_and_smiths_own_diff(tree: Path) -> None:
    patch = bug("n + 1", "n - 1")
    found = row(patch.partition("\n")[2].replace("a/pkg", "pkg").replace("b/pkg", "pkg"), tree)
    assert (found.candidate_id, found.repo_id, found.strategy) == ("an id", REPO.repo_id, Strategy.GIVEN)
    assert (found.bug_patch, found.files, found.fix_lines) == (patch, ("pkg/a.py",), 1)
    assert found.complexity is Complexity.SIMPLE


@pytest.mark.parametrize(
    ("patch", "functions"),
    [
        (bug("n + 1", "n - 1"), ["pkg/a.py::Box.open.<locals>.turn"]),
        (bug("return turn(key)", "return turn(0)"), ["pkg/a.py::Box.open"]),
        (bug("size = 1", "size = 2"), ["pkg/a.py::Box"]),
        (bug("LIMIT = 3", "LIMIT = 4"), ["pkg/a.py::<module>"]),
        (bug("def open(self, key):\n", "def open(self, key):\n        key += 1\n"), ["pkg/a.py::Box.open"]),
        (
            bug("    size = 1\n\n    def open(self, key)", "    def open(self)"),
            ["pkg/a.py::Box", "pkg/a.py::Box.open"],
        ),
        (bug("one", "two", "pkg/data.txt"), ["pkg/data.txt::<module>"]),
        (bug("x", "y", "pkg/new.py"), ["pkg/new.py::<module>"]),
    ],
)
def test_what_changes_is_named(patch: str, functions: Sequence[str], tree: Path) -> None:
    assert list(row(patch, tree).functions) == functions


UNFIT = ("", "nonsense", bug("a", "b", "tests/test_a.py"), bug("n + 1", "n - 1").replace("a.py", "gone.py"))


@pytest.mark.parametrize("patch", UNFIT)
def test_a_bug_that_does_not_fit_is_kept_as_it_was_given(patch: str, tree: Path) -> None:
    found = row(patch, tree)
    assert (found.bug_patch, found.files, found.functions, found.fix_lines) == (patch, (), (), 0)


def test_the_gate_takes_what_was_given(tree: Path) -> None:
    twice = bug("n + 1", "n - 1")
    given = [GivenBug(str(n), patch) for n, patch in enumerate((*UNFIT, twice, twice))]
    assert check("candidates", candidates(given, REPO, tree)).failures == ()
    assert check("candidates", candidates(given[:4], REPO, tree)).failures == ()


def test_those_that_fit_are_judged_and_the_order_is_kept(tree: Path) -> None:
    fits = bug("n + 1", "n - 1")
    given = [GivenBug(str(n), patch) for n, patch in enumerate(("", fits, UNFIT[2], fits))]
    rows = [a_candidate(candidate_id="smith's", bug_patch=""), *candidates(given, REPO, tree)]
    asked: list[str] = []

    def judge(some: Sequence[Candidate], others: Mapping[str, Verdict]) -> list[Verdict]:
        assert [*others] == ["0", "2"]
        asked.extend(c.candidate_id for c in some)
        return [a_verdict(candidate_id=c.candidate_id) for c in some]

    found = judged(rows, tree, REPO.test_files, judge)
    assert [v.candidate_id for v in found] == ["smith's", "0", "1", "2", "3"]
    assert asked == ["smith's", "1", "3"]
    assert [v.outcome for v in found[1:3]] == [Outcome.APPLY_FAILED, Outcome.VALID]
    assert (found[1].reason, found[1].runs, found[1].tier) == ("the patch is empty", 0, Tier.COLD)
    assert found[3].reason == "tests/test_a.py: holds or configures tests"
    assert check("verdicts", found).failures == ()


ALL = ["t::a", "t::b[two words]", "t::c"]


@pytest.mark.parametrize(
    ("outcome", "failing", "passing"),
    [
        (Outcome.VALID, ["t::b[two words]"], ["t::a", "t::c"]),
        (Outcome.TOO_BROKEN, ALL, []),
        (Outcome.NO_FAILURE, [], ALL),
        (Outcome.NOT_COVERED, [], ALL),
        (Outcome.APPLY_FAILED, [], []),
        (Outcome.TIMEOUT, [], []),
    ],
)
def test_plain_verdicts_hold_all_tests(outcome: Outcome, failing: list[str], passing: list[str]) -> None:
    verdict = a_verdict(candidate_id="an id", outcome=outcome, fail_to_pass=tuple(failing), pass_to_pass=())
    told = plain(verdict, reversed(ALL))
    assert (told["FAIL_TO_PASS"], told["PASS_TO_PASS"]) == (failing, passing)
    assert list(told) == [
        "instance_id", "outcome", "FAIL_TO_PASS", "PASS_TO_PASS", "fail_ratio", "tier", "seconds", "reason"
    ]  # fmt: skip
    assert (told["instance_id"], told["outcome"], told["tier"]) == ("an id", str(outcome), "cold")
