"""A dataset version of what is there."""

from typing import Any

from prefect import flow

from smith_lib.settings import DEFAULTS, Settings
from tasks import publish_version, rows_there


@flow(name="publish", flow_run_name="publish {settings.out}")
def publish_root(settings: Settings = DEFAULTS) -> dict[str, Any]:
    """Publish the newest instances of every repository that the root holds.

    Args:
        settings: where everything lies (`out`) and what a version holds (`publish`)
    """
    return publish_version(rows_there(settings), settings)
