"""Repositories that nobody would wish for, next to a good one in the same run: each ends as it should."""

import random
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from smith_lib.storage import Root, read_at
from smith_lib.types import Instance, Repo, RepoOutcome, Stability, Test, Verdict
from tests.e2e import odd
from tests.e2e.called import Called, Place, running

R = TypeVar("R", Repo, Test, Verdict, Instance)
pytestmark = [pytest.mark.timeout(900), pytest.mark.network, pytest.mark.server]

SETTINGS = """\
seed = 3
workers = 4
select = {min_loc = 20, min_tests = 12, clean_runs = 2}
environments = {suite_seconds = 5, build_seconds = 45, dated = false}
sandbox = {memory_mb = 512, processes = 64, disk_mb = 64, output_kb = 16}
inject = {limit = 4, strategies = ["ast", "semantic"]}
validation = {runs = 2}
"""
FINE = (RepoOutcome.KEPT, "")
HUNG = (RepoOutcome.SUITE_FAILED, r"a clean run of the suite ended by timeout after \d+ s: .+")
BY_DOCKER = {
    "build_fails": (
        RepoOutcome.BUILD_FAILED,
        r"recipe 'file requirements-test.txt.*': cannot be installed: .*compiler from 1987.* 2 other tries\)",
    ),
    "calls_out": (
        RepoOutcome.TOO_FEW_PASSING,
        "33 of 53 tests pass in every clean run, 62.3%, more than 90% wanted; the commonest failure: .+",
    ),
    "daemons": FINE,
    "fills_disk": FINE,
    "floods": FINE,
    "odd_files": FINE,
    "plain": FINE,
}  # fmt: skip
BY_NAMESPACES = {
    "bombs": HUNG,
    "exits": (RepoOutcome.SUITE_FAILED, r"recipe .*: its tests do not run: .*exit code 0: no output"),
    "hangs": HUNG,
    "no_tests": (RepoOutcome.TOO_FEW_TESTS, r"0 test functions .*, at least 12 wanted \(min_tests\)"),
    "odd_names": FINE,
    "tiny": FINE,
}
DOCKER = [pytest.param(name, marks=pytest.mark.engine) for name in BY_DOCKER]
NAMESPACES = [pytest.param(name, marks=pytest.mark.namespaces) for name in BY_NAMESPACES]
NOWHERE = ["./not/there", "ftp:nowhere"]


@dataclass(frozen=True)
class OddRun:
    """A run over such repositories."""

    called: Called
    out: Path
    mark: str
    """An argument of the processes that one of them leaves behind."""

    def rows(self, folder: str, row: type[R]) -> list[R]:
        """All rows in a folder."""
        files = sorted((self.out / folder).glob("*.parquet"))
        return [one for f in files for one in read_at(Root.at(self.out), f"{folder}/{f.name}", row)]

    def repo(self, name: str) -> Repo:
        """The row of the repository in that folder."""
        [row] = [row for row in self.rows("repos", Repo) if row.repo == f"local/{name}"]
        return row

    def tests(self, name: str) -> dict[str, Stability]:
        """Its tests' ids and what the clean runs said of them."""
        wanted = self.repo(name).repo_id
        return {row.test_id: row.stability for row in self.rows("tests", Test) if row.repo_id == wanted}

    def packaged(self, repo_id: str) -> list[Instance]:
        """The tasks made of a repository: with so few, what is published may lack one that others balance."""
        return [row for row in self.rows("instances", Instance) if row.repo_id == repo_id]

    def published(self) -> list[Instance]:
        """The published rows."""
        return self.rows(f"published/{self.called.document['version']}/data", Instance)


def _run(place: Place, checkout: Path, kind: str, names: list[str], more: list[str]) -> OddRun:
    mark = f"8{random.SystemRandom().randrange(10**8)}"
    settings, out = place.folder / "odd.toml", place.folder / f"odd-{kind}"
    settings.write_text(SETTINGS)
    sources = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        for name in names:
            folder = checkout if name == "tiny" else place.folder / name
            if name == "daemons":
                odd.daemons(folder, mark)
            elif name == "calls_out":
                odd.calls_out(folder, server.getsockname()[1])
            elif name != "tiny":
                odd.PLAIN[name](folder)
            sources.append(folder)
        words = ["--settings", settings, "--sandbox", kind, "--out", out]
        called = place.call("run", *sources, *more, *words)
    return OddRun(called, out, mark)


@pytest.fixture(scope="module")
def by_docker(place: Place, checkout: Path) -> OddRun:
    """A run in the engine, over two sources more that are not to be had."""
    return _run(place, checkout, "docker", [*BY_DOCKER], NOWHERE)


@pytest.fixture(scope="module")
def by_namespaces(place: Place, checkout: Path) -> OddRun:
    """A run in namespaces."""
    return _run(place, checkout, "namespaces", [*BY_NAMESPACES], [])


@pytest.mark.parametrize("name", DOCKER)
def test_in_docker_each_ends_as_it_should(name: str, by_docker: OddRun) -> None:
    _ends(by_docker, name, *BY_DOCKER[name])


@pytest.mark.parametrize("name", NAMESPACES)
def test_in_namespaces_each_ends_as_it_should(name: str, by_namespaces: OddRun) -> None:
    _ends(by_namespaces, name, *BY_NAMESPACES[name])


def _ends(run: OddRun, name: str, outcome: RepoOutcome, reason: str) -> None:
    """The row says so, and there are tasks of it where it was kept."""
    row = run.repo(name)
    assert (row.outcome, bool(re.fullmatch(reason, row.reason))) == (outcome, True), row.reason
    [told] = [r for r in run.called.document["repos"] if r["repo_id"] == row.repo_id]
    kept = outcome is RepoOutcome.KEPT
    assert (told["outcome"], told["reason"]) == ("ok" if kept else "rejected", row.reason)
    verdicts = [v for v in run.rows("verdicts", Verdict) if v.repo_id == row.repo_id]
    assert bool(run.packaged(row.repo_id)) == kept, [(v.candidate_id, v.outcome, v.reason) for v in verdicts]


@pytest.mark.engine
def test_what_is_not_to_be_had_fails_alone(by_docker: OddRun) -> None:
    assert by_docker.called.code == 1
    assert by_docker.called.document["failed"] == 2
    told = {r["source"]: r for r in by_docker.called.document["repos"] if r["outcome"] == "failed"}
    gone = str(by_docker.out.parent / "not/there")  # whole: a run may be taken up from another folder
    assert list(told) == [gone, "ftp:nowhere"]
    assert f"path {gone!r} does not exist" in told[gone]["reason"]
    assert "unknown source 'ftp:nowhere'; known: " in told["ftp:nowhere"]["reason"]


@pytest.mark.namespaces
def test_rejected_repositories_are_no_failure(by_namespaces: OddRun) -> None:
    assert (by_namespaces.called.code, by_namespaces.called.document["failed"]) == (0, 0)


@pytest.mark.parametrize("source", NOWHERE)
def test_a_source_that_is_not_to_be_had_alone(source: str, place: Place) -> None:
    called = place.call("run", source, "--out", place.folder / "nothing")
    assert (called.code, called.document["exit_code"]) == (2, 2), called.document
    assert repr(source) in called.document["error"]


@pytest.fixture(
    params=[
        pytest.param("by_docker", marks=pytest.mark.engine),
        pytest.param("by_namespaces", marks=pytest.mark.namespaces),
    ]
)
def run(request: pytest.FixtureRequest) -> Iterator[OddRun]:
    """One run after the other."""
    yield request.getfixturevalue(request.param)


def test_nothing_is_left_running_or_lying_about(run: OddRun, place: Place) -> None:
    assert running(run.called.pid, [run.mark]) == []
    assert place.temporary() == []


def test_output_is_bounded(run: OddRun) -> None:
    sizes = {path: path.stat().st_size for path in run.out.rglob("*") if path.is_file()}
    assert max(sizes.values()) < 4 << 20, max(sizes, key=lambda path: sizes[path])
    assert len(run.called.errors) < 20_000


@pytest.mark.engine
def test_the_log_of_a_build_that_failed_is_kept(by_docker: OddRun) -> None:
    row = by_docker.repo("build_fails")
    log = (by_docker.out / row.log).read_text()
    assert "RuntimeError: gauge needs a compiler from 1987" in log
    assert "pytest==0.0.99" in log


@pytest.mark.engine
def test_a_test_that_fills_the_disk_takes_no_other_along(by_docker: OddRun) -> None:
    tests = by_docker.tests("fills_disk")
    full = tests.pop("tests/test_a_first.py::test_fills_the_disk", None)
    assert full in (Stability.BROKEN, None)
    assert [*tests.values()] == [Stability.RELIABLE] * odd.SUITE


@pytest.mark.engine
def test_what_a_suite_leaves_running_does_not_reach_the_next_try(by_docker: OddRun) -> None:
    """A module that its tests lack is installed after a suite that took up every process."""
    assert "six==" in by_docker.repo("daemons").requirements
    assert by_docker.repo("daemons").n_reliable == odd.SUITE + 2


@pytest.mark.engine
def test_files_that_cannot_be_read_are_left_alone(by_docker: OddRun, place: Place) -> None:
    row = by_docker.repo("odd_files")
    assert row.ignored == ("tests/test_broken.py",)
    assert by_docker.tests("odd_files")["tests/test_pounds.py::test_pounds"] is Stability.RELIABLE
    assert row.source_files == ("gauge.py", "pounds.py")
    changed = {file.path for i in by_docker.packaged(row.repo_id) for file in i.buggy_code}
    assert changed == {"gauge.py"}
    trees = [path.parent for path in (place.folder / "cache").rglob("pounds.py") if path.is_file()]
    assert trees
    assert not any((tree / name).is_symlink() for tree in trees for name in ("secret.py", "up"))


@pytest.mark.namespaces
def test_ids_with_spaces_brackets_and_unicode_are_whole(by_namespaces: OddRun) -> None:
    words = ("two words", "[brackets]", "größe", "a::b", "tab\there", "-k x")
    ids = {f"tests/test_names.py::test_named[{word}]" for word in words}
    ids.add("tests/test_names.py::test_größe_in_a_name")
    seen = by_namespaces.tests("odd_names")
    assert ids <= seen.keys(), sorted(seen)
    repo_id = by_namespaces.repo("odd_names").repo_id
    for instance in by_namespaces.published():
        if instance.repo_id == repo_id:
            assert ids <= {*instance.FAIL_TO_PASS, *instance.PASS_TO_PASS}


@pytest.mark.namespaces
def test_what_namespaces_published_holds(by_namespaces: OddRun, place: Place) -> None:
    called = place.call("verify", "--out", by_namespaces.out, "--sandbox", "namespaces", "--workers", "2")
    assert called.code == 0, called.document
    assert called.document["mismatches"] == 0
    assert called.document["verified"] == len(by_namespaces.published()) > 0
