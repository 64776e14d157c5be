"""What a project's pytest configuration says, and the arguments that make a run of it repeatable."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib.environments.hints import Hint
from smith_lib.environments.metadata import ini, toml

# Options that change which process a test runs in, the order, how often, or what is written; taken out of
# the project's `addopts`. The second kind has a value in the next word.
_ALONE = re.compile(
    r"^(-x|--exitfirst|-v+|-q+|--verbose|--quiet|--ff|--lf|--nf|--failed-first|--last-failed|--new-first|--sw"
    r"|--stepwise|--pdb|--cov([-=].*)?|--no-cov.*|--durations.*|--maxfail=.*|--numprocesses=.*|--dist=.*"
    r"|--maxprocesses=.*|--junit.*|--html=.*|--self-contained-html|--random.*|--randomly.*|--codspeed.*"
    r"|--benchmark-(autosave|compare|json|save|only|enable|histogram).*|--reruns.*|--flake-finder|--count=.*"
    r"|-n\s*(\d+|auto|logical)|--looponfail|-f|--profile.*|--memray.*|--color=.*|--timeout=.*|--timeout-method=.*"
    r"|--instafail|--sugar|--pyargs-order.*|--report-log=.*|--md-report.*|--flake8|--pycodestyle|--black|--isort"
    r"|--pylint|--mypy|--ruff(-.*)?|--pep8|--showlocals-all)$"
)
_WITH_VALUE = frozenset(
    ("-n", "--numprocesses", "--dist", "--maxfail", "--cov-config", "--cov-report", "--junitxml",
     "--junit-xml", "--html", "--durations", "--random-order-bucket", "--random-order-seed", "--reruns",
     "--reruns-delay", "--count", "--timeout", "--timeout-method", "--color", "--cov-fail-under",
     "--durations-min")
)  # fmt: skip
_BLOCKED = frozenset(
    ("xdist", "randomly", "random_order", "pytest_cov", "pytest_randomly", "pytest_random_order")
)
_ASIDE = frozenset(("docs", "doc", "examples", "example", "build", "benchmarks", "bench", "vendor"))


@dataclass(frozen=True, slots=True)
class Options:
    """How pytest is called."""

    args: tuple[str, ...]
    """Always given."""
    paths: tuple[tuple[str, ...], ...]
    """Test paths to give, each a choice, in the order to try; an empty one leaves it to pytest."""


def options(root: Path, hints: tuple[Hint, ...]) -> Options:
    """pytest's arguments for a tree: random order and parallel runs off, the project's own options kept."""
    settings = pytest_settings(root)
    args = ["-p", "no:randomly", "-p", "no:random_order"]
    addopts = settings.get("addopts", "")
    words = [str(word) for word in addopts] if isinstance(addopts, list) else _split(str(addopts))
    plain = _plain(words)
    if plain != words:
        args += ["-o", f"addopts={shlex.join(plain)}"]
    return Options(tuple(args), tuple(dict.fromkeys(_paths(root, settings, hints))))


def pytest_settings(root: Path) -> dict[str, Any]:
    """The settings in the one file that pytest takes them from."""
    for name in ("pytest.toml", ".pytest.toml"):
        if (root / name).is_file():
            return dict(toml(root / name).get("pytest", {}))
    for name in ("pytest.ini", ".pytest.ini"):
        if (root / name).is_file():
            return dict(ini(root / name).get("pytest", {}))
    table = toml(root / "pyproject.toml").get("tool", {}).get("pytest")
    if isinstance(table, dict) and table:
        return dict(table.get("ini_options", table))
    for name, section in (("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        if section in (found := ini(root / name)):
            return dict(found[section])
    return {}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def _plain(words: list[str]) -> list[str]:
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, "")
        elif word == "-p":
            plugin = next(rest, "")
            if plugin not in _BLOCKED:
                kept += ["-p", plugin]
        elif not _ALONE.match(word):
            kept.append(word)
    return kept


def _paths(root: Path, settings: dict[str, Any], hints: tuple[Hint, ...]) -> Iterator[tuple[str, ...]]:
    if settings.get("testpaths"):
        yield ()
    top = tuple(name for name in ("tests", "test", "testing") if _has_python(root / name))
    if top:
        yield top
    for hint in hints:
        if hint.paths:
            yield hint.paths
    inner = sorted(
        {
            path.parent.relative_to(root)
            for pattern in ("*/test*", "*/*/test*", "*/*/*/test*")
            for path in root.glob(pattern + "/*.py")
            if path.parent.name in ("test", "tests") and not _aside(path.relative_to(root))
        }
    )
    outer = [p for p in inner if not any(p != q and p.is_relative_to(q) for q in inner)]
    if outer:
        yield tuple(p.as_posix() for p in outer)
    files = {path.name for pattern in ("test*.py", "*_test.py", "*_tests.py") for path in root.glob(pattern)}
    if files:
        yield tuple(sorted(files))
    yield ()


def _has_python(folder: Path) -> bool:
    return folder.is_dir() and any(folder.rglob("*.py"))


def _aside(path: Path) -> bool:
    return path.parts[0] in _ASIDE or any(part.startswith(".") for part in path.parts)
