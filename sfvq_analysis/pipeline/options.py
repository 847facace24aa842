"""How labels, frames and codes are brought together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfvq_analysis.errors import check_option

if TYPE_CHECKING:
    from sfvq_analysis.corpus.utterance import PastAudio
    from sfvq_analysis.errors import ErrorPolicy
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
        Labels that no rule knows: ``"raise"`` one error that lists them all before anything is
        encoded, or ``"na"``: their frames have no phone (NA), and they are counted; the segments
        keep the label.
    allow_mismatch
        Whether codebooks fitted on another encoder's latents may be read with this one.
    on_error
        An utterance that can't be read, aligned or encoded: ``"raise"`` its error, or ``"skip"``:
        it is left out, and listed with the reason in the table's provenance.
    past_audio
        Phone labels that start at or after the end of the audio, or end more than 0.1 s after it:
        ``"raise"``, since they are labels of other audio, or ``"count"`` them as those that end
        less late always are.
    phone_set
        What labels mean (`sfvq_analysis.phones.resolve`): ``"auto"``, ``"timit"``, ``"arpabet"``,
        ``"buckeye"``, ``"l2arctic"``, ``"ipa"``, ``"xsampa"``, or the path of a ``.csv`` or
        ``.toml`` file with groups of your own.
    """

    mode: Mode = "exact"
    ownership: Ownership = "centre"
    unknown: UnknownPolicy = "raise"
    allow_mismatch: bool = False
    on_error: ErrorPolicy = "raise"
    past_audio: PastAudio = "raise"
    phone_set: str = "auto"

    def __post_init__(self) -> None:
        check_option("mode", self.mode, ("exact", "published"))
        check_option("ownership", self.ownership, ("centre", "majority"))
        check_option("unknown", self.unknown, ("raise", "na"))
        check_option("on_error", self.on_error, ("raise", "skip"))
        check_option("past_audio", self.past_audio, ("raise", "count"))
