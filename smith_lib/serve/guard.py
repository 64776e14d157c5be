"""Who may ask and how much: the token, the host that is meant, the size of a body."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

from smith_lib.serve.counts import Counts

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN = ("/health", "/docs", "/openapi.json")
"""Paths that tell nothing which a token should keep."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
PATIENCE = 30.0
"""Seconds within which a body must have come."""


class Guard:
    """An ASGI application before another one, which hears only of requests that may be answered."""

    def __init__(
        self, app: App, counts: Counts, paths: frozenset[str], token: str, most: int,
        open_to_all: Collection[str] = OPEN,
    ) -> None:  # fmt: skip
        """Before `app`, whose paths are these; bodies of at most `most` bytes. Without a token, only requests
        that name this machine as their host are let through, so that no page in a browser reaches it."""
        self._open = frozenset(open_to_all)
        self._app, self._counts, self._paths, self._most = app, counts, paths, most
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or let the application do so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                path = scope["path"] if scope["path"] in self._paths else "other"
                self._counts.request(path, message["status"])
            await send(message)

        refusal = self._refused(scope) or await self._too_much(scope, receive)
        if refusal is not None and not isinstance(refusal, bytes):
            await _answer(counted, *refusal)
            return
        await self._app(scope, _replayed(refusal or b"", receive), counted)

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        headers = dict(scope["headers"])
        if not self._token:
            host = headers.get(b"host", b"").decode("latin-1")
            name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
            return None if name in LOOPBACK else (403, f"the host {host!r} is none of this machine's own")
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        known = scheme.lower() == b"bearer" and secrets.compare_digest(given, self._token)
        if scope["path"] in self._open or known:
            return None
        return 401, "the header `Authorization: Bearer TOKEN` is missing, or the token is another one"

    async def _too_much(self, scope: Scope, receive: Receive) -> tuple[int, str] | bytes:
        """The whole body; or why it is not taken."""
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told) > self._most:
            return 413, f"a body of at most {self._most} bytes is taken, not of {told.decode('latin-1')[:20]}"
        parts, size = [], 0
        try:
            async with asyncio.timeout(PATIENCE):
                while (message := await receive())["type"] == "http.request":
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._most:
                        return 413, f"a body of at most {self._most} bytes is taken"
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            return 408, f"the body did not come within {PATIENCE:.0f} seconds"
        return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return again


async def _answer(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"www-authenticate", b"Bearer")] if status == 401 else []
    headers += [(b"connection", b"close")] if status in (408, 413) else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
