"""Drafts out of a history: each fix of it undone on today's code, in the ways that fit."""

import logging
import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace

import libcst as cst

from smith_lib.inject.draw import Draft, Sites, Studio
from smith_lib.inject.mirror_family import fixes, port
from smith_lib.inject.mirror_family.category import category_of
from smith_lib.inject.mirror_family.evidence import reports_of
from smith_lib.inject.mirror_family.fixes import Fix
from smith_lib.inject.mirror_family.history import History, branches, listed
from smith_lib.inject.mirror_family.parts import parts_of
from smith_lib.inject.mirror_family.pulls import Board
from smith_lib.inject.mirror_family.today import Today
from smith_lib.inject.mirror_family.undo import Undo, ways
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Part
from smith_lib.llm import Model
from smith_lib.settings import InjectSettings
from smith_lib.types import Strategy

log = logging.getLogger(__name__)
_ATTRIBUTE = re.compile(r"(?<=[\w)\]]\.)[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a repository's past."""

    history: History
    board: Board = field(default_factory=Board)
    """Its issues and pull requests; empty where GitHub was not asked."""


def drafts(
    past: Past, programs: Sequence[Program], sites: Sites, studio: Studio, settings: InjectSettings,
    model: Model | None = None, ported: int = 0,
) -> list[Draft]:  # fmt: skip
    """What undoing the history's fixes gives, newest fix first; then up to `ported` that the model undoes.

    Raises `SourceError` where the history cannot be read, `NetworkError` and `ModelUnusable` where the model
    cannot be had.
    """
    commits = listed(past.history, settings.mirror_commits)
    today = Today(programs)
    found = fixes.candidates(commits)
    skipped: Counter[str] = Counter()
    made: list[Draft] = []
    targets: list[port.Target] = []
    for fix in fixes.read(past.history, found, fixes.moved(commits, today.texts.keys()), skipped):
        some = _of_fix(fix, today, sites, studio, settings.mirror_per_fix, skipped)
        made += some
        if not some:
            skipped["a fix that cannot be undone on today's code"] += 1
        if not some and model is not None and len(targets) < ported:
            target = port.target_of(fix, today.programs, sites)
            targets += [target] if target else []
    if model is not None:
        made += port.ported(targets, studio, model, skipped)
    told = ", ".join(f"{n} times {reason}" for reason, n in sorted(skipped.items())) or "nothing left out"
    log.info(
        "%s: %d of %d commits change code and tests, %d drafts (%s)",
        past.history.origin, len(found), len(commits), len(made), told,
    )  # fmt: skip
    merges = branches(commits)
    return [
        replace(draft, reports=reports_of(draft.fix, merges, past.board)) for draft in made if draft.fix
    ]


def _of_fix(
    fix: Fix, today: Today, sites: Sites, studio: Studio, most: int, skipped: Counter[str]
) -> list[Draft]:
    made: list[Draft] = []
    for undo in ways(fix, today):
        if len(made) >= most:
            break
        draft = _draft(undo, today, sites, studio)
        if isinstance(draft, str):
            skipped[draft] += 1
        else:
            made.append(replace(draft, fix=fix.commit))
    return made


def _draft(undo: Undo, today: Today, sites: Sites, studio: Studio) -> Draft | str:
    """The draft, or why it is none."""
    parts: tuple[Part, ...] = ()
    for path in sorted(undo.texts):
        parts += parts_of(today.programs[path], undo.texts[path])
    if not parts:
        return "the same program"
    if not any(_is_called(part, sites) for part in parts):
        return "no clean test calls it"
    if any(_attributes(part) - today.names for part in parts):
        return "uses names that are gone"
    if today.package.lost(undo.texts):
        return "takes away a name that is used"
    return studio.made(parts, Strategy.MIRROR, undo.operator, category_of(parts))


def _is_called(part: Part, sites: Sites) -> bool:
    """Whether clean tests may run what changes: the part is in no function, or in one that they call."""
    if sites.called is None or not isinstance(part.unit, cst.FunctionDef):
        return True
    line, name = part.program.first_line(part.unit), part.unit.name.value
    return (part.program.path, line, name) in sites.called


def _attributes(part: Part) -> Set[str]:
    """Attributes that only the new text reads; other names are the linter's affair."""
    old = part.program.text[part.edit.start : part.edit.end]
    return set(_ATTRIBUTE.findall(part.edit.text)) - set(_ATTRIBUTE.findall(old))
