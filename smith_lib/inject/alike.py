"""Near-duplicates among candidates: MinHash over what their edits change, layout and local names aside."""

import ast
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from smith_lib import diffs, syntax
from smith_lib.diffs import lines_of
from smith_lib.types import Candidate, Strategy

SHINGLE = 3
"""Words in one feature, and words of context on either side of an edit."""
MOST = 24
"""Features that one edit may have, so that a large one does not hide the small one beside it."""
PERMUTATIONS = 128
SLACK = 0.15
"""How much less alike bugs may be for MinHash to have them compared feature by feature."""
ORDER = (Strategy.GIVEN, Strategy.MIRROR, Strategy.LLM, Strategy.SEMANTIC, Strategy.AST, Strategy.COMBINE)
"""Of bugs that are alike the one of the earlier family stays."""
_WORD = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<note>\#.*)|(?P<name>(?<!\.)[^\W\d]\w*)"""
    r"""|\w[\w.]*|[-+*/%&|^@<>=!:]=|\*\*=?|//=?|->|<<=?|>>=?|\S"""
)


@dataclass(frozen=True, slots=True)
class Alike:
    """What makes a bug a near-duplicate."""

    nearest: str
    """The candidate that stays."""
    likeness: float
    """Jaccard's index of the features, 0 to 1."""


class Clean:
    """A clean file: its lines, and the local names of the function around each."""

    def __init__(self, text: str) -> None:
        """Read it; one that does not parse has no functions."""
        self.lines = lines_of(text)
        self._starts: list[int] = []
        self._scopes: list[tuple[int, int, dict[str, str]]] = []
        try:
            tree = syntax.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in _outermost(tree):
            self._starts.append(syntax.span(node).start - 1)
            self._scopes.append((node.end_lineno or node.lineno, node.col_offset, _locals(node)))

    def words(self, lines: Sequence[str], at: int) -> list[str]:
        """The words of lines that stand at that line (from 0): local names by number, strings whole.

        Each line starts with its depth in the function; blank lines and comments are left out.
        """
        place = bisect_right(self._starts, at) - 1
        inside = place >= 0 and at < self._scopes[place][0]
        base, names = self._scopes[place][1:] if inside else (0, dict[str, str]())
        words: list[str] = []
        for line in lines:
            found = [m for m in _WORD.finditer(line) if m.lastgroup != "note"]
            if found:
                words.append(f">{found[0].start() - base}")
                words += [names.get(m[0], m[0]) if m.lastgroup == "name" else m[0] for m in found]
        return words

    def beside(self, at: int, step: int) -> list[str]:
        """The words of the next line that has any, from that line on upwards (-1) or downwards (1)."""
        while 0 <= at < len(self.lines):
            words = self.words([self.lines[at]], at)
            if words:
                return words
            at += step
        return []


def _outermost(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions that are in no other, in the order of the text."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.stmt | ast.ExceptHandler):
            yield from _outermost(node)


def _locals(function: ast.AST) -> dict[str, str]:
    """The parameters and variables of a function, numbered in the order of the text."""
    found: list[tuple[int, int, str]] = []
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            found.append((node.lineno, node.col_offset, node.arg))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append((node.lineno, node.col_offset, node.id))
    return {name: f"v{n}" for n, name in enumerate(dict.fromkeys(name for *_, name in sorted(found)))}


def features(bug_patch: str, clean: Callable[[str], Clean]) -> frozenset[bytes]:
    """What a patch changes: runs of three words around each edit, and the lines beside it."""
    found: set[bytes] = set()
    for diff in diffs.parse(bug_patch):
        file = clean(diff.old_path or "")
        for hunk in diff.hunks:
            for first, last, start, end in diffs.runs(list(hunk.old), list(hunk.new)):
                at = hunk.start - 1 + first
                gone = file.words(hunk.old[first:last], at)
                come = file.words(hunk.new[start:end], at)
                above, below = file.beside(at - 1, -1), file.beside(at + last - first, 1)
                found.update(_of_edit(gone, come, above, below))
    return frozenset(found)


def _of_edit(gone: list[str], come: list[str], above: list[str], below: list[str]) -> list[bytes]:
    """The features of one edit: of its words at most `MOST`, always the same ones."""
    shortest = min(len(gone), len(come))
    head = next((n for n in range(shortest) if gone[n] != come[n]), shortest)
    tail = next((n for n in range(shortest - head) if gone[-1 - n] != come[-1 - n]), shortest - head)
    before = [*above, *gone[:head]][-SHINGLE:]
    after = [*gone[len(gone) - tail :], *below][:SHINGLE]
    edit = [
        *before,
        *(f"-{word}" for word in gone[head : len(gone) - tail]),
        *(f"+{word}" for word in come[head : len(come) - tail]),
        *after,
    ]
    counts: Counter[tuple[str, ...]] = Counter()
    shingles = []
    for n in range(max(1, len(edit) - SHINGLE + 1)):
        words = tuple(edit[n : n + SHINGLE])
        counts[words] += 1
        shingles.append(_digest(*words, str(counts[words])))
    return [*sorted(shingles)[:MOST], _digest("above", *above), _digest("below", *below)]


def _digest(*words: str) -> bytes:
    return blake2b("\n".join(words).encode(errors="surrogatepass"), digest_size=8).digest()


def near_duplicates(
    candidates: Sequence[Candidate], clean: Callable[[str], str], threshold: float
) -> dict[str, Alike]:
    """The candidates that are at least so alike (above 0, up to 1) one that stays, by id.

    `clean` gives the clean text of a path. Bugs of a file that was given are never told to be duplicates.
    The same for the same candidates in any order.
    """
    from datasketch import MinHash, MinHashLSH

    files: dict[str, Clean] = {}

    def read(path: str) -> Clean:
        if path not in files:
            files[path] = Clean(clean(path))
        return files[path]

    own = [c for c in candidates if c.strategy is not Strategy.GIVEN]
    own.sort(key=lambda c: (ORDER.index(c.strategy), c.candidate_id))
    told = [features(candidate.bug_patch, read) for candidate in own]
    sketches = MinHash.bulk([sorted(some) for some in told], num_perm=PERMUTATIONS)
    index = MinHashLSH(threshold=max(0.05, threshold - SLACK), num_perm=PERMUTATIONS)
    found: dict[str, Alike] = {}
    for at, (candidate, sketch) in enumerate(zip(own, sketches, strict=True)):
        near = [(len(told[at] & told[n]) / len(told[at] | told[n]), -n) for n in index.query(sketch)]
        likeness, before = max(near, default=(0.0, 0))
        if near and likeness >= threshold:
            found[candidate.candidate_id] = Alike(own[-before].candidate_id, likeness)
        else:
            index.insert(at, sketch)
    return found
