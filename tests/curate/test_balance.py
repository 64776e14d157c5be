"""Caps, several files, shortfalls and a budget."""

import random
from collections import Counter
from dataclasses import replace
from itertools import product

import pytest

from smith_lib.curate.bounds import Shortfall, weights
from smith_lib.curate.choose import choose
from smith_lib.inject.short_of import weighed
from smith_lib.settings import PublishSettings
from smith_lib.types import Category, Complexity
from tests.curate.test_choose import pool
from tests.rows import an_instance

SMALL = PublishSettings(shares_from=50)


def varied_pool(count, seed=3, multi=0.06):
    rng = random.Random(seed)
    rows = []
    for n in range(count):
        repo, file = f"owner/p{rng.randrange(12)}", f"m{rng.randrange(20)}.py"
        rows.append(
            an_instance(
                n, instance_id=f"{n:06d}", repo=repo, repo_id=repo.replace("/", "__"),
                complexity=rng.choices(list(Complexity), (0.6, 0.3, 0.1))[0],
                category=rng.choices(list(Category), (0.35, 0.25, 0.15, 0.15, 0.1))[0],
                operator=f"op{int(30 * rng.random() ** 2)}", functions=(f"{file}::f{rng.randrange(9)}",),
                files_changed=2 if rng.random() < multi else 1, reproduced=rng.random() < 0.7,
            )
        )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def rows():
    return varied_pool(600)


def test_no_repository_operator_file_or_function_is_above_its_cap(rows):
    settings = PublishSettings(
        shares_from=50, max_per_function=3, max_per_file=6, max_repo_share=0.2, max_operator_share=0.12
    )
    choice = choose(rows, settings, seed=0)
    n = len(choice.main)
    assert n > 150
    assert max(Counter(r.repo for r in choice.main).values()) <= 0.2 * n
    assert max(Counter(r.operator for r in choice.main).values()) <= 0.12 * n
    assert max(Counter((r.repo_id, f) for r in choice.main for f in r.functions).values()) <= 3
    places = Counter((r.repo_id, r.functions[0].partition("::")[0]) for r in choice.main)
    assert max(places.values()) <= 6
    caps = [b for b in choice.bounds if b.kind == "cap"]
    assert {b.name.split()[0] for b in caps} >= {"operator", "file"}
    assert all(b.taken <= b.high for b in caps)
    assert len(choice.main) + len(choice.left_out) == len(rows)
    assert sum(choice.dropped.values()) == len(choice.left_out)
    assert any(why == "enough of operator op0" for _, why in choice.left_out)


def test_bugs_that_fail_every_test_that_comes_by_have_their_share_at_most():
    rows = [replace(row, covering_tests=9) for row in varied_pool(600)]
    loud = tuple(f"tests/test_a.py::test_{n}" for n in range(9))
    rows = [replace(row, FAIL_TO_PASS=loud) if n % 3 else row for n, row in enumerate(rows)]

    def taken(**more):
        choice = choose(rows, SMALL.model_copy(update=more), seed=0)
        return sum(loud == row.FAIL_TO_PASS for row in choice.main) / len(choice.main), choice

    assert taken(max_blatant_share=1.0)[0] > 0.5
    share, choice = taken()
    assert 0.1 < share <= 0.15
    assert "enough of bugs that fail every test that comes by" in {why for _, why in choice.left_out}
    assert choice.dropped["blatant"] > 0


def test_several_files_have_their_share_and_give_way_where_there_are_none(rows):
    choice = choose(rows, SMALL, seed=0)
    share = sum(r.files_changed > 1 for r in choice.main) / len(choice.main)
    assert 0.02 <= share <= 0.08
    alone = choose([r for r in rows if r.files_changed == 1], SMALL, seed=0)
    assert len(alone.main) > 300
    assert "short of fixes of several files: 0 are there, and the target gave way" in alone.notes
    assert any(s.multi_file and s.lacking == s.wanted > 0 for s in alone.shortfalls)


def test_what_bound_a_choice_is_told_as_a_table_and_the_cells_that_are_short():
    cells = [c for c in product(Complexity, Category) if c != (Complexity.COMPLEX, Category.OTHER)]
    choice = choose(pool(700, cells=cells), SMALL, seed=0)
    [complex_] = [b for b in choice.bounds if b.name == "complex"]
    assert complex_.taken == complex_.high
    assert complex_.binds == "high"
    short = {(s.complexity, s.category): s for s in choice.shortfalls}
    assert ("simple", "logic_error") in short  # cells are drawn evenly, and most should be simple
    assert ("complex", "off_by_one") not in short
    assert short["simple", "logic_error"].lacking > 0


def test_nothing_is_short_where_all_is_taken_and_met():
    sizes = [Complexity.SIMPLE] * 12 + [Complexity.MEDIUM] * 6 + [Complexity.COMPLEX] * 2
    kinds = [Category.LOGIC_ERROR] * 7 + [Category.EDGE_CASE] * 5 + [Category.OFF_BY_ONE] * 3
    kinds += [Category.NULL_HANDLING] * 3 + [Category.OTHER] * 2
    rows = [
        an_instance(
            n, complexity=size, category=kind, files_changed=2 if n % 20 == 4 else 1, operator=f"op{n % 20}",
            repo=f"owner/p{n % 20}", repo_id=f"p{n % 20}", functions=(f"a.py::f{n}",),
        )
        for n, (size, kind) in enumerate(list(zip(sizes, kinds, strict=True)) * 4)
    ]  # fmt: skip
    choice = choose(rows, SMALL, seed=0)
    assert len(choice.main) == 80
    assert (choice.shortfalls, choice.notes) == ((), ())


def test_weights_of_the_next_draw_grow_while_a_cell_is_short_and_stay_when_it_is_not():
    short = [Shortfall("simple", "other", False, 10, 45), Shortfall("any", "any", True, 8, 9)]
    first = weights(short, {})
    assert first == {"simple other": 4.0}
    second = weights(short, first)
    assert second == {"simple other": 8.0}
    assert weights([], second) == second


def test_a_heavier_cell_has_a_larger_share_and_all_shares_add_up_as_before():
    even = {(Complexity.SIMPLE, Category.OTHER): 0.25, (Complexity.MEDIUM, Category.OTHER): 0.75}
    made = weighed(even, {"simple other": 3.0})
    assert made[Complexity.SIMPLE, Category.OTHER] == pytest.approx(0.5)
    assert sum(made.values()) == pytest.approx(1)
    assert weighed(even, {}) == even


def test_under_a_budget_the_choice_is_balanced_and_more_varied_than_the_first_rows(rows):
    choice = choose(rows, SMALL, seed=0, budget=60)
    assert len(choice.main) == 60
    assert abs(sum(r.complexity == "simple" for r in choice.main) - 36) <= 2
    assert len({r.operator for r in choice.main}) >= 27
    assert {r.repo for r in choice.main} == {r.repo for r in rows}
    assert choice == choose(random.Random(1).sample(rows, len(rows)), SMALL, seed=0, budget=60)
    reproduced = sum(r.reproduced for r in choice.main) / 60
    assert reproduced > sum(r.reproduced for r in rows) / len(rows)


def test_the_next_rows_are_others_than_those_that_are_there(rows):
    first = choose(rows, SMALL, seed=0, budget=60)
    base = {r.instance_id for r in first.main}
    more = choose(rows, SMALL, seed=0, budget=60, base=base)
    assert len(more.main) == 60
    assert base.isdisjoint(r.instance_id for r in more.main)
