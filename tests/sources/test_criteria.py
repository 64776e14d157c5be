from pathlib import Path

import pytest

from smith_lib.errors import InputError
from smith_lib.settings import SelectSettings
from smith_lib.sources.criteria import judge_static, kept_out
from smith_lib.sources.facts import Facts
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.types import RepoOutcome


def judged(
    repo: str = "owner/fine", license: str = "MIT", name: str = "fine", loc: int = 2_000, tests: int = 90,
    **settings: object,
) -> tuple[RepoOutcome, str] | None:  # fmt: skip
    tree = Tree(Path("/nowhere"), "id", Pin("source", repo), "0" * 40, "", "", license)
    known = Facts(name, "", license, "", loc, tests, (), ())
    return judge_static(tree, known, SelectSettings(**settings))


def test_what_meets_every_criterion_is_not_rejected():
    assert judged() is None
    assert judged(loc=1_000, tests=51) is None
    assert judged(loc=50_000) is None


@pytest.mark.parametrize(
    ("given", "outcome", "reason"),
    [
        ({"loc": 612}, "too_small", "612 lines of code, at least 1,000 wanted (min_loc)"),
        ({"loc": 93_841}, "too_large", "93,841 lines of code, at most 50,000 wanted (max_loc)"),
        ({"tests": 50}, "too_few_tests", "50 test functions in the source, at least 51 wanted (min_tests)"),
        (
            {"license": "GPL-3.0-only"}, "license",
            "licence GPL-3.0-only, wanted one of MIT, MIT-0, BSD-2-Clause, BSD-3-Clause and 11 more",
        ),
        ({"license": "ISC", "licenses": ("MIT",)}, "license", "licence ISC, wanted one of MIT"),
        ({"license": "unknown"}, "license", "no licence can be told; allow_unknown_license would let it in"),
        ({"repo": "Django/django"}, "contaminated", "django/django is on the list of benchmark repositories"),
    ],
)  # fmt: skip
def test_a_rejection_has_its_reason_and_figure(given: dict[str, object], outcome: str, reason: str):
    assert judged(**given) == (RepoOutcome(outcome), reason)


def test_a_licence_that_cannot_be_told_may_be_let_in():
    assert judged(license="unknown", allow_unknown_license=True) is None


@pytest.mark.parametrize(
    ("repo", "name"),
    [
        ("PALLETS/Flask", ""),
        ("pypi/flask", ""),
        ("pypi/scikit-learn", ""),
        ("local/Flask", ""),
        ("someone/fork-of-it", "Scikit_Learn"),
        ("pycqa/pylint", ""),
        ("local/checkout", "sympy"),
    ],
)
def test_benchmark_repositories_are_kept_out_under_any_spelling(repo: str, name: str):
    found = judged(repo=repo, name=name)
    assert found is not None
    assert found[0] is RepoOutcome.CONTAMINATED


def test_others_of_the_same_name_or_owner_are_not():
    known = {"pallets/click": "click", "someone/flask-login": "Flask-Login", "me/requests": "mine"}
    for repo, name in known.items():
        assert judged(repo=repo, name=name) is None


def test_the_list_can_be_extended(tmp_path: Path):
    more = tmp_path / "more.txt"
    more.write_text("# ours\nOwner/Fine   # why\n\nsome_package\n")
    extended = {"contamination_file": str(more)}
    for repo, name in (("owner/fine", ""), ("pypi/fine", ""), ("x/y", "Some.Package"), ("django/django", "")):
        found = judged(repo=repo, name=name, **extended)
        assert found is not None
        assert found[0] is RepoOutcome.CONTAMINATED
    with pytest.raises(InputError, match="contamination_file"):
        judged(contamination_file=str(tmp_path / "absent"))
    with pytest.raises(InputError, match="~nosuch/x"):
        judged(contamination_file="~nosuch/x")


def test_the_twelve_are_on_the_list_that_ships():
    listed = kept_out(SelectSettings())
    assert {
        "astropy/astropy", "django/django", "matplotlib/matplotlib", "mwaskom/seaborn", "pallets/flask",
        "psf/requests", "pydata/xarray", "pylint-dev/pylint", "pytest-dev/pytest",
        "scikit-learn/scikit-learn", "sphinx-doc/sphinx", "sympy/sympy",
    } <= listed.repos  # fmt: skip
    assert listed.names == {repo.split("/")[1] for repo in listed.repos}
