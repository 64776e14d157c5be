import random
from itertools import combinations

from smith_lib.curate.choose import choose
from smith_lib.curate.likeness import Nearest, edited, features
from smith_lib.settings import PublishSettings
from tests.rows import an_instance


def a_patch(gone, come, above="if it:", below="return it", path="pkg/a.py"):
    return (
        f"--- a/{path}\n+++ b/{path}\n@@ -1,3 +1,3 @@\n     {above}\n-    {gone}\n+    {come}\n     {below}\n"
    )


def likeness(one, other):
    a, b = ({f[n : n + 8] for n in range(0, len(f), 8)} for f in (one, other))
    return len(a & b) / len(a | b)


def patches(count, seed=2):
    rng = random.Random(seed)
    words = [f"w{n}" for n in range(12)]
    return [
        a_patch(
            " ".join(rng.choices(words, k=6)), " ".join(rng.choices(words, k=6)), above=rng.choice(words),
            below=rng.choice(words),
        )
        for _ in range(count)
    ]  # fmt: skip


def test_the_same_edit_elsewhere_is_the_same_and_another_one_is_not():
    edit = features(a_patch("x = a + 1", "x = a - 1"))
    assert features(a_patch("x = a + 1", "x = a - 1", path="lib/b.py")) == edit
    assert features(a_patch("x  =  a  + 1", "x = a - 1")) == edit  # layout says nothing
    assert likeness(edit, features(a_patch("x = a + 1", "x = a * 1"))) < 0.75
    assert likeness(edit, features(a_patch("x = a + 1", "x = a - 1", above="else:"))) < 1


def test_words_that_stay_are_not_marked():
    [run, *_] = edited(a_patch("x = a + 1", "x = a - 1"))
    assert run == ("x", "=", "a") or "-+" in run
    marked = {word for run in edited(a_patch("x = a + 1", "x = a - 1")) for word in run if word[0] in "+-"}
    assert marked == {"-+", "+-"}


def test_no_pair_above_the_threshold_is_missed():
    """Against every pair compared with every other."""
    pool = [features(patch) for patch in [*patches(150), *patches(40), *patches(25, seed=9)]]
    found = Nearest(pool, 0.6)
    kept = []
    for at, one in enumerate(pool):
        near, place = found.to(at)
        real = max((likeness(one, pool[other]) for other in kept), default=0.0)
        assert (near >= 0.6) == (real >= 0.6)
        if real >= 0.6:
            assert near == real == likeness(one, pool[place])
        else:
            found.keep(at)
            kept.append(at)
    assert 0 < len(kept) < len(pool)


def test_a_choice_has_no_pair_of_near_duplicates_and_the_better_one_stays():
    rows = [
        an_instance(n, bug_patch=patch, reproduced=n >= 100, repo=f"owner/p{n % 3}")
        for n, patch in enumerate([*patches(100), *patches(30)])
    ]
    settings = PublishSettings(alike=0.6)
    choice = choose(rows, settings, seed=0)
    told = [features(row.bug_patch) for row in choice.main]
    assert all(likeness(one, other) < 0.6 for one, other in combinations(told, 2))
    assert choice.dropped["near-duplicate"] >= 30
    better = {row.instance_id for row in rows[100:]}
    assert better <= {row.instance_id for row in choice.main} | {
        name for name, why in choice.left_out if any(id[-8:] in why for id in better)
    }
    assert all(0.5 <= near < 0.6 for near in choice.likeness.values())
