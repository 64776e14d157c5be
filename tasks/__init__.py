"""Prefect tasks: a shard and settings in, a shard out; retries, caching, artifacts."""

from smith_lib.stages.there import rows_there
from tasks.ending import Ended, end_run, passed_on
from tasks.given import judge_given, places, select_to_judge, take_given
from tasks.grade import grade_predictions
from tasks.pool import inject_past, pool_repo, pooled, record_repo, select_past
from tasks.publish import publish_version
from tasks.records import begin_run, failed_of, settled
from tasks.search import search_repos
from tasks.spread import end_part, gathered, hand_out, parted, take_part
from tasks.stages import asking, firsts, inject_repo, package_repo, select_repo, validate_repo

__all__ = [
    "Ended",
    "asking",
    "begin_run",
    "end_part",
    "end_run",
    "failed_of",
    "firsts",
    "gathered",
    "grade_predictions",
    "hand_out",
    "inject_past",
    "inject_repo",
    "judge_given",
    "package_repo",
    "parted",
    "passed_on",
    "places",
    "pool_repo",
    "pooled",
    "publish_version",
    "record_repo",
    "rows_there",
    "search_repos",
    "select_past",
    "select_repo",
    "select_to_judge",
    "settled",
    "take_given",
    "take_part",
    "validate_repo",
]
