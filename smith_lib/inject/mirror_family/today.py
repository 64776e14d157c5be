"""Today's code, laid out so that what a fix once changed is found again."""

import builtins
import re
from collections.abc import Sequence
from functools import cached_property

from smith_lib.diffs import lines_of
from smith_lib.inject.mirror_family.lost import Package
from smith_lib.inject.mirror_family.placing import Lines
from smith_lib.inject.mirror_family.symbols import Symbol, symbols
from smith_lib.inject.program import Program

_NAME = re.compile(r"(?<![\w\"'])[A-Za-z_]\w*")
_KINDS = (str, bytes, list, dict, set, tuple, int, float, re.Pattern, re.Match, BaseException)
_COMMON = frozenset(name for kind in _KINDS for name in dir(kind)) | frozenset(dir(builtins))


class Today:
    """The clean source files; what takes time is read from them when it is first asked for."""

    def __init__(self, programs: Sequence[Program]) -> None:
        """Take the files."""
        self.programs = {program.path: program for program in programs}
        self.texts = {path: program.text for path, program in sorted(self.programs.items())}

    @cached_property
    def names(self) -> frozenset[str]:
        """The words of the code, and what code may use without its package having it."""
        return frozenset(name for text in self.texts.values() for name in _NAME.findall(text)) | _COMMON

    @cached_property
    def package(self) -> Package:
        """What the files bind and read."""
        return Package(self.texts)

    @cached_property
    def lines(self) -> dict[str, Lines]:
        """The files' lines without what formatting may change."""
        return {path: Lines(lines_of(text), loose=True) for path, text in self.texts.items()}

    @cached_property
    def _symbols(self) -> dict[str, dict[str, Symbol]]:
        return {path: symbols(text) for path, text in self.texts.items()}

    @cached_property
    def _by_last_name(self) -> dict[str, list[tuple[str, Symbol]]]:
        found: dict[str, list[tuple[str, Symbol]]] = {}
        for path, pieces in self._symbols.items():
            for piece in pieces.values():
                found.setdefault(piece.last_name, []).append((path, piece))
        return found

    def own(self, path: str, name: str) -> Symbol | None:
        """The file's piece of that qualified name."""
        return self._symbols.get(path, {}).get(name)

    def named(self, last_name: str) -> list[tuple[str, Symbol]]:
        """All pieces of that name, whatever they are in, with their paths."""
        return self._by_last_name.get(last_name, [])
