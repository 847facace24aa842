"""Square matrices over groups or indices, row 0 at the top and column 0 at the left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.plots.inputs import require_columns, require_square
from sfvq_analysis.plots.style import (
    COLUMN_WIDTH,
    SMALL_TEXT_SIZE,
    TEXT_SIZE,
    label_axes,
    literal,
    new_axes,
)
from sfvq_analysis.stats.time.transitions import transition_matrix

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from numpy.typing import NDArray

_SHORT = dict(zip(PHONE_GROUPS, ("sil", "pls", "frc", "nsl", "vwl", "dph", "apr"), strict=True))
_WRITTEN_CELL, _BARE_CELL = 0.34, 0.16
_LETTER = 0.06
_MOST_WRITTEN = 20
_LONGEST_LEVEL = 5


def jensen_shannon(distances: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw Jensen-Shannon distances as a heat map with the values written in it.

    The paper's groups stand under abbreviations (sil, pls, frc, nsl, vwl, dph, apr). Beyond 20 rows
    the values aren't written.

    Parameters
    ----------
    distances
        Of `sfvq_analysis.stats.jensen_shannon`: square, in 0 … 1.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If the matrix isn't square.
    """
    import seaborn as sns

    require_square("distances", distances)
    names = [literal(_SHORT.get(str(name), str(name))) for name in distances.index]
    written = len(names) <= _MOST_WRITTEN
    longest = max(map(len, names), default=0)
    room = 1.1 + _LETTER * max(0, longest - _LONGEST_LEVEL)
    side = max(COLUMN_WIDTH, (_WRITTEN_CELL if written else _BARE_CELL) * len(names) + room)
    ax = new_axes(ax, (side, side - 0.55))
    sns.heatmap(
        distances,
        ax=ax,
        vmin=0,
        vmax=1,
        cmap="viridis",
        square=True,
        annot=written,
        fmt=".2f",
        annot_kws={"fontsize": SMALL_TEXT_SIZE},
        xticklabels=names,
        yticklabels=names,
        cbar=False,
    )
    label_axes(ax)
    level = written and longest <= _LONGEST_LEVEL
    ax.tick_params(axis="x", rotation=0 if level else 90)
    ax.tick_params(axis="y", rotation=0)
    _add_colour_bar(ax, ax.collections[0], "Jensen-Shannon distance")
    return ax


def corner_distances(distances: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the Euclidean distances between corners, index 0 at the top left.

    Parameters
    ----------
    distances
        Of `sfvq_analysis.stats.corner_distances`: shape (K, K).
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If the matrix isn't square.
    """
    require_square("distances", distances)
    ax = _draw_indices(distances.to_numpy(), "Euclidean distance", ax)
    label_axes(ax, "index", "index")
    return ax


def transitions(counts: pd.DataFrame, codebook_size: int, ax: Axes | None = None) -> Axes:
    """Draw how often an index (row) is followed by another (column), index 0 at the top left.

    Colour is the binary logarithm of the count, darker for more; a transition that doesn't occur is
    white.

    Parameters
    ----------
    counts
        Of `sfvq_analysis.stats.transitions`.
    codebook_size
        K.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If `counts` lacks a column or holds an index outside 0 … K - 1.
    """
    require_columns("counts", counts, ("index", "next_index", "count"), "stats.transitions")
    indices = counts[["index", "next_index"]].to_numpy()
    if codebook_size < 1 or (
        indices.size and not 0 <= indices.min() <= indices.max() < codebook_size
    ):
        raise OptionError(
            f"codebook_size is {codebook_size!r}, the counts hold other indices",
            remedy="give the codebook_size of the table that was counted",
        )
    matrix = transition_matrix(counts, codebook_size)
    logarithm = np.log2(matrix, out=np.full(matrix.shape, np.nan), where=matrix > 0)
    ax = _draw_indices(logarithm, "transitions (log$_2$ count)", ax, _dark_for_more())
    label_axes(ax, "next index", "index")
    return ax


def _draw_indices(
    matrix: NDArray[np.float64], label: str, ax: Axes | None, cmap: Colormap | str = "viridis"
) -> Axes:
    ax = new_axes(ax, (COLUMN_WIDTH, COLUMN_WIDTH - 0.5))
    cells = np.ma.masked_invalid(matrix)
    image = ax.imshow(
        cells,
        cmap=mpl.colormaps.get_cmap(cmap).with_extremes(bad="white"),
        vmin=0.0,
        vmax=(float(cells.max()) if cells.count() else 0.0) or 1.0,
        origin="upper",
        interpolation="nearest",
    )
    _add_colour_bar(ax, image, label)
    return ax


def _dark_for_more() -> Colormap:
    """Return colours of which even the first stands out from white."""
    return ListedColormap(mpl.colormaps["viridis_r"](np.linspace(0.2, 1.0, 256)))


def _add_colour_bar(ax: Axes, drawn: Any, label: str) -> None:
    """Put a colour bar beside the matrix, as tall as it whatever the figure's layout is."""
    bar = ax.figure.colorbar(drawn, cax=ax.inset_axes((1.04, 0.0, 0.05, 1.0)))
    bar.set_label(label, fontsize=TEXT_SIZE)
    bar.ax.tick_params(labelsize=SMALL_TEXT_SIZE)
