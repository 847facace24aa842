"""How labels, frames and codes are brought together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfvq_analysis.errors import (
    check_option,
)

if TYPE_CHECKING:
    from sfvq_analysis.phones import UnknownPolicy
    from sfvq_analysis.quantizers.base import Mode
    from sfvq_analysis.timeline import Ownership


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """How labels, frames and codes are brought together; recorded in the table's provenance.

    Attributes
    ----------
    mode
        ``"exact"`` or ``"published"`` projection (`SpaceFillingVQ.encode`).
    ownership
        Which phone segment owns a frame (`sfvq_analysis.timeline.owners`).
    unknown
        Phones outside the table: ``"raise"`` one error that lists them all before anything is
        encoded, or ``"na"``: their frames have no phone (NA), and they are counted; the segments
        keep the label.
    allow_mismatch
        Whether codebooks fitted on another encoder's latents may be read with this one.
    """

    mode: Mode = "exact"
    ownership: Ownership = "centre"
    unknown: UnknownPolicy = "raise"
    allow_mismatch: bool = False

    def __post_init__(self) -> None:
        check_option("mode", self.mode, ("exact", "published"))
        check_option("ownership", self.ownership, ("centre", "majority"))
        check_option("unknown", self.unknown, ("raise", "na"))
