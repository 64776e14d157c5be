import pytest

from tiny import dates
from tiny.dates import Day


@pytest.mark.parametrize("year, leap", [(2000, True), (1900, False), (2024, True), (2023, False)])
def test_leap(year, leap):
    assert dates.leap(year) is leap
    assert dates.days_in(year, 2) == (29 if leap else 28)


def test_parse():
    assert dates.parse("2024-02-29") == Day(2024, 2, 29)
    assert dates.parse("") is None
    assert dates.shown(Day(987, 6, 5)) == "0987-06-05"


@pytest.mark.parametrize("bad", ["2023-02-29", "2023-13-01", "2023-1-1", "yesterday"])
def test_parse_refuses(bad):
    with pytest.raises(ValueError):
        dates.parse(bad)


@pytest.mark.parametrize("when", [Day(1, 1, 1), Day(1999, 12, 31), Day(2000, 2, 29), Day(2024, 7, 4)], ids=str)
def test_ordinals(when):
    import datetime

    assert dates.ordinal(when) == datetime.date(*when).toordinal()
    assert dates.from_ordinal(dates.ordinal(when)) == when


def test_add():
    assert dates.add_days(Day(2023, 12, 31), 1) == Day(2024, 1, 1)
    assert dates.add_months(Day(2023, 1, 31), 1) == Day(2023, 2, 28)
    assert dates.add_months(Day(2023, 1, 15), -2) == Day(2022, 11, 15)
    assert dates.between(Day(2024, 1, 1), Day(2024, 3, 1)) == 60


def test_weekdays():
    assert dates.weekday(Day(2024, 7, 4)) == "thursday"
    assert dates.next_weekday(Day(2024, 7, 4), "thursday") == Day(2024, 7, 11)
    assert dates.workdays(Day(2024, 7, 1), Day(2024, 7, 7), [Day(2024, 7, 4)]) == 4
    assert dates.workdays(Day(2024, 7, 2), Day(2024, 7, 1)) == 0


def test_age_and_quarter():
    assert dates.age(Day(2000, 5, 6), Day(2020, 5, 5)) == 19
    assert dates.age(Day(2000, 5, 6), Day(2020, 5, 6)) == 20
    assert [dates.quarter(Day(2024, m, 1)) for m in (1, 3, 4, 12)] == [1, 1, 2, 4]


@pytest.mark.parametrize("seconds, words", [(0, "0 s"), (59, "59 s"), (7500, "2 h 5 min"), (-90, "-1 min 30 s"), (90061, "1 d 1 h")])
def test_duration(seconds, words):
    assert dates.duration(seconds) == words


def test_overlap():
    a, b, c = Day(2024, 1, 1), Day(2024, 1, 5), Day(2024, 1, 9)
    assert dates.overlap((a, b), (b, c)) == (b, b)
    assert dates.overlap((a, a), (b, c)) is None
