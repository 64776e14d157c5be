"""One request to a model by litellm: where it goes, what it may cost, what came back or what went wrong.

litellm takes seconds to import and is imported with the first request.
"""

import logging
import os
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

from smith_lib.errors import ModelRefused, ModelUnusable, SmithError
from smith_lib.settings import LlmSettings

log = logging.getLogger(__name__)

MOST_TEXT = 100_000
"""Characters of an answer that are kept."""
MOST_BYTES = 32 << 20
"""Bytes of a response that are read."""
SPARE_SECONDS = 5.0
"""What a request may take beyond its time before nobody waits for it any more."""
MOST_USD = 1e6
"""What one answer may be said to cost."""

Message = dict[str, str]
"""`role` (system, user or assistant) and `content`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What one request brought."""

    text: str
    read: int
    """Tokens that the model read, as the server tells it; 0 where it does not."""
    written: int
    """Tokens that it wrote."""


class Again(Exception):  # noqa: N818
    """Another try may help; the text says why it is needed."""

    def __init__(self, why: str, wait: float, may_be_billed: bool) -> None:
        """Say why, how long the server asks to wait, and whether this try may have cost something."""
        super().__init__(why)
        self.wait = wait
        self.may_be_billed = may_be_billed


def who(settings: LlmSettings) -> str:
    """The model's name, with its server where that is not the provider's own."""
    return settings.model + (f" at {settings.base_url}" if settings.base_url else "")


@cache
def _litellm() -> Any:
    """The library, told to look nothing up, to read no file and to print nothing."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")  # else it reads a .env file
    import litellm

    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it writes to standard output
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.client_session = _bounded_client()
    warnings.filterwarnings("ignore", "Item .* on TypedDict", UserWarning)  # pydantic's, of litellm's types
    return litellm


def _bounded_client() -> Any:
    """What asks OpenAI and its like: a response ends with its request's time, and at `MOST_BYTES`."""
    import httpx

    class Bounded(httpx.SyncByteStream):
        def __init__(self, stream: Any, seconds: float) -> None:
            self.stream, self.until, self.left = stream, monotonic() + seconds, MOST_BYTES

        def __iter__(self) -> Iterator[bytes]:
            for chunk in self.stream:
                self.left -= len(chunk)
                if self.left < 0 or monotonic() > self.until:
                    raise httpx.ReadTimeout("the answer does not end")
                yield chunk

        def close(self) -> None:
            self.stream.close()

    def bound(response: httpx.Response) -> None:
        seconds = response.request.extensions.get("timeout", {}).get("read")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx.DecodingError("the answer is compressed, which was not asked for")
        response.stream = Bounded(response.stream, seconds or LlmSettings().timeout)

    headers = {"Accept-Encoding": "identity"}  # what a small compressed answer grows to is not known
    return httpx.Client(follow_redirects=True, headers=headers, event_hooks={"response": [bound]})


@cache
def prices(settings: LlmSettings) -> tuple[float, float]:
    """Dollars a token read and a token written. Raises `ModelUnusable` where they are not known."""
    if settings.input_price is not None and settings.output_price is not None:
        return settings.input_price / 1e6, settings.output_price / 1e6
    try:
        into, out = _litellm().cost_per_token(model=settings.model, prompt_tokens=1, completion_tokens=1)
    except Exception as error:  # whatever its table's look-up raises
        told = "set llm.input_price and llm.output_price (0 where it is free)"
        raise ModelUnusable(f"no price is known for llm.model = {settings.model!r}: {told}") from error
    return float(into), float(out)


def most_usd(messages: Sequence[Message], settings: LlmSettings) -> float:
    """The most that one request may cost: a token is at least one byte."""
    into, out = prices(settings)
    read = 64 + sum(len(message["content"].encode()) + 16 for message in messages)
    return read * into + settings.longest_answer * out


def usd(reply: Reply, settings: LlmSettings, held: float) -> float:
    """What the reply cost by what the server counted; the most that it may have where it counts nothing."""
    into, out = prices(settings)
    if reply.read <= 0 or reply.written < 0 or (reply.text and not reply.written):
        return held
    told = min(MOST_USD, min(reply.read, 1 << 60) * into + min(reply.written, 1 << 60) * out)
    if told > held:
        log.warning("%s counts %d tokens written, %d were allowed",
                    who(settings), reply.written, settings.longest_answer)  # fmt: skip
    return told


@cache
def access(settings: LlmSettings) -> dict[str, str]:
    """Where to send a request and with what key. Raises `ModelUnusable` where the environment holds none."""
    litellm = _litellm()
    try:
        litellm.get_llm_provider(settings.model)
    except Exception as error:  # a kind of its own for each way of not knowing it
        told = "wanted PROVIDER/NAME as litellm has it, e.g. openai/gpt-4o-mini"
        raise ModelUnusable(f"llm.model = {settings.model!r} is of no known provider; {told}") from error
    missing = litellm.validate_environment(settings.model)["missing_keys"]
    if settings.base_url:
        own = {"api_key": "none"} if missing else {}  # a server of one's own often wants no key
        return {"base_url": settings.base_url, **own}
    if missing:
        raise ModelUnusable(f"no key for llm.model = {settings.model!r}: set {', '.join(missing)}")
    return {}


def sent(messages: Sequence[Message], settings: LlmSettings) -> Reply:
    """One request. Raises `Again`, `ModelRefused` or `ModelUnusable`.

    It runs in a thread that is left alone where the request outlives its time: not every provider's client
    in litellm ends a response that goes on and on.
    """
    _litellm()  # its import takes longer than some requests may
    found: list[Reply | Exception] = []

    def request() -> None:
        try:
            found.append(_asked(messages, settings))
        except Exception as error:  # raised again below, by the thread that waits
            found.append(error)

    thread = threading.Thread(target=request, name="llm request", daemon=True)
    thread.start()
    thread.join(settings.timeout + SPARE_SECONDS)
    if not found:
        raise Again(f"408, no end after {settings.timeout:g} seconds", 0.0, may_be_billed=True)
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def _asked(messages: Sequence[Message], settings: LlmSettings) -> Reply:
    litellm = _litellm()
    how = {"stream": True, "stream_options": {"include_usage": True}} if settings.stream else {}
    try:
        response = litellm.completion(
            model=settings.model,
            messages=list(messages),
            temperature=settings.temperature,
            max_tokens=settings.longest_answer,
            timeout=settings.timeout,
            drop_params=True,
            max_retries=0,
            num_retries=0,
            **how,
            **access(settings),
        )
        if not settings.stream:
            return _whole(response)
        with _closed(response):
            return _gathered(response, settings.timeout)
    except (Again, SmithError):
        raise
    except Exception as error:  # whatever litellm makes of what a server sends
        raise _told(error, settings) from error


def embedded(texts: Sequence[str], settings: LlmSettings) -> tuple[list[list[float]], int]:
    """One request for the texts' vectors, in order, and the tokens that were read (0 where none are told).

    Raises `Again`, `ModelRefused` or `ModelUnusable`.
    """
    litellm = _litellm()
    where = {"api_base" if name == "base_url" else name: told for name, told in access(settings).items()}
    try:
        response = litellm.embedding(
            model=settings.model,
            input=list(texts),
            timeout=settings.timeout,
            max_retries=0,
            encoding_format="float",
            **where,
        )
        rows = sorted(response.data, key=lambda one: int(one["index"]))
        vectors = [[float(number) for number in one["embedding"]] for one in rows]
    except SmithError:
        raise
    except Exception as error:  # whatever litellm makes of what a server sends
        raise _told(error, settings) from error
    if len(vectors) != len(texts) or len({len(vector) for vector in vectors}) != 1 or not vectors[0]:
        raise Again(f"500, {len(vectors)} vectors for {len(texts)} texts", 0.0, may_be_billed=True)
    return vectors, int(getattr(getattr(response, "usage", None), "prompt_tokens", 0) or 0)


@contextmanager
def _closed(chunks: Any) -> Iterator[None]:
    """Close a stream however the block ends.

    Left to the garbage collector it would be closed in the midst of whatever runs then: where that is the
    next request, httpcore's connection pool waits for a lock that its own thread holds.
    """
    try:
        yield
    finally:
        close = getattr(getattr(chunks, "completion_stream", None), "close", None)
        if close is not None:
            close()


def _whole(response: Any) -> Reply:
    text = response.choices[0].message.content if response.choices else ""
    return _reply(text, getattr(response, "usage", None))


def _gathered(chunks: Any, seconds: float) -> Reply:
    """What a stream of chunks says; an answer that does not end is cut off."""
    parts: list[str] = []
    usage = None
    length, until = 0, monotonic() + seconds
    for chunk in chunks:
        usage = getattr(chunk, "usage", None) or usage
        text = chunk.choices[0].delta.content if chunk.choices else ""
        parts.append(text or "")
        length += len(parts[-1])
        if length > MOST_TEXT:
            return _reply("".join(parts), None)
        if monotonic() > until:
            raise Again(f"408, no end after {seconds:g} seconds", 0.0, may_be_billed=True)
    if not length:
        raise Again("500, a stream that holds no answer", 0.0, may_be_billed=True)
    return _reply("".join(parts), usage)


def _reply(text: Any, usage: Any) -> Reply:
    """The text with what cannot be written in UTF-8 replaced, and the tokens told."""
    said = str(text or "")[:MOST_TEXT].encode("utf-8", "replace").decode("utf-8")
    counts = (getattr(usage, name, 0) or 0 for name in ("prompt_tokens", "completion_tokens"))
    return Reply(said, *map(int, counts))


def _told(error: Exception, settings: LlmSettings) -> Exception:
    """What a failure of litellm's means: try again, refused, or no use in asking anything."""
    status = int(getattr(error, "status_code", None) or 500)
    said = " ".join(str(error).split())[:200]
    if status in (408, 409, 425, 429) or status >= 500:
        headers = getattr(error, "litellm_response_headers", None) or {}
        asked = str(headers.get("retry-after", ""))
        return Again(f"{status}, {said}", float(asked) if asked.isdecimal() else 0.0, not _is_free(error))
    if status in (401, 402, 403, 404):
        return ModelUnusable(f"{who(settings)} answers {status}: {said}")
    return ModelRefused(f"{who(settings)} refuses the question with {status}: {said}")


def _is_free(error: BaseException | None) -> bool:
    """Whether the server said no or was never reached: what else went wrong may have been paid for."""
    while error is not None:
        if type(error).__module__.partition(".")[0] in ("openai", "httpx"):
            status = getattr(getattr(error, "response", None), "status_code", 0)
            if status >= 400 or type(error).__name__ in ("ConnectError", "ConnectTimeout", "PoolTimeout"):
                return True
        error = error.__cause__ or error.__context__
    return False
