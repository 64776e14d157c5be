"""Failed repositories, taken up again from the stage that failed."""

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.run import process
from tasks import Ended, begin_run, end_run, failed_of, publish_version


@flow(
    name="rerun-failed",
    flow_run_name="rerun-failed {run_id}",
    task_runner=ThreadPoolTaskRunner(max_workers=8),
)
def rerun_failed(run_id: str | None = None, out: str = "smith-out") -> Ended:
    """Run what failed in a run again, under that run's settings, and publish with what succeeded then.

    Args:
        run_id: the run whose failed repositories are taken up; the newest where left out
        out: where everything lies: a folder or an object-store URL
    """
    failed = failed_of(out, run_id)
    again = begin_run(failed.sources, failed.settings, failed.until, of=failed.run_id)
    rows = [*failed.kept, *process(failed.sources, failed.settings, failed.until, again)]
    published = None
    if failed.until == "publish":
        published = publish_version(rows, failed.settings, return_state=True)
    return end_run(again, failed.sources, rows, failed.settings, published)
