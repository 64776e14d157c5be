"""Selecting a repository to judge in: what rejects it otherwise does not stand in the way."""

from pathlib import Path
from typing import Any

import pytest

from smith_lib.errors import InputError
from smith_lib.ledger import slug
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import load
from smith_lib.stages import Desk, select, take
from smith_lib.storage import Root, Shard, read
from smith_lib.types import Repo, RepoOutcome, StageRun, StageStatus, Test


def repo_of(row: StageRun, desk: Desk) -> Repo:
    [repo] = read(desk.root, Shard("repos", slug(row.pin), row.key), Repo)
    return repo


@pytest.mark.namespaces
@pytest.mark.network
def test_only_what_cannot_be_judged_is_rejected(
    tmp_path: Path, tiny_tree: Path, namespaces_sandbox: Sandbox
) -> None:
    def desk_of(**changes: Any) -> Desk:
        told = {"out": str(tmp_path / "out"), "select.clean_runs": 2, **changes}
        settings = load(None, told)
        root = Root.at(settings.out)
        return Desk("run", settings, root, namespaces_sandbox, tmp_path / "cache", lambda table, rows: None)

    source = str(tiny_tree)
    after = desk_of(**{"select.min_pass_rate": 1.0})
    rejected = select(source, after)
    assert (rejected.status, rejected.reason) == (StageStatus.REJECTED, repo_of(rejected, after).reason)
    judged_in = select(source, after, to_judge=True)
    # What the warm judge has to know of it had not been looked at.
    assert (judged_in.status, judged_in.key != rejected.key) == (StageStatus.DONE, True)
    assert repo_of(judged_in, after).tiers
    assert repo_of(judged_in, after).outcome is RepoOutcome.TOO_FEW_PASSING

    listed = tmp_path / "benchmarks.txt"
    listed.write_text("tiny-tools\n")
    before = desk_of(**{"select.contamination_file": str(listed)})
    rejected = select(source, before)
    assert (rejected.status, repo_of(rejected, before).n_reliable) == (StageStatus.REJECTED, 0)
    judged_in = select(source, before, to_judge=True)
    repo = repo_of(judged_in, before)
    assert (judged_in.status, judged_in.key != rejected.key) == (StageStatus.DONE, True)
    assert (repo.outcome, repo.reason) == (RepoOutcome.CONTAMINATED, rejected.reason)
    tests = read(before.root, Shard("tests", slug(judged_in.pin), judged_in.key), Test)
    assert repo.n_reliable == len(tests) > 0
    assert select(source, before, to_judge=True).status is StageStatus.CACHED

    with pytest.raises(InputError, match=r"gone\.jsonl: candidates cannot be read"):
        take(judged_in, tmp_path / "gone.jsonl", before)
