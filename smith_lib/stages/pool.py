"""Pool: from a repository's history, and the verdicts on its fixes undone, to rows to learn from."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from smith_lib.inject.mirror_family import fetched
from smith_lib.inject.mirror_family.mirror import Past
from smith_lib.pool import text
from smith_lib.pool.collect import collected
from smith_lib.pool.embed import Embedder, embedder, label
from smith_lib.pool.index import hashed, packed
from smith_lib.pool.judged import by_commit, told
from smith_lib.pool.shelf import put
from smith_lib.pool.vary import variation, varied
from smith_lib.progress import report
from smith_lib.settings import MANY, Settings
from smith_lib.sources.protocol import Tree
from smith_lib.sources.roles import is_source
from smith_lib.sources.table import fetch, pin
from smith_lib.stages.frame import Desk, finish
from smith_lib.stages.inject import past_of
from smith_lib.stages.validate import at_work
from smith_lib.storage import Shard, read
from smith_lib.types import UNJUDGED, Candidate, Outcome, PastFix, Repo, StageRun, Verdict
from smith_lib.validate.crew import verdicts as judge

VERSION = 1


def of_history(settings: Settings) -> Settings:
    """The settings under which every fix of a history is undone and judged, and nothing else is made."""
    inject = settings.inject.model_copy(
        update={"strategies": ("mirror",), "operators": (), "limit": 1_000_000, "max_per_function": MANY,
                "rare_share": 1.0, "common_share": 1.0, "llm_examples": 0, "towards": ""}
    )  # fmt: skip
    validation = settings.validation.model_copy(update={"alike": 0.0})
    return settings.model_copy(update={"inject": inject, "validation": validation})


def look(source: str, desk: Desk) -> tuple[Tree, Past, list[PastFix]]:
    """The source's tree, its past, and the fixes in it, none of them judged.

    Raises `SourceError` where it has no history or no fix, which costs little to be told.
    """
    report("pool", source, 0, 0, "reading its history")
    settings = desk.settings
    pinned = desk.pins.get(source) or pin(source, settings.select)
    tree = fetch(pinned, desk.cache, settings.select)
    past = past_of(pinned.source, tree.repo_id, desk)
    if past is None:
        raise fetched.without(pinned.source)
    there = [str(path.relative_to(tree.path)) for path in tree.path.rglob("*.py")]
    rows = collected(past, tree, sorted(filter(is_source, there)), settings.inject.mirror_commits)
    return tree, past, rows


def record(source: str, desk: Desk) -> StageRun:
    """The stage's row, once a history's fixes are in the pool as they are: nothing is installed or run."""
    row, started = desk.start(source, "pool"), time.monotonic()
    tree, past, rows = look(source, desk)
    key = desk.key("record", VERSION, tree.pin.source, _matters(desk.settings, past))
    shard = Shard("fixes", tree.repo_id, key)
    made, status = desk.once(PastFix, shard, lambda: _embedded(rows, _embedder(desk)))
    put(desk.root, tree.pin.repo, shard.path)
    return finish(
        row, shard, started, pin=tree.pin.source, repo_id=tree.repo_id, status=status, rows=len(made)
    )


def pool(selected: StageRun, injected: StageRun, validated: StageRun, desk: Desk) -> StageRun:
    """The stage's row, once the fixes are in the pool with the verdicts on their undoing, and varied."""
    row, started = desk.start(selected.source, "pool"), time.monotonic()
    [repo] = desk.rows_of(Repo, selected)
    tree, past, rows = look(selected.source, desk)
    key = desk.key("pool", VERSION, validated.key, _matters(desk.settings, past))
    shard = Shard("fixes", selected.repo_id, key)

    def make() -> list[PastFix]:
        candidates = read(desk.root, Shard("candidates", repo.repo_id, injected.key), Candidate)
        verdicts = read(desk.root, Shard("verdicts", repo.repo_id, validated.key), Verdict)
        undone = by_commit(candidates, verdicts)
        known = [told(one, undone.get(one.commit, ())) for one in rows]
        return _embedded(_varied(known, candidates, selected, tree, desk), _embedder(desk))

    made, status = desk.once(PastFix, shard, make)
    put(desk.root, tree.pin.repo, shard.path)
    return finish(
        row, shard, started, pin=selected.pin, repo_id=selected.repo_id, status=status, rows=len(made)
    )


def _varied(
    rows: Sequence[PastFix], candidates: Sequence[Candidate], selected: StageRun, tree: Tree, desk: Desk
) -> list[PastFix]:
    """The rows with their variations, judged as any other candidate."""
    most = desk.settings.pool.variations
    by_id = {bug.candidate_id: bug for bug in candidates}
    covered = [row for row in rows if row.candidate_id and Outcome(row.outcome) not in UNJUDGED]
    bugs = {row.fix_id: by_id[row.candidate_id] for row in covered} if most else {}
    made = varied(bugs, tree.path, most, f"{desk.settings.seed}:{selected.repo_id}:pool")
    flat = [bug for some in made.values() for bug in some]
    bench, crew = at_work(selected, desk, len(flat))
    said = {v.candidate_id: v for v in judge(flat, bench, replace(crew, stage="pool"))}

    def of(row: PastFix) -> PastFix:
        some = made.get(row.fix_id, ())
        return replace(row, variations=tuple(variation(bug, said[bug.candidate_id]) for bug in some))

    return [of(row) for row in rows]


def _embedder(desk: Desk) -> Embedder:
    return embedder(desk.settings, desk.cache, desk.run_id or "pool")


def _embedded(rows: Sequence[PastFix], by: Embedder) -> list[PastFix]:
    """The rows with what they are found by."""
    texts = [text.of_fix(row) for row in rows]
    found = []
    for row, vector, said in zip(rows, by.embed(texts), texts, strict=True):
        name, words = label(by.name, len(vector)), hashed(text.words(said))
        found.append(replace(row, embedding=name, vector=packed(vector), words=words))
    return found


def _matters(settings: Settings, past: Past) -> dict[str, Any]:
    """What the rows depend on beside what was judged."""
    matters = settings.pool.model_dump(exclude={"base_url"})
    matters["commits"] = settings.inject.mirror_commits
    matters["past"] = past.history.digest, past.board.digest
    return matters
