"""The figures of a report, and their charts."""

import re

import pytest

from smith_lib.report import charts, figures
from smith_lib.report.held import held, spread, whole
from smith_lib.report.made import families, made
from smith_lib.settings import PublishSettings
from tests.report.published import instances


@pytest.fixture(scope="module")
def now(shown):
    return held(shown, "v0002-" + _digest(shown, 1))


def _digest(root, at):
    from smith_lib.publish.version import versions

    return versions(root)[at].rpartition("-")[2]


@pytest.fixture(scope="module")
def of(shown, now):
    return made(shown, now.version)


def test_the_columns_are_those_of_the_rows(now):
    rows = sorted(instances(20), key=lambda row: (row.subset != "main", row.instance_id))
    found = dict(zip(now.columns["instance_id"], now.columns["failing"], strict=True))
    assert found == {row.instance_id: len(row.FAIL_TO_PASS) for row in rows}
    assert sorted(now.of("fix_lines", "subtle")) == sorted(r.fix_lines for r in rows if r.subset == "subtle")


def test_samples_are_whole_rows_spread_over_families_and_the_same_for_a_seed(now):
    rows = whole(now, spread(now, 6, 3))
    assert rows == [row for one in rows for row in instances(20) if row.instance_id == one.instance_id]
    assert rows == whole(now, spread(now, 6, 3))
    assert len({row.strategy for row in rows}) == 3
    assert {row.repo for row in rows} == {"some/repo0", "some/repo1"}
    assert len(spread(now, 500, 3)) == 20


def test_the_funnel_counts_every_bug_once(now):
    repos, bugs = figures.funnel(now.metrics)
    assert [(one.name, one.count) for one in repos] == [("looked at", 2), ("kept", 2)]
    assert [one.count for one in bugs] == [22, 22, 20, 20, 20, 20]
    assert sum(n for _, n in figures.outcomes(now.metrics)) == 22
    assert figures.funnel({}) == ([], [])


def test_yields_are_of_what_was_judged(of, now):
    family, operator = figures.yields(of, now.metrics)
    assert {name: (share.hits, share.of) for name, share in family} == {
        "ast": (7, 9), "semantic": (7, 7), "combine": (6, 6),
    }  # fmt: skip
    assert [name for name, _ in operator] == ["remove_guard", "combine", "swap_operands"]
    assert families(of.operators)["ast"].cost == 3.5


def test_without_shards_the_yields_are_those_that_the_figures_tell(now):
    from smith_lib.report.made import Made

    family, operator = figures.yields(Made(), now.metrics)
    assert family == []
    judged = {name: share.of for name, share in operator}
    assert judged == {"combine": 6, "remove_guard": 7, "swap_operands": 9}


def test_every_task_is_in_one_bin(now):
    failing = figures.histogram(now.of("failing"), figures.FAILING_BINS)
    assert failing[:4] == [("1", 1), ("2", 1), ("3–4", 2), ("5–8", 4)]
    for some in (failing, figures.histogram(now.of("fix_lines"), figures.LINES_BINS),
                 figures.ratios(now.of("fail_ratio"))):  # fmt: skip
        assert sum(n for _, n in some) == 20
    assert figures.ratios([0.009, 0.01, 0.9, 0.25])[0] == ("<1", 1)
    assert figures.ratios([0.9])[-1] == ("50–90", 1)


def test_shares_are_beside_their_targets(now):
    sizes = figures.targets(now, PublishSettings())["complexity"]
    assert [(one.name, one.share.hits, one.target) for one in sizes] == [
        ("simple", 6, 0.6), ("medium", 6, 0.3), ("complex", 6, 0.1),
    ]  # fmt: skip
    assert round(sizes[0].points, 3) == round(100 / 3 - 60, 3)


def test_a_repository_has_what_its_shards_tell(of, now):
    rows, more = figures.repositories(now, of)
    assert more == 0
    first = next(row for row in rows if row["repo"] == "some/repo0")
    told = {name: first[name] for name in ("tasks", "subtle", "candidates", "yield", "loc", "seconds")}
    assert list(told.values()) == [10, 0, 11, 10 / 11, 1_000, 240]


def test_changes_are_from_the_version_before(shown, now):
    from smith_lib.publish.version import versions

    before = held(shown, versions(shown)[0])
    told = {one.name: (one.before, one.now) for one in figures.changes(before, now)}
    assert told["tasks"] == (14, 18)
    assert told["lines of a fix, median"] == (9, 9)
    assert figures.moved(before, now) == {
        "kept": 15, "came": 5, "went": 0, "repos_came": [], "repos_went": []
    }  # fmt: skip


def test_every_chart_is_one_that_plotly_knows(of, now):
    import plotly.graph_objects as go

    from smith_lib.report.page import _charts

    family, operator = figures.yields(of, now.metrics)
    drawn = _charts(now, of, PublishSettings(), figures.funnel(now.metrics)[1], family, operator)
    assert set(drawn) == {
        "category", "complexity", "difficulty", "failing", "families", "files", "funnel", "lines", "mix",
        "operators-0", "outcomes", "ratios", "scores", "times",
    }  # fmt: skip

    def coloured(value):
        if isinstance(value, dict):
            return {name: coloured(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [coloured(inner) for inner in value]
        return "#123456" if isinstance(value, str) and re.fullmatch(r"--[a-z0-9-]+", value) else value

    for chart in drawn.values():
        go.Figure(**coloured(chart))


def test_a_name_brings_no_tags_into_a_chart():
    chart = charts.counts([("<a href='http://a.b'>x</a>", 1)], "tasks")
    assert chart["data"][0]["y"] == ["&lt;a href='http://a.b'&gt;x&lt;/a&gt;"]


def test_tasks_are_beside_the_fixes_of_the_pool_where_there_is_one(tmp_path):
    from smith_lib.pool.compare import compared
    from smith_lib.pool.shelf import put
    from smith_lib.publish.reading import published as rows_of
    from smith_lib.publish.version import latest
    from smith_lib.report.real import distances
    from smith_lib.storage import Shard, write
    from smith_lib.types import PastFix
    from tests.report.published import published
    from tests.rows import filled

    root = published(tmp_path)
    now = held(root, latest(root))
    assert distances(now, 1) == ()
    fixes = [filled(PastFix, fix_id=str(n), fix_lines=n, functions=("a.py::f",)) for n in range(1, 30)]
    put(root, "some/repo0", write(root, Shard("fixes", "repo0", "0"), PastFix, fixes).path)
    told = {one.feature: one for one in distances(now, 1)}
    wanted = {one.feature: one for one in compared(rows_of(root, now.version), fixes, 1)}
    assert {name: one.distance for name, one in told.items()} == {
        name: one.distance for name, one in wanted.items()
    }
    assert told["fix_lines"].n_real == 29
