"""The figures, against the same figures worked out by DuckDB from the stored shards."""

import json
import random

import duckdb
import pytest

from smith_lib.curate.choose import Choice, choose
from smith_lib.curate.funnel import funnel
from smith_lib.curate.metrics import metrics
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root, Shard, write
from smith_lib.types import (
    Candidate,
    Category,
    CodeFile,
    Complexity,
    Instance,
    Outcome,
    Repo,
    RepoOutcome,
    Verdict,
)
from tests.rows import a_candidate, a_repo, a_verdict, an_instance


def a_run(seed=5):
    """Four repositories, one rejected, 200 candidates, 195 of them judged, an instance for each kept one."""
    rng = random.Random(seed)
    repos = [a_repo(repo_id=f"repo{n}", repo=f"pypi/repo{n}") for n in range(3)]
    repos.append(a_repo(repo_id="small", outcome=RepoOutcome.TOO_SMALL, reason="9 lines"))
    candidates, verdicts, instances = [], [], []
    for n in range(200):
        repo = rng.choice(repos[:3])
        facts = {"complexity": rng.choice(list(Complexity)), "category": rng.choice(list(Category))}
        facts |= {"operator": f"op{rng.randrange(4)}", "repo_id": repo.repo_id}
        candidates.append(a_candidate(n, cost_usd=rng.choice([0.0, 0.25]), **facts))
        outcome = rng.choice(list(Outcome))
        if n >= 195:
            continue
        id = candidates[-1].candidate_id
        runs = rng.choice([2, 3])
        spent = round(rng.random() * 9, 3)
        audit = rng.choice(["", "", "agrees", "agrees", "differs"])
        known = {"outcome": outcome, "runs": runs, "seconds": spent, "audit": audit}
        verdicts.append(a_verdict(n, repo_id=repo.repo_id, **known))
        if outcome in (Outcome.VALID, Outcome.SUBTLE):
            files = rng.choice([1, 2])
            subset = "main" if outcome is Outcome.VALID else "subtle"
            more = {"repo": repo.repo, "files_changed": files, "subset": subset, "instance_id": id}
            instances.append(an_instance(n, **facts, **more))
    return repos, candidates, verdicts, choose(instances, PublishSettings(), seed=0)


@pytest.fixture
def stored(tmp_path):
    """The run's rows in a database over Parquet shards, and its figures as JSON gives them back."""
    repos, candidates, verdicts, choice = a_run()
    root = Root.at(tmp_path)
    tables = {Repo: repos, Candidate: candidates, Verdict: verdicts, Instance: [*choice.main, *choice.subtle]}
    database = duckdb.connect()
    for row, rows in tables.items():
        table = {Repo: "repos", Candidate: "candidates", Verdict: "verdicts", Instance: "instances"}[row]
        for part in range(2):
            write(root, Shard(table, f"part{part}", "0"), row, rows[part::2])
        database.from_parquet(f"{tmp_path}/{table}/*.parquet").create_view(table)
    return database, json.loads(json.dumps(metrics(repos, candidates, verdicts, choice)))


def ask(database, query):
    return dict(database.execute(query).fetchall())


def ones(counts):
    return {name: n for name, n in counts.items() if n}


def test_generation_stats_agree_with_the_shards(stored):
    database, told = stored
    [(made, cost)] = database.execute("select count(*), sum(cost_usd) from candidates").fetchall()
    left = "select count(*) from verdicts where outcome = 'part_not_valid'"
    [(untried,)] = database.execute(left).fetchall()
    attempted = made - untried
    assert 0 < untried < made
    [(valid, subtle, seconds)] = database.execute(
        "select count(*) filter (outcome = 'valid'), count(*) filter (outcome = 'subtle'), sum(seconds)"
        " from verdicts"
    ).fetchall()
    [(repos, kept)] = database.execute(
        "select count(*), count(*) filter (outcome = 'kept') from repos"
    ).fetchall()
    assert told["generation_stats"] == {
        "repos_processed": repos,
        "repos_kept": kept,
        "bugs_attempted": attempted,
        "bugs_valid": valid,
        "bugs_subtle": subtle,
        "success_rate": pytest.approx((valid + subtle) / attempted, abs=1e-6),
        "avg_time_per_bug_sec": pytest.approx(seconds / attempted, abs=1e-3),
        "cost_usd": pytest.approx(cost),
    }


def test_the_funnel_agrees_with_the_shards(stored):
    database, told = stored
    outcomes = ask(database, "select outcome, count(*) from verdicts group by 1")
    assert ones(told["funnel"]["outcomes"]) == outcomes
    assert set(told["funnel"]["outcomes"]) == set(Outcome)
    assert ones(told["funnel"]["repos"]) == {"kept": 3, "too_small": 1}
    assert told["funnel"]["unjudged"] == 5


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("complexity", "complexity"), ("categories", "category"), ("strategies", "strategy"),
        ("operators", "operator"), ("repos", "repo"), ("files_changed", "files_changed::varchar"),
    ],
)  # fmt: skip
def test_the_distribution_agrees_with_the_shards(stored, name, column):
    database, told = stored
    for subset, counts in (("main", told["distribution"]), ("subtle", told["distribution"]["subtle"])):
        query = f"select {column}, count(*) from instances where subset = '{subset}' group by 1"  # noqa: S608
        assert ones(counts[name]) == ask(database, query)
    subsets = ask(database, "select subset, count(*) from instances group by 1")
    assert subsets == told["distribution"]["subsets"]


def test_quality_agrees_with_the_shards(stored):
    database, told = stored
    [(rows, agreed)] = database.execute(
        "select count(*), count(*) filter (v.runs >= 3) from instances i join verdicts v"
        " on i.instance_id = v.candidate_id"
    ).fetchall()
    [(audited, agreeing)] = database.execute(
        "select count(*) filter (audit != ''), count(*) filter (audit = 'agrees') from verdicts"
    ).fetchall()
    assert 0 < agreeing < audited
    assert told["quality_metrics"] == {
        "syntax_valid": 1.0,
        "syntax_checked": rows,
        "test_failures_appropriate": 1.0,
        "deterministic": pytest.approx(agreed / rows, abs=1e-6),
        "audited": audited,
        "audit_agreement": pytest.approx(agreeing / audited, abs=1e-6),
        "wrong_fixes": 0,
        "wrong_fixes_surviving": 0,
        "wrong_fixes_alike": 0,
        "weak_tests": 0.0,
        "mean_quality": 0.0,
        "manual_review_score": None,
    }
    assert 0 < agreed < rows


def test_curation_and_the_dataset_score_agree_with_the_shards(stored):
    database, told = stored
    score = told["dataset_score"]
    [(n,)] = database.execute("select count(*) from instances where subset = 'main'").fetchall()
    [(functions,)] = database.execute(
        "with places as (select repo, functions, count(*) / sum(count(*)) over () p from instances"
        " where subset = 'main' group by 1, 2) select exp(-sum(p * ln(p))) from places"
    ).fetchall()
    [(repos,)] = database.execute(
        "with shares as (select repo, count(*) / sum(count(*)) over () p from instances"
        " where subset = 'main' group by 1) select exp(-sum(p * ln(p))) / count(*) from shares"
    ).fetchall()
    assert score["N"] == n
    assert score["diversity"]["functions"] == pytest.approx(functions / n, abs=1e-4)
    assert score["diversity"]["repositories"] == pytest.approx(repos, abs=1e-4)
    assert score["score"] == pytest.approx(n**0.3 * score["D"] ** 0.5 * score["Q"] ** 0.7, rel=1e-3)
    pools = ask(database, "select complexity, count(*) from instances where subset = 'main' group by 1")
    taken = {b["name"]: b["taken"] for b in told["curation"]["bounds"] if b["name"] in pools}
    assert taken == pools
    [(several,)] = database.execute(
        "select count(*) from instances where subset = 'main' and files_changed > 1"
    ).fetchall()
    assert several == next(b["taken"] for b in told["curation"]["bounds"] if b["name"] == "multi_file")


def test_what_drifts_agrees_with_the_shards(stored):
    database, told = stored
    [(rate,)] = database.execute(
        "select count(*) filter (outcome in ('valid', 'subtle')) / count(*) from verdicts"
        " where outcome != 'part_not_valid'"
    ).fetchall()
    [(length,)] = database.execute("select avg(length(trim(problem_statement))) from instances").fetchall()
    assert told["drift"] == {
        "pass_rate": pytest.approx(rate, abs=1e-6),
        "text_length": pytest.approx(length, abs=0.06),
    }


def test_broken_syntax_and_inappropriate_failures_show():
    broken, old = (CodeFile("pkg/a.py", "x = = 1\n"),), (CodeFile("pkg/a.py", "print 1\n"),)
    bad = an_instance(0, buggy_code=broken)
    other = an_instance(1, buggy_code=broken, oracle_code=old)
    lists = [an_instance(2, FAIL_TO_PASS=()), an_instance(3, PASS_TO_PASS=()), an_instance(4, fail_ratio=1.0)]
    told = metrics([], [], [], Choice((bad, other, *lists), (), ()))["quality_metrics"]
    assert told["syntax_valid"] == 0.8
    assert told["test_failures_appropriate"] == 0.4
    assert told["deterministic"] == 0


def test_figures_of_nothing_are_null_and_no_error():
    told = metrics([], [], [], Choice((), (), ()))
    assert told["generation_stats"]["success_rate"] is None
    assert told["quality_metrics"]["syntax_valid"] is None
    json.dumps(told, allow_nan=False)


def test_all_stages_seconds_and_a_review_go_in_where_they_are_given():
    told = metrics([], [a_candidate()], [], Choice((), (), ()), seconds=7.5, reviewed=0.9)
    assert told["dataset_score"]["score"] == 0
    assert told["generation_stats"]["avg_time_per_bug_sec"] == 7.5
    assert told["quality_metrics"]["manual_review_score"] == 0.9


def test_the_funnel_counts_each_repository():
    repos, candidates, verdicts, choice = a_run()
    rows = funnel(repos, candidates, verdicts, [*choice.main, *choice.subtle])
    assert [row.repo_id for row in rows] == ["repo0", "repo1", "repo2", "small"]
    assert sum(row.candidates for row in rows) == 200
    assert sum(row.unjudged for row in rows) == 5
    assert sum(row.outcomes[Outcome.VALID] for row in rows) == len(choice.main)
    assert (rows[3].candidates, rows[3].instances, rows[3].reason) == (0, 0, "9 lines")
