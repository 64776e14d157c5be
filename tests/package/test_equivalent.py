"""Which changes make another program, and which do not."""

import pytest

from smith_lib.package.equivalent import same_program

SAME = [
    ("def f(x):\n    return x\n", 'def f(x):\n    """Says."""\n\n    return x  # and more\n'),
    ("x = 2 * 3\n", "x = 6\n"),
    ("def f(x):\n    if x:\n        return 1\n    else:\n        return 2\n",
     "def f(x):\n    if x:\n        return 1\n    return 2\n"),
    ("def f(x):\n    g(x)\n    return None\n", "def f(x):\n    g(x)\n"),
    ("def f():\n    return 1\n    g()\n", "def f():\n    return 1\n"),
    ("def f(x):\n    raise ValueError('too large')\n", "def f(x):\n    raise ValueError(f'large: {x}')\n"),
    ("def f(x):\n    raise E(x, 'a %s' % x)\n", "def f(x):\n    raise E(x, 'b' + x)\n"),
    ("def f(x):\n    log.info('a', x)\n", "def f(x):\n    log.info('b', x)\n"),
    ("def f():\n    warnings.warn('a', stacklevel=2)\n", "def f():\n    warnings.warn('b', stacklevel=2)\n"),
    ("assert x, 'a'\n", "assert x, 'b'\n"),
    ("x = y in (1, 2)\n", "x = y in [1, 2]\n"),
]  # fmt: skip
OTHER = [
    ("x = 1\n", "x = 2\n"),
    ("x = 1\n", "x = True\n"),
    ("x = 1\n", "x = 1.0\n"),
    ("x = 0.0\n", "x = -0.0\n"),
    ("x = 'a'\n", "x = b'a'\n"),
    ("x = y < 3\n", "x = y <= 3\n"),
    ("def f(x=1):\n    pass\n", "def f(x=2):\n    pass\n"),
    ("def f(x):\n    raise ValueError('no')\n", "def f(x):\n    raise TypeError('no')\n"),
    ("def f(x):\n    raise KeyError(x)\n", "def f(x):\n    raise KeyError(y)\n"),
    ("def f(x):\n    return 'a'\n", "def f(x):\n    return 'b'\n"),
    ("def f(x):\n    print('a')\n", "def f(x):\n    print('b')\n"),
    ("def f():\n    warnings.warn('a', stacklevel=2)\n", "def f():\n    warnings.warn('a', stacklevel=3)\n"),
    ("async def f():\n    pass\n", "def f():\n    pass\n"),
    ("x = a or b\n", "x = b or a\n"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_code_is_the_same_program(one: str, other: str) -> None:
    assert same_program(one, other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_code_is_another_program(one: str, other: str) -> None:
    assert not same_program(one, other)


def test_what_does_not_compile_is_like_nothing() -> None:
    assert not same_program("x = (", "x = (") and not same_program("return 1\n", "return 1\n")
