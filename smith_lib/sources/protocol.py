"""What every source can do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Pin:
    """A source fixed to one commit or release; fetching it gives the same tree everywhere."""

    source: str
    """Pinned, e.g. `pypi:h11==0.16.0`, `github:owner/name@<40 hex>`, `git+https://...@<40 hex>`,
    `/path/to/checkout@<40 hex>`."""
    repo: str
    """`owner/name`; `pypi/name` for an sdist, `local/name` for a path without a remote."""

    @property
    def same(self) -> tuple[str, str]:
        """Repository and commit or release: pins that agree in them are one, wherever they come from."""
        return self.repo, self.source.rpartition("==" if self.source.startswith("pypi:") else "@")[2]


@dataclass(frozen=True, slots=True)
class Tree:
    """A clean tree on this machine, without its history."""

    path: Path
    """A folder that holds the commit's files and nothing else; shared, so never written to."""
    repo_id: str
    pin: Pin
    commit: str
    created_at: str
    """ISO 8601, UTC."""
    version: str
    license: str
    """SPDX id or `unknown`."""


class Source(Protocol):
    """A kind of source: `pypi:`, `github:`, `git+`, or a local path."""

    @property
    def prefix(self) -> str:
        """What a spec of this kind starts with; empty for a local path."""
        ...

    def check(self, spec: str) -> None:
        """Nothing where the spec is well formed; asks no server. Raises `InputError` that names it."""
        ...

    def pin(self, spec: str) -> Pin:
        """The spec fixed to a commit or release.

        Raises `SourceError` that names the spec where there is no such thing, `NetworkError` where the
        answer did not come.
        """
        ...

    def fetch(self, pin: Pin, cache: Path) -> Tree:
        """The pinned tree, from the cache folder where it is there already."""
        ...
