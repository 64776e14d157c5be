"""A model's answers: bought once, within the budget, whatever the server does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smith_lib import budget
from smith_lib.budget import Budget
from smith_lib.errors import BudgetSpent, ModelRefused, ModelUnusable, NetworkError
from smith_lib.llm import TRIES, Answer, Model, ask, ask_all
from smith_lib.settings import LlmSettings
from tests.servers.openai import Messages, OpenAI, completion, openai
from tests.servers.web import Answer as Reply
from tests.servers.web import as_json

PRICE = (10 * 0.15 + 500 * 0.60) / 1e6
"""What an answer of the server costs by litellm's table."""


def asked(text: str) -> Messages:
    return [{"role": "user", "content": text}]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAI]:
    monkeypatch.setenv("OPENAI_API_KEY", "from the environment")
    with openai(lambda messages: f"to {messages[-1]['content']}") as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def model(server: OpenAI, slept: list[float], tmp_path: Path) -> Model:
    settings = LlmSettings(model="openai/gpt-4o-mini", base_url=server.url, longest_answer=500, timeout=5)
    return Model(settings, tmp_path / "llm", "run", slept.append)


def changed(model: Model, /, run: str = "", **settings: Any) -> Model:
    return Model(
        model.settings.model_copy(update=settings), model.folder, run or model.run_id, model.sleep
    )


def test_an_answer_is_bought_once(server: OpenAI, model: Model) -> None:
    first, second = ask(asked("a"), model), ask(asked("a"), changed(model, run="another"))
    assert first == Answer("to a", pytest.approx(PRICE), "openai/gpt-4o-mini", cached=False)
    assert second == Answer("to a", first.cost_usd, "openai/gpt-4o-mini", cached=True)
    assert len(server.asked) == 1
    assert server.keys == ["Bearer from the environment"]
    assert budget.spent(model.budget) == (1, pytest.approx(PRICE))
    ask(asked("a"), changed(model, temperature=0.1))
    ask(asked("b"), model)
    assert len(server.asked) == 3


def test_a_damaged_answer_is_bought_again(server: OpenAI, model: Model) -> None:
    ask(asked("a"), model)
    [kept] = (model.folder / "answers").glob("*/*.json")
    kept.write_text("{")
    assert not ask(asked("a"), model).cached
    assert ask(asked("a"), model).cached
    assert len(server.asked) == 2


def test_a_busy_server_is_waited_for(server: OpenAI, model: Model, slept: list[float]) -> None:
    server.broken(429, headers={"retry-after": "7"})
    server.broken(503)
    assert ask(asked("a"), model).text == "to a"
    assert slept == [7, 2]
    assert budget.spent(model.budget) == (3, pytest.approx(PRICE))


@pytest.mark.parametrize(
    "trouble",
    [
        as_json({"error": {"message": "x"}}, 500),
        Reply(200, b'{"id": ', {"Content-Type": "application/json"}),
        Reply(200, b"<html>", {"Content-Type": "text/html"}),
        as_json({**completion("x"), "choices": None}),
    ],
    ids=["500", "malformed", "html", "no choices"],
)
def test_a_server_that_stays_broken_is_given_up(
    server: OpenAI, model: Model, slept: list[float], trouble: Reply
) -> None:
    server.troubles.extend([trouble] * TRIES)
    with pytest.raises(NetworkError, match=r"openai/gpt-4o-mini at http://127.* does not answer: 500"):
        ask(asked("a"), model)
    assert len(server.asked) == TRIES
    assert slept == [1, 2, 4, 8]
    assert budget.spent(model.budget) == (TRIES, 0)
    assert ask(asked("a"), model).text == "to a"


def test_a_slow_server_is_not_waited_for_and_counts_as_paid(server: OpenAI, model: Model) -> None:
    hasty = changed(model, timeout=0.1)
    server.delay = 0.4
    with pytest.raises(NetworkError, match="408"):
        ask(asked("a"), hasty)
    requests, usd = budget.spent(hasty.budget)
    assert requests == TRIES
    assert usd > TRIES * 500 * 0.60 / 1e6


def test_where_nobody_listens_is_told(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NetworkError, match="does not answer"):
        ask(asked("a"), changed(model, base_url="http://127.0.0.1:9/v1"))
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ModelUnusable, match=r"no key for .*gpt-4o-mini': set OPENAI_API_KEY"):
        ask(asked("a"), changed(model, base_url=""))
    with pytest.raises(ModelUnusable, match=r"'nonsense' is of no known provider"):
        ask(asked("a"), changed(model, model="nonsense", input_price=0.0, output_price=0.0))
    with pytest.raises(ModelUnusable, match=r"no price is known .*llm.input_price"):
        ask(asked("a"), changed(model, model="openai/mine"))
    assert budget.spent(model.budget) == (TRIES, 0)


def test_a_server_of_ones_own_needs_no_key(
    server: OpenAI, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    own = changed(model, model="openai/mine", input_price=0.0, output_price=0.0)
    assert ask(asked("a"), own) == Answer("to a", 0.0, "openai/mine", cached=False)


def test_refusals_are_told_apart(server: OpenAI, model: Model) -> None:
    server.broken(401)
    with pytest.raises(ModelUnusable, match="401"):
        ask(asked("a"), model)
    server.broken(400)
    first, second = ask_all([asked("a"), asked("b")], changed(model, workers=1))
    assert isinstance(first, ModelRefused)
    assert isinstance(second, Answer)
    assert budget.spent(model.budget) == (3, pytest.approx(PRICE))


def test_answers_come_in_order_from_several_requests_at_once(server: OpenAI, model: Model) -> None:
    server.delay = 0.05
    answers = ask_all([asked(str(n)) for n in range(20)], model)
    assert [answer.text for answer in answers if isinstance(answer, Answer)] == [f"to {n}" for n in range(20)]
    assert 1 < server.most_at_once <= 4


@pytest.mark.parametrize("workers", [1, 4])
def test_the_budget_is_never_passed_and_a_second_run_stops_where_the_first_did(
    server: OpenAI, model: Model, workers: int
) -> None:
    questions = [asked(str(n)) for n in range(8)]
    few = changed(model, max_requests=5, workers=workers)
    first = ask_all(questions, few)
    assert [isinstance(answer, Answer) for answer in first] == [True] * 5 + [False] * 3
    assert len(server.asked) == 5
    assert str(first[-1]) == "llm.max_requests = 5 is used up"
    with pytest.raises(BudgetSpent):
        ask(asked("more"), few)
    second = ask_all(questions, changed(few, run="second"))
    assert [isinstance(answer, Answer) for answer in second] == [True] * 5 + [False] * 3
    assert len(server.asked) == 5
    poor = changed(model, run="poor", max_usd=2.5 * PRICE, temperature=0.1, workers=workers)
    third = ask_all(questions, poor)
    assert [isinstance(answer, Answer) for answer in third] == [True] * 2 + [False] * 6
    assert budget.spent(poor.budget)[1] <= poor.settings.max_usd
    assert "llm.max_usd" in str(third[-1])


def test_the_budget_is_one_for_all_processes(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from smith_lib.budget import *\n"
        "for _ in range(50): hold(Budget(Path(sys.argv[1]), 1000, 9), 1, 0.001)"
    )
    shared = Budget(tmp_path / "spent.json", 1_000, 9.0)
    runs = [subprocess.Popen([sys.executable, "-c", script, str(shared.file)]) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    assert budget.spent(shared) == (150, pytest.approx(0.15))
    assert json.loads(shared.file.read_text())["nanos"] == 150_000_000
