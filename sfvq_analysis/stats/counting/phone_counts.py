"""Joint counts of phone and index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.stats.counting.labelled import labelled_frames
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reducible


def phone_counts(table: Reducible, phone_set: Folding = 61) -> pd.DataFrame:
    """Return the joint counts of phone and index over all labelled frames.

    Parameters
    ----------
    table
        A table, a dataset, or reductions.
    phone_set
        61, 48 or 39; spellings of one phone are one phone.

    Returns
    -------
    pd.DataFrame
        A row each phone that owns a frame, a column each index 0 … K - 1, unused ones included.
    """
    if isinstance(table, IndexTable):
        frames = labelled_frames(table, ["phone"], phone_set=phone_set)
        phones = frames["phone"].cat.remove_unused_categories()
        names = phones.cat.categories
        size = (len(names), table.codebook_size)
        cells = np.ravel_multi_index((phones.cat.codes, frames["index"]), size)
        counts = np.bincount(cells, minlength=size[0] * size[1]).reshape(size)
    else:
        found = unit_counts(table, "phone", phone_set=phone_set)
        names, counts = pd.Index(found.values, dtype="str"), found.total()
    return pd.DataFrame(
        counts,
        index=pd.Index(names, name="phone"),
        columns=pd.RangeIndex(table.codebook_size, name="index"),
    )
