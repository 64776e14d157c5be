"""What an issue can say of a bug: one `Facts` for each failure that was seen, the clearest first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from smith_lib.package import api, culprit, evidence, parts, phrases, traced
from smith_lib.package import snippet as snippets
from smith_lib.package.bindings import unbound
from smith_lib.package.case import Case, Facts
from smith_lib.package.evidence import Seen
from smith_lib.package.names import Library
from smith_lib.package.phrases import tick
from smith_lib.package.places import split
from smith_lib.types import Failure

MOST_CODE_LINES = 45
MOST_UNSEEN, MOST_UNSEEN_OF_SEVERAL = 8, 24
"""Failing tests without evidence whose code is tried, for a bug of one and of several parts."""
MOST_OF_OTHERS = 160
"""Characters that are told of what else goes wrong, each time."""
PRIVATE = re.compile(r"^from [\w.]+ import .*\b_\w|^import [\w.]*\._", re.MULTILINE)
"""An import of something that is not for users."""


def ranked(case: Case) -> list[Facts]:
    """Facts of every failure there is evidence for (else of failing tests' code), the clearest first."""
    return beside(case, _found(case))


def beside(case: Case, found: Sequence[Facts]) -> list[Facts]:
    """The facts, the clearest first, each with what the others say.

    What the bug is in is named only where no code was seen to show it.
    """
    best = sorted(found, key=lambda f: -f.score)
    shown = any(f.reproduced for f in found)
    changed = _changed(case) if len(case.candidate.functions) > 1 and not shown else []
    return [replace(f, others=_others(f, best, changed)) for f in best]


def _found(case: Case) -> list[Facts]:
    seen = [(failure.test_id, failure) for failure in case.verdict.failures]
    known = {test_id for test_id, _ in seen}
    unseen = _unseen(case, [t for t in case.verdict.fail_to_pass if t not in known])
    found = [fact for test_id, failure in seen for fact in _each(case, test_id, failure)]
    return found + [fact for t in unseen for fact in _each(case, t, None) if fact.code or not seen]


def _each(case: Case, test_id: str, failure: Failure | None) -> list[Facts]:
    """The facts of a failure; of what should contain something also with the question whether it does."""
    fact = _facts(case, test_id, failure)
    asks = fact.code and fact.want.startswith(("contain ", "not contain "))
    return [fact, _facts(case, test_id, failure, whole=True)] if asks else [fact]


def _unseen(case: Case, tests: Sequence[str]) -> list[str]:
    """Some of the tests whose code is to be tried; of a combination those that a part fails which no other
    fails are among them."""
    chosen: list[str] = []
    fails = [frozenset(failing) for failing in case.by_part]
    for at, failing in enumerate(fails):
        others = frozenset[str]().union(*fails[:at], *fails[at + 1 :])
        chosen += _spread([t for t in tests if t in failing and t not in others], MOST_UNSEEN)
    most = MOST_UNSEEN_OF_SEVERAL if parts.several(case.candidate) else MOST_UNSEEN
    return list(dict.fromkeys([*chosen, *_spread(tests, most)]))


def _spread(tests: Sequence[str], most: int) -> list[str]:
    """Some of the tests, of different functions first, from all over the suite."""
    functions = {split(t).file + "::".join(split(t).names): t for t in reversed(tests)}
    firsts = sorted(functions.values())
    step = max(1, -(-len(firsts) // most))
    return list(dict.fromkeys([*firsts[::step], *firsts]))[:most]


def _others(fact: Facts, rest: Sequence[Facts], changed: Sequence[str]) -> tuple[str, ...]:
    """What else goes wrong and is not told with code, first in other callables; at last by name alone."""
    out: dict[str, str] = {}
    told = {(other.api, other.got) for other in (fact, *fact.also)}
    for other in sorted(rest, key=lambda f: f.api == fact.api):
        simple = all(line.startswith(("import ", "from ")) for line in other.code.split("\n")[:-1] if line)
        if (
            other.kind == "unknown"
            or (other.api, other.got) in told
            or other.shown == fact.shown
            or (other.reproduced and other in fact.also)
            or len(other.got) > MOST_OF_OTHERS
        ):
            continue
        if other.code and other.alone and simple and other.is_expression and len(other.shown) < 100:
            out[f"{tick(other.shown)} {other.got} (it should {other.want})"] = other.api
        elif other.traceback and other.api not in ("", *(api for api, _ in told), *out.values()):
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


def _facts(case: Case, test_id: str, failure: Failure | None, whole: bool = False) -> Facts:
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
    is_code = text and place.file.endswith(".py")
    cut = snippets.snippet(test_id, line, library, whole) if is_code else None
    written = api.of(cut, modules, case.read) if cut else None
    called = culprit.of(own, written, case.candidate.functions, case.read)
    lets_pass = cut is not None and cut.relation == "raises" and seen.kind == "untrue"
    came_out = in_package and seen.kind == "raised"
    fact = replace(
        base,
        kind="silent" if lets_pass else seen.kind,
        documented=bool(called and called.documented),
        api=called.name if called else "",
        signature=called.signature if called else "",
        traceback=traced.traceback(case.read, case.patch, own, seen) if came_out else "",
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
    return replace(fact, score=score(fact) - 2 * whole)


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
        - ("tempfile" in fact.code)
        - (3 if PRIVATE.search(fact.code) else 0)
        - (2 if re.search(r"^(?:def|class|assert) ", fact.code, re.MULTILINE) else 0)
    )


def _without_code(fact: Facts, failure: Failure | None, text: str, names: Sequence[str], seen: Seen) -> Facts:
    """Where there is no test function to cut from: a module that cannot be imported, a generated test."""
    if failure is None or seen.kind != "raised":
        return (
            fact if failure is None else replace(fact, got=phrases.bare(seen)[0], want=phrases.bare(seen)[1])
        )
    got, want = f"raises {tick(phrases.first(phrases.error(seen)))}", "work without an exception"
    if names:
        return replace(fact, got=got, want=want)
    statement = traced.import_at(text, failure) or f"import {fact.module}"
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
