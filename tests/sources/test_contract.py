"""What holds of every kind of source in the table; a new kind needs one line in `SPECS`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from smith_lib.errors import InputError
from smith_lib.settings import SelectSettings
from smith_lib.sources.objects import tree_id
from smith_lib.sources.table import fetch, pin, source_of, sources
from tests.servers.github import GitHub, Repository
from tests.servers.index import Index
from tests.sources.made import PACKAGE, contents, repository


@dataclass(frozen=True)
class World:
    """Where the package is to be had, by every way there is."""

    folder: Path
    hub: GitHub
    packages: Index


SPECS: dict[str, Callable[[World], tuple[str, str]]] = {
    "pypi:": lambda w: ("pypi:tiny", "pypi:tiny==9"),
    "github:": lambda w: ("github:o/tiny", "github:o/tiny@absent"),
    "git+": lambda w: (f"git+{w.hub.url}/git/o/tiny.git", f"git+{w.hub.url}/git/o/tiny.git@absent"),
    "": lambda w: (str(w.folder / "tiny"), f"{w.folder}/tiny@absent"),
}
"""A spec of the package, and one of something that it does not have."""


@pytest.fixture
def world(tmp_path: Path, hub: GitHub, packages: Index) -> World:
    hub.add(Repository("o/tiny", repository(tmp_path / "tiny", PACKAGE)))
    return World(tmp_path, hub, packages)


def test_every_source_of_the_table_is_tested():
    assert SPECS.keys() == sources(SelectSettings()).keys()


@pytest.mark.parametrize("prefix", SPECS)
def test_a_source_keeps_the_contract(prefix: str, world: World):
    settings = SelectSettings(github_url=world.hub.api)
    spec, absent = SPECS[prefix](world)
    assert source_of(spec, settings).prefix == prefix
    pinned = pin(spec, settings)
    assert pin(pinned.source, settings) == pin(spec, settings) == pinned

    tree = fetch(pinned, world.folder / "cache", settings)
    assert tree.pin == pinned
    assert contents(tree.path) == {name: text.encode() for name, text in PACKAGE.items()}
    assert re.fullmatch(r"[0-9a-f]{40}", tree.commit)
    assert tree.repo_id == f"{pinned.repo.replace('/', '__')}.{tree.commit[:8]}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", tree.created_at)
    assert (tree.version, tree.license) == ("1.2", "MIT")

    asked = len(world.hub.seen), len(world.packages.seen)
    assert fetch(pinned, world.folder / "cache", settings) == tree
    assert (len(world.hub.seen), len(world.packages.seen)) == asked
    elsewhere = fetch(pinned, world.folder / "other", settings)
    assert (elsewhere.commit, tree_id(elsewhere.path)) == (tree.commit, tree_id(tree.path))

    with pytest.raises(InputError, match="9" if prefix == "pypi:" else "absent"):
        pin(absent, settings)
