"""Whether all numbers of an array are finite, and where the first is that isn't."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def first_not_finite(rows: NDArray[Any]) -> int | None:
    """Return the first row that holds NaN or infinity, None if all numbers are finite.

    Parameters
    ----------
    rows
        Floats, shape (n, dim).

    Examples
    --------
    >>> first_not_finite(np.array([[0.0], [np.nan]])), first_not_finite(np.zeros((2, 1)))
    (1, None)
    """
    finite = np.isfinite(rows)
    return None if finite.all() else int(np.flatnonzero(~finite.all(axis=1))[0])
