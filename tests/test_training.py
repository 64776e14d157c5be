"""The loss rewards what passes, penalises what fails, and goes down in the right direction."""

import math

import numpy as np
import pytest

from smith_lib.training import loss


def test_it_is_likelihood_where_all_pass_and_unlikelihood_where_none_does():
    logs = [-0.5, -2.0]
    assert loss(logs, [1, 1]) == pytest.approx(1.25)
    unlikely = -sum(math.log(1 - math.exp(log)) for log in logs) / 2
    assert loss(logs, [0, 0], penalty=0.3) == pytest.approx(0.3 * unlikely)
    assert loss([-1.0], [0.25], penalty=1) == pytest.approx(0.25 - 0.75 * math.log(1 - math.exp(-1)))


def test_its_slope_raises_what_passes_and_lowers_what_fails():
    logs, rewards, step = np.array([-1.0, -1.0]), np.array([1.0, 0.0]), 1e-6
    slope = [(loss(logs + step * unit, rewards) - loss(logs, rewards)) / step for unit in np.eye(2)]
    assert slope[0] < 0 < slope[1]


def test_certainty_of_what_fails_is_no_infinity():
    assert math.isfinite(loss([0.0], [0.0]))


@pytest.mark.parametrize(
    ("logs", "rewards", "told"),
    [
        ([], [], "shape"),
        ([-1.0], [1.0, 0.0], "shape"),
        ([[-1.0]], [[1.0]], "shape"),
        ([0.1], [1.0], "above 0"),
        ([-1.0], [1.5], "0 to 1 wanted"),
    ],
)
def test_what_is_out_of_range_is_named(logs, rewards, told):
    with pytest.raises(ValueError, match=told):
        loss(logs, rewards)


def test_torch_tensors_give_the_same_and_a_gradient():
    torch = pytest.importorskip("torch")
    logs = torch.tensor([-0.5, -2.0], requires_grad=True)
    made = loss(logs, [1.0, 0.0])
    assert made.item() == pytest.approx(loss([-0.5, -2.0], [1.0, 0.0]), rel=1e-5)
    made.backward()
    assert logs.grad[0] < 0 < logs.grad[1]
