"""Publish: from many repositories' instances to one dataset version."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smith_lib import __version__
from smith_lib.curate.choose import Choice, choose
from smith_lib.curate.metrics import metrics
from smith_lib.curate.traits import Trait, traits_at
from smith_lib.errors import GateFailed, InputError, StorageError
from smith_lib.inject.short_of import drawn_by
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
from smith_lib.publish.version import figures
from smith_lib.publish.whole import Whole
from smith_lib.review.agreement import summary
from smith_lib.review.answers import reviews
from smith_lib.settings import Settings
from smith_lib.sources.criteria import kept_out
from smith_lib.storage import Root, Shard, digest, read, table_at
from smith_lib.types import Instance, Outcome, Repo, RepoOutcome, StageRun, Tier

PART = 20_000
"""Rows that the gate looks at at once."""


@dataclass(frozen=True, slots=True)
class Made:
    """What figures need of a candidate."""

    repo_id: str
    candidate_id: str
    operator: str
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What figures need of a verdict."""

    repo_id: str
    candidate_id: str
    outcome: Outcome
    runs: int
    seconds: float
    tier: Tier
    audit: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be published, with what it refers to."""

    choice: Choice
    repos: frozenset[str]
    """Ids of the kept repositories."""
    judged: frozenset[str]
    """Instance ids of the candidates judged valid or subtle."""
    metrics: dict[str, Any]
    whole: Whole = field(default_factory=Whole)
    """Gives whole rows for those of the choice."""
    pool: int = 0
    """How many instances there were to choose from."""

    def parts(self, most: int = PART) -> Iterator[list[Instance]]:
        """The chosen rows, whole, at most so many at a time; one part without rows where there are none."""
        rows = [*self.choice.main, *self.choice.subtle]
        for at in range(0, max(1, len(rows)), most):
            yield list(self.whole.of(rows[at : at + most]))


Check = Callable[[Proposal, Path], None]
"""Refuses a proposal by raising `GateFailed`; writes the data docs into the folder."""


def propose(
    rows: Sequence[StageRun],
    root: Root,
    settings: Settings,
    *,
    budget: int | None = None,
    base: Sequence[str] = (),
) -> Proposal:
    """What the instances that these ledger rows name (of all stages, one run or more) make.

    Of each instance its traits alone stay in memory. `budget` and `base` are those of `choose`. Raises
    `StorageError` that names the shards where some are gone.
    """

    def shards(stage: str) -> list[StageRun]:
        return [r for r in rows if r.stage == stage and r.shard]

    _all_there(rows, root)
    places = [Shard("repos", slug(r.pin), r.key) for r in shards("select")]
    repos = [repo for place in places for repo in read(root, place, Repo)]
    made = [one for r in shards("inject") for one in _made(root, r.shard)]
    verdicts = [v for r in shards("validate") for v in _judged(root, r.shard)]
    good = {instance_id(v.candidate_id): v for v in verdicts if v.outcome in SUBSETS}
    pool: list[Trait] = []
    for r in shards("package"):
        pool += traits_at(root, r.shard, good)
    before = _before(root)
    choice = choose(
        pool, settings.publish, settings.seed, budget=budget, base=base, before=before.get("splits")
    )
    whole = Whole(root)
    reviewed = _reviewed(root, choice)
    figures = metrics(
        repos, made, verdicts, choice, runs=settings.validation.runs, seconds=sum(r.seconds for r in rows),
        reviewed=reviewed, whole=whole.of, drawn=drawn_by(settings.inject.short_of, root),
    )  # fmt: skip
    kept = frozenset(r.repo_id for r in repos if r.outcome is RepoOutcome.KEPT)
    return Proposal(choice, kept, frozenset(good), figures, whole, len(pool))


def _all_there(rows: Sequence[StageRun], root: Root) -> None:
    if gone := sorted(r.shard for r in rows if r.shard and not root.exists(r.shard)):
        more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
        raise StorageError(
            f"shards are missing in {root.url}: {', '.join(gone[:3])}{more};"
            " `smith run` with the same sources makes them again"
        )


def _made(root: Root, shard: str) -> Iterator[Made]:
    names = ["repo_id", "candidate_id", "operator", "cost_usd"]
    columns = table_at(root, shard, names)
    for values in zip(*(columns.column(name).to_pylist() for name in names), strict=True):
        yield Made(*values)


def _judged(root: Root, shard: str) -> Iterator[Judged]:
    names = ["repo_id", "candidate_id", "outcome", "runs", "seconds", "tier", "audit"]
    columns = table_at(root, shard, names)
    for repo, name, outcome, runs, seconds, tier, audit in zip(
        *(columns.column(name).to_pylist() for name in names), strict=True
    ):
        yield Judged(repo, name, Outcome(outcome), runs, seconds, Tier(tier), audit)


def _before(root: Root) -> Mapping[str, Any]:
    """The newest version's figures; nothing where there is none, or where they cannot be read."""
    there = versions(root)
    try:
        return figures(root, there[-1]) if there else {}
    except StorageError:
        return {}


def _reviewed(root: Root, choice: Choice) -> float | None:
    """The score of the reviews of the newest version that has any, by rows that are still chosen."""
    ids = frozenset(row.instance_id for row in (*choice.main, *choice.subtle))
    for version in reversed(versions(root)):
        if (score := summary(version, reviews(root, version), ids).score) is not None:
            return score
    return None


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
            root, proposal.choice, proposal.metrics, docs, settings.publish, pass_the_gate, checked,
            proposal.whole,
        )  # fmt: skip
    note(root, Passed(made.version, made.rows, checked, made_from, dict(proposal.choice.why)))
    return made


def source_of_rows(rows: Sequence[StageRun], root: Root, settings: Settings) -> str:
    """The digest of all that a version of these ledger rows is made from: shards, settings, release.

    Raises `StorageError` that names the shards where some are gone.
    """
    _all_there(rows, root)
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



def asked_of(proposal: Proposal, root: Root) -> None:
    """Nothing where there is something to choose from. Raises `InputError` where the pool is empty."""
    if not proposal.pool:
        raise InputError(
            f"nothing to choose from in {root.url!r}: the pool is empty, no repository there has an instance;"
            " `smith status` shows where its candidates went"
        )
