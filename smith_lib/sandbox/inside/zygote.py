"""A process that is warm: it forks a child for each run, and does nothing else.

Of the kind `swap` it has collected the suite, and its child gives functions their buggy code and runs the
chosen tests; of the kind `trace`, its child runs each test alone and tells the statements that it executes.
Of the kind `fork` it has imported what the suite needs from outside the tree, and its child is a pytest
session from the start. Orders come, each with the descriptor to report to, over a socket.
Standard library only, Python 3.8 and newer.
"""

import array
import atexit
import base64
import contextlib
import ctypes
import gc
import json
import linecache
import marshal
import os
import runpy
import signal
import socket
import sys
import threading
import types

PR_SET_DUMPABLE = 4
_HERE = os.path.dirname(os.path.abspath(__file__))


class Wire:
    """The socket to the keeper: length in 4 bytes, JSON, and with an order one descriptor."""

    def __init__(self, sock):
        self.sock = sock

    def receive(self):
        """(order, descriptor); ends the process where the keeper has gone."""
        head, ancillary, _, _ = self.sock.recvmsg(4, socket.CMSG_SPACE(array.array("i").itemsize))
        if not head:
            os._exit(0)
        head += self.exactly(4 - len(head))
        fds = array.array("i")
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
        return json.loads(self.exactly(int.from_bytes(head, "big"))), fds[0]

    def exactly(self, count):
        parts = []
        while count:
            data = self.sock.recv(count)
            if not data:
                os._exit(0)
            parts.append(data)
            count -= len(data)
        return b"".join(parts)

    def send(self, event):
        data = json.dumps(event).encode("ascii")
        self.sock.sendall(len(data).to_bytes(4, "big") + data)


def dumpable(value):
    """Whether others of the same user may look into this process."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, value, 0, 0, 0)


def serve(wire, before, act):
    """Fork a child for each order; returns only in nobody.

    Signals wait here, for the keeper to see that a child has sent some.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        order, fd = wire.receive()
        before(order)
        pid = os.fork()
        if pid == 0:
            try:
                wire.sock.close()
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                os.setsid()
                dumpable(1)
                with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
                    file.write("1000")  # where memory runs out, it is the run that ends
                reseed()
                act(order, fd)
            finally:
                os._exit(70)
        os.close(fd)
        wire.send({"pid": pid})
        try:
            _, status, usage = os.wait4(pid, 0)
            cpu = usage.ru_utime + usage.ru_stime
        except ChildProcessError:  # the suite ignores SIGCHLD
            status, cpu = 0, 0.0
        wire.send({"status": status, "cpu": cpu})


def leave(code):
    """End this process once all has ended that the interpreter would wait for, which may be never."""
    try:
        getattr(threading, "_shutdown", int)()
        atexit._run_exitfuncs()
    finally:
        os._exit(code)


def reseed():
    """Random numbers of its own for a child, as a process of its own would have."""
    if "random" in sys.modules:
        sys.modules["random"].seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(numpy, "random"):
        numpy.random.seed()


def as_pytest(order, fd, arguments):
    """Run pytest in this process as `python -m pytest` would; the exit code."""
    os.environ["SMITH_REPORT"] = json.dumps({
        "fd": fd, "mark": order["mark"], "root": order["root"], "trace": order["kind"] == "trace",
        "keep_failures": order["keep_failures"], "pythonpath": os.environ.get("PYTHONPATH"),
        "only": order.get("only"), "warm": order["kind"] != "trace",
    })
    sys.path.insert(1, _HERE)  # after the tree, as PYTHONPATH has it; the plugin takes it away
    sys.argv = ["pytest", "-p", "smith_plugin", *arguments, *order["args"]]
    try:
        runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def looping(runtestloop):
    """The arguments that have pytest call this where it would run the tests."""
    # pytest warns of plugins that it cannot rewrite, and warnings may be errors.
    loop = sys.modules["smith_loop"] = types.ModuleType("smith_loop", "PYTEST_DONT_REWRITE")
    loop.pytest_runtestloop = runtestloop
    return ["-p", "smith_loop"]


class Collected:
    """A suite that was collected in this process."""

    def __init__(self, wire, order):
        self.wire, self.order = wire, order
        self.session = self.index = self.standing = self.state = None

    def pytest_runtestloop(self, session):
        """Instead of running the tests: wait for orders."""
        import smith_lazy
        import smith_state
        import smith_swap

        reporter = sys.modules["smith_plugin"]._reporter
        self.session = session
        self.index = smith_swap.Index(self.order["root"])
        reporter.channel.send({
            "e": "ready", "tests": [item.nodeid for item in session.items],
            "threads": threading.active_count(), "modules": outside(reporter.relative),
            "shared": smith_state.shared(session.items, reporter.relative),
            "codes": self.codes(),
        })
        os.close(reporter.channel.fd)
        smith_lazy.load(self.order["modules"])
        smith_lazy.compile_all(self.order["patterns"])
        self.standing = sys.modules["smith_plugin"].standing()
        gc.collect()
        if self.order["kind"] == "swap":
            self.state = smith_state.State(session, reporter.relative)
        gc.freeze()
        serve(self.wire, self.compile_clean, self.act)

    def codes(self):
        """The code of the functions that are asked for, as (path, line, name, text); of those found."""
        asked = {(os.path.join(self.order["real_root"], p), n, line): p for p, line, n in self.order["codes"]}
        found = []
        for (file, name, line), functions in self.index.functions.items():
            path = asked.get((self.index.real(file), name, line))
            if path is not None and all(f.__code__ == functions[0].__code__ for f in functions):
                data = base64.b64encode(marshal.dumps(functions[0].__code__)).decode("ascii")
                found.append([path, line, name, data])
        return found

    def compile_clean(self, order):
        """Compile the clean files that an order changes, once for all orders."""
        for name in order.get("files", ()):
            path = os.path.join(self.order["real_root"], name)
            if path not in self.index.clean:
                with contextlib.suppress(OSError):
                    self.index.know(path, self.clean(name))

    def clean(self, name):
        """What this process has imported of a file."""
        laid = self.order["laid"].get(name)
        if laid is not None:
            return laid.encode("utf-8", "surrogateescape")
        with open(os.path.join(self.order["clean"], name), "rb") as file:
            return file.read()

    def act(self, order, fd):
        """In the child: the run that an order asks for."""
        plugin = sys.modules["smith_plugin"]
        reporter = plugin._reporter
        reporter.channel = plugin.Channel(fd, bytes.fromhex(order["mark"]), self.order["kind"] == "swap")
        reporter.keep_failures = order["keep_failures"]
        capture_anew(self.session.config)
        linecache.clearcache()
        items = self.session.items
        if self.order["kind"] == "trace":
            self.each_alone([items[at] for at in order["tests"]], reporter)
            return
        try:
            given = taken(order)
            if given is None:
                self.swap(order.get("files", ()))
            else:
                self.fill(given)
        except Exception as why:  # whatever compiling gives too
            told = str(why) if type(why).__name__ == "Elsewhere" else "it does not compile: %r" % why
            reporter.channel.send({"e": "elsewhere", "why": told[:300]})
            os._exit(0)
        if order["tests"] is not None:
            items = [items[at] for at in order["tests"]]
        odd = ""
        try:
            for at, item in enumerate(items):
                follows = items[at + 1] if at + 1 < len(items) else None
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=follows)
                if self.session.shouldstop or self.session.shouldfail:
                    odd = str(self.session.shouldstop or self.session.shouldfail)
                    break
        except BaseException as why:  # pytest.exit, SystemExit at odd places: a cold run has to tell
            odd = "%s: %s" % (type(why).__name__, why)
        reporter.channel.send({"e": "left", "names": plugin.left(self.standing)})
        if order.get("state"):
            reporter.channel.send({"e": "state", "changed": self.state.changed()})
        if order.get("learn"):
            import smith_lazy

            learnt = smith_lazy.standard(outside(reporter.relative))
            reporter.channel.send({"e": "learnt", "patterns": smith_lazy.patterns(), "modules": learnt})
        reporter.channel.send({"e": "odd", "why": odd[:300]} if odd else
                              {"e": "end", "exit": 0})
        leave(0)

    def swap(self, changed):
        """Give the functions of changed files their buggy code."""
        made = []
        for name in changed:
            path = os.path.join(self.order["real_root"], name)
            with open(path, "rb") as file:
                buggy = file.read()
            made += self.index.plan(path, self.clean(name), buggy)
        for function, code in made:
            function.__code__ = code

    def fill(self, given):
        """Give the functions without a body theirs, and those of changed files the new one."""
        changes, codes = {}, {}
        for name, base in given["changed"].items():
            path = os.path.join(self.order["real_root"], name)
            with open(path, "rb") as file:
                changes[path] = (base.encode("utf-8", "surrogateescape"), file.read())
        for name, some in given["codes"].items():
            path = os.path.join(self.order["real_root"], name)
            codes[path] = {(line, known): marshal.loads(base64.b64decode(data)) for line, known, data in some}
        for path in sorted({*changes, *codes}):
            self.index.know(path, self.clean(path[len(self.order["real_root"]) + 1 :]))
        for function, code in self.index.filled(changes, codes):
            function.__code__ = code

    def each_alone(self, items, reporter):
        """Run each test in a child of its own, and tell the lines that it executes."""
        channel = reporter.channel
        for item in items:
            pid = os.fork()
            if pid == 0:
                channel.pid = os.getpid()
                reporter.numbers = {}
                reporter.probes.take()
                try:
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                finally:
                    os._exit(0)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        channel.send({"e": "end", "exit": 0})
        os._exit(0)


def taken(order):
    """What is given to this run alone, if anything; nobody finds it afterwards."""
    if "given" not in order:
        return None
    with open(order["given"], encoding="ascii") as file:
        given = json.load(file)
    os.unlink(order["given"])
    return given


def capture_anew(config):
    """Captured output in files of this process alone."""
    manager = config.pluginmanager.get_plugin("capturemanager")
    if manager is not None:
        with contextlib.suppress(Exception):
            manager.stop_global_capturing()
            manager.start_global_capturing()


def outside(relative):
    """Names of imported modules that lie outside the tree, in the order of their import."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and relative(file) is None and not name.startswith("smith_"):
            found.append(name)
    return found


def rewritten():
    """Top-level names that pytest rewrites when they are imported: nobody may import them before it."""
    import importlib.metadata as metadata

    try:
        from _pytest.config import _iter_rewritable_modules as modules
    except ImportError:
        return None
    found = {"conftest"}
    for distribution in metadata.distributions():
        if any(point.group == "pytest11" for point in distribution.entry_points):
            found |= {name.split(".")[0] for name in modules([str(f) for f in distribution.files or []])}
    return found


def warmed(order):
    """Import what the suite needs from outside the tree; returns why that does not serve, or nothing."""
    import importlib

    import pytest  # noqa: F401

    barred = rewritten()
    if barred is None:
        return "this pytest does not tell what it rewrites"
    for name in order["modules"]:
        top = name.split(".")[0]
        if top in barred or name == "__main__" or name in sys.modules:
            continue
        with contextlib.suppress(BaseException):
            importlib.import_module(name)
    import smith_compiled
    import smith_lazy

    smith_lazy.compile_all(order["patterns"])
    real = order["real_root"]
    smith_compiled.install([os.path.join(real, name) for name in order["sources"]])
    smith_compiled.install_tests([os.path.join(real, name) for name in order["tests"]])
    root = real + os.sep
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and os.path.realpath(file).startswith(root):
            return "importing what lies outside the tree imports %s" % name
    if threading.active_count() > 1:
        return "importing what lies outside the tree starts threads"
    return ""


def main():
    wire = Wire(socket.socket(fileno=int(sys.argv[1])))
    dumpable(0)
    order, fd = wire.receive()
    sys.path[0] = order["root"]
    order["real_root"] = os.path.realpath(order["root"])
    sys.path.insert(0, _HERE)
    import smith_compiled  # noqa: F401
    import smith_lazy  # noqa: F401
    import smith_state  # noqa: F401
    import smith_swap  # noqa: F401

    if order["kind"] != "fork":
        sys.path.remove(_HERE)
        order["keep_failures"] = 0
        as_pytest(order, fd, looping(Collected(wire, order).pytest_runtestloop))
        return  # the suite could not be collected
    why = warmed(order)
    if not why:
        import smith_held
        import smith_traces
    sys.path.remove(_HERE)
    report = json.dumps({"e": "ready", "why": why}).encode("ascii")
    os.write(fd, bytes.fromhex(order["mark"]) + len(report).to_bytes(4, "big") + report)
    os.close(fd)
    if why:
        return
    gc.collect()
    gc.freeze()

    def act(run, run_fd):
        merged, more = {**order, **run}, []
        if run.get("held"):
            more = looping(smith_held.instead_of_tests(smith_held.bindings(), smith_traces.standing()))
        code = as_pytest(merged, run_fd, more)
        leave(code if 0 <= code < 256 else 1)

    serve(wire, lambda run: None, act)


if __name__ == "__main__":
    main()
