import pytest

from tiny.inventory import Inventory, Item, StockError, pick


def test_receive_and_ship(stock):
    stock.receive("C3", 4)
    stock.ship("C3", 4)
    assert stock.count("C3") == 0
    with pytest.raises(StockError):
        stock.ship("C3", 1)


def test_reservation(stock):
    with stock.reservation("A1", 8):
        assert stock.available("A1") == 2
        with pytest.raises(StockError):
            stock.ship("A1", 3)
    assert stock.available("A1") == 10


def test_reservation_ends_with_an_error(stock):
    with pytest.raises(RuntimeError):
        with stock.reservation("A1", 1):
            raise RuntimeError
    assert stock.available("A1") == 10


def test_reorder(stock):
    assert stock.reorder() == [("B2", 60)]
    stock.ship("A1", 8)
    assert stock.reorder() == [("B2", 60), ("A1", 1)]


def test_value_and_history(stock):
    assert stock.value() == 50200
    stock.receive("B2", 10)
    stock.ship("B2", 5)
    stock.ship("A1", 1)
    assert stock.history("B2") == [("in", "B2", 10), ("out", "B2", 5)]
    assert stock.history(last=1) == [("out", "A1", 1)]
    assert stock.history(last=0) == []
    assert stock.turnover("B2") == 0.5
    assert stock.turnover("A1") == 0.0


def test_transfer_is_all_or_nothing(stock):
    other = Inventory()
    with pytest.raises(StockError):
        stock.transfer(other, "A1", 2)
    assert stock.count("A1") == 10
    other.register(Item("A1", "anvil", 5000))
    stock.transfer(other, "A1", 2)
    assert (stock.count("A1"), other.count("A1")) == (8, 2)


def test_pick(stock):
    orders = [("x", "A1", 9), ("y", "A1", 2), ("z", "A1", 1)]
    assert pick(stock, orders) == (["x", "z"], ["y"])


@pytest.mark.parametrize("call", ["receive", "ship"])
def test_nothing_is_no_quantity(stock, call):
    with pytest.raises(ValueError):
        getattr(stock, call)("A1", 0)


def test_items():
    assert Item("A", "a", 1) == Item("A", "b", 2)
    assert Item("A", "a", 1) != "A"
    assert len({Item("A", "a", 1), Item("A", "b", 2)}) == 1
    with pytest.raises(ValueError):
        Item("", "nothing", 1)
