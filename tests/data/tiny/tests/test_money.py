import pytest

from tiny.money import Money, discount, half_up, instalments, tax, total


@pytest.mark.parametrize("text", ["12.50 EUR", "-0.05 USD", "300 JPY", "1.234 KWD"])
def test_round_trip(text):
    assert str(Money.parse(text)) == text


@pytest.mark.parametrize("bad", ["", "1.234 EUR", "1 XYZ", "1 EUR now"])
def test_parse_refuses(bad):
    with pytest.raises(ValueError):
        Money.parse(bad)


def test_arithmetic():
    assert Money(150) + Money(50) == Money(200)
    assert Money(150) - Money(50) > Money(99)
    assert -Money(5) == Money(-5)
    assert 2 * Money(5) == Money(10)
    with pytest.raises(ValueError):
        Money(1) + Money(1, "USD")
    with pytest.raises(TypeError):
        Money(1.5)


@pytest.mark.parametrize("value, rounded", [(0.5, 1), (-0.5, -1), (1.4, 1), (-1.6, -2)])
def test_half_up(value, rounded):
    assert half_up(value) == rounded


def test_split_and_allocate():
    assert [m.amount for m in Money(100).split(3)] == [34, 33, 33]
    assert [m.amount for m in Money(100).allocate([1, 1, 4])] == [17, 17, 66]
    with pytest.raises(ValueError):
        Money(1).allocate([0])


def test_total():
    assert total([]) == Money(0)
    assert total([Money(1), None, Money(2)]) == Money(3)


def test_discount():
    assert discount(Money(1000), 10) == Money(900)
    assert discount(Money(1000), 50, most=Money(100)) == Money(900)
    with pytest.raises(ValueError):
        discount(Money(1), 101)


def test_tax_and_instalments():
    assert tax(Money(1000)) == (Money(190), Money(1190))
    assert [m.amount for m in instalments(Money(100), 3, first=Money(50))] == [50, 25, 25]
    assert instalments(Money(100), 1, first=Money(50)) == [Money(100)]
