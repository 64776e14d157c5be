"""What is registered is ended once, whatever else happens."""

import threading
from collections.abc import Iterator

import pytest

from smith_lib import closing


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    closing.reopen()
    yield
    closing.close_all()
    closing.reopen()


def test_everything_is_closed_once_and_newest_first() -> None:
    ended: list[str] = []
    closing.register(lambda: ended.append("engine"))
    closing.register(lambda: ended.append("container"))
    closing.close_all()
    closing.close_all()
    assert ended == ["container", "engine"]
    assert closing.closed()


def test_what_is_taken_off_the_list_is_left_alone() -> None:
    ended: list[str] = []
    closing.register(lambda: ended.append("kept"))
    unregister = closing.register(lambda: ended.append("gone"))
    unregister()
    unregister()
    closing.close_all()
    assert ended == ["kept"]


def test_what_opens_while_the_process_goes_is_ended_at_once() -> None:
    closing.close_all()
    ended: list[str] = []
    closing.register(lambda: ended.append("late"))
    assert ended == ["late"]


def test_one_that_fails_does_not_keep_the_rest_open(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    def broken() -> None:
        raise OSError("engine gone")

    closing.register(lambda: ended.append("first"))
    closing.register(broken)
    closing.close_all()
    assert ended == ["first"]
    assert "engine gone" in caplog.text


def test_threads_that_register_while_all_is_closed_leave_nothing_open() -> None:
    opened, ended = [], []
    begin = threading.Barrier(9)

    def open_some(name: int) -> None:
        begin.wait()
        for n in range(200):
            opened.append((name, n))
            closing.register(lambda n=n: ended.append((name, n)))

    threads = [threading.Thread(target=open_some, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    begin.wait()
    closing.close_all()
    for thread in threads:
        thread.join()
    assert sorted(ended) == sorted(opened)
