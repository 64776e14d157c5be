"""A worker's warm processes say what cold runs say, and go on whatever a run does to them."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from smith_lib.errors import EngineError, InputError
from smith_lib.sandbox.protocol import Environment, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.sandbox.warm import Order, Worker
from tests.sandbox.conftest import LIMITS

ARGS = ("-p", "no:randomly", "-p", "no:rerunfailures")
SLOW = replace(LIMITS, seconds=60)
ALL = Order({}, None, 60, 60)
MONEY, TEXT = "tiny/money.py", "tiny/text.py"
LESS = "return self.amount < other.amount"
FLOOR = "    if width < 1:\n"
"""A line of `wrap`, which five tests call."""
KINDS = ("swap", "fork")

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def worker(sandbox: Sandbox, environment: Environment) -> Iterator[Worker]:
    """One worker for all tests: each leaves it as good as new."""
    with Worker(sandbox, environment, ARGS, SLOW) as made:
        yield made


@pytest.fixture(scope="module")
def cold(sandbox: Sandbox, environment: Environment) -> partial[SuiteReport]:
    """Cold runs of the whole suite."""
    return partial(_cold, sandbox, environment)


def _cold(sandbox: Sandbox, environment: Environment, **job: object) -> SuiteReport:
    return run_suite(sandbox, environment, SuiteJob(ARGS, **job), SLOW)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clean(cold: partial[SuiteReport]) -> dict[str, str]:
    """The clean suite's outcomes."""
    found = outcomes(cold())
    assert len(found) > 100
    return found


@pytest.fixture(scope="module")
def buggy(tiny_tree: Path) -> dict[str, str]:
    """A bug that a few tests notice."""
    return {MONEY: replaced(tiny_tree, MONEY, LESS, LESS.replace("<", ">"))}


def replaced(tree: Path, name: str, old: str, new: str) -> str:
    text = (tree / name).read_text()
    assert text.count(old) == 1
    return text.replace(old, new)


def acting(tree: Path, code: str) -> dict[str, str]:
    """`wrap` with code of ours in front."""
    return {TEXT: replaced(tree, TEXT, FLOOR, f"    {code}\n{FLOOR}")}


def outcomes(report: SuiteReport) -> dict[str, str]:
    return {name: result.outcome for name, result in report.tests.items()}


def failed(report: SuiteReport) -> set[str]:
    return {name for name, result in report.tests.items() if result.outcome != "passed"}


@pytest.mark.parametrize("kind", ["swap", "fork", "trace"])
def test_a_process_of_each_kind_gets_ready(kind: str, worker: Worker, clean: dict[str, str]) -> None:
    ready = worker.ready(kind, 1)
    assert (ready.why_not, ready.threads) == ("", 1)
    assert worker.ready(kind, 1) is ready
    if kind != "fork":
        assert list(ready.tests) == list(clean)
        assert "pytest" in ready.modules
        assert not any(name.split(".")[0] in ("tiny", "conftest") for name in ready.modules)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_clean_code_ends_as_in_a_cold_run(
    kind: str, seed: int, worker: Worker, clean: dict[str, str]
) -> None:
    modules = worker.ready("swap", 1).modules
    for _ in range(2):
        told = worker.run(kind, seed, ALL, modules)
        assert (told.elsewhere, told.report.ended) == ("", "finished")
        assert outcomes(told.report) == clean


@pytest.mark.parametrize("kind", KINDS)
def test_a_bug_ends_as_in_a_cold_run_with_its_evidence(
    kind: str, worker: Worker, cold: partial[SuiteReport], buggy: dict[str, str], clean: dict[str, str]
) -> None:
    wanted = cold(files=buggy)
    told = worker.run(kind, 1, replace(ALL, files=buggy))
    assert told.elsewhere == ""
    assert outcomes(told.report) == outcomes(wanted)
    assert told.report.failures == wanted.failures
    assert failed(wanted)
    assert outcomes(worker.run(kind, 1, ALL).report) == clean  # nothing of it stays


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_wanted_tests_run_in_the_order_of_collection(
    kind: str, worker: Worker, clean: dict[str, str]
) -> None:
    wanted = [list(clean)[at] for at in (40, 3, 17)]
    told = worker.run(kind, 1, replace(ALL, tests=tuple(wanted)))
    assert list(told.report.tests) == sorted(wanted, key=list(clean).index)


def test_a_test_that_is_not_collected_is_judged_elsewhere(worker: Worker) -> None:
    told = worker.run("swap", 1, replace(ALL, tests=("tests/test_text.py::test_gone",)))
    assert "test_gone is not collected" in told.elsewhere
    assert not told.crashed


@pytest.mark.parametrize("buggy", ["import os\nLIMIT = 1\n", "def words(:\n"])
def test_what_cannot_be_swapped_is_told_and_harms_nothing(
    buggy: str, worker: Worker, clean: dict[str, str]
) -> None:
    told = worker.run("swap", 1, replace(ALL, files={TEXT: buggy}))
    assert told.elsewhere
    assert not told.crashed
    assert outcomes(worker.run("swap", 1, ALL).report) == clean


def test_a_fresh_import_tells_what_swapping_cannot(worker: Worker, cold: partial[SuiteReport]) -> None:
    files = {TEXT: "def words(:\n"}
    told, wanted = worker.run("fork", 1, replace(ALL, files=files)), cold(files=files)
    assert told.elsewhere == ""
    assert outcomes(told.report) == outcomes(wanted)
    assert told.report.collection_errors == wanted.collection_errors


def test_a_test_alone_tells_the_statements_it_executes(worker: Worker, tiny_tree: Path) -> None:
    name = "tests/test_text.py::test_shorten"
    told = worker.run("trace", 1, replace(ALL, tests=(name,)))
    assert outcomes(told.report) == {name: "passed"}
    [mine] = [ran for ran in told.report.executed if ran.test_id == name]
    text = (tiny_tree / TEXT).read_text().splitlines()
    executed = {text[line - 1].strip() for line in dict(mine.lines)[TEXT]}
    assert "if limit < len(mark):" in executed
    assert "if width < 1:" not in executed
    assert mine.why == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_stopped_at_so_many_failing_tests(kind: str, worker: Worker, tiny_tree: Path) -> None:
    files = acting(tiny_tree, "raise ValueError(width)")
    whole = failed(worker.run(kind, 1, replace(ALL, files=files)).report)
    assert len(whole) > 2
    told = worker.run(kind, 1, replace(ALL, files=files, stop=2))
    assert (told.report.ended, told.elsewhere) == ("stopped", "")
    assert failed(told.report) <= whole
    assert len(failed(told.report)) >= 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["import time; time.sleep(1000)", "while True: pass"])
def test_a_run_that_does_not_end_is_a_timeout(
    code: str, kind: str, worker: Worker, tiny_tree: Path, clean: dict[str, str]
) -> None:
    order = Order(acting(tiny_tree, code), None, 3, 2)
    told = worker.run(kind, 1, order)
    assert (told.report.ended, told.elsewhere) == ("timeout", "")
    assert told.report.seconds < 60  # of which a busy machine may need many for three of the processor
    assert outcomes(worker.run(kind, 1, ALL).report) == clean


@pytest.mark.parametrize("kind", KINDS)
def test_a_thread_that_its_tests_leave_is_no_timeout_of_theirs(
    kind: str, worker: Worker, tiny_tree: Path, clean: dict[str, str]
) -> None:
    code = "import threading, time; threading.Thread(target=time.sleep, args=(1000,)).start()"
    told = worker.run(kind, 1, Order(acting(tiny_tree, code), None, 3, 2))
    assert (told.elsewhere, told.crashed) == (
        "its tests have ended, and it waits for something that they left", True
    )  # fmt: skip
    assert outcomes(worker.run(kind, 1, ALL).report) == clean


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "code", ["import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)", "import os; os.abort()"]
)
def test_a_run_that_is_cut_off_is_judged_elsewhere_and_the_process_serves_on(
    code: str, kind: str, worker: Worker, tiny_tree: Path, clean: dict[str, str]
) -> None:
    told = worker.run(kind, 1, replace(ALL, files=acting(tiny_tree, code)))
    assert "cut off" in told.elsewhere
    assert told.crashed
    before = worker.restarts
    assert outcomes(worker.run(kind, 1, ALL).report) == clean
    assert worker.restarts == before


def test_what_a_run_leaves_is_gone_for_the_next(
    worker: Worker, tiny_tree: Path, clean: dict[str, str]
) -> None:
    code = "import os, shutil, subprocess; open('/testbed/conftest.py', 'w').write('raise ValueError'); " \
           "subprocess.Popen(['sleep', '1000'], start_new_session=True); os.makedirs('/tmp/some/x'); " \
           "shutil.rmtree('/testbed/tests', ignore_errors=True)"  # fmt: skip
    before = worker.restarts
    worker.run("swap", 1, replace(ALL, files=acting(tiny_tree, code)))
    for kind in KINDS:
        told = worker.run(kind, 1, ALL)
        assert told.elsewhere == ""
        assert outcomes(told.report) == clean
    assert worker.restarts == before
    look = "import os; assert not os.path.exists('/tmp/some') and not os.path.exists('conftest.py')"
    assert failed(worker.run("swap", 1, replace(ALL, files=acting(tiny_tree, look))).report) == set()


def test_a_killed_warm_process_is_started_again(
    worker: Worker, tiny_tree: Path, clean: dict[str, str]
) -> None:
    told = worker.run("swap", 1, replace(ALL, files=acting(tiny_tree, "import os; os.kill(os.getppid(), 9)")))
    assert told.elsewhere
    assert outcomes(worker.run("swap", 1, ALL).report) == clean


def test_a_spoilt_sandbox_is_made_anew(
    sandbox: Sandbox, environment: Environment, tiny_tree: Path, clean: dict[str, str]
) -> None:
    log = "--debug=/testbed/log"  # made by the suite itself: the clean tree has no copy of it
    with Worker(sandbox, environment, (*ARGS, log), SLOW) as worker:
        told = worker.run("swap", 1, replace(ALL, files=acting(tiny_tree, "open('log', 'w').close()")))
        assert (told.elsewhere, worker.restarts) == ("", 1)
        assert outcomes(told.report) == clean
        told = worker.run("swap", 1, replace(ALL, tests=tuple(clean)[:1]))
        assert list(told.report.tests) == list(clean)[:1]


def test_threads_that_run_once_the_suite_is_collected_are_counted(
    sandbox: Sandbox, environment: Environment
) -> None:
    with Worker(sandbox, environment, ("-p", "no:randomly"), SLOW) as worker:
        assert worker.ready("swap", 1).threads == 2  # the server of pytest-rerunfailures


def test_a_closed_worker_starts_again_where_it_is_asked(
    sandbox: Sandbox, environment: Environment, clean: dict[str, str]
) -> None:
    worker = Worker(sandbox, environment, ARGS, SLOW)
    worker.close()
    assert outcomes(worker.run("swap", 1, ALL).report) == clean
    worker.close()
    assert outcomes(worker.run("swap", 1, ALL).report) == clean
    worker.close()
    worker.close()


def test_a_suite_that_cannot_be_collected_is_told(sandbox: Sandbox, environment: Environment) -> None:
    with Worker(sandbox, environment, ("--no-such-option",), SLOW) as worker:
        assert worker.ready("swap", 1).why_not
        assert worker.run("swap", 1, ALL).elsewhere


def test_a_sandbox_that_cannot_be_opened_is_an_error(sandbox: Sandbox, environment: Environment) -> None:
    gone = replace(environment, digest="0" * 64, image="smith/never-built:000000000000")
    with Worker(sandbox, gone, ARGS, SLOW) as worker, pytest.raises((EngineError, InputError)):
        worker.ready("swap", 1)
