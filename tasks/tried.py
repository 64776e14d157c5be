"""How often this process tried each stage of a run, and the task runs that did."""

import threading

from prefect.context import TaskRunContext
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL

from smith_lib.types import StageRun

_lock = threading.Lock()
_tried: dict[tuple[str, str, str], tuple[int, str]] = {}


def note(run_id: str, source: str, stage: str) -> None:
    """Count a try that begins."""
    context = TaskRunContext.get()
    with _lock:
        before, _ = _tried.get((run_id, source, stage), (0, ""))
        _tried[run_id, source, stage] = (before + 1, str(context.task_run.id) if context else "")


def of(row: StageRun) -> tuple[int, str]:
    """How often the row's stage was tried, and its task run's page; forgotten afterwards."""
    with _lock:
        times, task_run = _tried.pop((row.run_id, row.source, row.stage), (0, ""))
    return times, page("task-run", task_run)


def page(kind: str, name: str) -> str:
    """Where Prefect's UI shows that `flow-run` or `task-run`; empty where its server does not last."""
    if not name or not PREFECT_API_URL.value():
        return ""
    return f"{str(PREFECT_UI_URL.value() or '').rstrip('/')}/runs/{kind}/{name}"
