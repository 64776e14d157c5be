import asyncio

import pytest

from tiny.caches import Bucket, Expiring, Lru, Priority, gather_limited, memoize, retry


def test_lru_drops_what_was_used_longest_ago():
    dropped = []
    cache = Lru(2, on_drop=lambda key, value: dropped.append((key, value)))
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert dropped == [("b", 2)]
    assert cache.keys() == ["a", "c"]
    assert cache.get("b", "gone") == "gone"
    assert cache.ratio == 0.5


def test_expiring(clock):
    cache = Expiring(10, clock)
    cache.put("a", 1)
    cache.put("b", 2, seconds=0)
    assert cache.get("b") is None
    clock.now = 9.9
    assert cache.get("a") == 1
    clock.now = 10
    assert cache.purge() == 1
    assert cache.get("a", 0) == 0


def test_memoize():
    calls = []

    @memoize(size=2)
    def double(x):
        calls.append(x)
        return x * 2

    assert [double(1), double(1), double(2)] == [2, 2, 4]
    assert calls == [1, 2]
    assert double.__name__ == "double"


def test_bucket(clock):
    bucket = Bucket(rate=1, burst=2, clock=clock)
    assert [bucket.allow(), bucket.allow(), bucket.allow()] == [True, True, False]
    assert bucket.wait() == 1.0
    clock.now = 1.0
    assert bucket.allow()


def test_priority():
    queue = Priority()
    for value, priority in [("late", 5), ("first", 1), ("second", 1)]:
        queue.push(value, priority)
    assert queue.drain(2) == ["first", "second"]
    assert len(queue) == 1
    assert queue.pop() == "late"
    with pytest.raises(IndexError):
        queue.pop()


def test_gather_limited():
    running = []
    peak = []

    def job(number):
        async def run():
            running.append(number)
            peak.append(len(running))
            await asyncio.sleep(0)
            running.remove(number)
            return number * 10

        return run

    assert asyncio.run(gather_limited([job(n) for n in range(4)], 2)) == [0, 10, 20, 30]
    assert max(peak) == 2


def test_retry():
    tries = []

    async def flaky():
        tries.append(1)
        if len(tries) < 3:
            raise OSError("not yet")
        return "done"

    assert asyncio.run(retry(flaky)) == "done"
    with pytest.raises(OSError):
        tries.clear()
        asyncio.run(retry(flaky, times=2, catch=OSError))
