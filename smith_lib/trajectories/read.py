"""Trajectories as mini-swe-agent and SWE-agent leave them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib.errors import InputError
from smith_lib.trajectories.chats import chat


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What an agent did with a task."""

    place: str
    """Its file, relative to the folder that was asked for."""
    agent: str
    model: str
    """Empty where the file does not tell."""
    instance_id: str
    exit_status: str
    """In the agent's own words, e.g. `Submitted`."""
    patch: str
    """What it submitted; empty for nothing."""
    messages: tuple[tuple[str, str], ...]
    """Role and text; the last one is the model's."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is no trajectory."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Format:
    """How an agent's files are read."""

    agent: str
    messages: Callable[[Mapping[str, Any]], Any]
    model: Callable[[Mapping[str, Any]], Any]


def trajectories(place: Path) -> Iterator[Trajectory | Unread]:
    """What the file, or each trajectory in the folder and below it, tells; by path.

    Raises `InputError` where there is none.
    """
    if place.is_file():
        paths, root = [place], place.parent
    else:
        paths, root = sorted(p for p in place.rglob("*") if _suffix(p) and p.is_file()), place
    if not paths or not _suffix(paths[0]):
        known = " or ".join(f"*{suffix} ({one.agent})" for suffix, one in FORMATS.items())
        raise InputError(f"no trajectory in {str(place)!r}: {known} wanted")
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            yield read(path, name)
        except InputError as error:
            yield Unread(name, str(error))


def read(path: Path, place: str) -> Trajectory:
    """The trajectory in the file. Raises `InputError` that says what is wrong with it."""
    suffix = _suffix(path)
    form = FORMATS[suffix]
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is no JSON: {error}") from error
    info = found.get("info") if isinstance(found, Mapping) else None
    if not isinstance(info, Mapping):
        raise InputError("has no `info`, which a trajectory has")
    messages = form.messages(found)
    said = chat(messages if isinstance(messages, list) else [])
    if not said:
        raise InputError("holds no answer of a model")
    patch = info.get("submission")
    return Trajectory(
        place=place,
        agent=form.agent,
        model=_word(form.model(found)),
        instance_id=_word(found.get("instance_id")) or path.name.removesuffix(suffix),
        exit_status=_word(info.get("exit_status")),
        patch=patch if isinstance(patch, str) else "",
        messages=said,
    )


def _suffix(path: Path) -> str:
    return next((suffix for suffix in FORMATS if path.name.endswith(suffix)), "")


def _word(value: Any) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _at(found: Any, *names: str) -> Any:
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _history(found: Mapping[str, Any]) -> Any:
    """Those of the main agent: others (a reviewer, say) have chats of their own."""
    history = found.get("history")
    if not isinstance(history, list):
        return None
    return [one for one in history if _at(one, "agent") in (None, "main", "primary")]


def _replayed_model(found: Mapping[str, Any]) -> Any:
    config = found.get("replay_config")
    try:
        config = json.loads(config) if isinstance(config, str) else config
    except (ValueError, RecursionError):
        return None
    return _at(config, "agent", "model", "name")


FORMATS: dict[str, Format] = {
    ".traj.json": Format(
        "mini-swe-agent",
        lambda found: found.get("messages"),
        lambda found: _at(found, "info", "config", "model", "model_name"),
    ),
    ".traj": Format("SWE-agent", _history, _replayed_model),
}
"""A file's suffix to how it is read."""
