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
Showing = tuple[str, "Shown"]
"""Code, and what it shows."""


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
    code: str = ""
    """What was run: the snippet, or the part of it that shows the same."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What to run for one bug."""

    files: Mapping[str, str]
    """The changed files with the bug in them."""
    tries: tuple[tuple[str, bool], ...]
    """Code, and whether it may raise on clean code; the best first."""
    parts: tuple[Mapping[str, str], ...] = ()
    """The changed files with one part of the bug alone, for a bug of several parts."""


def reproduced(
    trials: Mapping[str, Trial], outside: Sequence[str], run: Run, seconds: int = SECONDS
) -> dict[str, tuple[Showing, ...]]:
    """For each bug that a snippet shows: the first such snippet, then one for each part not shown yet.

    What is told of each is what the whole bug does, with the least of its code that shows it. All are run in
    two sandboxes, under two hash seeds. One that differs within one side, is ended for taking too long, or
    raises on clean code where it should not, shows nothing; of a bug on which three hang no more are tried.
    `seconds` of processor time is what each may take.
    """
    first = _observed(trials, outside, run, HASH_SEEDS[0], seconds)
    chosen = {
        name: Trial(trials[name].files, tuple((seen.code, bool(seen.clean.error)) for seen in found.values()))
        for name, found in first.items()
    }
    again = _observed(chosen, outside, run, HASH_SEEDS[1], seconds, every=True)
    out: dict[str, tuple[Showing, ...]] = {}
    for name, found in first.items():
        same = again.get(name, {})
        if steadily := tuple(item for item in found.items() if same.get(item[1].code) == item[1]):
            out[name] = steadily
    return out


def _observed(
    trials: Mapping[str, Trial],
    outside: Sequence[str],
    run: Run,
    seed: str,
    seconds: int,
    every: bool = False,
) -> dict[str, dict[str, Shown]]:
    names = [name for name, trial in trials.items() if trial.tries]
    if not names:
        return {}
    codes = list(dict.fromkeys(code for name in names for code, _ in trials[name].tries))
    at = {code: index for index, code in enumerate(codes)}
    asked = {
        "snippets": codes,
        "cases": [
            {
                "files": dict(trials[n].files),
                "parts": [dict(part) for part in trials[n].parts],
                "tries": [[at[code], may] for code, may in trials[n].tries],
            }
            for n in names
        ],
        "every": every,
        "outside": list(outside),
        "seconds": seconds,
        "patience": PATIENCE,
    }
    script = (files("smith_lib.package") / "inside" / "snippets.py").read_bytes()
    environ = {"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "TZ": "UTC"}
    command = (f"{VENV}/bin/python", "-B", _PLACE)
    ran = run(Job(command, {_PLACE: script}, json.dumps(asked).encode(), environ))
    if ran.ended is not Ended.EXITED or ran.exit_code != 0:
        text = "snippets were not all run: %s, exit code %d: %s"
        log.warning(text, ran.ended, ran.exit_code, ran.stderr.decode(errors="replace")[-300:])
    found: dict[str, dict[str, Shown]] = {}
    for line in ran.stdout.splitlines():
        try:
            number, index, clean, buggy, least = json.loads(line)
            name, code, shown = names[number], codes[index], Shown(_read(clean), _read(buggy), str(least))
        except (ValueError, TypeError, KeyError, IndexError):  # the repository's code may write there
            continue
        if shown.clean != shown.buggy:
            found.setdefault(name, {})[code] = shown
    return found


def _read(seen: Mapping[str, str]) -> Observed:
    texts = {name: seen[name].encode(errors="replace").decode() for name in Observed.__dataclass_fields__}
    return Observed(**{name: steady(text).strip() for name, text in texts.items()})
