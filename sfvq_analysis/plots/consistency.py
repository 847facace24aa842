"""How near utterances of the same sentence are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.inputs import require_square
from sfvq_analysis.plots.style import (
    COLUMN_WIDTH,
    SMALL_TEXT_SIZE,
    TEXT_SIZE,
    label_axes,
    new_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_CELL = 0.13
_MOST_NAMED = 40
_SPEAKER_WIDTH = 0.075


def consistency_matrix(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the distances of utterances, those of one sentence together: dark is near.

    If the same sentence gives the same picture, the squares on the diagonal are dark and all else
    is pale. Beyond 40 utterances only the sentences are named, not the speakers.

    Parameters
    ----------
    frame
        Of `sfvq_analysis.stats.sentence_distances`.
    ax
        Where to draw; a new figure by default.

    Raises
    ------
    OptionError
        If the matrix isn't square, or its rows aren't sentences and speakers.
    """
    require_square("frame", frame)
    if not isinstance(frame.index, pd.MultiIndex) or frame.index.nlevels != 2:
        raise OptionError(
            "frame has no rows of (sentence, speaker)",
            remedy="give what stats.sentence_distances gives",
        )
    sentences = frame.index.get_level_values(0).astype(str)
    speakers = list(frame.index.get_level_values(1).astype(str))
    named = len(frame) <= _MOST_NAMED
    side = max(COLUMN_WIDTH - 1.0, _CELL * min(len(frame), _MOST_NAMED))
    margin = 0.5 + (_SPEAKER_WIDTH * max(map(len, speakers)) if named else 0.0)
    ax = new_axes(ax, (side + margin + 0.7, side + margin))
    distance = frame.to_numpy(dtype=np.float64, copy=True)
    np.fill_diagonal(distance, np.nan)  # an utterance and itself: nothing to see
    image = ax.imshow(
        np.ma.masked_invalid(distance),
        cmap=mpl.colormaps["viridis"].with_extremes(bad="0.85"),
        interpolation="nearest",
    )
    starts = np.flatnonzero(np.append(True, sentences[1:] != sentences[:-1]))
    for edge in starts[1:] - 0.5:
        ax.axhline(edge, color="white", linewidth=1.2)
        ax.axvline(edge, color="white", linewidth=1.2)
    middle = (starts + np.append(starts[1:], len(frame)) - 1) / 2
    label_axes(ax)
    _name(ax, middle, list(sentences[starts]), speakers if named else [])
    bar = ax.figure.colorbar(image, cax=ax.inset_axes((1.04, 0.0, 0.05, 1.0)))
    bar.set_label("distance per frame (indices)", fontsize=TEXT_SIZE)
    bar.ax.tick_params(labelsize=SMALL_TEXT_SIZE)
    return ax


def _name(ax: Axes, middle: NDArray[np.float64], sentences: list[str], speakers: list[str]) -> None:
    """Write speakers beside rows and columns, and sentences outside of them."""
    places = np.arange(len(speakers))
    ax.set_xticks(places, speakers, rotation=90)
    ax.set_yticks(places, speakers)
    ax.tick_params(length=0, pad=2)
    longest = max(map(len, speakers), default=0)
    away = 6.0 + 0.78 * SMALL_TEXT_SIZE * longest  # more than the widest name takes
    for at, sentence in zip(middle, sentences, strict=True):
        ax.annotate(
            sentence, (at, 0), (0, -away), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", va="top", fontsize=TEXT_SIZE,
        )  # fmt: skip
        ax.annotate(
            sentence, (0, at), (-away, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", va="center", fontsize=TEXT_SIZE, rotation=90,
        )  # fmt: skip
