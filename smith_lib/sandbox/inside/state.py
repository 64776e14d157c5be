"""What a run leaves changed of the objects that outlive its tests, which tests that run later would find so.

Standard library only, Python 3.8 and newer. Nothing of the code under test is called: objects are read as the
garbage collector reads them.
"""

import abc
import functools
import sys
import types
from gc import get_referents

MOST = 200_000
"""So many objects are looked at; where there are more, nothing is told."""
_ATOMS = frozenset({str, bytes, int, float, complex, bool, type(None), type(Ellipsis), type(NotImplemented)})
_SHUT = (
    types.ModuleType, types.CodeType, types.FrameType, types.BuiltinFunctionType, types.TracebackType,
    types.GeneratorType, type(functools.lru_cache()(int)), type(vars(abc.ABC)["_abc_impl"]),
)  # fmt: skip
ABOUT = frozenset({
    "__builtins__", "__cached__", "__doc__", "__file__", "__loader__", "__name__", "__package__", "__path__",
    "__spec__", "__warningregistry__",
})  # fmt: skip
_OTHER = frozenset({"asyncio.events", "encodings", "threading"})
"""Modules that a fork or a first use binds anew."""
_SET_UP = ("xunit_setup", "unittest_set")
"""How the fixtures begin that pytest makes of a module's or class's own set-up."""
_COUNTS = frozenset({"testsfailed", "testscollected", "_setupstate"})
"""What pytest itself changes of the nodes that it collects."""
_LAST = frozenset({"last_type", "last_value", "last_traceback", "last_exc", "stdin", "stdout", "stderr"})


def held_modules(session, relative):
    """The modules of the tree and all others, by name, and the plugins that the tree's classes make."""
    inside, outside = {}, {}
    plugins = session.config.pluginmanager.get_plugins()
    loaded = [(module.__name__, module) for module in plugins if isinstance(module, types.ModuleType)]
    loaded += [(item.module.__name__, item.module) for item in session.items if hasattr(item, "module")]
    for name, module in [*sys.modules.items(), *loaded]:
        if not isinstance(module, types.ModuleType) or name.startswith("smith_"):
            continue
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and relative(file) is not None:
            inside[name if sys.modules.get(name) is module else file] = module
        elif name not in _OTHER and not name.startswith(("_pytest", "pytest")):
            outside[name] = module
    names = {module.__name__ for module in inside.values()}
    return inside, outside, [plugin for plugin in plugins if type(plugin).__module__ in names]


class State:
    """What the modules of the tree hold, and to what the names of all others are bound."""

    def __init__(self, session, relative):
        """`relative` tells a file's path in the tree, or None. What is found now is what was there before."""
        self.nodes = {node.nodeid: node for item in session.items for node in item.listchain()[:-1]}
        self.inside, self.outside, self.plugins = held_modules(session, relative)
        self.names = {module.__name__ for module in self.inside.values()}
        self.known = {id(value) for holder in [*self.outside.values(), *self.nodes.values()]
                      for value in vars(holder).values()}  # fmt: skip
        self.bound = {}
        self.before = self.taken()
        for name, module in self.outside.items():
            self.bound[name] = _sight(module), self.before and self.before[name, ""]

    def taken(self):
        """A digest of each name's value, or None where there are too many objects; in forks they compare."""
        found = {}
        seen = {}
        kept = []  # ids are only told apart while their objects live
        for number, (name, module) in enumerate(self.inside.items()):
            for key, value in list(vars(module).items()):
                if key in ABOUT:
                    continue
                found[name, key] = self._digest(value, seen, number, kept)
                if len(seen) > MOST:
                    return None
        for number, plugin in enumerate(self.plugins):
            found["plugin", str(number)] = self._digest(plugin, seen, -1 - number, kept)
        for name, node in self.nodes.items():
            bound = [pair for pair in sorted(vars(node).items()) if pair[0] not in _COUNTS]
            found["node", name] = self._bindings(bound)
        for name, module in self.outside.items():
            sight, digest = self.bound.get(name, (None, None))
            if sight == _sight(module):  # as by far most are
                found[name, ""] = digest
                continue
            bound = list(vars(module).items())
            if name == "sys":
                bound = [pair for pair in bound if pair[0] not in _LAST]
            found[name, ""] = self._bindings(bound)
        return found

    def _bindings(self, bound):
        """A digest of which names are bound to what was there before, and which to something new."""
        known = self.known
        return hash(tuple([(name, id(value)) if id(value) in known else (name, type(value).__name__)
                           for name, value in bound]))  # fmt: skip

    def _digest(self, value, seen, number, kept):
        stream = []
        stack = [value]
        first = len(seen)
        while stack:
            one = stack.pop()
            kind = type(one)
            if kind in _ATOMS:
                stream.append(one if one == one else "nan")
                continue
            known = seen.get(id(one))
            if known is not None:
                stream.append(known)
                continue
            seen[id(one)] = (number, len(seen) - first)
            kept.append(one)
            stream.append(kind.__name__)
            if self._open(one, kind):
                if kind is set or kind is frozenset:
                    stream.append(len(one))
                stack.extend(get_referents(one))
            elif kind is bytearray:
                stream.append(bytes(one))
            if len(seen) > MOST:
                break
        return hash(tuple(stream))

    def _open(self, one, kind):
        """Whether an object's own referents belong to the state."""
        if isinstance(one, _SHUT):
            return False
        if isinstance(one, type):
            return one.__module__ in self.names
        if kind is types.FunctionType:
            return one.__module__ in self.names
        module = kind.__module__
        return not (isinstance(module, str) and module.startswith(("_pytest", "pytest", "pluggy")))

    def changed(self):
        """[module, name, digest] of what has another value than before; None where that is not known."""
        now = None if self.before is None else self.taken()
        if now is None:
            return None
        names = sorted(now.keys() | self.before.keys())
        return [[*name, now.get(name, 0)] for name in names if now.get(name) != self.before.get(name)]


def _sight(module):
    """What a module's names are bound to."""
    bound = vars(module)
    return list(bound), list(map(id, bound.values()))


def shared(items, relative):
    """For each test the numbers of the fixtures that live longer than it does."""
    numbers = {}
    found = []
    for item in items:
        fixtures = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        mine = []
        for definitions in fixtures.values():
            for one in definitions or ():
                code = getattr(getattr(one, "func", None), "__code__", None)
                ours = code is not None and relative(code.co_filename) is not None
                if one.scope != "function" and (ours or one.argname.lstrip("_").startswith(_SET_UP)):
                    mine.append(numbers.setdefault(id(one), len(numbers)))
        found.append(sorted(mine))
    return found
