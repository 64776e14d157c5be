"""Real patches over real HTTP, judged by real tests."""

import json

import pytest

pytestmark = [pytest.mark.namespaces, pytest.mark.network]


@pytest.fixture
def client(start, rewarder, task):
    return start(rewarder.grades, task)


def test_a_patch_and_a_completion_are_worth_what_their_tests_say(client, task):
    right = client.post("/reward", json={"instance_id": task.instance_id, "patch": task.patch})
    assert right.status_code == 200
    assert right.json() == {
        "instance_id": task.instance_id, "reward": 1.0, "resolved": True, "outcome": "resolved",
        "problem": "", "reason": right.json()["reason"],
    }  # fmt: skip
    said = [{"role": "assistant", "content": f"So:\n```diff\n{task.patch.replace('<=', '!=')}```\n"}]
    wrong = client.post("/grade", json={"instance_id": task.instance_id, "completion": said}).json()
    assert wrong["outcome"] == "unresolved"
    assert 0 < wrong["reward"] < 1
    assert wrong["not_fixed"] == list(task.FAIL_TO_PASS)


def test_each_of_a_batch_gets_its_own_result(client, task):
    name = task.instance_id
    bodies = [
        {"instance_id": name, "patch": task.patch}, {"instance_id": "nobody", "patch": task.patch},
        {"instance_id": name, "completion": "I cannot."}, {"instance_id": name, "patch": "\udcff"},
        {"instance_id": name, "patch": "x" * (2**20 + 1)}, {"instance_id": name, "patch": task.patch},
    ]  # fmt: skip
    answer = client.post(
        "/reward/batch", content=json.dumps({"items": bodies}), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["rewards"] == [1.0, None, 0.0, 0.0, 0.0, 1.0]
    problems = [row["problem"] for row in told["results"]]
    assert problems == ["", "unknown_instance", "empty", "not_utf8", "too_large", ""]
    text = client.get("/metrics").text
    assert 'smith_serve_requests_total{path="/reward/batch",status="200"} 1' in text
    assert 'smith_serve_patches_total{outcome="refused",tier="cold"} 3' in text
    assert "smith_serve_rewards_total 2.0" in text
    assert "smith_serve_waiting 0" in text
