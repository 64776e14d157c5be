"""A worker: one sandbox that goes on, with warm processes in it that run tests on buggy code."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, Self

from smith_lib.errors import EngineError
from smith_lib.sandbox.protocol import CLEAN, TESTBED, VENV, Environment, Job, Limits, Sandbox, Session
from smith_lib.sandbox.suite import COMPLETE, SuiteReport, told

_PLACE = "/home/smith/.smith"
_FOLDERS = (TESTBED, "/tmp", "/home/smith", "/dev/shm")
_PARTS = ("compiled", "fence", "handle", "held", "lazy", "plugin", "probes", "processes", "run", "runner",
          "state", "swap", "traces", "walk", "zygote")  # fmt: skip
"""Modules of `inside` that go into the sandbox as `smith_<name>`, beside the keeper."""
_PASSING = ("/tmp/", "/dev/shm/")
"""Where tests leave files under names that none other knows."""
_SPARE_MB = 512
_SPARE_PROCESSES = 32
_GRACE = 30.0


@dataclass(frozen=True, slots=True)
class Order:
    """One run in the child of a warm process."""

    files: Mapping[str, str]
    """Changed files of the tree, relative path to text."""
    tests: tuple[str, ...] | None
    """Node ids, in any order; all where None."""
    cpu_seconds: float
    idle_seconds: float
    stop: int | None = None
    """So many tests that do not pass end it."""
    keep_failures: int = 5
    state: bool = False
    """Whether it is to tell what of the code's objects the tests leave changed; of the kind `swap`."""
    held: bool = False
    """Whether nothing is to be run, but told what imports and collection have made; of the kind `fork`."""
    learn: bool = False
    """Whether it is to tell what the tests make their process load and compile."""
    swap: Mapping[str, Any] | None = None
    """Of the kind `swap`, where files are laid that lack functions' bodies: `changed`, path to the text
    before the change of `files`, and `codes`, path to (line, name, code) of the other functions."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one name of a module, or one attribute of a class, holds."""

    kind: str
    """`function` of one that no decorator wraps, `read function` where code outside the tree may look at it,
    `test` for what a test is given, `option` for pytest's own, `data` for everything else, or `all` where
    that is read by code outside the tree."""
    digest: int | None
    """Compares in warm processes under one hash seed; None where it does not tell everything."""
    about: int | None
    """Of a function what callers do not need of it."""
    holds: frozenset[str]
    """Labels of classes and functions that it holds."""
    path: str
    line: int = field(compare=False)
    """Where a function begins, decorators included."""

    @property
    def told(self) -> bool:
        """Whether the digests tell everything."""
        return self.digest is not None and self.about is not None


@dataclass(frozen=True, slots=True)
class Held:
    """What imports and collection have made in one session."""

    entries: Mapping[str, Entry]
    """By label: `module:name`, `module:Class:attribute`."""
    elsewhere: tuple[tuple[str, str], ...]
    """Names of modules outside the tree that were bound anew, and modules that were loaded."""
    left: tuple[str, ...]
    """What of the process was changed, by name."""


@dataclass(frozen=True, slots=True)
class WarmReport:
    """What a run reported, or why it has to be made elsewhere."""

    report: SuiteReport
    """`ended` may be `stopped` here."""
    elsewhere: str
    """Why a warm process cannot tell; empty where it did."""
    crashed: bool = False
    """Whether that is since its child, or the process itself, came to a bad end."""
    left: tuple[str, ...] = ()
    """What of its process the tests left changed, by name."""
    state: Mapping[tuple[str, str], int] | None = None
    """What of the code's objects and of files the tests left changed, by module (or `files`) and name, with
    digests that compare within one warm process; None where that is not known."""
    held: Held | None = None
    """What imports and collection have made; of an order for that, where it could be told."""
    modules: tuple[str, ...] = ()
    """Modules of the standard library that are loaded in the end; of an order to learn."""
    patterns: tuple[str, ...] = ()
    """Regular expressions that are compiled in the end, each as JSON; of an order to learn."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a warm process said when it was ready, or why there is none."""

    why_not: str
    tests: tuple[str, ...] = ()
    """Node ids in the order of collection; none of the kind `fork`."""
    place: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """Node id to its place in that order."""
    threads: int = 1
    modules: tuple[str, ...] = ()
    """Imported modules that lie outside the tree."""
    seconds: float = 0.0
    shared: tuple[frozenset[int], ...] = ()
    """Of each test the fixtures, by numbers, that live longer than one test."""
    codes: tuple[tuple[str, int, str, str], ...] = ()
    """Path, line, name and code of the functions that were asked for; of those found."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "place", {test: at for at, test in enumerate(self.tests)})


class Worker:
    """One sandbox that goes on. Not for several threads at the same time."""

    def __init__(
        self,
        sandbox: Sandbox,
        environment: Environment,
        args: Sequence[str],
        limits: Limits,
        sources: Sequence[str] = (),
        tests: Sequence[str] = (),
        patterns: Sequence[str] = (),
        laid: Mapping[str, str] | None = None,
        codes: Sequence[tuple[str, int, str]] = (),
    ) -> None:
        """Nothing is started yet.

        `args` are pytest's, `limits.seconds` is the longest start of a process. `sources` and `tests` are
        files of the package and of the suite that a fresh import is spared compiling, and `patterns` what a
        run told of regular expressions. `laid` are files of the tree, path to text, that stand in the place
        of the environment's; `codes` are path, line and name of functions whose code is wanted of `swap`.
        """
        self._laid, self._codes = dict(laid or {}), list(codes)
        self._sandbox, self._environment = sandbox, environment
        self._args, self._limits = tuple(args), limits
        self._sources, self._tests = tuple(sources), tuple(tests)
        self._patterns = [json.loads(pattern) for pattern in patterns]
        self._session: Session | None = None
        self._left = bytearray()
        self._ready: dict[str, Ready] = {}
        self.restarts = 0
        """How often the sandbox was made anew after a run had spoilt it."""

    def __enter__(self) -> Self:
        """It closes at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def ready(self, kind: str, seed: int, modules: Sequence[str] = ()) -> Ready:
        """A warm process of that kind (`swap`, `fork`, `trace`) and hash seed, started at first."""
        name = f"{kind}-{seed}"
        if name not in self._ready:
            order = {"op": "start", "name": name, "kind": kind, "seed": seed, "modules": list(modules),
                     "sources": self._sources, "tests": self._tests, "patterns": self._patterns,
                     "laid": self._laid, "codes": self._codes, "seconds": self._limits.seconds}  # fmt: skip
            with self._sandbox.turn():
                answer = self._ask(order, self._limits.seconds + _GRACE)
            self._ready[name] = _ready(answer)
        return self._ready[name]

    def run(self, kind: str, seed: int, order: Order, modules: Sequence[str] = ()) -> WarmReport:
        """What one run reported. Raises `EngineError` where a warm process cannot be started at all."""
        ready = self.ready(kind, seed, modules)
        if ready.why_not:
            return WarmReport(NOTHING, ready.why_not)
        message: dict[str, Any] = {
            "op": "run", "name": f"{kind}-{seed}", "files": dict(order.files), "stop": order.stop,
            "cpu_seconds": order.cpu_seconds, "idle_seconds": order.idle_seconds,
            "keep_failures": order.keep_failures, "learn": order.learn, "state": order.state,
            "held": order.held, "swap": order.swap, "tests": None,
        }  # fmt: skip
        if order.tests is not None and kind != "fork":
            if missing := [test for test in order.tests if test not in ready.place]:
                return WarmReport(NOTHING, f"{missing[0]} is not collected in a warm process")
            message["tests"] = sorted(ready.place[test] for test in order.tests)
        elif order.tests is not None:
            message["only"] = list(order.tests)
        try:
            with self._sandbox.turn():
                answer = self._ask(message, 8 * order.cpu_seconds + 4 * order.idle_seconds + _GRACE)
        except EngineError as error:  # a run can do that; where it is the engine, a cold run tells
            self.restarts += 1
            return WarmReport(NOTHING, str(error), crashed=True)
        for name in answer["ended"]:
            self._ready.pop(name, None)
        if answer["spoilt"]:
            self.close()
            self.restarts += 1
        return _run(answer)

    def close(self) -> None:
        """End the sandbox; the next run makes another."""
        session, self._session = self._session, None
        self._ready.clear()
        self._left.clear()
        if session is not None:
            session.close()

    def _ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        try:
            self._opened().send(_frame(message))
            return self._receive(seconds)
        except (EngineError, TimeoutError) as error:
            self.close()
            raise EngineError(f"a worker's sandbox of {self._environment.image!r} broke: {error}") from error

    def _opened(self) -> Session:
        if self._session is None:
            place = files("smith_lib.sandbox") / "inside"
            put = {f"{_PLACE}/smith_{name}.py": (place / f"{name}.py").read_bytes() for name in _PARTS}
            put[f"{_PLACE}/keeper.py"] = (place / "keeper.py").read_bytes()
            command = (f"{VENV}/bin/python", "-I", "-S", f"{_PLACE}/keeper.py")
            spare = replace(
                self._limits,
                memory_mb=self._limits.memory_mb + _SPARE_MB,
                processes=self._limits.processes + _SPARE_PROCESSES,
            )
            self._session = self._sandbox.open(self._environment, Job(command, put), spare)
            job = {
                "python": f"{VENV}/bin/python", "root": TESTBED, "clean": CLEAN, "folders": list(_FOLDERS),
                "args": [*COMPLETE, *self._args], "output_kb": self._limits.output_kb, "keep_failures": 0,
            }  # fmt: skip
            self._session.send(_frame(job))
        return self._session

    def _receive(self, seconds: float) -> dict[str, Any]:
        assert self._session is not None
        while len(self._left) < 4 or len(self._left) < 4 + int.from_bytes(self._left[:4], "big"):
            data = self._session.receive(seconds)
            if not data:
                raise EngineError("it has ended")
            self._left += data
        size = int.from_bytes(self._left[:4], "big")
        message = dict(json.loads(bytes(self._left[4 : 4 + size])))
        del self._left[: 4 + size]
        return message


NOTHING = SuiteReport("crashed", {}, {}, (), (), (), (), "", "", 0.0, 0.0, "")
"""The report of a run that was not made."""


def _frame(message: Mapping[str, Any]) -> bytes:
    data = json.dumps(message).encode("ascii")
    return len(data).to_bytes(4, "big") + data


def _ready(answer: Mapping[str, Any]) -> Ready:
    seconds = float(answer["seconds"])
    said = [event for event in answer["events"] if event["e"] == "ready"]
    if answer["ready"]:
        [event] = said
        shared = tuple(map(frozenset, event.get("shared", ())))
        return Ready("", tuple(event.get("tests", ())), event.get("threads", 1),
                     tuple(event.get("modules", ())), seconds, shared,
                     tuple(map(tuple, event.get("codes", ()))))  # fmt: skip
    last = answer["output"].strip().splitlines()[-1:] or ["no output"]
    how = f"it was not ready after {seconds:.0f} s" if answer["timeout"] else f"it ended: {last[0][:200]}"
    return Ready(said[0]["why"] if said else answer["gone"] or how)


def _run(answer: Mapping[str, Any]) -> WarmReport:
    report = told(answer)
    if answer["stopped"]:
        return WarmReport(replace(report, ended="stopped"), "")
    elsewhere = ""
    if report.ended == "timeout" and any(event["e"] == "end" for event in answer["events"]):
        # A thread, say. A cold run waits longer, and what was left may come to an end meanwhile.
        elsewhere = "its tests have ended, and it waits for something that they left"
    elif report.ended != "timeout":
        for event in answer["events"]:
            if event["e"] in ("elsewhere", "odd"):
                elsewhere = event["why"]
        if not elsewhere and answer["gone"]:
            elsewhere = f"a warm process ended: {answer['gone']}"
        if not elsewhere and report.ended != "finished":
            how = f"signal {answer['signal']}" if answer["signal"] else f"exit code {answer['exit']}"
            elsewhere = f"its run was cut off ({how})"
    refused = any(event["e"] == "elsewhere" for event in answer["events"])
    left = [name for event in answer["events"] if event["e"] == "left" for name in event["names"]]
    learnt: dict[str, Any] = next((event for event in answer["events"] if event["e"] == "learnt"), {})
    return WarmReport(
        report, elsewhere, bool(elsewhere) and not refused, tuple(left), _state(answer), _held(answer),
        modules=tuple(learnt.get("modules", ())), patterns=tuple(map(json.dumps, learnt.get("patterns", ()))),
    )  # fmt: skip


def _state(answer: Mapping[str, Any]) -> dict[tuple[str, str], int] | None:
    changed = next((event["changed"] for event in answer["events"] if event["e"] == "state"), None)
    if changed is None:
        return None
    files = {("files", path): 0 for path in answer["files"] if not path.startswith(_PASSING)}
    return {(module, name): digest for module, name, digest in changed} | files


def _held(answer: Mapping[str, Any]) -> Held | None:
    event = next((event for event in answer["events"] if event["e"] == "held"), None)
    if event is None or event["entries"] is None:
        return None
    entries = {label: Entry(kind, digest, about, frozenset(holds), path, line)
               for label, kind, digest, about, holds, path, line in event["entries"]}  # fmt: skip
    return Held(entries, tuple(map(tuple, event["elsewhere"])), tuple(event["left"]))
