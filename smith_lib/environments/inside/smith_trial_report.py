"""A pytest plugin that writes what happens, one JSON object a line, to the file named by SMITH_TRIAL_REPORT.

The parent process reads the file while the suite runs: a suite that goes on writing is making progress.
"""

import fcntl
import json
import os
import sys

_PATH = os.environ.get("SMITH_TRIAL_REPORT", os.devnull)
_PID = os.getpid()
_open, _write_to = os.open, os.write
_file = [-1]
_worst = {}
_texts = [0]


def _write(**event):
    if os.getpid() != _PID:  # a process that a test forked
        return
    data = (json.dumps(event) + "\n").encode("ascii")
    try:
        _write_to(_file[0], data)
    except OSError:  # not open yet, or closed by a test
        low = _open(_PATH, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        _file[0] = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 700)  # away from numbers that tests use again
        os.close(low)
        _write_to(_file[0], data)


def _text(report):
    try:
        return str(report.longrepr)[-3000:]
    except Exception as error:  # a repr that fails is the repository's code too
        return "no text: %s" % type(error).__name__


def pytest_collectreport(report):
    if report.failed:
        _write(t="uncollected", id=report.nodeid, text=_text(report))


def pytest_collection_finish(session):
    _write(t="collected", n=len(session.items))


def pytest_runtest_logstart(nodeid):
    _write(t="start", id=nodeid)


def pytest_runtest_logreport(report):
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xfailed" if report.skipped else "xpassed"
    elif report.failed and report.when != "call":
        outcome = "error"
    rank = ["passed", "xfailed", "xpassed", "skipped", "failed", "error"]
    before = _worst.get(report.nodeid, "passed")
    _worst[report.nodeid] = max(before, outcome, key=rank.index)
    if report.failed and _texts[0] < 300:
        _texts[0] += 1
        _write(t="failure", id=report.nodeid, text=_text(report))


def pytest_runtest_logfinish(nodeid):
    _write(t="end", id=nodeid, outcome=_worst.pop(nodeid, "error"))


def pytest_sessionfinish(session, exitstatus):
    files = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if "." not in name and isinstance(file, str):
            files[name] = os.path.realpath(file)
    _write(t="finished", exit=int(exitstatus), files=files)
