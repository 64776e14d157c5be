"""Warm processes in which patches are graded, and the canaries that wait in them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Self

from smith_lib.grade import canaries
from smith_lib.grade.ground import Ground, Sown, some_hosts, some_twins
from smith_lib.grade.stubs import Holed, changed_lines
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.sandbox.warm import WarmReport, Worker
from smith_lib.settings import ValidateSettings
from smith_lib.sources.roles import holds_tests, is_source
from smith_lib.types import Coverage, Instance, Tier
from smith_lib.validate.affected import ANYONE, Touched, touched
from smith_lib.validate.bench import Bench, Plan, planned
from smith_lib.validate.coverage import Map

POOL = 3
"""How many times as many canaries wait in a warm process as one run takes."""
MOST_RUNS = 250
"""After so many runs a warm process gets other canaries."""


@dataclass(frozen=True, slots=True)
class Warm:
    """What is known of a repository's warm processes."""

    no_swap: str
    """Why patches are not put into a process that has collected the suite; empty where they are."""
    no_fork: str
    """Why they are not run in a session from the start either."""
    modules: tuple[str, ...]
    """From outside the tree, that the suite imports."""
    patterns: tuple[str, ...]
    """Regular expressions that it compiles."""
    coverage: tuple[Coverage, ...]
    seconds: Mapping[str, float]
    """Of each test on clean code."""
    slowest: Mapping[str, Tier]
    """Tests that some tier does not tell, with the fastest that does."""
    together: tuple[str, ...]
    """Tests that pass in the whole suite only."""
    holes: Mapping[str, Holed]
    """The files that tasks change, without the bodies of the functions that they change."""
    codes: Mapping[str, tuple[tuple[int, str, str], ...]]
    """Path to (line, name, code) of these functions."""
    left: tuple[str, ...] = ()
    """What of their process all tests together leave changed."""
    state: tuple[tuple[str, str], ...] = ()
    """What of objects and files they do, by module and name."""
    mute: tuple[str, ...] = ()
    """Tests whose twin does not fail in some way."""
    map: Map = field(init=False, repr=False, compare=False)
    """The coverage, to be asked."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "map", Map(self.coverage, self.seconds))


class Stall:
    """A worker with warm processes, and the canaries in them. Not for several threads at the same time."""

    def __init__(self, ground: Ground, warm: Warm, sandbox: Sandbox) -> None:
        """Nothing is started yet. Of the files that tasks change it holds those with holes."""
        rng = Random(secrets.token_hex(16))
        twins = sorted(ground.twins.difference(warm.mute))
        self.planted = canaries.plant(ground.hosts, ground.words, rng, twins, POOL)
        self._twins: dict[str, list[str]] = {}
        for each in self.planted.twins:
            self._twins.setdefault(each.of, []).append(each.test_id)
        ids = (*self.planted.ids, *(each.test_id for each in self.planted.twins))
        self._names = frozenset(test.split("::")[1].partition("[")[0] for test in ids)
        """Of the functions and classes that were planted; no other has such a name."""
        laid = {**{path: file.text for path, file in warm.holes.items()}, **self.planted.files}
        sources = [path for path in ground.tree if is_source(path) and path not in ground.base]
        tests = [path for path in ground.tree if path.endswith(".py") and holds_tests(path)]
        self.worker = Worker(
            sandbox, ground.environment, ground.args, start(ground), sources, tests, warm.patterns, laid
        )
        self.runs = 0

    def __enter__(self) -> Self:
        """It closes at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.worker.close()

    def drawn(self, ground: Ground, row: Instance) -> Sown:
        """Canaries for one run of this task: of each kind one, as far as there are, in the modules that hold
        the wanted tests and in another; and twins of wanted tests."""
        seed = secrets.token_hex(16)
        rng = Random(seed)
        near = {place.path for place in some_hosts(ground, row.FAIL_TO_PASS, seed)}
        pairs = list(zip(self.planted.ids, self.planted.kinds, strict=True))
        rng.shuffle(pairs)
        pairs.sort(key=lambda pair: _module(pair[0]) not in near)
        chosen: dict[object, str] = {}
        for name, kind in pairs:
            chosen.setdefault(kind, name)
        ids = set(chosen.values())
        for path in near:
            ids.add(next(name for name, _ in pairs if _module(name) == path))
        twins = {of: rng.choice(self._twins[of]) for of in some_twins(ground, row, seed) if of in self._twins}
        return Sown({}, (*sorted(ids), *twins.values()), {test: of for of, test in twins.items()})

    def leaves(self, told: WarmReport, warm: Warm) -> bool:
        """Whether a run left of its process or of objects what the tests do not leave on clean code.

        What was planted beside the tests has other names in each process, and does not count.
        """
        if told.elsewhere or told.report.ended != "finished" or told.state is None:
            return False
        new = {(module, name) for module, name in told.state if name not in self._names}
        return not set(told.left) <= set(warm.left) or not new <= set(warm.state)


def start(ground: Ground) -> Limits:
    """The limits of a worker: its seconds are the longest start of a process."""
    return replace(ground.limits, seconds=max(60.0, ground.limits.seconds))


def _module(test: str) -> str:
    return test.partition("::")[0]


def given(
    warm: Warm, ground: Ground, files: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, object] | None:
    """What a run in a collected suite is given beside the files; None where that holds part of the fix.

    `files` are those of the patched tree, `own` the task's buggy ones. What the task or the patch changes is
    compiled from them; the bodies of the other functions that are loaded without come from clean code.
    """
    changed: dict[str, str] = {}
    codes = dict(warm.codes)
    for path, text in files.items():
        clean = clean_text(ground, path)
        if clean is None:
            return None
        file, buggy = warm.holes.get(path), own.get(path)
        if file is None or buggy is None:
            if text != clean:
                changed[path] = clean
            continue
        if not file.hides(clean, buggy):
            return None
        lines = changed_lines(clean, buggy)
        mine = [hole for hole in file.holes if not lines.isdisjoint(hole.body)]
        changed[path] = file.without(clean, mine)
        names = {(hole.line, hole.name) for hole in mine}
        codes[path] = tuple(one for one in warm.codes.get(path, ()) if (one[0], one[1]) not in names)
    return {"changed": changed, "codes": codes}


def clean_text(ground: Ground, path: str) -> str | None:
    """The clean text of a file of the tree; None where there is none."""
    if path in ground.base:
        return ground.base[path]
    data = ground.tree.get(path)
    return None if data is None else data.decode("utf-8", "surrogateescape")


def planned_for(
    warm: Warm, ground: Ground, files: Mapping[str, str], row: Instance, settings: ValidateSettings
) -> Plan:
    """Which tests tell of a patch, and in which ways they may run.

    They are those that execute what patched and clean code have otherwise, and FAIL_TO_PASS. The others pass
    on clean code and meet nothing else.
    """
    tests = tuple(sorted(warm.seconds))

    def clean(path: str) -> str:
        text = clean_text(ground, path)
        if text is None:
            raise FileNotFoundError(path)
        return text

    bench = Bench(
        run=_never, args=ground.args, reliable=tests, clean=clean, limits=ground.limits,
        idle_seconds=ground.idle_seconds, settings=settings, coverage=warm.map, seconds=warm.seconds,
        start_seconds=ground.cpu_seconds, slowest=warm.slowest, together=frozenset(warm.together),
        tiers=tuple(t for t, why in ((Tier.SWAP, warm.no_swap), (Tier.FORK, warm.no_fork)) if not why),
    )  # fmt: skip
    changes: dict[str, Touched] = {}
    for path, text in files.items():
        was = clean_text(ground, path)
        if text != was:
            changes[path] = ANYONE if was is None else touched(was, text)
    return planned(files, changes, bench, row.FAIL_TO_PASS)


def _never(job: SuiteJob, limits: Limits) -> SuiteReport:
    raise AssertionError("nothing is run cold here")
