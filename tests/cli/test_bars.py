"""Progress is shown: bars on a terminal, lines elsewhere."""

import io
import threading

import pytest
from rich.console import Console
from rich.progress import Progress

from smith_lib import progress
from smith_lib.cli.bars import Bars, Lines, clock, line, rate, shown


def bars() -> tuple[Bars, Progress, io.StringIO]:
    out = io.StringIO()
    shown = Progress(console=Console(file=out, force_terminal=False, width=120), auto_refresh=False)
    return Bars(shown), shown, out


def step(stage: str, repo: str, done: int, total: int, note: str = "") -> progress.Progress:
    return progress.Progress(stage, repo, done, total, note)


def test_a_finished_stage_becomes_a_line() -> None:
    feed, shown, out = bars()
    feed.take(step("validate", "a[b]", 0, 2))
    assert [(t.description, t.total) for t in shown.tasks] == [("a[b]", 2)]
    feed.take(step("validate", "a[b]", 2, 2))
    assert shown.tasks == []
    assert "validate  a[b]  2/2" in out.getvalue()


def test_a_source_that_becomes_a_repository_leaves_no_bar_behind() -> None:
    feed, shown, _ = bars()
    for name in ("pypi:h11", "pypi:h11==0.16.0", "pypi__h11.12345678"):
        feed.take(step("select", name, 0, 0))
    assert [t.description for t in shown.tasks] == ["pypi__h11.12345678"]
    feed.take(step("inject", "pypi__h11.12345678", 0, 10))
    assert [t.fields["stage"] for t in shown.tasks] == ["inject"]


def test_threads_have_bars_of_their_own() -> None:
    feed, shown, _ = bars()
    feed.take(step("select", "one", 0, 0))
    thread = threading.Thread(target=feed.take, args=(step("select", "two", 0, 0),))
    thread.start()
    thread.join()
    assert {t.description for t in shown.tasks} == {"one", "two"}


def test_lines_come_at_the_beginning_at_the_end_and_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    feed = Lines()
    for done in range(50):
        feed.take(step("validate", "r", done + 1, 50))
    assert [text.split()[2] for text in capsys.readouterr().err.splitlines()] == ["1/50", "50/50"]


def test_quiet_is_quiet_and_listening_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(quiet=True):
        progress.report("validate", "r", 1, 1)
    with shown(quiet=False):
        progress.report("validate", "s", 1, 1)
    progress.report("validate", "t", 1, 1)
    assert capsys.readouterr().err == "validate  s  1/1\n"


def test_rates_and_times_read_well() -> None:
    assert (rate(2.54), rate(0.25), rate(None)) == ("2.5/s", "15/min", "")
    assert (clock(61), clock(3_725)) == ("1:01", "1:02:05")
    assert line(step("validate", "r", 10, 30, "n"), 5.0) == "validate  r  10/30  2.0/s  0:10 left  n"
