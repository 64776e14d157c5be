"""Publish: from many repositories' instances to one dataset version."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib import __version__
from smith_lib.curate.choose import Choice, choose
from smith_lib.curate.metrics import metrics
from smith_lib.errors import GateFailed
from smith_lib.ledger import slug
from smith_lib.package.instances import SUBSETS, instance_id
from smith_lib.publish import (
    Passed,
    Published,
    damaged,
    keep_refused,
    latest,
    note,
    passed,
    versions,
    write_version,
)
from smith_lib.settings import Settings
from smith_lib.sources.criteria import kept_out
from smith_lib.storage import Root, Shard, digest, read, read_at
from smith_lib.types import Candidate, Instance, Repo, RepoOutcome, StageRun, Verdict


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be published, with what it refers to."""

    choice: Choice
    repos: frozenset[str]
    """Ids of the kept repositories."""
    judged: frozenset[str]
    """Instance ids of the candidates judged valid or subtle."""
    metrics: dict[str, Any]


Check = Callable[[Proposal, Path], None]
"""Refuses a proposal by raising `GateFailed`; writes the data docs into the folder."""


def propose(rows: Sequence[StageRun], root: Root, settings: Settings) -> Proposal:
    """What the instances that these ledger rows name (of all stages, one run or more) make."""

    def shards(stage: str) -> list[StageRun]:
        return [r for r in rows if r.stage == stage and r.shard]

    repos = [repo for r in shards("select") for repo in read(root, Shard("repos", slug(r.pin), r.key), Repo)]
    candidates = [c for r in shards("inject") for c in read_at(root, r.shard, Candidate)]
    verdicts = [v for r in shards("validate") for v in read_at(root, r.shard, Verdict)]
    instances = [i for r in shards("package") for i in read_at(root, r.shard, Instance)]
    choice = choose(instances, settings.publish, settings.seed)
    spent = sum(r.seconds for r in rows)
    runs = settings.validation.runs
    return Proposal(
        choice=choice,
        repos=frozenset(r.repo_id for r in repos if r.outcome is RepoOutcome.KEPT),
        judged=frozenset(instance_id(v.candidate_id) for v in verdicts if v.outcome in SUBSETS),
        metrics=metrics(repos, candidates, verdicts, choice, runs=runs, seconds=spent),
    )


def publish(
    proposal: Proposal, root: Root, settings: Settings, check: Check, made_from: str = ""
) -> Published:
    """The version that the proposal makes.

    `check` is not asked where the newest version holds the same rows and passed by the same rules.
    `made_from` is kept for `unchanged`. Raises `GateFailed` where the gate refuses it, and `InputError` where
    it is empty; nothing is published then, and the last version stays. The data docs of a refusal are kept,
    and the error says where.
    """
    with tempfile.TemporaryDirectory(prefix="smith-docs-") as folder:
        docs, checked = Path(folder), _gone_by(proposal, settings)

        def pass_the_gate() -> None:
            try:
                check(proposal, docs)
            except GateFailed as error:
                raise GateFailed(f"{error}; data docs: {keep_refused(root, docs)}") from error

        made = write_version(
            root, proposal.choice, proposal.metrics, docs, settings.publish, pass_the_gate, checked
        )
    note(root, Passed(made.version, made.rows, checked, made_from, dict(proposal.choice.why)))
    return made


def source_of_rows(rows: Sequence[StageRun], root: Root, settings: Settings) -> str:
    """The digest of all that a version of these ledger rows is made from: shards, settings, release."""
    shards = [(r.stage, r.shard, _sha256(root, r.shard)) for r in rows if r.shard]
    shards += [("", r.pin, r.repo_id) for r in rows if r.stage == "select"]
    return digest(sorted(shards), _rules(settings), settings.seed)


def unchanged(made_from: str, root: Root) -> Passed | None:
    """The newest version, where it was made from the same and is whole; else None."""
    found = passed(root)
    if found is None or not made_from or found.made_from != made_from:
        return None
    same = latest(root) == found.version == versions(root)[-1]
    return found if same and not damaged(root, found.version) else None


def _gone_by(proposal: Proposal, settings: Settings) -> str:
    """The digest of all that the gate goes by beside the rows."""
    return digest(_rules(settings), sorted(proposal.repos), sorted(proposal.judged))


def _rules(settings: Settings) -> list[Any]:
    """What decides which rows are published: settings, the list of what is kept out, and the release."""
    listed = kept_out(settings.select)
    groups = [settings.select, settings.validation, settings.package, settings.publish]
    rules = [group.model_dump(mode="json") for group in groups]
    return [__version__, rules, sorted(listed.repos), sorted(listed.names)]


def _sha256(root: Root, name: str) -> str:
    return hashlib.sha256(root.read_bytes(name)).hexdigest()
