"""What a warm process compiles and loads before its tests do, and what it leaves to them."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.inside import inside


@pytest.fixture
def lazy() -> Any:
    return inside("lazy")


def test_regular_expressions_are_told_and_compiled_again(lazy: Any) -> None:
    re.purge()
    re.compile("a+b", re.I)
    re.compile(b"\xff[x-z]")
    told = json.loads(json.dumps(lazy.patterns()))
    assert told == [["a+b", int(re.I), False], ["\xff[x-z]", 0, True]]
    re.purge()
    lazy.compile_all([*told, ["(", 0, False]])
    assert lazy.patterns() == told


def test_what_gives_a_warning_is_left_for_a_test_to_see(lazy: Any) -> None:
    re.purge()
    lazy.compile_all([["[[a]", 0, False]])
    assert lazy.patterns() == []
    with pytest.warns(FutureWarning):
        re.compile("[[a]")


@pytest.mark.skipif(sys.version_info < (3, 10), reason="this Python lists no modules")
def test_only_the_standard_library_is_loaded(lazy: Any) -> None:
    names = ["colorsys", "xml.dom.minidom", "numpy", "pkg.core"]
    assert lazy.standard(names) == names[:2]
    code = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("smith_lazy", sys.argv[1])
lazy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lazy)
lazy.load(sys.argv[2:])
print([name in sys.modules for name in sys.argv[2:]])
"""
    command = [sys.executable, "-c", code, lazy.__file__, *names]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.stdout == "[True, True, False, False]\n", told.stderr
