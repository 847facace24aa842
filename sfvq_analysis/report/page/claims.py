"""The paper's claims as rows of the page's table, the tables side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.report.summaries import number, span

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


class Finding(NamedTuple):
    """What one table says of one claim, as text."""

    effect: str
    interval: str
    null: str
    p: str
    verdict: str
    detail: str


class Claim(NamedTuple):
    """One claim and what each table says of it."""

    name: str
    family: str
    statement: str
    measure: str
    findings: tuple[Finding, ...]


def claim_rows(claims: Mapping[str, pd.DataFrame]) -> list[Claim]:
    """Return the claims C1 … C12 with the findings of each table.

    Examples
    --------
    >>> claim_rows({})
    []
    """
    if not claims:
        return []
    first = next(iter(claims.values()))
    findings = [[_finding(row) for row in frame.to_dict("records")] for frame in claims.values()]
    return [
        Claim(
            row["claim"],
            row["family"],
            row["statement"],
            row["measure"],
            tuple(of_table[at] for of_table in findings),
        )
        for at, row in enumerate(first.to_dict("records"))
    ]


def draws_text(claims: Mapping[str, pd.DataFrame]) -> str:
    """Return what the intervals resample."""
    units = {
        f"{name}: {int(frame['n_units'].max())} {next((u for u in frame['unit'] if u), 'unit')}s"
        for name, frame in claims.items()
    }
    return "; ".join(sorted(units))


def _finding(row: dict[str, object]) -> Finding:
    effect, low, high, null, p = (
        float(str(row[name])) for name in ("effect", "low", "high", "null_mean", "p_corrected")
    )
    return Finding(
        number(effect),
        span(low, high),
        "" if np.isnan(null) else number(null),
        "" if np.isnan(p) else f"{p:.3f}",
        str(row["verdict"]),
        "; ".join(str(row[name]) for name in ("detail", "reason") if row[name]),
    )
