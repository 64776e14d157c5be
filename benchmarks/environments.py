"""How many real repositories become usable with no help: their environment is worked out and their suite run.

    python benchmarks/environments.py [--sandbox docker] [--out FOLDER] [NAME...]

Names are PyPI projects whose sdists ship their tests; without any, the thirty of `REPOSITORIES` are tried.
A repository is usable where its suite, in the environment that was built and without network, collects more
than 50 tests of which more than 90 % pass.
"""

import argparse
import sys
import time
from pathlib import Path

from smith_lib.environments.find import Found, find
from smith_lib.errors import SmithError
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.settings import Settings
from smith_lib.sources import table

REPOSITORIES = (
    "sqlparse", "more-itertools", "markdown", "tomlkit", "inflect", "humanize", "jinja2", "click",
    "marshmallow", "boltons", "pyparsing", "mistune", "packaging", "python-dateutil", "cachetools", "funcy",
    "glom", "cattrs", "voluptuous", "tinydb", "h11", "hyperlink", "lark", "pycparser", "pyflakes",
    "prettytable", "structlog", "werkzeug", "flask", "starlette",
)  # fmt: skip


def main() -> int:
    """The number of repositories that are not usable."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=REPOSITORIES)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--out", type=Path, help="folder for the logs")
    given = parser.parse_args()
    settings = Settings()
    cache = table.cache_folder(settings)
    usable = 0
    print("repository       usable install s  find s  suite s  tests    pass  recipe; reason", flush=True)
    sandbox = open_sandbox(given.sandbox, settings.environments, settings.sandbox, cache, settings.workers)
    try:
        for name in given.names:
            usable += shown(name, sandbox, settings, cache, given.out)
    finally:
        sandbox.close()
    print(f"{usable} of {len(given.names)} usable")
    return len(given.names) - usable


def shown(name: str, sandbox: Sandbox, settings: Settings, cache: Path, out: Path | None) -> bool:
    """Whether the repository is usable; one line about it is printed."""
    began = time.monotonic()
    report = None
    try:
        tree = table.fetch(table.pin(f"pypi:{name}", settings.select), cache, settings.select)
        limits = Limits(60, memory_mb=settings.sandbox.memory_mb, processes=settings.sandbox.processes)
        found = find(tree, sandbox, settings.environments, limits)
        seconds = time.monotonic() - began
        if found.environment is not None:
            run_limits = Limits(settings.environments.suite_seconds, memory_mb=settings.sandbox.memory_mb)
            report = run_suite(sandbox, found.environment, SuiteJob(found.test_args), run_limits)
    except SmithError as error:
        print(f"{name:16} no     {'':9} {time.monotonic() - began:7.1f} {error}", flush=True)
        return False
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{name}.log").write_text(found.log, encoding="utf-8")
    tests, rate = counted(found, report)
    ended = report.ended if report else "not run"
    good = tests > 50 and rate > 0.9 and ended == "finished"
    suite_seconds = report.seconds if report else 0.0
    without = [f"without {path}" for path in found.ignored]
    told = "; ".join(filter(None, (found.recipe, found.reason, *without, "" if good else ended)))
    installing = sum(attempt.installing for attempt in found.attempts)
    spent = f"{installing:9.1f} {seconds:7.1f} {suite_seconds:8.1f}"
    figures = f"{'yes' if good else 'no':6} {spent} {tests:6} {rate:7.2%}"
    print(f"{name:16} {figures}  {told}", flush=True)
    return good


def counted(found: Found, report: SuiteReport | None) -> tuple[int, float]:
    """Tests collected and the share of those run that passed; a module left out counts as one failing."""
    if report is None:
        return 0, 0.0
    outcomes = [result.outcome for result in report.tests.values()]
    apart = len(found.ignored) + len(report.collection_errors)
    ran = sum(outcome != "skipped" for outcome in outcomes) + apart
    return len(outcomes) + apart, outcomes.count("passed") / ran if ran else 0.0


if __name__ == "__main__":
    sys.exit(main())
