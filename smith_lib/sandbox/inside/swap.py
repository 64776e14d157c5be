"""Puts a bug into a process that has imported the clean code, by giving functions their buggy code.

Only where that is what a fresh import would have done; else `Elsewhere` says why not. Standard library only,
Python 3.8 and newer.
"""

import __future__

import ast
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

    def know(self, path, clean):
        """Take in a clean file, by its real path; what is known then serves every bug in it."""
        if path not in self.clean:
            names = sorted({k[0] for k in self.functions if self.real(k[0]) == path}) or [path]
            self.clean[path] = Clean(names, clean)
            self.clean[path].foreign(self.functions)
        return self.clean[path]

    def plan(self, path, clean, buggy):
        """(function, its buggy code) for every function to change; raises `Elsewhere`.

        `path` is the file's real path; `clean` and `buggy` are its bytes. Raises `SyntaxError` and whatever
        else compiling gives.
        """
        file = self.know(path, clean)
        if len(file.names) > 1:
            raise Elsewhere("its file is loaded under several names")
        if file.foreign(self.functions):
            raise Elsewhere("what is loaded is not what its file holds")
        found, after, shift = file.compared(buggy)
        made = []
        for old, new in found:
            made += self._swaps(old, new)
        if shift:  # what follows the change stands on other lines
            done = {id(function) for function, _ in made}
            for place, functions in self.functions.items():
                if place[0] == file.names[0] and place[2] > after:
                    made += [(f, shifted(f.__code__, shift)) for f in functions if id(f) not in done]
        return made

    def filled(self, changes, codes):
        """(function, its code) where what is loaded has functions without a body; raises `Elsewhere`.

        `changes` are real paths to (text, new text) of files that change, where the first has holes in the
        place of what is loaded only for functions that change; `codes` are real paths to (line, name) to the
        code of the other functions without a body.
        """
        made, moved = [], {}
        for path, (base, new) in changes.items():
            file = self.clean[path]
            if len(file.names) > 1:
                raise Elsewhere("its file is loaded under several names")
            if file.foreign(self.functions):
                raise Elsewhere("what is loaded is not what its file holds")
            found, after, shift = file.compared(new, base)
            some = []
            for old, code in found:
                some += self._swaps(old, code)
            made += some
            if shift:
                moved[path] = (after, shift)
                done = {id(function) for function, _ in some}
                others = codes.get(path, {})
                for place, functions in self.functions.items():
                    if place[0] == file.names[0] and place[2] > after and (place[2], place[1]) not in others:
                        made += [(f, shifted(f.__code__, shift)) for f in functions if id(f) not in done]
        done = {id(function) for function, _ in made}
        for path, known in codes.items():
            after, shift = moved.get(path, (0, 0))
            for (line, name), code in known.items():
                code = shifted(code, shift) if shift and line > after else code
                functions = self.functions.get((self.clean[path].names[0], name, line), [])
                made += [(f, code) for f in functions if id(f) not in done]
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


class Clean:
    """A clean file, and what a change of it compiles to."""

    def __init__(self, names, source):
        """`names` are those under which it is loaded; `source` is its bytes. Never raises."""
        self.names, self.lines = names, source.splitlines(True)
        self.parts = {}
        self.flags = 0
        self.spans = []
        self.imports = b""
        self.whole = self.strange = None
        try:
            tree = ast.parse(source)
            self.whole = compile(source, names[0], "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                for alias in statement.names:
                    self.flags |= getattr(__future__, alias.name).compiler_flag
        self.spans = spans(tree.body, len(self.lines), None)
        names = sorted(imported(tree))
        self.imports = ("import " + ", ".join(names)).encode() if names else b""

    def foreign(self, functions):
        """Whether there are loaded functions of this file that it does not hold."""
        if self.strange is None:
            known = set() if self.whole is None else set(map(key, all_below(self.whole)))
            self.strange = any(place[0] == self.names[0] and place not in known for place in functions)
        return self.strange

    def compared(self, buggy, base=None):
        """((clean, buggy) code of functions, the line after which nothing differs, how far that moves).

        `base` is the clean text where that is loaded with more holes than the change has to do with.
        """
        new = buggy.splitlines(True)
        old = self.lines if base is None else base.splitlines(True)
        head = 0
        while head < min(len(old), len(new)) and old[head] == new[head]:
            head += 1
        tail = 0
        while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
            tail += 1
        shift = len(new) - len(old)
        found = []
        for first, last, holder in self.spans:
            if first <= head and len(old) - tail <= last and head < last:
                try:
                    other = self.part(new[first - 1 : last + shift], first, holder)
                except SyntaxError:
                    break
                if (first, last) not in self.parts:
                    self.parts[first, last] = self.part(self.lines[first - 1 : last], first, holder)
                pairs(self.parts[first, last], other, found)
                return found, last, shift
        pairs(self.whole, compile(buggy, self.names[0], "exec", dont_inherit=True), found)
        return found, len(old), 0

    def part(self, lines, first, holder):
        """The code of some lines on their own, where they stand in the file; in a class where they do.

        What the module imports is imported before: a call through an imported name is compiled otherwise.
        """
        above = [self.imports] if holder is None else [self.imports, b"class " + holder.encode() + b":"]
        if first <= len(above):
            raise SyntaxError("no room above line %d" % first)
        head = b"\n" * (first - 1 - len(above)) + b"\n".join(above) + b"\n"
        return compile(head + b"".join(lines), self.names[0], "exec", self.flags, True)


def imported(tree):
    """The names that a module's own statements import."""
    todo, found = list(tree.body), set()
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(a.asname or a.name).partition(".")[0] for a in node.names if a.name != "*"}
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
    return found


def spans(statements, end, holder):
    """(first line, last line, class) of statements that can be compiled alone, the smallest first.

    The methods of top-level classes, then the top-level statements. What lies between two belongs to the one
    before it.
    """
    firsts = [min([d.lineno for d in getattr(s, "decorator_list", ())] + [s.lineno]) for s in statements]
    found, below = [], []
    for statement, first, after in zip(statements, firsts, [*firsts[1:], end + 1]):
        if holder is None or isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.append((first, after - 1, holder))
        if holder is None and isinstance(statement, ast.ClassDef) and first < statement.body[0].lineno:
            below += spans(statement.body, after - 1, statement.name)
    return below + found


def shifted(code, shift):
    """The code as it is where its lines stand elsewhere."""
    consts = tuple(shifted(c, shift) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_firstlineno=code.co_firstlineno + shift, co_consts=consts)


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
