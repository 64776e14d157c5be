"""Requirement strings out of what projects write: requirement files, pip's arguments, poetry's tables."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

# Tools that check, format, document or ship a project; its tests import them rarely, and where they do,
# the trial sees the failed import and installs them after all.
TOOLS = frozenset((
    "asv", "auditwheel", "bandit", "black", "build", "bump2version", "bumpversion", "check-manifest",
    "codecov", "codespell", "commitizen", "coveralls", "cruft", "docformatter", "flake8", "furo",
    "gha-update", "hatch", "interrogate", "ipdb", "ipython", "isort", "jupyter", "mkdocs",
    "mkdocs-material", "mkdocstrings", "mkdocstrings-python", "notebook", "nox", "pdbpp", "pip-audit",
    "pip-tools", "pre-commit", "pre-commit-uv", "prek", "pydocstyle", "pylint", "pyright", "pyupgrade",
    "readme-renderer", "reno", "ruff", "safety", "scriv", "sphinx", "sphinx-autobuild", "tox",
    "tox-gh-actions", "tox-uv", "towncrier", "twine", "ty", "uv", "vulture", "wheel", "zensical",
    "zest-releaser",
))  # fmt: skip
_OPTIONS_WITH_VALUE = frozenset(
    ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host", "--python",
     "--progress-bar", "--upgrade-strategy", "--no-binary", "--only-binary", "--config-settings", "-t",
     "--target", "--prefix", "--root", "--timeout", "--retries", "-C", "--cache-dir", "--proxy", "--cert")
)


@dataclass(slots=True)
class Wanted:
    """What a list of pip's arguments asks for."""

    requirements: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    """Extras of the project itself, as in `-e .[test]`."""
    groups: list[str] = field(default_factory=list)
    """Dependency groups, as in `--group test`."""


def requirement(text: str) -> str | None:
    """The requirement, normalised; a URL gives the bare name; none where it is no requirement or a tool."""
    text = text.strip()
    egg = re.search(r"#egg=([A-Za-z0-9._-]+)", text)
    if egg and re.match(r"(git|hg|svn|bzr|https?|file)[+:]", text):
        text = egg.group(1)
    try:
        parsed = Requirement(text)
    except InvalidRequirement:
        return None
    if canonicalize_name(parsed.name) in TOOLS or canonicalize_name(parsed.name).startswith("sphinx"):
        return None
    parsed.url = None
    return str(parsed)


def kept(texts: Iterable[str]) -> tuple[str, ...]:
    """The requirements among the texts, normalised, in order, once each."""
    return tuple(dict.fromkeys(r for text in texts if (r := requirement(text)) is not None))


def from_file(path: Path, root: Path, seen: frozenset[Path] = frozenset()) -> Wanted:
    """What a requirement file asks for, with the files that it includes; constraints count as wishes too."""
    path = path.resolve()
    if path in seen or not path.is_relative_to(root.resolve()) or not path.is_file():
        return Wanted()
    text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    wanted = Wanted()
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*$", "", line)
        line = re.sub(r"\s--(hash|config-settings|global-option)[= ]\S+", "", line).strip()
        if line.startswith("-"):
            add(wanted, line.split(maxsplit=1), root, path.parent, seen | {path})
        elif line:
            add(wanted, [line], root, path.parent, seen | {path})
    return wanted


def add(
    wanted: Wanted, arguments: list[str], root: Path, folder: Path, seen: frozenset[Path] = frozenset()
) -> None:
    """Add what pip's arguments ask for, relative paths being seen from `folder`, to `wanted`."""
    rest = iter(arguments)
    for argument in rest:
        option, _, value = argument.partition("=") if argument.startswith("--") else (argument, "", "")
        if argument[:2] in ("-r", "-c", "-e") and len(argument) > 2:  # `-rother.txt`
            option, value = argument[:2], argument[2:].lstrip("= ")
        if option in ("-r", "--requirement", "-c", "--constraint", "--group", "-e", "--editable"):
            value = value or next(rest, "")
        if option in ("-r", "--requirement"):
            extend(wanted, from_file(folder / value, root, seen))
        elif option == "--group":
            wanted.groups.append(value.rpartition(":")[2])
        elif option in ("-e", "--editable") or re.match(r"\.{1,2}(/|\[|$)|file:|\{toxinidir\}", argument):
            _add_project(wanted, value or argument)
        elif option in _OPTIONS_WITH_VALUE and "=" not in argument:
            next(rest, "")
        elif not argument.startswith("-"):
            wanted.requirements.extend(kept([argument]))


def _add_project(wanted: Wanted, text: str) -> None:
    extras = re.search(r"\[([^\]]*)\]", text)
    if extras:
        wanted.extras.extend(part.strip() for part in extras.group(1).split(",") if part.strip())
    elif "#egg=" in text:
        wanted.requirements.extend(kept([text]))


def extend(wanted: Wanted, more: Wanted) -> None:
    """Add one to the other."""
    wanted.requirements.extend(more.requirements)
    wanted.extras.extend(more.extras)
    wanted.groups.extend(more.groups)


def from_poetry(table: Mapping[str, Any]) -> tuple[str, ...]:
    """The requirements of one of poetry's tables, its carets and tildes written out."""
    found = []
    for name, value in table.items():
        options = value[0] if isinstance(value, list) and value else value
        extras, version = "", options
        if isinstance(options, dict):
            version = options.get("version", "*")
            extras = f"[{','.join(options['extras'])}]" if options.get("extras") else ""
        if name.lower() != "python":
            found.append(f"{name}{extras}{poetry_specifier(str(version))}")
    return kept(found)


def poetry_specifier(version: str) -> str:
    """A version specifier as poetry writes it, as PEP 440 does: `^1.2` is `>=1.2,<2`."""
    return ",".join(filter(None, (_one(part.strip()) for part in version.split("||")[-1].split(","))))


def _one(part: str) -> str:
    numbers = re.match(r"[\^~]?\s*v?(\d+(?:\.\d+)*)", part)
    if part in ("", "*") or numbers is None:
        return "" if part in ("", "*") else part.replace(" ", "")
    release = [int(n) for n in numbers.group(1).split(".")]
    if part.startswith("^"):
        lead = next((i for i, n in enumerate(release) if n), len(release) - 1)
        return f">={numbers.group(1)},<{'.'.join(map(str, [*release[:lead], release[lead] + 1]))}"
    if part.startswith("~") and not part.startswith("~="):
        lead = min(1, len(release) - 1)
        return f">={numbers.group(1)},<{'.'.join(map(str, [*release[:lead], release[lead] + 1]))}"
    return f"=={part}"
