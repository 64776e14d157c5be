"""Repositories that nobody would wish for: each is a small good one with something bad or odd in it.

None of them can be installed (but for the one that says it can), so that a trial needs pytest alone.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

LICENSE = (Path(__file__).parents[1] / "data" / "tiny" / "LICENSE").read_text(encoding="utf-8")

CODE = '''\
"""Small sums over numbers and words."""


def clamp(value, low, high):
    """The value, or the end of the range that it is beyond."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def share(part, whole):
    """Per cent, nothing of nothing is 0."""
    if whole == 0:
        return 0
    return 100 * part / whole


def longest(words):
    """The first of the longest words, none of none."""
    best = None
    for word in words:
        if best is None or len(word) > len(best):
            best = word
    return best


def runs(items):
    """(item, count) of neighbours that are equal."""
    found = []
    for item in items:
        if found and found[-1][0] == item:
            found[-1] = (item, found[-1][1] + 1)
        else:
            found.append((item, 1))
    return found


def median(numbers):
    """The middle one, or the mean of the middle two."""
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
'''

TESTS = """\
import pytest

from gauge import clamp, longest, median, runs, share


def test_below():
    assert clamp(-1, 0, 9) == 0


def test_above():
    assert clamp(12, 0, 9) == 9


def test_inside():
    assert clamp(4, 0, 9) == 4


def test_half():
    assert share(1, 2) == 50


def test_whole():
    assert share(3, 3) == 100


def test_of_nothing():
    assert share(3, 0) == 0


def test_longest():
    assert longest(["a", "ccc", "bb", "ddd"]) == "ccc"


def test_longest_of_none():
    assert longest([]) is None


def test_runs():
    assert runs("aabccc") == [("a", 2), ("b", 1), ("c", 3)]


def test_no_runs():
    assert runs("") == []


def test_median_odd():
    assert median([9, 1, 4]) == 4


def test_median_even():
    assert median([4, 1, 2, 9]) == 3


def test_median_of_one():
    assert median([7]) == 7


@pytest.mark.parametrize("n", range(20))
def test_clamped(n):
    assert clamp(n, 5, 15) == min(max(n, 5), 15)
"""

SUITE = 33
"""Tests of the good part."""

HANG = """\
import time


def test_waits():
    time.sleep(1_000_000)
"""

DISK = """\
import os


def test_fills_the_disk(tmp_path):
    for number in range(100_000):
        with open(tmp_path / str(number), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, 8 << 20)
"""

BOMB = """\
import os


def test_forks():
    while True:
        try:
            os.fork()
        except OSError:
            pass
"""

DAEMONS = """\
import subprocess


def test_leaves_daemons():
    try:
        for number in range(1_000):
            subprocess.Popen(["sleep", "{mark}"], start_new_session=True)
    except OSError:
        pass


def test_lacks_a_module():
    import six

    assert six.PY3
"""

FLOOD = """\
import os


def test_talks():
    block = b"y" * (1 << 20)
    for number in range(1 << 10):
        assert os.write(1, block) > 0
"""

NAMES = """\
import pytest

from gauge import longest


@pytest.mark.parametrize("word", ["two words", "[brackets]", "größe", "a::b", "tab\\there", "-k x"])
def test_named(word):
    assert longest(["", word]) == word


def test_größe_in_a_name():
    assert longest(["ö", "größe"]) == "größe"
"""

CALLS_OUT = """\
import socket

import pytest


@pytest.mark.parametrize("n", range(20))
def test_calls_out(n):
    socket.create_connection(("127.0.0.1", {port}), 2).close()
"""

RAISES = 'raise RuntimeError("gauge needs a compiler from 1987")\n'


def good() -> dict[str, bytes]:
    """The files that all of them have."""
    texts = {"LICENSE": LICENSE, "gauge.py": CODE, "tests/test_gauge.py": TESTS}
    return {path: text.encode() for path, text in texts.items()}


def plain(folder: Path) -> None:
    """Nothing is wrong with it."""
    commit(folder, good())


def no_tests(folder: Path) -> None:
    """Code alone."""
    files = good()
    del files["tests/test_gauge.py"]
    commit(folder, files)


def build_fails(folder: Path) -> None:
    """It cannot be built, and what its tests ask for cannot either."""
    asked = {"setup.py": RAISES.encode(), "requirements-test.txt": b"pytest==0.0.99\n"}
    commit(folder, good() | asked)


def hangs(folder: Path) -> None:
    """A test that waits for ever."""
    commit(folder, good() | {"tests/test_last.py": HANG.encode()})


def fills_disk(folder: Path) -> None:
    """Its first test writes until there is no space left, and leaves it so."""
    commit(folder, good() | {"tests/test_a_first.py": DISK.encode()})


def bombs(folder: Path) -> None:
    """A test that forks without end, as does what it forks."""
    commit(folder, good() | {"tests/test_last.py": BOMB.encode()})


def daemons(folder: Path, mark: str) -> None:
    """Its first test leaves as many processes behind as it can, in sessions of their own."""
    commit(folder, good() | {"tests/test_a_first.py": DAEMONS.format(mark=mark).encode()})


def floods(folder: Path) -> None:
    """A test that writes a gigabyte to standard output, which pytest does not catch."""
    commit(folder, good() | {"tests/test_last.py": FLOOD.encode(), "pytest.ini": b"[pytest]\naddopts = -s\n"})


def odd_files(folder: Path) -> None:
    """Modules that do not parse, are not UTF-8 or are links out of the tree."""
    latin = '# -*- coding: latin-1 -*-\n\n\ndef currency(n):\n    return "%d £" % n\n'
    tests = 'from pounds import currency\n\n\ndef test_pounds():\n    assert currency(3) == "3 \\xa3"\n'
    commit(folder, good() | {
        "broken.py": b"def broken(:\n    pass\n",
        "tests/test_broken.py": b"def test_one(:\n    pass\n",
        "bytes.py": b"name = '\xff\xfe'\n",
        "pounds.py": latin.encode("latin-1"),
        "tests/test_pounds.py": tests.encode(),
    }, links={"secret.py": "/etc/passwd", "up": "../.."})  # fmt: skip


def odd_names(folder: Path) -> None:
    """Test ids with spaces, brackets, colons and unicode."""
    shown = b"[pytest]\ndisable_test_id_escaping_and_forfeit_all_rights_to_community_support = true\n"
    commit(folder, good() | {"tests/test_names.py": NAMES.encode(), "pytest.ini": shown})


def exits(folder: Path) -> None:
    """Its conftest ends the interpreter, with a code that says that all is well."""
    commit(folder, good() | {"tests/conftest.py": b"import os\n\nos._exit(0)\n"})


def calls_out(folder: Path, port: int) -> None:
    """Tests that need a server outside."""
    commit(folder, good() | {"tests/test_calls.py": CALLS_OUT.format(port=port).encode()})


PLAIN: dict[str, Callable[[Path], None]] = {
    made.__name__: made
    for made in (plain, no_tests, build_fails, hangs, fills_disk, bombs, floods, odd_files, odd_names, exits)
}


def commit(folder: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> None:
    """Write the files and make them the one commit of a git repository, the same wherever it lies."""
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    for path, to in (links or {}).items():
        (folder / path).symlink_to(to)
    as_git(folder)


def as_git(folder: Path) -> None:
    """Make a folder's files the one commit of a git repository."""
    facts = {"NAME": "A", "EMAIL": "a@example.org", "DATE": "2025-06-01T12:00:00Z"}
    roles = ("AUTHOR", "COMMITTER")
    who = {f"GIT_{role}_{what}": value for role in roles for what, value in facts.items()}
    none = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=folder, env={**os.environ, **who, **none}, check=True, timeout=60)
