import pytest

from smith_lib.report.intervals import wilson


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [
        # (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) with z = 1.96, by hand
        (8, 10, 0.4902, 0.9433),
        (50, 100, 0.4038, 0.5962),
        (0, 5, 0.0, 0.4345),
        (5, 5, 0.5655, 1.0),
    ],
)
def test_an_interval_is_wilsons(hits, of, low, high):
    share = wilson(hits, of)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)
    assert share.value == hits / of


def test_nothing_judged_says_nothing():
    assert (wilson(0, 0).low, wilson(0, 0).value, wilson(0, 0).high) == (0.0, 0.0, 1.0)
