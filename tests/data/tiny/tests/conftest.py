import pytest

from tiny.inventory import Inventory, Item


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stock():
    inventory = Inventory()
    inventory.register(Item("A1", "anvil", 5000, minimum=3), 10)
    inventory.register(Item("B2", "bolt", 5, minimum=100), 40)
    inventory.register(Item("C3", "crate", 700), 0)
    return inventory
