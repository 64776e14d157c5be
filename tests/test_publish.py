import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from expectations.checkpoint import gate
from smith_lib.curate.choose import Choice, choose
from smith_lib.curate.metrics import metrics
from smith_lib.errors import GateFailed, InputError, StorageError
from smith_lib.publish import damaged, keep_refused, latest, versions, write_version
from smith_lib.publish.columns import explained
from smith_lib.settings import PublishSettings, Settings
from smith_lib.stages.publish import Proposal
from smith_lib.stages.publish import publish as publish_stage
from smith_lib.storage import Root, schema_of
from smith_lib.types import Category, Complexity, Instance
from tests.rows import a_candidate, a_repo, a_verdict, an_instance
from tests.servers import s3

SETTINGS = PublishSettings(rows_per_shard=12)


def rows(count, **changes):
    cells = [{"complexity": size, "category": kind} for size, kind in product(Complexity, Category)]
    return [an_instance(n, **(cells[n % len(cells)] | changes)) for n in range(count)]


def a_choice(count=30, subtle=4):
    low = [an_instance(1_000 + n, subset="subtle", fail_ratio=0.004) for n in range(subtle)]
    return choose([*rows(count), *low], SETTINGS, seed=1)


def figures(choice):
    n = len(choice.main) + len(choice.subtle)
    return metrics([a_repo()], [a_candidate(i) for i in range(n)], [a_verdict(i) for i in range(n)], choice)


def publish(root, choice, docs=None):
    return write_version(root, choice, figures(choice), docs, SETTINGS)


@pytest.fixture
def root(tmp_path):
    return Root.at(tmp_path / "out")


def test_a_version_is_a_folder_with_everything_in_it(root, tmp_path):
    docs = tmp_path / "docs"
    (docs / "validations").mkdir(parents=True)
    (docs / "index.html").write_text("<p>fine</p>")
    (docs / "validations" / "a.html").write_text("<p>a</p>")
    made = publish(root, a_choice(), docs)
    assert made.new
    assert made.rows == 34
    folder = Path(made.path)
    assert folder == root.local / "published" / made.version
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()) == [
        "README.md",
        "data/subtle-00000-of-00001.parquet",
        "data/train-00000-of-00003.parquet",
        "data/train-00001-of-00003.parquet",
        "data/train-00002-of-00003.parquet",
        "data_docs/index.html",
        "data_docs/validations/a.html",
        "metrics.json",
        "scores.parquet",
    ]
    assert (root.local / "published" / "latest").read_text() == made.version + "\n"
    assert latest(root) == made.version
    told = json.loads((folder / "metrics.json").read_text())
    assert told["distribution"]["subsets"] == {"main": 30, "subtle": 4}
    for file in folder.glob("data/*.parquet"):
        assert pq.read_schema(file).equals(schema_of(Instance))


def test_the_same_rows_make_no_second_version_and_other_rows_do(root):
    first = publish(root, a_choice())
    again = publish(root, a_choice())
    assert (again.version, again.new, again.path) == (first.version, False, first.path)
    second = publish(root, a_choice(31))
    assert second.version.startswith("v0002-")
    assert versions(root) == [first.version, second.version]
    assert latest(root) == second.version
    third = publish(root, a_choice())
    assert third.version == "v0003-" + first.version.removeprefix("v0001-")


def test_a_version_lists_what_it_changes_against_the_one_before(root):
    def chosen(count, **changes):
        them = [replace(row, **changes) if row.instance_id == first else row for row in rows(count)]
        return choose([*them, *more], SETTINGS, seed=1)

    first, more = rows(1)[0].instance_id, []
    assert not (Path(publish(root, chosen(4)).path) / "changes.json").exists()
    other = {"repo": "a/new", "repo_id": "a__new.1"}
    more = [an_instance(77, **other), an_instance(78, repo_id="b__other.2")]
    made = publish(root, chosen(3, problem_statement="Other words.", quality=0.5))
    told = json.loads((Path(made.path) / "changes.json").read_text())
    assert told == {
        "since": versions(root)[0],
        "added": {
            "a new commit of its repository": [more[1].instance_id],
            "a new repository": [more[0].instance_id],
        },
        "removed": {"not made or not kept any more": [rows(4)[3].instance_id]},
        "changed": {"problem_statement, quality": [first]},
    }
    card = (Path(made.path) / "README.md").read_text()
    assert f"## Changes since {versions(root)[0]}" in card
    assert "| changed | problem_statement, quality | 1 |" in card


def test_what_keeps_a_row_out_is_the_reason_that_it_went(root):
    both = [an_instance(1), an_instance(2)]
    publish(root, choose(both, SETTINGS, seed=1))
    again = [both[0], replace(both[1], buggy_code=both[0].buggy_code)]
    made = publish(root, choose(again, SETTINGS, seed=1))
    [(why, ids)] = json.loads((Path(made.path) / "changes.json").read_text())["removed"].items()
    assert why.startswith("left out: ")
    assert ids == [both[1].instance_id]


def test_a_version_before_that_cannot_be_read_holds_up_nothing(root):
    first = publish(root, a_choice())
    root.write_bytes(f"published/{first.version}/data/train-00000-of-00003.parquet", b"no parquet")
    second = publish(root, a_choice(31))
    assert second.new
    assert not (Path(second.path) / "changes.json").exists()


def test_the_same_rows_give_the_same_bytes(tmp_path):
    one, two = (publish(Root.at(tmp_path / name), a_choice()) for name in ("one", "two"))
    assert one.version == two.version
    for file in Path(one.path).rglob("*"):
        if file.is_file():
            assert file.read_bytes() == (Path(two.path) / file.relative_to(one.path)).read_bytes()


def test_an_empty_choice_is_refused_with_the_funnel(root):
    nothing = Choice((), (), ())
    verdicts = [a_verdict(n, outcome="no_failure") for n in range(3)]
    told = metrics([a_repo()], [a_candidate(n) for n in range(3)], verdicts, nothing)
    with pytest.raises(InputError, match="nothing to publish: 1 repository, 3 candidates: 3 no_failure"):
        write_version(root, nothing, told, None, SETTINGS)
    assert not (root.local / "published").exists()


def test_a_failed_write_leaves_the_last_version_and_no_half_of_the_new_one(root):
    first = publish(root, a_choice())
    docs = root.local / "no-such-folder" / "docs"
    docs.mkdir(parents=True)
    (docs / ("n" * 250)).write_text("a name that the temporary suffix makes too long")
    with pytest.raises(StorageError, match="cannot write"):
        publish(root, a_choice(31), docs)
    assert latest(root) == first.version
    assert {p.name for p in (root.local / "published").iterdir()} == {first.version, "latest", ".lock"}


PUBLISHER = """
import sys
from smith_lib.curate.choose import Choice
from smith_lib.publish import write_version
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from tests.rows import an_instance
for n in range(5):
    choice = Choice((an_instance(10 * int(sys.argv[2]) + n),), (), ())
    print(write_version(Root.at(sys.argv[1]), choice, {}, None, PublishSettings()).version)
"""


def test_publishers_into_one_root_take_numbers_of_their_own(root):
    command = [sys.executable, "-c", PUBLISHER, str(root.local)]
    here = Path(__file__).parents[1]
    running = [
        subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True, cwd=here) for n in range(3)
    ]
    told = [process.communicate(timeout=120)[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    made = sorted(version for versions_of_one in told for version in versions_of_one)
    assert [version[:5] for version in made] == [f"v{number:04d}" for number in range(1, 16)]
    assert versions(root) == made
    assert latest(root) == made[-1]
    assert all(damaged(root, version) == [] for version in made)


@pytest.mark.parametrize("data", [b"{", b"[]", b"{}"])
def test_damaged_figures_are_mended_by_the_next_run(data, root):
    first = publish(root, a_choice())
    root.write_bytes(f"published/{first.version}/metrics.json", data)
    assert publish(root, a_choice()).version == first.version
    assert damaged(root, first.version) == []


def test_a_damaged_name_of_the_newest_version_is_mended_by_the_next_run(root):
    first = publish(root, a_choice())
    root.write_bytes("published/latest", b"\xff")
    with pytest.raises(StorageError, match="published/latest is damaged"):
        latest(root)
    assert not publish(root, a_choice()).new
    assert latest(root) == first.version


def test_a_version_that_was_cut_off_before_it_was_named_is_named_by_the_next_run(root):
    first = publish(root, a_choice())
    (root.local / "published" / "latest").unlink()
    again = publish(root, a_choice())
    assert not again.new
    assert latest(root) == first.version


def test_a_version_without_its_last_file_does_not_count(root):
    first = publish(root, a_choice())
    (Path(first.path) / "metrics.json").unlink()
    assert latest(root) is None
    assert versions(root) == []
    again = publish(root, a_choice())
    assert again.new
    assert again.version == first.version
    assert (Path(again.path) / "metrics.json").is_file()


def test_every_column_is_explained():
    told = explained()
    assert list(told) == [f.name for f in fields(Instance)]
    assert all(text.strip() for text in told.values())
    assert told["patch"] == "The fix: buggy to clean."
    assert told["FAIL_TO_PASS"] == "Pass on clean code, not on buggy code."


def test_the_card_tells_what_is_inside(root):
    others = [an_instance(n, license="Apache-2.0") for n in range(50, 53)]
    made = publish(root, choose([*rows(6), *others], SETTINGS, seed=0))
    text = (Path(made.path) / "README.md").read_text()
    assert "license: other" in text
    assert "- n<1K" in text
    assert "| pypi/repo | pypi:repo==1.0 | Apache-2.0 | 3 |" in text
    assert "config_name: subtle" not in text
    assert "| `fail_ratio` |" in text
    assert "9 tasks from 1 repository. Each" in text
    assert "`difficulty` is an estimate by rule" in text
    assert "0 tasks have the tag `weak_tests`" in text


def test_the_docs_of_a_refusal_are_kept_until_something_is_published(root, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    first = publish(root, a_choice())
    (docs / "old.html").write_text("older")
    keep_refused(root, docs)
    (docs / "old.html").rename(docs / "index.html")
    page = Path(keep_refused(root, docs))
    assert page.read_text() == "older"
    assert [p.name for p in page.parent.iterdir()] == ["index.html"]
    assert (latest(root), versions(root)) == (first.version, [first.version])
    publish(root, a_choice(31))
    assert not page.exists()


def test_a_refused_version_is_not_there_and_the_error_says_where_the_docs_are(root):
    first = publish(root, a_choice())
    rows = [an_instance(n, fail_ratio=0.95) for n in range(3)]
    choice = Choice(tuple(rows), (), ())
    proposal = Proposal(choice, frozenset(), frozenset(), figures(choice))

    def check(proposal, docs):
        gate("published", proposal.choice.main, docs=docs)

    page = root.local / "published" / "refused" / "data_docs" / "index.html"
    with pytest.raises(GateFailed, match=r"`main` is in the band .seen: 0.95.*data docs: ") as told:
        publish_stage(proposal, root, Settings(), check)
    assert str(told.value).endswith(str(page))
    assert page.is_file()
    assert (latest(root), versions(root)) == (first.version, [first.version])


def test_the_gate_looks_again_where_rows_or_rules_are_others(root):
    def proposed(count):
        choice = a_choice(count)
        return Proposal(choice, frozenset(), frozenset(), figures(choice))

    def gated(count, settings):
        looked = []
        made = publish_stage(proposed(count), root, settings, lambda *given: looked.append(given))
        return made.new, len(looked)

    plain = Settings(publish=SETTINGS)
    stricter = Settings(publish=SETTINGS.model_copy(update={"shares_from": 10}))
    assert gated(30, plain) == (True, 1)
    assert gated(30, plain) == (False, 0)
    assert gated(30, stricter) == (False, 1)
    assert gated(31, plain) == (True, 1)


@pytest.fixture
def store(monkeypatch):
    """A bucket on a local server."""
    with s3.bucket("tasks") as variables:
        s3.set_variables(monkeypatch, variables)
        yield Root.at("s3://tasks/some/place")


def test_an_object_store_holds_the_same_versions(store, root):
    first = publish(store, a_choice())
    assert first.version == publish(root, a_choice()).version
    assert first.path == f"s3://tasks/some/place/published/{first.version}"
    assert store.read_bytes("published/latest").decode() == first.version + "\n"
    for name in root.names(f"published/{first.version}"):
        assert store.read_bytes(name) == root.read_bytes(name)
    assert not publish(store, a_choice()).new
    (root.local / "index.html").write_text("why")
    page = keep_refused(store, root.local)
    assert page == "s3://tasks/some/place/published/refused/data_docs/index.html"
    assert store.read_bytes("published/refused/data_docs/index.html") == b"why"
    store.files.delete_file(store.path(f"published/{first.version}/metrics.json"))
    assert versions(store) == []
    assert publish(store, a_choice(31)).version.startswith("v0001-")
    assert not store.exists("published/refused/data_docs/index.html")


LOAD = """
import json, sys
from datasets import load_dataset
path = sys.argv[1]
train = load_dataset(path, split="train")
subtle = load_dataset(path, "subtle", split="train")
assert train.features == subtle.features
row = train[0]
print(json.dumps({"train": train["instance_id"][:], "subtle": subtle["instance_id"][:], "row": row}))
"""


def test_datasets_loads_both_subsets_offline(root, tmp_path):
    choice = a_choice()
    made = publish(root, choice)
    env = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    env |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "HF_DATASETS_CACHE": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "-c", LOAD, made.path], env=env, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stderr
    loaded = json.loads(run.stdout.splitlines()[-1])
    assert loaded["train"] == [row.instance_id for row in choice.main]
    assert loaded["subtle"] == [row.instance_id for row in choice.subtle]
    assert loaded["row"]["buggy_code"] == [{"path": "pkg/a.py", "text": "x = 1\n"}]
    assert loaded["row"]["FAIL_TO_PASS"] == ["tests/test_a.py::test_0"]
    assert loaded["row"]["complexity"] == "simple"
