"""Fixes that nothing else undoes, undone by a model."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from smith_lib.inject.candidates import candidates
from smith_lib.inject.mirror_family.history import History
from smith_lib.inject.mirror_family.mirror import Past
from smith_lib.llm import Model
from smith_lib.settings import InjectSettings
from smith_lib.types import Candidate, Strategy
from tests.inject.authors import fenced, model_of
from tests.inject.test_candidates import functions
from tests.inject.test_mirror_family import TEST, buggy, say, started
from tests.rows import a_repo
from tests.servers.openai import Messages, OpenAI, openai
from tests.sources.made import git

BEFORE = '''\
def longest(sides):
    best = 0
    for side in sides:
        if side > best:
            best = side
    return best
'''
AFTER = BEFORE.replace("if side > best", "if side is not None and side > best")
TODAY = '''\
"""Shapes."""


def longest(sides, *, key=float):
    """The longest of the sides that are there."""
    known = [key(one) for one in sides if one is not None]
    return max(known, default=0)
'''
UNDONE = " if one is not None"


def undoes(messages: Messages) -> str:
    """A model that knows how."""
    *_, today = re.findall(r"```python\n(.*?)```", messages[1]["content"], re.S)
    return fenced(today.replace(UNDONE, ""))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    with openai(undoes) as running:
        yield running


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    made = started(tmp_path / "r", BEFORE)
    say(made, "Skip missing sides", {"pkg/shapes.py": AFTER, "tests/test_pkg.py": TEST.format("longest")})
    say(made, "Write it anew", {"pkg/shapes.py": TODAY})
    return made


def drawn(repo: Path, model: Model | None) -> list[Candidate]:
    settings = InjectSettings.model_validate({"strategies": ["mirror"]})
    files = ("pkg/shapes.py",)
    row = a_repo(repo_id="o__n.12345678", source_files=files, test_files=())
    past = Past(History(repo, git(repo, "rev-parse", "HEAD"), "o/n"))
    return candidates(row, repo, functions(repo, files), settings, 0, model, past=past)


def test_a_model_undoes_what_nothing_else_does(server: OpenAI, repo: Path, tmp_path: Path) -> None:
    assert drawn(repo, None) == []
    [row] = drawn(repo, model_of(server, tmp_path))
    assert (row.strategy, row.operator) == (Strategy.MIRROR, "mirror_ported")
    assert (row.model, row.cost_usd > 0, row.fix_title) == ("openai/gpt-4o-mini", True, "Skip missing sides")
    assert buggy(repo, row)["pkg/shapes.py"] == TODAY.replace(UNDONE, "")
    said = server.asked[0]["messages"][1]["content"]
    assert all(piece.rstrip() in said for piece in (BEFORE, AFTER, TODAY.partition("\n\n\n")[2]))
    assert drawn(repo, model_of(server, tmp_path, "second")) == [row]
    assert len(server.asked) == 1


def test_an_answer_that_cannot_be_used_is_asked_for_once_more(
    server: OpenAI, repo: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def unsure(messages: Messages) -> str:
        return undoes(messages) if len(messages) > 2 else "It was like this: " + BEFORE

    server.say = unsure
    assert len(drawn(repo, model_of(server, tmp_path / "a"))) == 1
    assert len(server.asked) == 2
    for answer in ("NONE", fenced(TODAY.partition("\n\n\n")[2]), "import os", fenced("os.system('x')\n")):
        server.say = lambda messages, answer=answer: answer
        with caplog.at_level(logging.INFO):
            assert drawn(repo, model_of(server, tmp_path / f"{hash(answer)}")) == []
        assert "not ported" in caplog.text
        caplog.clear()
