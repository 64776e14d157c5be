"""Texts as vectors: by the small model that comes with wordllama, or by an embedding model behind litellm."""

import importlib.util
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smith_lib.errors import InputError
from smith_lib.settings import Settings

if TYPE_CHECKING:
    import numpy as np

    Vectors = np.ndarray[Any, np.dtype[Any]]

LOCAL = "wordllama"
SMALL, DIMENSIONS = "l2_supercat", 256
"""The model that wordllama's wheel carries."""
MOST_TEXT = 8_000
"""Characters of a text that are embedded."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """Something that makes vectors of texts."""

    name: str
    """What it is called in rows, without the number of dimensions."""
    embed: "Callable[[Sequence[str]], Vectors]"
    """One row a text, each of length 1 (0 for a text without words). Raises as models do."""


def embedder(settings: Settings, cache: Path, run_id: str) -> Embedder:
    """What the settings name. Raises `InputError` where a model's file is absent, when it is first asked."""
    told = settings.pool
    if told.embedding == LOCAL:
        return Embedder(LOCAL, lambda texts: _by_file(told.model_folder, texts))
    from smith_lib.pool.remote import vectors

    llm = settings.llm.model_copy(update={"model": told.embedding, "base_url": told.base_url})
    return Embedder(told.embedding, lambda texts: unit(vectors(_cut(texts), llm, cache, run_id)))


def label(name: str, dimensions: int) -> str:
    """What rows say of the model that their vectors are of."""
    return f"{name} {dimensions}"


def unit(rows: Sequence[Sequence[float]]) -> "Vectors":
    """The rows with length 1 each; those of length 0 stay."""
    import numpy as np

    matrix = np.asarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1)


def _by_file(folder: str, texts: Sequence[str]) -> "Vectors":
    import numpy as np

    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return unit(_loaded(folder).embed(_cut(texts)))


def _cut(texts: Sequence[str]) -> list[str]:
    return [text[:MOST_TEXT] or " " for text in texts]


@cache
def _loaded(folder: str) -> Any:
    """wordllama's model out of that folder, its own package where none is named; nothing is downloaded.

    The package looks for its tokenizer in a folder of another name than the one it ships, which is why it is
    told its own place as that of a cache.
    """
    if folder:
        place = Path(folder).expanduser()
    else:
        found = importlib.util.find_spec(LOCAL)
        if found is None or not found.submodule_search_locations:
            raise InputError(f"pool.embedding = {LOCAL!r} is not installed: `pip install {LOCAL}`")
        place = Path(next(iter(found.submodule_search_locations)))
    names = (f"weights/{SMALL}_{DIMENSIONS}.safetensors", f"tokenizers/{SMALL}_tokenizer_config.json")
    for file in (place / name for name in names):
        if not file.is_file():
            remedy = f"`pip install --force-reinstall {LOCAL}`" if not folder else "see pool.model_folder"
            told = "or set pool.embedding to an embedding model that litellm knows"
            raise InputError(f"the model's file {file} is absent: {remedy}, {told}")
    with _logging_kept():
        import wordllama
    try:
        return wordllama.WordLlama.load(SMALL, cache_dir=place, dim=DIMENSIONS, disable_download=True)
    except Exception as error:  # whatever the readers of weights and tokenizers raise
        raise InputError(f"the model in {place} cannot be read: {str(error)[:200]}") from error


@contextmanager
def _logging_kept() -> Iterator[None]:
    """Undo what the package does to the root logger when it is imported."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
