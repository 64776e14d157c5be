"""Trajectories are read as agents leave them; what is none says why."""

import json

import pytest

from smith_lib.errors import InputError
from smith_lib.trajectories.read import Trajectory, Unread, trajectories

PATCH = "diff --git a/x b/x\n"
MINI = {
    "info": {
        "exit_status": "Submitted", "submission": PATCH, "config": {"model": {"model_name": "some/model"}},
    },
    "messages": [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": [{"type": "text", "text": "Fix it."}]},
        {"role": "assistant", "content": "I look.", "extra": {"cost": 0.1}, "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}]},
        {"role": "tool", "tool_call_id": "1", "content": "x"},
        {"role": "user", "content": "One step is left."},
        {"role": "assistant", "content": None, "tool_calls": [
            {"function": {"name": "bash", "arguments": "no json"}}]},
        {"role": "tool", "content": "submitted"},
        {"role": "exit", "content": PATCH},
    ],
    "trajectory_format": "mini-swe-agent-1.1",
    "instance_id": "some__repo.1",
}  # fmt: skip
CHAT = (
    ("system", "You are an agent."),
    ("user", "Fix it."),
    ("assistant", "I look.\n\n<function=bash>\n<parameter=command>ls</parameter>\n</function>"),
    ("user", "x\n\nOne step is left."),
    ("assistant", "<function=bash>\n<parameter=arguments>no json</parameter>\n</function>"),
)
SWE = {
    "environment": "swe_main",
    "trajectory": [{"action": "ls", "observation": "x", "response": "I look."}],
    "history": [
        {"role": "system", "content": "You are an agent.", "agent": "main", "message_type": "system_prompt"},
        {"role": "user", "content": "Fix it.", "agent": "main", "message_type": "observation"},
        {"role": "user", "content": "Which is best?", "agent": "chooser"},
        {"role": "assistant", "content": "I look.\n```\nls\n```", "thought": "I look.", "agent": "main"},
        {"role": "user", "content": "x", "agent": "main", "message_type": "observation"},
    ],
    "info": {"exit_status": "submitted", "submission": PATCH},
    "replay_config": json.dumps({"agent": {"model": {"name": "some/model"}}}),
}


@pytest.fixture
def put(tmp_path):
    def written(name, what):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(what if isinstance(what, str) else json.dumps(what))
        return path

    return written


def test_mini_swe_agents_file_is_read_with_its_calls_as_text(put, tmp_path):
    put("a/some__repo.1/some__repo.1.traj.json", MINI)
    [found] = trajectories(tmp_path)
    assert found == Trajectory(
        "a/some__repo.1/some__repo.1.traj.json", "mini-swe-agent", "some/model", "some__repo.1", "Submitted",
        PATCH, CHAT,
    )  # fmt: skip


def test_swe_agents_file_is_read_named_by_its_task_and_without_other_agents(put):
    [found] = trajectories(put("some__repo.2.traj", SWE))
    assert (found.agent, found.model, found.instance_id) == ("SWE-agent", "some/model", "some__repo.2")
    assert (found.exit_status, found.patch) == ("submitted", PATCH)
    assert [role for role, _ in found.messages] == ["system", "user", "assistant"]
    assert found.messages[1:] == (("user", "Fix it."), ("assistant", "I look.\n```\nls\n```"))


def test_nothing_submitted_is_an_empty_patch(put):
    [found] = trajectories(put("a.traj", {**SWE, "info": {"exit_status": "exit_cost", "submission": None}}))
    assert (found.patch, found.exit_status) == ("", "exit_cost")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "has no `info`"),
        ('{"info": 3}', "has no `info`"),
        ('{"info": {}}', "holds no answer of a model"),
        ('{"info": {}, "messages": [3, {"role": "user", "content": "x"}]}', "holds no answer of a model"),
    ],
)
def test_what_is_no_trajectory_says_why_and_the_others_are_read(put, tmp_path, text, why):
    put("a.traj.json", text)
    put("b.traj.json", MINI)
    broken, found = trajectories(tmp_path)
    assert isinstance(broken, Unread)
    assert broken.place == "a.traj.json"
    assert why in broken.reason
    assert found.place == "b.traj.json"


def test_text_that_is_no_unicode_can_be_written_all_the_same(put):
    said = [{"role": "assistant", "content": "a\ud800b"}]
    [found] = trajectories(put("a.traj.json", {**MINI, "messages": said}))
    assert found.messages == (("assistant", "a?b"),)


def test_a_place_without_trajectories_is_refused(put, tmp_path):
    put("preds.json", {})
    with pytest.raises(InputError, match=r"no trajectory in .*: \*\.traj\.json \(mini-swe-agent\)"):
        list(trajectories(tmp_path))
    with pytest.raises(InputError, match="no trajectory in"):
        list(trajectories(tmp_path / "preds.json"))
