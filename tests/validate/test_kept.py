"""Verdicts that are kept by what the bug is."""

from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib.storage import Root
from smith_lib.types import Outcome
from smith_lib.validate import kept as module
from smith_lib.validate.kept import Kept
from tests.rows import a_candidate, a_verdict


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root.at(tmp_path)


def parts(root: Root) -> list[Path]:
    return sorted((root.local / module.FOLDER / "r").iterdir())


def test_a_verdict_is_found_by_its_bug_under_any_name(root: Root) -> None:
    kept = Kept(root, "r")
    kept.put(a_candidate(1), a_verdict(1))
    kept.flush()
    for again in (kept, Kept(root, "r")):
        assert again.get(a_candidate(1)) == a_verdict(1)
        assert again.get(a_candidate(1, candidate_id="other")) == a_verdict(1, candidate_id="other")
        assert again.get(a_candidate(2)) is None
        assert again.get(a_candidate(2, candidate_id=a_candidate(1).candidate_id)) is None


def test_another_place_holds_others(root: Root) -> None:
    kept = Kept(root, "r")
    kept.put(a_candidate(1), a_verdict(1))
    kept.flush()
    assert Kept(root, "r2").get(a_candidate(1)) is None


def test_a_bug_that_is_no_unicode_is_kept_too(root: Root) -> None:
    odd = a_candidate(1, bug_patch="-\udcff\n+é\n")
    kept = Kept(root, "r")
    kept.put(odd, a_verdict(1))
    kept.flush()
    assert Kept(root, "r").get(odd) == a_verdict(1)


def test_parts_are_added_and_later_ones_replace_earlier_ones(root: Root) -> None:
    for n in range(12):
        kept = Kept(root, "r")
        kept.put(a_candidate(0), a_verdict(0, reason=f"{n}"))
        kept.put(a_candidate(n + 1), a_verdict(n + 1))
        kept.flush()
        assert len(parts(root)) == n + 1
    again = Kept(root, "r")
    assert again.get(a_candidate(0)) == a_verdict(0, reason="11")
    assert [again.get(a_candidate(n + 1)) for n in range(12)] == [a_verdict(n + 1) for n in range(12)]


def test_a_flush_without_news_writes_nothing(root: Root) -> None:
    kept = Kept(root, "r")
    kept.flush()
    kept.put(a_candidate(1), a_verdict(1))
    kept.flush()
    kept.flush()
    assert len(parts(root)) == 1


def test_a_damaged_part_counts_as_not_there(root: Root) -> None:
    for n in range(3):
        kept = Kept(root, "r")
        kept.put(a_candidate(n), a_verdict(n))
        kept.flush()
    damaged = parts(root)[1]
    damaged.write_bytes(damaged.read_bytes()[:-7])
    parts(root)[2].write_bytes(b"")
    again = Kept(root, "r")
    assert [again.get(a_candidate(n)) is not None for n in range(3)] == [True, False, False]
    again.put(a_candidate(1), a_verdict(1, outcome=Outcome.FLAKY))
    again.flush()
    assert len(parts(root)) == 4
    found = Kept(root, "r").get(a_candidate(1))
    assert found == replace(a_verdict(1), outcome=Outcome.FLAKY)


def test_what_is_due_is_written_without_being_asked(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(root, "r")
    kept.put(a_candidate(1), a_verdict(1))
    assert not (root.local / module.FOLDER).exists()
    monkeypatch.setattr(module, "EVERY", 0.0)
    kept.put(a_candidate(2), a_verdict(2))
    assert Kept(root, "r").get(a_candidate(1)) == a_verdict(1)
