"""However a command ends, it is one line and an exit code."""

import errno
import os
from pathlib import Path

import pytest

from smith_lib.cli.ending import BROKEN, BUG, CODES, code_of


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments", [["settings"], ["settings", "--json"], ["operators"], ["--help"], ["run", "--help"]]
)
def test_a_full_device_on_standard_output_is_one_line_and_broken_machinery(arguments, process):
    with open("/dev/full", "w") as full:
        ran = process(*arguments, capture_output=False, stdout=full, stderr=-1)
    assert ran.returncode == BROKEN, ran.stderr
    [line] = ran.stderr.strip().splitlines()
    assert "No space left on device" in line


def test_errors_of_devices_are_broken_machinery_and_others_are_ours():
    assert code_of(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) == BROKEN
    assert code_of(OSError(errno.ENOENT, os.strerror(errno.ENOENT))) == BUG


def test_the_readme_lists_every_exit_code():
    text = (Path(__file__).parents[2] / "README.md").read_text()
    table = text.partition("### Exit codes")[2].partition("##")[0]
    assert [code for code in CODES if str(code) not in table] == []
