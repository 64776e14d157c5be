"""A server with OpenAI's chat completions, whose answers a function writes, and with its embeddings."""

import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.servers.web import Answer, Request, as_json, serving

Messages = list[dict[str, str]]


@dataclass
class OpenAI:
    """The server's state: what it says, troubles to come, and every request that came."""

    say: Callable[[Messages], str]
    """The answer's text, from the messages."""
    url: str = ""
    """The base URL, with `/v1`."""
    troubles: deque[Answer] = field(default_factory=deque)
    """Answers that the next requests get instead of their own."""
    delay: float = 0.0
    """Seconds before each answer."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """The requests' bodies."""
    keys: list[str] = field(default_factory=list)
    most_at_once: int = 0
    dimensions: int = 8
    """Of the vectors that texts get."""
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def broken(self, status: int, times: int = 1, headers: dict[str, str] | None = None) -> None:
        """Answer the next requests with that status."""
        error = {"error": {"message": "trouble", "type": "trouble", "code": None, "param": None}}
        self.troubles.extend([as_json(error, status, headers)] * times)

    def answer(self, request: Request) -> Answer:
        """The answer, after which the connection ends, since litellm would keep it open for good."""
        given = self._answer(request)
        return replace(given, headers={**given.headers, "Connection": "close"})

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            self.asked.append(json.loads(request.body))
            self.keys.append(request.headers.get("authorization", ""))
            body, trouble = self.asked[-1], self.troubles.popleft() if self.troubles else None
        time.sleep(self.delay)
        with self._lock:
            self._now -= 1
        if request.path == "/v1/embeddings":
            return trouble or as_json(embeddings(body["input"], self.dimensions))
        if request.path != "/v1/chat/completions":
            return as_json({"error": {"message": f"no {request.path}"}}, 404)
        if trouble or not body.get("stream"):
            return trouble or as_json(completion(self.say(body["messages"])))
        return streamed(pieces(self.say(body["messages"]), told=bool(body.get("stream_options"))))


def embeddings(texts: list[str], dimensions: int) -> dict[str, Any]:
    """Vectors as the API has them: how often words of each kind, told by their hash, come in the text."""
    rows = []
    for index, text in enumerate(texts):
        vector = [0.0] * dimensions
        for word in text.lower().split():
            vector[hashlib.sha256(word.encode()).digest()[0] % dimensions] += 1.0
        rows.append({"object": "embedding", "index": index, "embedding": vector})
    read = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": read, "total_tokens": read}
    return {"object": "list", "data": rows, "model": "text-embedding-3-small", "usage": usage}


def streamed(events: Iterable[Any], end: bytes = b"data: [DONE]\n\n") -> Answer:
    """Server-sent events, each when it is there."""

    def sent() -> Iterator[bytes]:
        for event in events:
            yield b"data: " + json.dumps(event).encode() + b"\n\n"
        yield end

    return Answer(200, headers={"Content-Type": "text/event-stream"}, pieces=sent)


def pieces(text: str, read: int = 10, written: int = 500, told: bool = True) -> Iterator[dict[str, Any]]:
    """A chat completion as the API has it where it is streamed, the usage last where it is `told`."""
    whole = completion(text, read, written)
    usage = whole.pop("usage")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**whole, "object": "chat.completion.chunk", "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    size = max(7, len(text) // 40)
    for start in range(0, len(text), size):
        yield chunk({"content": text[start : start + size]})
    yield chunk({}, "stop")
    if told:
        yield {**whole, "object": "chat.completion.chunk", "choices": [], "usage": usage}


def completion(text: str | None, read: int = 10, written: int = 500) -> dict[str, Any]:
    """A chat completion as the API has it."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-4o-mini",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"},
        ],
        "usage": {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written},
    }  # fmt: skip


@contextmanager
def openai(say: Callable[[Messages], str]) -> Iterator[OpenAI]:
    """The server, for as long as the `with` block lasts."""
    server = OpenAI(say)
    with serving(server.answer) as url:
        server.url = f"{url}/v1"
        yield server
