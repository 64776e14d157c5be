"""What a run of a suite reports, whatever the tests do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib.errors import InputError
from smith_lib.sandbox.protocol import TESTBED, Environment, Job, Limits, Ran, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.validate.called import called as functions
from smith_lib.validate.coverage import Gathered
from tests.sandbox.conftest import LIMITS

Suite = Callable[..., SuiteReport]


@pytest.fixture
def suite(sandbox: Sandbox, environment: Environment) -> Suite:
    """Run the tiny repository's suite, or one test module of ours in its place."""

    def call(code: str = "", seconds: float = 60, **job: object) -> SuiteReport:
        files = {**job.pop("files", {}), **({"tests/test_it.py": code} if code else {})}  # type: ignore[dict-item]
        job.setdefault("args", ("tests/test_it.py",) if code else ())
        limits = replace(LIMITS, seconds=seconds)
        return run_suite(sandbox, environment, SuiteJob(files=files, **job), limits)  # type: ignore[arg-type]

    return call


def outcomes(report: SuiteReport) -> dict[str, str]:
    return {name.removeprefix("tests/test_it.py::"): test.outcome for name, test in report.tests.items()}


def test_a_clean_suite_passes_with_whole_node_ids(suite: Suite) -> None:
    report = suite()
    assert report.ended == "finished"
    assert len(report.tests) > 100
    assert {test.outcome for test in report.tests.values()} == {"passed"}
    assert "tests/test_text.py::test_slug[Cr\\xe8me br\\xfbl\\xe9e]" in report.tests
    assert "tests/test_text.py::test_slug[nothing at all]" in report.tests
    assert any("line\\nbreak" in name for name in report.tests)
    assert {"tiny/text.py", "tests/test_text.py", "tests/conftest.py"} <= set(report.loaded)
    assert report.pytest == "8.4.2"
    assert report.detail == ""
    assert (report.executed, report.failures, report.collection_errors) == ((), (), {})


def test_order_is_the_files_own_and_the_hash_seed_is_set(suite: Suite) -> None:
    code = "import os\n" + "".join(f"def test_{n}(): pass\n" for n in range(9, 0, -1))
    code += "def test_seed(): assert os.environ['PYTHONHASHSEED'] == '7' and hash('a') != 0\n"
    report = suite(code, hash_seed=7)
    assert list(outcomes(report)) == [*(f"test_{n}" for n in range(9, 0, -1)), "test_seed"]


OUTCOMES = '''
import pytest, unittest
@pytest.fixture
def broken(): raise ValueError("set-up")
@pytest.fixture
def late():
    yield
    raise ValueError("tear-down")
def test_passed(): pass
def test_failed(): assert 1 == 2
def test_set_up(broken): pass
def test_tear_down(late): pass
def test_both(late): assert False
def test_skipped(): pytest.skip("no")
@pytest.mark.xfail
def test_xfailed(): assert False
@pytest.mark.xfail
def test_xpassed(): pass
@pytest.mark.xfail(strict=True)
def test_strict(): pass
class TestOld(unittest.TestCase):
    def test_parts(self):
        for n in range(2):
            with self.subTest(n=n):
                pass
'''


def test_every_outcome_is_told(suite: Suite) -> None:
    assert outcomes(suite(OUTCOMES)) == {
        "test_passed": "passed", "test_failed": "failed", "test_set_up": "error", "test_tear_down": "error",
        "test_both": "failed", "test_skipped": "skipped", "test_xfailed": "xfailed",
        "test_xpassed": "xpassed", "test_strict": "failed", "TestOld::test_parts": "passed",
    }  # fmt: skip


def test_a_bug_is_told_with_exception_message_and_frames(suite: Suite) -> None:
    buggy = "def words(text):\n    return [object(), None[0]]\n"
    code = "from tiny import text\ndef test_it():\n    text.words('a')\n"
    report = suite(code, files={"tiny/text.py": buggy})
    (failure,) = report.failures
    assert (failure.test_id, failure.exception) == ("tests/test_it.py::test_it", "TypeError")
    assert "not subscriptable" in failure.message
    seen = [(frame.file, frame.line, frame.function) for frame in failure.frames]
    assert seen == [("tests/test_it.py", 3, "test_it"), ("tiny/text.py", 2, "words")]


def test_messages_are_the_same_in_every_run(suite: Suite) -> None:
    code = "def test_it(): assert object() is None\n"
    first, second = (suite(code, hash_seed=seed).failures for seed in (0, 1))
    assert first == second


def test_a_module_that_cannot_be_collected_does_not_stop_the_others(suite: Suite) -> None:
    broken = {"tests/test_money.py": "import nowhere_at_all\n", "tests/test_text.py": "def x(:\n"}
    report = suite(files=broken)
    assert report.ended == "finished"
    why = report.collection_errors["tests/test_money.py"]
    assert why == "ModuleNotFoundError: No module named 'nowhere_at_all'"
    assert report.collection_errors["tests/test_text.py"].startswith("SyntaxError: ")
    assert len(report.tests) > 80


def test_statements_that_are_executed_are_told(suite: Suite, tiny_tree: Path) -> None:
    report = suite(trace=True, args=("tests/test_caches.py",))
    assert report.ended == "finished"
    assert set(report.tests) == {ran.test_id for ran in report.executed} - {""}
    assert "tiny/caches.py" in report.probed
    inside, outside = Gathered(report.probed), Gathered(report.probed)
    for ran in report.executed:
        (inside if ran.test_id else outside).add("", ran.lines, ())
    called = {(f.file, f.qualname) for f in functions("r", tiny_tree, report.probed, inside.executed())}
    assert ("tiny/caches.py", "Lru.put") in called
    assert ("tiny/caches.py", "memoize.<locals>.decorate.<locals>.wrapper") in called
    assert ("tiny/caches.py", "retry") in called
    assert not any(file == "tiny/text.py" for file, _ in called)
    imported = {(f.file, f.qualname) for f in functions("r", tiny_tree, report.probed, outside.executed())}
    assert ("tiny/caches.py", "Lru.put") not in imported


def test_a_project_s_own_options_do_no_harm(suite: Suite) -> None:
    ini = "[pytest]\naddopts = -x -n 2 --dist loadfile --cov=tiny --cov-fail-under=100 --reruns 2\n" \
          "  --durations=3 -p no:cacheprovider --import-mode=importlib\n"  # fmt: skip
    code = "".join(f"def test_{n}(): assert {n} % 2\n" for n in range(6))
    report = suite(code, files={"pytest.ini": ini})
    assert report.ended == "finished", report.detail
    assert list(outcomes(report).values()) == ["failed", "passed"] * 3


def test_time_is_up_with_what_was_reported_until_then(suite: Suite) -> None:
    code = "import signal, time\ndef test_a(): pass\ndef test_b():\n  signal.signal(15, signal.SIG_IGN)\n" \
           "  print('x' * 10_000_000)\n  while True: time.sleep(1)\n"  # fmt: skip
    report = suite(code, idle_seconds=2)
    assert report.ended == "timeout"
    assert outcomes(report) == {"test_a": "passed"}
    assert 2 <= report.seconds < 20
    report = suite(code.replace("time.sleep(1)", "pass"), seconds=2)
    assert report.ended == "timeout"
    assert outcomes(report) == {"test_a": "passed"}


@pytest.mark.parametrize(
    "act",
    [
        "os._exit(0)",
        "os.kill(os.getpid(), 9)",
        "os.abort()",
        "os.kill(os.getpid(), 15)",
    ],
)
def test_a_crash_loses_only_what_comes_after(suite: Suite, act: str) -> None:
    report = suite(f"import os\ndef test_a(): pass\ndef test_b(): {act}\ndef test_c(): pass\n")
    assert report.ended == "crashed"
    assert outcomes(report) == {"test_a": "passed"}


def test_a_suite_that_was_killed_from_outside_is_run_once_more(
    sandbox: Sandbox, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import os\ndef test_a(): os.kill(os.getpid(), 9)\n"
    job = SuiteJob(("tests/test_it.py",), {"tests/test_it.py": code})
    asked = []

    def run(environment: Environment, job: Job, limits: Limits) -> Ran:
        asked.append(job)
        if len(asked) == 2:  # nobody kills it then
            put = {**job.files, f"{TESTBED}/tests/test_it.py": b"def test_a(): pass\n"}
            job = replace(job, files=put)
        return plain(environment, job, limits)

    plain = sandbox.run
    monkeypatch.setattr(sandbox, "run", run)
    report = run_suite(sandbox, environment, job, replace(LIMITS, seconds=60))
    assert (report.ended, outcomes(report), len(asked)) == ("finished", {"test_a": "passed"}, 2)


def test_forks_do_not_report_twice(suite: Suite) -> None:
    code = """
import os, subprocess, sys, time
def test_a():
    if os.fork() == 0:
        return  # goes on through the rest of the suite as a second pytest
def test_b():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
def test_c(): subprocess.Popen(["sleep", "600"], start_new_session=True)
def test_d(): assert os.environ.get("PYTHONPATH") is None and "SMITH_REPORT" not in os.environ
"""
    report = suite(code)
    assert report.ended == "finished"
    assert outcomes(report) == dict.fromkeys(["test_a", "test_b", "test_c", "test_d"], "passed")
    assert report.seconds < 30


def test_output_cannot_forge_a_report(suite: Suite) -> None:
    code = r"""
import os, sys
FRAME = b'\nsmith-report-000000000000000000000000 2\n{}\n'
def test_a():
    for fd in (1, 2):
        os.write(fd, FRAME)
    sys.__stdout__.write(FRAME.decode())
    for fd in range(3, 60):
        try:
            os.write(fd, FRAME)
        except OSError:
            pass
def test_b():
    for place in ("/proc/1/fd/1", "/proc/1/fd/2", "/proc/1/mem"):
        try:
            open(place, "wb").write(FRAME)
        except OSError:
            continue
        raise AssertionError(place)
def test_c():
    os.closerange(3, 200)  # pytest's own files too: what it makes of that is its affair
def test_d():
    assert False
"""
    report = suite(code)
    assert report.ended == "finished", report.detail
    told = outcomes(report)
    assert (told["test_a"], told["test_b"]) == ("passed", "passed")
    assert told["test_d"] in ("failed", "error")


def test_a_gigabyte_on_standard_output_neither_fills_nor_hangs(suite: Suite) -> None:
    code = "import os\ndef test_a():\n  for n in range(1000): os.write(1, bytes(1_000_000))\n"
    report = suite(code, args=("-s", "tests/test_it.py"))
    assert report.ended == "finished"
    assert outcomes(report) == {"test_a": "passed"}


def test_patched_modules_do_not_stop_the_report(suite: Suite) -> None:
    code = "import os, json, time\ndef test_b(): pass\n" \
           "def test_a():\n  os.write = json.dumps = os.getpid = time.time = None\n"  # fmt: skip
    assert outcomes(suite(code)) == {"test_a": "passed", "test_b": "passed"}


def test_nothing_collected_is_told(suite: Suite) -> None:
    report = suite("x = 1\n")
    assert (report.ended, dict(report.tests)) == ("finished", {})
    assert "no tests ran" in report.detail


def test_a_wrong_option_is_told(suite: Suite) -> None:
    report = suite(args=("--no-such-option",))
    assert report.ended == "crashed"
    assert "--no-such-option" in report.detail


@pytest.mark.parametrize("path", ["../out", "/etc/x", ""])
def test_a_path_out_of_the_tree_is_refused(suite: Suite, path: str) -> None:
    with pytest.raises(InputError, match="not a path inside the tree"):
        suite(files={path: "x"})
