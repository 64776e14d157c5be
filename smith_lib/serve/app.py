"""The HTTP API: grades and rewards for one patch or many, health, figures, and its own description."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from smith_lib.errors import MachineryError, SandboxUnavailable
from smith_lib.grade.grades import unknown
from smith_lib.serve.counts import Counts
from smith_lib.serve.desk import Desk
from smith_lib.serve.guard import Guard
from smith_lib.serve.messages import Ask, Batch, Health, Judged, Judgements, Worth, Worths, told
from smith_lib.serve.page import page
from smith_lib.types import Grade, Instance

POLL = 1.0
"""Seconds between two looks whether who asked is still there."""
ANSWERS: dict[int | str, dict[str, Any]] = {
    401: {"description": "The token is missing or another one."},
    404: {"description": "No task has that id; in a batch, that row's outcome says so."},
    413: {"description": "The body is too large, or the batch too long."},
    429: {"description": "The queue is full; ask again after `Retry-After` seconds."},
    503: {"description": "The machinery broke or is being stopped; ask again after `Retry-After` seconds."},
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one request may ask for."""

    batch: int = 64
    """Patches."""
    body_bytes: int = 16 * 2**20


def app(tasks: Mapping[str, Instance], desk: Desk, counts: Counts, bounds: Bounds, token: str = "") -> Guard:
    """An ASGI application that answers for these tasks, by id. An empty token asks for none.

    Needs fastapi.
    """
    from fastapi import FastAPI, HTTPException, Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

    about = "Patches judged by the tests of the tasks they are for, and what they are worth to a trainer."
    api = FastAPI(title="Smith", description=about, docs_url=None, redoc_url=None)

    async def judged(request: Request, asked: Sequence[Ask]) -> list[dict[str, Any]]:
        if len(asked) > bounds.batch:
            raise HTTPException(413, f"{len(asked)} patches; at most {bounds.batch} a batch are taken")
        known = [(tasks[one.instance_id], one.diff()) for one in asked if one.instance_id in tasks]
        coming = desk.put(known)
        if coming is None:
            status, why = (503, "the service is being stopped") if desk.closed else (429, "the queue is full")
            raise HTTPException(status, why, {"Retry-After": str(desk.seconds())})
        grades = iter(await _awaited(request, coming))
        rows = (next(grades) if one.instance_id in tasks else unknown(one.instance_id, "") for one in asked)
        return [told(grade) for grade in rows]

    async def one(request: Request, asked: Ask) -> dict[str, Any]:
        if asked.instance_id not in tasks:
            raise HTTPException(404, f"no task has the id {asked.instance_id[:200]!r}")
        return (await judged(request, [asked]))[0]

    @api.post("/grade", responses=ANSWERS, response_model=Judged)
    async def grade(request: Request, asked: Ask) -> Any:
        """What the tests say of a patch."""
        return await one(request, asked)

    @api.post("/grade/batch", responses=ANSWERS, response_model=Judgements)
    async def grade_batch(request: Request, asked: Batch) -> Any:
        """What the tests say of each patch, in their order."""
        return {"results": await judged(request, asked.items)}

    @api.post("/reward", responses=ANSWERS, response_model=Worth)
    async def reward(request: Request, asked: Ask) -> Any:
        """What a patch is worth."""
        return await one(request, asked)

    @api.post("/reward/batch", responses=ANSWERS, response_model=Worths)
    async def reward_batch(request: Request, asked: Batch) -> Any:
        """What each patch is worth, in their order."""
        found = await judged(request, asked.items)
        return {"rewards": [row["reward"] for row in found], "results": found}

    @api.get("/health", response_model=Health, responses={503: {"model": Health}})
    async def health() -> Any:
        """Whether patches are taken; 503 where they are not any more."""
        now = {"tasks": len(tasks), "waiting": desk.waiting, "running": desk.running}
        status = "stopping" if desk.closed else "ok"
        return JSONResponse({"status": status, **now}, 503 if desk.closed else 200)

    @api.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Any:
        """Counters and gauges in Prometheus's text format."""
        text = counts.text({"waiting": desk.waiting, "running": desk.running, "tasks": len(tasks)})
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    @api.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    async def docs() -> Any:
        return HTMLResponse(page(api.openapi()))

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # Without the input: it may be large, and hold what no JSON can.
        found = [{key: one[key] for key in ("loc", "msg", "type")} for one in error.errors()]
        return JSONResponse({"detail": found}, 422)

    @api.exception_handler(MachineryError)
    @api.exception_handler(SandboxUnavailable)
    async def broken(_: Request, error: Exception) -> JSONResponse:
        headers = {"Retry-After": str(desk.seconds())}
        return JSONResponse({"detail": f"{type(error).__name__}: {error}"}, 503, headers)

    paths = frozenset(["/docs", "/openapi.json", *api.openapi()["paths"]])
    return Guard(api, counts, paths, token, bounds.body_bytes)


async def _awaited(request: Any, coming: "Sequence[Future[Grade]]") -> list[Grade]:
    """The grades, once all are there. What waits is given up where who asked goes away."""
    left = {asyncio.wrap_future(one) for one in coming}
    try:
        while left and not await request.is_disconnected():
            done, left = await asyncio.wait(left, timeout=POLL)
            for heard in done:
                heard.exception()  # raised below; asyncio logs those that nobody looks at
    finally:
        for one in coming:
            one.cancel()
    if any(one.cancelled() for one in coming):
        raise MachineryError("who asked went away")
    return [one.result() for one in coming]
