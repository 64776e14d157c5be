"""What imports and collection have made: what the modules of the tree hold, entry by entry.

Two fresh sessions under one hash seed tell the same where code that is executed by imports came to the same.
Standard library only, Python 3.8 and newer.
"""

import sys
import types

from smith_state import ABOUT, held_modules
from smith_walk import MOST, SILENT, Walk, about_function

_OURS = ("builtins", "abc", "typing")
"""Modules whose bases and metaclasses read nothing of a class but what its own methods are for."""

_READ = {"data": "all", "function": "read function"}
"""Kinds of what a class holds that code outside the tree may read."""


class Entries:
    """What the modules of the tree hold, name by name, and their classes, attribute by attribute."""

    def __init__(self, session, relative):
        self.session, self.relative = session, relative
        self.inside, outside, self.plugins = held_modules(session, relative)
        self.names = {module.__name__ for module in self.inside.values()}
        self.labels = {}
        self.entries = []
        self.walk = Walk(self.labels, self.names, outside)
        for name, module in self.inside.items():
            for key, value in list(vars(module).items()):
                if key not in ABOUT and issubclass(type(value), (type, types.FunctionType)):
                    self._name(value, name, key)

    def _name(self, value, owner, key):
        """Label what a module or class defines, so that others that hold it tell its name alone."""
        if id(value) in self.labels or getattr(value, "__module__", None) not in self.names:
            return
        label = self.labels[id(value)] = "%s:%s" % (owner, key)
        if issubclass(type(value), type):
            for attribute, held in list(vars(value).items()):
                if issubclass(type(held), (type, types.FunctionType)):
                    self._name(held, label, attribute)

    def told(self):
        """[label, kind, digest, another, labels held, path, line] of each; None where there is too much."""
        done = set()
        for name, module in self.inside.items():
            for key, value in list(vars(module).items()):
                if key not in ABOUT:
                    self._entry("%s:%s" % (name, key), value, done)
        for at, plugin in enumerate(self.plugins):
            self._put("plugin %d" % at, "all", plugin)
        for key, value in sorted(vars(self.session.config.option).items()):
            self._put("option " + key, "option", value)
        self._put("order", "all", [item.nodeid for item in self.session.items])
        for item in self.session.items:
            given = getattr(getattr(item, "callspec", None), "params", None)
            marks = [[mark.name, mark.args, mark.kwargs] for mark in item.iter_markers()
                     if mark.name != "parametrize"]  # fmt: skip
            if given or marks:
                self._put("test " + item.nodeid, "test", [given, marks])
        return None if self.walk.looked > MOST else self.entries

    def _entry(self, label, value, done):
        if self.labels.get(id(value)) != label or id(value) in done:
            self._put(label, "data", value)
            return
        done.add(id(value))
        if issubclass(type(value), types.FunctionType):
            code = value.__code__
            path = self.relative(code.co_filename)
            called = [value.__defaults__, value.__kwdefaults__, value.__closure__]
            self._put(label, "function", called, about_function(value), path or "", code.co_firstlineno)
            return
        outside = [base for base in type.__dict__["__mro__"].__get__(value)
                   if id(base) not in self.labels and base.__module__ not in _OURS]
        foreign = bool(outside) or type(value).__module__ not in _OURS
        self._put(label, "all", [type(value), type.__dict__["__bases__"].__get__(value)])
        for key, held in list(vars(value).items()):
            if key not in SILENT:
                before = len(self.entries)
                self._entry("%s:%s" % (label, key), held, done)
                if foreign:  # code outside the tree may read what this class holds
                    for entry in self.entries[before:]:
                        entry[1] = _READ.get(entry[1], entry[1])

    def _put(self, label, kind, value, data=None, path="", line=0):
        """An entry; digests are None where they do not tell everything."""
        refs = set()
        digests = [self.walk.digest(part, refs) for part in (value, data)]
        self.entries.append([label, kind, *digests, sorted(refs), path, line])


def bindings():
    """To what the names of all modules are bound."""
    modules = [pair for pair in sys.modules.items() if isinstance(pair[1], types.ModuleType)]
    return {name: {key: id(value) for key, value in vars(module).items()} for name, module in modules}


def rebound(before, relative):
    """[module, name] of what is bound otherwise than before outside the tree, and modules that have come."""
    now, found = bindings(), []
    for name, bound in now.items():
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str) and relative(file) is not None:
            continue
        known = before.get(name)
        if known is None:
            found.append([name, ""])
        else:
            found += [[name, key] for key in bound.keys() | known.keys() if bound.get(key) != known.get(key)]
    return sorted(found)


def instead_of_tests(bound, standing):
    """The hook that tells what is held where tests would be run, and how the process differs from before."""

    def pytest_runtestloop(session):
        plugin = sys.modules["smith_plugin"]
        relative = plugin._reporter.relative
        plugin._reporter.channel.send({
            "e": "held", "entries": Entries(session, relative).told(), "elsewhere": rebound(bound, relative),
            "left": plugin.left(standing),
        })
        return True

    return pytest_runtestloop
