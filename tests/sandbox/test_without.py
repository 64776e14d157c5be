"""An environment without some files: they are in no place of the sandbox, and the whole one keeps them."""

import json

from smith_lib.sandbox.protocol import CLEAN, VENV, Job, Limits
from smith_lib.sandbox.suite import SuiteJob, run_suite, told

LIMITS = Limits(60, memory_mb=512)
FILE = "tiny/money.py"
LOOK = f"""
import json, os, sys
places = ["/testbed/{FILE}", "{CLEAN}/{FILE}", "{CLEAN}/tiny/text.py"]
print(json.dumps([os.path.exists(place) for place in places]))
"""


def seen(sandbox, environment):
    ran = sandbox.run(environment, Job((f"{VENV}/bin/python", "-c", LOOK)), LIMITS)
    return json.loads(ran.stdout)


def test_files_are_gone_from_it_and_from_it_alone(sandbox, environment):
    hollow = sandbox.without(environment, [FILE])
    assert hollow.digest != environment.digest
    assert sandbox.without(environment, [FILE]) == hollow
    assert sandbox.has(hollow)
    assert seen(sandbox, hollow) == [False, False, True]
    assert seen(sandbox, environment) == [True, True, True]


def test_what_it_lacks_can_be_given_to_a_run(sandbox, environment, tiny_tree):
    hollow = sandbox.without(environment, [FILE])
    args = ("-p", "no:randomly", "tests/test_money.py")
    without = run_suite(sandbox, hollow, SuiteJob(args), LIMITS)
    assert without.collection_errors
    given = run_suite(sandbox, hollow, SuiteJob(args, {FILE: (tiny_tree / FILE).read_text()}), LIMITS)
    assert {result.outcome for result in given.tests.values()} == {"passed"}


def test_files_of_a_run_can_be_taken_away(sandbox, environment):
    args = ("-p", "no:randomly", "tests/test_money.py")
    report = run_suite(sandbox, environment, SuiteJob(args, gone=(FILE, "tiny/not there.py")), LIMITS)
    assert report.collection_errors
    assert not report.tests


def test_a_report_that_contradicts_itself_says_so():
    test = {"e": "test", "id": "t.py::test_a", "outcome": "passed", "s": 0.0}
    end = {"e": "end", "exit": 0}
    rest = {"broken": False, "timeout": False, "seconds": 1, "cpu_seconds": 1, "output": "", "signal": 0}
    assert told({"events": [test, end], **rest}).contradictions == ()
    assert told({"events": [test, test, end], **rest}).contradictions == ("t.py::test_a was told twice",)
    assert told({"events": [end, test, end], **rest}).contradictions == (
        "t.py::test_a was told after the end",
        "there were two ends",
    )
