"""A three-way merge: today's text with what a fix changed taken back."""

import tempfile
from pathlib import Path

from smith_lib.sources.gitrun import git


def merged(today: str, after: str, before: str) -> str | None:
    """Today's text with the change from `before` to `after` undone; none where that conflicts."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("today", "after", "before")]
        for file, text in zip(files, (today, after, before), strict=True):
            file.write_bytes(text.encode())
        ran = git(["merge-file", "-p", "--quiet", *files], cwd=Path(folder))
    return None if ran.code else ran.out.decode()
