"""What can be told of a tree without running anything in it."""

import ast
import configparser
import email.parser
import io
import os
import re
import threading
import tokenize
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib import syntax
from smith_lib.sources import licenses, roles

MAX_READ = 4 << 20
"""Larger files are generated or data: they are listed, not read."""
CACHES = frozenset(("__pycache__", ".git", ".hg", ".svn", ".tox", ".nox", ".venv", "node_modules"))

_quiet = threading.Lock()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a tree says of itself."""

    name: str
    """The distribution's name, or an empty string."""
    version: str
    """The project's version, or an empty string where it is worked out at build time."""
    license: str
    """SPDX expression, or `unknown`."""
    requires_python: str
    """A version specifier such as `>=3.9`, or an empty string."""
    loc: int
    """Lines of `source_files` that are neither blank nor a comment; docstrings count."""
    n_tests: int
    """Test functions and methods in the source; a parametrised one counts once."""
    test_files: tuple[str, ...]
    """Files that hold or configure tests, relative, sorted."""
    source_files: tuple[str, ...]
    """Python files of the project itself, relative, sorted; no tests, documentation, examples or scripts."""


def facts(path: Path) -> Facts:
    """The facts of the tree at `path`; files that cannot be read or parsed count for nothing."""
    files = sorted(_files(path))
    sources = tuple(f for f in files if roles.is_source(f))
    declared = _declared(path)
    return Facts(
        name=declared.get("name", ""),
        version=declared.get("version", "") or _version_in(path, sources),
        license=_license(path, files, declared),
        requires_python=declared.get("requires-python", ""),
        loc=sum(_code_lines(_read(path / f)) for f in sources),
        n_tests=sum(_tests_in(_read(path / f)) for f in files if f.endswith(".py") and roles.holds_tests(f)),
        test_files=tuple(f for f in files if roles.holds_tests(f) or roles.configures_tests(f)),
        source_files=sources,
    )


def declared_name(path: Path) -> str:
    """What the project of the tree calls itself; empty where it does not say, or says no plain name."""
    name = _declared(path).get("name", "")
    return name if re.fullmatch(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", name) else ""


def _files(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in CACHES]
        for name in names:
            path = Path(folder) / name
            if not path.is_symlink() and path.is_file():
                text = str(path.relative_to(root))
                yield text.encode("utf-8", "replace").decode("utf-8")


def _read(path: Path) -> bytes:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_READ:
            return b""
        return path.read_bytes()
    except OSError:
        return b""


def _text(path: Path) -> str:
    return _read(path).decode("utf-8", "replace")


def _code_lines(data: bytes) -> int:
    return sum(1 for line in data.splitlines() if (text := line.strip()) and not text.startswith(b"#"))


def _parse(data: bytes) -> ast.Module | None:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        with _quiet, warnings.catch_warnings():  # invalid escapes and the like are not ours to tell
            warnings.simplefilter("ignore")
            return syntax.parse(text)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None


def _tests_in(data: bytes) -> int:
    tree = _parse(data) if b"test" in data else None
    return _count(tree.body) if tree is not None else 0


def _count(body: list[ast.stmt]) -> int:
    found = 0
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            test = node.name.startswith("test")
            found += test or _count([n for n in node.body if isinstance(n, ast.ClassDef)])
        elif isinstance(node, ast.ClassDef):
            found += _count(node.body)
        else:  # tests may stand under an `if`, a `try` or a `with`
            for block in ("body", "orelse", "finalbody"):
                found += _count([n for n in getattr(node, block, []) if isinstance(n, ast.stmt)])
            found += sum(_count(handler.body) for handler in getattr(node, "handlers", []))
    return found


def _declared(path: Path) -> dict[str, Any]:
    """Name, version, licence and more, from PKG-INFO, pyproject.toml, setup.cfg, setup.py in that order."""
    out: dict[str, Any] = {}
    for layer in (_pkg_info(path), _pyproject(path), _setup_cfg(path), _setup_py(path)):
        for key, value in layer.items():
            if value and value != "UNKNOWN":
                out.setdefault(key, value)
    return out


def _pkg_info(path: Path) -> dict[str, Any]:
    text = _text(path / "PKG-INFO")
    if not text:
        return {}
    told = email.parser.HeaderParser().parsestr(text)
    return {
        "name": str(told.get("Name", "")),
        "version": str(told.get("Version", "")),
        "requires-python": str(told.get("Requires-Python", "")),
        "expression": str(told.get("License-Expression", "")),
        "license": str(told.get("License", "")),
        "classifiers": [str(c) for c in told.get_all("Classifier", [])],
    }


def _pyproject(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(_text(path / "pyproject.toml"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    project = _table(data.get("project"))
    poetry = _table(_table(data.get("tool")).get("poetry"))
    stated = project.get("license")
    out: dict[str, Any] = {
        "name": project.get("name") or poetry.get("name"),
        "version": project.get("version") or poetry.get("version"),
        "requires-python": project.get("requires-python"),
        "expression": stated if isinstance(stated, str) else "",
        "license": _table(stated).get("text") or poetry.get("license"),
    }
    out = {key: value for key, value in out.items() if isinstance(value, str)}
    classifiers = project.get("classifiers") or poetry.get("classifiers")
    if isinstance(classifiers, list):
        out["classifiers"] = [c for c in classifiers if isinstance(c, str)]
    return out


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _setup_cfg(path: Path) -> dict[str, Any]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(_text(path / "setup.cfg"))
    except configparser.Error:
        return {}
    keys = ("name", "version", "license", "classifiers")
    get = {key: parser.get("metadata", key, fallback="").strip() for key in keys}
    return {
        "name": get["name"],
        "version": "" if get["version"].startswith(("attr:", "file:")) else get["version"],
        "license": get["license"],
        "classifiers": [c.strip() for c in get["classifiers"].splitlines() if "::" in c],
        "requires-python": parser.get("options", "python_requires", fallback="").strip(),
    }


def _setup_py(path: Path) -> dict[str, Any]:
    tree = _parse(_read(path / "setup.py"))
    out: dict[str, Any] = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "setup":
            for keyword in node.keywords:
                try:
                    value = ast.literal_eval(keyword.value)
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    continue
                key = "requires-python" if keyword.arg == "python_requires" else keyword.arg
                if key in ("name", "version", "license", "requires-python") and isinstance(value, str):
                    out[key] = value
                elif key == "classifiers" and isinstance(value, list | tuple):
                    out[key] = [c for c in value if isinstance(c, str)]
    return out


def _version_in(path: Path, sources: tuple[str, ...]) -> str:
    """`__version__` from the file nearest to the top that assigns a string to it."""
    names = ("__init__.py", "_version.py", "version.py", "__about__.py", "__version__.py")
    near = [s for s in sources if s.count("/") <= 2 and (s.rpartition("/")[2] in names or "/" not in s)]
    for source in sorted(near, key=lambda s: (s.count("/"), s)):
        data = _read(path / source)
        tree = _parse(data) if b"__version__" in data else None
        for node in tree.body if tree is not None else ():
            targets = node.targets if isinstance(node, ast.Assign) else ()
            named = any(isinstance(t, ast.Name) and t.id == "__version__" for t in targets)
            if named and isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                return node.value.value if isinstance(node.value.value, str) else ""
    return ""


def _license(path: Path, files: list[str], declared: dict[str, Any]) -> str:
    if (found := licenses.from_expression(declared.get("expression", ""))) != licenses.UNKNOWN:
        return found
    stems = ("license", "licence", "copying", "unlicense")
    named = [f for f in files if "/" not in f and f.lower().startswith(stems) and not f.endswith(".py")]
    words = licenses.from_text("\n".join(_text(path / f) for f in named))
    stated = licenses.from_classifiers(declared.get("classifiers", ()))
    if "BSD" in stated.split(" OR "):
        bsd = next((k for k in words.split(" AND ") if k.startswith("BSD-")), "BSD-3-Clause")
        stated = " OR ".join(bsd if i == "BSD" else i for i in stated.split(" OR "))
    for found in (stated, words, licenses.from_field(declared.get("license", ""))):
        if found != licenses.UNKNOWN:
            return found
    return licenses.UNKNOWN
