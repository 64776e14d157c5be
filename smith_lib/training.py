"""The loss that the tests define: likelihood for patches that pass, a penalty for those that fail.

Works on torch tensors, through which it can be differentiated, and on numpy arrays; torch is not needed.
"""

from typing import Any

PENALTY = 0.1
SURE = -1e-6
"""The largest mean log-probability that the penalty looks at: that of certainty would be infinite."""


def loss(log_probabilities: Any, rewards: Any, penalty: float = PENALTY) -> Any:
    """The mean over patches of `-r log p - penalty (1 - r) log(1 - p)`, a scalar, in nats a token.

    `log_probabilities`, of shape (n,), are each patch's mean log-probability over its tokens, at most 0; for
    sums over tokens, divide by the number of tokens first. `rewards`, of shape (n,), are r, from 0 to 1,
    constants. Where r is 1 it is the negative log-likelihood, where r is 0 the unlikelihood of Welleck et al.
    (2020), times `penalty`. Raises `ValueError` where the shapes differ, there is no patch, or a value is out
    of its range.
    """
    if not hasattr(log_probabilities, "log1p"):
        return _of_arrays(log_probabilities, rewards, penalty)
    worth = log_probabilities.new_tensor([float(r) for r in rewards])
    highest = log_probabilities.detach().max() if len(log_probabilities) else 0
    _check(tuple(log_probabilities.shape), tuple(worth.shape), highest, worth)
    other = (-log_probabilities.clamp(max=SURE).exp()).log1p()
    return -(worth * log_probabilities + penalty * (1 - worth) * other).mean()


def _of_arrays(log_probabilities: Any, rewards: Any, penalty: float) -> float:
    import numpy as np

    logs, worth = np.asarray(log_probabilities, dtype=float), np.asarray(rewards, dtype=float)
    _check(logs.shape, worth.shape, logs.max() if logs.size else 0, worth)
    other = np.log1p(-np.exp(np.minimum(logs, SURE)))
    return float(-(worth * logs + penalty * (1 - worth) * other).mean())


def _check(shape: tuple[int, ...], other: tuple[int, ...], highest: Any, worth: Any) -> None:
    if shape != other or len(shape) != 1 or not shape[0]:
        raise ValueError(f"log-probabilities of shape {shape} and rewards of shape {other}: (n,) each wanted")
    if float(highest) > 0:
        raise ValueError(f"a log-probability of {float(highest)} is above 0")
    if float(worth.min()) < 0 or float(worth.max()) > 1:
        raise ValueError(f"rewards from {float(worth.min())} to {float(worth.max())}: 0 to 1 wanted")
