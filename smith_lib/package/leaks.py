"""What an issue text must not give away."""

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from smith_lib import diffs
from smith_lib.package.bindings import stores, unbound
from smith_lib.package.places import FunctionNode, parsed, split

SHORTEST_LINE = 12
WORDS = re.compile(
    r"\b(pytest|unittest|failing tests?|failed tests?|test suite|hidden tests?|unit tests?|"
    r"mutat(?:ion|ed|or|e)|mutants?|injected|bug ?patch|FAIL_TO_PASS|"
    r"PASS_TO_PASS|parametri[sz]ed?|fixtures?|conftest)\b",
    re.IGNORECASE,
)
TEST_NAME = re.compile(r"(?<![\w/.])test_\w+")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
TRACEBACK_FILE = re.compile(r'^\s*File "[^"]+", line \d+.*$', re.MULTILINE)


def leaks(
    text: str,
    *,
    test_ids: Sequence[str],
    test_files: Iterable[str],
    operator: str,
    patch: str,
    test_names: Collection[str] = (),
) -> tuple[str, ...]:
    """What the text gives away, one line each; empty where nothing is.

    It may name no test that the bug fails, nothing called `test_*`, no test file, no operator, no line
    that the fix adds or removes (twelve characters and more, spaces aside), no word of how the task was made,
    and a changed file only in a traceback's `File` lines. Its code may use none of `test_names`, which test
    code defines (`defined`), unless a code block in the text defines it too.
    """
    found = [f"says {match[0]!r}" for match in WORDS.finditer(text)]
    found += [f"names the test {n!r}" for n in _test_names(test_ids) if _word(n, text)]
    found += [f"names the test file {n!r}" for n in _file_names(test_files, test_ids) if _word(n, text)]
    found += [f"names {match[0]!r}" for match in TEST_NAME.finditer(text)]
    found += [f"uses {name!r} of the test code" for name in sorted(_free(text) & set(test_names))]
    for name in re.split(r"[+,\s]+", operator):
        for form in {name, name.replace("_", " "), name.replace("_", "-")} if name else ():
            if _word(form, text) and (len(name) > 6 or "_" in name):
                found.append(f"names the operator {form!r}")
    squeezed = _squeeze(text)
    found += [f"holds the fix's line {line!r}" for line in fix_lines(patch) if _squeeze(line) in squeezed]
    without_traceback = TRACEBACK_FILE.sub("", text)
    found += [f"names the changed file {p!r}" for p in diffs.paths(patch) if _word(p, without_traceback)]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=256)
def defined(source: str) -> frozenset[str]:
    """Names of the functions, classes and module-level variables that the source of test code defines."""
    module = parsed(source)
    if module is None:
        return frozenset()
    inner = {n.name for n in ast.walk(module) if isinstance(n, FunctionNode | ast.ClassDef)}
    return frozenset(inner | {name for n in module.body if isinstance(n, ast.Assign) for name in stores(n)})


def _free(text: str) -> set[str]:
    """Names that the text's code reads, in blocks and between backticks, and that no block binds."""
    blocks = BLOCK.findall(text)
    inline = [t for t in INLINE.findall(FENCE.sub("", text)) if not _is_signature(t)]
    code = "\n".join(blocks)
    free = unbound(code)
    for piece in inline:
        free |= unbound(f"{code}\n{piece.strip()}") - {""}
    return free


def _is_signature(piece: str) -> bool:
    """Whether it is a dotted name with nothing but parameters in its brackets."""
    dotted = re.match(r"\w+(?:\.\w+)+(\(.*\))$", piece)
    return dotted is not None and parsed(f"def f{dotted[1]}: ...") is not None


def fix_lines(patch: str) -> list[str]:
    """Lines that the patch adds or removes and that are long enough to give something away."""
    lines = [line[1:].strip() for line in patch.split("\n") if re.match(r"[+-](?!\+\+ |-- )", line)]
    return [line for line in dict.fromkeys(lines) if len(_squeeze(line)) >= SHORTEST_LINE]


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text.replace('"', "'"))


def _word(name: str, text: str) -> bool:
    return name in text and re.search(rf"(?<![\w/.]){re.escape(name)}(?!\w)", text) is not None


def _test_names(test_ids: Sequence[str]) -> list[str]:
    names: dict[str, None] = {}
    for test_id in test_ids:
        place = split(test_id)
        for name in place.names:
            if re.search(r"test", name, re.IGNORECASE) or (name == place.names[-1] and name.count("_") > 1):
                names[name] = None
        names[test_id] = None
    return [name for name in names if "." not in name or "::" in name]


def _file_names(test_files: Iterable[str], test_ids: Sequence[str]) -> list[str]:
    files = {f for f in (*test_files, *(split(t).file for t in test_ids)) if "test" in f.lower()}
    names = (
        files
        | {f.rpartition("/")[2] for f in files}
        | {f.rpartition("/")[2].removesuffix(".py") for f in files}
    )
    return sorted(
        n for n in names if re.search(r"test", n, re.IGNORECASE) and n not in ("test", "tests", "testing")
    )
