"""Stock in a warehouse: items, reservations, reorder points."""

import threading
from contextlib import contextmanager


class StockError(Exception):
    """There is not enough, or no such item."""


class Item:
    """What is kept of one article."""

    def __init__(self, sku, name, price, minimum=0):
        if not sku:
            raise ValueError("an item needs a number")
        if price < 0:
            raise ValueError("a price is not negative")
        self.sku = sku
        self.name = name
        self.price = price
        self.minimum = minimum

    def __eq__(self, other):
        return isinstance(other, Item) and self.sku == other.sku

    def __hash__(self):
        return hash(self.sku)

    def __repr__(self):
        return f"Item({self.sku!r}, {self.name!r})"


class Inventory:
    """Quantities by article; safe to use from several threads."""

    def __init__(self):
        self._items = {}
        self._counts = {}
        self._reserved = {}
        self._log = []
        self._lock = threading.RLock()

    def register(self, item, count=0):
        """Make an article known."""
        with self._lock:
            if item.sku in self._items:
                raise StockError(f"{item.sku} is known already")
            if count < 0:
                raise ValueError("a count is not negative")
            self._items[item.sku] = item
            self._counts[item.sku] = count
            self._reserved[item.sku] = 0

    def item(self, sku):
        """The article with a number."""
        item = self._items.get(sku)
        if item is None:
            raise StockError(f"no article {sku}")
        return item

    def count(self, sku):
        """How many are there, reserved ones included."""
        self.item(sku)
        return self._counts[sku]

    def available(self, sku):
        """How many are there and not reserved."""
        return self.count(sku) - self._reserved[sku]

    def receive(self, sku, quantity):
        """Goods come in."""
        if quantity <= 0:
            raise ValueError("nothing was received")
        with self._lock:
            self.item(sku)
            self._counts[sku] += quantity
            self._log.append(("in", sku, quantity))

    def ship(self, sku, quantity):
        """Goods go out; raises StockError where too few are available."""
        if quantity <= 0:
            raise ValueError("nothing was shipped")
        with self._lock:
            if quantity > self.available(sku):
                raise StockError(f"only {self.available(sku)} of {sku} available")
            self._counts[sku] -= quantity
            self._log.append(("out", sku, quantity))

    @contextmanager
    def reservation(self, sku, quantity):
        """Hold goods back within a block."""
        with self._lock:
            if quantity > self.available(sku):
                raise StockError(f"only {self.available(sku)} of {sku} available")
            self._reserved[sku] += quantity
        try:
            yield self
        finally:
            with self._lock:
                self._reserved[sku] -= quantity

    def value(self):
        """What everything is worth."""
        return sum(self._counts[sku] * item.price for sku, item in self._items.items())

    def reorder(self):
        """(sku, how many to order) of articles below their minimum, most urgent first."""
        short = []
        for sku, item in self._items.items():
            missing = item.minimum - self.available(sku)
            if missing > 0:
                short.append((sku, missing))
        short.sort(key=lambda pair: (-pair[1], pair[0]))
        return short

    def history(self, sku=None, last=None):
        """(direction, sku, quantity), oldest first; only of one article, only the last so many."""
        found = [entry for entry in self._log if sku is None or entry[1] == sku]
        if last is not None:
            found = found[-last:] if last > 0 else []
        return found

    def turnover(self, sku):
        """What went out for each one that came in; 0.0 where nothing came in."""
        came = sum(q for way, s, q in self._log if s == sku and way == "in")
        went = sum(q for way, s, q in self._log if s == sku and way == "out")
        if came == 0:
            return 0.0
        return went / came

    def transfer(self, other, sku, quantity):
        """Move goods to another warehouse, all or nothing."""
        if other is self:
            return
        self.ship(sku, quantity)
        try:
            other.receive(sku, quantity)
        except StockError:
            self.receive(sku, quantity)
            raise


def pick(stock, orders):
    """Serve (name, sku, quantity) orders in turn; returns the served names and the refused ones."""
    served, refused = [], []
    for name, sku, quantity in orders:
        try:
            stock.ship(sku, quantity)
        except StockError:
            refused.append(name)
        else:
            served.append(name)
    return served, refused
