"""Source is parsed by one thread at a time, and nothing in the library goes past that."""

import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import smith_lib
from smith_lib import syntax

SOURCE = "".join(f"def f{n}(x):\n    return [(x + {n}) * (y - 1) for y in range(x) if y]\n" for n in range(150))


def test_many_threads_may_parse_at_the_same_time():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(syntax.parse, [SOURCE] * 40))
    finally:
        sys.setswitchinterval(before)
    assert [len(tree.body) for tree in made] == [150] * 40
    assert syntax.expression("f(1)").func.id == "f"


def test_the_library_parses_in_no_other_way():
    folder = Path(smith_lib.__file__).parent
    for path in folder.rglob("*.py"):
        if path.name != "syntax.py" and path.parent.name != "inside":
            assert not re.search(r"\bast\.parse\(", path.read_text()), path
