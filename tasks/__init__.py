"""Prefect tasks: a shard and settings in, a shard out; retries, caching, artifacts."""

from tasks.publish import publish_version
from tasks.records import begin_run, end_run, settled
from tasks.stages import inject_repo, package_repo, select_repo, validate_repo

__all__ = [
    "begin_run",
    "end_run",
    "inject_repo",
    "package_repo",
    "publish_version",
    "select_repo",
    "settled",
    "validate_repo",
]
