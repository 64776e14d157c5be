import ast
import functools
import importlib.metadata
import json
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import smith_lib

OWN = ("flows", "tasks", "expectations", "smith_lib")
TREE = Path(__file__).parent.parent
PROJECT = tomllib.loads((TREE / "pyproject.toml").read_text())

CHOSEN = {"prefect", "docker", "pygithub", "pandas", "pyarrow", "libcst", "litellm", "great-expectations"}
"""What Smith is built on, each for what it is for."""
HEAVY = (
    "prefect", "great_expectations", "litellm", "docker", "pandas", "github", "datasets", "scipy", "fastapi",
    "uvicorn",
)  # fmt: skip
"""Takes long to import, or is of no use to a module unless that module works with it."""


def modules() -> list[str]:
    names = [m.name for m in pkgutil.walk_packages(smith_lib.__path__, "smith_lib.")]
    return [n for n in names if ".inside" not in n and not n.endswith("__main__")]


def test_layers_are_kept():
    lint = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(lint, cwd=TREE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


IMPORTS = """
import importlib, json, sys
heavy = json.loads(sys.argv[2])
found = {}
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
    if new := [h for h in heavy if h in sys.modules]:
        found[name] = new
        heavy = [h for h in heavy if h not in new]
print(json.dumps(found))
"""


def imported(names: list[str], heavy: tuple[str, ...] = HEAVY) -> dict[str, list[str]]:
    """Which of the heavy packages come with which of the modules, imported one after the other."""
    command = [sys.executable, "-c", IMPORTS, json.dumps(names), json.dumps(heavy)]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_brings_nothing_heavy():
    assert imported(modules()) == {}


def test_a_heavy_import_would_be_seen():
    assert imported(["smith_lib.types", "docker"]) == {"docker": ["docker"]}


SIDE_EFFECTS = """
import importlib, json, os, sys
before = (dict(os.environ), os.getcwd(), sorted(os.listdir()))
def watch(event, args):
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        raise SystemExit(f"{now} opens {args[0]} to write")
    if event in ("socket.connect", "subprocess.Popen", "os.mkdir", "os.system", "os.fork"):
        raise SystemExit(f"{now}: {event} {args}")
sys.dont_write_bytecode = True
sys.addaudithook(watch)
for now in json.loads(sys.argv[1]):
    importlib.import_module(now)
import threading
assert threading.active_count() == 1, threading.enumerate()
assert before == (dict(os.environ), os.getcwd(), sorted(os.listdir()))
"""


def test_importing_does_nothing(tmp_path):
    command = [sys.executable, "-c", SIDE_EFFECTS, json.dumps(modules())]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def declared() -> set[str]:
    return names(PROJECT["project"]["dependencies"])


def extra(name: str) -> set[str]:
    return names(PROJECT["project"]["optional-dependencies"][name])


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(r).name) for r in requirements}


def test_what_smith_is_built_on_is_a_dependency_of_its_own():
    assert declared() >= CHOSEN


@functools.cache
def uses() -> dict[str, set[str]]:
    """Files that import it, by distribution name; what runs in sandboxes is the suites' business."""
    distributions = importlib.metadata.packages_distributions()
    found: dict[str, set[str]] = {}
    for path in (p for folder in OWN for p in (TREE / folder).rglob("*.py") if "inside" not in p.parts):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - set(OWN):
                for distribution in distributions.get(top, [top]):
                    found.setdefault(canonicalize_name(distribution), set()).add(str(path.relative_to(TREE)))
    return found


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_what_smith_is_built_on_is_used(name):
    assert uses().get(name)


def test_everything_that_is_imported_is_declared():
    """What only another package brings may go with that one's next release."""
    known = declared() | extra("serve")
    assert {name: files for name, files in uses().items() if name not in known} == {}


def pins(lock: str) -> dict[str, set[str]]:
    lines = (TREE / "requirements" / lock).read_text().splitlines()
    found: dict[str, set[str]] = {}
    for line in lines:
        if "==" in line and not line.startswith(" "):
            name, _, version = line.split(" ")[0].partition("==")
            found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", ["run.lock", "dev.lock"])
def test_a_lock_pins_all_dependencies_by_hash_and_names_no_index(lock):
    text = (TREE / "requirements" / lock).read_text()
    assert set(pins(lock)) >= declared() | extra("serve")
    blocks = [b for b in ("\n" + text).split("\n") if b and not b.startswith((" ", "#"))]
    assert all("==" in b for b in blocks)
    assert text.count("\n    --hash=sha256:") >= len(blocks)
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_both_locks_pin_the_same():
    run, dev = pins("run.lock"), pins("dev.lock")
    assert {n: v for n, v in run.items() if not v <= dev.get(n, set())} == {}


def test_every_pin_is_within_its_range():
    found = pins("run.lock")
    for text in PROJECT["project"]["dependencies"]:
        requirement = Requirement(text)
        for version in found[canonicalize_name(requirement.name)]:
            assert requirement.specifier.contains(version), f"{text}, but {version} is pinned: make lock"
