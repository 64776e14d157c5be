"""Code of the clean tree that a warm process compiles once for all its children.

Whoever imports a file gets the code only where the file still holds, byte for byte, what was compiled.
Standard library only, and for tests pytest, Python 3.8 and newer.
"""

import contextlib
import importlib.machinery
import os
from pathlib import Path


class _Plain:
    """Stands for pytest's configuration: without the hook for assertions that pass."""

    @staticmethod
    def getini(name):
        return False


def install(paths):
    """Compile these files and give their code to imports."""
    plain = {}
    for path in paths:
        with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            with open(path, "rb") as file:
                data = file.read()
            plain[path] = (data, compile(data, path, "exec", dont_inherit=True))
    loader = importlib.machinery.SourceFileLoader
    to_code = loader.source_to_code

    def source_to_code(this, data, path, *rest, **options):
        known = plain.get(path) if isinstance(path, str) else None
        if known is not None and data == known[0]:
            return known[1]
        return to_code(this, data, path, *rest, **options)

    loader.source_to_code = source_to_code


def install_tests(tests):
    """Compile these files as pytest rewrites them, and give their code to it."""
    rewritten = {}
    from _pytest.assertion import rewrite

    rewrite_test = getattr(rewrite, "_rewrite_test", None)
    if rewrite_test is not None:
        for path in tests:
            with contextlib.suppress(Exception):  # what is no Python says so when it is collected
                with open(path, "rb") as file:
                    data = file.read()
                rewritten[path] = (data, rewrite_test(Path(path), _Plain())[1])

        def from_memory(path, config):
            known = rewritten.get(str(path))
            if known is not None and not config.getini("enable_assertion_pass_hook"):
                with open(path, "rb") as file:
                    if file.read() == known[0]:
                        return os.stat(path), known[1]
            return rewrite_test(path, config)

        rewrite._rewrite_test = from_memory
