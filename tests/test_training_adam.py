"""`Adam` is torch's, on arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sfvq_analysis.training.adam import Adam


@pytest.mark.parametrize("shape", [(5,), (7, 3)])
def test_steps_are_those_of_torch(shape):
    rng = np.random.default_rng(0)
    start = rng.normal(size=shape)
    adam = Adam(start.copy())
    theirs = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.Adam([theirs], lr=1.0, betas=(0.9, 0.99), eps=1e-8)
    for rate in (0.3, 0.2, 0.05, 0.4, 0.1):
        gradient = rng.normal(size=shape)
        adam.step(gradient, rate)
        optimizer.param_groups[0]["lr"] = rate
        theirs.grad = torch.tensor(gradient)
        optimizer.step()
        np.testing.assert_allclose(adam.values, theirs.detach().numpy(), rtol=1e-12)


def test_a_copy_is_not_changed_instead():
    with pytest.raises(ValueError, match="contiguous"):
        Adam(np.zeros((4, 3)).T)


def test_a_gradient_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(3,\), not \(4,\)"):
        Adam(np.zeros(4)).step(np.zeros(3), 0.1)
