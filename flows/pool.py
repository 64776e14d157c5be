"""What projects' own histories teach."""

from typing import Any

from prefect import flow, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from smith_lib.settings import DEFAULTS, Settings
from smith_lib.sources.table import anchored
from smith_lib.stages import of_history
from tasks import asking, inject_past, judge_given, pool_repo, pooled, record_repo, select_past


@flow(name="pool", flow_run_name="pool {sources}", task_runner=ThreadPoolTaskRunner(max_workers=8))
def pool(sources: list[str], settings: Settings = DEFAULTS, record: bool = False) -> dict[str, Any]:
    """Put the fixes of these projects' histories into the pool, judged by today's tests.

    Args:
        sources: repositories: `github:owner/name[@ref]`, `git+URL[@ref]`, a path
        settings: everything it depends on; the defaults where left out
        record: whether fixes are taken as they are, nothing installed and nothing run
    """
    sources, settings = list(dict.fromkeys(map(anchored, sources))), of_history(settings)
    asked = unmapped(settings)
    if record:
        return pooled(sources, [record_repo.map(sources, asked)])
    selected = select_past.map(sources, asked)
    injected = asking(inject_past, settings).map(sources, selected, asked)
    judged = judge_given.map(sources, selected, injected, asked)
    pools = pool_repo.map(sources, selected, injected, judged, asked)
    return pooled(sources, [selected, injected, judged, pools])
