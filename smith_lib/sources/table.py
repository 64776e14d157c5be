"""The table of sources, and what goes through it: pin a spec, fetch a pin."""

import os
from pathlib import Path

from smith_lib.errors import InputError
from smith_lib.paths import expanded, folder_to_be, there
from smith_lib.settings import SelectSettings, Settings
from smith_lib.sources.git import Git
from smith_lib.sources.github import GitHub
from smith_lib.sources.local import Local
from smith_lib.sources.protocol import Pin, Source, Tree
from smith_lib.sources.pypi import PyPI

KNOWN = "github:owner/name[@ref], git+URL[@ref], pypi:name[==version], a path"

LOCAL = "local:"
"""What a published source begins with whose tree is on the disk of the machine that made it."""


def sources(settings: SelectSettings) -> dict[str, Source]:
    """Every kind of source by its prefix; a local path has none."""
    kinds: tuple[Source, ...] = (PyPI(), Git(), GitHub(settings.github_url), Local())
    return {kind.prefix: kind for kind in kinds}


def source_of(spec: str, settings: SelectSettings) -> Source:
    """The source that the spec is of. Raises `InputError` that lists the known ones."""
    table = sources(settings)
    for prefix, source in table.items():
        if prefix and spec.startswith(prefix):
            return source
    if _is_path(spec):
        return table[""]
    raise InputError(f"unknown source {spec!r}; known: {KNOWN}")


def anchored(spec: str) -> str:
    """The spec, a local path made absolute, so that it means the same in any folder."""
    if any(spec.startswith(prefix) for prefix in sources(SelectSettings()) if prefix) or not _is_path(spec):
        return spec
    try:
        return os.path.abspath(expanded(spec))  # noqa: PTH100  (follows no link)
    except InputError:  # told when it is pinned, so that the other sources go on
        return spec


def _is_path(spec: str) -> bool:
    told = spec.startswith(("/", "./", "../", "~")) or spec in (".", "..")
    return told or bool(spec and there(Path(spec)))


def well_formed(spec: str, settings: SelectSettings) -> None:
    """Nothing where the spec is of a known kind and has its form. Raises `InputError`; asks no server."""
    source_of(spec, settings).check(spec)


def pin(spec: str, settings: SelectSettings) -> Pin:
    """The spec fixed to one commit or release. Raises `InputError` or `NetworkError`."""
    return source_of(spec, settings).pin(spec)


def public(source: str) -> str:
    """The pinned source as it may be published: `local:NAME@COMMIT` for one on this machine's disk."""
    here = source.removeprefix("git+file:")
    if here == source and any(source.startswith(prefix) for prefix in sources(SelectSettings()) if prefix):
        return source
    path, _, commit = here.rpartition("@")
    return f"{LOCAL}{Path(path).name}@{commit}"


def fetch(pin: Pin, cache: Path, settings: SelectSettings) -> Tree:
    """The pinned clean tree, from the cache where it is there already."""
    return source_of(pin.source, settings).fetch(pin, cache)


def cache_folder(settings: Settings) -> Path:
    """Where clean trees and environments are kept: the setting, or `smith` in the user's cache folder.

    Raises `InputError` where a file is in its way.
    """
    if settings.cache:
        return folder_to_be(settings.cache, "the cache")
    return folder_to_be(f"{os.environ.get('XDG_CACHE_HOME') or expanded('~/.cache')}/smith", "the cache")
