"""Recipes tried in a sandbox: what is asked of the trial inside, and what it told."""

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

from smith_lib.environments.hints import hints
from smith_lib.environments.metadata import Metadata
from smith_lib.environments.options import options
from smith_lib.environments.recipes import dates, pythons, recipes, with_pytest
from smith_lib.errors import EngineError, NetworkError
from smith_lib.sandbox.protocol import Ended, Job, Limits, Ran, Sandbox
from smith_lib.settings import EnvironmentSettings
from smith_lib.sources.protocol import Tree

INSIDE = "/tmp/smith-trial"
NETWORK = re.compile(r"error sending request|dns error|client error \(Connect\)|HTTP status server error")
"""What uv says where the index does not answer."""
_FROZEN = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.!+-]+")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One recipe tried."""

    recipe: str
    """Its name and the date of its releases."""
    installed: bool
    good: bool
    tests: int
    passed: int
    seconds: float
    installing: float
    """Seconds of these that installing took."""
    reason: str
    """What stood in the way, one line; empty where every test passed."""


@dataclass(frozen=True, slots=True)
class Best:
    """The recipe that made the most tests pass."""

    recipe: str
    minor: int
    """Of Python 3."""
    date: str
    """Last moment of the releases installed; empty for no limit."""
    mode: str
    """How the project is installed: editable, compat (an older kind of editable), source (on the path)."""
    pythonpath: tuple[str, ...]
    requirements: tuple[str, ...]
    args: tuple[str, ...]
    ignored: tuple[str, ...]
    """Python files that are left out; a folder left out is told file by file."""
    lost: int
    """Test functions in them, and tests that hang or kill the interpreter."""
    tests: int
    passed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying told."""

    attempts: tuple[Attempt, ...]
    best: Best | None
    interpreters: tuple[int, ...]
    """Minor versions of Python 3 that are in the base and suit the project."""
    log: str


def job(
    tree: Tree, base: str, metadata: Metadata, environ: dict[str, str], settings: EnvironmentSettings
) -> Job:
    """The command that tries the tree's recipes."""
    opts = options(tree.path, hints(tree.path))
    suited = []
    for minor in pythons(metadata.requires_python, tree.created_at):
        moments = dates(tree.created_at, settings.slack_days, minor, datetime.now(UTC))
        suited.append({"minor": minor, "dates": moments if settings.dated else moments[-1:]})
    asked = {
        "interpreter": base if base.startswith("/") else "",
        "project": metadata.name or "project",
        "recipes": [
            {**asdict(recipe), "requirements": with_pytest(recipe.requirements)}
            for recipe in recipes(tree.path, metadata)
        ],
        "pythons": suited,
        "args": opts.args,
        "paths": opts.paths,
        "environ": environ,
        "seconds": settings.build_seconds,
        "suite_seconds": settings.suite_seconds,
    }
    folder = resources.files("smith_lib.environments.inside")
    files = {f"{INSIDE}/{f.name}": f.read_bytes() for f in folder.iterdir() if f.name.endswith(".py")}
    return Job(("python3", "-B", f"{INSIDE}/trial.py"), files, json.dumps(asked).encode(), {}, "/")


def try_recipes(
    sandbox: Sandbox, base: str, tree: Tree, metadata: Metadata, environ: dict[str, str],
    settings: EnvironmentSettings, limits: Limits,
) -> Trial:  # fmt: skip
    """What trying every recipe until one is good told.

    Raises `NetworkError` where the package index does not answer, `EngineError` where the trial told nothing.
    """
    # The trial ends itself in time; the sandbox's own limit is for one that was made unable to.
    wide = replace(limits, seconds=settings.build_seconds + 60.0, output_kb=max(limits.output_kb, 2_048),
                   disk_mb=max(limits.disk_mb, 4_096))  # fmt: skip
    ran = sandbox.trial(tree.path, job(tree, base, metadata, environ, settings), wide)
    log = ran.stderr.decode("utf-8", "replace")
    told = _told(ran, log)
    if told.get("network"):
        raise NetworkError(
            f"the package index did not answer while {tree.repo_id} was installed: {told['network']}"
        )
    return Trial(
        tuple(_attempt(a) for a in told["attempts"]), _best(told["best"], tree),
        tuple(int(minor) for minor in told["interpreters"]), log,
    )  # fmt: skip


def _told(ran: Ran, log: str) -> dict[str, Any]:
    try:
        told = json.loads(ran.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        told = None
    if isinstance(told, dict) and {"attempts", "best", "interpreters"} <= told.keys():
        return told
    if ran.ended is Ended.EXITED and ran.exit_code != 0:
        raise EngineError(f"the trial of recipes ended with code {ran.exit_code}: {last_line(log)}")
    # Killed: by time or memory that the repository took. That is the repository's failure, not ours.
    reason = f"the trial of recipes was ended ({ran.ended}) after {ran.seconds:.0f} s"
    attempt = {"recipe": "all", "installed": "$ python -m pytest" in log, "good": False, "tests": 0,
               "passed": 0, "seconds": ran.seconds, "reason": reason}  # fmt: skip
    return {"attempts": [attempt], "best": None, "interpreters": [0]}


def last_line(log: str) -> str:
    """The last line that holds anything, without control characters."""
    lines = filter(None, map(_plain, reversed(log.splitlines())))
    return next(lines, "no output")[:300]


def _plain(text: Any) -> str:
    """On one line and without control characters: it is shown in terminals."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())


def _attempt(a: dict[str, Any]) -> Attempt:
    return Attempt(
        _plain(a["recipe"]), bool(a["installed"]), bool(a["good"]), int(a["tests"]), int(a["passed"]),
        float(a.get("seconds", 0)), float(a.get("installing", 0)), _plain(a["reason"])[:300],
    )  # fmt: skip


def _best(b: dict[str, Any] | None, tree: Tree) -> Best | None:
    """The best recipe. Nothing is taken on trust: repositories' code ran where it was written down."""
    if b is None:
        return None
    left_out = [tree.path / path for path in map(str, b["ignored"]) if _inside(path)]
    ignored = [file.relative_to(tree.path).as_posix() for path in left_out for file in _python_files(path)]
    folders = [path for path in map(str, b["pythonpath"]) if re.fullmatch(r"/testbed[\w./-]*", path)]
    return Best(
        recipe=_plain(b["recipe"]), minor=int(b["minor"]), date=re.sub(r"[^0-9TZ:-]", "", str(b["date"])),
        mode=str(b["mode"]), pythonpath=tuple(folders),
        requirements=tuple(sorted({r for r in map(str, b["requirements"]) if _FROZEN.fullmatch(r)})),
        args=tuple("".join(c for c in str(arg) if c.isprintable()) for arg in b["args"]),
        ignored=tuple(ignored), lost=int(b["lost"]), tests=int(b["tests"]), passed=int(b["passed"]),
        seconds=float(b["seconds"]),
    )  # fmt: skip


def _python_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in PurePosixPath(path).parts
