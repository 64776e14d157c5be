"""The ways to install a project for its tests, most telling first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from smith_lib.environments.hints import Hint, hints
from smith_lib.environments.metadata import Metadata

TEST_NAMES = ("test", "tests", "testing", "pytest", "unittest", "unittests", "unit-tests", "tests-require")
DEV_NAMES = ("dev", "develop", "development", "devel", "all")
# First release of each minor version of Python 3 (devguide.python.org, status of Python versions).
PYTHONS = {
    8: "2019-10-14", 9: "2020-10-05", 10: "2021-10-04", 11: "2022-10-24", 12: "2023-10-02", 13: "2024-10-07",
    14: "2025-10-07", 15: "2026-10-01",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to install a project."""

    name: str
    """Readable, e.g. `group tests + extra test`."""
    extras: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    project: bool = True
    """Whether the project itself is installed, with its dependencies; else it is only put on the path."""


def recipes(root: Path, metadata: Metadata) -> tuple[Recipe, ...]:
    """The recipes for a tree in the order to try them; two that install the same count once."""
    found = hints(root)
    made = _merged(metadata, found)
    unique: dict[tuple[frozenset[str], frozenset[str], bool], Recipe] = {}
    for recipe in made:
        unique.setdefault((frozenset(recipe.extras), frozenset(recipe.requirements), recipe.project), recipe)
    return tuple(unique.values())


def _merged(metadata: Metadata, found: tuple[Hint, ...]) -> Iterator[Recipe]:
    tests = _declared(metadata, TEST_NAMES)
    dev = _declared(metadata, DEV_NAMES)
    asked = [_from_hint(hint, metadata) for hint in found]
    if metadata.installable:
        if tests:
            yield _union(tests)
        elif asked:
            yield _union(asked)
        yield from tests if len(tests) > 1 else ()
        if tests and asked:
            yield _union([*tests, *asked])
        yield from asked
        if dev:
            yield _union([*tests, *dev])
            yield from dev
        yield Recipe("bare")
        if len(metadata.extras) <= 12 and metadata.extras:
            yield _union([*tests, Recipe("every extra", extras=metadata.extras)])
    # A project that cannot be built may still run from its source.
    files = [Recipe(f"file {name}", requirements=texts) for name, texts in metadata.files.items()]
    yield _union([*tests, *asked, *files, Recipe("source on the path")], project=False)


def _declared(metadata: Metadata, names: tuple[str, ...]) -> list[Recipe]:
    """One recipe for each extra, group and requirement file whose name says what the names say."""
    groups = [
        Recipe(f"group {name}", requirements=texts)
        for name, texts in sorted(metadata.groups.items(), key=lambda kv: _rank(kv[0], names))
        if canonicalize_name(name) in names and texts
    ]
    extras = [
        Recipe(f"extra {name}", extras=(name,))
        for name in sorted(metadata.extras, key=lambda name: _rank(name, names))
        if canonicalize_name(name) in names
    ]
    files = [
        Recipe(f"file {path}", requirements=texts)
        for path, texts in sorted(metadata.files.items())
        if _about(path, names)
    ]
    return [*groups, *extras, *files]


def _rank(name: str, names: tuple[str, ...]) -> int:
    plain = canonicalize_name(name)
    return names.index(plain) if plain in names else len(names)


def _about(path: str, names: tuple[str, ...]) -> bool:
    """Whether one of the words of a requirement file's path is among the names."""
    words = canonicalize_name(path.replace("/", "-").rpartition(".")[0]).split("-")
    return any(word in names for word in words)


def _from_hint(hint: Hint, metadata: Metadata) -> Recipe:
    named = map(canonicalize_name, hint.wanted.groups)
    groups = [text for name in named for text in metadata.groups.get(name, ())]
    extras = [extra for extra in hint.wanted.extras if extra in metadata.extras]
    return Recipe(hint.name, _once(extras), _once([*hint.wanted.requirements, *groups]))


def _union(parts: list[Recipe], project: bool = True) -> Recipe:
    """All of them in one."""
    return Recipe(
        " + ".join(dict.fromkeys(part.name for part in parts)),
        _once(extra for part in parts for extra in part.extras) if project else (),
        _once(text for part in parts for text in part.requirements),
        project,
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def with_pytest(requirements: tuple[str, ...]) -> tuple[str, ...]:
    """The requirements with pytest among them."""
    named = {canonicalize_name(Requirement(text).name) for text in requirements}
    return requirements if "pytest" in named else (*requirements, "pytest")


def dates(created_at: str, slack_days: int, minor: int, now: datetime) -> tuple[tuple[str, str], ...]:
    """Pairs of (name, last moment of a release that counts or an empty string), in the order to try.

    Releases of the commit's time come first. Where the interpreter is younger than the commit, releases
    of half a year after the interpreter's first are next: those of the commit's time may not know it.
    No moment is later than `now`: until the slack after a commit is over, the commit's own moment counts,
    so that what is found does not depend on the day within that time.
    """
    commit = datetime.fromisoformat(created_at).astimezone(UTC)
    slack = commit + timedelta(days=slack_days)
    moments = [("of its time", slack if slack <= now else commit)]
    known = datetime.fromisoformat(PYTHONS[minor]).replace(tzinfo=UTC) if minor in PYTHONS else None
    if known is not None and known + timedelta(days=180) > slack:
        moments.append((f"of Python 3.{minor}'s time", known + timedelta(days=180)))
    told = ((name, moment.strftime("%Y-%m-%dT%H:%M:%SZ")) for name, moment in moments if moment <= now)
    return (*told, ("newest", ""))


def pythons(requires_python: str, created_at: str) -> tuple[int, ...]:
    """Minor versions of Python 3 that may suit, best first.

    Those of the commit's time, newest first, then later ones, oldest first. A specifier that cannot be
    read admits all.
    """
    try:
        admitted = SpecifierSet(requires_python)
    except InvalidSpecifier:
        admitted = SpecifierSet()
    suits = [m for m in PYTHONS if any(admitted.contains(f"3.{m}.{micro}") for micro in (0, 8, 30))]
    then = [m for m in suits if PYTHONS[m] <= created_at[:10]]
    return (*reversed(then), *(m for m in suits if m not in then))
