"""Instance rows from valid verdicts."""

import hashlib
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from smith_lib import diffs
from smith_lib.errors import InputError
from smith_lib.package import hidden, issue
from smith_lib.package.case import Facts
from smith_lib.package.difficulty import difficulty, points
from smith_lib.package.facts import ranked
from smith_lib.package.given_away import given_away
from smith_lib.package.parts import Part, parts
from smith_lib.package.quality import quality, tags
from smith_lib.package.reproduce import Run, Showing, Trial, reproduced
from smith_lib.package.watch import Watch
from smith_lib.settings import PackageSettings
from smith_lib.sources.facts import declared_name
from smith_lib.sources.table import public
from smith_lib.types import Candidate, CodeFile, Instance, Outcome, Repo, Strategy, Verdict

log = logging.getLogger(__name__)
SUBSETS = {Outcome.VALID: "main", Outcome.SUBTLE: "subtle"}


def instance_id(candidate_id: str) -> str:
    """The candidate's id in lower case letters, digits, dots, dashes and underscores, at most 100 of them.

    Good as a Docker tag or image name and as a file name. An id that had to be changed in more than its case
    gets eight hexadecimal digits of what it was, so that two candidates never share one.
    """
    plain = candidate_id.lower()
    name = re.sub(r"[^a-z0-9._-]+", "-", plain)
    name = re.sub(r"_{3,}", "__", name)
    name = re.sub(r"[-._]*\.[-._]+|[-_]+\.|-{2,}|-_+|_+-", lambda m: "." if "." in m[0] else "-", name)
    name = name.strip("._-")
    if name == plain and len(name) <= 100:
        return name
    return f"{name[:91].rstrip('._-') or 'task'}-{hashlib.sha256(candidate_id.encode()).hexdigest()[:8]}"


def instances(
    repo: Repo,
    candidates: Sequence[Candidate],
    verdicts: Sequence[Verdict],
    tree: Path,
    settings: PackageSettings,
    seed: int,
    run: Run | None = None,
    watch: Mapping[str, Watch] | None = None,
    lanes: int = 1,
) -> list[Instance]:
    """One row for each verdict that is valid or subtle, sorted by id; `tree` is the clean tree.

    `run` runs a command in the repository's environment, and may be called by as many threads as there are
    `lanes`: the issue texts' code is tried there, and what does not show the bug is left out. Without it the
    code is taken as it is. `watch` has what the tests see of the bugs' places, by candidate id. Raises
    `InputError` where a verdict has no candidate, `DoesNotApply` where a bug does not fit the tree.
    """

    @cache
    def read(path: str) -> str:
        return (tree / path).read_bytes().decode("utf-8")

    by_id = {candidate.candidate_id: candidate for candidate in candidates}
    cases: dict[str, issue.Case] = {}
    project = declared_name(tree)
    failing = {verdict.candidate_id: verdict.fail_to_pass for verdict in verdicts}
    for verdict in verdicts:
        if verdict.outcome not in SUBSETS:
            continue
        if verdict.candidate_id not in by_id:
            raise InputError(f"verdict on {verdict.candidate_id!r}: no such candidate in {repo.repo_id!r}")
        candidate = by_id[verdict.candidate_id]
        if not candidate.part_only:
            cases[verdict.candidate_id] = _case(repo, candidate, verdict, read, project, failing)
    found = {name: facts for name, case in cases.items() if (facts := _facts(case)) is not None}
    ran: dict[str, tuple[Showing, ...]] = {}
    tries: dict[str, Trial] = {}
    if run is not None:
        tries = {name: _trial(cases[name], facts) for name, facts in found.items()}
        ran = reproduced(tries, repo.outside, run, sources=repo.source_files, lanes=lanes)
    rows: dict[str, Instance] = {}
    for name, case in cases.items():
        seeded = f"{seed}:{instance_id(name)}"
        text = issue.least(case)
        if name in found:
            text = _text(case, seeded, ran.get(name, ()), found[name] if run is not None else None)
        if name in tries and case.candidate.strategy is Strategy.COMBINE:
            text = replace(text, partly=_is_partly(text, tries[name].parts, ran.get(name, ())))
        rows[name] = _instance(case, text, settings, (watch or {}).get(name, Watch()))
    for name, row in rows.items():
        rows[name] = _as_hard(row, [rows[part] for part in by_id[name].parts if part in rows])
    return sorted(rows.values(), key=lambda row: row.instance_id)


def _as_hard(row: Instance, parts: Sequence[Instance]) -> Instance:
    """The row, no easier than the hardest of the bugs that it combines."""
    hardest = max([row.difficulty_points, *(part.difficulty_points for part in parts)])
    return replace(row, difficulty_points=hardest, difficulty=difficulty(hardest))


def _case(
    repo: Repo, candidate: Candidate, verdict: Verdict, read: hidden.Read, project: str,
    failing: Mapping[str, tuple[str, ...]],
) -> issue.Case:  # fmt: skip
    buggy = diffs.apply(candidate.bug_patch, read)
    patch = diffs.make(buggy, {path: read(path) for path in buggy})
    by_part = tuple(failing[part] for part in candidate.parts if part in failing)
    return issue.Case(repo, candidate, verdict, patch, buggy, read, project, by_part)


def _facts(case: issue.Case) -> list[Facts] | None:
    """What an issue can say; none where finding it goes wrong."""
    try:
        return ranked(case)
    # Test code is arbitrary syntax, so what a piece of it may upset cannot be listed. A text that cannot be
    # written is a known outcome, the least text; it must not cost the repository's other rows.
    except Exception:
        log.exception("%s: no issue text from evidence, the plain one is taken", case.candidate.candidate_id)
        return None


def _trial(case: issue.Case, facts: Sequence[Facts]) -> Trial:
    """The code to run, each piece once, the clearest first."""
    clean = {path: case.clean(path) for path in case.buggy}
    tries = {fact.code: (fact.code, fact.may_raise) for fact in facts if fact.code}
    return Trial(case.buggy, tuple(tries.values()), parts(case.candidate, clean, case.buggy))


def _is_partly(text: issue.Text, parts: Sequence[Part], ran: Sequence[Showing]) -> bool:
    """Whether some function that the bug changes is shown by no code that the text has."""
    shown = {parts[at].place for _, seen in ran if seen.code in text.codes for at in seen.parts}
    return bool({part.place for part in parts} - shown)


def _text(
    case: issue.Case, seed: str, ran: Sequence[Showing], found: Sequence[Facts] | None
) -> issue.Text:
    """The issue text; the least that can be said where writing it goes wrong."""
    try:
        return issue.write(case, seed, ran, found)
    except Exception:  # as above
        log.exception("%s: no issue text from evidence, the plain one is taken", case.candidate.candidate_id)
        return issue.least(case)


def _instance(case: issue.Case, text: issue.Text, settings: PackageSettings, watch: Watch) -> Instance:
    repo, candidate, verdict, read = case.repo, case.candidate, case.verdict, case.clean
    buggy, patch = case.buggy, case.patch
    clean = {path: read(path) for path in buggy}
    bug_patch = diffs.make(clean, buggy)
    if diffs.apply(patch, buggy.__getitem__) != clean:
        raise InputError(f"{candidate.candidate_id}: the fix does not give the clean bytes back")
    given = given_away(text.text, candidate.functions, clean, buggy)
    hard = points(candidate, verdict, repo.test_files, watch.covering, given)
    test_patch = ""
    if settings.hide_tests:
        fewer = hidden.hide(verdict.fail_to_pass, read, repo.test_files)
        test_patch = diffs.make(fewer, {path: read(path) for path in fewer})
    return Instance(
        instance_id=instance_id(candidate.candidate_id),
        repo=repo.repo,
        base_commit=repo.commit,
        patch=patch,
        test_patch=test_patch,
        problem_statement=text.text,
        hints_text="",
        created_at=repo.created_at,
        version=repo.version,
        FAIL_TO_PASS=tuple(sorted(verdict.fail_to_pass)),
        PASS_TO_PASS=tuple(sorted(verdict.pass_to_pass)),
        environment_setup_commit=repo.commit,
        difficulty=difficulty(hard),
        repo_id=repo.repo_id,
        source=public(repo.source),
        license=repo.license,
        bug_patch=bug_patch,
        buggy_code=tuple(CodeFile(path, buggy[path]) for path in sorted(buggy)),
        oracle_code=tuple(CodeFile(path, clean[path]) for path in sorted(clean)),
        problem_statement_source=text.source,
        reproduced=text.reproduced,
        image=repo.image,
        image_digest=repo.image_digest,
        dockerfile=repo.dockerfile,
        requirements=repo.requirements,
        python=repo.python,
        test_command=repo.test_command,
        strategy=candidate.strategy,
        operator=candidate.operator,
        category=candidate.category,
        complexity=candidate.complexity,
        fix_lines=candidate.fix_lines,
        files_changed=len(buggy),
        functions=candidate.functions,
        fail_ratio=verdict.fail_ratio,
        subset=SUBSETS[verdict.outcome],
        model=candidate.model,
        cost_usd=candidate.cost_usd,
        covering_tests=watch.covering,
        given_away=given,
        difficulty_points=hard,
        wrong_fixes=len(watch.tried),
        wrong_fixes_surviving=len(watch.surviving),
        wrong_fixes_alike=len(watch.alike),
        quality=quality(watch, text),
        tags=tags(watch, text, candidate.strategy),
    )
