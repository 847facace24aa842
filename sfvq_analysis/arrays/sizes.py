"""How much a file may claim to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfvq_analysis.errors import SfvqError

MOST_INFLATION = 100
"""Floats of real data hardly shrink; zeros do, 1000-fold, and so do files that mean harm."""
HARMLESS = 1 << 24
"""Bytes that may come of however little."""


def check_inflation(stored: int, claimed: int, refusal: type[SfvqError]) -> None:
    """Raise a refusal if compressed data claim to be far more than floats could be.

    Parameters
    ----------
    stored
        Bytes in the file.
    claimed
        Bytes that are to come of them.
    refusal
        Kind of the error.
    """
    if claimed > max(HARMLESS, MOST_INFLATION * stored):
        raise refusal(
            f"{stored} bytes claim to inflate to {claimed}", remedy="store it without compression"
        )
