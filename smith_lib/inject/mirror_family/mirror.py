"""Drafts out of a history: each fix of it undone on today's code, in the ways that fit."""

import builtins
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import libcst as cst

from smith_lib.inject.draw import Draft, Sites, Studio
from smith_lib.inject.mirror_family import fixes
from smith_lib.inject.mirror_family.category import category_of
from smith_lib.inject.mirror_family.fixes import Fix
from smith_lib.inject.mirror_family.history import Commit, History, listed
from smith_lib.inject.mirror_family.parts import parts_of
from smith_lib.inject.mirror_family.undo import Undo, ways
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Part
from smith_lib.settings import InjectSettings
from smith_lib.types import Strategy

log = logging.getLogger(__name__)
_NAME = re.compile(r"(?<![\w\"'])[A-Za-z_]\w*")
_KINDS = (str, bytes, list, dict, set, tuple, int, float, re.Pattern, re.Match, BaseException)
_COMMON = frozenset(name for kind in _KINDS for name in dir(kind)) | frozenset(dir(builtins))
"""Names that code may use without its package having them."""


def drafts(
    history: History, programs: Sequence[Program], sites: Sites, studio: Studio, settings: InjectSettings
) -> list[Draft]:
    """What undoing the history's fixes gives, newest fix first.

    Raises `SourceError` where the history cannot be read.
    """
    commits = listed(history, settings.mirror_commits)
    there = {program.path: program for program in programs}
    today = {path: program.text for path, program in there.items()}
    found = fixes.candidates(commits)
    skipped: Counter[str] = Counter()
    made: list[Draft] = []
    known = frozenset(name for text in today.values() for name in _NAME.findall(text)) | _COMMON
    for fix in fixes.read(history, found, fixes.moved(commits, today.keys()), skipped):
        some = _of_fix(fix, there, today, known, sites, studio, settings, skipped)
        made += some
        if not some:
            skipped["a fix that cannot be undone on today's code"] += 1
    told = ", ".join(f"{n} times {reason}" for reason, n in sorted(skipped.items())) or "nothing left out"
    log.info(
        "%s: %d of %d commits change code and tests, %d drafts (%s)",
        history.origin, len(found), len(commits), len(made), told,
    )  # fmt: skip
    return made


def _of_fix(
    fix: Fix, there: Mapping[str, Program], today: Mapping[str, str], known: Set[str], sites: Sites,
    studio: Studio, settings: InjectSettings, skipped: Counter[str],
) -> list[Draft]:  # fmt: skip
    made: list[Draft] = []
    for undo in ways(fix, today):
        if len(made) >= settings.mirror_per_fix:
            break
        draft = _draft(undo, fix.commit, there, known, sites, studio)
        if isinstance(draft, str):
            skipped[draft] += 1
        else:
            made.append(draft)
    return made


def _draft(
    undo: Undo, commit: Commit, there: Mapping[str, Program], known: Set[str], sites: Sites, studio: Studio
) -> Draft | str:
    """The draft, or why it is none."""
    parts: tuple[Part, ...] = ()
    for path in sorted(undo.texts):
        parts += parts_of(there[path], undo.texts[path])
    if not parts:
        return "the same program"
    if not any(is_called(part, sites) for part in parts):
        return "no clean test calls it"
    strange = sorted({name for part in parts for name in _names(part)} - known)
    if strange:
        return "uses names that are gone"
    draft = studio.made(parts, Strategy.MIRROR, undo.operator, category_of(parts))
    return draft if isinstance(draft, str) else replace(draft, fix=commit)


def is_called(part: Part, sites: Sites) -> bool:
    """Whether clean tests may run what changes: the part is in no function, or in one that they call."""
    if sites.called is None or not isinstance(part.unit, cst.FunctionDef):
        return True
    line, name = part.program.first_line(part.unit), part.unit.name.value
    return (part.program.path, line, name) in sites.called


def _names(part: Part) -> Set[str]:
    """Attributes that the new text reads; other names are the linter's affair."""
    old = part.program.text[part.edit.start : part.edit.end]
    return set(_ATTRIBUTE.findall(part.edit.text)) - set(_ATTRIBUTE.findall(old))


_ATTRIBUTE = re.compile(r"(?<=[\w)\]]\.)[A-Za-z_]\w*")
