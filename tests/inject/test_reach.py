"""Places by how many tests come by: which are rare, how they weigh, and that few bugs are made there."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from smith_lib.inject.candidates import candidates, programs
from smith_lib.inject.draw import Draft, Sites, Studio, drafts_of
from smith_lib.inject.reach import AT_IMPORT, LEAST, Reach
from smith_lib.inject.table import chosen
from smith_lib.settings import InjectSettings
from smith_lib.types import Coverage, CoveredFile
from tests.inject.test_candidates import functions, repo, written

MODULE = "LIMIT = 10\n\n\n" + "".join(
    f"def f{n}(a, b):\n    if a < b:\n        return a + {n}\n    return b - {n + 2}\n\n\n" for n in range(20)
)


def covered(lines: Sequence[int], *tests: int) -> Coverage:
    return Coverage("o__n.12345678", tuple(f"t{n}" for n in tests), (CoveredFile("m.py", tuple(lines)),), ())


def of(n: int) -> list[int]:
    """The lines of the statements of a function."""
    return [4 + 6 * n + at for at in (1, 2, 3)]


def table(often: Sequence[int], rarely: Sequence[int]) -> list[Coverage]:
    """A hundred tests that execute some functions; one of them executes the others too."""
    lines = [line for n in often for line in of(n)]
    more = [line for n in rarely for line in of(n)]
    return [covered([1]), covered(lines, *range(1, 100)), covered(lines + more, 0)]


def drafts(tree: Path) -> dict[str, Draft]:
    files = written(tree, m=MODULE)
    parsed, _ = programs(repo(*files), tree)
    sites, studio = Sites(parsed, None), Studio()
    operators, _ = chosen(("shift_constant", "swap_arithmetic"))
    found = [d for op in operators for d in drafts_of(op, sites, studio, 200, Random("reach"))]
    return {draft.functions[0].removeprefix("m.py::"): draft for draft in found}


def test_the_share_of_the_tests_that_come_by_tells_whether_bugs_are_rare(tmp_path: Path) -> None:
    made = drafts(tmp_path)
    reach = Reach(table([0], [1]), 0.02)
    assert reach.share(made["f0"]) == 1.0
    assert reach.share(made["f1"]) == pytest.approx(0.01)
    assert reach.share(made["f2"]) == 0.0
    assert reach.share(made["<module>"]) is None
    assert [name for name in ("f0", "f1", "f2", "<module>") if reach.is_rare(made[name])] == ["f1", "f2"]
    assert not Reach(table([0], [1]), 0.01).is_rare(made["f1"])
    weights = [reach.weight(made[name]) for name in ("f2", "f1", "<module>", "f0")]
    assert weights == pytest.approx([LEAST, LEAST + 0.9 * 0.1, AT_IMPORT, 1.0])


def test_few_bugs_are_made_where_few_tests_come_by_unless_little_else_is_left(tmp_path: Path) -> None:
    files = written(tmp_path, m=MODULE)
    often, rarely = range(10), range(10, 20)
    settings = InjectSettings(limit=30, max_per_function=100, strategies=("ast",), rare_share=0.1)

    def drawn(limit: int, reach: Reach | None) -> list[str]:
        told = settings.model_copy(update={"limit": limit})
        rows = candidates(repo(*files), tmp_path, functions(tmp_path, files), told, 1, reach=reach)
        return [name for row in rows for name in row.functions]

    rare = {f"m.py::f{n}" for n in rarely}
    reach = Reach(table(often, rarely), 0.02)
    assert sum(name in rare for name in drawn(14, reach)) <= 1 < sum(name in rare for name in drawn(14, None))
    everything = drawn(100_000, reach)
    assert sorted(everything) == sorted(drawn(100_000, None))
