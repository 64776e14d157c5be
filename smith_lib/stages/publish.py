"""Publish: from many repositories' instances to one dataset version."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from smith_lib.curate.choose import Choice, choose
from smith_lib.curate.metrics import metrics
from smith_lib.ledger import slug
from smith_lib.publish import Published, write_version
from smith_lib.settings import Settings
from smith_lib.storage import Root, Shard, read, read_at
from smith_lib.types import Candidate, Instance, Repo, StageRun, Verdict

Check = Callable[[Choice, Sequence[Repo], Sequence[Candidate], Path], None]
"""Refuses a choice by raising `GateFailed`; writes the data docs into the folder."""


def publish(rows: Sequence[StageRun], root: Root, settings: Settings, check: Check) -> Published:
    """The version made of the instances that these ledger rows name (rows of all stages, one run or more).

    Raises `GateFailed` where the gate refuses it; nothing is published then.
    """

    def shards(stage: str) -> list[StageRun]:
        return [r for r in rows if r.stage == stage and r.shard]

    repos = [repo for r in shards("select") for repo in read(root, Shard("repos", slug(r.pin), r.key), Repo)]
    candidates = [c for r in shards("inject") for c in read_at(root, r.shard, Candidate)]
    verdicts = [v for r in shards("validate") for v in read_at(root, r.shard, Verdict)]
    instances = [i for r in shards("package") for i in read_at(root, r.shard, Instance)]
    choice = choose(instances, settings.publish, settings.seed)
    figures: dict[str, Any] = metrics(repos, candidates, verdicts, choice)
    with tempfile.TemporaryDirectory(prefix="smith-docs-") as folder:
        docs = Path(folder)
        check(choice, repos, candidates, docs)
        return write_version(root, choice, figures, docs, settings)
