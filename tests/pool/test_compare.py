"""Made bugs beside real fixes: distances, and the sampler moved towards them."""

import json
from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from smith_lib.errors import InputError
from smith_lib.inject.aims import MULTI_FILE, likings, towards, usual
from smith_lib.inject.draw import Sites, Studio, drafts_of
from smith_lib.inject.program import Program
from smith_lib.inject.table import catalogue
from smith_lib.pool.compare import compared
from smith_lib.settings import InjectSettings, load
from smith_lib.types import Category, CodeFile, Complexity, PastFix
from tests.rows import an_instance, filled


def a_fix(n: int = 0, **changes: object) -> PastFix:
    known = {
        "fix_id": f"fix{n}", "category": Category.LOGIC_ERROR, "complexity": Complexity.SIMPLE,
        "fix_lines": 1, "files": ("pkg/a.py",), "functions": (f"pkg/a.py::f{n}",),
        "edits": ("change constant",),
    }  # fmt: skip
    return filled(PastFix, **(known | changes))


def test_what_is_alike_is_at_no_distance_and_what_is_not_is_far() -> None:
    made = [an_instance(n) for n in range(30)]  # each changes a constant of one line
    same = {one.feature: one for one in compared(made, [a_fix(n) for n in range(20)])}
    assert [*same] == [
        "operator", "edits", "category", "complexity", "fix_lines", "files", "functions", "edits_a_fix"
    ]  # fmt: skip
    assert {one.distance for one in same.values()} == {0.0} == {one.floor for one in same.values()}
    assert same["edits"].made == (("change constant", 1.0),)
    assert (same["edits"].n_made, same["edits"].n_real) == (30, 20)
    more = {"edits": ("add branch", "add call"), "category": Category.EDGE_CASE, "files": ("a.py", "b.py")}
    large = [a_fix(n, fix_lines=11, complexity=Complexity.MEDIUM, **more) for n in range(20)]
    far = {one.feature: one.distance for one in compared(made, large)}
    assert {far[name] for name in ("operator", "edits", "category", "complexity")} == {1.0}
    assert (far["fix_lines"], far["files"], far["functions"], far["edits_a_fix"]) == (10.0, 1.0, 0.0, 1.0)
    half = {one.feature: one for one in compared(made, [*large, *[a_fix(n) for n in range(20)]])}
    assert 0 < half["category"].distance < 1 and half["category"].floor > 0
    assert half == {one.feature: one for one in compared(made, [*large, *[a_fix(n) for n in range(20)]])}


def test_with_one_side_empty_nothing_is_compared() -> None:
    assert compared([], [a_fix()]) == () == compared([an_instance()], [])
    added = (CodeFile("pkg/new.py", "x = 1\n"),)
    alone = compared([an_instance(oracle_code=added)], [a_fix()])  # no file that both sides have
    assert [one.feature for one in alone][:2] == ["category", "complexity"]


def test_shares_are_moved_towards_real_fixes_the_more_of_them_there_are() -> None:
    settings = InjectSettings(towards_weights={"size": 1.0, "category": 0.5, "files": 1.0})
    assert towards(settings, []) == usual(settings)
    wide = {"complexity": Complexity.COMPLEX, "category": Category.OTHER, "files": ("a.py", "b.py")}
    few, many = (towards(settings, [a_fix(n, **wide) for n in range(count)]) for count in (1, 180))
    assert many.sizes == {Complexity.SIMPLE: pytest.approx(0.06), Complexity.MEDIUM: pytest.approx(0.03),
                          Complexity.COMPLEX: pytest.approx(0.91)}  # fmt: skip
    assert many.categories[Category.OTHER] == pytest.approx(0.55 * 0.1 + 0.45)
    assert many.several_files == pytest.approx(0.1 * MULTI_FILE + 0.9)
    assert usual(settings).sizes[Complexity.COMPLEX] < few.sizes[Complexity.COMPLEX] < 0.2
    assert sum(few.sizes.values()) == pytest.approx(1) == sum(few.categories.values())
    assert few.edits == {}
    huge = [a_fix(n, **wide, fix_lines=500) for n in range(50)]  # no such bug is made
    assert towards(settings, huge) == usual(settings)


def test_operators_are_liked_whose_fixes_do_what_real_ones_do() -> None:
    text = "def f(a, b):\n    if a > 1 and b:\n        return a + 1\n    return g(a, b)[1:]\n"
    studio, sites = Studio(), Sites([Program("a.py", text)], None)
    drafts = [d for op in catalogue() for d in drafts_of(op, sites, studio, 4, Random("x"))]
    real = [a_fix(n, edits=("add condition",)) for n in range(40)]
    liked = likings(drafts, towards(InjectSettings(towards_weights={"edits": 1.0}), real))
    assert set(liked) == {draft.operator for draft in drafts}
    best = {name for name, liking in liked.items() if liking > 0.9}
    assert best and len(best) < len(liked) / 3
    assert all(0 < liking <= 1 for liking in liked.values())
    assert likings(drafts, usual(InjectSettings())) == {}
    assert Counter(d.operator for d in drafts).keys() >= best


def test_a_feature_that_is_not_known_is_told() -> None:
    with pytest.raises(InputError, match="unknown feature 'colour' in towards_weights; known: size"):
        load(None, {"inject.towards_weights": {"colour": 1}})
    with pytest.raises(InputError, match="the weight size 2 in towards_weights is not from 0 to 1"):
        load(None, {"inject.towards_weights": {"size": 2}})


def test_the_command_compares_a_version_with_the_pool(tmp_path, invoke) -> None:
    from smith_lib.pool.shelf import put
    from smith_lib.storage import Root, Shard, write
    from smith_lib.storage.shards import to_parquet, to_table
    from smith_lib.types import Instance

    root = Root.at(str(tmp_path))
    rows = to_parquet(to_table(Instance, [an_instance(n) for n in range(9)]))
    root.write_bytes("copy/data/train-0.parquet", rows)
    put(root, "o/n", write(root, Shard("fixes", "r", "k"), PastFix, [replace(a_fix(), fix_lines=4)]).path)
    told = invoke("pool", "compare", tmp_path / "copy", "--out", tmp_path, "--json")
    assert told.exit_code == 0, told.output
    lines = {one["feature"]: one["distance"] for one in json.loads(told.output)}
    assert (lines["fix_lines"], lines["edits"]) == (3.0, 0.0)
    shown = invoke("pool", "compare", tmp_path / "copy", "--out", tmp_path)
    assert "9 bugs, 1 real fix" in shown.output and "wasserstein" in shown.output
