"""An export in the hands of its format's own client: the fix must be accepted, doing nothing must not be.

One function a client, in `CLIENTS`; each client has an environment of its own, made when it is wanted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smith_lib.export.verify import harbor, loading, swebench
from smith_lib.export.verify.check import Check

Verify = Callable[[Path, Path, str, list[str]], list[Check]]


@dataclass(frozen=True, slots=True)
class Client:
    """A client, and how an export is tried with it."""

    name: str
    """Of its lock under `requirements/`."""
    verify: Verify
    """From the client's environment, the export's folder, the split's name and the ids to try, to checks."""


CLIENTS: dict[str, Client] = {
    "huggingface": Client("datasets", loading.verify),
    "sft": Client("datasets", loading.verify),
    "rl": Client("datasets", loading.verify),
    "swesmith": Client("datasets", loading.verify),
    "swebench": Client("swebench", swebench.verify),
    "harbor": Client("harbor", harbor.verify),
}
"""By format."""

__all__ = ["CLIENTS", "Check", "Client"]
