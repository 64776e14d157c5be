"""Fixes out of a history: collected, found, shown, exported, and what is said where there are none."""

import json
import logging
from pathlib import Path

import pytest

from smith_lib.errors import InputError, SourceError
from smith_lib.pool import text
from smith_lib.pool.embed import embedder
from smith_lib.pool.index import Index, index_of
from smith_lib.pool.shelf import shelved
from smith_lib.settings import load
from smith_lib.stages import record
from smith_lib.storage import Root, read_at
from smith_lib.types import Category, PastFix, StageStatus
from tests.pool.histories import desk_of, history
from tests.servers.openai import openai
from tests.sources.made import git, repository, write


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return history(tmp_path_factory.mktemp("history") / "shapes")


@pytest.fixture(scope="module")
def out(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pool with the checkout's fixes as they are."""
    folder = tmp_path_factory.mktemp("pool")
    assert record(str(checkout), desk_of(folder)).rows == 3
    return folder


def rows_in(out: Path) -> list[PastFix]:
    root = Root.at(str(out))
    return [row for path in shelved(root).values() for row in read_at(root, path, PastFix)]


def test_a_fix_is_kept_with_what_was_said_and_done(out: Path) -> None:
    newest, zero, skip = rows_in(out)
    assert skip.title == "Skip missing sides (#9)"
    assert skip.body == "The longest side of a shape failed for None."
    assert [(report.kind, report.number) for report in skip.reports] == [("pull", 9)]
    assert (skip.functions, skip.test_files) == (("pkg/shapes.py::Shape.longest",), ("tests/test_pkg.py",))
    assert (skip.category, skip.edits, skip.fix_lines) == (Category.NULL_HANDLING, ("add condition",), 1)
    [piece] = skip.pieces
    assert "if side > best" in piece.buggy and "side is not None and" in piece.fixed
    assert "+            if side is not None and side > best:\n" in skip.patch
    assert (skip.validated, skip.outcome, skip.bug_patch, skip.embedding) == (False, "", "", "wordllama 256")
    assert (zero.edits, zero.functions) == (("change comparison",), ("pkg/shapes.py::scaled",))
    assert newest.functions == ("pkg/shapes.py::UNITS",)


def test_the_same_history_gives_the_same_rows_and_is_not_read_twice(checkout: Path, out: Path) -> None:
    before = next(iter(shelved(Root.at(str(out))).values()))
    assert record(str(checkout), desk_of(out)).status is StageStatus.CACHED
    data = (out / before).read_bytes()
    (out / before).unlink()
    assert record(str(checkout), desk_of(out)).status is StageStatus.DONE
    assert (out / before).read_bytes() == data
    fewer = record(str(checkout), desk_of(out, **{"inject.mirror_commits": 1}))
    assert (fewer.rows, fewer.shard != before) == (1, True)
    assert record(str(checkout), desk_of(out)).shard == before


def test_the_nearest_fix_is_found_by_words_by_code_and_by_a_diff(out: Path) -> None:
    index, by_model = index_of(Root.at(str(out))), embedder(load(None, {}), out, "run")
    rows = {row.title[:4]: row for row in rows_in(out)}
    questions = {
        "Skip": ("a side that is missing", "def longest(self):\n    for side in self.sides: ..."),
        "Allo": ("factor zero is refused", rows["Allo"].patch),
        "Tell": ("the units of kilometres", rows["Tell"].patch),
    }
    for title, asked in questions.items():
        for question in asked:
            for by in ("both", "words"):
                [hit] = index.nearest(text.of_question(question), by_model, 1, by)
                assert (question, hit.row.title[:4]) == (question, title)
        [hit] = index.nearest(text.of_fix(rows[title]), by_model, 1, "vectors")
        assert (hit.row, hit.cosine > 0.99) == (rows[title], True)
    found = index.nearest("shape", by_model, 9, without=frozenset({rows["Skip"].fix_id}))
    assert [hit.row.title[:4] for hit in found] == sorted(
        ("Allo", "Tell"), key=lambda title: [h.row.title[:4] for h in found].index(title)
    )
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_search_shows_function_commit_score_and_diff(out: Path, invoke, tmp_path: Path) -> None:
    shown = invoke("pool", "search", "missing side", "--top", "1", "--out", out)
    assert shown.exit_code == 0, shown.output
    skip = rows_in(out)[2]
    line = "+            if side is not None and side > best:"
    for told in (skip.commit[:10], "Shape.longest", "null_handling", line):
        assert told in shown.output
    [hit] = json.loads(invoke("pool", "search", skip.patch, "--top", "1", "--json", "--out", out).output)
    assert (hit["fix_id"], hit["commit"], 0 < hit["score"] <= 1) == (skip.fix_id, skip.commit, True)
    odd = invoke("pool", "search", "\udcff\udcfe best", "--top", "1", "--out", out)
    assert odd.exit_code == 0, odd.output
    nothing = invoke("pool", "search", "  ", "--out", out)
    assert (nothing.exit_code, "nothing to search for" in nothing.output) == (2, True)
    none = invoke("pool", "search", "x", "--out", tmp_path)
    assert (none.exit_code, "no pool in" in none.output, "pool SOURCE" in none.output) == (2, True, True)
    other = invoke("pool", "search", "x", "--project", "o/n", "--out", out)
    assert (other.exit_code, "it has: local/shapes" in other.output) == (2, True)


def test_a_pool_is_exported_as_chats(out: Path, invoke, tmp_path: Path) -> None:
    done = invoke("pool", "export", tmp_path / "chats", "--out", out, "--json")
    assert (done.exit_code, json.loads(done.output)["fixes"]) == (0, 3)
    lines = (tmp_path / "chats" / "text" / "train.jsonl").read_text().splitlines()
    skip = next(row for row in map(json.loads, lines) if "missing sides" in row["prompt"])
    assert "failed for None" in skip["prompt"] and "if side > best" in skip["prompt"]
    assert "side is not None and" not in skip["prompt"] and "side is not None and" in skip["completion"]
    none = invoke("pool", "export", tmp_path / "none", "--validated", "--out", out)
    assert (none.exit_code, "none of those in the pool is validated" in none.output) == (2, True)
    assert not (tmp_path / "none").exists()


def test_without_a_fix_it_says_what_one_is_and_leaves_nothing(tmp_path: Path, checkout: Path, caplog) -> None:
    desk = desk_of(tmp_path / "out")
    bare = repository(tmp_path / "bare", {"pkg/a.py": "x = 1\n", "tests/test_a.py": ""})
    with pytest.raises(SourceError, match="no fix in 1 commits: a fix changes up to 8 source files in place"):
        record(str(bare), desk)
    (tmp_path / "plain" / "pkg").mkdir(parents=True)
    (tmp_path / "plain" / "pkg" / "a.py").write_text("x = 1\n")
    with pytest.raises(SourceError, match="has no git history"):
        record(str(tmp_path / "plain"), desk)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{checkout}", str(tmp_path / "one"))
    with pytest.raises(SourceError, match="the clone is shallow, `git fetch --unshallow` brings the rest"):
        record(str(tmp_path / "one"), desk)
    assert not (tmp_path / "out" / "fixes").exists() and shelved(desk.root) == {}
    git(tmp_path, "clone", "-q", "--depth=2", f"file://{checkout}", str(tmp_path / "two"))
    with caplog.at_level(logging.WARNING):
        assert record(str(tmp_path / "two"), desk).rows == 1  # one fix alone is a pool
    assert "its 2 commits are all that is looked at" in caplog.text
    [hit] = index_of(desk.root).nearest("x", embedder(desk.settings, tmp_path, ""), 5)
    assert hit.row.title == "Tell kilometres exactly"


def test_a_models_file_that_is_absent_is_named_with_the_remedy(
    tmp_path: Path, checkout: Path, out: Path, invoke
) -> None:
    desk = desk_of(tmp_path / "out", **{"pool.model_folder": str(tmp_path)})
    with pytest.raises(InputError, match=r"l2_supercat_256.safetensors is absent: see pool.model_folder"):
        record(str(checkout), desk)
    assert not (tmp_path / "out" / "fixes").exists()
    there = ("--out", out, "--set", f"pool.model_folder={tmp_path}")
    told = invoke("pool", "search", "x", *there)
    assert (told.exit_code, "is absent" in told.output) == (2, True)
    assert invoke("pool", "search", "side", "--by", "words", *there).exit_code == 0
    for name in ("weights/l2_supercat_256.safetensors", "tokenizers/l2_supercat_tokenizer_config.json"):
        write(tmp_path, {name: "{}"})
    with pytest.raises(InputError, match="cannot be read"):
        embedder(desk.settings, tmp_path, "").embed(["x"])


def test_another_model_embeds_within_the_budget_and_is_not_asked_twice(
    tmp_path: Path, checkout: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    with openai(lambda messages: "") as server:
        told = {"pool.embedding": "openai/text-embedding-3-small", "pool.base_url": server.url}
        desk = desk_of(tmp_path / "out", **told)
        server.broken(429, headers={"retry-after": "0"})
        row = record(str(checkout), desk)
        asked = len(server.asked)
        fixes = read_at(desk.root, row.shard, PastFix)
        told_of = {(fix.embedding, len(fix.vector)) for fix in fixes}
        assert told_of == {("openai/text-embedding-3-small 8", 16)}
        (tmp_path / "out" / row.shard).unlink()
        record(str(checkout), desk)
        assert len(server.asked) == asked == 2
        index, by_model = index_of(desk.root), embedder(desk.settings, desk.cache, "run")
        assert index.nearest(text.of_fix(fixes[0]), by_model, 1, "vectors")[0].row == fixes[0]
        dear = desk_of(tmp_path / "dear", **told, **{"llm.max_requests": 0})
        with pytest.raises(InputError, match=r"llm\.max_requests = 0 is used up"):
            record(str(checkout), dear)
        assert not (tmp_path / "dear" / "fixes").exists()
        with pytest.raises(InputError, match=r"'wordllama 256', and pool.embedding gives 'openai/.* 8'"):
            index_of(Root.at(str(out))).nearest("x", by_model, 1)
    both = Root.at(str(tmp_path / "both"))
    for name, root in (("other", desk.root), ("own", Root.at(str(out)))):
        [shard] = shelved(root).values()
        both.write_bytes(f"{name}.parquet", root.read_bytes(shard))
    with pytest.raises(InputError, match="has vectors of"):
        Index(both, ["other.parquet", "own.parquet"])
