"""Published versions: a Hugging Face dataset folder a version, its card, its figures and data docs."""

from smith_lib.publish.passed import Passed, note, passed
from smith_lib.publish.refused import keep_refused, refused_docs
from smith_lib.publish.version import Published, damaged, figures, latest, place, versions, write_version

__all__ = [
    "Passed",
    "Published",
    "damaged",
    "figures",
    "keep_refused",
    "latest",
    "note",
    "passed",
    "place",
    "refused_docs",
    "versions",
    "write_version",
]
