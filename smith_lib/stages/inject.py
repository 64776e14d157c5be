"""Inject: from a kept repository to its candidates."""

import logging
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from smith_lib.errors import ModelUnusable, NetworkError, SourceError
from smith_lib.inject.aims import Aim, towards
from smith_lib.inject.candidates import candidates
from smith_lib.inject.mirror_family import fetched
from smith_lib.inject.mirror_family.mirror import Past
from smith_lib.inject.mirror_family.pulls import board
from smith_lib.inject.reach import Reach
from smith_lib.inject.short_of import drawn_by
from smith_lib.inject.yields import Yields, known
from smith_lib.llm import Model
from smith_lib.pool.examples import Examples, examples_of
from smith_lib.pool.shelf import shard_of
from smith_lib.progress import report
from smith_lib.settings import InjectSettings
from smith_lib.sources.github import parsed as named
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Root, Shard, read_at
from smith_lib.types import Candidate, Coverage, Function, PastFix, Repo, StageRun, StageStatus
from smith_lib.validate.called import called
from smith_lib.validate.coverage import by_most_tests, by_tests

log = logging.getLogger(__name__)
VERSION = 18
MIRROR = frozenset({"mirror_share", "mirror_per_fix", "mirror_commits", "mirror_pulls", "histories"})
"""Settings that matter where there is a history."""
LEARNT = frozenset({"towards", "towards_weights", "llm_examples"})
"""Settings that matter where the pool has fixes of the repository."""


def inject(selected: StageRun, desk: Desk) -> StageRun:
    """The stage's ledger row, once the candidates are there.

    Where the model of the family `llm`, or the history of the family `mirror`, cannot be had, the stage is as
    if the family was off, its key included, so that the next run asks again.
    """
    row, started = desk.start(selected.source, "inject"), time.monotonic()
    [repo] = desk.rows_of(Repo, selected)
    past = past_of(repo.source, repo.repo_id, desk)
    model = _model(desk) if past or "llm" in desk.settings.inject.strategies else None
    while True:
        try:
            shard, rows, status = _made(repo, selected, desk, model, past)
            break
        except (NetworkError, ModelUnusable, SourceError) as error:
            family = "mirror" if isinstance(error, SourceError) else "llm"
            lost = past if family == "mirror" else model
            if lost is None or not _without(family, desk.settings.inject).strategies:
                raise
            if isinstance(error, ModelUnusable):
                _warn_once(desk.run_id, desk.root, str(error))
            else:
                log.warning("%s: %s; the other families go on", repo.repo_id, error)
            model, past = (model, None) if family == "mirror" else (None, past)
    return finish(row, shard, started, pin=selected.pin, repo_id=repo.repo_id, status=status, rows=rows)


def _made(
    repo: Repo, selected: StageRun, desk: Desk, model: Model | None, past: Past | None
) -> tuple[Shard, int, StageStatus]:
    """The candidates' shard and their number, with the families off whose model or history is not there."""
    settings = desk.settings.inject if model else _without("llm", desk.settings.inject)
    settings = settings if past else _without("mirror", settings)
    yields, least = known(settings.yields, desk.root), desk.settings.validation.subtle_below
    learnt = _learnt(repo, settings, model, desk)
    short = drawn_by(settings.short_of, desk.root)
    matters = _what_matters(settings, model, past, yields, least) | learnt.matters
    matters |= {"short": short} if short else {}
    key = desk.key("inject", VERSION, selected.key, matters)
    shard = Shard("candidates", repo.repo_id, key)

    def make() -> list[Candidate]:
        report("inject", repo.repo_id, 0, settings.limit)
        functions = desk.rows_of(Function, selected)
        tree = desk.tree_of(repo)
        coverage, seed = desk.rows_of(Coverage, selected), desk.settings.seed
        often = by_most_tests(coverage)
        common = {f"{f.file}::{f.qualname}" for f in called(repo.repo_id, tree.path, often, often)}
        executed, reach = by_tests(coverage), Reach(coverage, least) if coverage else None
        made = candidates(
            repo, tree.path, functions, settings, seed, model, executed, past, common, yields, reach,
            learnt.examples, learnt.aim(settings), short,
        )  # fmt: skip
        report("inject", repo.repo_id, len(made), len(made))
        if not made:
            log.warning("%s: none of the bugs that the settings ask for can be made in it", repo.repo_id)
        return made

    return shard, *desk.counted(Candidate, shard, make)


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What the pool tells of a repository, as far as the settings ask for it."""

    examples: Examples | None = None
    fixes: tuple[PastFix, ...] = ()
    matters: dict[str, Any] = field(default_factory=dict)
    """What the rows depend on."""

    def aim(self, settings: InjectSettings) -> Aim | None:
        """The shares that are aimed at; none where they are the usual ones."""
        return towards(settings, self.fixes) if self.fixes else None


def _learnt(repo: Repo, settings: InjectSettings, model: Model | None, desk: Desk) -> _Learnt:
    shown = settings.llm_examples > 0 and model is not None and "llm" in settings.strategies
    if not (shown or settings.towards):
        return _Learnt()
    shard = shard_of(desk.root, repo.repo)
    if shard is None:
        name = "inject.towards" if settings.towards else "inject.llm_examples"
        text = "%s: the pool has no fixes of %s, so %s is as if unset; `smith pool` finds them"
        log.warning(text, repo.repo_id, repo.repo, name)
        return _Learnt()
    examples = examples_of(repo.repo, desk.root, desk.settings, desk.cache, desk.run_id) if shown else None
    matters: dict[str, Any] = {}
    if examples is not None:
        matters["examples"] = shard, settings.llm_examples, examples.embedder.name
    if settings.towards:
        matters["towards"] = shard, settings.towards_weights
    fixes = read_at(desk.root, shard, PastFix) if settings.towards else []
    return _Learnt(examples, tuple(fixes), matters)


def _model(desk: Desk) -> Model | None:
    """The model that writes bugs in this run, and ports fixes; none where both families are off."""
    strategies = desk.settings.inject.strategies
    if "llm" not in strategies and not ("mirror" in strategies and desk.settings.llm.model):
        return None
    if not desk.settings.llm.model:
        message = "inject.strategies names llm, but llm.model is not set"
        if not _without("llm", desk.settings.inject).strategies:
            raise ModelUnusable(message)
        _warn_once(desk.run_id, desk.root, message)
        return None
    return Model(desk.settings.llm, desk.cache / "llm", desk.run_id)


@cache
def _warn_once(run_id: str, root: Root, message: str) -> None:
    """One line a run: what keeps a model from answering is the same for every repository."""
    log.warning("%s; the other families go on", message)


def past_of(source: str, repo_id: str, desk: Desk) -> Past | None:
    """The history that a pinned source's fixes are taken from; none where the family is off or there is none.

    Raises what `fetched` raises where the family is the only one.
    """
    settings, select = desk.settings.inject, desk.settings.select
    if "mirror" not in settings.strategies:
        return None
    try:
        pinned = fetched.pinned_of(source, settings, select)
        if pinned is None:
            raise fetched.without(source)
        history = fetched.history_at(pinned, desk.cache, select)
    except (NetworkError, SourceError) as error:
        if not _without("mirror", settings).strategies:
            raise
        log.warning("%s: no mirrored fixes: %s; the other families go on", repo_id, error)
        return None
    name = named(pinned)[0] if pinned.startswith("github:") else ""
    if not (name and settings.mirror_pulls):
        return Past(history)
    try:
        return Past(history, board(name, history.head, settings.mirror_pulls, desk.cache, select))
    except (NetworkError, SourceError) as error:
        log.warning("%s: pull requests are not read: %s; the history alone is taken", repo_id, error)
        return Past(history)


def _without(family: str, settings: InjectSettings) -> InjectSettings:
    """The settings with a family off."""
    others = tuple(name for name in settings.strategies if name != family)
    return settings.model_copy(update={"strategies": others})


def _what_matters(
    settings: InjectSettings, model: Model | None, past: Past | None, yields: Yields, least: float
) -> dict[str, Any]:
    """What the rows depend on: settings, those of model and history only where there is one, yields, and the
    least share of tests that must fail."""
    out = (frozenset() if past else MIRROR) | (frozenset() if model else {"llm_share"})
    matters = settings.model_dump(exclude={"yields", "short_of", *LEARNT, *out})
    matters["subtle_below"] = least
    matters["yields"] = {name: (one.judged, one.valid) for name, one in yields.items()}
    if model is not None:
        matters["llm"] = model.settings.model_dump(exclude={"workers", "timeout", "stream"})
    if past is not None:
        matters["histories"] = past.history.digest, past.board.digest
    return matters
