"""A model's answers: bought once, within the budget, whatever the server does."""

import gzip
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smith_lib import budget
from smith_lib import completion as completions
from smith_lib.budget import Budget
from smith_lib.errors import BudgetSpent, ModelRefused, ModelUnusable, NetworkError, NoAnswer
from smith_lib.llm import PAID_TRIES, TRIES, Answer, Model, ask, ask_all
from smith_lib.settings import LlmSettings
from tests.servers.openai import Messages, OpenAI, completion, openai, pieces, streamed
from tests.servers.web import Answer as Reply
from tests.servers.web import as_json

pytestmark = [
    pytest.mark.filterwarnings("ignore:Pydantic serializer warnings"),  # litellm's, of odd answers
    pytest.mark.filterwarnings("ignore:Accessing the 'model_"),  # and of its ways
]
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


def test_litellm_writes_nothing(model: Model) -> None:
    """Standard output is the command's: its `--json` is one document."""
    script = (
        "import logging, sys; from pathlib import Path; from smith_lib.llm import *\n"
        "from smith_lib.settings import LlmSettings\n"
        "logging.getLogger().setLevel(logging.INFO); logging.getLogger('LiteLLM').setLevel(logging.INFO)\n"
        "told = LlmSettings(model='openai/gpt-4o-mini', base_url=sys.argv[1])\n"
        "ask([{'role': 'user', 'content': 'a'}], Model(told, Path(sys.argv[2]), 'run'))"
    )
    command = [sys.executable, "-c", script, model.settings.base_url, str(model.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


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


def json_of(body: bytes, **headers: str) -> Reply:
    return Reply(200, body, {"Content-Type": "application/json", **headers})


def choice(**changes: Any) -> Reply:
    whole = completion("x")
    return as_json({**whole, "choices": [{**whole["choices"][0], **changes}]})


FIRST = next(pieces("x"))
BROKEN: dict[str, tuple[bool, Reply]] = {
    "malformed": (False, json_of(b'{"id": ')),
    "html": (False, Reply(200, b"<html>", {"Content-Type": "text/html"})),
    "nothing": (False, Reply(204)),
    "a list": (False, as_json([1, 2])),
    "no choices": (False, as_json({**completion("x"), "choices": None})),
    "no message": (False, choice(message=None)),
    "a number": (False, as_json({**completion("x"), "choices": [7]})),
    "parts": (False, choice(message={"role": "assistant", "content": [{"type": "text", "text": "x"}]})),
    "a villain": (False, choice(message={"role": "villain", "content": "x"})),
    "usage in words": (False, as_json({**completion("x"), "usage": {"prompt_tokens": "ten"}})),
    "nested without end": (False, json_of(b"[" * 100_000)),
    "not UTF-8": (False, json_of(b'{"id": "\xff"}')),
    "compressed": (False, json_of(gzip.compress(b" " * 1_000_000), **{"Content-Encoding": "gzip"})),
    "events of rubbish": (True, Reply(200, b"data: {\n\n", {"Content-Type": "text/event-stream"})),
    "no events": (True, as_json(completion("x"))),
    "an event of nothing": (True, streamed([None])),
    "an event of a list": (True, streamed([[1]])),
    "an error in the stream": (True, streamed([FIRST, {"error": {"message": "overloaded"}}])),
    "choices of nothing": (True, streamed([{**FIRST, "choices": None}])),
    "the same for ever": (True, streamed(itertools.repeat(list(pieces("hello world"))[1]))),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "trouble"), BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_none_is_asked_for_again_and_counts_as_paid(
    server: OpenAI, model: Model, slept: list[float], stream: bool, trouble: Reply
) -> None:
    server.troubles.append(trouble)
    assert ask(asked("a"), changed(model, stream=stream)).text == "to a"
    assert (len(server.asked), slept) == (2, [1])
    requests, usd = budget.spent(model.budget)
    assert requests == 2
    assert usd > PRICE + 500 * 0.60 / 1e6


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [500, 502, 429])
def test_a_server_that_stays_broken_is_given_up_and_costs_nothing(
    server: OpenAI, model: Model, slept: list[float], stream: bool, status: int
) -> None:
    server.broken(status, TRIES)
    told = rf"openai/gpt-4o-mini at http://127.* does not answer: {status}"
    with pytest.raises(NetworkError, match=told):
        ask(asked("a"), changed(model, stream=stream))
    assert len(server.asked) == TRIES
    assert slept == [1, 2, 4, 8]
    assert budget.spent(model.budget) == (TRIES, 0)
    assert ask(asked("a"), model).text == "to a"


def test_a_streamed_answer_is_the_same_answer(server: OpenAI, model: Model) -> None:
    server.say = lambda messages: "one, two\n```python\nthree\n```\n"
    whole = ask(asked("a"), model)
    streaming = ask(asked("b"), changed(model, stream=True))
    assert (streaming.text, streaming.cost_usd) == (whole.text, whole.cost_usd)
    assert server.asked[1]["stream"] is True
    server.troubles.append(streamed(pieces("untold", told=False)))
    assert 0 < ask(asked("c"), changed(model, stream=True)).cost_usd < PRICE
    assert ask(asked("b"), model).cached


def drip(first: bytes, piece: bytes) -> Iterator[bytes]:
    yield first
    while True:
        time.sleep(0.05)
        yield piece


@pytest.mark.parametrize(
    ("stream", "kind", "first", "piece"),
    [
        (False, "application/json", b'{"id": "', b"x"),
        (True, "text/event-stream", b"data: ", b"x"),
        (True, "text/event-stream", b": hello\n\n", b": still here\n\n"),
        (True, "text/event-stream", b"", b"data: " + json.dumps(FIRST).encode() + b"\n\n"),
    ],
    ids=["json", "an event", "comments", "events"],
)
def test_an_answer_without_end_ends_in_time(
    server: OpenAI, model: Model, stream: bool, kind: str, first: bytes, piece: bytes
) -> None:
    answer = Reply(200, headers={"Content-Type": kind}, pieces=lambda: drip(first, piece))
    server.troubles.extend([answer] * PAID_TRIES)
    started = time.monotonic()
    with pytest.raises(NoAnswer, match="gives no answer that ends"):
        ask(asked("a"), changed(model, stream=stream, timeout=0.3))
    assert time.monotonic() - started < PAID_TRIES * 3
    assert budget.spent(model.budget)[1] > PAID_TRIES * 500 * 0.60 / 1e6


def test_what_no_client_ends_is_left_alone(
    server: OpenAI, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smith_lib.completion.SPARE_SECONDS", -4.9)
    server.delay = 0.4
    with pytest.raises(NoAnswer, match="408, no end after 5 seconds"):
        ask(asked("a"), model)


@pytest.mark.parametrize("stream", [False, True])
def test_of_an_answer_too_long_the_beginning_is_kept(server: OpenAI, model: Model, stream: bool) -> None:
    server.say = lambda messages: "".join(map(str, range(200_000)))
    got = ask(asked("a"), changed(model, stream=stream))
    assert len(got.text) == 100_000
    assert got.text.startswith("0123456789101112")


def test_a_flood_is_not_read_to_its_end(server: OpenAI, model: Model) -> None:
    sent = 0

    def flood() -> Iterator[bytes]:
        nonlocal sent
        yield b'{"id": "'
        while True:
            sent += 1
            yield b"x" * (1 << 20)

    server.troubles.append(Reply(200, headers={"Content-Type": "application/json"}, pieces=flood))
    assert ask(asked("a"), model).text == "to a"
    assert sent < 2 * completions.MOST_BYTES >> 20


@pytest.mark.parametrize(
    ("read", "written"), [(-5, -5), (0, 0), (10, 0), (-(10**400), 5)], ids=["less", "none", "half", "least"]
)
def test_a_server_that_counts_no_tokens_costs_the_most(
    server: OpenAI, model: Model, read: int, written: int
) -> None:
    server.troubles.append(as_json(completion("x", read, written)))
    got = ask(asked("a"), model)
    assert got.cost_usd > 500 * 0.60 / 1e6
    assert budget.spent(model.budget)[1] == pytest.approx(got.cost_usd)


def test_a_server_that_counts_too_many_tokens_ends_the_budget(
    server: OpenAI, model: Model, caplog: pytest.LogCaptureFixture
) -> None:
    server.troubles.append(as_json(completion("x", 10**400, 10**6)))
    assert ask(asked("a"), model).cost_usd == 1e6
    assert "counts 1000000 tokens written, 500 were allowed" in caplog.text
    with pytest.raises(BudgetSpent):
        ask(asked("b"), model)


def test_text_that_cannot_be_written_is_replaced(server: OpenAI, model: Model) -> None:
    said = json.dumps(completion("a\ud800b\0")).encode()
    server.troubles.append(json_of(said))
    assert ask(asked("a"), model).text == "a?b\0"
    assert ask(asked("a"), model).cached


def test_a_slow_server_is_not_waited_for_and_counts_as_paid(server: OpenAI, model: Model) -> None:
    hasty = changed(model, timeout=0.1)
    server.delay = 0.4
    with pytest.raises(NoAnswer, match="408"):
        ask(asked("a"), hasty)
    requests, usd = budget.spent(hasty.budget)
    assert requests == PAID_TRIES
    assert usd > PAID_TRIES * 500 * 0.60 / 1e6
    server.delay = 0
    server.say = lambda messages: "still there"
    server.troubles.extend([Reply(200, b"<html>", {"Content-Type": "text/html"})] * PAID_TRIES)
    first, second = ask_all([asked("b"), asked("c")], changed(model, workers=1))
    assert isinstance(first, NoAnswer)
    assert isinstance(second, Answer)


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
