"""What is said of a run's failures, and what helps."""

from smith_lib.remedies import remedy, sentence
from smith_lib.types import StageRun, StageStatus
from tests.rows import filled


def failed(source: str, reason: str, curable: bool = False) -> StageRun:
    facts = {"status": StageStatus.FAILED, "reason": reason, "curable": curable, "run_id": "r1"}
    return filled(StageRun, source=source, stage="validate", **facts)


def test_a_sentence_counts_names_and_tells_the_command():
    rows = [failed("pypi:x", "EngineError: gone", True), failed("pypi:y", "KeyError: 3")]
    assert sentence(rows, 9, "r1", "a b") == (
        "2 of 9 repositories failed: pypi:x (validate: EngineError: gone); pypi:y (validate: KeyError: 3); "
        "`smith rerun-failed r1 --out 'a b'` takes them up"
    )


def test_a_sentence_of_many_failures_stays_short():
    told = sentence([failed(f"pypi:{n}", "KeyError: " + "x\n" * 9_999) for n in range(90)], 128, "r1", "out")
    assert "90 of 128 repositories failed" in told
    assert "and 87 more" in told
    assert len(told) < 900
    assert "\n" not in told


def test_what_must_be_corrected_first_is_not_told_to_go_again():
    bad = failed("./gone", "SourceError: no such folder")
    assert remedy(bad, "out") == "correct that, then: smith rerun-failed r1 --out out"
    assert sentence([bad], 1, "r1", "out") == (
        "1 of 1 repository failed: ./gone (validate: SourceError: no such folder); correct that, then "
        "`smith rerun-failed r1 --out out` takes them up"
    )
    assert remedy(failed("pypi:x", "EngineError: gone", True), "out") == "smith rerun-failed r1 --out out"
