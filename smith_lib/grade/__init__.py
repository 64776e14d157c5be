"""Patches judged by the tests of the tasks they are for, so that cheating is worth nothing, and what they
are worth to a trainer."""

from smith_lib.grade.completions import patch_in
from smith_lib.grade.rewards import Reward, Rewarder, reward, reward_function

__all__ = ["Reward", "Rewarder", "patch_in", "reward", "reward_function"]
