"""Half-open intervals of numbers and sets of them."""


def valid(interval):
    """Whether (start, end) holds anything."""
    start, end = interval
    return start < end


def merge(intervals):
    """Sorted intervals that neither touch nor overlap and cover the same numbers."""
    out = []
    for start, end in sorted(i for i in intervals if valid(i)):
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def intersect(left, right):
    """What two sets of intervals share."""
    left, right = merge(left), merge(right)
    out = []
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][1], right[j][1])
        if start < end:
            out.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return out


def subtract(left, right):
    """What the first set covers and the second does not."""
    out = []
    holes = merge(right)
    for start, end in merge(left):
        at = start
        for low, high in holes:
            if high <= at:
                continue
            if low >= end:
                break
            if low > at:
                out.append((at, low))
            at = max(at, high)
        if at < end:
            out.append((at, end))
    return out


def covered(intervals):
    """How much is covered."""
    return sum(end - start for start, end in merge(intervals))


def gaps(intervals, low, high):
    """What is free between low and high."""
    return subtract([(low, high)], intervals)


def contains(intervals, number):
    """Whether a number is covered, by bisection."""
    merged = merge(intervals)
    first, last = 0, len(merged)
    while first < last:
        middle = (first + last) // 2
        start, end = merged[middle]
        if number < start:
            last = middle
        elif number >= end:
            first = middle + 1
        else:
            return True
    return False


def most_at_once(intervals):
    """The largest number of intervals that cover one point."""
    events = []
    for start, end in intervals:
        if start < end:
            events.append((start, 1))
            events.append((end, -1))
    events.sort()
    now = most = 0
    for _, change in events:
        now += change
        if now > most:
            most = now
    return most


def schedule(jobs):
    """The most jobs (name, start, end) that one worker can do, by name."""
    chosen = []
    free = None
    for name, start, end in sorted(jobs, key=lambda job: (job[2], job[1])):
        if free is None or start >= free:
            chosen.append(name)
            free = end
    return chosen


def parse_ranges(text, most=None):
    """Numbers from `1-3,7,9-`: sorted, without repeats; an open end needs `most`."""
    found = set()
    for part in text.split(","):
        part = part.strip()
        if not part:
            continue
        if "-" not in part:
            found.add(int(part))
            continue
        low, _, high = part.partition("-")
        first = int(low) if low else 1
        if high:
            last = int(high)
        elif most is not None:
            last = most
        else:
            raise ValueError(f"{part!r} has no end")
        if last < first:
            raise ValueError(f"{part!r} runs backwards")
        found.update(range(first, last + 1))
    return sorted(found)


def show_ranges(numbers):
    """The reverse of `parse_ranges`."""
    parts = []
    run = []
    for number in sorted(set(numbers)):
        if run and number == run[-1] + 1:
            run.append(number)
            continue
        if run:
            parts.append(run)
        run = [number]
    if run:
        parts.append(run)
    return ",".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in parts)
