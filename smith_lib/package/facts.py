"""What an issue can say of a bug: one `Facts` for each failure that was seen, the clearest first."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from smith_lib.package import api, evidence, leaks, phrases
from smith_lib.package import snippet as snippets
from smith_lib.package.evidence import Seen
from smith_lib.package.names import Library
from smith_lib.package.phrases import tick
from smith_lib.package.places import parsed, split
from smith_lib.types import Candidate, Failure, Frame, Repo, Verdict

MOST_CODE_LINES = 45
Read = api.Read


@dataclass(frozen=True, slots=True)
class Case:
    """A bug that was judged, with what is needed to write about it."""

    repo: Repo
    candidate: Candidate
    verdict: Verdict
    patch: str
    """The fix."""
    buggy: Mapping[str, str]
    """The changed files with the bug in them."""
    clean: Read
    """A file's text on the clean tree; raises `OSError` or `UnicodeDecodeError`."""

    def read(self, path: str) -> str:
        """A file's text with the bug in it."""
        return self.buggy[path] if path in self.buggy else self.clean(path)


@dataclass(frozen=True, slots=True)
class Facts:
    """What one failure shows, in a user's words."""

    project: str
    version: str
    python: str
    module: str
    """The import name."""
    api: str
    """Dotted name of the public function concerned, or empty."""
    signature: str
    code: str
    """A snippet, or empty."""
    whole: bool
    """The snippet runs by itself."""
    shown: str
    """The expression or statement to look at, one line, or empty."""
    is_expression: bool
    kind: str
    got: str
    """What happens, as a verb phrase: `raises ...`, `gives ...`."""
    want: str
    """What should, as a bare verb phrase: `raise ...`, `give ...`."""
    error: str
    """Last line of the traceback, or empty."""
    traceback: str
    detail: str = ""
    """Where a value and the expected one differ, some lines, or empty."""
    others: tuple[str, ...] = ()
    """More expressions that go wrong, each with what they give."""
    score: int = 0


def ranked(case: Case) -> list[Facts]:
    """Facts of every failure there is evidence for (else of failing tests' code), the clearest first."""
    seen = [(failure.test_id, failure) for failure in case.verdict.failures]
    known = {test_id for test_id, _ in seen}
    unseen = [test_id for test_id in case.verdict.fail_to_pass if test_id not in known]
    found = [_facts(case, test_id, failure) for test_id, failure in seen]
    found += [_facts(case, test_id, None) for test_id in unseen[: max(0, 5 - len(seen))]]
    order = sorted(range(len(found)), key=lambda i: (-found[i].score, i))
    best = [found[i] for i in order]
    return [replace(f, others=_others(f, best)) for f in best]


def _others(fact: Facts, rest: Sequence[Facts]) -> tuple[str, ...]:
    out: dict[str, None] = {}
    for other in rest:
        alone = (
            other.whole
            and bool(other.code)
            and other.code.count("\n") <= 4
            and other.is_expression
            and "self" not in other.shown
        )
        simple = all(line.startswith(("import ", "from ")) for line in other.code.split("\n")[:-1] if line)
        if (
            other is not fact
            and other.kind != "unknown"
            and alone
            and simple
            and other.shown != fact.shown
            and len(other.shown) < 100
        ):
            out[f"{tick(other.shown)} {other.got} (it should {other.want})"] = None
    return tuple(out)[:2]


def plain(case: Case) -> Facts:
    """Facts that rest on the names of what the tests call, for want of better."""
    found = ranked(case)
    base = found[0] if found else _empty(case)
    if not base.api:
        base = replace(base, api=_changed_api(case))
    return replace(base, code="", shown="", others=(), traceback="", error="", detail="")


def _changed_api(case: Case) -> str:
    """The public name of what the bug is in, its class rather than its method; empty where it is private."""
    for function in case.candidate.functions:
        file, _, qualname = function.partition("::")
        name = qualname.partition(".")[0]
        if name.isidentifier() and not name.startswith("_"):
            return api.public(file, name, case.read)
    return ""


def thinner(fact: Facts) -> Facts:
    """Facts without code and traceback."""
    return replace(fact, code="", others=(), traceback="", detail="")


def nameless(fact: Facts) -> Facts:
    """Facts that name nothing but the project."""
    return replace(
        thinner(fact),
        api="",
        signature="",
        shown="",
        got="gives a wrong result",
        want="give the documented one",
        error="",
    )


def _empty(case: Case) -> Facts:
    modules = api.modules(case.repo.source_files)
    tops = sorted({name.partition(".")[0] for name in modules}, key=lambda t: (-_share(t, modules), t))
    project = case.repo.repo.rpartition("/")[2]
    named = project.replace("-", "_").lower()
    module = next((t for t in tops if t.lower() == named), tops[0] if tops else named)
    return Facts(
        project=project,
        version=case.repo.version,
        python=case.repo.python,
        module=module,
        api="",
        signature="",
        code="",
        whole=False,
        shown="",
        is_expression=False,
        kind="unknown",
        got="no longer works as it should",
        want="work as documented",
        error="",
        traceback="",
    )


def _share(top: str, modules: Mapping[str, str]) -> int:
    return sum(name == top or name.startswith(top + ".") for name in modules)


def _facts(case: Case, test_id: str, failure: Failure | None) -> Facts:
    base = _empty(case)
    place = split(test_id)
    tests = {*case.repo.test_files, place.file}
    own = [f for f in failure.frames if f.file not in tests] if failure else []
    in_package = bool(failure and failure.frames and failure.frames[-1].file not in tests)
    try:
        text = case.read(place.file)
    except (OSError, KeyError, UnicodeDecodeError):
        text = ""
    seen = evidence.read(failure, in_package, text) if failure else Seen("unknown")
    modules = api.modules(tuple(f for f in case.repo.source_files if f not in tests))
    line = snippets.failing_line(failure, frozenset(tests)) if failure else None
    library = Library(case.read, modules, frozenset(tests))
    cut = snippets.snippet(test_id, line, library) if text and place.file.endswith(".py") else None
    called = api.at(own[0].file, own[0].line, own[0].function, case.read) if own else None
    written = api.of(cut, modules, case.read) if cut else None
    if called is None or any(
        part.startswith("_") and not part.startswith("__") for part in called.name.split(".")
    ):
        called = written or called
    fact = replace(
        base,
        kind=seen.kind,
        api=called.name if called else "",
        signature=called.signature if called else "",
        traceback=_traceback(case, own, seen) if in_package and seen.kind == "raised" else "",
        error=phrases.error(seen) if seen.kind == "raised" else "",
    )
    if cut is None:
        fact = _without_code(fact, failure, text, place.names, seen)
    else:
        got, want = phrases.behaviour(seen, cut)
        lines = cut.code.count("\n") + 1
        one_line = cut.action if "\n" not in cut.action and len(cut.action) <= phrases.INLINE else ""
        fact = replace(
            fact,
            code=cut.code if lines <= (MOST_CODE_LINES if cut.complete else MOST_CODE_LINES // 2) else "",
            whole=cut.complete,
            shown=one_line,
            is_expression=cut.is_expression,
            got=got,
            want=want,
            detail=phrases.detail(seen),
        )
    return replace(fact, score=_score(fact))


def _score(fact: Facts) -> int:
    lines = fact.code.count("\n")
    return (
        (4 * fact.whole + 1) * bool(fact.code)
        + bool(fact.shown)
        + (2 if fact.kind in ("raised", "compared") else 0)
        + (fact.kind in ("silent", "untrue"))
        + bool(fact.api)
        + (2 if lines <= 10 else 0)
        - (2 if lines > 18 else 0)
        + (len(fact.got) < 120)
        - (3 if fact.got.startswith(phrases.ALIKE) else 0)
    )


def _traceback(case: Case, frames: Sequence[Frame], seen: Seen) -> str:
    """The traceback inside the package; with source lines only where none of them is a line of the fix."""
    secret = {"".join(line.split()) for line in leaks.fix_lines(case.patch)}
    shown: list[tuple[Frame, str]] = []
    for frame in frames:
        try:
            lines = case.read(frame.file).split("\n")
        except (OSError, KeyError, UnicodeDecodeError):
            lines = []
        shown.append((frame, lines[frame.line - 1].strip() if 0 < frame.line <= len(lines) else ""))
    with_source = all("".join(source.split()) not in secret for _, source in shown)
    out = ["Traceback (most recent call last):"]
    skipped = len(shown) - 8
    for index, (frame, source) in enumerate(shown):
        if skipped > 0 and 3 <= index < 3 + skipped:
            if index == 3:
                out.append(f"  ... {skipped} more frames ...")
            continue
        out.append(f'  File "{frame.file}", line {frame.line}, in {frame.function.rpartition(".")[2]}')
        if with_source and source:
            out.append(f"    {source}")
    return "\n".join([*out, *phrases.error(seen).split("\n")[:8]])


def _without_code(fact: Facts, failure: Failure | None, text: str, names: Sequence[str], seen: Seen) -> Facts:
    """Where there is no test function to cut from: a module that cannot be imported, a generated test."""
    if failure is None or seen.kind != "raised":
        return (
            fact if failure is None else replace(fact, got=phrases.bare(seen)[0], want=phrases.bare(seen)[1])
        )
    got, want = f"raises {tick(phrases.first(phrases.error(seen)))}", "work without an exception"
    if names:
        return replace(fact, got=got, want=want)
    statement = _import_at(text, failure) or f"import {fact.module}"
    return replace(
        fact,
        kind="raised",
        code=statement,
        shown=statement,
        got=got,
        want="import cleanly",
        api="",
        signature="",
    )


def _import_at(text: str, failure: Failure) -> str:
    module = parsed(text)
    file = split(failure.test_id).file
    lines = [frame.line for frame in failure.frames if frame.file == file]
    for node in ast.walk(module) if module is not None and lines else ():
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno <= lines[0] <= (
            node.end_lineno or 0
        ):
            return "" if isinstance(node, ast.ImportFrom) and node.level else ast.unparse(node)
    return ""
