"""What an issue can say of a bug: one `Facts` for each failure that was seen, the clearest first."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from smith_lib.package import api, culprit, evidence, leaks, phrases
from smith_lib.package import snippet as snippets
from smith_lib.package.bindings import unbound
from smith_lib.package.evidence import Seen
from smith_lib.package.names import Library
from smith_lib.package.phrases import tick
from smith_lib.package.places import parsed, split
from smith_lib.types import Candidate, Failure, Frame, Repo, Verdict

MOST_CODE_LINES = 45
MOST_OF_OTHERS = 160
"""Characters that are told of what else goes wrong, each time."""
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

    project: str = ""
    """What the project calls itself; empty where it does not say."""

    @property
    def name(self) -> str:
        """What an issue calls the project: its own name, else the repository's."""
        return self.project or self.repo.repo.rpartition("/")[2]

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
    """More that goes wrong: expressions with what they give, or names of functions."""
    documented: bool = False
    """The callable has a docstring."""
    alone: bool = False
    """`shown` can be read without the code: it names imports and builtins only."""
    may_raise: bool = False
    """The code raises on clean code too, and should."""
    early: bool = False
    """The code does not come to its last statement."""
    reproduced: bool = False
    """The code was run on clean and on buggy code, and shows the difference."""
    score: int = 0


def ranked(case: Case) -> list[Facts]:
    """Facts of every failure there is evidence for (else of failing tests' code), the clearest first."""
    return beside(case, _found(case))


def beside(case: Case, found: Sequence[Facts]) -> list[Facts]:
    """The facts, the clearest first, each with what the others say."""
    best = sorted(found, key=lambda f: -f.score)
    changed = _changed(case) if len(case.candidate.functions) > 1 else []
    return [replace(f, others=_others(f, best, changed)) for f in best]


def _found(case: Case) -> list[Facts]:
    seen = [(failure.test_id, failure) for failure in case.verdict.failures]
    known = {test_id for test_id, _ in seen}
    unseen = [test_id for test_id in case.verdict.fail_to_pass if test_id not in known]
    found = [_facts(case, test_id, failure) for test_id, failure in seen]
    found += [_facts(case, test_id, None) for test_id in unseen[: max(0, 5 - len(seen))]]
    if not any(fact.code for fact in found):
        more = (_facts(case, test_id, None) for test_id in unseen[max(0, 5 - len(seen)) :][:15])
        found += [fact for fact in more if fact.code]
    return found


def _others(fact: Facts, rest: Sequence[Facts], changed: Sequence[str]) -> tuple[str, ...]:
    """What else goes wrong, first in other callables, then in another way; at last by name alone."""
    out: dict[str, str] = {}
    for other in sorted(rest, key=lambda f: f.api == fact.api):
        simple = all(line.startswith(("import ", "from ")) for line in other.code.split("\n")[:-1] if line)
        if (
            other is fact
            or other.kind == "unknown"
            or (other.api, other.got) == (fact.api, fact.got)
            or other.shown == fact.shown
            or len(other.got) > MOST_OF_OTHERS
        ):
            continue
        if other.code and other.alone and simple and other.is_expression and len(other.shown) < 100:
            out[f"{tick(other.shown)} {other.got} (it should {other.want})"] = other.api
        elif other.kind == "raised" and other.api not in ("", fact.api, *out.values()):
            out[f"{tick(other.api)}, which {other.got} in some uses"] = other.api
    said = {fact.api, *list(out.values())[:3]}
    named = [f"{tick(name)}, which does not behave as it did" for name in changed if name not in said]
    return (*tuple(out)[:3], *named[:3])


def plain(case: Case) -> Facts:
    """Facts that rest on the names of what the tests call, for want of better."""
    found = ranked(case)
    base = found[0] if found else _empty(case)
    if not base.api:
        base = replace(base, api=_changed_api(case))
    return replace(base, code="", shown="", others=(), traceback="", error="", detail="")


def _changed_api(case: Case) -> str:
    """The public name of what the bug is in, its class rather than its method; empty where it is private."""
    return next(iter(_changed(case)), "")


def _changed(case: Case) -> list[str]:
    """The public names of all that the bug is in."""
    found: dict[str, None] = {}
    for function in case.candidate.functions:
        file, _, qualname = function.partition("::")
        name = qualname.partition(".")[0]
        if name.isidentifier() and culprit.is_public(dotted := api.public(file, name, case.read)):
            found[dotted] = None
    return list(found)


def thinner(fact: Facts) -> Facts:
    """Facts without code and traceback."""
    return replace(fact, code="", shown=fact.shown * fact.alone, others=(), traceback="", detail="")


def nameless(fact: Facts) -> Facts:
    """Facts that name nothing but the project."""
    return replace(
        thinner(fact),
        api="",
        signature="",
        shown="",
        got="gives a wrong result",
        want="give the right one",
        error="",
        documented=False,
    )


def _empty(case: Case) -> Facts:
    modules = api.modules(case.repo.source_files)
    tops = sorted({name.partition(".")[0] for name in modules}, key=lambda t: (-_share(t, modules), t))
    project = case.name
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
        shown="",
        is_expression=False,
        kind="unknown",
        got="no longer works as it should",
        want="work as before",
        error="",
        traceback="",
    )


def _share(top: str, modules: Mapping[str, str]) -> int:
    return sum(name == top or name.startswith(top + ".") for name in modules)


def _facts(case: Case, test_id: str, failure: Failure | None) -> Facts:
    base = _empty(case)
    place = split(test_id)
    tests = {*case.repo.test_files, place.file}
    inner = [f for f in failure.frames if f.file not in tests] if failure else []
    own = [f for f in inner if not culprit.checks(f.function)]
    in_package = bool(failure and own and failure.frames[-1] == own[-1])
    try:
        text = case.read(place.file)
    except (OSError, KeyError, UnicodeDecodeError):
        text = ""
    seen = evidence.read(failure, in_package, text) if failure else Seen("unknown")
    modules = api.modules(tuple(f for f in case.repo.source_files if f not in tests))
    line = snippets.failing_line(failure, frozenset(tests)) if failure else None
    library = Library(case.read, modules, frozenset(tests))
    cut = snippets.snippet(test_id, line, library) if text and place.file.endswith(".py") else None
    written = api.of(cut, modules, case.read) if cut else None
    called = culprit.of(own, written, case.candidate.functions, case.read)
    lets_pass = cut is not None and cut.relation == "raises" and seen.kind == "untrue"
    fact = replace(
        base,
        kind="silent" if lets_pass else seen.kind,
        documented=bool(called and called.documented),
        api=called.name if called else "",
        signature=called.signature if called else "",
        traceback=_traceback(case, own, seen) if in_package and seen.kind == "raised" else "",
        error=phrases.error(seen) if seen.kind == "raised" else "",
    )
    if cut is None:
        fact = _without_code(fact, failure, text, place.names, seen)
    else:
        got, want = phrases.behaviour(seen, cut)
        fits = cut.complete and cut.code.count("\n") < MOST_CODE_LINES
        one_line = "\n" not in cut.action and len(cut.action) <= phrases.INLINE
        known = unbound(cut.action) <= {name for name, _ in cut.imports}
        fact = replace(
            fact,
            code=cut.code if fits else "",
            shown=cut.action if one_line and (fits or known) else "",
            alone=known,
            is_expression=cut.is_expression,
            got=got,
            want=want,
            detail=phrases.detail(seen),
            may_raise=cut.relation == "raises",
        )
    return replace(fact, score=score(fact))


def score(fact: Facts) -> int:
    """How clear the facts are."""
    lines = fact.code.count("\n")
    return (
        5 * bool(fact.code)
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
