"""Caches and queues that forget."""

import asyncio
import functools
import heapq
from collections import OrderedDict


class Lru:
    """A mapping of bounded size; what was used longest ago goes first."""

    def __init__(self, size, on_drop=None):
        if size < 1:
            raise ValueError("a cache holds at least one value")
        self.size = size
        self.hits = 0
        self.misses = 0
        self._on_drop = on_drop
        self._values = OrderedDict()

    def get(self, key, default=None):
        """The value, which counts as used now."""
        if key not in self._values:
            self.misses += 1
            return default
        self.hits += 1
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key, value):
        """Keep a value."""
        if key in self._values:
            self._values.move_to_end(key)
        self._values[key] = value
        while len(self._values) > self.size:
            dropped, old = self._values.popitem(last=False)
            if self._on_drop is not None:
                self._on_drop(dropped, old)

    def __len__(self):
        return len(self._values)

    def __contains__(self, key):
        return key in self._values

    def keys(self):
        """Keys, the one used longest ago first."""
        return list(self._values)

    @property
    def ratio(self):
        """Hits over look-ups; 0.0 before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else 0.0


class Expiring:
    """A mapping whose values live for some seconds of a given clock."""

    def __init__(self, seconds, clock):
        self.seconds = seconds
        self._clock = clock
        self._values = {}

    def put(self, key, value, seconds=None):
        """Keep a value for the usual time, or for its own."""
        life = self.seconds if seconds is None else seconds
        self._values[key] = (self._clock() + life, value)

    def get(self, key, default=None):
        """The value while it lives."""
        if key not in self._values:
            return default
        end, value = self._values[key]
        if self._clock() >= end:
            del self._values[key]
            return default
        return value

    def purge(self):
        """Forget what is dead; returns how many."""
        now = self._clock()
        dead = [key for key, (end, _) in self._values.items() if now >= end]
        for key in dead:
            del self._values[key]
        return len(dead)


def memoize(size=128):
    """A decorator that remembers results by positional arguments."""

    def decorate(function):
        cache = Lru(size)
        missing = object()

        @functools.wraps(function)
        def wrapper(*args):
            found = cache.get(args, missing)
            if found is missing:
                found = function(*args)
                cache.put(args, found)
            return found

        wrapper.cache = cache
        return wrapper

    return decorate


class Bucket:
    """A token bucket: so many at once, refilled by rate."""

    def __init__(self, rate, burst, clock):
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._last = clock()

    def allow(self, cost=1):
        """Take tokens where there are enough."""
        now = self._clock()
        self._tokens = min(self.burst, self._tokens + (now - self._last) * self.rate)
        self._last = now
        if cost > self._tokens:
            return False
        self._tokens -= cost
        return True

    def wait(self, cost=1):
        """Seconds until `cost` tokens are there."""
        missing = cost - self._tokens
        return max(0.0, missing / self.rate)


class Priority:
    """A queue by priority; equals leave in the order they came."""

    def __init__(self):
        self._heap = []
        self._count = 0

    def push(self, value, priority=0):
        """Add a value; a smaller priority leaves first."""
        heapq.heappush(self._heap, (priority, self._count, value))
        self._count += 1

    def pop(self):
        """The first value; raises IndexError where there is none."""
        if not self._heap:
            raise IndexError("the queue is empty")
        return heapq.heappop(self._heap)[2]

    def drain(self, most=None):
        """Up to `most` values in order."""
        out = []
        while self._heap and (most is None or len(out) < most):
            out.append(self.pop())
        return out

    def __len__(self):
        return len(self._heap)


async def gather_limited(functions, limit):
    """Results of async functions, in order, at most `limit` of them at a time."""
    if limit < 1:
        raise ValueError("limit must be at least 1")
    gate = asyncio.Semaphore(limit)

    async def guarded(function):
        async with gate:
            return await function()

    return await asyncio.gather(*[guarded(function) for function in functions])


async def retry(function, times=3, catch=Exception):
    """The result of the first try that works; the last error where none does."""
    if times < 1:
        raise ValueError("at least one try")
    last = None
    for _ in range(times):
        try:
            return await function()
        except catch as error:
            last = error
            await asyncio.sleep(0)
    raise last
