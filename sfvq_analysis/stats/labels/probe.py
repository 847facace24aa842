"""What an ordered axis is compared with: a supervised probe on the latents themselves."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.errors import OptionError, check_between, check_count

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Probe:
    """Logistic regression (scikit-learn's), and what `stats.labels.few_labels` gives it.

    Latents are standardised by the frames it is fitted on.

    Attributes
    ----------
    C
        Inverse strength of the L2 penalty.
    max_iter
        Steps of L-BFGS; it may stop before it has converged, which costs nothing here.
    n_draws
        Draws of minutes it is fitted on: the first of those of the maps.
    max_fitted, max_read
        It is fitted on, and read on, at most so many frames that have a group, drawn uniformly from
        the minutes and from the other speakers.

    Raises
    ------
    OptionError
        If a value is out of range.
    """

    C: float = 1.0
    max_iter: int = 100
    n_draws: int = 10
    max_fitted: int = 10_000
    max_read: int = 10_000

    def __post_init__(self) -> None:
        check_between("C", self.C, 1e-12)
        for name in ("max_iter", "n_draws", "max_fitted", "max_read"):
            check_count(name, getattr(self, name))

    def answers(
        self, fitted: NDArray[Any], values: NDArray[np.int64], read: NDArray[Any]
    ) -> NDArray[np.int64]:
        """Return the values that latents get after learning from others.

        Parameters
        ----------
        fitted
            Latents to learn from, shape (n, dim).
        values
            Theirs, shape (n,).
        read
            Latents to answer for, shape (m, dim).

        Raises
        ------
        OptionError
            If latents aren't finite.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits

        if not (np.isfinite(fitted).all() and np.isfinite(read).all()):
            raise OptionError("latents hold NaN or infinity", remedy="mend the latents")
        if len(np.unique(values)) == 1:
            return np.full(len(read), values[0])
        mean, scale = fitted.mean(axis=0, dtype=np.float64), fitted.std(axis=0, dtype=np.float64)
        scale = np.where(scale > 0, scale, 1.0)
        model = LogisticRegression(C=self.C, max_iter=self.max_iter)
        with threadpool_limits(1), warnings.catch_warnings():  # more threads take longer
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit((fitted - mean) / scale, values)
        found: NDArray[np.int64] = model.predict((read - mean) / scale)
        return found
