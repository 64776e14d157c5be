"""The page that a reviewer answers on, and what it asks for."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from smith_lib.errors import MachineryError
from smith_lib.report.render import as_script, nonce, rendered
from smith_lib.review.answers import QUESTIONS, Book
from smith_lib.review.task import task_page, title
from smith_lib.serve.counts import Counts
from smith_lib.serve.guard import Guard
from smith_lib.types import Instance, Review

PAGE = "/"
"""It holds no task, so that it needs no token; what it asks for does."""
BODY_BYTES = 64 * 1024


def _whole(value: object) -> object:
    """Text without the half characters that no file can hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_whole)]


class Answer(BaseModel):
    """What a reviewer says of a task."""

    model_config = ConfigDict(extra="forbid")

    instance_id: Text = Field(max_length=1_000)
    """Which task is meant: the page may be older than the service."""
    realistic: bool | None
    text_clear: bool | None
    difficulty_right: bool | None
    notes: Text = Field("", max_length=10_000)


def app(version: str, tasks: Sequence[Instance], book: Book, token: str = "") -> Guard:
    """An ASGI application to review these tasks in their order. An empty token asks for none.

    Needs fastapi.
    """
    from fastapi import FastAPI, HTTPException
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import HTMLResponse, JSONResponse

    api = FastAPI(title="Smith's review", docs_url=None, redoc_url=None, openapi_url=None)
    known = nonce(version, book.reviewer)
    told = {"version": version, "reviewer": book.reviewer, "questions": QUESTIONS}
    shell = rendered("review.html", package=__package__, nonce=known, told=as_script(told), **told)

    def task_at(number: int) -> Instance:
        if not 0 <= number < len(tasks):
            raise HTTPException(404, f"no task {number}: there are {len(tasks)}")
        return tasks[number]

    @api.get(PAGE, response_class=HTMLResponse)
    def page() -> str:
        return shell

    @api.get("/tasks")
    def listed() -> list[dict[str, Any]]:
        return [{"title": title(row), "answer": answer_of(book.of(row))} for row in tasks]

    @api.get("/tasks/{number}")
    def task(number: int) -> dict[str, Any]:
        row = task_at(number)
        said = {"instance_id": row.instance_id, "answer": answer_of(book.of(row))}
        return {**said, "html": task_page(row), "difficulty": row.difficulty}

    @api.put("/tasks/{number}/answer")
    def answered(number: int, answer: Answer) -> dict[str, Any]:
        row = task_at(number)
        if row.instance_id != answer.instance_id:
            raise HTTPException(409, "the page shows another sample than this service: reload it")
        given = answer.model_dump(exclude={"instance_id"})
        return answer_of(book.enter(Review(row.repo_id, row.instance_id, book.reviewer, **given, at="")))

    @api.exception_handler(RequestValidationError)
    async def refused(_: Any, error: RequestValidationError) -> JSONResponse:
        # Without what was given, which may be no text that can be sent back.
        told = [{"loc": [str(part) for part in one["loc"]], "msg": one["msg"]} for one in error.errors()]
        return JSONResponse({"detail": told}, 422)

    @api.exception_handler(MachineryError)
    async def broken(_: Any, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 503)

    return Guard(api, Counts(), frozenset([PAGE, "/tasks"]), token, BODY_BYTES, [PAGE])


def answer_of(row: Review) -> dict[str, Any]:
    """The answers in a row, as the page takes them."""
    return {name: getattr(row, name) for name in (*QUESTIONS, "notes", "at")}
