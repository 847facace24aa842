"""Rows of columns by what they are of: a data frame for each would take ten times as long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray


def rows_by_code(codes: ArrayLike) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yield each code that occurs, the lowest first, with its rows in order.

    Examples
    --------
    >>> [(code, rows.tolist()) for code, rows in rows_by_code([2, 0, 2])]
    [(0, [1]), (2, [0, 2])]
    >>> list(rows_by_code([]))
    []
    """
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(np.asarray(codes)[order], return_index=True)
    parts: list[NDArray[Any]] = np.split(order, starts[1:])  # of no rows a part, too
    yield from zip(found.tolist(), parts, strict=False)
