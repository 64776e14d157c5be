"""Issue texts are clear, leak nothing, vary in shape and never differ between runs."""

import random
from dataclasses import replace

import pytest

from smith_lib.package import facts, issue, leaks, phrases, shapes
from smith_lib.package.case import Case
from smith_lib.types import Failure, Frame, Repo
from tests.package.boxes import FILES, LIBRARY, a_bug, a_case, a_failure, line_of

OFF = a_bug(">= self.size", "> self.size")
RAISE = a_bug("self.things = []", "self.things = None", operator="lose_value")
COUNT = a_bug("return len(self.things)", "return None", operator="drop_result")

CASES = {
    "silent": (
        OFF,
        a_failure(
            "TestFull::test_refuses", "with pytest.raises", "Failed", "DID NOT RAISE <class 'OverflowError'>"
        ),
    ),
    "raised": (
        RAISE,
        a_failure(
            "test_put_counts[a-1]",
            "assert box.put(thing)",
            "TypeError",
            "object of type 'NoneType' has no len()",
            (line_of(LIBRARY, "if len("), "Box.put"),
        ),
    ),
    "compared": (
        COUNT,
        a_failure(
            "TestOnly::test_alone",
            'Box(2).put("x")',
            "AssertionError",
            "assert None == 1\n +  where None = put('x')",
        ),
    ),
    "collection": (
        RAISE,
        Failure(
            "tests/test_box.py",
            "ImportError",
            "cannot import name 'Box'",
            (Frame("tests/test_box.py", 3, "<module>"), Frame("boxes/_box.py", 4, "<module>")),
        ),
    ),
    "vague": (COUNT, a_failure("test_total", "assert total(box)", "AssertionError", "")),
}


def case_of(name: str, repo: Repo) -> Case:
    """One of the cases above."""
    bug, failure = CASES[name]
    return a_case(repo, bug, failure)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(8))
def test_every_text_says_what_happens_and_what_should_and_leaks_nothing(
    name: str, seed: int, repo: Repo
) -> None:
    case = case_of(name, repo)
    text = issue.write(case, str(seed)).text
    title, *rest = text.split("\n")
    assert title.startswith("# ") and len(title) < 160 and "\n".join(rest).strip()
    assert (
        leaks.leaks(
            text,
            test_ids=case.verdict.fail_to_pass,
            test_files=repo.test_files,
            operator=case.candidate.operator,
            patch=case.patch,
        )
        == ()
    )
    assert "```python" in text and "boxes" in text and "test" not in text.lower()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("silent", ["box.put(2)", "`OverflowError`"]),
        ("raised", ["box.put('a')", "TypeError: object of type 'NoneType' has no len()"]),
        ("compared", ["Box(2).put('x')", "`None`", "`1`"]),
        ("collection", ["from boxes import Box, total", "ImportError: cannot import name 'Box'"]),
        ("vague", ["total(box)", "`3`"]),
    ],
)
def test_the_evidence_is_in_the_text(name: str, parts: list[str], repo: Repo) -> None:
    for seed in range(8):
        text = issue.write(case_of(name, repo), str(seed)).text
        assert [part for part in parts if part not in text] == []


def test_a_traceback_shows_frames_of_the_package_alone_and_source_that_is_no_part_of_the_fix(
    repo: Repo,
) -> None:
    found = facts.ranked(case_of("raised", repo))[0].traceback
    assert '  File "boxes/_box.py", line' in found and "tests/" not in found
    assert "if len(self.things) >= self.size:" in found
    at_fix = a_failure(
        "test_put_counts[a-1]",
        "assert box.put(thing)",
        "TypeError",
        "no",
        (line_of(LIBRARY, "self.things = []"), "Box.__init__"),
    )
    hidden = facts.ranked(a_case(repo, RAISE, at_fix))[0].traceback
    assert "in __init__" in hidden and "self.things" not in hidden


def test_a_message_that_leaks_is_left_out(repo: Repo) -> None:
    telling = a_failure(
        "TestOnly::test_alone",
        'Box(2).put("x")',
        "ValueError",
        "test_alone in tests/test_box.py",
        (line_of(LIBRARY, "return len"), "Box.put"),
    )
    text = issue.write(a_case(repo, COUNT, telling), "0")
    assert "test_alone" not in text.text and "test_box" not in text.text and text.text.strip()
    assert text.source == "template:plain"


def test_without_any_evidence_the_text_rests_on_what_the_tests_do(repo: Repo) -> None:
    case = a_case(repo, COUNT, fail_to_pass=("tests/test_box.py::TestOnly::test_alone",))
    text = issue.write(case, "0").text
    assert "Box(2).put('x')" in text and "`1`" in text
    nothing = a_case(repo, COUNT, fail_to_pass=("gone.py::test_gone",))
    assert "`boxes.Box`" in issue.write(nothing, "0").text


def test_every_shape_is_used_and_the_seed_alone_decides(repo: Repo) -> None:
    case = case_of("raised", repo)
    texts = [issue.write(case, str(seed)) for seed in range(40)]
    assert {text.source for text in texts} == {f"template:{name}" for name in shapes.SHAPES}
    assert texts == [issue.write(case, str(seed)) for seed in range(40)]


@pytest.mark.parametrize("name", [*shapes.SHAPES, "plain"])
def test_a_shape_is_never_empty_even_of_thin_facts(name: str, repo: Repo) -> None:
    thin = replace(facts.nameless(facts.plain(case_of("vague", repo))), version="")
    shape = shapes.SHAPES.get(name, lambda fact, _: shapes.plain(fact))
    assert len(shape(thin, random.Random(0)).split()) > 8


def test_a_value_is_fenced_whatever_it_holds() -> None:
    assert (
        phrases.tick("a`b") == "``a`b``"
        and phrases.tick("`a") == "`` `a ``"
        and phrases.tick("a\nb") == "`a b`"
    )


def test_a_snippet_with_names_that_nothing_binds_is_refused_for_other_evidence(repo: Repo) -> None:
    tests = (
        "from boxes import Box\n\n\ndef test_a(made):\n    assert made.put(1) == 1\n\n\n"
        "def test_b():\n    assert Box(2).put(2) == 1\n"
    )
    first, second = (
        Failure(f"tests/test_box.py::{name}", "AssertionError", "assert None == 1", (frame,))
        for name, frame in (
            ("test_a", Frame("tests/test_box.py", 5, "test_a")),
            ("test_b", Frame("tests/test_box.py", 9, "test_b")),
        )
    )
    files = {**FILES, "tests/test_box.py": tests}
    for failures, there in (((first, second), True), ((first,), False)):
        case = replace(a_case(repo, COUNT, *failures), clean=files.__getitem__)
        for seed in range(8):
            text = issue.write(case, str(seed)).text
            assert "made" not in text and ("Box(2).put(2)" in text) == there


def test_failing_tests_beyond_those_with_evidence_give_a_snippet_where_none_of_these_does(repo: Repo) -> None:
    unclear = "\n\n".join(f"def test_{i}(made):\n    assert made.put(1) == 1\n" for i in range(5))
    tests = f"from boxes import Box\n\n\n{unclear}\n\ndef test_last():\n    assert Box(2).put(2) == 1\n"
    failures = [
        Failure(f"tests/test_box.py::test_{i}", "AssertionError", "assert None == 1", ()) for i in range(5)
    ]
    ids = (*(f.test_id for f in failures), "tests/test_box.py::test_last")
    case = a_case(repo, COUNT, *failures, fail_to_pass=ids)
    case = replace(case, clean={**FILES, "tests/test_box.py": tests}.__getitem__)
    assert "Box(2).put(2)" in issue.write(case, "0").text


def test_other_broken_functions_are_told_with_evidence_or_by_name(repo: Repo) -> None:
    bug = replace(COUNT, functions=("boxes/_box.py::Box.put", "boxes/_box.py::total"))
    first = CASES["compared"][1]
    raised = a_failure(
        "test_total",
        "assert total(box)",
        "TypeError",
        "unsupported",
        (line_of(LIBRARY, "return sum("), "total"),
    )
    for failures in ((first,), (first, raised)):
        case = a_case(repo, bug, *failures)
        found = facts.ranked(case)[0]
        (other,) = found.others
        text = shapes.report(found, random.Random(0))
        assert "The same goes for" in text and other in text
        assert "boxes.total" in other or "boxes.Box" in other
    assert facts.ranked(a_case(repo, COUNT, first))[0].others == ()


def test_the_documentation_is_spoken_of_only_where_there_is_some(repo: Repo) -> None:
    found = facts.ranked(case_of("vague", repo))[0]
    assert found.api == "boxes.total" and found.documented
    assert "From the documentation I would" in shapes.question(found, random.Random(0))
    bare = LIBRARY.replace('    """The sum of what is in it."""\n', "")
    case = case_of("vague", repo)
    case = replace(case, buggy={"boxes/_box.py": bare})
    found = facts.ranked(case)[0]
    assert found.api == "boxes.total" and not found.documented
    assert "documentation" not in shapes.question(found, random.Random(0))
