"""Which tests meet what a bug changes outside them: by imports, collection, or session set-up.

Two sessions tell what imports and collection made of clean and of buggy code, entry by entry (`held.py` in
`smith_lib/sandbox/inside`). Where that is the same, only tests that execute the change themselves can fail.
Of what differs, functions with other defaults are met by who executes them, and everything else by who
executes a statement that names it. Where code outside the tree may read it, all tests have to run.
"""

import ast
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from smith_lib import syntax
from smith_lib.sandbox.warm import Entry, Held
from smith_lib.validate.coverage import Map

_WORD = re.compile(r"[^\W\d]\w*")
_ANY = frozenset({
    "__dict__", "__getattribute__", "__import__", "attrgetter", "dir", "eval", "exec", "getmembers",
    "globals", "import_module", "inspect", "locals", "methodcaller", "reload", "vars",
})  # fmt: skip
"""Words that tell of code which may read a name without naming it."""
_BY_NAME = frozenset({"delattr", "getattr", "hasattr", "setattr"})
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True, slots=True)
class Strange:
    """What is held otherwise than on clean code."""

    called: frozenset[str]
    """Labels of functions with other defaults or closures, which matter to those who execute them."""
    named: frozenset[str]
    """Labels of everything else that differs."""
    doubtful: frozenset[str]
    """Labels of what cannot be compared, since it differs on clean code too or holds what nobody can see."""
    tests: frozenset[str]
    """That are given something else."""

    @property
    def anything(self) -> bool:
        """Whether there is any difference, or doubt of one."""
        return bool(self.called or self.named or self.doubtful or self.tests)


def strange(clean: Held, again: Held, buggy: Held) -> Strange | None:
    """What differs; None where that may matter to every test. Clean code is told twice, since some of what it
    holds is never the same."""
    if (clean.elsewhere, clean.left) != (buggy.elsewhere, buggy.left):
        return None
    holders: dict[str, set[str]] = {}
    for held in (clean, buggy):
        for label, entry in held.entries.items():
            for one in entry.holds:
                holders.setdefault(one, set()).add(label)
    called: set[str] = set()
    doubtful: set[str] = set()
    todo = []
    for label in clean.entries.keys() | buggy.entries.keys():
        before, now = clean.entries.get(label, _NONE), buggy.entries.get(label, _NONE)
        if before.told and before == now == again.entries.get(label):
            continue
        if before.kind == now.kind and not (before.told and before == again.entries.get(label) and now.told):
            doubtful.add(label)
        elif _only_called(before, now):
            called.add(label)
        else:
            todo.append(label)
    named: set[str] = set()
    while todo:  # what differs, and what holds something of that
        label = todo.pop()
        if label not in named:
            named.add(label)
            todo += holders.get(label, ())
    doubtful -= named
    tests, options = set(), set()
    for label in named | doubtful:
        kinds = {clean.entries.get(label, _NONE).kind, buggy.entries.get(label, _NONE).kind}
        if "test" in kinds:
            tests.add(label)
        elif kinds == {"option"} and label in doubtful:
            options.add(label)
        elif kinds & {"all", "option", "read function"} or _special(label):
            return None
    return Strange(frozenset(called - named), frozenset(named - tests), frozenset(doubtful - tests - options),
                   frozenset(label.removeprefix("test ") for label in tests))  # fmt: skip


_NONE = Entry("", None, None, frozenset(), "", 0)


def _only_called(before: Entry, now: Entry) -> bool:
    """Whether a function differs in what nobody sees who does not execute it."""
    alike = before.kind == now.kind and before.about == now.about
    return alike and before.kind.endswith("function") and before.path != ""


def _special(label: str) -> bool:
    """Whether a name is one that the interpreter or others look for."""
    name = label.rpartition(":")[2]
    return name.startswith("__") and name.endswith("__")


class Reached:
    """Who meets what, of one repository."""

    def __init__(self, texts: Mapping[str, str], coverage: Map, reliable: Iterable[str]) -> None:
        """Of the clean texts of the tree's files of Python code, by path."""
        self._texts, self._coverage = texts, coverage
        self._tests: dict[str, set[str]] = {}
        for test in reliable:
            self._tests.setdefault(test.partition("::")[0], set()).add(test)
        self._lines: dict[str, dict[str, set[int]]] = {}
        self._anything: dict[str, set[int]] = {}
        for path in coverage.files:
            self._index(path)
        self._words = {path: _told(text) for path, text in texts.items()
                       if path in self._tests or path not in coverage.files}  # fmt: skip

    def tests(self, found: Strange, clean: Held, loaded: Set[str]) -> tuple[str, ...] | None:
        """The tests that meet it, sorted; None where that may be all. `loaded` is what tests load."""
        lines: dict[str, set[int]] = {}
        for label in found.called:
            entry = clean.entries[label]
            if not (body := self._body(entry)):
                return None
            lines.setdefault(entry.path, set()).update(body)
        some = set(found.tests)
        if found.named or found.doubtful:
            if not loaded <= self._texts.keys():
                return None
            names = set()
            for label in found.named | found.doubtful:
                name, path = _bare(label), clean.entries[label].path if label in clean.entries else ""
                if name.startswith("test") and path in self._tests:  # nobody names a test
                    some |= {test for test in self._tests[path] if name in test}
                else:
                    names.add(name)
            places = [self._lines.get(name, {}) for name in names]
            if found.named:
                places.append(self._anything)
                names |= _ANY
            for where in places:
                for path, numbers in where.items():
                    lines.setdefault(path, set()).update(numbers)
            for path, words in self._words.items():
                if not words.isdisjoint(names):
                    if path in self._tests:
                        some |= self._tests[path]
                    elif path in loaded:
                        return None
        return tuple(sorted(self._coverage.joined(some).union(self._coverage.meeting(lines))))

    def _body(self, entry: Entry) -> set[int]:
        """The lines of a function."""
        for node in ast.walk(syntax.parse(self._texts.get(entry.path, ""))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = syntax.span(node)
                if entry.line in (lines.start, node.lineno):
                    return set(range(node.body[0].lineno, lines.stop))
        return set()

    def _index(self, path: str) -> None:
        """Note, for the statements of a file, which names each one of them tells of."""
        todo: list[ast.AST] = [*getattr(_tree(self._texts.get(path, "")), "body", ())]
        while todo:
            statement = todo.pop()
            words: set[str] = set()
            parts = [*ast.iter_child_nodes(statement)]
            while parts:
                part = parts.pop()
                if isinstance(part, ast.stmt):
                    todo.append(part)
                elif isinstance(part, ast.excepthandler | ast.match_case):
                    parts += ast.iter_child_nodes(part)
                else:
                    words |= _words(part)
            for word in words:
                self._lines.setdefault(word, {}).setdefault(path, set()).add(_line(statement))
            if not words.isdisjoint(_ANY):
                self._anything.setdefault(path, set()).add(_line(statement))


def _line(statement: ast.AST) -> int:
    return statement.lineno  # type: ignore[attr-defined, no-any-return]


def _tree(text: str) -> ast.Module | None:
    try:
        return syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _told(text: str) -> frozenset[str]:
    """All words of a file; `vars` where it makes up names as it runs, or nobody can tell."""
    tree = _tree(text)
    return frozenset(_WORD.findall(text)) | (_words(tree) if tree is not None else {"vars"})


def _bare(label: str) -> str:
    """The name as statements have it: a private one of a class without the class's."""
    *_, owner, name = label.split(":")
    mangled = f"_{owner.lstrip('_')}__"
    return name.removeprefix(mangled[:-2]) if name.startswith(mangled) else name


def _words(node: ast.AST) -> set[str]:
    """The names and the words of texts below a node; a name that is made up as it runs counts as `vars`."""
    found: set[str] = set()
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.keyword(arg=str(name)):
                found.add(name)
            case ast.Constant(value=str(text)):
                found.update(_WORD.findall(text))
            case ast.alias(name=name, asname=other):
                found.update(name.split("."), [other] if other else [], ["vars"] if name == "*" else [])
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
            case ast.Call(func=ast.Name(id=name), args=[_, ast.Constant(), *_]) if name in _BY_NAME:
                pass
            case ast.Call(func=ast.Name(id=name)) if name in _BY_NAME:
                found.add("vars")
            case _:
                pass
    return found
