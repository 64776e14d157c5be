"""Who may ask, how much, and what is said to those who may not or must wait."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from smith_lib.errors import EngineError, InputError
from smith_lib.grade.grades import refused
from smith_lib.serve.app import Bounds
from smith_lib.serve.running import check_host, listening
from smith_lib.types import GradeOutcome, PatchProblem
from tests.rows import an_instance

ROW = an_instance()
ASK = {"instance_id": ROW.instance_id, "patch": "x"}


class Grading:
    """A grader that a test holds up and lets go on; it tells what it was given."""

    def __init__(self, held: bool = False) -> None:
        self.go, self.begun, self.seen = threading.Event(), threading.Event(), []
        if not held:
            self.go.set()

    def __call__(self, asked, told):
        self.seen.append([patch for _, patch in asked])
        self.begun.set()
        assert self.go.wait(60)
        for at, (row, patch) in enumerate(asked):
            if patch == "broken":
                raise EngineError("the engine went away")
            if patch == "bug":
                raise RuntimeError("an error of our own")
            told(at, refused(row, "", GradeOutcome.REFUSED, PatchProblem.MALFORMED, f"it is {patch}"))


def test_a_full_queue_says_when_to_come_again_and_then_takes_what_comes(start):
    grading = Grading(held=True)
    client = start(grading, room=2)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(client.post, "/reward", json=ASK)
        assert grading.begun.wait(60)
        batch = pool.submit(client.post, "/reward/batch", json={"items": [ASK, ASK]})
        while client.get("/health").json()["waiting"] < 2:
            time.sleep(0.02)
        full = client.post("/reward", json=ASK)
        assert full.status_code == 429
        assert 1 <= int(full.headers["Retry-After"]) <= 120
        assert client.get("/health").json() == {"status": "ok", "tasks": 1, "waiting": 2, "running": 1}
        grading.go.set()
        assert (first.result().status_code, batch.result().status_code) == (200, 200)
    assert client.post("/reward", json=ASK).json()["reason"] == "it is x"


def test_what_waits_for_somebody_who_went_away_is_not_graded(start):
    grading = Grading(held=True)
    client = start(grading)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/reward", json=ASK)
        assert grading.begun.wait(60)
        with suppress(httpx.ReadTimeout), httpx.Client(base_url=client.base_url, timeout=0.3) as impatient:
            impatient.post("/reward", json={**ASK, "patch": "gone"})
            pytest.fail("it was answered")
        waiting = client.desk._waiting
        while not all(one.grade.cancelled() for one in waiting):
            time.sleep(0.02)
        grading.go.set()
        first.result()
    assert client.post("/reward", json={**ASK, "patch": "next"}).status_code == 200
    assert grading.seen == [["x"], ["next"]]


def test_broken_machinery_is_told_and_the_next_patch_is_graded(start):
    client = start(Grading())
    broken = client.post("/grade", json={**ASK, "patch": "broken"})
    assert (broken.status_code, broken.json()) == (503, {"detail": "EngineError: the engine went away"})
    assert int(broken.headers["Retry-After"]) >= 1
    assert client.post("/grade", json={**ASK, "patch": "bug"}).status_code == 500
    assert client.post("/grade", json=ASK).status_code == 200


def test_a_service_that_stops_says_so(start):
    client = start(Grading())
    client.desk.close()
    assert (client.get("/health").status_code, client.get("/health").json()["status"]) == (503, "stopping")
    stopped = client.post("/reward", json=ASK)
    assert (stopped.status_code, stopped.json()["detail"]) == (503, "the service is being stopped")


def test_a_token_is_asked_for(start):
    client = start(Grading(), token="s3cret")
    for given in ({}, {"Authorization": "Bearer other"}, {"Authorization": "Basic s3cret"}):
        refusal = client.post("/reward", json=ASK, headers=given)
        assert (refusal.status_code, refusal.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert client.get("/metrics", headers=given).status_code == 401
    assert client.post("/reward", json=ASK, headers={"Authorization": "Bearer s3cret"}).status_code == 200
    assert [client.get(path).status_code for path in ("/health", "/docs", "/openapi.json")] == [200] * 3


def test_without_a_token_a_page_of_another_host_reaches_nothing(start):
    client = start(Grading())
    assert client.post("/reward", json=ASK, headers={"Host": "evil.example:80"}).status_code == 403
    assert client.post("/reward", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 422
    assert client.post("/reward", json=ASK, headers={"Host": "localhost"}).status_code == 200


def test_too_much_is_refused_whether_its_length_is_told_or_not(start):
    grading = Grading()
    client = start(grading, bounds=Bounds(batch=2, body_bytes=1_000))
    assert client.post("/reward/batch", json={"items": [ASK] * 3}).status_code == 413
    large = b"x" * 2_000
    assert client.post("/reward", content=large).status_code == 413
    assert client.post("/reward", content=iter([large[:900], large[900:]])).status_code == 413
    assert client.post("/reward", json=ASK).status_code == 200
    assert grading.seen == [["x"]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"no json", 422),
        (b"[" * 100_000, 400),
        (b"{}", 422),
        (b'{"instance_id": "a"}', 422),
        (b'{"instance_id": "a", "patch": "x", "completion": "y"}', 422),
        (b'{"instance_id": "a", "patch": 7}', 422),
        (b'{"instance_id": "\\ud800", "patch": "x"}', 422),
        (b'{"instance_id": "a", "patch": "x", "more": 1}', 422),
        (b'{"instance_id": "nobody", "patch": "x"}', 404),
    ],
)
def test_what_cannot_be_read_is_no_error_of_ours(start, body, status):
    answer = start(Grading()).post("/grade", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_the_api_is_described_and_the_page_names_no_other_host(start):
    client = start(Grading())
    api = client.get("/openapi.json").json()
    paths = {"/grade", "/grade/batch", "/reward", "/reward/batch", "/health", "/metrics"}
    assert set(api["paths"]) == paths
    assert "429" in api["paths"]["/reward"]["post"]["responses"]
    page = client.get("/docs").text
    assert all(path in page for path in paths)
    assert "//" not in page


def test_others_are_let_in_with_a_token_alone():
    for host in ("127.0.0.1", "::1", "localhost"):
        check_host(host, "")
    for host in ("0.0.0.0", "::", "192.0.2.7", "example.org", ""):
        with pytest.raises(InputError, match="without a token: set SMITH_SERVE_TOKEN"):
            check_host(host, "")
        check_host(host, "s3cret")
    with pytest.raises(InputError, match="letters that no header can"):
        check_host("0.0.0.0", "two words")


def test_a_port_that_is_taken_is_named():
    with listening("127.0.0.1", 0) as (where, _):
        port = where.getsockname()[1]
        taken = pytest.raises(InputError, match=f"cannot listen at 127.0.0.1:{port}: ")
        with taken, listening("127.0.0.1", port):
            pass
