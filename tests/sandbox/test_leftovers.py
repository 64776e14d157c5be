"""What processes that were killed left behind is swept, and nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from smith_lib.sandbox import leftovers
from smith_lib.sandbox.namespaces import NamespacesSandbox

KILLED = """
import os, sys
from pathlib import Path
from smith_lib.sandbox import leftovers
print(leftovers.made("smith-"))
part = leftovers.made(".0123456789ab-", Path(sys.argv[1]))
(part / "venv").mkdir()
(part / "venv" / "file").write_text("x")
print(part, flush=True)
os._exit(9)
"""


@pytest.mark.namespaces
def test_the_next_sandbox_of_namespaces_sweeps_what_the_dead_left(tmp_path: Path, monkeypatch):
    shelf, temporary = tmp_path / "environments", tmp_path / "tmp"
    shelf.mkdir()
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    command = [sys.executable, "-c", KILLED, str(shelf)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30)
    left = [Path(line) for line in ran.stdout.split()]
    assert [path.is_dir() for path in left] == [True, True]
    ours = [leftovers.made("smith-"), leftovers.made(".0123456789ab-", shelf)]
    others = [shelf / ".0123456789ab-1-00000000-abcdefgh", temporary / "smith-1-00000000-abcdefgh",
              temporary / "smith-docs-1", shelf / ("a" * 64)]  # fmt: skip
    for path in others:
        path.mkdir()
    sandbox = NamespacesSandbox(tmp_path, 1)
    sandbox.check()
    sandbox.close()
    assert [path.exists() for path in left] == [False, False]
    assert all(path.is_dir() for path in (*ours, *others))
