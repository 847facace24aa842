"""What a codebook from elsewhere must be, and what its reader should hear of it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.arrays import first_not_finite
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HALF_GROWN = 2
_SHOWN = 5


class CodebookWarning(UserWarning):
    """A codebook can be used, but something about it should be known; one line."""


def checked_codewords(array: NDArray[Any]) -> NDArray[np.float32]:
    """Return a codebook as float32 of shape (K, dim).

    Parameters
    ----------
    array
        Floats of any width.

    Raises
    ------
    QuantizerError
        If it isn't floats of that shape with K >= 2, a number isn't finite, also in float32, two
        or more codewords are all zeros (a codebook that was still growing), or all are the same.
    """
    if array.dtype.kind != "f":
        raise QuantizerError(
            f"it holds {array.dtype} of shape {array.shape}", remedy="store floats (K, dim)"
        )
    if array.ndim != 2 or len(array) < 2 or array.shape[1] < 1:
        raise QuantizerError(
            f"codebook has shape {array.shape}", remedy="give (K, dim) with K >= 2"
        )
    _check_finite(array, "NaN or infinity")
    with np.errstate(over="ignore"):
        codewords = np.ascontiguousarray(array, np.float32)
    _check_finite(codewords, "numbers too large for float32")
    zeros = np.flatnonzero(~codewords.any(axis=1))
    if len(zeros) >= _HALF_GROWN:
        raise QuantizerError(
            f"{len(zeros)} of {len(codewords)} codewords are all zeros, {_listed(zeros)}",
            remedy="finish its growth, or store the codewords that are there",
        )
    if (codewords == codewords[0]).all():
        raise QuantizerError(f"all {len(codewords)} codewords are the same", remedy="fit it anew")
    return codewords


def codebook_notes(codewords: NDArray[np.float32]) -> list[str]:
    """Return what should be known of a codebook: a line each; none for most.

    Parameters
    ----------
    codewords
        Shape (K, dim).

    Examples
    --------
    >>> codebook_notes(np.float32([[1], [2], [1], [0]]))  # doctest: +NORMALIZE_WHITESPACE
    ['1 of 4 codewords repeat an earlier one (codeword 2 is codeword 0): no frame goes to them',
     'the last codeword is all zeros']
    """
    notes = []
    _, first, which = np.unique(codewords + 0.0, axis=0, return_index=True, return_inverse=True)
    originals = first[which.reshape(-1)]
    repeats = np.flatnonzero(originals != np.arange(len(codewords)))
    if len(repeats):
        notes.append(
            f"{len(repeats)} of {len(codewords)} codewords repeat an earlier one (codeword "
            f"{repeats[0]} is codeword {originals[repeats[0]]}): no frame goes to them"
        )
    if not codewords[-1].any():
        notes.append("the last codeword is all zeros")
    return notes


def warn_of(codewords: NDArray[np.float32], where: str) -> None:
    """Give a `CodebookWarning` for each note on a codebook, one line that says where it is."""
    for note in codebook_notes(codewords):
        warnings.warn(f"{where}: {note}", CodebookWarning, stacklevel=3)


def _check_finite(array: NDArray[Any], what: str) -> None:
    row = first_not_finite(array)
    if row is not None:
        raise QuantizerError(
            f"codebook holds {what}, the first at codeword {row}", remedy="mend the codebook"
        )


def _listed(rows: NDArray[np.intp]) -> str:
    """Return row numbers, as a span where they are one.

    Examples
    --------
    >>> _listed(np.arange(4, 8)), _listed(np.array([1, 3]))
    ('4 to 7', '1, 3')
    """
    if len(rows) > 1 and rows[-1] - rows[0] == len(rows) - 1:
        return f"{rows[0]} to {rows[-1]}"
    more = ", …" if len(rows) > _SHOWN else ""
    return ", ".join(map(str, rows[:_SHOWN])) + more
