"""What a project's own automation says of how it is tested: tox, nox and CI files. Read, never executed."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib import syntax
from smith_lib.environments.metadata import ini, toml
from smith_lib.environments.requirements import Wanted, add

_TEST_ENV = re.compile(r"^(testenv(:.*(py|test).*)?|testenv:.*\{.*)$")
_NOT_TESTS = re.compile(
    r"doc|lint|mypy|typ(e|ing)|style|format|release|bench|build|publish|deploy|pre-commit", re.I
)


@dataclass(frozen=True, slots=True)
class Hint:
    """What one tool's configuration asks for."""

    name: str
    """tox, nox or ci."""
    wanted: Wanted
    paths: tuple[str, ...]
    """Existing paths that it gives to pytest, relative."""


def hints(root: Path) -> tuple[Hint, ...]:
    """The hints of tox, nox and CI, in this order; empty ones left out."""
    found = []
    for name, lines in (("tox", _tox(root)), ("nox", _nox(root)), ("ci", _ci(root))):
        wanted, paths = Wanted(), list[str]()
        for line in lines:
            _read(line, wanted, paths, root)
        if wanted.requirements or wanted.extras or wanted.groups or paths:
            found.append(Hint(name, wanted, tuple(dict.fromkeys(paths))))
    return tuple(found)


def _read(line: str, wanted: Wanted, paths: list[str], root: Path) -> None:
    try:
        words = shlex.split(line.replace("{toxinidir}/", "").replace("{tox_root}/", ""), comments=True)
    except ValueError:
        return
    for i, word in enumerate(words):
        if word == "install" and i and re.fullmatch(r".*pip[\d.]*", words[i - 1]):
            end = next((j for j in range(i, len(words)) if words[j] in ("&&", ";", "|", "||")), len(words))
            add(wanted, words[i + 1 : end], root, root)
        elif word in ("pytest", "py.test"):
            paths.extend(_paths(words[i + 1 :], root))


def _paths(words: list[str], root: Path) -> Iterator[str]:
    for word in words:
        if word in ("&&", ";", "|", "||"):
            return
        plain = re.sub(r"^\{posargs:?(.*)\}$", r"\1", word).rstrip("/")
        if plain and not plain.startswith(("-", "/")) and ".." not in plain and (root / plain).exists():
            yield plain


def _tox(root: Path) -> Iterator[str]:
    """tox's settings as lines of pip and pytest."""
    pyproject: Any = toml(root / "pyproject.toml").get("tool", {}).get("tox", {})
    sections = ini(root / "tox.ini") or ini(root / "setup.cfg")
    for name, section in sections.items():
        if not _TEST_ENV.match(name) or _NOT_TESTS.search(name):
            continue
        for line in section.get("deps", "").splitlines():
            dep = re.sub(r"^[\w{},!.-]+:\s+", "", line.strip())  # `py38: mock` holds for that factor
            if dep and "{[" not in dep:
                yield f"pip install {dep}" if dep.startswith("-") else f"pip install {shlex.quote(dep)}"
        if extras := " ".join(section.get("extras", "").split()).replace(" ", ","):
            yield f"pip install .[{extras}]"
        for group in re.split(r"[\s,]+", section.get("dependency_groups", "")):
            if group:
                yield f"pip install --group {group}"
        yield from section.get("commands", "").replace("\\\n", " ").splitlines()
    base = pyproject.get("env_run_base", {}) if isinstance(pyproject, dict) else {}
    for dep in base.get("deps", []):
        yield f"pip install {dep}" if str(dep).startswith("-") else f"pip install {shlex.quote(str(dep))}"
    for extra in base.get("extras", []):
        yield f"pip install .[{extra}]"
    for group in base.get("dependency_groups", []):
        yield f"pip install --group {group}"
    for command in base.get("commands", []):
        if isinstance(command, list):
            yield shlex.join(str(word) for word in command if isinstance(word, str))


def _nox(root: Path) -> Iterator[str]:
    """The literal arguments of `session.install` and `session.run` in sessions that are about tests."""
    try:
        module = syntax.parse((root / "noxfile.py").read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    for function in module.body:
        if not isinstance(function, ast.FunctionDef) or _NOT_TESTS.search(function.name):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                values = [a.value for a in node.args if isinstance(a, ast.Constant)]
                words = [value for value in values if isinstance(value, str)]
                if node.func.attr == "install":
                    yield shlex.join(["pip", "install", *words])
                elif node.func.attr == "run":
                    yield shlex.join(words)


def _ci(root: Path) -> Iterator[str]:
    """Lines of CI files that call pip or pytest."""
    files = [*sorted(root.glob(".github/workflows/*.y*ml")), root / ".gitlab-ci.yml", root / ".travis.yml",
             root / "azure-pipelines.yml", root / ".circleci/config.yml", root / "appveyor.yml"]  # fmt: skip
    for path in files:
        if not path.is_file() or _NOT_TESTS.search(path.stem):
            continue
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            plain = re.sub(r"^\s*(- )?((run|script|install):\s*)?", "", line).strip("\"' ")
            if re.search(r"pip[\d.]* install|\b(pytest|py\.test)\b", plain) and not plain.startswith("#"):
                yield plain
