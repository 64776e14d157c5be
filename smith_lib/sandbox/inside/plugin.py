"""A pytest plugin that reports what happens, event by event, through a pipe that tests do not know.

Copied into the sandbox as `smith_plugin`. Standard library only, Python 3.8 and pytest 5 and newer. What it
calls while tests run is bound at import, so that a test which patches `os` or `time` does not reach it.
"""

import fcntl
import json
import os
import platform
import re
import sys
import time

import pytest
from smith_traces import left, standing

_dumps, _write, _getpid, _monotonic = json.dumps, os.write, os.getpid, time.monotonic
_MESSAGE = 2000
_PAUSE = 0.02
"""Seconds for which a channel that may wait keeps what tests have come to."""


class Channel:
    """The way out: each event is mark, length in 4 bytes, JSON. Only the process that opened it writes.

    One that may wait sends what tests have come to a few times a second, and all else at once: each event
    wakes up who reads it.
    """

    def __init__(self, fd, mark, waits=False):
        try:  # out of the way of tests that close the low descriptors
            high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 700)
            os.close(fd)
            fd = high
        except OSError:
            os.set_inheritable(fd, False)
        self.fd, self.mark, self.pid, self.waits = fd, mark, _getpid(), waits
        self.waiting, self.sent = b"", _monotonic()

    def ours(self):
        """False in a process that a test forked."""
        return _getpid() == self.pid

    def send(self, event):
        if not self.ours():
            return
        data = _dumps(event).encode("ascii")
        self.waiting += self.mark + len(data).to_bytes(4, "big") + data
        now, kind = _monotonic(), event.get("e") if isinstance(event, dict) else None
        if self.waits and kind == "test" and now - self.sent < _PAUSE:
            return
        self.waits = self.waits and kind != "end"  # nothing that comes after it is kept back
        data, self.waiting, self.sent = memoryview(self.waiting), b"", now
        while data:
            data = data[_write(self.fd, data) :]


class Reporter:
    """The hooks."""

    def __init__(self, channel, root, keep_failures, only=None, warm=False):
        self.channel, self.warm = channel, warm
        self.root = os.path.realpath(root) + os.sep
        self.keep_failures = keep_failures
        self.probes = None
        self.numbers = {}
        self.only = None if only is None else set(only)
        self.modules = None if only is None else {name.split("::")[0] for name in only}
        self.current = {}
        self.evidence = {}
        self.loaded = set()
        self.paths = {}

    def relative(self, name):
        """A file's path in the tree, or None where it lies elsewhere."""
        if name not in self.paths:
            real = os.path.realpath(name) if name and not name.startswith("<") else ""
            inside = real.startswith(self.root) and os.sep + "site-packages" + os.sep not in real
            self.paths[name] = real[len(self.root) :] if inside else None
        return self.paths[name]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config):
        known = getattr(early_config, "known_args_namespace", None)
        if getattr(known, "cov_source", None):
            known.cov_source = []  # coverage would change timing and tracing
        yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_cmdline_main(self, config):
        """Undo what a project's own options do to order, to completeness and to the process we watch."""
        for plugin, options in NEUTRAL.items():
            if plugin is None or config.pluginmanager.has_plugin(plugin):
                for name in options:
                    if hasattr(config.option, name):
                        setattr(config.option, name, options[name])
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config, items):
        order = {id(item): at for at, item in enumerate(items)}
        yield
        if self.only is not None:
            items[:] = [item for item in items if item.nodeid in self.only]
        names = {str(name) for name, _ in config.pluginmanager.list_name_plugin()}
        if names & {"random_order", "random-order", "pytest_random_order", "reverse", "pytest_reverse"}:
            items.sort(key=lambda item: order.get(id(item), len(order)))
        for item in items:
            if isinstance(item, pytest.Function):
                item.repr_failure = item._repr_failure_py = briefly

    def pytest_collection_finish(self, session):
        self.note_loaded()
        self.channel.send({"e": "collected", "n": len(session.items)})

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtestloop(self, session):
        """Tell what chosen tests leave of their process: the tests that were not chosen would find it so."""
        if self.warm:
            silence(session.config)
        before = standing() if self.only is not None else None
        yield
        if before is not None:
            self.channel.send({"e": "left", "names": left(before)})

    def pytest_collectreport(self, report):
        if report.failed:
            self.channel.send({"e": "uncollected", "id": report.nodeid, "why": one_line(report)})

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item):
        if self.probes is not None:
            self.tell_lines("")
        yield
        if self.probes is not None:
            self.tell_lines(item.nodeid)

    def tell_lines(self, name):
        """Send what was executed since the last time, by a test or, without a name, outside tests.

        The lines of a file are sent once and have a number from then on.
        """
        at, why = self.probes.take()
        numbers = []
        for path, lines in at.items():
            key = (path, tuple(lines))
            if key not in self.numbers:
                self.numbers[key] = len(self.numbers)
                self.channel.send({"e": "lines", "n": self.numbers[key], "path": path, "lines": lines})
            numbers.append(self.numbers[key])
        if name or numbers:
            self.channel.send({"e": "executed", "id": name, "at": numbers, "why": why if name else []})

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        if call.excinfo is not None and self.channel.ours() and len(self.evidence) < self.keep_failures:
            kept = self.seen(call.excinfo)
        else:
            kept = None
        outcome = yield
        if kept is not None and not outcome.excinfo and outcome.get_result().failed:
            self.evidence.setdefault(item.nodeid, kept)

    def pytest_runtest_logreport(self, report):
        if not self.channel.ours():
            return
        name, when = report.nodeid, report.when
        part = "Sub" in type(report).__name__  # a subtest: only its failure says something of the test
        if when == "setup" and not part:
            self.current[name] = {"outcome": "", "seconds": 0.0}
        now = self.current.setdefault(name, {"outcome": "", "seconds": 0.0})
        if not part:
            now["seconds"] += float(getattr(report, "duration", 0.0) or 0.0)
        outcome = told(report)
        if outcome in ("failed", "error"):
            if now["outcome"] not in ("failed", "error"):
                now["outcome"] = outcome
            if name not in self.evidence and len(self.evidence) < self.keep_failures:
                self.evidence[name] = crash(report)
        elif not part and outcome and now["outcome"] in ("", "passed"):
            now["outcome"] = outcome
        if when == "teardown" and not part:
            done = self.current.pop(name)
            event = {"e": "test", "id": name, "outcome": done["outcome"] or "error", "s": done["seconds"]}
            if name in self.evidence and done["outcome"] in ("failed", "error"):
                event["failure"] = self.evidence[name]
            self.channel.send(event)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session, exitstatus):
        if not self.channel.ours():
            return
        session.config.option.tbstyle = "no"  # what would be printed of failures takes their number squared
        self.note_loaded()
        if self.probes is not None:
            self.tell_lines("")
        probed = sorted(self.probes.files) if self.probes is not None else []
        loaded = sorted(self.loaded)
        self.channel.send({"e": "end", "exit": int(exitstatus), "loaded": loaded, "probed": probed})

    def note_loaded(self):
        for module in list(sys.modules.values()):
            name = getattr(module, "__file__", None)
            if isinstance(name, str) and name.endswith(".py"):
                path = self.relative(name)
                if path is not None and (path in self.loaded or os.path.isfile(name)):  # not in an archive
                    self.loaded.add(path)

    def seen(self, excinfo):
        """Exception, message and the frames inside the tree."""
        frames = []
        step = excinfo.tb
        while step is not None:
            code = step.tb_frame.f_code
            path = self.relative(code.co_filename)
            if path is not None:
                frames.append([path, step.tb_lineno, getattr(code, "co_qualname", code.co_name)])
            step = step.tb_next
        try:
            message = str(excinfo.value)
        except Exception as error:  # the code under test decides what str() does
            message = "<str() raised %s>" % type(error).__name__
        return {"exception": excinfo.type.__name__, "message": still(message), "frames": frames[-40:]}


def briefly(excinfo, style=None):
    """The exception's own lines: laying out tracebacks that nobody reads can take a third of a run."""
    return excinfo.exconly()


def silence(config):
    """Let what pytest prints of each test go nowhere: nobody reads it, and each word is a system call."""
    writer = getattr(config.pluginmanager.get_plugin("terminalreporter"), "_tw", None)
    if hasattr(writer, "_file"):
        writer._file = open(os.devnull, "w")  # noqa: SIM115


def _ignoring(reporter):
    """The hook that leaves out modules of which no test is wanted."""

    def unwanted(path, config):
        path = str(path)
        if not os.path.isfile(path) or os.path.basename(path) == "__init__.py":
            return None
        root = str(getattr(config, "rootpath", None) or config.rootdir)
        return True if os.path.relpath(path, root).replace(os.sep, "/") not in reporter.modules else None

    if int(pytest.__version__.split(".")[0]) >= 7:
        def pytest_ignore_collect(collection_path, config):
            return unwanted(collection_path, config)
    else:
        def pytest_ignore_collect(path, config):
            return unwanted(path, config)
    return pytest_ignore_collect


NEUTRAL = {
    None: {
        "maxfail": 0, "stepwise": False, "stepwise_skip": False, "lf": False, "failedfirst": False,
        "newfirst": False, "usepdb": False, "trace": False, "durations": None, "collectonly": False,
        "tbstyle": "native", "showlocals": False,  # of what is no function; see `briefly`
    },
    "xdist": {"numprocesses": None, "dist": "no", "distload": False, "tx": [], "looponfail": False},
    "randomly": {"randomly_reorganize": False, "randomly_reset_seed": False},
    "rerunfailures": {"reruns": 0},
    "pytest_cov": {"no_cov": True},
}
"""Options by the plugin that has them (None: pytest), and the value that makes them harmless."""


def told(report):
    """The outcome that one phase's report tells of its test; empty where it tells nothing."""
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if hasattr(report, "wasxfail") and report.outcome in ("skipped", "passed"):
        return "xfailed" if report.skipped else ("xpassed" if report.when == "call" else "")
    if report.skipped:
        return "skipped"
    return "passed" if report.passed and report.when == "call" else ""


def crash(report):
    """Evidence from a report whose exception was not seen."""
    place = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    message = str(getattr(place, "message", None) or report.longrepr or "")
    name, _, rest = message.partition(":")
    if not re.match(r"^[\w.]+$", name):
        name, rest = "Exception", message
    return {"exception": name.rpartition(".")[2], "message": still(rest.strip()), "frames": []}


def still(message):
    """A message of bounded length without the addresses of objects, which differ from run to run."""
    return re.sub(r" at 0x[0-9a-fA-F]+", " at 0x...", message[: 2 * _MESSAGE])[:_MESSAGE]


def one_line(report):
    """Why a collector failed: the exception's line."""
    lines = [line.strip() for line in str(report.longrepr).splitlines() if line.strip()]
    marked = [line[1:].strip() for line in lines if re.match(r"^E\s", line)]
    named = [line for line in marked if re.match(r"^[\w.]+(: |$)", line)]
    return ((named or marked or lines or ["no reason given"])[-1])[:500]


def _open():
    job = json.loads(os.environ.pop("SMITH_REPORT"))
    if job["pythonpath"] is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = job["pythonpath"]
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or os.curdir) != here]
    warm = job.get("warm", False)
    channel = Channel(job["fd"], bytes.fromhex(job["mark"]), warm)
    channel.send({"e": "start", "python": platform.python_version(), "pytest": pytest.__version__})
    reporter = Reporter(channel, job["root"], job["keep_failures"], job.get("only"), warm)
    if job["trace"]:
        sys.path.insert(0, here)
        import smith_probes

        sys.path.remove(here)
        reporter.probes = smith_probes.Probes(reporter.relative)
        reporter.probes.install()
        reporter.probes.listen()
    return reporter


_reporter = _open()
for _hook in [name for name in dir(_reporter) if name.startswith("pytest_")]:
    globals()[_hook] = getattr(_reporter, _hook)
if _reporter.only is not None:
    pytest_ignore_collect = _ignoring(_reporter)
