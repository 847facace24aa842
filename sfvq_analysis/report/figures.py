"""The paper's figures of an analysis, each with the frame behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sfvq_analysis import plots, stats
from sfvq_analysis.plots.style import literal, save_figure
from sfvq_analysis.report.illustrations import NamedFigure, figure_of
from sfvq_analysis.report.statistics import write_csv

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sfvq_analysis.plots.style import Palette
    from sfvq_analysis.tables import IndexTable

_SHOWN_SECONDS = 3.0
TITLE_SIZE = 8
_FRICATIVE = "fricative"


def leading_table(tables: Mapping[str, IndexTable]) -> tuple[str, IndexTable]:
    """Return the table that figures are of: the first of a curve, else the first."""
    for name, table in tables.items():
        if table.is_curve:
            return name, table
    return next(iter(tables.items()))


def shown_utterance(table: IndexTable) -> str:
    """Return the utterance to show: the first SA1, else the one whose length is nearest to 3 s."""
    utterances = table.utterances[table.utterances["n_frames"] > 0]
    calibration = utterances[utterances["sentence"] == "sa1"]
    if len(calibration):
        return str(calibration["utterance"].iloc[0])
    off = (utterances["n_samples"] / utterances["sample_rate"] - _SHOWN_SECONDS).abs()
    return str(utterances["utterance"].iloc[int(off.to_numpy().argmin())])


def figures_of(
    tables: Mapping[str, IndexTable],
    *,
    utterance: str,
    audio: NDArray[np.float32] | None = None,
    codebook: NDArray[np.float32] | None = None,
    palette: Palette = "paper",
) -> Iterator[NamedFigure]:
    """Yield figures 4 to 9 of an analysis.

    Parameters
    ----------
    tables
        By name; all are in figure 4, the leading one alone in the others.
    utterance
        The one that figure 4 shows.
    audio
        Its samples, shape (n,), at the rate of the table; without them no spectrogram is drawn.
    codebook
        Corners of the leading table's quantizer, shape (K, dim); without them figure 7 is left out.
    palette
        ``"paper"`` or ``"colorblind"``.
    """
    _, table = leading_table(tables)
    by_group = stats.index_histogram(table, by="phone_group")
    by_phone = stats.index_histogram(table, by="phone")
    note = note_of(table)
    yield _time_course(tables, utterance, audio)
    yield _titled(
        "figure_5_histogram_by_group",
        plots.histogram(by_group, palette=palette),
        by_group,
        f"Index by phone group{note}",
    )
    distances = stats.jensen_shannon(by_group)
    yield _titled(
        "figure_6_jensen_shannon",
        plots.jensen_shannon(distances),
        distances.rename_axis("phone_group").reset_index(),
        f"Jensen-Shannon distance{note}",
    )
    if codebook is not None:
        apart = stats.corner_distances(codebook)
        yield _titled(
            "figure_7_corner_distances",
            plots.corner_distances(apart),
            apart.reset_index(),
            "Distance between codewords",
        )
    moves = stats.transitions(table)
    yield _titled(
        "figure_8_transitions",
        plots.transitions(moves, table.codebook_size),
        moves,
        f"Transitions{note}",
    )
    group_of = {phone: table.inventory.group_of(phone) for phone in by_phone["phone"].unique()}
    of_one = by_phone["phone"].map(group_of).astype(object)
    group = _shown_group(set(of_one.dropna()), table)
    if group is not None:
        name = f"{group}s" if group == _FRICATIVE else "one_group"
        yield _titled(
            f"figure_9_histogram_of_{name}",
            plots.phone_histograms(by_phone, group, palette=palette, inventory=table.inventory),
            by_phone[of_one == group],
            f"Index by {literal(group)}{note}",
        )


def _shown_group(present: Collection[str], table: IndexTable) -> str | None:
    """Return the group whose phones are shown: the fricatives, as in the paper, or the first."""
    there = [group for group in table.inventory.groups if group in present]
    return _FRICATIVE if _FRICATIVE in there else next(iter(there), None)


def write_figures(figures: Iterable[NamedFigure], folder: Path) -> list[str]:
    """Write figures as SVG and PNG with their data as CSV; return their names."""
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for named in figures:
        save_figure(named.figure, folder / named.name)
        write_csv(named.data, folder / f"{named.name}.csv")
        plt.close(named.figure)
        names.append(named.name)
    return names


def _titled(name: str, ax: Axes, data: pd.DataFrame, title: str) -> NamedFigure:
    ax.set_title(title, fontsize=TITLE_SIZE)
    return NamedFigure(name, figure_of(ax), data)


def note_of(table: IndexTable) -> str:
    """Return what a reader must know of the speech, as a second line in brackets, or nothing."""
    notes = table.provenance.get("corpus", {}).get("notes", "")
    return f"\n({notes})" if notes else ""


def _time_course(
    tables: Mapping[str, IndexTable], utterance: str, audio: NDArray[np.float32] | None
) -> NamedFigure:
    top, _ = plots.index_over_time(tables, utterance, audio=audio)
    frames = []
    for name, table in tables.items():
        _, of_one = table.of_utterance(utterance)
        seconds = of_one["centre"] / table.grid.sample_rate
        position = of_one["curve_segment"] + of_one["t"].astype("float64")
        shown = of_one[["frame", "phone", "codeword"]]
        frames.append(shown.assign(seconds=seconds, position=position, quantizer=name))
    return NamedFigure(
        "figure_4_index_over_time", figure_of(top), pd.concat(frames, ignore_index=True)
    )
