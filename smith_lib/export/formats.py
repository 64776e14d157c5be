"""The table of formats."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from smith_lib.errors import UnknownName
from smith_lib.export import harbor, huggingface, rl, sft, swebench, swesmith, world
from smith_lib.types import Instance

Further = Callable[[Instance], tuple[str, Mapping[str, bytes]]]
Files = Callable[[Sequence[Instance], str, str], Iterator[tuple[str, bytes]]]


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write tasks down."""

    files: Files
    """From rows, the names of version and split, to relative path and bytes; the same for the same rows."""
    about: str
    """One line for `--help`."""
    split: str
    """What the split is called where nothing else is asked for."""
    check: Callable[[Instance], object] = world.image_of
    """Raises `InputError` where a row cannot be told in this format."""
    images: bool = False
    """Whether its tasks run in images of their own."""
    further: Further | None = None
    """Another image of each task, on top of its own."""


FORMATS: dict[str, Format] = {
    "huggingface": Format(huggingface.files, "a dataset folder with its card", "train"),
    "sft": Format(sft.files, "prompt and completion, and chat messages", "train"),
    "rl": Format(rl.files, "prompts with all that a reward needs", "train"),
    "swesmith": Format(swesmith.files, "SWE-smith's rows; the patch is the bug", "train", images=True),
    "swebench": Format(swebench.files, "SWE-bench's rows, for its harness", "test", swebench.row_of, True),
    "harbor": Format(
        harbor.files, "Harbor's task folders and registry", "test", harbor.task_of, True, harbor.tests_image
    ),
}


def named(name: str) -> Format:
    """The format. Raises `UnknownName` that lists the known ones."""
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS)
    return FORMATS[name]
