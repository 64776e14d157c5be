"""What a night draws more of: cells that the newest version was short of."""

from collections.abc import Mapping

from smith_lib.errors import StorageError, UnknownName
from smith_lib.publish.version import figures, versions
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import Category, Complexity

EVEN = "even"
"""No cell more than the settings' shares have it."""
MULTI_FILE = "multi_file"
CELLS = frozenset(f"{size} {kind}" for size in Complexity for kind in Category)


def drawn_by(name: str, root: Root) -> dict[str, float]:
    """The weight of each cell (`complexity category`), and of `multi_file`; 1 for those that are not named.

    Raises `UnknownName` where there is no version of that name, `StorageError` where its figures tell no
    weights.
    """
    if name == EVEN:
        return {}
    there = versions(root)
    if name not in there:
        raise UnknownName("version to draw by", name, [EVEN, *there])
    told = figures(root, name).get("curation", {})
    try:
        return {
            cell: float(weight)
            for cell, weight in sorted(told.get("next_draw", {}).items())
            if cell in CELLS or cell == MULTI_FILE
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise StorageError(f"version {name} tells no weights to draw by") from error


def by_newest(settings: Settings) -> Settings:
    """The settings of a night: with the newest version to draw by, where none is named."""
    if settings.inject.short_of != EVEN:
        return settings
    there = versions(Root.at(settings.out))
    if not there:
        return settings
    inject = settings.inject.model_copy(update={"short_of": there[-1]})
    return settings.model_copy(update={"inject": inject})


def weighed(
    shares: Mapping[tuple[Complexity, Category], float], weights: Mapping[str, float]
) -> dict[tuple[Complexity, Category], float]:
    """The shares, each by its cell's weight, so that they add up to what they did."""
    heavier = {(a, b): share * weights.get(f"{a} {b}", 1.0) for (a, b), share in shares.items()}
    whole, now = sum(shares.values()), sum(heavier.values())
    return {cell: share * whole / now for cell, share in heavier.items()} if now else dict(shares)
