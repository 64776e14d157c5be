"""Amounts in cents, never in floats."""

from functools import total_ordering

RATES = {"EUR": 100, "USD": 100, "JPY": 1, "KWD": 1000}


@total_ordering
class Money:
    """An amount of a currency, in its smallest unit."""

    __slots__ = ("amount", "currency")

    def __init__(self, amount, currency="EUR"):
        if not isinstance(amount, int) or isinstance(amount, bool):
            raise TypeError("an amount is a whole number of the smallest unit")
        if currency not in RATES:
            raise ValueError(f"unknown currency {currency!r}")
        self.amount = amount
        self.currency = currency

    @classmethod
    def parse(cls, text):
        """From `12.50 EUR`; the currency may be left out."""
        parts = text.split()
        if not 1 <= len(parts) <= 2:
            raise ValueError(f"{text!r} is no amount")
        currency = parts[1] if len(parts) == 2 else "EUR"
        if currency not in RATES:
            raise ValueError(f"unknown currency {currency!r}")
        digits = len(str(RATES[currency])) - 1
        whole, _, rest = parts[0].partition(".")
        negative = whole.startswith("-")
        if len(rest) > digits:
            raise ValueError(f"{text!r} has too many decimals")
        rest = rest.ljust(digits, "0")
        amount = abs(int(whole or "0")) * RATES[currency] + (int(rest) if rest else 0)
        return cls(-amount if negative else amount, currency)

    def __str__(self):
        unit = RATES[self.currency]
        sign = "-" if self.amount < 0 else ""
        whole, rest = divmod(abs(self.amount), unit)
        if unit == 1:
            return f"{sign}{whole} {self.currency}"
        digits = len(str(unit)) - 1
        return f"{sign}{whole}.{rest:0{digits}d} {self.currency}"

    def __repr__(self):
        return f"Money({self.amount}, {self.currency!r})"

    def _same(self, other):
        if not isinstance(other, Money):
            raise TypeError(f"{other!r} is not money")
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other):
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other):
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self):
        return Money(-self.amount, self.currency)

    def __mul__(self, factor):
        return Money(half_up(self.amount * factor), self.currency)

    __rmul__ = __mul__

    def __eq__(self, other):
        if not isinstance(other, Money):
            return NotImplemented
        return (self.amount, self.currency) == (other.amount, other.currency)

    def __lt__(self, other):
        self._same(other)
        return self.amount < other.amount

    def __hash__(self):
        return hash((self.amount, self.currency))

    def split(self, parts):
        """Shares that differ by one unit at most and add up; the larger ones first."""
        if parts < 1:
            raise ValueError("at least one part")
        share, left = divmod(self.amount, parts)
        return [Money(share + (1 if at < left else 0), self.currency) for at in range(parts)]

    def allocate(self, weights):
        """Shares by weight that add up; what rounding leaves goes to the first ones."""
        total = sum(weights)
        if total <= 0:
            raise ValueError("weights must add up to more than nothing")
        shares = [self.amount * weight // total for weight in weights]
        left = self.amount - sum(shares)
        for at in range(left):
            shares[at] += 1
        return [Money(share, self.currency) for share in shares]


def half_up(value):
    """Rounded to a whole number, halves away from zero."""
    if value >= 0:
        return int(value + 0.5)
    return -int(-value + 0.5)


def total(amounts, currency="EUR"):
    """The sum; nothing at all is worth 0."""
    out = Money(0, currency)
    for amount in amounts:
        if amount is None:
            continue
        out = out + amount
    return out


def discount(price, percent, most=None):
    """The price less a percentage, but not less by more than `most`."""
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} % is no discount")
    off = price * (percent / 100)
    if most is not None and off > most:
        off = most
    return price - off


def tax(net, rate=19):
    """(tax, gross) of a net price."""
    amount = net * (rate / 100)
    return amount, net + amount


def instalments(price, months, first=None):
    """Payments month by month that add up to the price, the first one fixed on request."""
    if months < 1:
        raise ValueError("at least one month")
    if first is None:
        return price.split(months)
    if first > price:
        raise ValueError("the first payment is more than the price")
    if months == 1:
        return [price]
    return [first] + (price - first).split(months - 1)
