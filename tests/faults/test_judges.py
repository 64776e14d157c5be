"""Judges and their containers killed at random moments, and two runs of one repository at once."""

import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from smith_lib.errors import MachineryError
from tests.faults.conftest import Copy, Line, Undisturbed
from tests.faults.killing import inside

pytestmark = pytest.mark.timeout(900)

KILLS = 10


@contextlib.contextmanager
def killed_meanwhile(random: Random, most: float) -> Iterator[list[str]]:
    """What was killed so far of what this process has in containers, at most `most` seconds apart."""
    killed: list[str] = []
    ended = threading.Event()

    def kill() -> None:
        while len(killed) < KILLS and not ended.wait(random.uniform(0.1, most)):
            killed.extend(filter(None, [inside(random, [os.getpid()])]))

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()


@pytest.mark.faults
@pytest.mark.engine
@pytest.mark.network
def test_judges_and_containers_killed_at_random_moments_change_no_row(
    line: Line, undisturbed: Undisturbed, copy: Copy
) -> None:
    out = copy("verdicts", "instances", "judged")
    desk = line.desk(out)
    with killed_meanwhile(Random("judges"), 0.6) as killed:
        for _ in range(2 * KILLS):  # as Prefect does where another try may cure it
            try:
                line.stages(desk)
                break
            except MachineryError:
                continue
    assert killed
    assert line.through(desk) == undisturbed.data


def test_two_runs_of_one_repository_at_once_publish_one_version(
    line: Line, undisturbed: Undisturbed, copy: Copy
) -> None:
    out = copy("verdicts", "instances", "judged")
    with ThreadPoolExecutor(2) as both:
        futures = [both.submit(line.through, line.desk(out)) for _ in range(2)]
        assert [future.result() for future in futures] == [undisturbed.data] * 2
    versions = [path.name for path in (out / "published").iterdir() if path.is_dir()]
    assert len(versions) == 1
