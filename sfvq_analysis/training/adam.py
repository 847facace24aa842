"""Adam's steps on one array (D. P. Kingma, J. Ba, "Adam", ICLR 2015), compiled.

torch's own, on arrays as small as these, takes longer than what the gradient costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]

_BETAS, _EPS = (0.9, 0.99), 1e-8


class Adam:
    """The running moments of a gradient, and the array that its steps change.

    Parameters
    ----------
    values
        Contiguous; changed in place.

    Raises
    ------
    ValueError
        If they aren't contiguous.

    Examples
    --------
    >>> adam = Adam(np.array([1.0, -3.0]))
    >>> adam.step(np.array([0.1, -20.0]), rate=0.5)  # the first step is as long as the rate
    >>> adam.values.round(6).tolist()
    [0.5, -2.5]
    """

    def __init__(self, values: Float64) -> None:
        if not values.flags.c_contiguous:
            raise ValueError("values aren't contiguous: steps would change a copy")
        self.values = values
        self._mean, self._square = np.zeros_like(values), np.zeros_like(values)
        self._n_steps = 0

    def step(self, gradient: Float64, rate: float) -> None:
        """Take a step against a gradient of the values' shape, which has no units.

        Raises
        ------
        ValueError
            If it has another shape.
        """
        if gradient.shape != self.values.shape:
            raise ValueError(f"the gradient has shape {gradient.shape}, not {self.values.shape}")
        from sfvq_analysis.curve.steps import adam_step

        self._n_steps += 1
        mean_bias, square_bias = (1 - beta**self._n_steps for beta in _BETAS)
        flat = (one.reshape(-1) for one in (self.values, self._mean, self._square, gradient))
        adam_step(*flat, _BETAS, (rate / mean_bias, 1 / square_bias, _EPS))
