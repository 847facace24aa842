"""Do phones that sound alike peak side by side? Distances between the peaks inside a group."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from sfvq_analysis.errors import TableError
from sfvq_analysis.phones import as_pair, phone_group, similar_pairs
from sfvq_analysis.stats.peaks import main_peaks

if TYPE_CHECKING:
    from collections.abc import Iterable


def peak_adjacency(
    found: pd.DataFrame, *, similar: Iterable[tuple[str, str]] | None = None
) -> pd.DataFrame:
    """Return the distance between the main peaks of every two phones of a group.

    Parameters
    ----------
    found
        Of `sfvq_analysis.stats.peaks`, from a histogram by phone.
    similar
        Pairs to mark; by default the package's table (`sfvq_analysis.phones.similar_pairs`).

    Returns
    -------
    pd.DataFrame
        ``phone_a``, ``phone_b``, ``group``, ``similar``, ``distance`` and ``distance_raw`` (between
        smoothed and raw peaks, in indices; NA where a peak is). Phones in no group are left out.

    Raises
    ------
    TableError
        If the peaks aren't by phone.
    """
    if list(found.columns[:1]) != ["phone"] or found.columns[1] != "rank":
        raise TableError(
            "peaks aren't by phone alone", remedy='use index_histogram(table, by="phone")'
        )
    marked = {as_pair(*pair) for pair in (similar_pairs() if similar is None else similar)}
    main = main_peaks(found)
    main = main.assign(group=[phone_group(str(phone), unknown="na") for phone in main["phone"]])
    rows = [
        {
            "phone_a": str(one.phone),
            "phone_b": str(other.phone),
            "group": one.group,
            "similar": as_pair(str(one.phone), str(other.phone)) in marked,
            "distance": abs(one.peak - other.peak),
            "distance_raw": abs(one.peak_raw - other.peak_raw),
        }
        for one, other in combinations(main.itertuples(), 2)
        if one.group is not None and one.group == other.group
    ]
    columns = ["phone_a", "phone_b", "group", "similar", "distance", "distance_raw"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"similar": "bool", "distance": "Int32", "distance_raw": "Int32"})
