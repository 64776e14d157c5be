"""A test that needs a sandbox which this machine lacks is skipped and says why; under CI it fails."""

import functools
import gc
import os
import tempfile
import warnings
from pathlib import Path

import pytest

from smith_lib.errors import SandboxUnavailable
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings

NEEDS = {"engine": "docker", "namespaces": "namespaces"}
"""Marker to the sandbox that it stands for."""


@functools.cache
def lacking(kind: str) -> str:
    """Why that sandbox cannot run here; empty where it can."""
    reason = ""
    with tempfile.TemporaryDirectory() as cache, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # docker's client leaves a socket open
        try:
            open_sandbox(kind, EnvironmentSettings(), SandboxSettings(), Path(cache), 1).close()
        except SandboxUnavailable as error:
            reason = str(error)
        gc.collect()
    return reason


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under CI fail, what needs a sandbox that is not to be had."""
    for marker, kind in NEEDS.items():
        if item.get_closest_marker(marker) and (reason := lacking(kind)):
            if os.environ.get("CI"):
                pytest.fail(f"{marker} tests must run under CI: {reason}", pytrace=False)
            pytest.skip(reason)
