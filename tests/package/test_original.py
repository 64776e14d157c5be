"""What people wrote of a fix, as the issue text of the bug that undoes it: without what leads to the fix."""

from dataclasses import replace

import pytest

from smith_lib.package import issue
from smith_lib.package.original import told
from smith_lib.types import Candidate, Repo, Report, Strategy
from tests.package.test_issue import case_of
from tests.rows import a_candidate

BODY = """<!-- Please fill in this form; fixes are welcome! -->
When I put things into a box of a certain size, one fewer goes in than I asked for,
and nothing tells me of it. This is with Python 3.12 on a fresh install.

```python
b = Box(3)
b.count()
```

See https://github.com/some/repo/issues/12 for a discussion.
I think it can be fixed by adding one. Thanks to @somebody!
Same as #11.


It used to work.
"""
PLAIN = """When I put things into a box of a certain size, one fewer goes in than I asked for,
and nothing tells me of it. This is with Python 3.12 on a fresh install.

```python
b = Box(3)
b.count()
```


It used to work."""


def of(*reports: Report, **changes: object) -> Candidate:
    return a_candidate(1, **{"strategy": Strategy.MIRROR, "fix_reports": reports, **changes})


def test_an_issue_is_told_without_what_leads_to_the_fix() -> None:
    found = list(told(of(Report("issue", 7, "Boxes hold one thing less", BODY, "https://x"))))
    [(title, body, kind)] = found
    assert (title, kind) == ("Boxes hold one thing less", "issue")
    assert body == PLAIN.replace("\n\n\n", "\n\n")


def test_issues_go_before_pull_requests_and_bugs_of_other_families_have_none() -> None:
    pull, report = Report("pull", 8, "Boxes count", BODY, ""), Report("issue", 7, "Boxes hold less", BODY, "")
    assert [kind for *_, kind in told(of(pull, report))] == ["issue", "pull"]
    assert list(told(of(pull, report, strategy=Strategy.AST))) == []


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Fix the count of boxes", BODY),
        ("Boxes hold less (#12)", BODY),
        ("", BODY),
        ("Boxes hold less", ""),
        ("Boxes hold less", "Too short."),
        ("Boxes hold less", "I fixed this by adding one to the count of things in a box, which was wrong."),
        ("Boxes hold less", "word " * 2_000),
    ],
)
def test_what_gives_the_fix_away_or_tells_little_is_not_told(title: str, body: str) -> None:
    assert list(told(of(Report("issue", 7, title, body, "")))) == []


def written(name: str, repo: Repo, *reports: Report) -> issue.Text:
    """The text of a case whose bug undoes a fix of which that was written."""
    case = case_of(name, repo)
    bug = replace(case.candidate, strategy=Strategy.MIRROR, operator="mirror_reverse", fix_reports=reports)
    return issue.write(replace(case, candidate=bug), "0")


def test_the_text_is_what_was_written_with_what_the_code_does_today(repo: Repo) -> None:
    text = written("raised", repo, Report("issue", 7, "Boxes hold one thing less", BODY, ""))
    assert text.source == "original:issue"
    assert text.text.startswith("# Boxes hold one thing less\n\nWhen I put things into a box")
    below = text.text.partition("It used to work.")[2]
    assert "TypeError" in below
    assert "With the current code of" in below


def test_a_report_that_holds_a_line_of_the_fix_or_names_a_test_is_not_taken(repo: Repo) -> None:
    for telling in ("It worked with self.things = [] in there.", "The test test_put_counts fails for me."):
        text = written("raised", repo, Report("issue", 7, "Boxes hold less", f"{PLAIN}\n\n{telling}", ""))
        assert text.source.startswith("template:")
        assert "It used to work" not in text.text
    other = Report("pull", 8, "Boxes hold less", PLAIN, "")
    leaking = Report("issue", 7, "Boxes hold less", f"{PLAIN}\n\nself.things = [] was better.", "")
    assert written("raised", repo, leaking, other).source == "original:pull"
