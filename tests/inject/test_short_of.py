"""What the newest version was short of is drawn more of."""

from smith_lib.inject.candidates import candidates
from smith_lib.settings import InjectSettings
from smith_lib.types import Candidate
from tests.inject.test_candidates import SOURCES, functions, own_code, repo


def drawn(short: dict[str, float]) -> list[Candidate]:
    files = own_code()
    settings = InjectSettings(limit=80, strategies=("semantic",), max_per_function=100)
    return candidates(repo(*files), SOURCES, functions(SOURCES, files), settings, 7, short=short)


def test_a_cell_that_was_short_gets_more_of_the_draw() -> None:
    def those(rows: list[Candidate]) -> int:
        return sum((row.complexity, row.category) == ("simple", "null_handling") for row in rows)

    even, more = drawn({}), drawn({"simple null_handling": 8.0})
    assert len(more) == len(even)
    assert those(more) > 1.5 * those(even) > 0
