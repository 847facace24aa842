"""One utterance with its codes: all that an index table needs of it, without audio and latents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfvq_analysis.corpus import Utterance
    from sfvq_analysis.quantizers import Codes
    from sfvq_analysis.timeline import Segment


@dataclass(frozen=True, slots=True)
class IndexedUtterance:
    """What was read of an utterance and the codes of its frames.

    Attributes
    ----------
    utterance
        Which.
    n_samples, sample_rate
        Of its audio file.
    tiers
        Segments by tier, in samples of the file.
    n_frames
        How many frames the encoder gave.
    codes
        By the quantizers' names.
    """

    utterance: Utterance
    n_samples: int
    sample_rate: int
    tiers: Mapping[str, tuple[Segment, ...]]
    n_frames: int
    codes: Mapping[str, Codes]


class SkippedUtterance(NamedTuple):
    """An utterance that was left out, by id, and the one line that says why."""

    utterance: str
    reason: str
