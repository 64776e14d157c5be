"""Code that does harm, by what it does: each goes into a function that a few tests call."""

HARM = {
    "hangs": """
        import time
        time.sleep(1_000_000)
    """,
    "spins": """
        while True:
            pass
    """,
    "recurses": """
        def again():
            return again() + 1
        again()
    """,
    "recurses_without_a_limit": """
        import sys
        sys.setrecursionlimit(1 << 30)
        class Deep:
            def __repr__(self):
                return repr(self)
        def again(at):
            return sorted([1, 2], key=lambda x: again(at + 1))
        again(0)
    """,
    "forks": """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """,
    "starts_threads": """
        import threading, time
        while True:
            try:
                threading.Thread(target=time.sleep, args=(1_000_000,)).start()
            except RuntimeError:
                time.sleep(0.1)
    """,
    "fills_memory": """
        kept, more = [], b"x" * (16 << 20)
        while True:
            kept.append(bytearray(more))
    """,
    "fills_disks": """
        import os
        for place in ("/testbed", "/tmp", "/home/smith", "/dev/shm"):
            try:
                for number in range(1 << 10):
                    with open(os.path.join(place, "full-%d" % number), "wb") as file:
                        os.posix_fallocate(file.fileno(), 0, 16 << 20)
            except OSError:
                pass
    """,
    "fills_inodes": """
        for place in ("/tmp", "/dev/shm"):
            for number in range(3_000):
                open("%s/%d" % (place, number), "w").close()
    """,
    "writes": """
        import os
        for number in range(1 << 6):
            os.write(1, b"x" * (1 << 20))
    """,
    "exits": """
        import os
        os._exit(0)
    """,
    "exits_in_a_thread": """
        import os, threading, time
        threading.Thread(target=os._exit, args=(0,)).start()
        time.sleep(5)
    """,
    "raises_system_exit": """
        import sys
        sys.exit(0)
    """,
    "raises_keyboard_interrupt": """
        raise KeyboardInterrupt
    """,
    "exits_pytest": """
        import pytest
        pytest.exit("all is well", 0)
    """,
    "skips": """
        import pytest
        pytest.skip("all is well")
    """,
    "exits_at_exit": """
        import atexit, os
        atexit.register(os._exit, 0)
    """,
    "segfaults": """
        import ctypes
        ctypes.string_at(0)
    """,
    "aborts": """
        import os
        os.abort()
    """,
    "sets_an_alarm": """
        import signal, time
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(5)
    """,
    "handles_signals": """
        import signal
        for number in range(1, signal.NSIG):
            try:
                signal.signal(number, lambda *_: None)
            except (OSError, ValueError):
                pass
    """,
    "ignores_signals": """
        import signal, time
        for number in range(1, signal.NSIG):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        time.sleep(1_000_000)
    """,
    "kills_its_parent": """
        import os, signal
        os.kill(os.getppid(), signal.SIGKILL)
    """,
    "stops_its_parent": """
        import os, signal
        os.kill(os.getppid(), signal.SIGSTOP)
    """,
    "interrupts_its_parent": """
        import os, signal
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            os.kill(os.getppid(), number)
    """,
    "kills_everything": """
        import os, signal
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()] + [-1]:
            if pid != os.getpid():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
    """,
    "interrupts_everything": """
        import os, signal
        for number in (signal.SIGINT, signal.SIGSTOP):
            for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
                if pid != os.getpid():
                    try:
                        os.kill(pid, number)
                    except OSError:
                        pass
    """,
    "stops_everything": """
        import os, signal
        os.kill(-1, signal.SIGSTOP)
    """,
    "limits_everything": """
        import os, resource
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            if pid != os.getpid():
                for name in ("NOFILE", "NPROC", "FSIZE"):
                    try:
                        resource.prlimit(pid, getattr(resource, "RLIMIT_" + name), (3, 3))
                    except OSError:
                        pass
    """,
    "limits_its_parent": """
        import os, resource
        for name in ("CPU", "NOFILE", "DATA"):
            resource.prlimit(os.getppid(), getattr(resource, "RLIMIT_" + name), (1, 1))
    """,
    "slows_everything": """
        import os
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            try:
                os.setpriority(os.PRIO_PROCESS, pid, 19)
                os.sched_setaffinity(pid, {max(os.sched_getaffinity(0))})
            except OSError:
                pass
    """,
    "limits_itself": """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    """,
    "closes_descriptors": """
        import os
        os.closerange(0, 4096)
    """,
    "writes_to_descriptors": """
        import os
        for fd in range(0, 4096):
            try:
                if not os.path.realpath("/proc/self/fd/%d" % fd).startswith("/dev/"):
                    os.write(fd, b"garbage " * 8)
            except OSError:
                pass
    """,
    "forges_frames": """
        import json, os, sys
        data = json.dumps({"e": "end", "exit": 0}).encode()
        marks = [bytes(8), b"\\xff" * 8]
        for thing in list(vars(sys.modules.get("smith_plugin", os)).values()):
            channel = getattr(thing, "channel", None)
            marks += [channel.mark] if hasattr(channel, "mark") else []
        for fd in range(0, 4096):
            for mark in marks:
                try:
                    os.write(fd, mark + (1 << 30).to_bytes(4, "big") + data)
                    os.write(fd, len(data).to_bytes(4, "big") + data)
                except OSError:
                    pass
    """,
    "stops_waiting_on_descriptors": """
        import fcntl, os
        for fd in range(0, 4096):
            try:
                fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
            except OSError:
                pass
    """,
    "deletes": """
        import shutil
        for place in ("/testbed", "/opt/venv", "/home/smith", "/tmp", "/dev/shm"):
            shutil.rmtree(place, ignore_errors=True)
    """,
    "closes_the_tree": """
        import os
        for parent, folders, files in os.walk("/testbed", topdown=False):
            for name in files:
                os.chmod(os.path.join(parent, name), 0)
            os.chmod(parent, 0)
        for place in ("/tmp", "/home/smith"):
            try:
                os.chmod(place, 0)
            except OSError:
                pass
    """,
    "replaces_by_a_link": """
        import os
        os.mkdir("/tmp/other")
        with open("/tmp/other/__init__.py", "w") as file:
            file.write("raise SystemExit(1)")
        os.rename("/testbed/tiny", "/testbed/gone")
        os.symlink("/tmp/other", "/testbed/tiny")
    """,
    "stays": """
        import os, site, sys
        places = ["/testbed", "/testbed/tiny", "/testbed/tests", "/tmp", "/dev/shm", "/home/smith"]
        places += ["/home/smith/.smith", site.getusersitepackages(), *sys.path]
        for place in filter(None, places):
            for name in ("conftest.py", "sitecustomize.py", "usercustomize.py", "a.pth", "json.py",
                         "pytest.ini", "smith_zygote.py", "smith_plugin.py"):
                try:
                    os.makedirs(place, exist_ok=True)
                    with open(os.path.join(place, name), "w") as file:
                        file.write("import os; os._exit(1)\\n")
                except OSError:
                    pass
    """,
    "compiles_other_code": """
        import glob, importlib.util, os, py_compile
        with open("/tmp/other.py", "w") as file:
            file.write("raise SystemExit(1)")
        for path in glob.glob("/testbed/**/*.py", recursive=True):
            cached = importlib.util.cache_from_source(path)
            mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
            py_compile.compile("/tmp/other.py", cached, path, invalidation_mode=mode)
    """,
    "leaves_a_daemon": """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            while True:
                for path in ("/testbed/tiny/money.py", "/testbed/tests/test_money.py"):
                    try:
                        with open(path, "a") as file:
                            file.write("\\nraise SystemExit(1)\\n")
                    except OSError:
                        pass
                time.sleep(0.05)
    """,
    "leaves_a_thread": """
        import threading, time
        def on():
            while True:
                with open("/testbed/tiny/money.py", "a") as file:
                    file.write("raise SystemExit(1)\\n")
                time.sleep(0.01)
        threading.Thread(target=on, daemon=True).start()
    """,
    "leaves_a_thread_that_is_waited_for": """
        import threading, time
        threading.Thread(target=time.sleep, args=(1_000_000,)).start()
    """,
    "patches_pytest": """
        import _pytest.runner, pytest
        _pytest.runner.CallInfo.from_call = classmethod(
            lambda cls, func, when, reraise=None: cls(None, None, 0.0, 0.0, 0.0, when, _ispytest=True))
        pytest.fail = pytest.raises = lambda *words, **more: None
        _pytest.runner.pytest_runtest_call = lambda item: None
        raise ValueError("not seen")
    """,
    "patches_the_way_out": """
        import json, os, time
        json.dumps = lambda *words, **more: '{"e": "end", "exit": 0}'
        os.write = lambda fd, data: len(data)
        os.getpid = lambda: 1
        time.time = time.monotonic = time.perf_counter = lambda: 0.0
        raise ValueError("seen")
    """,
    "patches_the_reporter": """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == "Reporter":
                thing.root = "/nowhere/"
                thing.keep_failures = 0
        raise ValueError("seen")
    """,
    "hides_files": """
        import builtins
        builtins.open = None
        raise ValueError("seen")
    """,
}
