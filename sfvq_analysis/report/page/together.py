"""How the indices of two tables of the same frames go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.report.page.packing import packed_counts
from sfvq_analysis.stats.arithmetic.contingency import entropy_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable

    Ints = NDArray[np.int64]

MOST_CELLS = 256


def why_not_together(table: IndexTable, other: IndexTable) -> str:
    """Return why indices can't be set against each other frame by frame; empty where they can."""
    if table.grid != other.grid:
        return (
            f"Their frames are at other times (hops of {table.grid.hop} and {other.grid.hop} "
            f"samples at {table.grid.sample_rate} and {other.grid.sample_rate} Hz), so that no "
            "frame of one is a frame of the other. Read the same encoder's frames with both."
        )
    if not table.utterances["n_frames"].equals(other.utterances["n_frames"]):
        return "Their utterances have other numbers of frames. Read the same recordings with both."
    if len(table.frames) == 0:
        return "There is no frame."
    return ""


def together(across: IndexTable, up: IndexTable) -> dict[str, Any]:
    """Return joint counts of two indices, at most 256 x 256 cells, and what they share.

    Parameters
    ----------
    across
        The table whose index goes to the right, in the order of its axis.
    up
        The other one. If it is a plain codebook its codes stand in the order of the mean index of
        `across` that goes with them, for their own order means nothing.
    """
    sizes = across.codebook_size, up.codebook_size
    frames = across.frames["codeword"].to_numpy(np.int64) * sizes[1] + up.frames["codeword"]
    cells, counts = np.unique(frames.to_numpy(), return_counts=True)
    x, y = np.divmod(cells, sizes[1])
    order = np.arange(sizes[1]) if up.is_curve else _by_mean(x, y, counts, sizes[1])
    widths = [-(-size // MOST_CELLS) for size in sizes]
    n = [-(-size // width) for size, width in zip(sizes, widths, strict=True)]
    place = np.argsort(order)[y]
    added = np.bincount((x // widths[0]) * n[1] + place // widths[1], counts, n[0] * n[1])
    return {
        "sizes": list(sizes),
        "widths": widths,
        "order": None if up.is_curve else order.tolist(),
        "counts": packed_counts(added.astype(np.int64).reshape(n)),
        **_shared((np.bincount(x, counts), np.bincount(y, counts), counts)),
    }


def _by_mean(x: Ints, y: Ints, counts: Ints, size: int) -> Ints:
    """Return the values of y by the mean x of what is counted with them, unused ones last."""
    total = np.bincount(y, counts, size)
    mean = np.bincount(y, counts * x, size) / np.maximum(total, 1)
    return np.argsort(np.where(total > 0, mean, np.inf), kind="stable")


def _shared(parts: Sequence[NDArray[Any]]) -> dict[str, float]:
    """Return entropies and mutual information, in bits, of marginal and joint counts.

    Plug-in entropies of many cells are too small, and what they share far too large: (cells that
    occur - 1) / 2n is added, as Miller and Madow do.
    """
    bits = [
        float(entropy_of(part) + (np.count_nonzero(part) - 1) / (2 * part.sum())) / np.log(2)
        for part in parts
    ]
    told = bits[0] + bits[1] - bits[2]
    found = (bits[0], bits[1], min(max(told, 0.0), *bits[:2]))
    names = ("bits_across", "bits_up", "bits_shared")
    return {name: round(float(one), 3) for name, one in zip(names, found, strict=True)}
