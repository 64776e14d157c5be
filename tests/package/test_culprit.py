"""An issue names what a user called, not what waits for an exception or hands the call on."""

import pytest

from smith_lib.package import api, culprit
from smith_lib.package.api import Called
from smith_lib.types import Frame

FILES = {
    "lib/__init__.py": "from .core import area, raises\nfrom .calls import curry\nfrom .other import size\n",
    "lib/core.py": (
        "def area(n):\n    return _area(n)\n\n\ndef _area(n):\n    return n\n\n\n"
        "def raises(error, use):\n    use()\n\n\ndef size(n):\n    return n\n"
    ),
    "lib/calls.py": "class curry:\n    def __call__(self, n):\n        return self.f(n)\n",
    "lib/other.py": "def size(n):\n    return n\n",
}
AREA, PRIVATE = Frame("lib/core.py", 2, "area"), Frame("lib/core.py", 6, "_area")
RAISES, CALL = Frame("lib/core.py", 10, "raises"), Frame("lib/calls.py", 3, "curry.__call__")
WRITTEN = Called("lib.size", "(n)")


@pytest.mark.parametrize(
    ("frames", "written", "changed", "name"),
    [
        ([AREA, PRIVATE], WRITTEN, [], "lib.area"),
        ([RAISES, AREA], None, [], "lib.area"),
        ([CALL, AREA], None, [], "lib.area"),
        ([CALL], WRITTEN, [], "lib.size"),
        ([CALL], None, [], "lib.curry.__call__"),
        ([CALL, AREA], None, ["lib/calls.py::curry.__call__"], "lib.curry.__call__"),
        ([PRIVATE], None, [], None),
        ([RAISES], Called("lib.raises", ""), [], None),
        ([], WRITTEN, [], "lib.size"),
    ],
)
def test_the_callable_that_is_named(
    frames: list[Frame], written: Called | None, changed: list[str], name: str | None
) -> None:
    found = culprit.of(frames, written, changed, FILES.__getitem__)
    assert (found.name if found else None) == name


def test_a_public_name_is_one_that_leads_to_the_very_function() -> None:
    assert api.public("lib/core.py", "area", FILES.__getitem__) == "lib.area"
    assert api.public("lib/other.py", "size", FILES.__getitem__) == "lib.size"
    assert api.public("lib/core.py", "size", FILES.__getitem__) == "lib.core.size"
