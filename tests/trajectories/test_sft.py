"""What is kept of trajectories that resolve: a few a task, the same wherever it is drawn."""

import io
import json

import pyarrow.parquet as pq
from datasets import load_dataset

from smith_lib.trajectories import sft
from smith_lib.trajectories.read import Trajectory
from tests.rows import an_instance

ROW = an_instance()


def a_trajectory(n, said=None, instance_id=ROW.instance_id):
    chat = (("user", "Fix it."), ("assistant", said or f"try {n}"))
    return Trajectory(f"{n}.traj", "SWE-agent", "some/model", instance_id, "submitted", "diff", chat)


def test_a_task_keeps_at_most_so_many_drawn_by_the_seed():
    found = [a_trajectory(n) for n in range(20)] + [a_trajectory(99, instance_id="other")]
    kept = sft.chosen(found, 3, 7)
    assert len(kept) == 4
    assert kept[-1].instance_id == "other"
    assert kept == sft.chosen(found, 3, 7)
    assert kept == [one for one in found if one in kept]
    assert {tuple(sft.chosen(found, 3, seed)) for seed in range(5)} != {tuple(kept)}


def test_the_same_chat_is_kept_once():
    kept = sft.chosen([a_trajectory(1, "same"), a_trajectory(2, "same"), a_trajectory(3)], 9, 7)
    assert [one.place for one in kept] == ["1.traj", "3.traj"]


def test_both_files_hold_the_same_chats_and_load(tmp_path):
    found = dict(sft.files([a_trajectory(1)], {ROW.instance_id: ROW}))
    [row] = pq.read_table(io.BytesIO(found["chat/train-00000-of-00001.parquet"])).to_pylist()
    assert row == json.loads(found["chat/train.jsonl"])
    assert row["messages"] == [
        {"role": "user", "content": "Fix it."}, {"role": "assistant", "content": "try 1"},
    ]  # fmt: skip
    assert (row["license"], row["model"]) == (ROW.license, "some/model")
    for name, data in found.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    loaded = load_dataset(str(tmp_path), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded[0]["messages"] == row["messages"]
