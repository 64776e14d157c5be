"""A suite's time is processor time: a busy machine fails no suite, and a waiting one ends all the same."""

from smith_lib.sandbox.inside.runner import Patience


class Script:
    """A clock and a processor that a test moves."""

    def __init__(self, cpu: float, idle: float) -> None:
        self.now = self.used = self.waited = 0.0
        self.patience = Patience(cpu, idle, lambda: self.used, lambda: self.waited, lambda: self.now)

    def ends_after(self, share: float, most: float = 10_000.0, starved: float = 0.0) -> float | None:
        """The wall seconds after which a suite that uses that share of a processor, and is kept from one for
        another share, is ended."""
        while self.now < most:
            self.now += 0.25
            self.used += 0.25 * share
            self.waited += 0.25 * starved
            if self.patience.over():
                return self.now
        return None


def test_a_busy_loop_ends_after_its_processor_seconds() -> None:
    ended = Script(cpu=10, idle=30).ends_after(1.0)
    assert ended is not None
    assert 10 <= ended <= 10.5


def test_a_busy_loop_that_gets_a_fifth_of_a_processor_has_five_times_as_long() -> None:
    ended = Script(cpu=10, idle=30).ends_after(0.2)
    assert ended is not None
    assert 50 <= ended <= 51


def test_a_suite_that_waits_for_ever_ends_after_its_idle_seconds() -> None:
    ended = Script(cpu=10, idle=30).ends_after(0.0)
    assert ended is not None
    assert 30 <= ended <= 31


def test_a_suite_that_only_wakes_up_now_and_then_ends_too() -> None:
    ended = Script(cpu=10, idle=30).ends_after(0.02)
    assert ended is not None
    assert 190 <= ended <= 210


def test_a_suite_that_others_keep_from_the_processor_does_not_wait() -> None:
    assert Script(cpu=10, idle=30).ends_after(0.005, most=180.0, starved=0.9) is None


def test_a_suite_that_is_done_in_time_is_left_alone() -> None:
    assert Script(cpu=10, idle=30).ends_after(1.0, most=9.0) is None
