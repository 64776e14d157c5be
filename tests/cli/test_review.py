"""`smith review`: a process that asks, and what the answers come to."""

import json
import re
import shutil
import signal
import subprocess
import sys

import httpx
import pytest

from smith_lib.cli.ending import TERMINATED
from smith_lib.publish.version import versions
from smith_lib.review.answers import Book
from smith_lib.types import Review
from tests.report.published import instances, published

COMMAND = [sys.executable, "-c", "from smith_lib.cli import main; main()", "review"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = published(tmp_path_factory.mktemp("review"))
    version = versions(root)[1]
    for name, answer in (("ada", True), ("bob", False)):
        for row in (*instances(3), *instances(50)[-1:]):  # the last one is in no version
            review = Review(row.repo_id, row.instance_id, name, True, answer, None, "", "")
            Book(root, version, name).enter(review)
    return root


def test_it_shows_the_sample_until_a_signal_ends_it(data):
    command = [*COMMAND, data.url, "--port", "0", "--sample", "20", "--reviewer", "ada"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        try:
            gone = run.stdout.readline()
            assert gone.startswith(f"1 answer of tasks that are not in {versions(data)[1]}: kept"), gone
            line = run.stdout.readline()
            told = re.match(r"(http://127\.0\.0\.1:\d+) shows 20 tasks to ada, 3 of them answered", line)
            assert told, line + run.stderr.read()
            assert len(httpx.get(f"{told[1]}/tasks", timeout=60).json()) == 20
            run.send_signal(signal.SIGTERM)
            assert run.wait(60) == TERMINATED
        finally:
            run.kill()


def test_the_summary_counts_scores_and_tells_what_went_away(invoke, data):
    result = invoke("review", data.url, "--summary", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["tasks"], told["reviewers"], told["score"]) == (3, {"ada": 3, "bob": 3}, 0.5)
    assert [one["agreed"] for one in told["agreement"]] == [1.0, 0.0, None]
    shown = invoke("review", data.url, "--summary").stdout
    assert "3 tasks reviewed (ada 3, bob 3)" in shown and "score: 0.500" in shown
    assert "1 task reviewed and not in" in shown and told["gone"][0] in shown


def test_where_nobody_reviewed_it_says_so(invoke, data):
    first = versions(data)[0]
    result = invoke("review", first, "--out", data.url, "--summary")
    assert result.exit_code == 2
    doing = f"smith review {first} --out {data.url}"
    assert f"nobody has reviewed {first} yet: `{doing}` does it" in result.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--reviewer", "../x"], "reviewer '../x': up to 64 letters"),
        (["--json"], "--json goes with --summary"),
        (["--host", "0.0.0.0"], "without a token: set SMITH_SERVE_TOKEN"),
    ],
)
def test_what_cannot_be_asked_is_told(invoke, data, monkeypatch, given, message):
    monkeypatch.delenv("SMITH_SERVE_TOKEN", raising=False)
    result = invoke("review", data.url, *given)
    assert result.exit_code == 2 and message in result.stderr


def test_a_version_with_a_missing_file_is_not_reviewed(invoke, data, tmp_path):
    shutil.copytree(data.local, tmp_path / "data")
    version = versions(data)[1]
    (tmp_path / "data" / "published" / version / "data" / "train-00000-of-00001.parquet").unlink()
    result = invoke("review", tmp_path / "data")
    assert result.exit_code == 5 and "train-00000-of-00001.parquet is missing" in result.stderr
    result = invoke("review", tmp_path / "none")
    assert result.exit_code == 2 and "nothing is published in" in result.stderr
