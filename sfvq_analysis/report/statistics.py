"""All statistics of a table, by name, and the few numbers that sum it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis import stats

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sfvq_analysis.tables import IndexTable

FLOAT_FORMAT = "%.6g"


def statistics_of(table: IndexTable) -> dict[str, pd.DataFrame]:
    """Return every statistic of a table that needs nothing else, by file name without suffix."""
    by_phone = stats.index_histogram(table, by="phone")
    by_group = stats.index_histogram(table, by="phone_group")
    peaks_by_phone = stats.peaks(by_phone)
    counts = stats.phone_counts(table)
    return {
        "axis_measures": stats.axis_measures(table),
        "usage": stats.usage(table),
        "histogram_by_group": by_group,
        "histogram_by_phone": by_phone,
        "histogram_by_group_and_sex": stats.index_histogram(table, by=["sex", "phone_group"]),
        "histogram_by_group_and_dialect": stats.index_histogram(
            table, by=["dialect", "phone_group"]
        ),
        "histogram_by_speaker": stats.index_histogram(table, by="speaker"),
        "peaks_by_group": stats.peaks(by_group),
        "peaks_by_phone": peaks_by_phone,
        "peak_adjacency": stats.peak_adjacency(peaks_by_phone),
        "jensen_shannon_by_group": _named(stats.jensen_shannon(by_group), "phone_group"),
        "consonant_vowel_split": stats.consonant_vowel_split(counts),
        "phone_counts": counts.reset_index(),
        "transitions": stats.transitions(table),
    }


def summary(tables: Mapping[str, IndexTable]) -> pd.DataFrame:
    """Return the measures of the axis and of the codebook's use, a row a table.

    ``similar_peaks`` and ``other_peaks`` are the median distances between the main peaks of similar
    phones and of the other pairs of a group, in indices.
    """
    return pd.concat([_summary_row(name, table) for name, table in tables.items()])


def write_statistics(statistics: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write frames as CSV, floats at six digits."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in statistics.items():
        write_csv(frame, folder / f"{name}.csv")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write one frame as CSV, floats at six digits, without its row numbers."""
    frame.to_csv(path, index=False, float_format=FLOAT_FORMAT, lineterminator="\n")


def _named(matrix: pd.DataFrame, name: str) -> pd.DataFrame:
    return matrix.rename_axis(name).reset_index()


def _summary_row(name: str, table: IndexTable) -> pd.DataFrame:
    adjacency = stats.peak_adjacency(stats.peaks(stats.index_histogram(table, by="phone")))
    medians = {
        column: _median(adjacency[adjacency["similar"] == similar]["distance"])
        for column, similar in (("similar_peaks", True), ("other_peaks", False))
    }
    row = pd.concat([stats.usage(table), stats.axis_measures(table)], axis=1).assign(**medians)
    return row.set_axis(pd.Index([name], name="quantizer"))


def _median(distances: pd.Series) -> float:
    known = distances.dropna().to_numpy(dtype=np.float64)
    return float(np.median(known)) if len(known) else float("nan")


def summary_text(tables: Mapping[str, IndexTable], frame: pd.DataFrame) -> str:
    """Return the tables' `summary` as text, with the words that make it readable."""
    meanings = {
        "n_frames": ("frames read", ".0f"),
        "used": ("codes used", ".0f"),
        "perplexity": ("perplexity of the index", ".1f"),
        "mse": ("squared error / variance of the fitted frames", ".3f"),
        "pnmi": ("PNMI, phone information of single codes (high)", ".3f"),
        "arcs": ("PNMI of 16 arcs of neighbouring codes (high)", ".3f"),
        "split": ("consonant/vowel accuracy of one threshold (high)", ".3f"),
        "split_ceiling": ("… its ceiling over all orders of these codes", ".3f"),
        "threshold": ("… the threshold", ".0f"),
        "step": ("index step against random relabelling (low)", ".3f"),
        "step_optimised": ("… optimised by the fit, then no finding", ""),
        "pairs": ("similar phones' histogram distance to all (low)", ".3f"),
        "similar_peaks": ("peak distance of similar phones, median (low)", ".1f"),
        "other_peaks": ("… of other pairs of a group", ".1f"),
    }
    width = max(len(text) for text, _ in meanings.values())
    lines = [_what_was_read(next(iter(tables.values()))), ""]
    lines.append(" " * width + "".join(f"{name:>10}" for name in frame.index))
    for column, (text, form) in meanings.items():
        cells = "".join(f"{_cell(value, form):>10}" for value in frame[column])
        lines.append(f"{text:<{width}}{cells}")
    return "\n".join(lines)


def _what_was_read(table: IndexTable) -> str:
    corpus, encoder = table.provenance.get("corpus", {}), table.provenance.get("encoder", {})
    options = ", ".join(f"{name} {value}" for name, value in encoder.items() if name != "encoder")
    notes = f" ({corpus['notes']})" if corpus.get("notes") else ""
    speakers = table.utterances["speaker"].nunique()
    return (
        f"{corpus.get('name', 'corpus')}{notes}: {len(table.utterances)} utterances, {speakers} "
        f"speakers; encoder {encoder.get('encoder', 'unknown')} ({options})\n"
        "(high), (low): which direction means a better ordered or more telling index"
    )


def _cell(value: object, form: str) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return "n/a" if pd.isna(value) else format(float(str(value)), form)
