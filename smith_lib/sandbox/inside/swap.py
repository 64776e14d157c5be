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


def pairs(clean, buggy, found):
    """Collect (clean, buggy) of every function's code that is not equal; raises `Elsewhere`."""
    if is_function(clean):
        if clean != buggy or not does_the_same(clean, buggy):
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
        self.inside = {}
        for thing in gc.get_objects():
            kind = type(thing)
            if kind is types.FunctionType:
                if self.ours(thing.__code__):
                    self.functions.setdefault(key(thing.__code__), []).append(thing)
            elif kind in (set, frozenset, list):
                self._kept(thing)
            elif kind is dict:
                self._kept(list(thing.keys()))
                self._kept(list(thing.values()))
            elif kind is types.GeneratorType:
                self._kept([thing.gi_code])
            elif kind is types.CoroutineType:
                self._kept([thing.cr_code])
            elif kind is types.AsyncGeneratorType:
                self._kept([thing.ag_code])

    def ours(self, code):
        """Whether it is of the tree."""
        return self.real(code.co_filename).startswith(self.root)

    def real(self, name):
        """The real path of a file that code names."""
        if name not in self.inside:
            self.inside[name] = os.path.realpath(name)
        return self.inside[name]

    def _kept(self, things):
        for thing in things:
            if type(thing) is types.CodeType and self.ours(thing):
                self.escaped.add(key(thing))

    def know(self, path, clean):
        """Take in a clean file, by its real path; what is known then serves every bug in it."""
        if path not in self.clean:
            names = sorted({k[0] for k in self.functions if self.real(k[0]) == path}) or [path]
            self.clean[path] = Clean(names, clean)
        return self.clean[path]

    def plan(self, path, clean, buggy):
        """(function, its buggy code) for every function to change; raises `Elsewhere`.

        `path` is the file's real path; `clean` and `buggy` are its bytes. Raises `SyntaxError` and whatever
        else compiling gives.
        """
        file = self.know(path, clean)
        if len(file.names) > 1:
            raise Elsewhere("its file is loaded under several names")
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
        if held and (old.co_freevars != new.co_freevars or doc(old) != doc(new)):
            raise Elsewhere("its free variables or its docstring change")
        return [(f, new) for f in held]


class Clean:
    """A clean file, and what a change of it compiles to."""

    def __init__(self, names, source):
        """`names` are those under which it is loaded; `source` is its bytes. Never raises."""
        self.names, self.lines, self.whole = names, source.splitlines(True), None
        self.source, self.parts = source, {}
        self.flags = 0
        self.spans = []
        self.imports = b""
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            return
        for statement in tree.body:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                for alias in statement.names:
                    self.flags |= getattr(__future__, alias.name).compiler_flag
        self.spans = spans(tree.body, len(self.lines), None)
        names = sorted(imported(tree))
        self.imports = ("import " + ", ".join(names)).encode() if names else b""

    def compared(self, buggy):
        """((clean, buggy) code of functions, the line after which nothing differs, how far that moves)."""
        new = buggy.splitlines(True)
        old = self.lines
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
                    self.parts[first, last] = self.part(old[first - 1 : last], first, holder)
                pairs(self.parts[first, last], other, found)
                return found, last, shift
        if self.whole is None:
            self.whole = compile(self.source, self.names[0], "exec", dont_inherit=True)
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


def doc(code):
    """The docstring in a function's code, which its object got when it was made."""
    if code.co_name.startswith("<") or (_HAS_DOCSTRING and not code.co_flags & _HAS_DOCSTRING):
        return None
    first = code.co_consts[0] if code.co_consts else None
    return first if isinstance(first, str) else None
