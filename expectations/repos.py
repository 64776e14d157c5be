"""What must hold of repositories."""

from expectations.rules import (
    Derived,
    Given,
    Rule,
    between,
    matches,
    one_of,
    told,
    true,
    unique,
)
from smith_lib.types import Repo, RepoOutcome

ROW = Repo
KEY = "repo_id"
DERIVED: Derived = {
    "license_allowed": lambda r, given: given.accepts(r.license),
    "kept_out": lambda r, given: given.kept_out(r.repo),
    "n_source_files": lambda r, given: len(r.source_files),
}
DIGEST = ".*[0-9a-f]{64}$"
KEPT = {"outcome": [RepoOutcome.KEPT.value]}
REJECTED = {"outcome": [o.value for o in RepoOutcome if o is not RepoOutcome.KEPT]}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    want = given.settings.select
    rates = (want.min_pass_rate, 1)
    return [
        unique("repository ids are unique", "repo_id"),
        one_of("outcomes are known ones", "outcome", list(RepoOutcome)),
        matches("the commit is 40 hexadecimal digits", "commit", "[0-9a-f]{40}$"),
        told("the source is told", "source"),
        told("a rejection has its reason", "reason", where=REJECTED),
        between("a kept repository's size is within bounds", "loc", want.min_loc, want.max_loc, where=KEPT),
        between("a kept repository has enough tests", "n_tests", want.min_tests, where=KEPT),
        between("a kept repository has reliable tests", "n_reliable", 1, where=KEPT),
        between("a kept repository's tests mostly pass", "pass_rate", *rates, strict_min=True, where=KEPT),
        between("a kept repository has code that the suite loads", "n_source_files", 1, where=KEPT),
        true("a kept repository's licence is allowed", "license_allowed", where=KEPT),
        one_of("a kept repository is no benchmark's", "kept_out", [False], where=KEPT),
        matches("a kept repository has its image's digest", "image_digest", DIGEST, where=KEPT),
        told("a kept repository has its test command", "test_command", where=KEPT),
    ]  # fmt: skip
