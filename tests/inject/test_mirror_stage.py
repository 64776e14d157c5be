"""The inject stage with a history: where it is found, its key, and what happens where it is not there."""

import logging
from pathlib import Path
from typing import Any, cast

import pytest

from smith_lib.errors import SourceError
from smith_lib.inject.mirror_family import fetched
from smith_lib.inject.mirror_family.history import listed
from smith_lib.ledger import slug
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import load
from smith_lib.sources.table import fetch, pin
from smith_lib.stages import Desk, inject
from smith_lib.storage import Root, Shard, read_at, write
from smith_lib.types import Candidate, Coverage, Function, Repo, StageRun, StageStatus, Strategy
from tests.inject.test_candidates import functions
from tests.inject.test_mirror_family import SHAPES, TEST, fixed, say, started
from tests.rows import a_repo
from tests.servers.github import GitHub, Repository, issue, pull
from tests.sources.made import git

FILES = ("pkg/shapes.py",)


def desk_of(out: Path, **changes: Any) -> Desk:
    told = {"out": str(out), "inject.limit": 6, "inject.strategies": ["ast", "mirror"], **changes}
    root, no_sandbox = Root.at(str(out)), cast("Sandbox", None)
    return Desk("run", load(None, told), root, no_sandbox, out / "cache", lambda table, rows: None)


def selected(source: str, desk: Desk) -> StageRun:
    """What the select stage leaves behind."""
    at = pin(source, desk.settings.select)
    there = fetch(at, desk.cache, desk.settings.select).path
    name, key = slug(at.source), "0" * 16
    row = a_repo(source=at.source, repo=at.repo, source_files=FILES, test_files=())
    write(desk.root, Shard("repos", name, key), Repo, [row])
    write(desk.root, Shard("functions", name, key), Function, functions(there, FILES))
    write(desk.root, Shard("coverage", name, key), Coverage, [])
    return StageRun(
        "run", source, at.source, row.repo_id, "select", StageStatus.DONE, "", False, 1, 0.0, "", key, ""
    )


def rows_of(run: StageRun, out: Path) -> list[Candidate]:
    return read_at(Root.at(str(out)), run.shard, Candidate)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with one fix and something after it."""
    made = started(tmp_path / "repo")
    fix = {"pkg/shapes.py": fixed(), "tests/test_pkg.py": TEST.format("longest")}
    say(made, "Skip missing sides (#9)", fix)
    say(made, "Later", {"README": "x\n"})
    return made


def test_a_checkout_has_its_own_history(repo: Path, tmp_path: Path) -> None:
    desk = desk_of(tmp_path / "out")
    before = selected(str(repo), desk)
    run = inject(before, desk)
    found = rows_of(run, tmp_path / "out")
    assert {row.strategy for row in found} == {Strategy.AST, Strategy.MIRROR}
    [row] = [row for row in found if row.strategy is Strategy.MIRROR]
    assert row.fix_commit == git(repo, "rev-parse", "HEAD~1")
    assert len(found) == 6
    again = inject(before, desk_of(tmp_path / "out", workers=7))
    assert (again.shard, again.status) == (run.shard, StageStatus.CACHED)
    off = inject(before, desk_of(tmp_path / "out", **{"inject.strategies": ["ast"]}))
    assert (off.status, off.shard != run.shard) == (StageStatus.DONE, True)


def test_a_source_without_a_history_is_told_and_may_be_given_one(
    repo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = tmp_path / "plain"
    for path in ("pkg/shapes.py", "tests/test_pkg.py"):
        (plain / path).parent.mkdir(parents=True)
        (plain / path).write_bytes((repo / path).read_bytes())
    out = tmp_path / "out"
    before = selected(str(plain), desk_of(out))
    off = inject(before, desk_of(out, **{"inject.strategies": ["ast"]}))
    with caplog.at_level(logging.WARNING):
        none = inject(before, desk_of(out))
    assert (none.shard, none.status) == (off.shard, StageStatus.CACHED)
    assert "no mirrored fixes" in caplog.text
    with pytest.raises(SourceError, match="no git history"):
        inject(before, desk_of(out, **{"inject.strategies": ["mirror"]}))
    told = {"inject.histories": {str(plain): f"git+file://{repo}"}}
    given = inject(before, desk_of(out, **told))
    [row] = [row for row in rows_of(given, out) if row.strategy is Strategy.MIRROR]
    assert row.fix_title == "Skip missing sides (#9)"
    say(repo, "More", {"pkg/shapes.py": SHAPES, "tests/test_pkg.py": "x = 3\n"})
    assert inject(before, desk_of(out, **told)).shard != given.shard  # the history has gone on


def test_github_tells_what_the_fixes_were_about(
    hub: GitHub, repo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    merged = git(repo, "rev-parse", "HEAD~1")
    pulls = (pull(9, "Skip missing sides", "Fixes #4", merged),)
    hub.add(Repository("o/name", repo, pulls=pulls, issues=(issue(4, "TypeError for a missing side"),)))
    out = tmp_path / "out"
    told = {"select.github_url": hub.api}
    before = selected("github:o/name", desk_of(out, **told))
    run = inject(before, desk_of(out, **told))
    [row] = [row for row in rows_of(run, out) if row.strategy is Strategy.MIRROR]
    assert [(r.kind, r.number, r.title) for r in row.fix_reports] == [
        ("pull", 9, "Skip missing sides"), ("issue", 4, "TypeError for a missing side")
    ]  # fmt: skip
    seen = len(hub.seen)
    assert inject(before, desk_of(out, **told)).status is StageStatus.CACHED
    assert len(hub.seen) == seen

    hub.troubles.clear()
    hub.rate_limited(4_000_000_000)
    with caplog.at_level(logging.WARNING):
        bare = inject(before, desk_of(out, **told, **{"inject.mirror_pulls": 5}))
    assert "pull requests are not read" in caplog.text
    [row] = [row for row in rows_of(bare, out) if row.strategy is Strategy.MIRROR]
    assert [(r.kind, r.number, r.title) for r in row.fix_reports] == [("pull", 9, "Skip missing sides")]


def test_a_history_that_cannot_be_fetched_leaves_the_other_families(
    repo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out"
    before = selected(f"git+file://{repo}", desk_of(out))
    repo.rename(tmp_path / "gone")
    with caplog.at_level(logging.WARNING):
        run = inject(before, desk_of(out))
    assert {row.strategy for row in rows_of(run, out)} == {Strategy.AST}
    assert "no mirrored fixes" in caplog.text


def test_a_private_history_is_fetched_with_the_token(
    hub: GitHub, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(Repository("o/secret", repo, private=True))
    monkeypatch.setenv("GITHUB_TOKEN", hub.token)
    out = tmp_path / "out"
    told = {"select.github_url": hub.api}
    before = selected("github:o/secret", desk_of(out, **told))
    run = inject(before, desk_of(out, **told))
    assert Strategy.MIRROR in {row.strategy for row in rows_of(run, out)}
    monkeypatch.delenv("GITHUB_TOKEN")
    again = inject(before, desk_of(out, **told, **{"inject.mirror_pulls": 0}))  # what is there is enough
    assert Strategy.MIRROR in {row.strategy for row in rows_of(again, out)}
    with pytest.raises(SourceError, match=r"no repository o/secret"):
        fetched.history_at(before.pin, tmp_path / "none", load(None, told).select)


def test_a_shallow_repository_is_fetched_as_far_as_it_goes(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{repo}", str(tmp_path / "shallow"))
    head = git(repo, "rev-parse", "HEAD")
    source = f"git+file://{tmp_path / 'shallow'}@{head}"
    history = fetched.history_at(source, tmp_path / "cache", load(None, {}).select)
    assert [len(commit.parents) for commit in listed(history, 10)] == [1, 0]


def test_undone_fixes_are_combined_with_other_bugs(repo: Path, tmp_path: Path) -> None:
    changes = {"inject.strategies": ["combine", "mirror"], "inject.limit": 40, "inject.max_per_function": 100}
    desk = desk_of(tmp_path / "out", **changes)
    found = rows_of(inject(selected(str(repo), desk), desk), tmp_path / "out")
    [fix] = [row for row in found if row.strategy is Strategy.MIRROR]
    whole = {line for line in fix.bug_patch.split("\n") if line[:1] in "+-" and line[1:2] not in "+-"}
    combined = [row for row in found if row.strategy is Strategy.COMBINE]
    assert any(whole <= set(row.bug_patch.split("\n")) for row in combined)
    assert {row.fix_commit for row in combined} == {""}
