"""What pictures refuse to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS, PhoneInventory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray


def as_plane(name: str, values: ArrayLike, at_least: int = 1) -> NDArray[np.float64]:
    """Return points of the plane as a float array of shape (n, 2).

    Raises
    ------
    OptionError
        If the shape is another, there are fewer points than `at_least`, or one isn't finite.
    """
    points = np.asarray(values, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < at_least:
        raise OptionError(
            f"{name} has shape {points.shape}",
            remedy=f"give an array of shape (n, 2) with n >= {at_least}",
        )
    if not np.isfinite(points).all():
        raise OptionError(f"{name} holds NaN or infinity", remedy="leave those points out")
    return points


def require_columns(name: str, frame: pd.DataFrame, columns: Iterable[str], source: str) -> None:
    """Raise an OptionError unless the frame has the columns; `source` names what makes them."""
    require_frame(name, frame, source)
    missing = [column for column in columns if column not in frame]
    if missing:
        raise OptionError(f"{name} lacks the columns {missing}", remedy=f"give what {source} gives")


def require_frame(name: str, frame: object, source: str) -> None:
    """Raise an OptionError unless this is a frame; `source` names what makes it."""
    if not isinstance(frame, pd.DataFrame):
        raise OptionError(f"{name} is {type(frame).__name__}", remedy=f"give what {source} gives")


def require_square(name: str, frame: pd.DataFrame) -> None:
    """Raise an OptionError unless the frame is a square matrix with at least one row."""
    require_frame(name, frame, "the function of that name in stats")
    rows, columns = frame.shape
    if rows != columns or rows == 0:
        raise OptionError(f"{name} has shape {frame.shape}", remedy="give a square matrix")


def groups_of(column: pd.Series, inventory: PhoneInventory | None = None) -> tuple[str, ...]:
    """Return the groups there are, in order, of a column of groups.

    They are the inventory's; without one the categories of an ordered column, or the paper's; and
    any other that the column holds.
    """
    if inventory is not None:
        known = inventory.groups
    elif isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        known = tuple(map(str, column.dtype.categories))
    else:
        known = PHONE_GROUPS
    return tuple(dict.fromkeys([*known, *map(str, column.dropna().unique())]))
