"""What a published row promises is looked at again, and whatever does not hold is named."""

from dataclasses import replace

import pytest

from smith_lib import diffs
from smith_lib.errors import InputError
from smith_lib.package import hidden
from smith_lib.sandbox.protocol import Environment, Limits
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, TestResult
from smith_lib.types import CodeFile, Instance
from smith_lib.validate.verify import Clean, prove, suite_args
from tests.rows import an_instance, filled

CLEAN = {"pkg/a.py": "def area(x):\n    return x * x\n"}
BUGGY = {"pkg/a.py": "def area(x):\n    return x + x\n"}
TESTS = """from pkg.a import area


def test_0():
    assert area(3) == 9


def test_1():
    assert area(2) == 4
"""
FILES = {"pkg/a.py": CLEAN["pkg/a.py"].encode(), "tests/test_a.py": TESTS.encode()}
F2P, P2P = ("tests/test_a.py::test_0",), ("tests/test_a.py::test_1", "tests/test_a.py::test_2")


def row(**changes: object) -> Instance:
    fewer = hidden.hide(F2P, {"tests/test_a.py": TESTS}.__getitem__, ["tests/test_a.py"])
    whole = an_instance(
        patch=diffs.make(BUGGY, CLEAN),
        bug_patch=diffs.make(CLEAN, BUGGY),
        oracle_code=tuple(CodeFile(p, t) for p, t in CLEAN.items()),
        buggy_code=tuple(CodeFile(p, t) for p, t in BUGGY.items()),
        test_patch=diffs.make(fewer, {"tests/test_a.py": TESTS}),
        FAIL_TO_PASS=F2P,
        PASS_TO_PASS=P2P,
    )
    return replace(whole, **changes)


def report(failing: tuple[str, ...] = (), ended: str = "finished", gone: tuple[str, ...] = ()) -> SuiteReport:
    tests = {
        t: TestResult("failed" if t in failing else "passed", 0.0) for t in (*F2P, *P2P) if t not in gone
    }
    return SuiteReport(ended, tests, {}, (), (), (), (), "3.11.2", "8.3", 1.0, 0.9, "")


def proof(
    instance: Instance, buggy: SuiteReport, clean: SuiteReport | None = None, files: dict[str, bytes] = FILES
) -> tuple[str, ...]:
    jobs: list[SuiteJob] = []

    def run(job: SuiteJob, limits: Limits) -> SuiteReport:
        jobs.append(job)
        return buggy

    brought = Clean(filled(Environment), clean or report(), files, Limits(10), 10)
    made = prove(instance, brought, run)
    assert [job.files for job in jobs] == [{f.path: f.text for f in instance.buggy_code}]
    assert made.holds is (not made.problems)
    assert made.tests == 3
    return made.problems


def test_a_row_that_keeps_its_promises_holds() -> None:
    assert proof(row(), report(F2P)) == ()
    assert proof(row(), report(gone=F2P)) == ()


@pytest.mark.parametrize(
    ("buggy", "told"),
    [
        (report(), "1 (tests/test_a.py::test_0) of FAIL_TO_PASS pass"),
        (report((*F2P, *P2P)), "2 (tests/test_a.py::test_1, ...) of PASS_TO_PASS fail"),
        (report(F2P, gone=P2P[:1]), "1 (tests/test_a.py::test_1) of PASS_TO_PASS fail"),
        (report(ended="timeout", gone=(*F2P, *P2P)), "took more than 10 s"),
        (report(ended="crashed", gone=(*F2P, *P2P)), "of PASS_TO_PASS fail"),
    ],
)
def test_a_buggy_run_that_differs_is_named(buggy: SuiteReport, told: str) -> None:
    [problem] = proof(row(), buggy)
    assert told in problem


ALL = tuple(f"tests/test_a.py::test_{n}" for n in range(30))


def test_a_test_that_the_bug_breaks_and_no_list_names_is_found_unless_it_is_unreliable() -> None:
    listed = row(FAIL_TO_PASS=ALL[:1], PASS_TO_PASS=ALL[2:])
    clean = wide()
    problem = "1 (tests/test_a.py::test_1) fail that are in neither list"
    for again, told in ((clean, problem), (wide(ALL[1]), "")):
        runs = iter([wide(*ALL[:2]), wide(*ALL[:2]), again])
        brought = Clean(filled(Environment), clean, FILES, Limits(10), 10)
        made = prove(listed, brought, lambda job, limits, runs=runs: next(runs))
        assert [told in problem for problem in made.problems] == ([True] if told else [])


def test_lists_that_leave_out_most_of_what_passes_are_found() -> None:
    brought = Clean(filled(Environment), wide(), FILES, Limits(10), 10)
    made = prove(row(FAIL_TO_PASS=ALL[:1], PASS_TO_PASS=()), brought, lambda job, limits: wide(ALL[0]))
    [problem] = made.problems
    which = "29 (tests/test_a.py::test_1, ...) of the tests that pass on clean code"
    assert problem == f"{which} are in neither list"


def wide(*failing: str) -> SuiteReport:
    tests = {t: TestResult("failed" if t in failing else "passed", 0.1) for t in ALL}
    return SuiteReport("finished", tests, {}, (), (), (), (), "3.11.2", "8.3", 1.0, 0.9, "")


def test_a_clean_run_that_fails_is_named() -> None:
    [problem] = proof(row(), report(F2P), clean=report(P2P[1:]))
    assert problem == "clean (finished): 1 (tests/test_a.py::test_2) of its tests do not pass"


OTHER = {"pkg/a.py": "def area(x):\n    return x ** 2\n"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"patch": diffs.make(BUGGY, OTHER)}, "patch does not give the other side's bytes"),
        ({"patch": diffs.make(OTHER, CLEAN)}, "patch does not apply"),
        ({"patch": "nonsense"}, "patch does not apply"),
        ({"bug_patch": diffs.make(CLEAN, OTHER)}, "bug_patch does not give"),
        ({"patch": diffs.make(BUGGY, CLEAN).replace("@@ -1,2 +1,2 @@", "@@ -1,2 +1,2 @@ x\n", 1)}, "patch"),
        (
            {"test_patch": diffs.make({"tests/test_a.py": "x\n"}, {"tests/test_a.py": "y\n"})},
            "test_patch does not fit",
        ),
        ({"FAIL_TO_PASS": (), "PASS_TO_PASS": (*F2P, *P2P)}, "FAIL_TO_PASS is empty"),
        ({"PASS_TO_PASS": (*F2P, *P2P)}, "1 tests are in both lists"),
    ],
)
def test_a_row_that_contradicts_itself_is_named(changes: dict[str, object], told: str) -> None:
    assert any(told in problem for problem in proof(row(**changes), report(F2P)))


def test_an_image_with_other_code_is_named() -> None:
    files = {**FILES, "pkg/a.py": BUGGY["pkg/a.py"].encode()}
    assert "oracle_code of pkg/a.py is not what its image holds" in proof(row(), report(F2P), files=files)


@pytest.mark.parametrize("text", ["x = 1\r\ny = 2\r\n", "x = 'é'", "a\x0cb\n", "no end", "\n \n"])
def test_git_reads_the_patches_as_we_do(text: str) -> None:
    clean, buggy = {"pkg/a.py": text}, {"pkg/a.py": text + "z = 3"}
    instance = row(
        patch=diffs.make(buggy, clean),
        bug_patch=diffs.make(clean, buggy),
        oracle_code=(CodeFile("pkg/a.py", text),),
        buggy_code=(CodeFile("pkg/a.py", text + "z = 3"),),
        test_patch="",
    )
    assert proof(instance, report(F2P), files={"pkg/a.py": text.encode()}) == ()


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("pytest -q", ("-q",)),
        ("/opt/venv/bin/python -m pytest --ignore='a b.py' tests", ("--ignore=a b.py", "tests")),
        ("/opt/venv/bin/pytest", ()),
    ],
)
def test_the_suites_arguments_come_from_the_test_command(command: str, args: tuple[str, ...]) -> None:
    assert suite_args(row(test_command=command)) == args


def test_a_test_command_without_pytest_is_an_error() -> None:
    with pytest.raises(InputError, match="nose2"):
        suite_args(row(test_command="nose2 -v"))
