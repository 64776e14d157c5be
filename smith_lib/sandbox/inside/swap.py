"""Puts a bug into a process that has imported the clean code, by giving functions their buggy code.

Only where that is what a fresh import would have done; else `Elsewhere` says why not. Standard library only,
Python 3.8 and newer.
"""

import gc
import inspect
import os
import types

_OPTIMIZED, _NEWLOCALS = inspect.CO_OPTIMIZED, inspect.CO_NEWLOCALS
_KIND = (
    inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
)  # fmt: skip
_LIVING = {
    types.GeneratorType: "gi_code", types.CoroutineType: "cr_code", types.AsyncGeneratorType: "ag_code",
}  # fmt: skip
_HAS_DOCSTRING = getattr(inspect, "CO_HAS_DOCSTRING", None)


class Elsewhere(Exception):  # noqa: N818
    """The bug cannot be put into this process; the message says why."""


def is_function(code):
    """Whether it is a function's code (a lambda's and a comprehension's too), not a module's or a class's."""
    return bool(code.co_flags & _OPTIMIZED) and bool(code.co_flags & _NEWLOCALS)


def constant(value):
    """What a constant is, so that 1, 1.0 and True differ."""
    if isinstance(value, tuple):
        return (tuple, tuple(map(constant, value)))
    if isinstance(value, frozenset):
        return (frozenset, frozenset(map(constant, value)))
    if isinstance(value, types.CodeType):
        return types.CodeType
    return (type(value), repr(value) if isinstance(value, (float, complex)) else value)


def shallow(code):
    """What a code object does, positions and nested code objects aside."""
    return (
        code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags,
        code.co_argcount, code.co_kwonlyargcount, getattr(code, "co_posonlyargcount", 0), code.co_name,
        getattr(code, "co_exceptiontable", b""), tuple(map(constant, code.co_consts)),
    )


def nested(code):
    """The code objects directly below."""
    return [value for value in code.co_consts if isinstance(value, types.CodeType)]


def does_the_same(one, other):
    """Whether two code objects differ in positions at most."""
    below = nested(one), nested(other)
    return (
        shallow(one) == shallow(other)
        and len(below[0]) == len(below[1])
        and all(does_the_same(a, b) for a, b in zip(*below))
    )


def lines(code):
    """Where everything of a code object is, which comparing two leaves out before Python 3.11."""
    table = code.co_linetable if hasattr(code, "co_linetable") else code.co_lnotab
    return (code.co_firstlineno, table, [lines(inner) for inner in nested(code)])


def pairs(clean, buggy, found):
    """Collect (clean, buggy) of every function's code that is not equal; raises `Elsewhere`."""
    if is_function(clean):
        if clean != buggy or lines(clean) != lines(buggy) or not does_the_same(clean, buggy):
            found.append((clean, buggy))
    elif shallow(clean) != shallow(buggy):
        raise Elsewhere("it changes what is executed at import")
    below = nested(clean), nested(buggy)
    if [c.co_name for c in below[0]] != [c.co_name for c in below[1]]:
        if not is_function(clean):
            raise Elsewhere("it changes what is executed at import")
        found.extend((code, None) for inner in below[0] for code in all_below(inner))
        return
    for one, other in zip(*below):
        pairs(one, other, found)


def all_below(code):
    """A code object and all below it."""
    return [code, *(deeper for inner in nested(code) for deeper in all_below(inner))]


def key(code):
    """By which a code object is found again."""
    return (code.co_filename, code.co_name, code.co_firstlineno)


class Index:
    """The functions of the tree that this process holds, by their code."""

    def __init__(self, root):
        """Look at everything that the garbage collector knows; before `gc.freeze`, which hides it."""
        self.root = os.path.realpath(root) + os.sep
        self.functions, self.escaped, self.clean = {}, set(), {}
        self.paths = {}
        gc.collect()  # which no longer tracks most constants of code after it
        things = gc.get_objects()
        constants = set()
        for thing in things:
            if type(thing) is types.FunctionType and self.ours(thing.__code__):
                self.functions.setdefault(key(thing.__code__), []).append(thing)
                constants.update(id(code.co_consts) for code in all_below(thing.__code__))
        for thing in things:
            kind = type(thing)
            if kind is types.FunctionType:
                self._kept(gc.get_referents(thing), thing.__code__)
            elif kind is not types.FrameType and id(thing) not in constants:
                if kind in _LIVING:
                    self._kept([getattr(thing, _LIVING[kind])])
                self._kept(gc.get_referents(thing))

    def ours(self, code):
        """Whether it is of the tree."""
        return self.real(code.co_filename).startswith(self.root)

    def real(self, name):
        """A file's real path, looked up once: every run asks for that of every function."""
        if name not in self.paths:
            self.paths[name] = os.path.realpath(name)
        return self.paths[name]

    def _kept(self, things, besides=None):
        for thing in things:
            kind = type(thing)
            if kind is types.CodeType:
                if thing is not besides and self.ours(thing):
                    self.escaped.add(key(thing))
            elif kind in (tuple, dict) and not gc.is_tracked(thing):  # it holds plain values, as code is
                self._kept(gc.get_referents(thing))

    def names(self, path):
        """The names under which loaded code of that file goes."""
        return {k[0] for k in self.functions if self.real(k[0]) == path}

    def plan(self, path, clean, buggy):
        """(function, its buggy code) for every function to change; raises `Elsewhere`.

        `path` is the file's real path; `clean` and `buggy` are its bytes. Raises `SyntaxError` and whatever
        else compiling gives.
        """
        names = self.names(path) or {path}
        if len(names) > 1:
            raise Elsewhere("its file is loaded under several names")
        [name] = names
        if path not in self.clean:
            self.clean[path] = compile(clean, name, "exec", dont_inherit=True)
        known = set(map(key, all_below(self.clean[path])))
        if any(k[0] == name and k not in known for k in self.functions):
            raise Elsewhere("what is loaded is not what its file holds")
        found = []
        pairs(self.clean[path], compile(buggy, name, "exec", dont_inherit=True), found)
        made = []
        for old, new in found:
            made += self._swaps(old, new)
        return made

    def _swaps(self, old, new):
        there = self.functions.get(key(old), [])
        moved = new is not None and does_the_same(old, new)
        if not moved:
            if key(old) in self.escaped:
                raise Elsewhere("its code object is kept elsewhere")
            if old.co_name == "__annotate__":
                raise Elsewhere("it changes annotations")
        held = [f for f in there if f.__code__ == old]
        if len(held) < len(there) and not moved:
            alike = [f for f in there if f.__code__ != old]
            if not all(is_sibling(f.__code__, old) for f in alike):
                raise Elsewhere("what is loaded is not what its file holds")
        if new is None:
            if held:
                raise Elsewhere("a function inside another goes or comes")
            return []
        if held and signature(old) != signature(new):
            raise Elsewhere("its parameters or its kind change")
        if held and (old.co_freevars != new.co_freevars or doc(old) != doc(new)):
            raise Elsewhere("its free variables or its docstring change")
        return [(f, new) for f in held]


def is_sibling(code, other):
    """Whether two code objects of one place are different functions, such as two lambdas of one line."""
    return code.co_name.startswith("<") and other.co_name.startswith("<")


def signature(code):
    """What a decorator may have seen of a function: its parameters, and whether it is a generator or such."""
    stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    count = code.co_argcount + code.co_kwonlyargcount + stars
    positional = code.co_argcount, getattr(code, "co_posonlyargcount", 0)
    return (*positional, code.co_varnames[:count], code.co_flags & _KIND)


def doc(code):
    """The docstring in a function's code, which its object got when it was made."""
    if code.co_name.startswith("<") or (_HAS_DOCSTRING and not code.co_flags & _HAS_DOCSTRING):
        return None
    first = code.co_consts[0] if code.co_consts else None
    return first if isinstance(first, str) else None
