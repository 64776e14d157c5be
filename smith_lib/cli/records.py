"""What a root holds, found again: versions, instances, candidates and verdicts by id."""

import difflib
import shlex
from dataclasses import dataclass
from typing import Any, TypeVar

from smith_lib import ledger
from smith_lib.cli.screen import many
from smith_lib.errors import InputError, StorageError
from smith_lib.publish.reading import column, data_files, shards
from smith_lib.publish.version import figures, latest, versions
from smith_lib.storage import Root, read_at
from smith_lib.types import Candidate, Instance, Row, Verdict

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Unpublished:
    """A candidate, and its verdict where it has been judged."""

    candidate: Candidate
    verdict: Verdict | None


def version_named(root: Root, version: str) -> str:
    """The version itself, `latest` looked up. Raises `InputError` that lists the known ones."""
    found = latest(root) if version == "latest" else version
    if found is None:
        if not ledger.runs(root):
            ledger.record(root)  # raises: there is no run, and which command makes one
        publish = shlex.join(["smith", "publish", "--out", root.url])
        raise InputError(f"nothing is published in {root.url!r}: `{publish}` does it")
    if found not in (known := versions(root)):
        raise InputError(f"no version {found!r} in {root.url!r}; known: {', '.join(known[-10:]) or 'none'}")
    return found


def sizes(root: Root, version: str) -> str:
    """How many tasks a version holds, in words; empty where there is no such version.

    Raises `StorageError` where its figures are damaged.
    """
    if version not in versions(root):
        return ""
    try:
        subsets = figures(root, version)["distribution"]["subsets"]
        main, subtle = int(subsets["main"]), int(subsets["subtle"])
    except (KeyError, TypeError, ValueError) as error:
        raise StorageError(f"the figures of version {version} are damaged: no sizes of subsets") from error
    return many(main, "task") + (f", {subtle:,} subtle" if subtle else "")


def an_id(root: Root, version: str) -> str:
    """The first id of a version, of the band where that has any; empty where there is none."""
    for name in sorted(data_files(root, version), key=lambda name: "/subtle" in name):
        if ids := column(root, name, "instance_id"):
            return str(ids[0])
    return ""






def find(root: Root, wanted: str) -> Instance | Unpublished:
    """The instance of that id (or of an unambiguous beginning or end of it), else the candidate.

    The newest published version comes first, then instances that are not published, then candidates.
    Raises `InputError` that lists the near ids.
    """
    if not wanted.strip():
        raise InputError("an empty id was given; `smith show` without one lists the tasks")
    version = latest(root)
    if version is None and not ledger.runs(root) and not any(root.names("candidates")):
        ledger.record(root)  # raises: there is no run, and which command makes one
    places = data_files(root, version) if version else []
    known: list[str] = []
    for paths in (places, shards(root, "instances", "package")):
        where = _index(root, paths, "instance_id")
        known += where
        if (found := _one(wanted, list(where))) is not None:
            return _row(root, where[found], Instance, "instance_id", found)
    where = _index(root, shards(root, "candidates", "inject"), "candidate_id")
    known += where
    if (found := _one(wanted, list(where))) is None:
        near = difflib.get_close_matches(wanted, sorted(set(known)), n=5, cutoff=0.4)
        hint = f"near: {', '.join(near)}" if near else f"{root.url!r} holds {len(set(known))} ids"
        raise InputError(f"no instance or candidate {wanted!r}; {hint}")
    candidate = _row(root, where[found], Candidate, "candidate_id", found)
    judged = _index(root, shards(root, "verdicts", "validate"), "candidate_id")
    verdict = _row(root, judged[found], Verdict, "candidate_id", found) if found in judged else None
    return Unpublished(candidate, verdict)


def _index(root: Root, paths: Any, name: str) -> dict[str, str]:
    """Id to the first file that holds it."""
    found: dict[str, str] = {}
    for path in paths:
        for value in column(root, path, name):
            found.setdefault(value, path)
    return found


def _one(wanted: str, ids: list[str]) -> str | None:
    if wanted in ids:
        return wanted
    matching = sorted({i for i in ids if i.startswith(wanted) or i.endswith(wanted)})
    if len(matching) > 1:
        some = ", ".join(matching[:5]) + (", ..." if len(matching) > 5 else "")
        raise InputError(f"{wanted!r} is the beginning or end of {len(matching)} ids: {some}")
    return matching[0] if matching else None


def _row(root: Root, path: str, row: type[R], key: str, value: str) -> R:
    return next(r for r in read_at(root, path, row) if getattr(r, key) == value)
