"""Calendar arithmetic without time zones."""

from collections import namedtuple

Day = namedtuple("Day", "year month day")
_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def leap(year):
    """Whether a year of the Gregorian calendar has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in(year, month):
    """The length of a month."""
    if not 1 <= month <= 12:
        raise ValueError(f"no month {month}")
    if month == 2 and leap(year):
        return 29
    return _LENGTHS[month - 1]


def day(year, month, number):
    """A checked day."""
    if not 1 <= number <= days_in(year, month):
        raise ValueError(f"no day {number} in {year}-{month:02d}")
    return Day(year, month, number)


def parse(text):
    """A day from `YYYY-MM-DD`; None for an empty text."""
    if not text:
        return None
    parts = text.strip().split("-")
    if len(parts) != 3 or [len(part) for part in parts] != [4, 2, 2]:
        raise ValueError(f"{text!r} is not YYYY-MM-DD")
    return day(*[int(part) for part in parts])


def shown(when):
    """A day as `YYYY-MM-DD`."""
    return f"{when.year:04d}-{when.month:02d}-{when.day:02d}"


def ordinal(when):
    """Days since the last day of the year 0."""
    before = when.year - 1
    count = before * 365 + before // 4 - before // 100 + before // 400
    for month in range(1, when.month):
        count += days_in(when.year, month)
    return count + when.day


def from_ordinal(number):
    """The day whose ordinal it is."""
    if number < 1:
        raise ValueError("days are counted from 1")
    year = max(1, number // 366)
    while ordinal(Day(year + 1, 1, 1)) <= number:
        year += 1
    left = number - ordinal(Day(year, 1, 1)) + 1
    month = 1
    while left > days_in(year, month):
        left -= days_in(year, month)
        month += 1
    return Day(year, month, left)


def add_days(when, count):
    """So many days later."""
    return from_ordinal(ordinal(when) + count)


def add_months(when, count):
    """So many months later, on the same day or the month's last."""
    months = when.year * 12 + when.month - 1 + count
    year, month = divmod(months, 12)
    month += 1
    return Day(year, month, min(when.day, days_in(year, month)))


def between(start, end):
    """Days from start to end."""
    return ordinal(end) - ordinal(start)


def weekday(when):
    """The weekday's name."""
    return WEEKDAYS[(ordinal(when) - 1) % 7]


def workdays(start, end, holidays=()):
    """Mondays to Fridays from start to end, both included, that are no holidays."""
    if end < start:
        return 0
    free = set(holidays)
    count = 0
    current = start
    while current <= end:
        if weekday(current) not in ("saturday", "sunday") and current not in free:
            count += 1
        current = add_days(current, 1)
    return count


def next_weekday(when, name):
    """The first day after `when` with that weekday."""
    if name not in WEEKDAYS:
        raise ValueError(f"no weekday {name!r}")
    current = add_days(when, 1)
    while weekday(current) != name:
        current = add_days(current, 1)
    return current


def age(born, today):
    """Whole years lived."""
    if today < born:
        raise ValueError("not born yet")
    years = today.year - born.year
    if (today.month, today.day) < (born.month, born.day):
        years -= 1
    return years


def quarter(when):
    """1 to 4."""
    return (when.month - 1) // 3 + 1


def duration(seconds):
    """Seconds in words, the two largest units: `2 h 5 min`."""
    if seconds < 0:
        return "-" + duration(-seconds)
    units = [("d", 86400), ("h", 3600), ("min", 60), ("s", 1)]
    parts = []
    left = int(seconds)
    for name, size in units:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
    if not parts:
        return "0 s"
    return " ".join(parts[:2])


def overlap(first, second):
    """The days that two (start, end) spans share, both ends included; None where none."""
    start = max(first[0], second[0])
    end = min(first[1], second[1])
    if start > end:
        return None
    return start, end
