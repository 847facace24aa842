"""What the statistics of a table are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sfvq_analysis import stats

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats import Inference, Reductions
    from sfvq_analysis.tables import Indexed


@dataclass(frozen=True)
class Source:
    """What the statistics of a table are computed from; what several need is made once.

    Attributes
    ----------
    table
        The table.
    inference
        Draws, level and seed of every statistic.
    sentence
        That C4 is tested on; by default all that several speakers say.
    corners
        The codebook, shape (K, dim), for the statistics of corners.
    baseline
        Another table of the same utterances that the consistency of sentences is compared with.
    """

    table: Indexed
    inference: Inference
    sentence: str | None = None
    corners: NDArray[np.float32] | None = None
    baseline: Indexed | None = None

    @cached_property
    def reductions(self) -> Reductions:
        """The table, added up."""
        return stats.reduce(self.table)

    @cached_property
    def by_phone(self) -> pd.DataFrame:
        """Histograms of the phones."""
        return stats.index_histogram(self.table, by="phone")

    @cached_property
    def by_group(self) -> pd.DataFrame:
        """Histograms of the groups."""
        return stats.index_histogram(self.table, by="phone_group")

    @cached_property
    def peaks_by_phone(self) -> pd.DataFrame:
        """Peaks of the phones' histograms."""
        return stats.peaks(self.by_phone)

    @cached_property
    def phone_counts(self) -> pd.DataFrame:
        """Joint counts of phone and index."""
        return stats.phone_counts(self.table)
