"""Prefect tasks: a shard and settings in, a shard out; retries, caching, artifacts."""

from tasks.publish import publish_version
from tasks.records import begin_run, end_run, failed_of, rows_there, settled
from tasks.search import search_repos
from tasks.stages import firsts, inject_repo, package_repo, select_repo, validate_repo

__all__ = [
    "begin_run",
    "end_run",
    "failed_of",
    "firsts",
    "inject_repo",
    "package_repo",
    "publish_version",
    "rows_there",
    "search_repos",
    "select_repo",
    "settled",
    "validate_repo",
]
