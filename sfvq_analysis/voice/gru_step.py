"""One step of a gated recurrent unit whose input is a class and a vector that is held for long.

All that a step can look up or multiply out beforehand is: torch's own GRU would multiply both
inputs at every step. The equations are torch's (`torch.nn.GRU`).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class GruStep(NamedTuple):
    """What a step needs; m, c and u are the sizes of an embedded class, a vector and the state.

    Attributes
    ----------
    from_class
        Share of each class in the input, shape (n_classes, 3u), the input bias within.
    from_vector
        Matrix from a vector to its share, shape (c, 3u).
    recurrent, bias
        Of the state: shapes (u, 3u) and (3u,).
    """

    from_class: Tensor
    from_vector: Tensor
    recurrent: Tensor
    bias: Tensor

    @classmethod
    def of(cls, embedding: nn.Embedding, rnn: nn.GRU) -> GruStep:
        """Return the step of a unit that is given an embedded class and a vector, in that order."""
        weights, width = dict(rnn.named_parameters()), embedding.embedding_dim
        from_input = weights["weight_ih_l0"]  # (3u, m + c)
        return cls(
            embedding.weight @ from_input[:, :width].T + weights["bias_ih_l0"],
            from_input[:, width:].T.contiguous(),
            weights["weight_hh_l0"].T.contiguous(),
            weights["bias_hh_l0"],
        )

    def step(self, share: Tensor, state: Tensor) -> Tensor:
        """Return the next state (b, u) from the input's share (b, 3u) and the last state."""
        units = state.shape[1]
        own = torch.addmm(self.bias, state, self.recurrent)  # (b, 3u)
        gates = torch.sigmoid(share[:, : 2 * units] + own[:, : 2 * units])  # (b, 2u)
        reset, update = gates[:, :units], gates[:, units:]
        new = torch.tanh(share[:, 2 * units :] + reset * own[:, 2 * units :])  # (b, u)
        return torch.lerp(new, state, update)
