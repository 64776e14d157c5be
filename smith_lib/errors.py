"""Broken machinery, as one small tree of exceptions. Outcomes are values, never exceptions.

    SmithError                     anything Smith raises on purpose
    |-- InputError                 what was asked cannot be done; the message names the value
    |   |-- UnknownName            not in the table; the message lists what is
    |   |-- SourceError            the repository cannot be had, and another try will not help
    |   |-- ModelUnusable          a model that answers nothing: no key, no such name, no known price
    |   |-- ModelRefused           a model's server says no to one question; others may be answered
    |   |-- NoAnswer               what comes to one question does not end, or cannot be read
    |   |-- BudgetSpent            what a run may ask of models is used up
    |   `-- GateFailed             Great Expectations refused the rows; names row and rule
    |-- StageTimeout               a stage took longer than it may; what it made is kept, so the same goes on
    |-- RepositoriesFailed         a run came to its end, but some of its repositories failed; has its summary
    |-- SandboxUnavailable         no sandbox can run on this machine; the message says what to install
    `-- MachineryError             another try may cure it: the only ones that are retried
        |-- EngineError            the container engine or the kernel failed us
        |-- NetworkError           a server, an index or a remote repository did not answer
        `-- StorageError           a shard could not be read or written
            `-- DamagedShard       what was read is not what was written; it is made again
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class SmithError(Exception):
    """Anything that Smith raises on purpose; its text is fit to be shown to a person."""


class InputError(SmithError):
    """What was asked cannot be done."""


MOST_NAMES = 30


class UnknownName(InputError):  # noqa: N818
    """A name that its table does not hold."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Say which kind of name, the name, and the known ones; of more than `MOST_NAMES` the nearest."""
        names = sorted(known)
        told = f"known: {', '.join(names)}"
        if len(names) > MOST_NAMES:
            near = difflib.get_close_matches(name, names, n=5)
            told = f"{'nearest' if near else 'some'} of {len(names)}: {', '.join(near or names[:5])}"
        super().__init__(f"unknown {kind} {name!r}; {told}")


class SourceError(InputError):
    """A repository that cannot be had, and that another try will not bring."""


class ModelUnusable(InputError):  # noqa: N818
    """A model that answers no question as things are set: no key, no such name, no known price."""


class ModelRefused(InputError):  # noqa: N818
    """A question that a model's server will not take; others may be answered."""


class NoAnswer(InputError):  # noqa: N818
    """A question to which nothing comes that ends and can be read; others may be answered."""


class BudgetSpent(InputError):  # noqa: N818
    """What a run may ask of models is used up."""


class GateFailed(InputError):  # noqa: N818
    """Rows that Great Expectations refused."""


class StageTimeout(SmithError):  # noqa: N818
    """A stage of one repository that took longer than it may. Not tried again by itself, which would take
    as long; a person may, with more time or without: what was judged, asked or built before is kept."""


class RepositoriesFailed(SmithError):  # noqa: N818
    """A run that came to its end, what did not fail published; some of its repositories failed."""

    def __init__(self, message: str, summary: Mapping[str, Any] | None = None) -> None:
        """Keep what came of the run beside the message."""
        super().__init__(message)
        self.summary = dict(summary or {})


class SandboxUnavailable(SmithError):  # noqa: N818
    """No sandbox can run here; the text says what to install or to start."""


class MachineryError(SmithError):
    """Broken machinery that another try may cure."""


class EngineError(MachineryError):
    """The container engine or the kernel failed."""


class NetworkError(MachineryError):
    """A server, an index or a remote repository did not answer as it should."""


class StorageError(MachineryError):
    """A shard could not be read or written."""


class DamagedShard(StorageError):  # noqa: N818
    """A shard that is not what was written, or has other columns than its rows have now."""


def may_be_cured(error: BaseException) -> bool:
    """Whether another try may help."""
    return isinstance(error, MachineryError)
