"""`smith curate`, and what it says of bad input."""

import json

import pytest

from smith_lib.inject.short_of import by_newest, drawn_by
from smith_lib.ledger import RunRecord, begin, enter, slug
from smith_lib.settings import Settings
from smith_lib.storage import Root, Shard, write
from smith_lib.types import Candidate, Instance, Repo, StageRun, StageStatus, Verdict
from tests.rows import a_candidate, a_repo, a_verdict, an_instance

STAGES = {"select": "repos", "inject": "candidates", "validate": "verdicts", "package": "instances"}
REPO = a_repo().repo_id


def a_root(path, count):
    """A root whose one repository has so many instances."""
    root = Root.at(path)
    begin(root, RunRecord("run1", ("pypi:repo",), Settings(out=str(path)), "package"))
    tables = {
        "repos": (Repo, [a_repo()]),
        "candidates": (Candidate, [a_candidate(n) for n in range(count)]),
        "verdicts": (Verdict, [a_verdict(n) for n in range(count)]),
        "instances": (Instance, [an_instance(n) for n in range(count)]),
    }
    for stage, table in STAGES.items():
        row, rows = tables[table]
        shard = Shard(table, slug("pypi:repo==1.0") if table == "repos" else REPO, "0")
        write(root, shard, row, rows)
        enter(
            root,
            StageRun("run1", "pypi:repo", "pypi:repo==1.0", REPO, stage, StageStatus.DONE, "", False,
                     len(rows), 1.0, shard.path, "0", "2026-01-01"),
        )  # fmt: skip
    return root


def test_it_shows_what_a_version_would_hold_and_publishes_nothing(tmp_path, invoke):
    root = a_root(tmp_path / "data", 12)
    result = invoke("curate", "--out", str(tmp_path / "data"), "--ids", str(tmp_path / "ids.txt"))
    assert result.exit_code == 0, result.output
    assert "12 tasks and 0 subtle ones of 12 instances" in result.output
    assert "score " in result.output
    assert "one project only, repo: nothing can be held out of it" in result.output
    assert len((tmp_path / "ids.txt").read_text().split()) == 12
    assert not any(root.names("published"))


def test_as_json_it_tells_bounds_shortfalls_and_score(tmp_path, invoke):
    a_root(tmp_path / "data", 12)
    result = invoke("curate", "--out", str(tmp_path / "data"), "--budget", "5", "--json")
    told = json.loads(result.stdout)
    assert (told["pool"], told["main"], len(told["ids"])) == (12, 5, 5)
    assert {b["name"] for b in told["bounds"]} >= {"simple", "multi_file", "other"}
    assert told["dataset_score"]["N"] == 5
    assert told["left_out"] == {"budget": 7}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--set", "publish.simple=0.9"], "the shares simple 0.9, medium 0.3, complex 0.1 add up to 1.3"),
        (
            ["--set", "publish.simple=0.604", "--set", "publish.tolerance=0"],
            "of the complexities (simple 0.604, medium 0.3, complex 0.1) contradict each other",
        ),
        (["--set", "publish.test_share=0.6", "--set", "publish.validation_share=0.4"], "nothing to train on"),
        (["--beyond", "v0001-aaaaaaaa"], "--beyond goes with --budget"),
        (["--beyond", "v0001-aaaaaaaa", "--budget", "3"], "no version 'v0001-aaaaaaaa'"),
        (["--beyond", "../x", "--budget", "3"], "no version '../x'"),
    ],
)
def test_contradictions_are_told(tmp_path, invoke, options, told):
    a_root(tmp_path / "data", 3)
    result = invoke("curate", "--out", str(tmp_path / "data"), *options)
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


def test_an_empty_pool_is_told(tmp_path, invoke):
    a_root(tmp_path / "data", 0)
    result = invoke("curate", "--out", str(tmp_path / "data"))
    assert result.exit_code == 2
    assert "the pool is empty" in " ".join(result.output.split())
    nowhere = invoke("curate", "--out", str(tmp_path / "none"))
    assert nowhere.exit_code == 2
    assert "no repository was packaged there yet" in " ".join(nowhere.output.split())


def test_missing_shards_are_named_with_the_remedy(tmp_path, invoke):
    root = a_root(tmp_path / "data", 3)
    gone = next(name for name in root.names("instances"))
    root.files.delete_file(root.path(gone))
    result = invoke("curate", "--out", str(tmp_path / "data"))
    assert result.exit_code == 5
    text = " ".join(result.output.split())
    assert f"shards are missing in {root.url}: {gone}" in text
    assert "`smith run` with the same sources makes them again" in text


def test_a_night_draws_by_the_newest_version(tmp_path):
    root = Root.at(tmp_path)
    settings = Settings(out=str(tmp_path))
    assert by_newest(settings) == settings
    told = {"curation": {"next_draw": {"complex other": 4.0, "multi_file": 2.0, "nonsense": 3}}}
    root.write_bytes("published/v0001-aaaaaaaa/metrics.json", json.dumps(told).encode())
    night = by_newest(settings)
    assert night.inject.short_of == "v0001-aaaaaaaa"
    assert drawn_by(night.inject.short_of, root) == {"complex other": 4.0, "multi_file": 2.0}
    assert drawn_by("even", root) == {}
    assert by_newest(night) == night
