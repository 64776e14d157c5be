"""Bugs from elsewhere, judged."""

from prefect import flow

from smith_lib.settings import DEFAULTS, Settings
from smith_lib.sources.table import anchored
from tasks import judge_given, places, select_to_judge, take_given


@flow(name="validate-given", flow_run_name="validate {candidates} in {source}")
def validate_given(source: str, candidates: str, settings: Settings = DEFAULTS) -> dict[str, str]:
    """Judge the bugs of a file, whoever made them, by the tests of one repository.

    Args:
        source: a repository: `pypi:name[==version]`, `github:owner/name[@ref]`, `git+URL[@ref]`, a path
        candidates: a .jsonl, .json or .parquet file whose rows have `instance_id` and `patch`
        settings: everything it depends on; the defaults where left out
    """
    source = anchored(source)
    selected = select_to_judge(source, settings)
    taken = take_given(source, selected, candidates, settings)
    judged = judge_given(source, selected, taken, settings)
    return places(selected, taken, judged)
