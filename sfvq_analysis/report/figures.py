"""The paper's figures of an analysis, each with the frame behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sfvq_analysis import plots, stats
from sfvq_analysis.plots.histograms import MOST_GROUPS, MOST_LINES
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
LEFT_OUT = "left_out.txt"
_FRICATIVE = "fricative"


def leading_table(tables: Mapping[str, IndexTable]) -> tuple[str, IndexTable]:
    """Return the table that figures are of: the first of a curve, else the first."""
    for name, table in tables.items():
        if table.is_curve:
            return name, table
    return next(iter(tables.items()))


def shown_utterance(table: IndexTable) -> str:
    """Return the utterance to show: the first SA1, else the one whose length is nearest to 3 s.

    The first one where none has a frame, and nothing without utterances.
    """
    utterances = table.utterances[table.utterances["n_frames"] > 0]
    if utterances.empty:  # figure 4 is left out
        return next(map(str, table.utterances["utterance"]), "")
    calibration = utterances[utterances["sentence"] == "sa1"]
    if len(calibration):
        return str(calibration["utterance"].iloc[0])
    off = (utterances["n_samples"] / utterances["sample_rate"] - _SHOWN_SECONDS).abs()
    return str(utterances["utterance"].iloc[int(off.to_numpy().argmin())])


class LeftOut(NamedTuple):
    """A figure that can't be drawn, and why."""

    name: str
    why: str


class Written(NamedTuple):
    """Names of the figures that were drawn, and which weren't and why."""

    drawn: list[str]
    skipped: list[str]


def figures_of(
    tables: Mapping[str, IndexTable],
    *,
    utterance: str,
    audio: NDArray[np.float32] | None = None,
    codebook: NDArray[np.float32] | None = None,
    palette: Palette = "paper",
) -> Iterator[NamedFigure | LeftOut]:
    """Yield figures 4 to 9 of an analysis; what has nothing to draw is named as left out.

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
    note = note_of(table)
    yield _time_course(tables, utterance, audio)
    yield from _of_groups(stats.index_histogram(table, by="phone_group"), note, palette)
    if codebook is not None:
        apart = stats.corner_distances(codebook)
        yield _titled(
            "figure_7_corner_distances",
            plots.corner_distances(apart),
            apart.reset_index(),
            "Distance between codewords",
        )
    yield _transitions(table, note)
    yield _of_phones(table, note, palette)


def _of_groups(
    by_group: pd.DataFrame, note: str, palette: Palette
) -> Iterator[NamedFigure | LeftOut]:
    """Yield figures 5 and 6."""
    names = "figure_5_histogram_by_group", "figure_6_jensen_shannon"
    by_group = by_group[by_group["n_frames"] > 0]
    if by_group.empty:
        yield from (LeftOut(name, "no frame of a phone group") for name in names)
        return
    shown, of_all = _commonest(by_group, "phone_group", MOST_GROUPS)
    yield _titled(
        names[0], plots.histogram(shown, palette=palette), shown,
        f"Index by phone group{of_all}{note}",
    )  # fmt: skip
    distances = stats.jensen_shannon(by_group)
    yield _titled(
        names[1],
        plots.jensen_shannon(distances),
        distances.rename_axis("phone_group").reset_index(),
        f"Jensen-Shannon distance{note}",
    )


def _transitions(table: IndexTable, note: str) -> NamedFigure | LeftOut:
    moves = stats.transitions(table)
    name = "figure_8_transitions"
    if moves.empty:
        return LeftOut(name, "no frame follows another in its utterance")
    drawn = plots.transitions(moves, table.codebook_size)
    return _titled(name, drawn, moves, f"Transitions{note}")


def _of_phones(table: IndexTable, note: str, palette: Palette) -> NamedFigure | LeftOut:
    """Return figure 9, of one group."""
    by_phone = stats.index_histogram(table, by="phone")
    by_phone = by_phone[by_phone["n_frames"] > 0]
    group_of = {phone: table.inventory.group_of(phone) for phone in by_phone["phone"].unique()}
    of_one = by_phone["phone"].map(group_of).astype(object)
    group = _shown_group(set(of_one.dropna()), table)
    if group is None:
        return LeftOut("figure_9_histogram_of_one_group", "no frame of a phone group")
    shown, of_all = _commonest(by_phone[of_one == group], "phone", MOST_LINES)
    return _titled(
        f"figure_9_histogram_of_{f'{group}s' if group == _FRICATIVE else 'one_group'}",
        plots.phone_histograms(shown, group, palette=palette, inventory=table.inventory),
        shown,
        f"Index by {literal(group)}{of_all}{note}",
    )


def _commonest(hist: pd.DataFrame, by: str, at_most: int) -> tuple[pd.DataFrame, str]:
    """Return the rows of the values with most frames, and words on it where there are more."""
    frames = hist.drop_duplicates(by).set_index(by)["n_frames"]
    if len(frames) <= at_most:
        return hist, ""
    kept = frames.sort_values(ascending=False, kind="stable").index[:at_most]
    words = f", the {at_most} commonest of {len(frames)} {by.replace('_', ' ')}s"
    return hist[hist[by].isin(list(kept))].reset_index(drop=True), words


def _shown_group(present: Collection[str], table: IndexTable) -> str | None:
    """Return the group whose phones are shown: the fricatives, as in the paper, or the first."""
    there = [group for group in table.inventory.groups if group in present]
    return _FRICATIVE if _FRICATIVE in there else next(iter(there), None)


def write_figures(figures: Iterable[NamedFigure | LeftOut], folder: Path) -> Written:
    """Write figures as SVG and PNG with their data as CSV.

    What was left out, and why, stands in ``left_out.txt`` too.
    """
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    written = Written([], [])
    for named in figures:
        if isinstance(named, LeftOut):
            written.skipped.append(f"{named.name}: {named.why}")
            continue
        save_figure(named.figure, folder / named.name)
        write_csv(named.data, folder / f"{named.name}.csv")
        plt.close(named.figure)
        written.drawn.append(named.name)
    if written.skipped:
        lines = "".join(f"{line}\n" for line in written.skipped)
        (folder / LEFT_OUT).write_text(lines, encoding="utf-8")
    return written


def _titled(name: str, ax: Axes, data: pd.DataFrame, title: str) -> NamedFigure:
    ax.set_title(title, fontsize=TITLE_SIZE)
    return NamedFigure(name, figure_of(ax), data)


def note_of(table: IndexTable) -> str:
    """Return what a reader must know of the speech, as a second line in brackets, or nothing."""
    notes = table.provenance.get("corpus", {}).get("notes", "")
    return f"\n({notes})" if notes else ""


def _time_course(
    tables: Mapping[str, IndexTable], utterance: str, audio: NDArray[np.float32] | None
) -> NamedFigure | LeftOut:
    figure = "figure_4_index_over_time"
    if all(table.frames.empty for table in tables.values()):
        return LeftOut(figure, "no utterance has a frame")
    top, _ = plots.index_over_time(tables, utterance, audio=audio)
    frames = []
    for name, table in tables.items():
        _, of_one = table.of_utterance(utterance)
        seconds = of_one["centre"] / table.grid.sample_rate
        position = of_one["curve_segment"] + of_one["t"].astype("float64")
        shown = of_one[["frame", "phone", "codeword"]]
        frames.append(shown.assign(seconds=seconds, position=position, quantizer=name))
    return NamedFigure(figure, figure_of(top), pd.concat(frames, ignore_index=True))
