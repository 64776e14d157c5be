"""A stage ends at its first step after the time that it may take."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from smith_lib.deadline import limited
from smith_lib.errors import StageTimeout, may_be_cured
from smith_lib.progress import report
from smith_lib.remedies import may_go_again
from smith_lib.settings import StageSeconds
from smith_lib.types import StageRun, StageStatus
from tests.rows import filled

NONE = StageSeconds.model_construct(select=0, inject=0, validation=0, package=0, pool=0, publish=0)


def test_the_error_names_the_step_the_setting_and_the_remedy() -> None:
    allowed = StageSeconds.model_construct(validation=0)
    with pytest.raises(StageTimeout) as told, limited("validate", ["x"], allowed):
        report("validate", "x", 3, 60, "audit")
    assert str(told.value) == (
        "validate of x took longer than 0 s (stage_seconds.validation), and was at 3 of 60, audit; what it "
        "made is kept, so the same again goes on from there; --set stage_seconds.validation=0 gives it more"
    )
    report("validate", "x", 4, 60)  # nobody looks any more


def test_it_is_not_tried_again_by_itself_but_may_be_by_a_person() -> None:
    reason = "StageTimeout: package of x took longer"
    row = filled(StageRun, status=StageStatus.FAILED, curable=False, reason=reason)
    assert not may_be_cured(StageTimeout(""))
    assert may_go_again(row)


def test_a_step_of_another_thread_counts_for_its_own_repository_alone() -> None:
    with limited("select", ["pypi:x"], NONE), ThreadPoolExecutor(1) as pool:
        for stage, repo in (("select", "other"), ("inject", "pypi:x")):
            pool.submit(report, stage, repo, 0, 0).result()
        with pytest.raises(StageTimeout):
            pool.submit(report, "select", "pypi:x", 0, 0).result()


def test_an_id_that_the_stage_reports_first_is_its_own_from_then_on() -> None:
    seen: list[str] = []

    def elsewhere() -> None:
        try:
            report("select", "x.1a2b", 0, 0)
        except StageTimeout:
            seen.append("ended")

    with limited("select", ["pypi:x"], NONE):
        with pytest.raises(StageTimeout):
            report("select", "x.1a2b", 0, 0, "installing")
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen == ["ended"]


def test_in_time_nothing_happens() -> None:
    with limited("package", ["x"], StageSeconds()):
        report("package", "x", 1, 2)
