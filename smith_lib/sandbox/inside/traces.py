"""What a run leaves changed of its process, which tests that run later would find so.

Standard library and pytest only, Python 3.8 and newer.
"""

import builtins
import json
import locale
import logging
import os
import resource
import signal
import sys
import threading
import time

import pytest

_getcwd = os.getcwd
_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]


def standing():
    """What code that is run later may find changed in this process, by name."""
    try:
        folder = _getcwd()
    except OSError:
        folder = None
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    mask = os.umask(0o22)
    os.umask(mask)
    root = logging.getLogger()
    found = {
        "folder": folder, "environ": environ, "umask": mask, "path": list(sys.path),
        "finders": [id(thing) for thing in [*sys.meta_path, *sys.path_hooks]],
        "limits": [resource.getrlimit(limit) for limit in _LIMITS],
        "signals": [id(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "timer": signal.getitimer(signal.ITIMER_REAL)[0] > 0, "recursion": sys.getrecursionlimit(),
        "locale": locale.setlocale(locale.LC_ALL), "threads": threading.active_count(),
        "logging": (root.level, [id(handler) for handler in root.handlers], root.manager.disable),
        "modules": {name: id(module) for name, module in list(sys.modules.items())},
    }
    for module in (builtins, os, time, json, pytest):
        found[module.__name__] = {name: id(value) for name, value in vars(module).items() if name != "_"}
    return found


def left(before):
    """The names of what has changed since; modules that were loaded since do not count."""
    now = standing()
    now["modules"] = {name: now["modules"].get(name) for name in before["modules"]}
    now["threads"] = max(now["threads"], before["threads"])
    return sorted(name for name in before if now[name] != before[name])

