"""Which part a file plays in a repository, told from its path alone."""

import re
from pathlib import PurePosixPath

TEST_FOLDER = re.compile(
    r"_?tests?([_-].*)?|(unit|integration|functional|regression|system|e2e)[_-]?tests?|testsuite"
)
TEST_MODULE = re.compile(r"test_.*\.py|.*_test\.py|tests?\.py|conftest\.py")
CONFIGURES = frozenset(
    ("pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml",
     "noxfile.py", "conftest.py", ".coveragerc")
)  # fmt: skip
ASIDE = frozenset(
    ("doc", "docs", "documentation", "example", "examples", "sample", "samples", "demo", "demos", "benchmark",
     "benchmarks", "bench", "perf", "script", "scripts", "tool", "tools", "ci", "build", "dist", "venv",
     "env", "contrib", "fuzz", "fuzzing", "release", "node_modules")
)  # fmt: skip
ASIDE_FILES = frozenset(
    ("setup.py", "noxfile.py", "tasks.py", "fabfile.py", "conf.py", "versioneer.py", "toxfile.py")
)


def holds_tests(path: str) -> bool:
    """Whether the file is a test module or lies in a folder of tests, its data included."""
    parts = PurePosixPath(path).parts
    if any(TEST_FOLDER.fullmatch(part) for part in parts[:-1]) or parts[0] == "testing":
        return len(parts) > 1
    return bool(TEST_MODULE.fullmatch(parts[-1]))


def configures_tests(path: str) -> bool:
    """Whether the file configures how the tests run."""
    return PurePosixPath(path).name in CONFIGURES


def is_source(path: str) -> bool:
    """Whether the file is Python code of the project itself: no test, and nothing that only goes with it
    (documentation, examples, benchmarks, scripts, the build)."""
    parts = PurePosixPath(path).parts
    if not path.endswith(".py") or holds_tests(path) or any(part.startswith(".") for part in parts):
        return False
    return parts[0].lower() not in ASIDE if len(parts) > 1 else parts[0] not in ASIDE_FILES
