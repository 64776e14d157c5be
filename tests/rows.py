"""Rows for tests: every field filled with something plausible, and what a test cares about given by name."""

import dataclasses
import typing
from enum import StrEnum
from typing import Any, TypeVar

from smith_lib.types import (
    Candidate,
    Category,
    CodeFile,
    Complexity,
    Instance,
    Outcome,
    Repo,
    RepoOutcome,
    Stability,
    Strategy,
    Test,
    Tier,
    Verdict,
)

R = TypeVar("R")


def filled(row: type[R], **known: Any) -> R:
    """A row with the known fields; the others get a plain value of their type."""
    hints = typing.get_type_hints(row)
    names = [f.name for f in dataclasses.fields(row)]  # type: ignore[arg-type]
    return row(**{name: known[name] if name in known else _plain(name, hints[name]) for name in names})


def _plain(name: str, kind: Any) -> Any:
    if typing.get_origin(kind) is tuple:
        return ()
    if issubclass(kind, StrEnum):
        return next(iter(kind))
    return f"some {name}" if kind is str else kind()


def a_repo(**changes: Any) -> Repo:
    """A kept repository."""
    known = {
        "repo_id": "some__repo.01234567", "source": "pypi:repo==1.0", "repo": "pypi/repo", "commit": "0" * 40,
        "license": "MIT", "created_at": "2024-01-02T03:04:05+00:00", "loc": 2_000, "n_tests_static": 90,
        "n_tests": 100, "n_reliable": 98, "pass_rate": 0.98, "image_digest": "a" * 64,
        "outcome": RepoOutcome.KEPT, "reason": "", "python": "3.11.2", "test_command": "pytest -q",
        "source_files": ("pkg/a.py",), "baseline_seconds": 1.5, "baseline_cpu_seconds": 1.25,
    }  # fmt: skip
    return filled(Repo, **(known | changes))


def a_test(n: int = 0, **changes: Any) -> Test:
    """A reliable test."""
    known = {
        "repo_id": "some__repo.01234567", "test_id": f"tests/test_a.py::test_{n}", "file": "tests/test_a.py",
        "outcomes": ("passed",) * 3, "seconds": 0.01, "stability": Stability.RELIABLE,
    }  # fmt: skip
    return filled(Test, **(known | changes))


def a_candidate(n: int = 0, **changes: Any) -> Candidate:
    """A bug of one line."""
    known = {
        "repo_id": "some__repo.01234567", "candidate_id": f"some__repo.01234567.swap_operands.{n:08d}",
        "strategy": Strategy.AST, "operator": "swap_operands", "category": Category.LOGIC_ERROR,
        "bug_patch": f"--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1 +1 @@\n-x = {n}\n+x = {n + 1}\n",
        "files": ("pkg/a.py",), "functions": (f"pkg/a.py::f{n}",), "fix_lines": 1,
        "complexity": Complexity.SIMPLE, "cost_usd": 0.0, "model": "",
    }  # fmt: skip
    return filled(Candidate, **(known | changes))


def a_verdict(n: int = 0, **changes: Any) -> Verdict:
    """A valid verdict on candidate `n`."""
    known = {
        "repo_id": "some__repo.01234567", "candidate_id": f"some__repo.01234567.swap_operands.{n:08d}",
        "outcome": Outcome.VALID, "reason": "", "fail_to_pass": ("tests/test_a.py::test_0",),
        "pass_to_pass": ("tests/test_a.py::test_1", "tests/test_a.py::test_2"), "fail_ratio": 0.1, "runs": 3,
        "seconds": 4.5, "tier": Tier.COLD, "failures": (),
    }  # fmt: skip
    return filled(Verdict, **(known | changes))


def an_instance(n: int = 0, **changes: Any) -> Instance:
    """A task of the band made of candidate `n`."""
    known = {
        "instance_id": f"some__repo.01234567.swap_operands.{n:08d}", "repo": "pypi/repo",
        "base_commit": "0" * 40, "test_patch": "",
        "patch": f"--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1 +1 @@\n-x = {n + 1}\n+x = {n}\n",
        "problem_statement": f"`area({n})` gives a wrong answer\n\nIt gave {n} before the update, not now.",
        "hints_text": "", "created_at": "2024-01-02T03:04:05+00:00", "version": "1.0",
        "FAIL_TO_PASS": ("tests/test_a.py::test_0",),
        "PASS_TO_PASS": ("tests/test_a.py::test_1", "tests/test_a.py::test_2"),
        "environment_setup_commit": "0" * 40, "difficulty": "15 min - 1 hour",
        "repo_id": "some__repo.01234567", "source": "pypi:repo==1.0", "license": "MIT",
        "bug_patch": f"--- a/pkg/a.py\n+++ b/pkg/a.py\n@@ -1 +1 @@\n-x = {n}\n+x = {n + 1}\n",
        "buggy_code": (CodeFile("pkg/a.py", f"x = {n + 1}\n"),),
        "oracle_code": (CodeFile("pkg/a.py", f"x = {n}\n"),),
        "image_digest": "a" * 64, "python": "3.11.2", "test_command": "pytest -q", "strategy": Strategy.AST,
        "operator": "swap_operands", "category": Category.LOGIC_ERROR, "complexity": Complexity.SIMPLE,
        "fix_lines": 1, "files_changed": 1, "functions": (f"pkg/a.py::f{n}",), "fail_ratio": 0.1,
        "subset": "main", "model": "", "cost_usd": 0.0,
    }  # fmt: skip
    return filled(Instance, **(known | changes))
