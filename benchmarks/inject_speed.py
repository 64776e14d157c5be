"""How fast candidates are drawn from real source: parsing aside, and by phase.

    python benchmarks/inject_speed.py [--limit 2000] [--repeat 1] [NAME...]

Names are PyPI projects, with or without `==VERSION`; without any, those of `SOURCES` are taken. Every
function counts as called. A draft is a rewrite that was made, compiled, linted and compared with all others;
a row is a draft that was chosen, with its diff. Seconds are of CPU, the least of the repeats.
"""

import argparse
import ast
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from smith_lib.inject import balance, candidates, combine, draw
from smith_lib.inject.checks import Judge
from smith_lib.inject.program import Program
from smith_lib.inject.table import catalogue
from smith_lib.settings import InjectSettings, Settings
from smith_lib.sources import facts, table
from smith_lib.types import Function, Repo, RepoOutcome

SOURCES = ("sqlparse==0.6.1", "more-itertools==11.2.1", "jinja2==3.1.6", "boltons==26.2.0")
PHASES: dict[str, tuple[Any, str]] = {
    "sites": (draw.Sites, "__init__"),
    "rewrite": (draw, "_one_rewrite"),
    "check": (Judge, "program_key"),
    "draft": (draw.Studio, "made"),
    "combine": (combine, "combined"),
    "choose": (balance, "choose"),
    "diff": (candidates, "row_of"),
}
BLANK: dict[object, object] = {str: "", int: 0, float: 0.0, RepoOutcome: RepoOutcome.KEPT}


class Clock:
    """Seconds of CPU by phase, what a phase calls in another one left out."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.spent: Counter[str] = Counter()
        self.drafts = 0
        self._inner = [0.0]

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time taken."""

        def call(*args: Any, **named: Any) -> Any:
            began = time.process_time()
            self._inner.append(0.0)
            made = function(*args, **named)
            spent = time.process_time() - began
            self.spent[phase] += spent - self._inner.pop()  # type: ignore[assignment]
            self._inner[-1] += spent
            self.drafts += phase == "draft" and not isinstance(made, str)
            return made

        return call

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take the time of the phases meanwhile."""
        was = {phase: getattr(*place) for phase, place in PHASES.items()}
        for phase, (holder, name) in PHASES.items():
            setattr(holder, name, self.timed(phase, was[phase]))
        try:
            yield
        finally:
            for phase, (holder, name) in PHASES.items():
                setattr(holder, name, was[phase])


def main() -> int:
    """0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=SOURCES)
    parser.add_argument("--limit", type=int, default=2_000)
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    catalogue()
    print(
        "source                  files   lines parse s  draw s drafts drafts/s   rows  rows/s  "
        + " ".join(PHASES)
    )
    for name in given.names:
        shown(name, given.limit, given.repeat)
    return 0


def shown(name: str, limit: int, repeat: int) -> None:
    """Nothing; one line about the source is printed."""
    settings = Settings()
    pin = table.pin(f"pypi:{name}", settings.select)
    tree = table.fetch(pin, table.cache_folder(settings), settings.select).path
    files = facts.facts(tree).source_files
    columns = {column.name: BLANK.get(column.type, ()) for column in fields(Repo)}
    repo = Repo(**{**columns, "repo_id": name, "source_files": files})  # type: ignore[arg-type]
    lines = sum((tree / file).read_bytes().count(b"\n") for file in files)
    parsing, drawing = [], []
    for _ in range(repeat):
        began = time.process_time()
        parsed = candidates.programs(repo, tree)
        parsing.append(time.process_time() - began)
        drawing.append(drawn(repo, tree, parsed, InjectSettings(limit=limit)))
    seconds, rows, clock = min(drawing, key=lambda one: one[0])
    told = " ".join(f"{clock.spent[phase] / seconds:{max(4, len(phase))}.0%}" for phase in PHASES)
    print(
        f"{pin.source.removeprefix('pypi:'):23} {len(files):5} {lines:7,} {min(parsing):7.2f} {seconds:7.2f}"
        f" {clock.drafts:6} {clock.drafts / seconds:8,.0f} {rows:6} {rows / seconds:7,.0f}  {told}",
        flush=True,
    )


def drawn(
    repo: Repo, tree: Path, parsed: tuple[list[Program], dict[str, str]], settings: InjectSettings
) -> tuple[float, int, Clock]:
    """Seconds of drawing from parsed files, the number of rows, and the time by phase of a run of its own."""
    functions = [f for program in parsed[0] for f in called(repo.repo_id, program)]
    was = candidates.programs
    candidates.programs = lambda *_: parsed
    clock = Clock()
    try:
        began = time.process_time()
        rows = candidates.candidates(repo, tree, functions, settings, 1)
        seconds = time.process_time() - began
        with clock.running():
            candidates.candidates(repo, tree, functions, settings, 1)
    finally:
        candidates.programs = was
    return seconds, len(rows), clock


def called(repo_id: str, program: Program) -> Iterator[Function]:
    """All functions of the file, as if tests called each."""
    for node in ast.walk(ast.parse(program.text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            line = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield Function(repo_id, program.path, node.name, line)


if __name__ == "__main__":
    sys.exit(main())
