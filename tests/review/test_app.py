"""What the review's service answers, and whom."""

import json

import httpx
import pytest

from smith_lib.publish.version import versions
from smith_lib.review.answers import reviews
from smith_lib.storage import Root

JSON = {"Content-Type": "application/json"}
NOTHING = {"realistic": None, "text_clear": None, "difficulty_right": None, "notes": ""}


def test_an_answer_is_kept_before_it_is_told(serve, shown, tmp_path):
    with serve() as url, httpx.Client(base_url=url, timeout=30) as client:
        task = client.get("/tasks/2").json()
        assert task["answer"] == {**NOTHING, "at": ""}
        answer = {**NOTHING, "instance_id": task["instance_id"], "realistic": False, "notes": "odd"}
        told = client.put("/tasks/2/answer", json=answer)
        assert told.status_code == 200 and told.json()["realistic"] is False
        [row] = reviews(Root.at(tmp_path), versions(shown)[1])
        assert (row.instance_id, row.realistic, row.notes) == (task["instance_id"], False, "odd")
        assert client.get("/tasks").json()[2]["answer"]["notes"] == "odd"


def test_what_is_no_answer_is_refused(serve, shown, tmp_path):
    with serve() as url, httpx.Client(base_url=url, timeout=30) as client:
        own = client.get("/tasks/0").json()["instance_id"]
        for number, body, status in (
            (1, {**NOTHING, "instance_id": own}, 409),  # of another sample
            (4, {**NOTHING, "instance_id": own}, 404),
            (0, {**NOTHING, "instance_id": own, "realistic": "perhaps"}, 422),
            (0, {**NOTHING, "instance_id": own, "notes": "x" * 10_001}, 422),
            (0, {**NOTHING, "instance_id": own, "more": 1}, 422),
            (0, {**NOTHING, "instance_id": "\ud800"}, 409),
            (0, {**NOTHING, "instance_id": own, "realistic": "\ud800"}, 422),
        ):
            told = client.put(f"/tasks/{number}/answer", content=json.dumps(body), headers=JSON)
            assert told.status_code == status
        assert client.get("/openapi.json").status_code == 404
    assert reviews(Root.at(tmp_path), versions(shown)[1]) == []


def test_only_this_machine_is_answered_without_a_token(serve):
    with serve() as url, httpx.Client(base_url=url, timeout=30) as client:
        assert client.get("/tasks", headers={"Host": "evil.example"}).status_code == 403


def test_with_a_token_the_page_is_open_and_the_tasks_are_not(serve):
    with serve(token="s3cret") as url, httpx.Client(base_url=url, timeout=30) as client:
        page = client.get("/")
        assert page.status_code == 200 and "some/repo" not in page.text
        assert client.get("/tasks").status_code == client.get("/tasks/0").status_code == 401
        assert client.get("/tasks", headers={"Authorization": "Bearer s3cret"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/tasks"])
def test_a_page_elsewhere_is_told_nothing(serve, path):
    with serve() as url, httpx.Client(base_url=url, timeout=30) as client:
        told = client.options(path, headers={"Origin": "http://evil.example"})
        assert "access-control-allow-origin" not in told.headers
