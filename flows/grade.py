"""A model's patches, judged."""

from prefect import flow

from smith_lib.settings import DEFAULTS, Settings
from tasks import Ended, grade_predictions, passed_on


@flow(name="grade", flow_run_name="grade {predictions} on {dataset}")
def grade(dataset: str, predictions: str, settings: Settings = DEFAULTS, out: str | None = None) -> Ended:
    """Judge the patches of a file by the tests of the tasks they are for.

    Args:
        dataset: a published version's folder, or the data folder whose newest version is meant
        predictions: a file of SWE-bench predictions (.jsonl, .json), or the word `gold` or `nothing`
        settings: where patches run (`sandbox`, `workers`); the defaults where left out
        out: where the results go, and what is graded already; `grades` in the settings' `out` where left out
    """
    return passed_on(grade_predictions(dataset, predictions, settings, out, return_state=True))
