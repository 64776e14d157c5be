"""Judges the code in /testbed by a task's tests. Standard library only, Python 3.8 and newer.

`evaluate.py prepare ORDER` puts tests and what configures them back as they were and the hidden tests in;
`evaluate.py run ORDER` runs the suite as an unprivileged user, prints `PASSED id` or `FAILED id` for every
test that counts, and exits with 0 where all of them pass. ORDER is a JSON file; `export/judging.py` makes it.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile

TREE = "/testbed"
STATUS = ("PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL")
OBEYED = ("sitecustomize.py", "usercustomize.py")
DRIVER = """
import json, os, sys
sys.path[0] = os.getcwd()
import pytest
out = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8", errors="surrogateescape")
bad, good = set(), set()
plain = {"maxfail": 0, "stepwise": False, "stepwise_skip": False, "lf": False, "failedfirst": False,
         "newfirst": False, "usepdb": False, "trace": False, "collectonly": False, "numprocesses": None,
         "dist": "no", "distload": False, "tx": [], "looponfail": False, "reruns": 0,
         "randomly_reorganize": False, "randomly_reset_seed": False, "no_cov": True}
class Report:
    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config):
        for name in set(plain) & set(vars(config.option)):
            setattr(config.option, name, plain[name])
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        if "Sub" in type(report).__name__ and not report.failed:
            return
        held = report.passed and not hasattr(report, "wasxfail")
        (good if held and report.when == "call" else set()).add(report.nodeid)
        if not held:
            bad.add(report.nodeid)
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        for test in sorted(good - bad):
            out.write(json.dumps(test) + chr(10))
        out.flush()
sys.exit(pytest.main(sys.argv[2:], plugins=[Report()]))
"""


def git(*words, **kwargs):
    """What git says, in the tree."""
    return subprocess.run(["git", "-C", TREE, *words], check=True, stdout=subprocess.PIPE, **kwargs).stdout


def paths(*words):
    """Paths that git lists, as text."""
    return [os.fsdecode(path) for path in git(*words).split(b"\0") if path]


def prepare(order):
    """Tests and what configures them as the task has them, then with the hidden tests in."""
    judges = re.compile(order["judges"])
    mine = [p for p in paths("diff", "--name-only", "--no-renames", "-z", "HEAD") if judges.search(p)]
    mine = [path for path in mine if path not in order["code"]]
    if mine:
        git("checkout", "-q", "HEAD", "--", *mine)
    for path in paths("ls-files", "--others", "-z"):
        told = judges.search(path) and path.endswith(tuple(order["text"]))
        if path not in order["code"] and (told or os.path.basename(path) in OBEYED):
            os.unlink(os.path.join(TREE, path))
    if order["hidden"]:
        patch = order["hidden"].encode("utf-8", "surrogateescape")
        git("apply", "--whitespace=nowarn", "-", input=patch)


def run(order):
    """Whether every test that counts passed."""
    become = None
    if os.getuid() == 0:
        import pwd

        user = pwd.getpwnam("smith")
        subprocess.run(["chown", "-R", "-h", "smith:smith", TREE], check=True)

        def become():
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)

    read, write = os.pipe()
    environ = {**os.environ, **order["environ"], "HOME": "/home/smith", "USER": "smith"}
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            ["/opt/venv/bin/python", "-c", DRIVER, str(write), *order["args"]], cwd=TREE, env=environ,
            pass_fds=[write], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            preexec_fn=become, start_new_session=True,
        )
        os.close(write)
        signal.signal(signal.SIGALRM, lambda *_: os.killpg(child.pid, signal.SIGKILL))
        signal.alarm(order["seconds"])
        with os.fdopen(read, encoding="utf-8", errors="surrogateescape") as report:
            passed = {json.loads(line) for line in report}
        child.wait()
        signal.alarm(0)
        output.seek(0)
        for line in output.read().decode("utf-8", "replace").splitlines():
            print("| " + line if line.startswith((*STATUS, "+", ">")) else line)
    held = True
    for test, shown in order["tests"]:
        held = held and test in passed
        print("PASSED" if test in passed else "FAILED", shown)
    return held


def main():
    """The exit code."""
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    with open(sys.argv[2], encoding="utf-8", errors="surrogateescape") as file:
        order = json.load(file)
    if sys.argv[1] == "prepare":
        prepare(order)
        return 0
    return 0 if run(order) else 1


if __name__ == "__main__":
    sys.exit(main())
