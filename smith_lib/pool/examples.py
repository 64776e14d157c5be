"""Real fixes of a project as examples for a model that writes bugs in it."""

from dataclasses import dataclass
from pathlib import Path

from smith_lib.inject.llm_family.context import tokens
from smith_lib.inject.llm_family.prompt import fenced
from smith_lib.pool.embed import Embedder, embedder
from smith_lib.pool.index import Index
from smith_lib.pool.shelf import shard_of
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import FixedPiece, PastFix

MOST_LINES = 40
"""Lines of a piece that is shown."""
SHARE = 0.5
"""How much of the tokens for what is around the code examples may take."""
HEAD = "Bugs that this project really had, each before and after its fix, to show what bugs here look like:\n"


@dataclass(frozen=True, slots=True)
class Examples:
    """A project's fixes, ready to be asked for those nearest to some code."""

    index: Index
    embedder: Embedder
    most: int
    budget: int
    """Tokens that they may take."""
    shard: str
    """Where they lie: what is made with them depends on it."""

    def near(self, path: str, name: str, code: str) -> str:
        """The nearest fixes within the budget, told; empty where none fits."""
        hits = self.index.nearest(f"{name} {path}\n{code}", self.embedder, 3 * self.most)
        told: list[str] = []
        left = self.budget - tokens(HEAD)
        for hit in hits:
            piece = _shown(hit.row)
            if piece is None or len(told) == self.most:
                continue
            text = _told(hit.row, piece)
            if (cost := tokens(text)) <= left:
                left -= cost
                told.append(text)
        return "\n".join([HEAD, *told]) + "\n" if told else ""


def examples_of(repo: str, root: Root, settings: Settings, cache: Path, run_id: str) -> Examples | None:
    """The examples that the settings ask for; none where the pool has nothing of that repository."""
    shard = shard_of(root, repo)
    if shard is None or not settings.inject.llm_examples:
        return None
    budget = int(SHARE * settings.llm.longest_context)
    by = embedder(settings, cache, run_id)
    return Examples(Index(root, [shard]), by, settings.inject.llm_examples, budget, shard)


def _shown(row: PastFix) -> FixedPiece | None:
    """The piece of a fix that is shown: the smallest function that changed."""
    named = (piece for piece in row.pieces if piece.name != "<module>")
    some = [piece for piece in named if piece.fixed.count("\n") <= MOST_LINES]
    return min(some, key=lambda piece: (len(piece.fixed), piece.file, piece.name), default=None)


def _told(row: PastFix, piece: FixedPiece) -> str:
    title = " ".join(row.title.split())[:200]
    before, after = f"# Before: {title}\n{piece.buggy}", f"# After\n{piece.fixed}"
    return f"{fenced(before)}\n{fenced(after)}\n"
