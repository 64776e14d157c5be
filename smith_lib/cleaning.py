"""What may go from a machine and a root: images, containers, caches and shards that nothing recent needs.

Nothing published goes, nor anything of the ledger, nor what the newest run of a repository made.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from smith_lib import ledger
from smith_lib.errors import EngineError, StorageError
from smith_lib.sandbox import machine
from smith_lib.storage import Root
from smith_lib.types import StageRun

KINDS = ("containers", "images", "cache", "shards")
TABLES = ("repos", "tests", "functions", "coverage", "candidates", "verdicts", "instances")
"""Tables below a root whose shards can be made again; verdicts kept by content (`judged`) go with them."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that may go."""

    kind: str
    """One of `KINDS`."""
    name: str
    size: int
    """Bytes; of an image with the layers that it shares with others."""
    days: float
    """Since it was made or last used."""
    why: str
    remove: Callable[[], None] = field(repr=False, compare=False)


def in_root(root: Root, days: float, now: float | None = None) -> list[Thing]:
    """Shards older than that which no source's newest stages name. Raises `StorageError`."""
    now = time.time() if now is None else now
    needed = {Path(row.shard).stem for row in newest(root).values() if row.shard}
    found = []
    for table in (*TABLES, "judged"):
        for name, info in root.entries(table):
            if info.mtime is None:
                continue
            age = (now - info.mtime.timestamp()) / DAY
            # The shards that one stage made share their name; what is judged is of a repository.
            kept = Path(name).stem in needed or (table == "judged" and age <= 2 * days)
            if age > days and not kept:
                found.append(Thing("shards", name, info.size, age, "no source's newest run needs it",
                                   partial(_delete, root, name)))  # fmt: skip
    return found


def newest(root: Root) -> dict[tuple[str, str], StageRun]:
    """Of each source and stage the row of the newest run that has one; damaged records count for nothing."""
    found: dict[tuple[str, str], StageRun] = {}
    for run_id in ledger.runs(root):
        for row in ledger.stages(root, run_id, damaged=[]):
            found[row.source, row.stage] = row
    return found


def _delete(root: Root, name: str) -> None:
    try:
        root.files.delete_file(root.path(name))
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"cannot remove {name!r} in {root.url}: {error}") from error


def in_cache(cache: Path, days: float, now: float | None = None) -> list[Thing]:
    """Clean trees and environments in the cache folder that were not used for so long."""
    now = time.time() if now is None else now
    found = []
    for shelf in ("trees", "environments"):
        for place in sorted((cache / shelf).glob("[!.]*")):
            with contextlib.suppress(FileNotFoundError):
                age = (now - place.stat().st_mtime) / DAY
                if age > days:
                    found.append(Thing("cache", f"{shelf}/{place.name}", _size(place), age,
                                       "not used for so long", partial(_forget, place)))  # fmt: skip
    return found


def _size(place: Path) -> int:
    total = 0
    for folder, _, names in os.walk(place):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(f"{folder}/{name}").st_blocks * 512
    return total


def _forget(place: Path) -> None:
    """Rename, then remove, so that nobody finds half of it."""
    aside = place.with_name(f".{place.name}.gone")
    try:
        place.rename(aside)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"cannot remove {place}: {error}") from error
    shutil.rmtree(aside, ignore_errors=True)


def in_engine(
    api: Any, days: float, recent: Sequence[str] = (), now: float | None = None, needed: Sequence[str] = ()
) -> list[Thing]:
    """Containers that processes of this machine left when they died, and images older than that.

    `recent` are ids of repositories whose images stay, `needed` names of images that do. `api` is docker's
    `APIClient`. Raises `EngineError`.
    """
    import docker.errors
    import requests

    now = time.time() if now is None else now
    found = []
    try:
        for box in api.containers(all=True, filters={"label": "smith"}, size=True):
            labels = box["Labels"]
            pid = labels.get("smith.run", "").partition("-")[0]
            ours = labels.get("smith.machine") == machine.identity()
            if ours and pid.isdigit() and not machine.alive(int(pid)):
                age = (now - box["Created"]) / DAY
                found.append(Thing("containers", box["Id"][:12], box.get("SizeRw", 0), age,
                                   f"process {pid} that made it has ended",
                                   partial(_from_engine, api, "container", box["Id"])))  # fmt: skip
        images = api.images(filters={"label": "smith"})
        inner = {image["ParentId"] for image in images if image["ParentId"]}
        shared = {image["Id"]: max(0, image["SharedSize"]) for image in api.df()["Images"] or ()}
        for image in images:
            age = (now - image["Created"]) / DAY
            tags = [tag for tag in image["RepoTags"] or () if tag != "<none>:<none>"]
            used = (image["Labels"] or {}).get("smith.repo") in recent or not set(needed).isdisjoint(tags)
            if age <= days or used or (image["Id"] in inner and not tags):
                continue
            name = tags[0] if tags else image["Id"]
            size = image["Size"] - shared.get(image["Id"], 0)  # layers that others have, too, may stay
            found.append(Thing("images", name, size, age, "no recent run used its repository",
                               partial(_from_engine, api, "image", name)))  # fmt: skip
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine does not tell what it holds: {error}") from error
    # An image goes after those that are built on it, which are younger.
    return sorted(found, key=lambda thing: (KINDS.index(thing.kind), thing.days, thing.name))


def _from_engine(api: Any, kind: str, name: str) -> None:
    import docker.errors
    import requests

    remove = api.remove_container if kind == "container" else api.remove_image
    try:
        remove(name, force=kind == "container")
    except docker.errors.NotFound:
        return
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise EngineError(f"{kind} {name} stays: {error}") from error


def recent(root: Root, days: float, now: float | None = None) -> list[str]:
    """The ids of repositories that a stage of the root dealt with in so many days."""
    now = time.time() if now is None else now
    return sorted({
        row.repo_id for row in newest(root).values()
        if row.repo_id and now - datetime.fromisoformat(row.started_at).timestamp() <= days * DAY
    })  # fmt: skip


def beyond(things: Sequence[Thing], keep: int) -> list[Thing]:
    """The oldest of them, in their order, without which the rest takes at most `keep` bytes."""
    total = sum(thing.size for thing in things)
    going = set()
    for at, thing in sorted(enumerate(things), key=lambda pair: -pair[1].days):
        if total <= keep:
            break
        going.add(at)
        total -= thing.size
    return [thing for at, thing in enumerate(things) if at in going]
