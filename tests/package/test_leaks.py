"""What a text may not give away is found."""

import pytest

from smith_lib import diffs
from smith_lib.package.leaks import defined, leaks

CLEAN = {"lib/core.py": "def f(values):\n    return sorted(values, reverse=True)\n"}
BUGGY = {"lib/core.py": "def f(values):\n    return sorted(values, reverse=False)\n"}


def found(text: str) -> tuple[str, ...]:
    """The leaks of a text about one bug."""
    return leaks(
        text,
        test_ids=["tests/test_core.py::TestSort::test_order[a-b]"],
        test_files=["tests/test_core.py", "tests/conftest.py"],
        operator="flip_flag",
        patch=diffs.make(BUGGY, CLEAN),
        test_names=defined("def check_order(xs):\n    ys = xs\n\n\nROWS = [1]\n"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "see test_order",
        "in TestSort",
        "run tests/test_core.py",
        "look at test_core.py",
        "the failing test",
        "pytest says no",
        "a mutant",
        "somebody did flip flag there",
        "flip_flag",
        "flip-flag",
        "it should be `return sorted(values, reverse=True)`",
        "now it has return sorted( values, reverse = False )",
        "the mistake is in lib/core.py",
        "this was injected",
        "see `test_other(1)`",
        "`check_order([1])` is false",
        "```python\nlib.f(ROWS)\n```",
        "it gives `lib.f(check_order(3))`",
        "tests/test_core.py::TestSort::test_order[a-b]",
    ],
)
def test_a_planted_leak_is_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize(
    "text",
    [
        "`lib.f([1, 2])` gives `[1, 2]` instead of `[2, 1]`",
        "my latest order",
        "the contest",
        "sorted(values)",
        'Traceback (most recent call last):\n  File "lib/core.py", line 2, in f\nValueError: no',
        "flags that flip",
        "the app.test_client of it",
        "check_order and ROWS in prose",
        "`lib.f(ROWS)` is what the signature says",
        "`lib.ROWS` and `ys`",
        "```python\ndef check_order(n):\n    return n\n\ncheck_order(1)\n```\n\n`check_order(1)` fails",
        "reverse=True",
    ],
)
def test_an_innocent_text_passes(text: str) -> None:
    assert found(text) == ()
