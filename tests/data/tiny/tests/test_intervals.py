import pytest

from tiny import intervals


def test_merge():
    assert intervals.merge([(5, 7), (1, 3), (3, 4), (9, 9)]) == [(1, 4), (5, 7)]


def test_intersect_and_subtract():
    assert intervals.intersect([(0, 5), (7, 9)], [(3, 8)]) == [(3, 5), (7, 8)]
    assert intervals.subtract([(0, 10)], [(2, 3), (5, 20)]) == [(0, 2), (3, 5)]
    assert intervals.gaps([(1, 2)], 0, 3) == [(0, 1), (2, 3)]
    assert intervals.covered([(0, 2), (1, 4)]) == 4


@pytest.mark.parametrize("number, inside", [(0, False), (1, True), (2, False), (5, True), (9, False)])
def test_contains(number, inside):
    assert intervals.contains([(5, 7), (1, 2), (8, 9)], number) is inside


def test_most_at_once():
    assert intervals.most_at_once([(0, 3), (1, 2), (2, 4)]) == 2
    assert intervals.most_at_once([]) == 0


def test_schedule():
    assert intervals.schedule([("long", 0, 9), ("a", 0, 3), ("b", 3, 5)]) == ["a", "b"]


@pytest.mark.parametrize("text, numbers", [("1-3,7", [1, 2, 3, 7]), ("9-, 8", [8, 9, 10]), ("-2", [1, 2]), ("", [])])
def test_ranges(text, numbers):
    assert intervals.parse_ranges(text, most=10) == numbers
    assert intervals.parse_ranges(intervals.show_ranges(numbers)) == numbers


def test_bad_ranges():
    with pytest.raises(ValueError):
        intervals.parse_ranges("3-1")
    with pytest.raises(ValueError):
        intervals.parse_ranges("3-")
