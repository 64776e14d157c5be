"""Yields: what is counted, how much less a poor operator is drawn, and where they come from."""

import json
from collections import Counter
from pathlib import Path

import pytest

from smith_lib.errors import StorageError, UnknownName
from smith_lib.inject import combine
from smith_lib.inject.balance import MOST_OF_ONE
from smith_lib.inject.candidates import candidates
from smith_lib.inject.table import MIRRORED, catalogue
from smith_lib.inject.yields import LEAST, Weights, Yield, Yields, counted, known, recorded
from smith_lib.settings import InjectSettings
from smith_lib.storage import Root
from smith_lib.types import Candidate, Outcome
from tests.inject.test_candidates import SOURCES, functions, own_code, repo
from tests.rows import a_candidate, a_verdict


def test_what_was_judged_is_counted_by_operator() -> None:
    outcomes = [Outcome.VALID, Outcome.NO_FAILURE, Outcome.SUBTLE, Outcome.TIMEOUT, Outcome.NOT_COVERED,
                Outcome.DUPLICATE]  # fmt: skip
    rows = [a_candidate(n) for n in range(6)] + [a_candidate(6, operator="negate_condition")]
    told = [a_verdict(n, outcome=outcome) for n, outcome in enumerate(outcomes)] + [a_verdict(6)]
    assert counted(rows, told) == {"negate_condition": Yield(1, 1), "swap_operands": Yield(4, 1)}


def test_a_poor_operator_weighs_less_and_never_nothing() -> None:
    told = {"good": Yield(100, 80), "poor": Yield(100, 20), "none": Yield(30, 0), "few": Yield(1, 0)}
    weights = Weights(told)
    assert weights.of("good") == 1.0
    assert 0.25 < weights.of("poor") < 0.3
    assert weights.of("none") == LEAST > 0
    assert weights.of("poor") > weights.of("none")
    # One bug says little: it is near to the mean, which an operator that nobody has seen has.
    assert weights.of("none") < weights.of("few") < weights.of("unseen") < weights.of("good")


def test_without_yields_all_weigh_alike() -> None:
    assert Weights({}).of("one") == Weights({}).of("other") == 1.0
    assert Weights({"one": Yield(9, 0)}).of("one") > 0


def drawn(yields: Yields | None) -> list[Candidate]:
    files = own_code()
    settings = InjectSettings(limit=200, strategies=("ast", "semantic"), max_per_function=100)
    return candidates(repo(*files), SOURCES, functions(SOURCES, files), settings, 7, yields=yields)


def test_operators_that_rarely_gave_a_valid_bug_are_drawn_less_and_not_never() -> None:
    names = [op.name for op in catalogue()]
    poor = set(names[::2])
    yields = {name: Yield(1_000, 100 if name in poor else 800) for name in names}
    even, uneven = drawn(None), drawn(yields)
    before, after = (Counter(row.operator for row in some) for some in (even, uneven))
    n_before, n_after = (sum(n for name, n in some.items() if name in poor) for some in (before, after))
    assert 0 < n_after < 0.6 * n_before
    most = round(MOST_OF_ONE * 200 * Weights(yields).of(min(poor)))
    assert 0 < max(after[name] for name in poor) <= most < max(before[name] for name in poor)
    assert drawn(yields) == uneven


def test_the_recorded_yields_are_of_operators_that_there_are() -> None:
    found = recorded()
    names = {op.name for op in catalogue()} | set(combine.NAMES) | set(MIRRORED)
    assert set(found) <= names
    assert len(found) > 100
    assert all(0 <= one.valid <= one.judged for one in found.values())


def published(root: Root, version: str, figures: object) -> None:
    root.write_bytes(f"published/{version}/metrics.json", json.dumps(figures).encode())


def test_a_published_version_tells_yields_and_an_unknown_one_is_named(tmp_path: Path) -> None:
    root = Root.at(tmp_path)
    published(root, "v0001-0123abcd", {"yields": {"swap_operands": {"judged": 4, "valid": 1}}})
    published(root, "v0002-0123abcd", {"yields": {"swap_operands": 4}})
    assert known("v0001-0123abcd", root) == {"swap_operands": Yield(4, 1)}
    assert known("even", root) == {}
    assert known("recorded", root) == recorded()
    with pytest.raises(UnknownName, match=r"unknown yields 'v9'; known: even, recorded, v0001-0123abcd, "):
        known("v9", root)
    with pytest.raises(StorageError, match="version v0002-0123abcd tells no yields"):
        known("v0002-0123abcd", root)
