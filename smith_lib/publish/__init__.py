"""Published versions: a Hugging Face dataset folder a version, its card, its figures and data docs."""

from smith_lib.publish.refused import keep_refused, refused_docs
from smith_lib.publish.version import Published, damaged, latest, versions, write_version

__all__ = ["Published", "damaged", "keep_refused", "latest", "refused_docs", "versions", "write_version"]
