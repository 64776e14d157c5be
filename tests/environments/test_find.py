"""What is made of a trial, told by a scripted sandbox: the real ones are in test_real."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smith_lib.environments.find import Found, find
from smith_lib.errors import EngineError, InputError, NetworkError
from smith_lib.sandbox.protocol import Ended, Environment, Job, Limits, Ran
from smith_lib.settings import EnvironmentSettings
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.types import RepoOutcome

BEST: dict[str, Any] = {
    "recipe": "group test, releases of its time", "minor": 11, "date": "2026-01-31T00:00:00Z",
    "mode": "editable", "pythonpath": [], "requirements": ["pytest==8.0", "attrs==25.1"],
    "args": ["-p", "no:randomly", "tests"], "ignored": [], "lost": 0, "tests": 60, "passed": 60,
    "seconds": 1.5, "good": True, "score": [60, 0],
}  # fmt: skip


class Scripted:
    """A sandbox whose trial tells what the script says."""

    name = "scripted"

    def __init__(self, ran: Callable[[Job], Ran]) -> None:
        self.ran = ran
        self.built: list[Environment] = []
        self.broken = ""
        """What the build fails with."""

    def check(self) -> str:
        return "scripted"

    def base(self) -> str:
        return "base:1"

    def trial(self, tree: Path, job: Job, limits: Limits) -> Ran:
        return self.ran(job)

    def build(self, environment: Environment, tree: Path, limits: Limits) -> str:
        if self.broken:
            raise InputError(self.broken)
        self.built.append(environment)
        return "built"

    def has(self, environment: Environment) -> bool:
        return environment in self.built

    def run(self, environment: Environment, job: Job, limits: Limits) -> Ran:
        raise AssertionError("nothing is run")

    def close(self) -> None: ...


def told(**changes: Any) -> Callable[[Job], Ran]:
    answer = {"network": None, "attempts": [], "best": None, "interpreters": [11], **changes}
    return lambda job: Ran(Ended.EXITED, 0, json.dumps(answer).encode(), b"the log", 1.0)


def attempt(reason: str, installed: bool = False) -> dict[str, Any]:
    return {"recipe": "bare, newest", "installed": installed, "good": False, "tests": 0, "passed": 0,
            "seconds": 1.0, "reason": reason}  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_a.py").touch()
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\nrequires-python = '>=3.9'\n")
    pin = Pin("git+https://user:token@host/o/x@" + "a" * 40, "o/x")
    return Tree(tmp_path, "o__x.aaaaaaaa", pin, "a" * 40, "2026-01-01T00:00:00Z", "1.0", "MIT")


def found(tree: Tree, ran: Callable[[Job], Ran]) -> tuple[Found, Scripted]:
    sandbox = Scripted(ran)
    return find(tree, sandbox, EnvironmentSettings(), Limits(10)), sandbox


def test_the_best_recipe_becomes_an_environment(tree: Tree) -> None:
    result, sandbox = found(tree, told(best=BEST, attempts=[attempt("", True)]))
    environment = result.environment
    assert result.outcome is RepoOutcome.KEPT and environment is not None
    assert sandbox.built == [environment]
    assert environment.requirements == "attrs==25.1\npytest==8.0\n"
    assert result.test_command == "python -m pytest --continue-on-collection-errors -p no:randomly tests"
    assert environment.install == (
        "--no-deps", "--no-sources", "--exclude-newer", "2026-01-31T00:00:00Z", "-e", "/testbed",
    )  # fmt: skip
    assert "the log" in result.log and "built" in result.log
    assert environment.image == f"smith/x:{environment.digest[:12]}"
    assert "token" not in environment.dockerfile and "host/o/x" in environment.dockerfile


def test_the_digest_follows_what_the_environment_is_made_from_and_nothing_else(tree: Tree) -> None:
    def digest(**changes: Any) -> str:
        environment = found(tree, told(best={**BEST, **changes}))[0].environment
        assert environment is not None
        return environment.digest

    assert digest() == digest(seconds=99.0, passed=59)
    changes: list[dict[str, Any]] = [
        {"requirements": ["pytest==8.1"]}, {"date": ""}, {"mode": "compat"}, {"minor": 12},
        {"mode": "source", "pythonpath": ["/testbed/src"]},
    ]  # fmt: skip
    assert len({digest(), *(digest(**change) for change in changes)}) == len(changes) + 1


def test_what_a_trial_tells_is_not_trusted(tree: Tree) -> None:
    forged = {
        **BEST, "requirements": ["pytest==8.0", "x==1\nRUN curl evil", "evil @ file:///x"],
        "date": "now\nRUN evil",
        "pythonpath": ["/testbed/src", "/etc", "/testbed\nRUN evil"],
        "ignored": ["../../etc", "/etc", "tests/none.py", "tests"],
    }  # fmt: skip
    result, _ = found(tree, told(best=forged))
    assert result.environment is not None
    assert result.environment.requirements == "pytest==8.0\n"
    assert result.ignored == ("tests/test_a.py",)
    assert "evil" not in result.environment.dockerfile
    assert dict(result.environment.environ) == {"PYTHONPATH": "/testbed/src"}


def test_a_failed_build_names_the_recipe_and_the_cause_and_keeps_its_log(tree: Tree) -> None:
    result, _ = found(tree, told(attempts=[attempt("fatal error: ffi.h: No such file"), attempt("other")]))
    assert result.outcome is RepoOutcome.BUILD_FAILED and result.environment is None
    assert result.reason == (
        "recipe 'bare, newest': cannot be installed: fatal error: ffi.h: No such file (so did 1 other tries)"
    )
    assert result.log == "the log"


def test_an_image_that_cannot_be_built_is_an_outcome_and_a_silent_index_is_not(tree: Tree) -> None:
    sandbox = Scripted(told(best=BEST))
    sandbox.broken = "building failed\n\x1b[31mnot finished after 900 s\n"
    result = find(tree, sandbox, EnvironmentSettings(), Limits(10))
    assert result.outcome is RepoOutcome.BUILD_FAILED and result.environment is None
    assert result.reason.endswith("could not be built: [31mnot finished after 900 s")
    sandbox.broken = "building failed\nerror sending request for url\n"
    with pytest.raises(NetworkError):
        find(tree, sandbox, EnvironmentSettings(), Limits(10))


def test_a_suite_that_does_not_run_is_told_apart_from_a_build(tree: Tree) -> None:
    result, _ = found(tree, told(attempts=[attempt("no"), attempt("3 modules cannot be collected", True)]))
    assert result.outcome is RepoOutcome.SUITE_FAILED
    assert "3 modules cannot be collected" in result.reason


def test_a_suite_of_which_half_fails_is_not_handed_on(tree: Tree) -> None:
    best = {**BEST, "passed": 40, "ignored": ["tests/test_a.py"], "lost": 20}
    assert found(tree, told(best=best, attempts=[attempt("x", True)]))[0].outcome is RepoOutcome.SUITE_FAILED


def test_no_interpreter_is_an_outcome_with_the_specifier(tree: Tree) -> None:
    result, _ = found(tree, told(interpreters=[]))
    assert result.outcome is RepoOutcome.NO_INTERPRETER
    assert ">=3.9" in result.reason


def test_an_index_that_does_not_answer_is_broken_machinery(tree: Tree) -> None:
    with pytest.raises(NetworkError, match=r"o__x.aaaaaaaa.*dns error"):
        found(tree, told(network="dns error: no such host"))


def test_a_trial_that_is_killed_is_the_repositorys_failure(tree: Tree) -> None:
    result, _ = found(tree, lambda job: Ran(Ended.KILLED, -1, b"", b"$ python -m pytest tests", 9.0))
    assert result.outcome is RepoOutcome.SUITE_FAILED
    assert "killed" in result.reason


def test_a_trial_that_breaks_is_ours(tree: Tree) -> None:
    with pytest.raises(EngineError, match="SyntaxError"):
        found(tree, lambda job: Ran(Ended.EXITED, 1, b"", b"Traceback\nSyntaxError: bad\n", 9.0))


def test_the_trial_is_asked_for_dated_recipes_only_where_settings_say_so(tree: Tree) -> None:
    asked: list[Any] = []

    def ran(job: Job) -> Ran:
        asked.append(json.loads(job.stdin))
        return told()(job)

    for dated in (True, False):
        find(tree, Scripted(ran), EnvironmentSettings(dated=dated, slack_days=7), Limits(10))
    moments = [[date for _, date in asked[i]["pythons"][0]["dates"]] for i in (0, 1)]
    assert moments == [["2026-01-08T00:00:00Z", "2026-04-05T00:00:00Z", ""], [""]]
    assert all("pytest" in recipe["requirements"] for recipe in asked[0]["recipes"])


def test_versions_told_by_history_alone_are_pretended(tree: Tree) -> None:
    (tree.path / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools-scm"]\n')
    environment = found(tree, told(best=BEST))[0].environment
    assert environment is not None
    assert dict(environment.environ)["SETUPTOOLS_SCM_PRETEND_VERSION"] == "1.0"
    assert "ENV SETUPTOOLS_SCM_PRETEND_VERSION=1.0\n" in environment.dockerfile
    (tree.path / "PKG-INFO").write_text("Name: x\nVersion: 1.0\n")
    again = found(tree, told(best=BEST))[0].environment
    assert again is not None and again.environ == ()
