"""One run of a repository's test suite in a sandbox, and what it reported."""

import dataclasses
import json
import secrets
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from smith_lib.errors import InputError
from smith_lib.sandbox.protocol import TESTBED, VENV, Ended, Environment, Job, Limits, Ran, Sandbox
from smith_lib.types import Failure, Frame

COMPLETE = ("--continue-on-collection-errors",)
"""What every run passes to pytest: a module that cannot be collected must not keep others from running."""
_PLACE = "/home/smith/.smith"
_PARTS = ("plugin", "probes", "traces")
"""Modules of `inside` that go into the sandbox as `smith_<name>`, beside the runner."""
_GRACE = 10.0
_REPORT_KB = 256 * 1024
_DETAIL_LINES = 40
_WHOLE = frozenset({0, 1, 2, 5})
"""pytest's exit codes of a session that was not broken: passed, failed, interrupted, nothing collected."""


@dataclass(frozen=True, slots=True)
class SuiteJob:
    """How to run a suite."""

    args: tuple[str, ...] = ()
    """pytest's arguments: test paths, `--ignore=...`, `-p no:...`."""
    files: Mapping[str, str] | None = None
    """Changed files of the tree, relative path to text, written before the run."""
    hash_seed: int = 0
    """`PYTHONHASHSEED`."""
    trace: bool = False
    """Record which statements of the tree are executed; outcomes are then not to be trusted."""
    only: tuple[str, ...] | None = None
    """Node ids of the tests that are run, 100 kB of them at most; all where None."""
    idle_seconds: float | None = None
    """How long the suite may use hardly any processor time; `Limits.seconds` where unset."""
    keep_failures: int = 5
    """Failing tests whose traceback is kept."""
    gone: tuple[str, ...] = ()
    """Files of the tree, relative, that are removed before the run."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test's outcome in one run."""

    outcome: str
    """passed, failed, error, skipped, xfailed, xpassed."""
    seconds: float

    __test__ = False


@dataclass(frozen=True, slots=True)
class Executed:
    """What a test executed of the tree, or, without an id, what was executed outside tests."""

    test_id: str
    lines: tuple[tuple[str, tuple[int, ...]], ...]
    """Relative path and the first lines of the statements in it, sorted."""
    why: tuple[str, ...]
    """What else it depends on: `process` where it started one, `source PATH` where it read a file of code."""


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """What one run of a suite reported."""

    ended: str
    """finished, timeout, crashed (interpreter died, memory limit, report lost)."""
    tests: Mapping[str, TestResult]
    """By node id, in the order run. Empty unless finished or partly run."""
    collection_errors: Mapping[str, str]
    """Node id of the collector (most often a module's path) to one line of why."""
    failures: tuple[Failure, ...]
    executed: tuple[Executed, ...]
    """What ran when, in order; empty unless traced."""
    probed: tuple[str, ...]
    """Files of the tree whose statements were watched, sorted; empty unless traced."""
    loaded: tuple[str, ...]
    """Relative paths of the tree's Python files that were imported, sorted."""
    python: str
    pytest: str
    seconds: float
    """On the wall."""
    cpu_seconds: float
    """Of the processor, by everything that the suite started."""
    detail: str
    """The last lines of output, where it did not finish or collected nothing."""
    contradictions: tuple[str, ...] = ()
    """What no honest run reports: a test told twice, a test after the end, two ends."""


def run_suite(sandbox: Sandbox, environment: Environment, job: SuiteJob, limits: Limits) -> SuiteReport:
    """Run the suite once in a fresh sandbox; `limits.seconds` are of processor time.

    What was killed may have been killed from outside, and says nothing then: it is run once more.
    """
    report, killed = _run(sandbox, environment, job, limits)
    return _run(sandbox, environment, job, limits)[0] if killed else report


def _run(
    sandbox: Sandbox, environment: Environment, job: SuiteJob, limits: Limits
) -> tuple[SuiteReport, bool]:  # fmt: skip
    """The report of one run, and whether something was ended by a signal that we did not send."""
    idle = limits.seconds if job.idle_seconds is None else job.idle_seconds
    frame = f"smith-report-{secrets.token_hex(12)}"
    order = {
        "python": f"{VENV}/bin/python", "root": TESTBED, "args": [*COMPLETE, *job.args],
        "cpu_seconds": limits.seconds, "idle_seconds": idle, "output_kb": limits.output_kb, "frame": frame,
        "trace": job.trace, "only": job.only,
        "keep_failures": job.keep_failures,
        "environ": {"PYTHONHASHSEED": str(job.hash_seed), "PYTHONDONTWRITEBYTECODE": "1"},
    }
    command = (*_removing(job.gone), f"{VENV}/bin/python", "-I", "-S", f"{_PLACE}/runner.py")
    put = {**_inside(), **_changed(job.files or {})}
    most = 8 * limits.seconds + 4 * idle + _GRACE
    backstop = dataclasses.replace(limits, seconds=most, output_kb=_REPORT_KB)
    ran = sandbox.run(environment, Job(command, put, json.dumps(order).encode()), backstop)
    report = _framed(ran.stdout, frame)
    if report is None:
        return _lost(ran), ran.ended is Ended.KILLED
    return told(report), report["signal"] == signal.SIGKILL and not report["timeout"]


def _inside() -> dict[str, bytes]:
    place = files("smith_lib.sandbox") / "inside"
    parts = {f"{_PLACE}/smith_{name}.py": (place / f"{name}.py").read_bytes() for name in _PARTS}
    return {f"{_PLACE}/runner.py": (place / "runner.py").read_bytes(), **parts}


def _removing(gone: Sequence[str]) -> tuple[str, ...]:
    """What goes before a command so that those files are removed first; it then takes the shell's place."""
    if not gone:
        return ()
    remove = 'n=$1; shift; while [ "$n" -gt 0 ]; do rm -f -- "$1"; shift; n=$((n - 1)); done; exec "$@"'
    return ("/bin/sh", "-c", remove, "sh", str(len(gone)), *map(_inside_tree, gone))


def _changed(changed: Mapping[str, str]) -> dict[str, bytes]:
    return {_inside_tree(name): text.encode("utf-8", "surrogateescape") for name, text in changed.items()}


def _inside_tree(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise InputError(f"{name!r} is not a path inside the tree")
    return f"{TESTBED}/{path}"


def _framed(stdout: bytes, frame: str) -> dict[str, Any] | None:
    """The JSON after the frame's line, or None where it is not whole."""
    start = stdout.find(f"\n{frame} ".encode())
    if start < 0:
        return None
    line_end = stdout.index(b"\n", start + 1)
    length = int(stdout[start + 1 : line_end].split()[1])
    data = stdout[line_end + 1 : line_end + 1 + length]
    return dict(json.loads(data)) if len(data) == length else None


def told(report: Mapping[str, Any]) -> SuiteReport:
    """What a runner's report says."""
    tests: dict[str, TestResult] = {}
    errors: dict[str, str] = {}
    failures: list[Failure] = []
    first: dict[str, Any] = {}
    last: dict[str, Any] = {}
    lines: dict[int, tuple[str, tuple[int, ...]]] = {}
    executed: list[Executed] = []
    odd: list[str] = []
    for event in report["events"]:
        match event["e"]:
            case "start":
                first = event
            case "uncollected":
                errors[event["id"]] = event["why"]
            case "test":
                if event["id"] in tests:
                    odd.append(f"{event['id']} was told twice")
                if last:
                    odd.append(f"{event['id']} was told after the end")
                tests[event["id"]] = TestResult(event["outcome"], round(event["s"], 6))
                if failure := event.get("failure"):
                    frames = tuple(Frame(*frame) for frame in failure["frames"])
                    failures.append(Failure(event["id"], failure["exception"], failure["message"], frames))
            case "lines":
                lines[event["n"]] = (event["path"], tuple(event["lines"]))
            case "executed":
                at = tuple(lines[n] for n in event["at"])
                executed.append(Executed(event["id"], at, tuple(event["why"])))
            case "end":
                if last:
                    odd.append("there were two ends")
                last = event
    whole = bool(last) and last["exit"] in _WHOLE and not report["broken"] and not report["timeout"]
    ended = "timeout" if report["timeout"] else "finished" if whole else "crashed"
    return SuiteReport(
        ended=ended, tests=tests, collection_errors=errors, failures=tuple(failures),
        executed=tuple(executed), probed=tuple(last.get("probed", ())),
        loaded=tuple(last.get("loaded", ())), python=first.get("python", ""), pytest=first.get("pytest", ""),
        seconds=report["seconds"], cpu_seconds=report["cpu_seconds"],
        detail="" if ended == "finished" and tests else _detail(report), contradictions=tuple(odd),
    )  # fmt: skip


def _detail(report: Mapping[str, Any]) -> str:
    lines = report["output"].splitlines()[-_DETAIL_LINES:]
    if report["signal"]:
        lines.append(f"killed by signal {report['signal']}")
    return "\n".join(lines)


def _lost(ran: Ran) -> SuiteReport:
    """What is left to say where the runner itself did not come to its end."""
    ended = "timeout" if ran.ended is Ended.TIMEOUT else "crashed"
    lines = (ran.stdout + b"\n" + ran.stderr).decode(errors="replace").splitlines()[-_DETAIL_LINES:]
    detail = "\n".join([*lines, f"no report: {ran.ended}, exit code {ran.exit_code}"])
    return SuiteReport(ended, {}, {}, (), (), (), (), "", "", ran.seconds, 0.0, detail)
