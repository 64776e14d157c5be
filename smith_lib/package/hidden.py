"""Tests taken out of a task's files function by function, and put back. Pure over text: a task's tree is
the clean tree with the bug applied and the test patch undone."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from smith_lib import diffs, syntax
from smith_lib.package.places import FunctionNode, functions, imports_in, parsed, split, statements
from smith_lib.types import Instance
from smith_lib.validate.affected import held

Read = Callable[[str], str]
Cut = tuple[int, int, str]
"""The first line and the one after the last, from 0, and what comes instead."""


def hide(test_ids: Iterable[str], read: Read, test_files: Iterable[str]) -> dict[str, str]:
    """Path to text of the test files with those tests taken out; files that stay as they are are left out.

    A parametrised case takes its whole function along. What is not written as a function in its own file
    (inherited methods, doctests, generated tests) stays visible, and so does a function that other test
    code refers to by name. `read` gives a file's text and may raise `OSError`, `KeyError` or
    `UnicodeDecodeError`.
    """
    wanted: dict[str, set[tuple[str, ...]]] = {}
    for test_id in test_ids:
        place = split(test_id)
        if place.names and place.file.endswith(".py"):
            wanted.setdefault(place.file, set()).add(place.names)
    others = {*test_files, *wanted}
    return {
        file: text
        for file in sorted(wanted)
        if (full := _text(read, file)) is not None
        and (text := without(full, wanted[file], _imported_by_others(file, others, read))) != full
    }


def _text(read: Read, file: str) -> str | None:
    try:
        return read(file)
    except (OSError, KeyError, UnicodeDecodeError):
        return None


def _imported_by_others(file: str, files: Iterable[str], read: Read) -> set[str]:
    module = file.rpartition("/")[2].removesuffix(".py")
    names: set[str] = set()
    for other in files:
        if other == file or not other.endswith(".py"):
            continue
        text = _text(read, other)
        tree = parsed(text) if text is not None and module in text else None
        for node in imports_in(tree) if tree is not None else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == module:
                names |= {alias.name for alias in node.names}
    return names


def without(text: str, names: Iterable[tuple[str, ...]], keep: Iterable[str] = ()) -> str:
    """The module's text without those functions, their decorators and the comments directly above them.

    `keep` are names that others import. A class left with nothing goes too, or gets `pass` where something
    refers to it. The text comes back as it was where it cannot be cut exactly.
    """
    module = parsed(text)
    if module is None or "\r" in text.replace("\r\n", ""):
        return text
    used = {*keep, *_referred(module)}
    doomed = {
        function
        for path in names
        for function in functions(module, path)
        if function.name not in used and path[0] not in keep
    }
    if not doomed:
        return text
    lines = diffs.lines_of(text)
    ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
    cuts: list[Cut] = []
    _cut(module, doomed, used, lines, ending, cuts)
    return _shorter(lines, cuts) if _are_exact(cuts, module, doomed, lines) else text


def _shorter(lines: Sequence[str], cuts: Iterable[Cut]) -> str:
    left = list(lines)
    for start, stop, instead in sorted(cuts, reverse=True):
        left[start:stop] = [instead] if instead else []
    return "".join(left)


def _are_exact(
    cuts: Iterable[Cut], module: ast.Module, doomed: set[FunctionNode], lines: Sequence[str]
) -> bool:
    """Whether the module is without those functions then, and nothing else is gone.

    Only the statements of the module that lose a part are parsed anew.
    """
    pieces: dict[int, list[Cut]] = {}
    spans = [_from_nought(node) for node in module.body]
    gone: set[int] = set()
    for start, stop, instead in cuts:
        met = [at for at, (first, last) in enumerate(spans) if first < stop and start < last]
        if len(met) != 1:
            return False
        first, last = spans[met[0]]
        if start <= first and last <= stop:
            gone.add(met[0])
        elif first < start:  # what it takes behind its statement is blank
            pieces.setdefault(met[0], []).append((start - first, min(stop, last) - first, instead))
        else:
            return False
    found = sum((module.body[at] in doomed) + _count(module.body[at]) for at in gone)
    for at, some in pieces.items():
        first, last = spans[at]
        try:
            left = syntax.parse(_shorter(lines[first:last], some))
        except (SyntaxError, ValueError, RecursionError):
            return False
        if len(left.body) != 1:
            return False
        found += _count(module.body[at]) - _count(left.body[0])
    return found == sum(1 + _count(function) for function in doomed)


def _count(node: ast.AST) -> int:
    """The functions below a node."""
    return sum(isinstance(n, FunctionNode) + _count(n) for n in held(node))


@lru_cache(maxsize=64)
def _referred(module: ast.Module) -> frozenset[str]:
    return frozenset(
        {n.id for n in ast.walk(module) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        | {n.attr for n in ast.walk(module) if isinstance(n, ast.Attribute)}
    )


def _cut(
    node: ast.AST,
    doomed: set[FunctionNode],
    used: set[str],
    lines: list[str],
    ending: str,
    cuts: list[Cut],
) -> None:
    """Add the cuts for all that goes from `node`."""
    for block in ("body", "orelse", "finalbody", "handlers"):
        children = [c for c in getattr(node, block, ()) if isinstance(c, ast.stmt | ast.ExceptHandler)]
        gone = [c for c in children if c in doomed or _empty_class(c, doomed, used)]
        for child in children:
            if child not in gone:
                if isinstance(child, ast.ClassDef | ast.If | ast.Try | ast.With | ast.ExceptHandler):
                    _cut(child, doomed, used, lines, ending, cuts)
                continue
            start, stop = _extent(child, lines)
            instead = ""
            if len(gone) == len(children) and child is gone[-1] and not isinstance(node, ast.Module):
                instead = " " * child.col_offset + "pass" + ending
            cuts.append((start, stop, instead))


def _empty_class(node: ast.AST, doomed: set[FunctionNode], used: set[str]) -> bool:
    if not isinstance(node, ast.ClassDef) or node.name in used:
        return False
    rest = [
        n
        for n in node.body
        if n not in doomed
        and not isinstance(n, ast.Pass)
        and not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
        and not _empty_class(n, doomed, used)
    ]
    return not rest and any(n in doomed for n in statements(node)) and len(node.bases) <= 1


def _extent(node: ast.AST, lines: list[str]) -> tuple[int, int]:
    start, stop = _from_nought(node)
    indent = " " * getattr(node, "col_offset", 0)
    while start and lines[start - 1].startswith(indent + "#"):
        start -= 1
    while stop < len(lines) and not lines[stop].strip():
        stop += 1
    return start, stop


def _from_nought(node: ast.AST) -> tuple[int, int]:
    span = syntax.span(node)
    return span.start - 1, span.stop - 1


def undo(patch: str, read: Read) -> dict[str, str]:
    """The changed files (path to text) as they were before the patch; `read` gives them after it.

    Raises `DoesNotApply` where they do not hold what the patch left there.
    """
    out: dict[str, str] = {}
    for diff in diffs.parse(patch) if patch else ():
        path = diff.new_path
        if path is None or diff.old_path is None:
            raise diffs.DoesNotApply(f"{path or diff.old_path}: only changes to a file can be undone")
        now = diffs.lines_of(out.get(path) or read(path))
        before: list[str] = []
        at = shift = 0
        for hunk in diff.hunks:
            start = (hunk.start - 1 if hunk.old else hunk.start) + shift
            if start < at or tuple(now[start : start + len(hunk.new)]) != hunk.new:
                raise diffs.DoesNotApply(f"{path}: the hunk at line {hunk.start} cannot be undone")
            before += [*now[at:start], *hunk.old]
            at = start + len(hunk.new)
            shift += len(hunk.new) - len(hunk.old)
        out[path] = "".join([*before, *now[at:]])
    return out


def task_files(instance: Instance, clean: Read) -> dict[str, str]:
    """What differs from the clean tree in an agent's tree: the bug is in, the hidden tests are out."""
    return {**undo(instance.test_patch, clean), **{file.path: file.text for file in instance.buggy_code}}


def graded_files(instance: Instance, task: Mapping[str, str]) -> dict[str, str]:
    """The task's test files with the hidden tests back in; `task` is path to text in the agent's tree."""
    return diffs.apply(instance.test_patch, task.__getitem__) if instance.test_patch else {}
