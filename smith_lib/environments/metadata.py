"""What a clean tree says of how it is installed and tested. Files are read, never executed."""

import ast
import configparser
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from smith_lib import syntax
from smith_lib.environments.requirements import from_file, from_poetry, kept, poetry_specifier

REQUIREMENT_FILES = (
    "*requirements*.txt", "*requirements*.in", "requirements/*.txt", "requirements/*.in",
    "requirements/*.pip", "tests/requirements*.txt", "test/requirements*.txt", "*-requirements.pip",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the project's own files declare."""

    name: str
    """Of the distribution, normalised; empty where the tree does not tell."""
    requires_python: str
    installable: bool
    """Whether there is a pyproject.toml with a project, a setup.py or a setup.cfg."""
    released: bool
    """Whether a PKG-INFO tells the version, as in an sdist."""
    extras: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    """Dependency groups (PEP 735, poetry, pdm, hatch, uv, `tests_require`) with their requirements."""
    files: Mapping[str, tuple[str, ...]]
    """Requirement files, relative, with their requirements."""


def read(root: Path) -> Metadata:
    """The tree's metadata; what cannot be parsed counts as not there."""
    pyproject = toml(root / "pyproject.toml")
    config = ini(root / "setup.cfg")
    setup = _setup_py(root / "setup.py")
    info = _pkg_info(root / "PKG-INFO")
    project = _table(pyproject, "project")
    poetry = _table(pyproject, "tool", "poetry")
    options = config.get("options", {})
    name = project.get("name") or poetry.get("name") or config.get("metadata", {}).get("name")
    requires = (
        project.get("requires-python")
        or poetry_specifier(str(_table(poetry, "dependencies").get("python", "")))
        or _table(pyproject, "tool", "flit", "metadata").get("requires-python")
        or options.get("python_requires")
        or setup.get("python_requires")
        or (info.get("requires-python") or [""])[0]
    )
    extras = [
        *_table(project, "optional-dependencies"), *_table(poetry, "extras"),
        *_table(pyproject, "tool", "flit", "metadata", "requires-extra"),
        *config.get("options.extras_require", {}), *_mapping(setup.get("extras_require")),
        *info.get("provides-extra", []),
    ]  # fmt: skip
    return Metadata(
        name=canonicalize_name(str(name or setup.get("name") or (info.get("name") or [""])[0])),
        requires_python=str(requires),
        installable=bool(project or poetry or setup or "metadata" in config)
        or any((root / f).is_file() for f in ("setup.py",))
        or "flit" in _table(pyproject, "tool"),
        released=bool(info.get("version")),
        extras=tuple(dict.fromkeys(str(extra) for extra in extras)),
        groups=_merged(_groups(pyproject, options, setup)),
        files=dict(_files(root)),
    )


def toml(path: Path) -> dict[str, Any]:
    """The file's tables; none where it is missing or broken."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def ini(path: Path) -> dict[str, dict[str, str]]:
    """The file's sections; none where it is missing or broken."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return {}
    return {name: {k: v or "" for k, v in parser[name].items()} for name in parser.sections()}


def _table(data: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _groups(
    pyproject: Mapping[str, Any], options: Mapping[str, str], setup: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every dependency group with its requirements, the kinds that a project may use in one namespace."""
    groups: dict[str, Any] = {
        canonicalize_name(k): v for k, v in _table(pyproject, "dependency-groups").items()
    }
    name: str
    for name in groups:
        yield name, kept(_expanded(groups, name, frozenset()))
    poetry = _table(pyproject, "tool", "poetry")
    if table := _table(poetry, "dev-dependencies"):
        yield "dev", from_poetry(table)
    for name in _table(poetry, "group"):
        yield canonicalize_name(name), from_poetry(_table(poetry, "group", name, "dependencies"))
    for name, texts in _table(pyproject, "tool", "pdm", "dev-dependencies").items():
        yield canonicalize_name(name), kept(_texts(texts))
    for name, env in _table(pyproject, "tool", "hatch", "envs").items():
        texts = [*_texts(_mapping(env).get("dependencies")), *_texts(_mapping(env).get("extra-dependencies"))]
        if found := kept(texts):
            yield "test" if name in ("default", "hatch-test") else canonicalize_name(name), found
    if found := kept(_texts(_table(pyproject, "tool", "uv").get("dev-dependencies"))):
        yield "dev", found
    if found := kept([*_texts(setup.get("tests_require")), *options.get("tests_require", "").splitlines()]):
        yield "tests-require", found


def _expanded(groups: Mapping[str, Any], name: str, seen: frozenset[str]) -> Iterator[str]:
    """The group's requirement texts, `include-group` followed (PEP 735)."""
    if name in seen:
        return
    entries = groups.get(name)
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict) and "include-group" in entry:
            yield from _expanded(groups, canonicalize_name(str(entry["include-group"])), seen | {name})


def _merged(groups: Iterator[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    merged: dict[str, tuple[str, ...]] = {}
    for name, texts in groups:
        merged[name] = tuple(dict.fromkeys((*merged.get(name, ()), *texts)))
    return merged


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    return [v for v in value if isinstance(v, str)] if isinstance(value, (list, tuple)) else []


def _files(root: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    found = {path for pattern in REQUIREMENT_FILES for path in root.glob(pattern)}
    for path in sorted(found):
        # The locked `tests.txt` of a `tests.in` says the same and more.
        if path.suffix == ".in" and path.with_suffix(".txt") in found:
            continue
        if requirements := kept(from_file(path, root).requirements):
            yield path.relative_to(root).as_posix(), requirements


def _pkg_info(path: Path) -> dict[str, list[str]]:
    try:
        message = HeaderParser().parsestr(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}
    found: dict[str, list[str]] = {}
    for key, value in message.items():
        found.setdefault(key.lower(), []).append(value)
    return found


def _setup_py(path: Path) -> dict[str, Any]:
    """The literal arguments of the file's call of `setup`, and of names that it assigns once to a literal."""
    try:
        module = syntax.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    names: dict[str, Any] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = _literal(node.value, names)
            if value is not None:
                names[node.targets[0].id] = value
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "setup":
            return {k.arg: v for k in node.keywords if k.arg and (v := _literal(k.value, names)) is not None}
    return {}


def _literal(node: ast.expr, names: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        read = ((_literal(k, names) if k else None, _literal(v, names)) for k, v in pairs)
        return {k: v for k, v in read if isinstance(k, str)}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _literal(node.left, names), _literal(node.right, names)
        return left + right if isinstance(left, list) and isinstance(right, list) else None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None
