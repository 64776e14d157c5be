"""Snippets are run on clean and on buggy code, and only what differs every time is told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smith_lib.environments import dockerfile
from smith_lib.environments.trial import Best
from smith_lib.package.parts import Part
from smith_lib.package.reproduce import Run, Trial, reproduced
from smith_lib.sandbox.protocol import Ended, Job, Limits, Ran, Sandbox
from smith_lib.settings import EnvironmentSettings
from smith_lib.sources.protocol import Pin, Tree
from tests.rows import filled

FILE = "tiny/intervals.py"
SHOWS = "from tiny.intervals import merge\n\nmerge([(1, 2), (2, 3)])"


@pytest.fixture(scope="module")
def run(namespaces_sandbox: Sandbox, tiny_tree: Path) -> Run:
    tree = filled(Tree, path=tiny_tree, repo_id="t.0", commit="0" * 40, pin=Pin("pypi:tiny==1", "pypi/tiny"))
    best = filled(Best, minor=11, mode="source", pythonpath=("/testbed",), requirements=(), date="")
    base, image = namespaces_sandbox.base(), EnvironmentSettings().base_image
    made = dockerfile.environment(tree, base, image, best, {})
    namespaces_sandbox.build(made, tiny_tree, Limits(120))
    return lambda job: namespaces_sandbox.run(made, job, Limits(120, output_kb=4_096))


@pytest.fixture
def bug(tiny_tree: Path) -> dict[str, str]:
    clean = (tiny_tree / FILE).read_text()
    assert "start <= out[-1][1]" in clean
    return {FILE: clean.replace("start <= out[-1][1]", "start < out[-1][1]", 1)}


@pytest.mark.namespaces
@pytest.mark.network
def test_the_first_snippet_that_differs_is_told_with_what_it_shows(run: Run, bug: dict[str, str]) -> None:
    tries = (
        ("raise ValueError('on clean code too')", False),
        ("while True: pass", False),
        ("import os\n\nos.kill(os.getpid(), 9)", False),
        ("from tiny.intervals import merge\n\nmerge([])", False),
        ("from tiny.intervals import merge\n\nobject(), {str(i) for i in range(30)}", False),
        (SHOWS, False),
    )
    found = reproduced({"a": Trial(bug, tries), "b": Trial(bug, tries[:-1])}, ("json", "no_such"), run)
    assert found.keys() == {"a"}
    [(code, shown)] = found["a"]
    assert code == SHOWS
    assert (shown.clean.value, shown.buggy.value) == ("[(1, 3)]", "[(1, 2), (2, 3)]")
    assert shown.buggy.at == "last" and not shown.buggy.error


@pytest.mark.namespaces
@pytest.mark.network
def test_an_exception_that_is_gone_is_seen(run: Run, tiny_tree: Path) -> None:
    clean = (tiny_tree / FILE).read_text()
    files = {FILE: clean + "\n\ndef merge(xs):\n    raise KeyError('x')\n"}
    [(_, shown)] = reproduced({"a": Trial(files, ((SHOWS, False),))}, (), run)["a"]
    assert (shown.buggy.error, shown.buggy.message, shown.buggy.at) == ("KeyError", "'x'", "last")


@pytest.mark.namespaces
@pytest.mark.network
def test_each_part_of_a_bug_is_told_and_the_least_code_that_shows_it(run: Run, tiny_tree: Path) -> None:
    clean = (tiny_tree / FILE).read_text()
    one = clean.replace("start <= out[-1][1]", "start < out[-1][1]", 1)
    other = clean.replace("free is None or start >= free", "free is None or start > free", 1)
    both = other.replace("start <= out[-1][1]", "start < out[-1][1]", 1)
    more = SHOWS.replace("import merge", "import merge, gaps").replace("\n\n", "\n\ngaps([], 1, 2)\n")
    jobs = "from tiny.intervals import schedule\n\nschedule([('a', 1, 2), ('b', 2, 3)])"
    tries = ((more, False), (SHOWS.replace("3", "4"), False), (jobs, False))
    made = Part(FILE, "merge", {FILE: one}), Part(FILE, "schedule", {FILE: other})
    trial = Trial({FILE: both}, tries, made)
    first, second = reproduced({"a": trial}, (), run)["a"]
    assert (first[0], first[1].code) == (more, SHOWS)
    assert (second[0], second[1].buggy.value) == (jobs, "['a']")
    assert (first[1].parts, second[1].parts) == ((0,), (1,))


@pytest.mark.namespaces
@pytest.mark.network
def test_a_part_that_only_the_code_that_was_cut_off_would_show_is_not_told(
    run: Run, tiny_tree: Path
) -> None:
    clean = (tiny_tree / FILE).read_text()
    other = clean.replace("free is None or start >= free", "free is None or start > free", 1)
    crash = "\n\ndef merge(xs):\n    raise KeyError('x')\n"
    jobs = "schedule([('a', 1, 2), ('b', 2, 3)])"
    code = f"from tiny.intervals import merge, schedule\n\nmerge([(1, 2)])\n{jobs}"
    alone = code.replace("merge, ", "").replace("merge([(1, 2)])\n", "")
    made = Part(FILE, "merge", {FILE: clean + crash}), Part(FILE, "schedule", {FILE: other})
    trial = Trial({FILE: other + crash}, ((code, False), (code + "  # again", False)), made)
    [(_, shown)] = reproduced({"a": trial}, (), run)["a"]
    assert shown.code.endswith("merge([(1, 2)])") and shown.parts == (0,)
    told = Trial(trial.files, (*trial.tries, (alone, False)), made)
    first, second = reproduced({"a": told}, (), run)["a"]
    assert (first[1].parts, second[1].parts, second[0]) == ((0,), (1,), alone)


@pytest.mark.namespaces
@pytest.mark.network
def test_a_bug_that_hangs_is_given_up(run: Run, tiny_tree: Path) -> None:
    endless = "\n\ndef covered(xs):\n    while True:\n        pass\n\ndef gaps(*_):\n    return 7\n"
    files = {FILE: (tiny_tree / FILE).read_text() + endless}
    hangs = tuple((f"from tiny.intervals import covered\n\ncovered([({n}, 9)])", False) for n in range(4))
    shows = ("from tiny.intervals import gaps\n\ngaps([], 1, 2)", False)
    assert reproduced({"a": Trial(files, (*hangs[:3], shows))}, (), run, 1) == {}
    assert reproduced({"a": Trial(files, (*hangs[:2], shows))}, (), run, 1).keys() == {"a"}


@pytest.mark.namespaces
@pytest.mark.network
def test_code_ends_where_it_fails(run: Run, tiny_tree: Path) -> None:
    clean = (tiny_tree / FILE).read_text()
    files = {FILE: clean + "\n\ndef merge(xs):\n    raise KeyError('x')\n"}
    code = "from tiny.intervals import covered, merge\n\nfound = merge([(1, 2)])\ncovered(found)"
    [(_, shown)] = reproduced({"a": Trial(files, ((code, False),))}, (), run)["a"]
    assert shown.code == "from tiny.intervals import merge\n\nmerge([(1, 2)])"
    assert (shown.buggy.at, shown.clean.value) == ("last", "[(1, 2)]")


def scripted(*outputs: bytes) -> Callable[[Job], Ran]:
    left = list(outputs)
    return lambda job: Ran(Ended.EXITED, 0, left.pop(0), b"", 1.0)


def test_what_differs_between_hash_seeds_or_cannot_be_read_is_not_told() -> None:
    def line(value: int) -> bytes:
        known = {"error": "", "message": "", "printed": "", "at": "last"}
        seen = {**known, "value": "1"}, {**known, "value": str(value)}
        return json.dumps([0, 0, *seen, "code", []]).encode()

    one, two = line(2), line(3)
    trials = {"a": Trial({}, (("code", False),))}
    assert reproduced(trials, (), scripted(one, one)).keys() == {"a"}
    assert reproduced(trials, (), scripted(one, two)) == {}
    assert reproduced(trials, (), scripted(b"rubbish\n[9, 9, {}, {}]\n7\n", b"")) == {}
