"""What a repository must be to be kept, as far as its files tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from packaging.utils import canonicalize_name

from smith_lib.errors import InputError
from smith_lib.paths import expanded
from smith_lib.settings import SelectSettings
from smith_lib.sources import licenses
from smith_lib.sources.facts import Facts
from smith_lib.sources.protocol import Tree
from smith_lib.types import RepoOutcome


@dataclass(frozen=True, slots=True)
class KeptOut:
    """Repositories and distributions that must stay out of training data."""

    repos: frozenset[str]
    """`owner/name` in lower case."""
    names: frozenset[str]
    """Normalised distribution names."""

    def holds(self, repo: str, name: str) -> str | None:
        """The entry that the repository or the distribution's name meets, or none.

        Where no owner is known (an sdist, a folder), the name of an `owner/name` entry is enough.
        """
        owner, _, last = repo.lower().rpartition("/")
        if repo.lower() in self.repos:
            return repo.lower()
        own = {str(canonicalize_name(name))} if name else set()
        if owner in ("pypi", "local"):
            own.add(str(canonicalize_name(last)))
            known = sorted(e for e in self.repos if canonicalize_name(e.split("/")[-1]) in own)
            if known:
                return known[0]
        return min(own & self.names, default=None)


def kept_out(settings: SelectSettings) -> KeptOut:
    """Smith's own list and the settings'. Raises `InputError` where it cannot be read."""
    texts = [resources.files("smith_lib.sources").joinpath("contamination.txt").read_text(encoding="utf-8")]
    if settings.contamination_file:
        try:
            texts.append(expanded(settings.contamination_file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"contamination_file {settings.contamination_file!r}: {why}") from error
    entries = [entry for text in texts for line in text.splitlines() if (entry := line.split("#")[0].strip())]
    repos = frozenset(e.lower().removesuffix(".git") for e in entries if "/" in e)
    return KeptOut(repos, frozenset(str(canonicalize_name(e)) for e in entries if "/" not in e))


def judge_static(tree: Tree, facts: Facts, settings: SelectSettings) -> tuple[RepoOutcome, str] | None:
    """Why a repository is rejected before anything of it runs, with the figure; none where it is not."""
    if (entry := kept_out(settings).holds(tree.pin.repo, facts.name)) is not None:
        return RepoOutcome.CONTAMINATED, f"{entry} is on the list of benchmark repositories"
    if tree.license == licenses.UNKNOWN:
        if not settings.allow_unknown_license:
            return RepoOutcome.LICENSE, "no licence can be told; allow_unknown_license would let it in"
    elif not licenses.allowed(tree.license, settings.licenses):
        return RepoOutcome.LICENSE, f"licence {tree.license}, wanted one of {_first(settings.licenses)}"
    if facts.loc < settings.min_loc:
        why = f"{facts.loc:,} lines of code, at least {settings.min_loc:,} wanted (min_loc)"
        return RepoOutcome.TOO_SMALL, why
    if facts.loc > settings.max_loc:
        why = f"{facts.loc:,} lines of code, at most {settings.max_loc:,} wanted (max_loc)"
        return RepoOutcome.TOO_LARGE, why
    if facts.n_tests < settings.min_tests:
        why = f"{facts.n_tests:,} test functions in the source, "
        why += f"at least {settings.min_tests:,} wanted (min_tests)"
        return RepoOutcome.TOO_FEW_TESTS, why
    return None


def _first(names: Iterable[str], count: int = 4) -> str:
    known = list(names)
    more = f" and {len(known) - count} more" if len(known) > count else ""
    return ", ".join(known[:count]) + more
