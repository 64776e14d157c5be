"""What has to be ended before this process may go: sandboxes, servers, half-made things.

Whoever opens such a thing registers what ends it; the command line (Ctrl-C, SIGTERM, SIGHUP) and the
interpreter's exit end whatever is still registered. Any thread may do either at any time.
"""

import atexit
import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

Closer = Callable[[], None]

_lock = threading.RLock()  # re-entrant: a signal handler may run between two lines that hold it
_closers: dict[int, Closer] = {}
_state = {"next": 0, "atexit": False, "closed": False}


def register(closer: Closer) -> Closer:
    """Have `closer` called once when everything is closed; returns what takes it off the list again.

    What is registered after `close_all` is called at once: nothing may open while the process goes.
    """
    with _lock:
        if not _state["atexit"]:
            atexit.register(close_all)
            _state["atexit"] = True
        late = _state["closed"]
        mark = _state["next"]
        _state["next"] += 1
        if not late:
            _closers[mark] = closer
    if late:
        _end(closer)

    def unregister() -> None:
        with _lock:
            _closers.pop(mark, None)

    return unregister


def closed() -> bool:
    """Whether everything is being closed, so that nothing new should be opened or tried again."""
    return bool(_state["closed"])


def close_all() -> None:
    """Call every registered closer, newest first, each once; one that fails is logged and the rest go on."""
    _state["closed"] = True
    while True:
        with _lock:
            if not _closers:
                return
            _, closer = _closers.popitem()
        _end(closer)


def reopen() -> None:
    """Let things be opened again in a process that goes on after `close_all` (a worker, a test)."""
    _state["closed"] = False


def _end(closer: Closer) -> None:
    try:
        closer()
    except Exception:
        log.exception("could not end %r", closer)
