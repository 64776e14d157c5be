"""What a patch makes of a task's buggy code, without what it has no say over."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from smith_lib.grade.applying import Applied, applied
from smith_lib.grade.ground import Ground
from smith_lib.grade.patches import Split, left_out, split
from smith_lib.grade.shadows import shadowed
from smith_lib.sources.roles import is_source
from smith_lib.types import Instance, PatchProblem


def changes(row: Instance, patch: str, ground: Ground) -> tuple[Split, Applied]:
    """The parts of a patch that count, and what they make of the task's buggy code."""
    buggy = {file.path: file.text for file in row.buggy_code}
    tests = {test.partition("::")[0] for test in (*row.FAIL_TO_PASS, *row.PASS_TO_PASS)} & set(ground.tree)
    parts = split(patch, buggy, {path for path in tests if not is_source(path)})
    if parts.problem:
        return parts, Applied(parts.problem, parts.reason)

    def read(path: str) -> bytes | None:
        return buggy[path].encode("utf-8", "surrogateescape") if path in buggy else ground.tree.get(path)

    change = applied(parts.parts, read)
    if not change.problem and (clash := _clash(change, ground)):
        change = Applied(PatchProblem.DOES_NOT_APPLY, f"{clash} is a file and a folder at once")
    if change.problem:
        return parts, change
    again = _without_say(change, buggy, ground)
    kept = {path: text for path, text in change.files.items() if path not in again}
    gone = tuple(path for path in change.gone if path not in again)
    parts = replace(parts, ignored=tuple(sorted({*parts.ignored, *(f"{p}: {w}" for p, w in again.items())})))
    if not kept and not gone:
        why = "nothing remains without what stands in the place of other modules"
        return parts, Applied(PatchProblem.TESTS_ONLY, why)
    return parts, replace(change, files=kept, gone=gone)


def _clash(change: Applied, ground: Ground) -> str:
    """What would be both a file and a folder; empty where nothing would."""
    stays = set(ground.tree) - set(change.gone)
    folders = {str(parent) for path in stays for parent in PurePosixPath(path).parents}
    for path in change.files:
        above = (str(parent) for parent in PurePosixPath(path).parents)
        if (clash := next((p for p in above if p in stays), path if path in folders else "")) != "":
            return clash
    return ""


def _without_say(change: Applied, buggy: Mapping[str, str], ground: Ground) -> dict[str, str]:
    """Of what a patch really changed, path to why it is left out."""
    found = {}
    for path in (*change.files, *change.gone):
        if path in buggy:
            continue
        if why := left_out(path):
            found[path] = why
        elif name := shadowed(path, ground.tree, change.files, ground.installed):
            found[path] = f"stands in the place of the module {name}"
    return found


def is_package_code(path: str, ground: Ground) -> bool:
    """Whether it is a module of the package, there already or beside one."""
    folder = str(PurePosixPath(path).parent)
    return is_source(path) and (path in ground.tree or f"{folder}/__init__.py" in ground.tree)
