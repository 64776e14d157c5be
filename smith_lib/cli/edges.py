"""Signals before a command has begun and after it is done, when nothing has to be put away any more."""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def leave_at_once() -> None:
    """End at a signal without more ado, with its code: what raises now is a traceback, or no code at all.

    A signal that was ignored before (`nohup`) still is.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def let_ctrl_c_raise() -> None:
    """Have Ctrl-C raise, as commands expect it; the others end at once until a command handles them."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    with suppress(Exception):
        sys.stdout.flush()
    # Every command imports it before it starts anything.
    hard_end = getattr(sys.modules.get("smith_lib.cli.interrupt"), "hard_end", os._exit)
    hard_end(128 + number)
