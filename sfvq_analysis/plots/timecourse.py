"""One utterance: the index over time, above its spectrogram, phones and codes.

Times are seconds from the beginning of the audio file: a code stands at its frame's centre, a
boundary at its segment's edge.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.strips import fit_upright, name_strip, write_level, write_upright
from sfvq_analysis.plots.style import (
    PAGE_WIDTH,
    SMALL_TEXT_SIZE,
    TEXT_SIZE,
    label_axes,
    literal,
)
from sfvq_analysis.tables import PHONE_TIER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable

_TEXT_TIER = "text"
_MARKERS = (
    ("o", "navy", 3.0),
    ("x", "0.5", 3.4),
    ("^", "#D55E00", 3.2),
    ("s", "#009E73", 2.8),
    ("D", "#CC79A7", 2.8),
)
_INCHES_PER_SECOND, _WIDEST = 2.6, 16.0
_ROWS_OF_FRAMES, _ROWS_OF_RUNS = 3, 4
_LIFT = 3.0
_SPECTROGRAM_HOP = 0.01
_SLACK = 0.01


def index_over_time(
    tables: Mapping[str, IndexTable],
    utterance: str,
    audio: NDArray[np.float32] | None = None,
    sample_rate: int | None = None,
    axes: tuple[Axes, Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Draw the codes of an utterance over time, and below them what was said.

    The upper panel has a point a frame at its centre: the first table's are navy circles, the
    second's grey crosses. The lower one is the mel spectrogram, with the phones above it and above
    these the first table's codes: every frame's where they fit, else one for a run of equal codes,
    as many as fit. Lines are the edges of phones.

    Parameters
    ----------
    tables
        By the name that the legend shows. Phones and text are taken from the first.
    utterance
        Its id, in every table.
    audio
        Shape (n_samples,). Without it the lower panel has no spectrogram.
    sample_rate
        Of `audio`, in Hz; the first table's rate for this utterance by default.
    axes
        Upper and lower panel. By default a new figure, wider for a longer utterance.

    Returns
    -------
    tuple of Axes
        Upper and lower panel.

    Raises
    ------
    OptionError
        If there is no table, or `audio` isn't as long as the utterance.
    TableError
        If a table doesn't have the utterance.
    """
    if not tables:
        raise OptionError("no table is given", remedy="give at least one by name")
    first = next(iter(tables.values()))
    edges = _boundaries(first, utterance)
    end = max(_duration(first, utterance), edges.max(initial=0.0))
    spectrogram = _spectrogram(first, utterance, audio, sample_rate)
    top, bottom = _new_axes(end, tall=spectrogram is not None) if axes is None else axes
    _draw_codes(top, tables, utterance)
    _draw_spectrogram(bottom, spectrogram)
    _draw_boundaries(top, edges, "0.75")
    _draw_boundaries(bottom, edges, "0.75" if spectrogram is None else "white")
    for panel in (top, bottom):
        panel.set_xlim(0.0, end)
    _write_title(top, _title(first, utterance))
    _write_labels(bottom, first, utterance)
    return top, bottom


def _duration(table: IndexTable, utterance: str) -> float:
    row = table.utterance(utterance)
    return float(row["n_samples"] / row["sample_rate"])


def _phones(table: IndexTable, utterance: str) -> pd.DataFrame:
    segments, _ = table.of_utterance(utterance)
    return segments[segments["tier"] == PHONE_TIER]


def _boundaries(table: IndexTable, utterance: str) -> NDArray[np.float64]:
    """Return the edges of phones, in seconds, each once."""
    phones = _phones(table, utterance)
    samples = np.unique(phones[["start", "stop"]].to_numpy())
    edges: NDArray[np.float64] = samples / table.utterance(utterance)["sample_rate"]
    return edges


def _title(table: IndexTable, utterance: str) -> str:
    segments, _ = table.of_utterance(utterance)
    text = " ".join(segments.loc[segments["tier"] == _TEXT_TIER, "label"].astype(str))
    sentence = text or table.utterance(utterance)["sentence"] or utterance
    notes = table.provenance.get("corpus", {}).get("notes", "")
    return f"Sentence = {sentence}" + (f" ({notes})" if notes else "")


def _spectrogram(
    table: IndexTable, utterance: str, audio: NDArray[np.float32] | None, sample_rate: int | None
) -> NDArray[np.float32] | None:
    """Return the spectrogram, shape (n_frames, n_bands), of audio that is this utterance's."""
    from sfvq_analysis.encoders.mel import log_mel_spectrogram

    if audio is None:
        return None
    rate = int(table.utterance(utterance)["sample_rate"]) if sample_rate is None else sample_rate
    expected = _duration(table, utterance)
    if audio.ndim != 1 or abs(len(audio) / rate - expected) > _SLACK:
        raise OptionError(
            f"audio of shape {audio.shape} at {rate} Hz isn't {utterance!r}, which lasts "
            f"{expected:.3f} s",
            remedy="give this utterance's samples and their sample_rate",
        )
    return log_mel_spectrogram(audio, rate)


def _new_axes(seconds: float, *, tall: bool) -> tuple[Axes, Axes]:
    """Return the panels of a new figure, laid out once so that their width is known."""
    width = float(np.clip(_INCHES_PER_SECOND * seconds, PAGE_WIDTH, _WIDEST))
    figure, (top, bottom) = plt.subplots(
        2,
        1,
        sharex=True,
        figsize=(width, 4.8 if tall else 3.4),
        height_ratios=(1.3, 1.0) if tall else (1.0, 0.04),
        layout="constrained",
    )
    figure.draw_without_rendering()
    return top, bottom


def _draw_codes(ax: Axes, tables: Mapping[str, IndexTable], utterance: str) -> None:
    for order, (name, table) in enumerate(tables.items()):
        _, frames = table.of_utterance(utterance)
        marker, colour, size = _MARKERS[order % len(_MARKERS)]
        ax.plot(
            frames["centre"] / table.grid.sample_rate,
            frames["codeword"],
            linestyle="none",
            marker=marker,
            color=colour,
            markersize=size,
            markeredgewidth=0.8 if marker == "x" else 0.0,
            label=literal(name),
            zorder=3 - order / len(tables),
        )
    size = max(table.codebook_size for table in tables.values())
    ax.set_ylim(-0.02 * size, 1.02 * size - 1)
    label_axes(ax, y="index")
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=len(tables),
        frameon=False,
        fontsize=SMALL_TEXT_SIZE,
        handletextpad=0.2,
        borderaxespad=0.2,
    )


def _draw_spectrogram(ax: Axes, spectrogram: NDArray[np.float32] | None) -> None:
    label_axes(ax, x="time (s)", y="" if spectrogram is None else "mel band")
    if spectrogram is None:
        ax.set_yticks([])
        return
    n_frames, n_bands = spectrogram.shape
    ax.imshow(
        spectrogram.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        interpolation="nearest",
        extent=(-0.5 * _SPECTROGRAM_HOP, (n_frames - 0.5) * _SPECTROGRAM_HOP, 0, n_bands),
    )


def _draw_boundaries(ax: Axes, edges: NDArray[np.float64], colour: str) -> None:
    across = ax.get_xaxis_transform()
    ax.vlines(edges, 0, 1, transform=across, colors=colour, linewidths=0.5, zorder=1)


def _write_title(ax: Axes, title: str) -> None:
    """Write the title above the legend, broken into lines that the panel is wide enough for."""
    points = 72 * ax.get_window_extent().width / ax.figure.dpi
    lines = textwrap.wrap(title, width=max(20, int(points / (0.58 * TEXT_SIZE))))
    ax.set_title(
        "\n".join(lines),
        loc="left",
        pad=2.6 * SMALL_TEXT_SIZE,
        fontsize=TEXT_SIZE,
        parse_math=False,
    )


def _write_labels(ax: Axes, table: IndexTable, utterance: str) -> None:
    phones = _phones(table, utterance)
    middle = (phones["start"] + phones["stop"]) / 2 / table.utterance(utterance)["sample_rate"]
    over_phones = write_level(ax, middle.to_numpy(), list(phones["label"].astype(str)), _LIFT)
    name_strip(ax, "phone", _LIFT, over_phones)
    seconds, codes, rows = _codes_that_fit(ax, table, utterance)
    over_codes = write_upright(
        ax, seconds, codes, rows, lift=over_phones + _LIFT, colour=_MARKERS[0][1]
    )
    name_strip(ax, "index", over_phones + _LIFT, over_codes)


def _codes_that_fit(
    ax: Axes, table: IndexTable, utterance: str
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int64]]:
    """Return times, codes and rows: of every frame, or of runs of equal codes."""
    _, frames = table.of_utterance(utterance)
    seconds = frames["centre"].to_numpy() / table.grid.sample_rate
    codes = frames["codeword"].to_numpy()
    rows = fit_upright(ax, seconds, _ROWS_OF_FRAMES)
    if (rows >= 0).all():
        return seconds, codes, rows
    begin = np.flatnonzero(np.diff(codes, prepend=-1))
    last = np.append(begin[1:], len(codes)) - 1
    seconds = (seconds[begin] + seconds[last]) / 2
    return seconds, codes[begin], fit_upright(ax, seconds, _ROWS_OF_RUNS)
