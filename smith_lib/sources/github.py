"""GitHub placeholder"""
from dataclasses import dataclass
from pathlib import Path

from smith_lib.sources.protocol import Pin, Tree


@dataclass(frozen=True, slots=True)
class GitHub:
    url: str | None
    prefix: str = "github:"

    def pin(self, spec: str) -> Pin:
        raise NotImplementedError

    def fetch(self, pin: Pin, cache: Path) -> Tree:
        raise NotImplementedError
