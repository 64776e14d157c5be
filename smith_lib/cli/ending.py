"""How a command ends: the exit codes, and what an error looks like."""

import errno
import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import click

from smith_lib.errors import GateFailed, InputError, MachineryError, SandboxUnavailable, SmithError

OK, UNFINISHED, BAD_INPUT, GATE, NO_SANDBOX, BROKEN, BUG = 0, 1, 2, 3, 4, 5, 70
HUNG_UP, INTERRUPTED, TERMINATED = 129, 130, 143
"""128 and the number of the signal, as shells count."""

CODES: dict[int, str] = {
    OK: "Done; for `run` and `publish`: a version is published.",
    UNFINISHED: "Finished, but some repositories failed, a check did not hold, or nothing was published.",
    BAD_INPUT: "What was asked cannot be done: a bad option, setting, source or name.",
    GATE: "Great Expectations refused the rows; the last good version stays.",
    NO_SANDBOX: "No sandbox can run on this machine; `smith doctor` tells the remedy.",
    BROKEN: "Broken machinery (engine, network, storage, Prefect) that retries did not cure.",
    BUG: "An error in Smith itself; --debug shows where.",
    HUNG_UP: "As 130, by a hang-up (SIGHUP).",
    INTERRUPTED: "Interrupted (Ctrl-C); the same command goes on from there.",
    TERMINATED: "As 130, by SIGTERM.",
}
"""What each exit code means, as `smith --help` tells it."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What a device that takes no more, or is broken, says."""


def told(error: BaseException) -> SmithError | None:
    """The error of Smith's own tree that an exception is, holds or was raised from; else None."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, SmithError):
            return at
        if isinstance(at, BaseExceptionGroup):
            return next((found for inner in at.exceptions if (found := told(inner))), None)
        at = at.__cause__
    return None


def code_of(error: BaseException) -> int:
    """The exit code for an error that nobody caught."""
    match told(error):
        case GateFailed():
            return GATE
        case SandboxUnavailable():
            return NO_SANDBOX
        case InputError():
            return BAD_INPUT
        case SmithError():
            return BROKEN
    if isinstance(error, OSError) and error.errno in FULL:
        return BROKEN
    # Prefect's server and its client break in their own packages' exceptions.
    outside = type(error).__module__.partition(".")[0] in ("prefect", "httpx", "docker", "requests")
    return BROKEN if outside or isinstance(error, ConnectionError | MachineryError) else BUG


def line_of(error: BaseException) -> str:
    """What is shown of an error."""
    if (smith := told(error)) is not None:
        return str(smith)
    text = " ".join(str(error).split()) or "no message"
    hint = "" if code_of(error) == BROKEN else "; this is an error in Smith itself (--debug shows where)"
    return f"{type(error).__name__}: {text}{hint}"


def asked(ctx: click.Context, name: str) -> bool:
    """Whether the flag was given, before the command or after it."""
    return bool(ctx.meta.get(name))


@contextmanager
def ended(ctx: click.Context) -> Iterator[None]:
    """Turn what goes wrong inside into one red line on standard error and an exit code.

    With `--json`, standard output gets one document `{"error", "exit_code"}` instead of nothing.
    """
    from smith_lib.cli.interrupt import Interrupted, stopping

    try:
        yield
    except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
        raise
    except (KeyboardInterrupt, click.Abort, Interrupted):
        _interrupted(ctx)
    except Exception as error:
        if stopping() is not None:  # what sandboxes are taken from, fails
            _interrupted(ctx)
        if isinstance(error, OSError):
            output_lost(error)
        _show(ctx, line_of(error), code_of(error), error)
        ctx.exit(code_of(error))


def _interrupted(ctx: click.Context) -> NoReturn:
    from smith_lib.cli.interrupt import leave, settle, stopping

    settle()
    code = stopping() or INTERRUPTED
    _show(ctx, "interrupted; the same command goes on from there", code, None)
    # Threads that sandboxes were taken from may still wait for something, and servers be at work.
    leave()
    ctx.exit(code)


def _show(ctx: click.Context, line: str, code: int, error: BaseException | None) -> None:
    with suppress(OSError):  # what takes the lines may be what failed
        if error is not None and asked(ctx, "debug"):
            click.echo("".join(traceback.format_exception(error)), err=True)
        click.echo(click.style(f"smith: {line}", fg="red"), err=True)
    with suppress(OSError):
        if asked(ctx, "json"):
            click.echo(json.dumps({"error": line, "exit_code": code}))


def output_lost(error: OSError) -> bool:
    """Whether an error is that of a device which takes no more output; none goes there from now on.

    What was not written would otherwise be tried again, and fail again, when the interpreter ends.
    """
    if error.errno not in FULL:
        return False
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        return True  # it was another file's device
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return True
