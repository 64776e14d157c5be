"""Messages of failures are read, and are the same in every run."""

import pytest

from smith_lib.package import evidence
from smith_lib.package.evidence import Seen
from smith_lib.types import Failure


@pytest.mark.parametrize(
    ("message", "seen"),
    [
        ("assert 3 == 4\n +  where 3 = f(1)", Seen("compared", operator="==", left="3", right="4")),
        ("too few\nassert [1, 2] == [1, 3]", Seen("compared", operator="==", left="[1, 2]", right="[1, 3]")),
        ("assert 'a == b' in {'x': 1}", Seen("compared", operator="in", left="'a == b'", right="{'x': 1}")),
        ("assert <A> is None", Seen("compared", operator="is", left="<A>", right="None")),
        ("assert False\n +  where False = isinstance(3, str)", Seen("untrue", left="False")),
        ("assert not [1]", Seen("untrue", operator="not", left="[1]")),
        ("DID NOT RAISE <class 'lib.errors.Bad'>", Seen("silent", exception="Bad")),
        ("ValueError not raised by f", Seen("silent", exception="ValueError")),
        ("Lists differ: [1] != [2]\n\nFirst", Seen("compared", operator="==", left="[1]", right="[2]")),
        ("3 not found in [1, 2]", Seen("compared", operator="in", left="3", right="[1, 2]")),
        ("False is not true : why", Seen("untrue", left="False")),
        ("odd", Seen("unknown", exception="AssertionError", message="odd")),
    ],
)
def test_an_assertion_is_read(message: str, seen: Seen) -> None:
    assert evidence.read(Failure("t", "AssertionError", message, ()), in_package=False) == seen


def test_an_exception_from_the_package_is_what_it_is() -> None:
    seen = evidence.read(Failure("t", "AssertionError", "assert 1 == 2", ()), in_package=True)
    assert seen == Seen("raised", exception="AssertionError", message="assert 1 == 2")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("<A object at 0x7f3a5c001d90>", "<A object at 0x...>"),
        ("no file '/tmp/pytest-of-u/pytest-3/x.txt'", "no file '/tmp/...'"),
        ("/testbed/lib/a.py", "lib/a.py"),
        ("took 0.1234 seconds", "took <time> seconds"),
        ("at 2031-05-06T07:08:09.123+00:00", "at <time>"),
        ("at 2020-05-06", "at 2020-05-06"),
        ("{'b', 'a', 'c'}", "{'a', 'b', 'c'}"),
        ("{10, 9, 1}", "{1, 9, 10}"),
        ("{'b': 1, 'a': 2}", "{'b': 1, 'a': 2}"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id <uuid>"),
        ("seconds 1795343342.5", "seconds <seconds>"),
        ("tests.test_a.TestIt.test_b.<locals>.<lambda>() takes 0", "<lambda>() takes 0"),
        ("make.<locals>.inner() takes 0", "make.<locals>.inner() takes 0"),
        ("127.0.0.1:43211", "127.0.0.1:<port>"),
    ],
)
def test_what_differs_between_runs_is_taken_out(text: str, same: str) -> None:
    assert evidence.steady(text, known="made in 2020") == same
