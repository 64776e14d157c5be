"""Which tests execute which statements, and so which of them a bug may make fail."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Self

from smith_lib.types import Coverage, CoveredFile
from smith_lib.validate.affected import Touched

SOURCE = "source "
"""What begins the reason of tests that read a file of code; its path follows."""


_Lines = Mapping[str, frozenset[int]]
_Files = tuple[CoveredFile, ...]


def _lines(files: Iterable[CoveredFile]) -> dict[str, frozenset[int]]:
    return {file.path: frozenset(file.lines) for file in files}


@dataclass(frozen=True, slots=True)
class Affected:
    """The tests that a bug may make fail."""

    tests: tuple[str, ...]
    """Sorted."""
    at_import: bool
    """Whether what changes is executed outside tests: by imports, collection, or session set-up."""
    reason: str = ""
    """Why these are all tests, where they are."""
    meeting: tuple[str, ...] | None = None
    """Of what is executed outside tests, the tests that execute it too; None where no line tells."""
    only_alone: frozenset[str] = frozenset()
    """Those that execute what changes by themselves, and not in the whole suite."""
    only_together: frozenset[str] = frozenset()
    """Those that execute it in the whole suite, and not by themselves."""


class Map:
    """A repository's coverage, asked for one bug at a time."""

    def __init__(self, rows: Sequence[Coverage], reliable: Iterable[str]) -> None:
        """Without rows nothing is known, and the map must not be asked."""
        self.reliable = tuple(sorted(reliable))
        self._outside: dict[str, frozenset[int]] = {}
        self._rows: list[tuple[dict[str, frozenset[int]], frozenset[str], frozenset[str]]] = []
        self._by_order: list[tuple[_Lines, _Lines, _Lines, frozenset[str]]] = []
        self._always: set[str] = set()
        self.company: dict[str, frozenset[str]] = {}
        """Of tests that fail by themselves, those that have to run with them, themselves among them."""
        self.known = bool(rows)
        there = set(self.reliable)
        for row in rows:
            lines = _lines(row.files)
            tests = frozenset(row.tests) & there
            if row.company:
                self.company |= dict.fromkeys(tests, frozenset(row.company) & there)
            if not row.tests:
                self._outside = lines
            elif all(reason.startswith(SOURCE) for reason in row.why):
                read = frozenset(reason.removeprefix(SOURCE) for reason in row.why)
                self._rows.append((lines, read, tests))
                if row.only_alone or row.only_together:
                    self._by_order.append((lines, _lines(row.only_alone), _lines(row.only_together), tests))
            else:
                self._always |= tests
        self._always |= there - {test for *_, tests in self._rows for test in tests}

    def affected(self, changes: Mapping[str, Touched]) -> Affected:
        """What a change of these files may make fail."""
        for path, touched in changes.items():
            if touched.anyone:
                return Affected(self.reliable, True, f"what changes in {path} affects whoever imports it")
        lines = {path: touched.lines for path, touched in changes.items()}
        meeting, ways = self.meeting(lines), self._by_one_way(lines)
        for path, touched in changes.items():
            if not touched.lines.isdisjoint(self._outside.get(path, frozenset())):
                reason = f"what changes in {path} is executed outside tests"
                return Affected(self.reliable, True, reason, meeting, *ways)
        return Affected(meeting, False, "", None, *ways)

    def meeting(self, lines: Mapping[str, Set[int]]) -> tuple[str, ...]:
        """The tests that execute one of these lines or read one of these files, and unknown ones; sorted."""
        found = set(self._always)
        for executed, read, tests in self._rows:
            for path, some in lines.items():
                if path in read or (path in executed and not executed[path].isdisjoint(some)):
                    found |= tests
                    break
        return tuple(sorted(self.joined(found)))

    def _by_one_way(self, lines: Mapping[str, Set[int]]) -> tuple[frozenset[str], frozenset[str]]:
        """The tests that execute some of these lines by themselves only, and in the whole suite only."""
        alone: set[str] = set()
        together: set[str] = set()
        for executed, if_alone, if_together, tests in self._by_order:
            met = {path: executed[path] & some for path, some in lines.items() if path in executed}
            if not any(met.values()):
                continue
            for way, found in ((if_alone, alone), (if_together, together)):
                if all(some <= way.get(path, set()) for path, some in met.items()):
                    found |= tests
        return frozenset(alone), frozenset(together)

    @property
    def files(self) -> frozenset[str]:
        """The files of whose statements anything is known."""
        return frozenset(self._outside).union(*(lines for lines, *_ in self._rows))

    def joined(self, tests: set[str]) -> set[str]:
        """The tests with all that have to run with them."""
        found, todo = set(tests), tests & self.company.keys()
        while todo:
            new = self.company[todo.pop()] - found
            found |= new
            todo |= new & self.company.keys()
        return found


class Gathered:
    """Coverage that is put together run by run."""

    def __init__(self, files: Iterable[str]) -> None:
        """Of these files of the tree alone."""
        self._files = frozenset(files)
        self._alone: dict[str, dict[str, set[int]]] = {}
        self._together: dict[str, dict[str, set[int]]] = {}
        self._why: dict[str, set[str]] = {}
        self._company: dict[str, set[str]] = {}

    def add(
        self,
        test_id: str,
        lines: Iterable[tuple[str, tuple[int, ...]]],
        why: Iterable[str],
        alone: bool = False,
    ) -> Self:
        """What a test executed in one more run, by itself alone or after others; without an id, what was
        executed outside tests."""
        mine = (self._alone if alone else self._together).setdefault(test_id, {})
        for path, numbers in lines:
            if path in self._files:
                mine.setdefault(path, set()).update(numbers)
        self._why.setdefault(test_id, set()).update(why)
        return self

    def bind(self, tests: Iterable[str], company: Sequence[str]) -> None:
        """These tests have to run with that company, and so depend on what any of it executes."""
        lines: dict[str, set[int]] = {}
        why = {reason for other in company for reason in self._why.get(other, ())}
        for other in company:
            for path, numbers in self._of(other).items():
                lines.setdefault(path, set()).update(numbers)
        for test in tests:
            self.add(test, [(path, tuple(numbers)) for path, numbers in lines.items()], why)
            self._company.setdefault(test, set()).update(company)

    def rows(self, repo_id: str, tests: Iterable[str]) -> tuple[Coverage, ...]:
        """Rows for these tests, those that execute the same together, and one for what runs outside tests."""
        alike: dict[tuple[_Files, tuple[str, ...], tuple[str, ...], _Files, _Files], list[str]] = {}
        for test in sorted(tests):
            why, company = (tuple(sorted(of.get(test, ()))) for of in (self._why, self._company))
            ways = self._alone.get(test, {}), self._together.get(test, {})
            one, other = (_less(*ways), _less(*reversed(ways))) if all(ways) and not company else ((), ())
            alike.setdefault((_less(self._of(test), {}), why, company, one, other), []).append(test)
        made = [Coverage(repo_id, (), _less(self._of(""), {}), ())]
        made += [Coverage(repo_id, tuple(names), *key) for key, names in alike.items()]
        return tuple(made)

    def executed(self) -> dict[str, set[int]]:
        """Path to the lines that anything executed."""
        found: dict[str, set[int]] = {}
        for test in self._alone.keys() | self._together.keys():
            for path, lines in self._of(test).items():
                found.setdefault(path, set()).update(lines)
        return found

    def _of(self, test_id: str) -> dict[str, set[int]]:
        ways = self._alone.get(test_id, {}), self._together.get(test_id, {})
        return {path: set().union(*(way.get(path, ()) for way in ways)) for path in {*ways[0], *ways[1]}}


def _less(some: Mapping[str, set[int]], others: Mapping[str, set[int]]) -> _Files:
    """The first lines without the other ones."""
    left = {path: lines - others.get(path, set()) for path, lines in some.items()}
    return tuple(CoveredFile(path, tuple(sorted(left[path]))) for path in sorted(left) if left[path])


def by_tests(rows: Sequence[Coverage]) -> dict[str, frozenset[int]] | None:
    """The lines that tests execute, by path; None where that is not known."""
    if not rows:
        return None
    found: dict[str, set[int]] = {}
    for row in rows:
        if row.tests:
            for file in row.files:
                found.setdefault(file.path, set()).update(file.lines)
    return {path: frozenset(lines) for path, lines in found.items()}


def by_most_tests(rows: Sequence[Coverage], share: float = 0.5) -> dict[str, set[int]]:
    """The lines that more than that share of the tests execute, by path."""
    counts: dict[str, Counter[int]] = {}
    for row in rows:
        for file in row.files:
            lines = counts.setdefault(file.path, Counter())
            for line in file.lines:
                lines[line] += len(row.tests)
    least = share * sum(len(row.tests) for row in rows)
    return {path: {line for line, n in lines.items() if n > least} for path, lines in counts.items()}
