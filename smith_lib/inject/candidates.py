"""A repository's candidates, drawn by a seed."""

import hashlib
import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from smith_lib import diffs
from smith_lib.inject import balance, combine
from smith_lib.inject.aims import Aim
from smith_lib.inject.alike import Clean, features
from smith_lib.inject.draw import Draft, Sites, Studio, drafts_of
from smith_lib.inject.llm_family import family
from smith_lib.inject.mirror_family import mirror
from smith_lib.inject.mirror_family.mirror import Past
from smith_lib.inject.program import Program, Skipped, read
from smith_lib.inject.reach import Reach
from smith_lib.inject.table import chosen
from smith_lib.inject.yields import Weights, Yields
from smith_lib.llm import Model
from smith_lib.settings import InjectSettings
from smith_lib.types import Candidate, Complexity, Function, Repo, Strategy

if TYPE_CHECKING:
    from smith_lib.pool.examples import Examples

log = logging.getLogger(__name__)
OVERDRAW = 5
"""How many drafts are made for each candidate wanted, so that there is something to choose from."""


def programs(repo: Repo, tree: Path) -> tuple[list[Program], dict[str, str]]:
    """The source files that bugs can be made in, and why the others are left out (path to reason)."""
    tests = set(repo.test_files)
    parsed: list[Program] = []
    skipped: dict[str, str] = {}
    for path in sorted(set(repo.source_files) - tests):
        try:
            parsed.append(read(tree, path))
        except Skipped as reason:
            skipped[path] = str(reason)
            log.info("%s: %s is left out: %s", repo.repo_id, path, reason)
    return parsed, skipped


def candidates(
    repo: Repo,
    tree: Path,
    functions: Sequence[Function],
    settings: InjectSettings,
    seed: int,
    model: Model | None = None,
    executed: Mapping[str, Set[int]] | None = None,
    past: Past | None = None,
    common: Set[str] = frozenset(),
    yields: Yields | None = None,
    reach: Reach | None = None,
    examples: "Examples | None" = None,
    aim: Aim | None = None,
    short: Mapping[str, float] | None = None,
) -> list[Candidate]:
    """About `settings.limit` bugs in the functions that clean tests call, sorted by id; the same for a seed.

    More combinations are among them than will be judged, and what is judged for these alone.

    `executed` has, by path, the first lines of the statements that reliable tests execute; in functions,
    nothing else is changed; `common` has the functions that most tests execute, as `file::qualname`; `yields`
    says how often operators gave valid bugs, and `reach` how many tests come by a place. Without a model the
    family `llm` gives nothing, and without a past the family `mirror`. `examples` are real fixes that the
    model is shown, and `aim` has the shares that are aimed at in place of the usual ones.

    Raises `UnknownName` for an operator that the table does not hold, `NetworkError` and `InputError` where
    the model cannot be had.
    """
    operators, combinations = chosen(settings.operators)
    parsed, _ = programs(repo, tree)
    sites = Sites(parsed, functions, executed)
    studio = Studio()
    material = [op for op in operators if op.family in settings.strategies] or list(operators)
    offered = [op for op in material if op.family in settings.strategies and _is_named(op.name, settings)]
    kinds = [name for name in combinations if Strategy.COMBINE in settings.strategies]
    wanted = max(6, -(-OVERDRAW * settings.limit // len(material)))

    def random(purpose: str) -> Random:
        return Random(f"{seed}:{repo.repo_id}:{purpose}")

    authored: list[Draft] = []
    if model is not None and Strategy.LLM in settings.strategies:
        part = max(1, round((settings.llm_share if offered or kinds else 1) * settings.limit))
        authored = family.authored(
            repo.repo_id, parsed, sites, studio, settings, model, random, part, examples
        )
    mirrored: list[Draft] = []
    if past is not None and Strategy.MIRROR in settings.strategies:
        ported = max(1, round(settings.mirror_share * settings.limit))
        some = mirror.drafts(past, parsed, sites, studio, settings, model, ported)
        mirrored = [draft for draft in some if _is_named(draft.operator, settings)]
    if not offered and not kinds:
        material = []
    drafts = [d for op in material for d in drafts_of(op, sites, studio, wanted, random(op.name))]
    most = max(6, settings.limit // 4 if offered else 3 * settings.limit)
    weights = Weights(yields or {})

    def noticed(draft: Draft) -> float:
        return weights.of(draft.operator) ** 2 * (1.0 if reach is None else reach.weight(draft))

    def combined(parts: Sequence[Draft]) -> list[Draft]:
        likely = {id(draft): noticed(draft) for draft in parts}
        texts = {program.path: Clean(program.text) for program in parsed}
        sizes = {id(draft): len(features(draft.patch, texts.__getitem__)) for draft in parts}
        made: list[Draft] = []
        for name in kinds:
            made += combine.combined(
                name, parts, studio, most, random(name), lambda d: likely[id(d)], lambda d: sizes[id(d)]
            )
        return made

    picked = balance.choose(
        drafts if offered else [], combined if kinds else None, settings, random("choice"), authored,
        mirrored, common, weights, reach, aim, short, [] if offered else drafts,
    )  # fmt: skip
    told = ", ".join(f"{n} {why}" for why, n in sorted(picked.left_out.items()))
    log.info("%s: %d candidates; left out: %s", repo.repo_id, len(picked.drafts), told or "nothing")
    for reason, n in sorted(studio.refused.items()):
        log.debug("%s: %s: %d", repo.repo_id, reason, n)
    rows = [row_of(repo.repo_id, draft, seed) for draft in picked.drafts]
    rows += [replace(row_of(repo.repo_id, draft, seed), part_only=True) for draft in picked.parts]
    return sorted(rows, key=lambda row: row.candidate_id)


def _is_named(name: str, settings: InjectSettings) -> bool:
    return not settings.operators or name in settings.operators


def _id_of(repo_id: str, operator: str, patch: str) -> str:
    return f"{repo_id}.{operator}.{hashlib.sha256(patch.encode()).hexdigest()[:8]}"


def row_of(repo_id: str, draft: Draft, seed: int) -> Candidate:
    """The candidate that a draft makes."""
    patch = draft.patch
    fix_lines = diffs.fix_lines(patch)
    row = Candidate(
        repo_id=repo_id,
        candidate_id=_id_of(repo_id, draft.operator, patch),
        strategy=draft.strategy,
        operator=draft.operator,
        category=draft.category,
        bug_patch=patch,
        files=draft.files,
        functions=draft.functions,
        fix_lines=fix_lines,
        complexity=Complexity.of(fix_lines),
        seed=seed,
        model=draft.model,
        cost_usd=draft.cost_usd,
        covering_tests=(),
        parts=tuple(sorted(_id_of(repo_id, part.operator, part.patch) for part in draft.combines)),
    )
    fix = draft.fix
    if fix is None:
        return row
    return replace(
        row, fix_commit=fix.sha, fix_date=fix.date, fix_title=fix.title, fix_body=fix.body,
        fix_reports=draft.reports,
    )  # fmt: skip
