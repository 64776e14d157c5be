"""Rewards come from real runs, in the shape that TRL's trainers call for them."""

from dataclasses import asdict

import pytest

from smith_lib.errors import InputError
from smith_lib.grade import Rewarder, rewards
from smith_lib.settings import load
from tests.grade.tasks import FILE

pytestmark = [pytest.mark.namespaces, pytest.mark.network]


@pytest.fixture(scope="module")
def rewarder(namespaces_sandbox, task):
    cache = str(namespaces_sandbox._cache.parent)
    made = Rewarder(load(None, {"sandbox.kind": "namespaces", "cache": cache, "workers": 2}), [task])
    yield made
    made.close()


@pytest.fixture
def columns(task):
    """A batch of four completions for the task, its columns as TRL hands them on, and what each is worth."""
    gold = f"The bound is off by one.\n```diff\n{task.patch}```\n"
    wrong = task.patch.replace("<=", "!=")
    said = [gold, [{"role": "assistant", "content": gold}], "I cannot.", wrong]
    told = {name: [value] * 4 for name, value in asdict(task).items()}
    return {"prompts": ["?"] * 4, "completions": said, **told, "trainer_state": None, "log_metric": print}


def worth(rewards):
    assert rewards[:3] == [1.0, 1.0, 0.0]
    assert 0 < rewards[3] < 1
    return True


def test_a_batch_is_worth_what_its_patches_do(rewarder, columns):
    assert worth(rewarder.function()(**columns))


def test_an_id_is_enough_where_the_tasks_are_known(rewarder, columns, task):
    few = {name: columns[name] for name in ("prompts", "completions", "instance_id")}
    assert worth(rewarder.function()(**few))
    with pytest.raises(InputError, match="'nobody' is none of the 1 tasks"):
        rewarder.function()(**{**few, "instance_id": ["nobody"] * 4})


def test_without_settings_the_processs_own_rewarder_is_asked(rewarder, columns, task, monkeypatch):
    monkeypatch.setattr(rewards, "_everyone", [rewarder])
    assert worth(rewards.reward_function(**columns))
    made = rewards.reward(task, task.patch)
    assert (float(made), made.value, made.grade.resolved) == (1.0, 1.0, True)
    del columns[next(iter(asdict(task)))]
    with pytest.raises(InputError, match="lacks the column 'instance_id'"):
        rewards.reward_function(**columns)


def test_a_closed_rewarder_opens_again(rewarder, task):
    rewarder.close()
    [made] = rewarder.rewards([(task, task.patch)])
    assert made.value == 1.0
    assert made.grade.fixed
    assert FILE in task.patch
