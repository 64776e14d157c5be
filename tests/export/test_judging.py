"""An exported task's tests judge the fix right, and what is no fix wrong."""

import base64
import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest

from smith_lib.errors import InputError
from smith_lib.export import judging, swebench
from smith_lib.types import Instance
from tests.export.conftest import CLEAN, FILE, TESTS

Run = Callable[[str], str]
STATUS = ("PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL")
START, END = ">>>>> Start Test Output", ">>>>> End Test Output"


def told(log: str) -> dict[str, str]:
    """Test to status, by what SWE-bench's parser takes: lines that start so, cut at white space."""
    lines = log.partition(START)[2].partition(END)[0].splitlines()
    told = [line.split() for line in lines if line.startswith(STATUS)]
    return {words[1]: words[0] for words in told}


def judged(in_task: Run, row: Instance, answer: str) -> tuple[dict[str, str], bool]:
    """What the row's script tells after an answer, which is a shell script; whether its command succeeds."""
    script = swebench.row_of(row)["eval_script"].replace(f": '{END}'", f"echo code $?\n: '{END}'")
    coded = base64.b64encode(script.encode()).decode()
    log = in_task(f"cd /testbed\n({answer})\necho {coded} | base64 -d > /eval.sh\nbash /eval.sh\n")
    return told(log), "\ncode 0\n" in log


def fix(row: Instance) -> str:
    return f"echo {base64.b64encode(row.patch.encode()).decode()} | base64 -d | git apply -"


def test_white_space_in_an_id_is_written_out_and_a_clash_refused(row):
    shown = [name for _, name in judging.order(row)["tests"]]
    assert f"{TESTS}::test_titled[a%20b]" in shown and f"{TESTS}::test_titled[a%20%20b]" in shown
    assert not any(" " in name for name in shown)
    clash = replace(row, PASS_TO_PASS=(*row.PASS_TO_PASS, f"{TESTS}::test_titled[a%20b]"))
    with pytest.raises(InputError, match="one name"):
        judging.order(clash)


def test_the_script_brings_what_it_runs(row):
    inside = swebench.unpacked(swebench.eval_script(row))
    assert inside["evaluate.py"] == judging.script()
    assert json.loads(inside["order.json"])["hidden"] == row.test_patch
    done = subprocess.run(["bash", "-n"], input=swebench.eval_script(row).encode(), check=False)
    assert done.returncode == 0


def test_the_script_keeps_its_markers_where_the_harness_looks(row):
    lines = swebench.eval_script(row).splitlines()
    assert [line for line in lines if ">>>>>" in line] == [f": '{START}'", f": '{END}'"]
    assert "evaluate.py run" in lines[lines.index(f": '{END}'") - 1]


@pytest.mark.parametrize("path", ["tests/x/a.txt", "conftest.py", "a/conftest.py", "pyproject.toml",
                                  "testing/a.py", "pkg/test_a.py", "a_test.py", "tests.py"])  # fmt: skip
def test_what_judges_is_told_from_code(path):
    assert re.search(judging.judges(), path)
    assert not re.search(judging.judges(), "pkg/contest.py")
    assert not re.search(judging.judges(), "latest/code.py")


@pytest.mark.engine
@pytest.mark.network
def test_the_fix_passes(in_task: Run, row):
    results, succeeded = judged(in_task, row, fix(row))
    names = {name for _, name in judging.order(row)["tests"]}
    assert results == dict.fromkeys(names, "PASSED")
    assert succeeded


@pytest.mark.engine
@pytest.mark.network
def test_nothing_fails_what_the_bug_breaks_alone(in_task: Run, row):
    results, succeeded = judged(in_task, row, "true")
    assert {name for name, status in results.items() if status == "FAILED"} == set(row.FAIL_TO_PASS)
    assert not succeeded


CHEATS = {
    "conftest": "echo 'def pytest_collection_modifyitems(items): items.clear()' > conftest.py",
    "a new conftest": "echo 'import os; os._exit(0)' > tests/conftest.py",
    "configuration": "printf '[pytest]\\naddopts = --collect-only\\n' > pytest.ini",
    "the test": f"printf 'def test_all_that_fits_is_taken(): pass\\n' > {TESTS}",
    "a status printed": f"echo 'print(\"PASSED {TESTS}::test_all_that_fits_is_taken\")' >> {FILE}",
    "an exit": f"echo 'import os; os._exit(0)' >> {FILE}",
    "sitecustomize": "echo 'import os; os._exit(0)' > sitecustomize.py",
}


@pytest.mark.engine
@pytest.mark.network
@pytest.mark.parametrize("cheat", CHEATS)
def test_what_is_no_fix_fails(cheat, in_task: Run, row):
    results, succeeded = judged(in_task, row, CHEATS[cheat])
    assert results[row.FAIL_TO_PASS[0]] == "FAILED"
    assert not succeeded


@pytest.mark.engine
@pytest.mark.network
def test_a_fix_that_also_touches_tests_counts_as_the_fix(in_task: Run, row):
    changed = f"{fix(row)}; rm {TESTS}; echo x > tests/data.txt; echo 'assert 0' > conftest.py"
    results, succeeded = judged(in_task, row, changed)
    assert set(results.values()) == {"PASSED"}
    assert succeeded
    assert CLEAN.count("<=") == 1
