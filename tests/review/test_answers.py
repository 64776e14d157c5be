"""Answers as Parquet: kept at once, taken up again, several reviewers, tasks that went away."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from smith_lib.errors import DamagedShard, InputError
from smith_lib.report.held import held
from smith_lib.review.agreement import Agreement, kappa, summary
from smith_lib.review.answers import Book, reviewer_named, reviews
from smith_lib.review.sample import drawn
from smith_lib.review.task import blocks
from smith_lib.storage import Root
from smith_lib.types import Review
from tests.rows import an_instance

VERSION = "v0001-00000000"


def said(n, reviewer="ada", realistic=None, clear=None, right=None, notes=""):
    task = an_instance(n)
    return Review(task.repo_id, task.instance_id, reviewer, realistic, clear, right, notes, "")


def test_an_answer_is_there_for_the_next_book_at_once(tmp_path):
    root = Root.at(tmp_path)
    kept = Book(root, VERSION, "ada").enter(said(1, realistic=True, right=False, notes="“ü”\n"))
    again = Book(root, VERSION, "ada")
    assert again.of(an_instance(1)) == kept
    assert (kept.realistic, kept.text_clear, kept.difficulty_right) == (True, None, False)
    assert kept.at.endswith("+00:00")
    assert again.of(an_instance(2)) == said(2)
    assert [path.name for path in (tmp_path / "reviews" / VERSION).glob("*.parquet")] == ["ada.parquet"]


def test_an_answer_of_nothing_is_taken_out(tmp_path):
    book = Book(Root.at(tmp_path), VERSION, "ada")
    book.enter(said(1, realistic=True))
    book.enter(said(1))
    assert reviews(Root.at(tmp_path), VERSION) == []


def test_two_pages_of_one_reviewer_lose_nothing(tmp_path):
    root = Root.at(tmp_path)
    books = [Book(root, VERSION, "ada"), Book(root, VERSION, "ada")]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: books[n % 2].enter(said(n, realistic=True)), range(24)))
    assert len(reviews(root, VERSION)) == 24


def test_reviewers_have_a_file_each(tmp_path):
    root = Root.at(tmp_path)
    for name in ("bob", "ada"):
        Book(root, VERSION, name).enter(said(1, clear=True))
    assert [row.reviewer for row in reviews(root, VERSION)] == ["ada", "bob"]
    assert reviews(root, "v0002-00000000") == []


def test_a_copied_file_is_another_reviewers(tmp_path):
    root = Root.at(tmp_path)
    Book(root, VERSION, "ada").enter(said(1, clear=True))
    folder = tmp_path / "reviews" / VERSION
    (folder / "bob.parquet").write_bytes((folder / "ada.parquet").read_bytes())
    assert [row.reviewer for row in reviews(root, VERSION)] == ["ada", "bob"]


def test_a_damaged_file_is_named_and_left(tmp_path):
    root = Root.at(tmp_path)
    Book(root, VERSION, "ada").enter(said(1, clear=True))
    file = tmp_path / "reviews" / VERSION / "ada.parquet"
    file.write_bytes(b"nothing")
    with pytest.raises(DamagedShard, match=r"ada\.parquet is damaged"):
        Book(root, VERSION, "ada")
    with pytest.raises(DamagedShard, match="take it away"):
        reviews(root, VERSION)
    assert file.read_bytes() == b"nothing"


@pytest.mark.parametrize("name", ["", "../ada", "a b", ".ada", "x" * 65])
def test_a_reviewers_name_is_a_files(name):
    with pytest.raises(InputError, match="up to 64 letters, digits"):
        reviewer_named(name)
    assert reviewer_named("ada.l-1@x") == "ada.l-1@x"


def test_kappa_is_cohens():
    # Of 50 tasks both say yes to 20 and no to 15, only the first yes to 5, only the second to 10:
    # po = 35/50; pe = (25/50)(30/50) + (25/50)(20/50) = 0.5; kappa = (0.7 - 0.5) / 0.5.
    pairs = [(True, True)] * 20 + [(False, False)] * 15 + [(True, False)] * 5 + [(False, True)] * 10
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([(True, True), (False, False)]) == 1
    assert kappa([(True, False), (False, True)]) == -1
    assert kappa([(True, True)] * 3) is None
    assert kappa([]) is None


def test_a_summary_counts_scores_and_compares():
    rows = [
        said(1, "ada", True, True, False), said(1, "bob", True, False, None),
        said(2, "ada", False, None, None), said(2, "bob", False, notes="?"),
        said(3, "ada", notes="later"), said(4, "ada"), said(9, "ada", True, True, True),
    ]  # fmt: skip
    told = summary(VERSION, rows, {an_instance(n).instance_id for n in range(1, 5)})
    assert told.tasks == 3 and told.reviewers == {"ada": 3, "bob": 2}
    assert told.gone == (an_instance(9).instance_id,)
    assert (told.questions["realistic"].yes, told.questions["realistic"].no) == (2, 2)
    # Task 1: ada finds it realistic and clear, bob not clear; of task 2 nobody answered both.
    assert told.score == 0.5
    assert told.agreement == (
        Agreement("realistic", "ada", "bob", 2, 1.0, 1.0),
        Agreement("text_clear", "ada", "bob", 1, 0.0, 0.0),
        Agreement("difficulty_right", "ada", "bob", 0, None, None),
    )
    assert summary(VERSION, [], ()).score is None


def test_a_sample_is_the_same_for_a_seed_and_grows(shown):
    from smith_lib.publish.version import versions

    rows = held(shown, versions(shown)[1])
    some = drawn(rows, 8, 1)
    assert some == drawn(rows, 8, 1) == drawn(rows, 12, 1)[:8]
    assert some != drawn(rows, 8, 2)
    assert {row.subset for row in drawn(rows, 50, 1, "subtle")} == {"subtle"}
    with pytest.raises(InputError, match="has no tasks in 'other'; it has: main, subtle"):
        drawn(rows, 8, 1, "other")
    assert len(drawn(rows, 50, 1)) == 20


def test_the_reproduction_is_the_code_of_the_text():
    text = "See\n\n```python\nf(1)\n\nf(2)\n```\n\n```text\nTraceback\n```\n~~~\n>>> f(3)\n~~~\n```\n \n```\n"
    assert list(blocks(text)) == ["f(1)\n\nf(2)", ">>> f(3)"]


def test_an_answer_to_a_task_with_the_time_is_the_reviewers_own(tmp_path):
    book = Book(Root.at(tmp_path), VERSION, "ada")
    kept = book.enter(replace(said(1, "eve", realistic=True), at="1970-01-01"))
    assert kept.reviewer == "ada" and kept.at > "2020"
