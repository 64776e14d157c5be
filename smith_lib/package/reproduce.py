"""Snippets run on clean and on buggy code: what each shows, where the two differ every time."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.resources import files

from smith_lib.package.evidence import steady
from smith_lib.package.parts import Part
from smith_lib.sandbox.protocol import VENV, Ended, Job, Ran

log = logging.getLogger(__name__)

SECONDS, PATIENCE = 5, 20
"""Processor time and wall seconds that a snippet may take."""
HASH_SEEDS = ("0", "1")
MOST_LANES, LEAST = 8, 4
"""So many sandboxes at the same time at most, and bugs for each of them at least."""
_PLACE = "/home/smith/.smith"

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
    parts: tuple[int, ...] = field(default=(), compare=False)
    """Which of the bug's parts it shows, or may show, that no snippet before it did."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What to run for one bug."""

    files: Mapping[str, str]
    """The changed files with the bug in them."""
    tries: tuple[tuple[str, bool], ...]
    """Code, and whether it may raise on clean code; the best first."""
    parts: tuple[Part, ...] = ()
    """Those of a bug of several."""


def reproduced(
    trials: Mapping[str, Trial],
    outside: Sequence[str],
    run: Run,
    seconds: int = SECONDS,
    sources: Sequence[str] = (),
    lanes: int = 1,
) -> dict[str, tuple[Showing, ...]]:
    """For each bug that a snippet shows: the first such snippet, then one for each part not shown yet.

    What is told of each is what the whole bug does, with the least of its code that shows it. All are run
    twice, under two hash seeds, in as many sandboxes at a time as there are lanes. One that differs within
    one side, is ended for taking too long, or raises on clean code where it should not, shows nothing; of a
    bug on which three hang no more are tried. `seconds` of processor time is what each may take; `sources`
    are files of the tree that snippets import.
    """
    lanes = max(1, min(lanes, MOST_LANES, len(trials) // LEAST))
    names = list(trials)
    some = [{name: trials[name] for name in names[lane::lanes]} for lane in range(lanes)]
    out: dict[str, tuple[Showing, ...]] = {}
    with ThreadPoolExecutor(lanes) as pool:
        for found in pool.map(lambda mine: _twice(mine, outside, run, seconds, sources), some):
            out |= found
    return {name: out[name] for name in names if name in out}


def _twice(
    trials: Mapping[str, Trial], outside: Sequence[str], run: Run, seconds: int, sources: Sequence[str]
) -> dict[str, tuple[Showing, ...]]:
    first = _observed(trials, outside, run, HASH_SEEDS[0], seconds, sources)
    chosen = {
        name: Trial(trials[name].files, tuple((seen.code, bool(seen.clean.error)) for seen in found.values()))
        for name, found in first.items()
    }
    again = _observed(chosen, outside, run, HASH_SEEDS[1], seconds, sources, every=True)
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
    sources: Sequence[str],
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
                "parts": [dict(part.files) for part in trials[n].parts],
                "tries": [[at[code], may] for code, may in trials[n].tries],
            }
            for n in names
        ],
        "every": every,
        "outside": list(outside),
        "sources": list(sources),
        "seconds": seconds,
        "patience": PATIENCE,
    }
    put = {
        f"{_PLACE}/snippets.py": files("smith_lib.package") / "inside" / "snippets.py",
        f"{_PLACE}/smith_compiled.py": files("smith_lib.sandbox") / "inside" / "compiled.py",
    }
    environ = {"PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "TZ": "UTC"}
    command = (f"{VENV}/bin/python", "-B", f"{_PLACE}/snippets.py")
    scripts = {place: file.read_bytes() for place, file in put.items()}
    ran = run(Job(command, scripts, json.dumps(asked).encode(), environ))
    if ran.ended is not Ended.EXITED or ran.exit_code != 0:
        text = "snippets were not all run: %s, exit code %d: %s"
        log.warning(text, ran.ended, ran.exit_code, ran.stderr.decode(errors="replace")[-300:])
    found: dict[str, dict[str, Shown]] = {}
    for line in ran.stdout.splitlines():
        try:
            number, index, clean, buggy, least, shows = json.loads(line)
            name, code = names[number], codes[index]
            shown = Shown(_read(clean), _read(buggy), str(least), tuple(map(int, shows)))
        except (ValueError, TypeError, KeyError, IndexError):  # the repository's code may write there
            continue
        if shown.clean != shown.buggy:
            found.setdefault(name, {})[code] = shown
    return found


def _read(seen: Mapping[str, str]) -> Observed:
    texts = {name: seen[name].encode(errors="replace").decode() for name in Observed.__dataclass_fields__}
    return Observed(**{name: steady(text).strip() for name, text in texts.items()})
