"""What reviewers answered: a Parquet file for each, written whole after every answer."""

import getpass
import re
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from smith_lib.errors import DamagedShard, InputError
from smith_lib.storage import Root, read_at
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Instance, Review

FOLDER = "reviews"
QUESTIONS = {
    "realistic": "Is this a mistake that people make?",
    "text_clear": "Does the issue text say what is wrong, so that work could begin?",
    "difficulty_right": "Is the difficulty right?",
}
"""Columns of `Review`, each with what is asked."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")


def reviewer_named(name: str | None) -> str:
    """The reviewer's name, the user's own where none is given. Raises `InputError` where it is none."""
    if name is None:
        try:
            name = getpass.getuser()
        except (KeyError, OSError) as error:
            raise InputError(f"this user has no name ({error}): give one with --reviewer NAME") from error
    if not NAME.fullmatch(name):
        allowed = "up to 64 letters, digits and any of _.@-, the first a letter, a digit or _"
        raise InputError(f"reviewer {name!r}: {allowed} are wanted")
    return name


def reviews(root: Root, version: str) -> list[Review]:
    """What all reviewers said of a version's tasks, sorted by reviewer and task.

    A file's name is the reviewer's. Raises `StorageError` where a file cannot be read.
    """
    rows: list[Review] = []
    for name in root.names(f"{FOLDER}/{version}"):
        if name.endswith(".parquet"):
            reviewer = name.rpartition("/")[2].removesuffix(".parquet")
            try:
                rows += [replace(row, reviewer=reviewer) for row in read_at(root, name, Review)]
            except DamagedShard as error:
                raise DamagedShard(f"{error}; take it away, its answers are lost, and go on") from error
    return sorted(rows, key=lambda row: (row.reviewer, row.instance_id))


def said(row: Review) -> bool:
    """Whether anything was answered or noted."""
    return bool(row.notes) or any(getattr(row, question) is not None for question in QUESTIONS)


class Book:
    """One reviewer's answers about one version."""

    def __init__(self, root: Root, version: str, reviewer: str) -> None:
        """What was answered before. Raises `StorageError` where that cannot be read."""
        self._root, self._version, self.reviewer = root, version, reviewer
        self._lock = threading.Lock()  # an object store has none
        self.path = f"{FOLDER}/{version}/{reviewer}.parquet"
        self.rows = self._read()

    def _read(self) -> dict[str, Review]:
        if not self._root.exists(self.path):
            return {}
        return {row.instance_id: row for row in read_at(self._root, self.path, Review)}

    def of(self, task: Instance) -> Review:
        """What was said of a task; nothing, where nothing was."""
        nothing = Review(task.repo_id, task.instance_id, self.reviewer, None, None, None, "", "")
        return self.rows.get(task.instance_id, nothing)

    def enter(self, row: Review) -> Review:
        """Keep an answer, with the time, and write all of them; an answer of nothing is taken out.

        The same reviewer may have two pages open: what another one wrote meanwhile stays. Raises
        `StorageError`.
        """
        now = replace(row, reviewer=self.reviewer, at=datetime.now(UTC).isoformat(timespec="seconds"))
        with self._lock, self._root.locked(f"{FOLDER}/{self._version}/.{self.reviewer}.lock"):
            rows = {**self._read(), now.instance_id: now}
            if not said(now):
                del rows[now.instance_id]
            self._write(rows.values())
            self.rows = rows
        return now

    def _write(self, rows: Iterable[Review]) -> None:
        ordered = sorted(rows, key=lambda row: row.instance_id)
        self._root.write_bytes(self.path, to_parquet(to_table(Review, ordered)))
