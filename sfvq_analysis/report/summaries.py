"""What the statistics of tables come to, as text for a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.report.statistics import statistics_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfvq_analysis.stats import Inference
    from sfvq_analysis.tables import Indexed

Found = dict[str, pd.DataFrame]
SUMMARISED = ("claims", "describe_axis", "axis_measures", "usage", "peak_adjacency")
_WITHOUT_DRAWS = ("axis_measures", "usage", "peak_adjacency")
_MEANINGS = {
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
_WIDTH = 100
_STATEMENT = 40


def summary(tables: Mapping[str, Indexed]) -> pd.DataFrame:
    """Return the measures of the axis and of the codebook's use, a row a table.

    ``similar_peaks`` and ``other_peaks`` are the median distances between the main peaks of similar
    phones and of the other pairs of a group, in indices.
    """
    return summary_of(
        {name: statistics_of(table, names=_WITHOUT_DRAWS) for name, table in tables.items()}
    )


def summary_of(found: Mapping[str, Found]) -> pd.DataFrame:
    """Return the `summary` of tables whose statistics are there already."""
    return pd.concat([_row(name, frames) for name, frames in found.items()])


def summary_text(tables: Mapping[str, Indexed], frame: pd.DataFrame) -> str:
    """Return the tables' `summary` as text, with the words that make it readable."""
    width = max(len(text) for text, _ in _MEANINGS.values())
    column = max(10, *(len(name) + 2 for name in frame.index))
    lines = [_what_was_read(next(iter(tables.values()))), ""]
    lines.append(" " * width + "".join(f"{name:>{column}}" for name in frame.index))
    for name, (text, form) in _MEANINGS.items():
        cells = "".join(f"{_cell(value, form):>{column}}" for value in frame[name])
        lines.append(f"{text:<{width}}{cells}")
    return "\n".join(lines)


def findings_text(
    tables: Mapping[str, Indexed], found: Mapping[str, Found], inference: Inference
) -> str:
    """Return the summary, and under it the claims and the axis in words, a block a table."""
    parts = [summary_text(tables, summary_of(found))]
    for name, frames in found.items():
        parts.append("\n".join(_claims_lines(name, frames["claims"], inference)))
        parts.append("\n".join(_axis_lines(name, frames["describe_axis"])))
    return "\n\n".join(parts)


def number(value: float) -> str:
    """Return a number at three digits, as short as it can be said.

    Examples
    --------
    >>> number(0.31234), number(-12.345), number(213.86), number(float("nan"))
    ('0.312', '-12.3', '214', 'n/a')
    """
    if np.isnan(value):
        return "n/a"
    size = abs(value)
    return f"{value:.{3 if size < 9.9995 else 1 if size < 99.95 else 0}f}"


def span(low: float, high: float) -> str:
    """Return an interval, empty where there is none.

    Examples
    --------
    >>> span(0.25, 1.0), span(float("nan"), float("nan"))
    ('[0.250, 1.000]', '')
    """
    return "" if np.isnan(low) or np.isnan(high) else f"[{number(low)}, {number(high)}]"


def _row(name: str, frames: Found) -> pd.DataFrame:
    adjacency = frames["peak_adjacency"]
    medians = {
        column: _median(adjacency[adjacency["similar"] == similar]["distance"])
        for column, similar in (("similar_peaks", True), ("other_peaks", False))
    }
    row = pd.concat([frames["usage"], frames["axis_measures"]], axis=1).assign(**medians)
    return row.set_axis(pd.Index([name], name="quantizer"))


def _median(distances: pd.Series) -> float:
    known = distances.dropna().to_numpy(dtype=np.float64)
    return float(np.median(known)) if len(known) else float("nan")


def _what_was_read(table: Indexed) -> str:
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


def _claims_lines(name: str, claims: pd.DataFrame, inference: Inference) -> Iterator[str]:
    level = f"[{inference.level * 100:g} % interval]"
    yield f"{name}: the paper's claims ({_draws(claims, inference)})"
    yield _claim_line(
        "", "what is claimed (what is measured)", "effect", level, "null", "p", "verdict"
    )
    for row in claims.itertuples():
        text = f"{row.statement} ({row.measure})"
        first, *rest = textwrap.wrap(text, _STATEMENT, break_long_words=False)
        p = "" if np.isnan(row.p_corrected) else f"{row.p_corrected:.3f}".lstrip("0")
        numbers = (number(row.effect), span(row.low, row.high))
        null = "" if np.isnan(row.null_mean) else number(row.null_mean)
        yield _claim_line(row.claim, first, *numbers, null, p, row.verdict)
        yield from (f"     {line}" for line in rest)
        if row.verdict == "untestable" and row.reason:
            yield from textwrap.wrap(row.reason, _WIDTH, initial_indent=" " * 7,
                                     subsequent_indent=" " * 7)  # fmt: skip
    yield from textwrap.wrap(_families(claims), _WIDTH)


def _claim_line(*cells: str) -> str:
    claim, text, effect, interval, null, p, verdict = cells
    line = f"{claim:<5}{text:<{_STATEMENT}}{effect:>8} {interval:<18}{null:>7}{p:>7}  {verdict}"
    return line.rstrip()


def _draws(claims: pd.DataFrame, inference: Inference) -> str:
    unit = next((unit for unit in claims["unit"] if unit), "speaker")
    n_units = claims["n_units"].max()
    return (
        f"{inference.n_permutations} permutations, {inference.n_bootstraps} resamplings of "
        f"{n_units} {unit if n_units == 1 else f'{unit}s'}; p corrected for twelve"
    )


def _families(claims: pd.DataFrame) -> str:
    """Return which claims say nothing of the order of codes."""
    others = claims[claims["family"] != "order"]["claim"]
    return f"The null is what there would be by chance. {', '.join(others)}: not about order."


def _axis_lines(name: str, description: pd.DataFrame) -> Iterator[str]:
    yield f"{name}: the axis"
    for part in description["text"]:
        yield from textwrap.wrap(part, _WIDTH, initial_indent="  ", subsequent_indent="      ")
