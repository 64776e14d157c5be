"""A task as a reviewer sees it."""

from collections.abc import Iterator
from typing import Any

from smith_lib.report.code import diff_lines, line, prose, python
from smith_lib.report.render import rendered
from smith_lib.types import Instance

MOST_TESTS = 40
FENCES = ("```", "~~~")
PYTHON = ("", "py", "python", "pycon", "python3")


def task_page(row: Instance) -> str:
    """The HTML of a task: diff, issue text, reproduction, failing tests, environment, facts."""
    lines, left = diff_lines(row.bug_patch)
    return rendered(
        "task.html", package=__package__, row=row, lines=lines, left=left, most_tests=MOST_TESTS,
        issue=prose(row.problem_statement), title=line(title(row)),
        reproduction=[python(block) for block in blocks(row.problem_statement)], facts=_facts(row),
    )  # fmt: skip


def title(row: Instance) -> str:
    """The first line of the issue text."""
    return row.problem_statement.strip().partition("\n")[0].lstrip("# ")


def blocks(text: str) -> Iterator[str]:
    """The code blocks of a text of Markdown that are Python, or say nothing of what they are, in order."""
    fence, known, inside = "", False, list[str]()
    for one in text.split("\n"):
        mark = one.strip()[:3]
        if fence and mark == fence:
            if known and any(part.strip() for part in inside):
                yield "\n".join(inside)
            fence = ""
        elif fence:
            inside.append(one)
        elif mark in FENCES:
            language = one.strip().lstrip("`~").strip().lower()
            fence, known, inside = mark, language in PYTHON, []


def _facts(row: Instance) -> list[tuple[str, Any]]:
    return [
        ("id", row.instance_id), ("repository", f"{row.repo} {row.version}".strip()), ("source", row.source),
        ("subset", row.subset), ("family", f"{row.strategy}: {row.operator.replace('_', ' ')}"),
        ("category", row.category.replace("_", " ")), ("complexity", row.complexity),
        ("fix", f"{row.fix_lines} lines in {row.files_changed} file{'s' * (row.files_changed != 1)}"),
        ("functions", ", ".join(row.functions)), ("issue text", row.problem_statement_source),
        ("gives away", f"{row.given_away:.2f} of the fix"), ("quality", f"{row.quality:.2f}"),
        ("wrong fixes", f"{row.wrong_fixes_surviving} of {row.wrong_fixes} survive"),
        ("tags", ", ".join(row.tags)), ("model", row.model),
    ]  # fmt: skip
