"""What goes wrong on a cluster."""

from __future__ import annotations

from sfvq_analysis.errors import SfvqError


class ScaleError(SfvqError):
    """A cluster can't be reached, or a job on it can't go on."""
