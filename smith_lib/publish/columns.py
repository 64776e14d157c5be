"""What each column of a published row means, read from the row's own docstrings."""

import ast
import dataclasses
import inspect
import textwrap

from smith_lib import syntax
from smith_lib.types import Instance

PLAIN = {
    "instance_id": "The task's name, unique in the dataset.",
    "repo": "`owner/name` of the repository; `pypi/name` for a release from the package index.",
    "base_commit": "The clean code's commit.",
    "problem_statement": "The issue text that the model is given.",
    "hints_text": "Empty: there is no discussion to take hints from.",
    "created_at": "The clean commit's date.",
    "version": "The project's own version.",
    "environment_setup_commit": "The commit that the environment was worked out from.",
    "difficulty": "An estimate of the time a fix takes.",
    "repo_id": "The repository at its commit, as `owner__name.commit8`.",
    "source": "Where the repository comes from, pinned.",
    "license": "The repository's licence, an SPDX id.",
    "buggy_code": "The changed files, whole, with the bug.",
    "oracle_code": "The same files, whole, without it.",
    "image": "The environment's image.",
    "image_digest": "sha256 of what the environment is made from.",
    "dockerfile": "The Dockerfile that rebuilds the environment.",
    "requirements": "Its packages, one `name==version` a line.",
    "python": "Its interpreter's version.",
    "test_command": "The command that runs the suite in `/testbed`.",
    "strategy": "The family that the bug comes from.",
    "operator": "The operator that made the bug.",
    "category": "What kind of mistake it is: logic_error, edge_case, off_by_one, null_handling, other.",
    "complexity": "By the fix's changed lines: simple 1 to 5, medium 6 to 15, complex 16 and more.",
    "fix_lines": "The fix's changed lines, the larger of removed and added, hunk by hunk.",
    "files_changed": "How many files the fix changes.",
    "functions": "The functions that the bug changes, as `file::qualname`.",
    "fail_ratio": "The share of the repository's reliable tests that fail on buggy code.",
    "model": "The language model that wrote the bug; empty where none did.",
    "cost_usd": "What that cost, in US dollars.",
}
"""Columns whose meaning the row's docstrings leave to their names."""


def explained() -> dict[str, str]:
    """Each column's meaning in a line, in the order of the row's fields."""
    told = dict(PLAIN)
    for field in dataclasses.fields(Instance):
        if "doc" in field.metadata:
            told[field.name] = field.metadata["doc"]
    [body] = syntax.parse(textwrap.dedent(inspect.getsource(Instance))).body
    assert isinstance(body, ast.ClassDef)
    for before, after in zip(body.body, body.body[1:], strict=False):
        match before, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                told[name] = " ".join(text.split())
    return {field.name: told[field.name] for field in dataclasses.fields(Instance)}
