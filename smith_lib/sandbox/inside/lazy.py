"""What tests make their process load and compile while they run, so that a warm process can have it before:
regular expressions, and modules of the standard library. Each child would do it again from the start.

Standard library only, Python 3.8 and newer.
"""

import contextlib
import importlib
import re
import sys
import warnings

MOST = 500
"""The interpreter keeps 512 regular expressions."""
_LONGEST = 20_000


def patterns():
    """The regular expressions that this process keeps compiled: [text, flags, whether it is bytes]."""
    found = []
    for key in list(getattr(re, "_cache", ()))[-MOST:]:
        if not (isinstance(key, tuple) and len(key) == 3 and key[0] in (str, bytes)):
            continue
        kind, pattern, flags = key
        plain = isinstance(flags, int) and not flags & (re.DEBUG | re.LOCALE)
        if type(pattern) is kind and plain and len(pattern) <= _LONGEST:
            text = pattern.decode("latin-1") if kind is bytes else pattern
            found.append([text, int(flags), kind is bytes])
    return found


def compile_all(known):
    """Compile them, but for those that would make a test see a warning."""
    for text, flags, is_bytes in known:
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(text.encode("latin-1") if is_bytes else text, flags)


def standard(names):
    """Those of the modules that the standard library holds; none where this Python does not list them."""
    known = getattr(sys, "stdlib_module_names", frozenset())
    return [name for name in names if name.partition(".")[0] in known]


def load(names):
    """Import modules of the standard library that are not there yet."""
    for name in standard(names):
        if name not in sys.modules and name != "__main__":
            with contextlib.suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)
