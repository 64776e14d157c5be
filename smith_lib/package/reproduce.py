"""Snippets run on clean and on buggy code: what each shows, where the two differ every time."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from smith_lib.package.evidence import steady
from smith_lib.sandbox.protocol import VENV, Ended, Job, Ran

log = logging.getLogger(__name__)

SECONDS, PATIENCE = 5, 20
"""Processor time and wall seconds that a snippet may take."""
HASH_SEEDS = ("0", "1")
_PLACE = "/home/smith/.smith/snippets.py"

Run = Callable[[Job], Ran]


@dataclass(frozen=True, slots=True)
class Observed:
    """What running a snippet showed."""

    error: str
    """Type of the exception that ended it, or empty."""
    message: str
    value: str
    """`repr` of the last expression, or empty."""
    printed: str
    at: str
    """The statement that was run when it ended: `last`, or `before` it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A snippet that was run on both."""

    clean: Observed
    buggy: Observed


@dataclass(frozen=True, slots=True)
class Trial:
    """What to run for one bug."""

    files: Mapping[str, str]
    """The changed files with the bug in them."""
    tries: tuple[tuple[str, bool], ...]
    """Code, and whether it may raise on clean code; the best first."""


def reproduced(
    trials: Mapping[str, Trial], outside: Sequence[str], run: Run
) -> dict[str, tuple[str, Shown]]:
    """For each bug whose snippet shows it: the first such snippet, and what it shows.

    All are run in two sandboxes, under two hash seeds. One that differs within one side, is ended for taking
    too long, or raises on clean code where it should not, shows nothing.
    """
    first = _observed(trials, outside, run, HASH_SEEDS[0])
    chosen = {
        name: Trial(trials[name].files, tuple(t for t in trials[name].tries if t[0] == code))
        for name, (code, _) in first.items()
    }
    again = _observed(chosen, outside, run, HASH_SEEDS[1])
    return {name: found for name, found in first.items() if again.get(name) == found}


def _observed(
    trials: Mapping[str, Trial], outside: Sequence[str], run: Run, seed: str
) -> dict[str, tuple[str, Shown]]:
    names = [name for name, trial in trials.items() if trial.tries]
    if not names:
        return {}
    codes = list(dict.fromkeys(code for name in names for code, _ in trials[name].tries))
    at = {code: index for index, code in enumerate(codes)}
    asked = {
        "snippets": codes,
        "cases": [
            {"files": dict(trials[n].files), "tries": [[at[code], may] for code, may in trials[n].tries]}
            for n in names
        ],
        "outside": list(outside),
        "seconds": SECONDS,
        "patience": PATIENCE,
    }
    script = (files("smith_lib.package") / "inside" / "snippets.py").read_bytes()
    environ = {"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "TZ": "UTC"}
    command = (f"{VENV}/bin/python", "-B", _PLACE)
    ran = run(Job(command, {_PLACE: script}, json.dumps(asked).encode(), environ))
    if ran.ended is not Ended.EXITED or ran.exit_code != 0:
        text = "snippets were not all run: %s, exit code %d: %s"
        log.warning(text, ran.ended, ran.exit_code, ran.stderr.decode(errors="replace")[-300:])
    found = {}
    for line in ran.stdout.splitlines():
        try:
            number, index, clean, buggy = json.loads(line)
            shown = Shown(_read(clean), _read(buggy))
            name, code = names[number], codes[index]
        except (ValueError, TypeError, KeyError, IndexError):  # the repository's code may write there
            continue
        if shown.clean != shown.buggy:
            found[name] = (code, shown)
    return found


def _read(seen: Mapping[str, str]) -> Observed:
    texts = {name: seen[name].encode(errors="replace").decode() for name in Observed.__dataclass_fields__}
    return Observed(**{name: steady(text).strip() for name, text in texts.items()})
