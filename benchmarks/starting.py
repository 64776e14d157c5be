"""What starting takes: `smith --help`, a run's first work, and nights in which nothing is new.

    python benchmarks/starting.py [--repositories 30] [--folder FOLDER]

makes so many repositories of tests/data/tiny, runs the first night over them, then the same night again:
by the command line alone, and through Prefect (with a server of its own). The first night takes most of the
time; where FOLDER holds it already it is not run again.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

TINY = Path(__file__).parents[1] / "tests" / "data" / "tiny"
SMITH = (sys.executable, "-c", "from smith_lib.cli import main; main()")
MANY = ("--limit", "4", "--workers", "2", "--set", "package.wrong_fixes=0", "--set", "select.clean_runs=2")


def made(folder: Path, count: int) -> list[str]:
    """Repositories that differ in one line each."""
    places = []
    for number in range(count):
        place = folder / "repositories" / f"tiny{number:02d}"
        if not place.exists():
            shutil.copytree(TINY, place, ignore=shutil.ignore_patterns("__pycache__"))
            (place / "NOTES.txt").write_text(f"number {number}\n")
        places.append(str(place))
    return places


def timed(environ: dict[str, str], *words: str) -> tuple[float, float, str]:
    """Seconds until the end, seconds until the first line that tells of a stage, and both in words."""
    spent, began, first = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0.0
    lines, joined = [], {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen([*SMITH, *words], env=environ, **joined) as ran:
        for line in ran.stdout or ():
            first = first or (time.monotonic() - began if line.startswith("select ") else 0.0)
            lines.append(line)
    if ran.returncode:
        sys.exit(f"smith {' '.join(words)} ended with {ran.returncode}:\n{''.join(lines[-20:])}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime
    told = f"{time.monotonic() - began:8.2f} s, {cpu:7.2f} s of processor"
    return time.monotonic() - began, first, told


def main() -> None:
    """Print a line for each figure."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--repositories", type=int, default=30)
    parser.add_argument("--folder", type=Path, default=Path("starting-out"))
    given = parser.parse_args()
    folder = given.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    own = {"PREFECT_HOME": str(folder / "prefect"), "XDG_CACHE_HOME": str(folder / "cache")}
    environ = {**{k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}, **own}
    sources = made(folder, given.repositories)
    night = ["run", *sources, "--out", str(folder / "out"), *MANY]

    def show(what: str, figures: tuple[float, float, str]) -> None:
        first = f", first work after {figures[1]:.2f} s" if figures[1] else ""
        print(f"{what:<40} {figures[2]}{first}", flush=True)

    show("smith --help", min(timed(environ, "--help") for _ in range(3)))
    first_night = None
    if not (folder / "out" / "published" / "passed.json").exists():
        first_night = timed(environ, *night)
        show(f"first night, {len(sources)} repositories", first_night)
    again = min(timed(environ, *night) for _ in range(2))
    show("nothing new, by the command line", again)
    # A limit that nothing meets makes no shard anew, but settings are others: the flow runs.
    flow = [*night, "--set", "publish.rows_per_shard=9999"]
    show("nothing new, through Prefect, gated", timed(environ, *flow))
    if first_night is not None:
        print(f"the second night took {again[0] / first_night[0]:.2%} of the first")


if __name__ == "__main__":
    main()
