"""What a model is asked and what it should answer, where it answers in one turn and without tools."""

from smith_lib.types import Instance

ASKED = """\
You are fixing a bug in the Python repository {repo}. Answer with a unified diff against the files below, as \
`git diff` writes it, and with nothing else.

# Issue

{issue}

# Files

{files}"""


def prompt(row: Instance) -> str:
    """The issue, and the files that the fix changes as they are with the bug, whole."""
    files = "\n\n".join(f"## {file.path}\n\n{fenced(file.text)}" for file in row.buggy_code)
    return ASKED.format(repo=row.repo, issue=row.problem_statement.strip(), files=files)


def fenced(text: str) -> str:
    """The code in a fence that nothing in it can close."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}python\n{text}{'' if text.endswith(chr(10)) else chr(10)}{fence}"
