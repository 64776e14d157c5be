"""Ids of repositories are plain, and no two repositories share one."""

import re

from smith_lib.sources.protocol import Pin
from smith_lib.sources.store import repo_id

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_ids_of_plain_names_are_the_names() -> None:
    assert repo_id("owner/na.me-1", COMMIT) == "owner__na.me-1.01234567"


def test_names_of_other_characters_or_of_many_stay_apart() -> None:
    names = ["local/pl ü n", "local/pl é n", "local/pl___n", "local/\u4e2d\u6587", "local/\u6587\u4e2d",
             f"local/{'x' * 200}", f"local/{'x' * 201}", "local/a\udcff"]  # fmt: skip
    ids = [repo_id(name, COMMIT) for name in names]
    assert len(set(ids)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,130}", one) for one in ids)


def test_pins_of_one_commit_or_release_are_the_same_wherever_they_come_from() -> None:
    one = Pin(f"github:o/n@{COMMIT}", "o/n")
    assert one.same == Pin(f"/some/where@{COMMIT}", "o/n").same
    assert one.same != Pin(f"/some/where@{COMMIT[::-1]}", "o/n").same
    assert one.same != Pin(f"/some/where@{COMMIT}", "local/n").same
    assert Pin("pypi:n==1.0", "pypi/n").same != Pin("pypi:n==1.1", "pypi/n").same
