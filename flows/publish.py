"""A dataset version of what is there."""

from prefect import flow

from smith_lib.settings import DEFAULTS, Settings
from tasks import Ended, passed_on, publish_version, rows_there


@flow(name="publish", flow_run_name="publish {settings.out}")
def publish_root(settings: Settings = DEFAULTS) -> Ended:
    """Publish the newest instances of every repository that the root holds.

    Args:
        settings: where everything lies (`out`) and what a version holds (`publish`)
    """
    return passed_on(publish_version(rows_there(settings), settings, return_state=True))
