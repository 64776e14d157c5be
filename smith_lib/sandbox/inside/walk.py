"""A digest of what an object holds, which compares in processes under one hash seed.

Standard library only, Python 3.8 and newer. Nothing of the code under test is called: objects are read as the
garbage collector reads them.
"""

import collections
import contextvars
import functools
import operator
import re
import sys
import threading
import types
import weakref
from gc import get_referents

MOST = 300_000
"""So many objects are looked at; where there are more, nothing is told."""
_SINGLE = frozenset({type(None), type(Ellipsis), type(NotImplemented)})
_VALUES = (str, bytes, int, float, complex)
_ATOMS = frozenset({*_VALUES, bool})
_ALIASES = tuple(getattr(types, name) for name in ("GenericAlias", "UnionType") if hasattr(types, name))
_OPEN = frozenset({
    dict, list, tuple, types.MethodType, property, staticmethod, classmethod, slice, types.MappingProxyType,
    functools.partial, collections.deque, collections.OrderedDict, collections.defaultdict,
    types.SimpleNamespace, operator.itemgetter, operator.attrgetter,
    type((lambda one: lambda: one)(0).__closure__[0]), type({}.values()), type({}.items()),
    *_ALIASES,
})  # fmt: skip
"""Types whose referents are all that they hold."""
_TOLD = frozenset({
    "builtins.range", "builtins.bytearray", "datetime.date", "datetime.time", "datetime.datetime",
    "datetime.timedelta", "datetime.timezone", "decimal.Decimal", "zoneinfo.ZoneInfo", "_struct.Struct",
    "itertools.count", "collections._tuplegetter", "_collections._tuplegetter",
})  # fmt: skip
"""Types that `repr` tells whole, with nobody's code in it."""
_NAMED = frozenset({"typing.TypeVar", "typing.ParamSpec", "typing.TypeVarTuple", "typing.TypeAliasType"})
_BARE = (
    types.ModuleType, types.CodeType, types.WrapperDescriptorType, types.MethodDescriptorType,
    types.ClassMethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType,
    contextvars.ContextVar, type(threading.Lock()), type(threading.RLock()), weakref.ref, weakref.ProxyType,
)  # fmt: skip
"""What is told apart by type and name alone."""
_PATTERN = type(re.compile(""))
_CACHED = type(functools.lru_cache()(int))
_ROOTS = (
    object, dict, list, tuple, set, frozenset, type, BaseException, property, staticmethod, classmethod,
    collections.OrderedDict, collections.defaultdict, collections.deque, *_VALUES, *_ALIASES,
)  # fmt: skip
SILENT = frozenset({"__dict__", "__weakref__", "__module__", "__qualname__", "__firstlineno__",
                     "__static_attributes__", "_abc_impl"})  # fmt: skip
"""Attributes of classes that say nothing of what they hold."""
_OF_PYTEST = ("_pytest.mark.structures.", "_pytest.fixtures.Fixture")
_HEAP, _IMMUTABLE = 1 << 9, 1 << 8


class Opaque(Exception):  # noqa: N818
    """What an object holds cannot be told."""


class Walk:
    """Digests of objects; what has a label is told by that alone."""

    def __init__(self, labels, names, outside):
        """Labels by id, the names of the modules of the tree, and all other modules by name."""
        self.labels, self.names = labels, names
        self.outside = {}
        for name, module in outside.items():
            for key, value in list(vars(module).items()):
                if type(value) not in _ATOMS and type(value) not in _SINGLE:
                    self.outside.setdefault(id(value), "%s.%s" % (name, key))
        self.looked = 0

    def digest(self, value, refs):
        try:
            return self._walked(value, refs, {}, [])
        except Opaque:
            return None

    def _walked(self, root, refs, seen, kept):
        stream = []
        stack = [root]
        while stack:
            one = stack.pop()
            kind = type(one)
            if kind in _ATOMS or kind in _SINGLE:
                stream.append(kind.__name__)
                if kind in _ATOMS:
                    stream.append(repr(one) if kind is float or kind is complex else one)
                continue
            label = self.labels.get(id(one))
            if label is not None:
                stream.append(label)
                refs.add(label)
                continue
            known = seen.get(id(one))
            if known is not None:
                stream.append(known)
                continue
            known = self.outside.get(id(one))
            if known is not None:  # what it holds is not the tree's
                stream.append(known)
                continue
            seen[id(one)] = len(seen)
            kept.append(one)
            self.looked += 1
            if self.looked > MOST:
                raise Opaque
            stream.append(kind.__name__)
            if kind is set or kind is frozenset:
                stream.append(tuple(sorted(self._walked(held, refs, dict(seen), kept) for held in one)))
            else:
                stack.extend(self._parts(one, kind, stream))
        return hash(tuple(stream))

    def _parts(self, one, kind, stream):
        """What an object holds, for the walk to go on with; puts its own value into the stream."""
        if kind in _OPEN:
            if kind is collections.deque:
                stream.append(one.maxlen)
            return get_referents(one)
        if kind is type({}.keys()):
            return list(one)
        name = "%s.%s" % (kind.__module__, kind.__qualname__)
        if name in _TOLD:
            stream.append(one.format if name == "_struct.Struct" else repr(one))
            return ()
        if name == "logging.Logger":
            stream.append((one.name, one.level, one.propagate, one.disabled, len(one.handlers)))
            return ()
        if kind is _PATTERN:
            stream.append((one.pattern, one.flags))
            return ()
        if kind is types.FunctionType:
            return [one.__defaults__, one.__kwdefaults__, one.__closure__, about_function(one)]
        if kind is types.BuiltinFunctionType or kind is types.MethodWrapperType:
            stream.append(getattr(one, "__qualname__", one.__name__))
            return () if issubclass(type(one.__self__), (types.ModuleType, type)) else (one.__self__,)
        if kind is _CACHED:
            if one.cache_info().currsize and one.__wrapped__.__module__ in self.names:
                raise Opaque
            return (one.__dict__,)
        if issubclass(kind, type):
            return self._class(one, stream)
        if kind is object or kind is threading.local or name in _NAMED or issubclass(kind, _BARE):
            stream.append(getattr(one, "__name__", "") if kind is not object else "")
            return ()
        return self._instance(one, kind, name, stream)

    def _class(self, one, stream):
        """A class that no module of the tree has by name: one of elsewhere, or one made in a function."""
        stream.append("%s.%s" % (one.__module__, one.__qualname__))
        if one.__module__ not in self.names:
            return ()
        own = [pair for pair in vars(one).items() if pair[0] not in SILENT]
        return [type(one), type.__dict__["__bases__"].__get__(one), own]

    def _instance(self, one, kind, name, stream):
        """An object of a class that a statement made; of pytest's own what marks and fixtures are given."""
        stream.append(self.labels.get(id(kind), name))
        if name.startswith("_pytest") and not name.startswith(_OF_PYTEST):
            return ()
        parts = []
        for base in kind.__mro__:
            if base in _ROOTS or "%s.%s" % (base.__module__, base.__qualname__) == "datetime.tzinfo":
                continue
            if not made_by_statement(base):
                raise Opaque
            getter = vars(base).get("__dict__")
            if isinstance(getter, types.GetSetDescriptorType):
                parts.append(getter.__get__(one))
        for plain in _VALUES:
            if issubclass(kind, plain):
                stream.append(value_of(plain, one))
        if issubclass(kind, (set, frozenset)):
            stream.append(tuple(sorted(hash((type(held).__name__, held)) if type(held) in _ATOMS else opaque()
                                       for held in set.__iter__(one))))  # fmt: skip
            return parts
        return parts + [held for held in get_referents(one) if held is not kind]


def opaque():
    """No value."""
    raise Opaque


def value_of(plain, one):
    """The value of an instance of a subclass of a plain type, by that type's own means."""
    if plain is str:
        return str.__str__(one)
    if plain is bytes:
        return bytes.__getitem__(one, slice(None))
    return plain.__repr__(one) if plain is not int else int.__index__(one)


def about_function(function):
    """What of a function others may read; of a lambda, which no statement tells of, its code too."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    parts = [code.co_name, code.co_filename, code.co_flags, names, code.co_argcount, function.__doc__,
             function.__dict__, function.__annotations__ or None]  # fmt: skip
    if code.co_name == "<lambda>":
        parts.append(of_code(code))
    return parts


def of_code(code):
    consts = [of_code(const) if isinstance(const, types.CodeType) else const for const in code.co_consts]
    return [code.co_code, code.co_names, consts]


def made_by_statement(kind):
    """Whether a class is made by a class statement, and so keeps nothing where no referent tells of it."""
    flags = kind.__flags__
    if kind.__module__ == "builtins" and (flags & _HEAP or issubclass(kind, BaseException)):
        return True  # one that was made by `type`, or an exception
    if not flags & _HEAP or (sys.version_info >= (3, 10) and flags & _IMMUTABLE):
        return False
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and file.endswith(".py")
