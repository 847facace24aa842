"""Why a number is missing, in words, joined into the column ``reason``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfvq_analysis.stats.inference import Inference


def joined(*reasons: str) -> str:
    """Return the reasons that aren't empty, in one line.

    Examples
    --------
    >>> joined("", "one speaker: no interval", "the index never changes")
    'one speaker: no interval; the index never changes'
    """
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def no_interval(unit: str, n_units: int, inference: Inference) -> str:
    """Return why there is no interval, empty where there is one."""
    if n_units < 2:
        return f"{'one' if n_units else 'no'} {unit}: no interval"
    return "" if inference.n_bootstraps else "no resampling was asked for"


def no_null(inference: Inference) -> str:
    """Return why there is no null, empty where there is one."""
    return "" if inference.n_permutations else "no permutation was asked for"
