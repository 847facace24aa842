"""What a report looks at: tables by name, of large datasets a sample."""

from __future__ import annotations

from collections.abc import Mapping

from sfvq_analysis.tables import IndexDataset, Indexed, IndexTable


def seen_tables(tables: Indexed | Mapping[str, Indexed]) -> dict[str, IndexTable]:
    """Return tables by name, a single one as ``table``; of a dataset what `sample` gives.

    Examples
    --------
    >>> from sfvq_analysis.tables import simulated_table
    >>> list(seen_tables(simulated_table()))
    ['table']
    """
    named = dict(tables) if isinstance(tables, Mapping) else {"table": tables}
    return {
        name: one.sample() if isinstance(one, IndexDataset) else one for name, one in named.items()
    }
