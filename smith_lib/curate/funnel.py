"""The funnel: from repositories and attempts to instances, counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from smith_lib.types import Candidate, Instance, Outcome, Repo, RepoOutcome, Verdict


@dataclass(frozen=True, slots=True)
class Counted:
    """One repository's way through the stages."""

    repo_id: str
    repo: str
    outcome: RepoOutcome
    reason: str
    candidates: int
    outcomes: dict[Outcome, int]
    """Verdicts by outcome, every outcome there."""
    unjudged: int
    """Candidates without a verdict."""
    instances: int


def funnel(
    repos: Iterable[Repo],
    candidates: Iterable[Candidate],
    verdicts: Iterable[Verdict],
    instances: Iterable[Instance],
) -> tuple[Counted, ...]:
    """A count for each repository, sorted by id."""
    made = Counter(c.repo_id for c in candidates)
    judged = Counter((v.repo_id, v.outcome) for v in verdicts)
    written = Counter(i.repo_id for i in instances)
    rows = []
    for repo in sorted(repos, key=lambda r: r.repo_id):
        outcomes = {outcome: judged[repo.repo_id, outcome] for outcome in Outcome}
        rows.append(
            Counted(
                repo_id=repo.repo_id,
                repo=repo.repo,
                outcome=repo.outcome,
                reason=repo.reason,
                candidates=made[repo.repo_id],
                outcomes=outcomes,
                unjudged=made[repo.repo_id] - sum(outcomes.values()),
                instances=written[repo.repo_id],
            )
        )
    return tuple(rows)
