import random
from collections import Counter
from itertools import product

import pytest

from smith_lib.curate.choose import choose
from smith_lib.curate.order import spread
from smith_lib.curate.shares import largest, shares
from smith_lib.errors import InputError
from smith_lib.settings import PublishSettings
from smith_lib.types import Category, CodeFile, Complexity
from tests.rows import an_instance

SETTINGS = PublishSettings()
EVERY_CELL = tuple(product(Complexity, Category))


def pool(count, cells=EVERY_CELL, repos=20, seed=1):
    """Instances with cells drawn evenly, over repositories, operators and functions."""
    rng = random.Random(seed)
    rows = []
    for n in range(count):
        complexity, category = rng.choice(cells)
        repo_id = f"repo{rng.randrange(repos)}"
        rows.append(
            an_instance(
                n, instance_id=f"{repo_id}.{n:08d}", repo_id=repo_id, complexity=complexity,
                category=category, operator=f"op{rng.randrange(9)}",
                functions=(f"a.py::f{n % max(1, count // 5)}",),
            )
        )  # fmt: skip
    return rows


def share(rows, field, value):
    return sum(getattr(row, field) == value for row in rows) / len(rows)


def test_a_large_choice_is_within_every_target():
    choice = choose(pool(3_000), SETTINGS, seed=7)
    assert len(choice.main) > 1_000
    for size in ("simple", "medium", "complex"):
        off = share(choice.main, "complexity", size) - getattr(SETTINGS, size)
        assert abs(off) <= SETTINGS.tolerance + 1e-9
    for kind, target in SETTINGS.categories.items():
        assert abs(share(choice.main, "category", kind) - target) <= SETTINGS.category_tolerance + 1e-9
    assert len(choice.main) + len(choice.left_out) == 3_000


def test_no_larger_choice_is_within_the_targets():
    """Against every possible count of a pool that is small enough to try them all."""
    cells = [(complexity, Category.OTHER) for complexity in Complexity]
    settings = PublishSettings(categories={}, tolerance=0.04)
    there = dict(zip(cells, (9, 14, 5), strict=True))
    best = 0
    for counts in product(*(range(n + 1) for n in there.values())):
        total = sum(counts)
        targets = zip(counts, (0.6, 0.3, 0.1), strict=True)
        if total and all(abs(n / total - target) <= 0.04 + 1e-12 for n, target in targets):
            best = max(best, total)
    assert best > 0
    assert sum(largest(there, shares(settings)).values()) == best


def test_the_order_of_the_rows_changes_nothing_and_the_seed_does():
    rows = pool(900)
    choice = choose(rows, SETTINGS, seed=7)
    assert choose(random.Random(3).sample(rows, len(rows)), SETTINGS, seed=7) == choice
    assert choose(rows, SETTINGS, seed=8).main != choice.main
    assert [row.instance_id for row in choice.main] == sorted(row.instance_id for row in choice.main)


def test_a_task_whose_text_tells_nothing_is_left_out_with_the_reason():
    silent = an_instance(1, problem_statement_source="template:plain")
    choice = choose([silent, an_instance(2)], SETTINGS, seed=0)
    assert [row.instance_id[-1] for row in choice.main] == ["2"]
    why = "the issue text names neither an input nor what differs"
    assert choice.left_out == ((silent.instance_id, why),)


def test_of_the_same_program_the_first_stays():
    twin = an_instance(1, instance_id="z", subset="subtle")
    choice = choose([twin, an_instance(1), an_instance(2)], SETTINGS, seed=0)
    assert [row.instance_id[-1] for row in choice.main] == ["1", "2"]
    assert choice.subtle == ()
    assert choice.left_out == (("z", f"the same program as {an_instance(1).instance_id}"),)


def test_the_same_text_in_another_file_is_another_program_and_a_near_duplicate():
    row = an_instance(1)
    moved = an_instance(1, instance_id="z", buggy_code=(CodeFile("pkg/b.py", row.buggy_code[0].text),))
    assert choose([moved, row], SETTINGS, seed=0).left_out == (("z", f"100% like {row.instance_id}"),)
    assert len(choose([moved, row], PublishSettings(alike=0), seed=0).main) == 2


def test_few_instances_all_stay():
    rows = [an_instance(n) for n in range(20)]
    choice = choose(rows, SETTINGS, seed=0)
    assert choice.main == tuple(rows)
    assert "simple: 20 of 20 is 100.0%; 58% to 62% wanted" in choice.notes


def test_no_function_is_changed_by_more_than_the_cap():
    rows = [an_instance(n, functions=("a.py::f", f"a.py::g{n}")) for n in range(30)]
    choice = choose(rows, PublishSettings(max_per_function=4), seed=0)
    assert len(choice.main) == 4
    assert {reason for _, reason in choice.left_out} == {"4 instances change a.py::f already"}


def test_subtle_instances_are_kept_apart_and_never_balanced_away():
    rows = [*pool(600), *(an_instance(10_000 + n, subset="subtle") for n in range(50))]
    choice = choose(rows, SETTINGS, seed=0)
    assert len(choice.subtle) == 50
    assert {row.subset for row in choice.main} == {"main"}


def test_where_the_targets_cannot_be_met_the_nearest_rows_stay_and_the_shortfall_is_told():
    simple = tuple((Complexity.SIMPLE, category) for category in Category)
    rows = pool(700, cells=simple)
    choice = choose(rows, SETTINGS, seed=0)
    assert len(choice.main) == SETTINGS.shares_from - 1
    assert "medium: 0 of 299 is 0.0%; 28% to 32% wanted" in choice.notes
    assert "short of complex other: all 0 were taken" in choice.notes


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"simple": 0.604, "tolerance": 0}, "simple 0.604, medium 0.3, complex 0.1"),
        ({"simple": 0.596, "tolerance": 0}, "add up to 1.00 to 1.00"),
        ({"categories": {"logic_error": 0.8, "other": 0.204}, "category_tolerance": 0}, "logic_error 0.8"),
    ],
)
def test_contradictory_targets_are_refused(changes, told):
    with pytest.raises(InputError, match=told):
        choose([an_instance()], PublishSettings(**changes), seed=0)


def test_every_beginning_of_a_spread_is_varied():
    rows = spread(pool(2_000, repos=10), random.Random(0))
    first = rows[:100]
    assert set(Counter(row.repo_id for row in first).values()) == {10}
    per_repo = Counter((row.repo_id, row.operator) for row in first)
    assert max(per_repo.values()) <= 2


def test_every_pool_has_a_choice_and_the_solver_prints_nothing(capfd):
    """The solver writes to the process's own output where it has to mend a solution with fractions in it."""
    rng = random.Random(4)
    wanted = shares(SETTINGS)
    for _ in range(60):
        most = 10 ** rng.uniform(0.5, 5)
        there = {cell: int(most * rng.random() ** rng.choice([1, 3, 8])) for cell in EVERY_CELL}
        take = largest(there, wanted)
        total = sum(take.values())
        assert all(0 <= take[cell] <= there[cell] for cell in there)
        for share in wanted if total else ():
            part = sum(n for cell, n in take.items() if cell in share.cells)
            assert share.low - 1e-7 <= part / total <= share.high + 1e-7
    assert capfd.readouterr() == ("", "")
