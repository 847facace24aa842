"""A comparison of methods as two tables for a terminal: units apart from order."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.report.summaries import number, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

_FAMILIES = {
    "units": "units: what a codebook knows, in whatever order its codes are",
    "order": "order: what the order of its codes is worth",
}
_WIDTH = 100


def comparison_text(frame: pd.DataFrame, level: float) -> str:
    """Return a frame of `sfvq_analysis.stats.compare` as text.

    Parameters
    ----------
    frame
        Of `sfvq_analysis.stats.compare`.
    level
        Coverage of its intervals.
    """
    blocks = ["\n".join(_head(frame, level))]
    for family, words in _FAMILIES.items():
        rows = frame[frame["family"] == family]
        blocks.append("\n".join([words, *_table(rows)]))
    reasons = list(_reasons(frame))
    if reasons:
        blocks.append("\n".join(["What is missing or not claimed, and why", *reasons]))
    return "\n\n".join(blocks)


def _head(frame: pd.DataFrame, level: float) -> Iterator[str]:
    fits = frame.drop_duplicates("method")[["method", "n_fits"]]
    listed = ", ".join(f"{row.method} {row.n_fits}" for row in fits.itertuples())
    yield f"fits: {listed}; {frame['n_units'].max()} {frame['unit'].iloc[0]}s"
    yield f"[{level * 100:g} % interval over {frame['unit'].iloc[0]}s] ± standard deviation of fits"
    if _baseline(frame):
        yield "*: larger than both kinds of doubt, so that it may be claimed"


def _baseline(frame: pd.DataFrame) -> str:
    return next((name for name in frame["baseline"] if name), "")


def _table(rows: pd.DataFrame) -> Iterator[str]:
    baseline = _baseline(rows)
    first = max(len(_named(row)) for row in rows.to_dict("records")) + 2
    second = max(len("method"), *rows["method"].str.len()) + 2
    cells = [_effect(row) for row in rows.to_dict("records")]
    third = max(map(len, cells)) + 2
    beside = f"less {baseline}" if baseline else ""
    yield f"{'measure (better)':<{first}}{'method':<{second}}{'effect':<{third}}{beside}".rstrip()
    for measure, part in rows.groupby("measure", sort=False):
        del measure
        for at, row in enumerate(part.to_dict("records")):
            name = "" if at else _named(row)
            line = f"{name:<{first}}{row['method']:<{second}}{_effect(row):<{third}}"
            yield (line + _difference(row)).rstrip()


def _named(row: dict[str, Any]) -> str:
    return f"{row['measure']} ({row['better']})"


def _effect(row: dict[str, Any]) -> str:
    return f"{number(row['effect']):>6} {_doubt(row['low'], row['high'], row['fit_sd'])}".rstrip()


def _difference(row: dict[str, Any]) -> str:
    if not row["baseline"] or np.isnan(row["difference"]):
        return ""
    names = ("difference_low", "difference_high", "difference_fit_sd")
    star = "*" if row["claimed"] else " "
    return f"{number(row['difference']):>6}{star} {_doubt(*(row[name] for name in names))}"


def _doubt(low: float, high: float, fit_sd: float) -> str:
    of_fits = "" if np.isnan(fit_sd) else f"± {number(fit_sd)}"
    return f"{span(low, high)} {of_fits}".strip()


def _reasons(frame: pd.DataFrame) -> Iterator[str]:
    """Yield each reason with the methods and the measures it holds for."""
    n_measures = frame["measure"].nunique()
    given = frame[frame["reason"] != ""]
    for reason, rows in given.groupby("reason", sort=False):
        whom = [
            f"{method} ({'all' if len(part) == n_measures else ', '.join(part['measure'])})"
            for method, part in rows.groupby("method", sort=False)
        ]
        text = f"{reason}: {'; '.join(whom)}"
        yield from textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
