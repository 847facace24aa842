"""What an encoder is, and what it gives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sfvq_analysis.arrays.finite import first_not_finite
from sfvq_analysis.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.timeline import FrameGrid

EncoderConfig = Mapping[str, Any]
"""JSON-able description of an encoder; two encoders with the same one give the same frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Frames of latents, one row each, and where they are in time.

    Attributes
    ----------
    values
        float32, shape (n_frames, dim), finite.
    grid
        Where the frames' centres are. For frames gathered from several utterances it says only
        which grid each utterance had.
    encoder
        Configuration of the encoder that made them; empty where it is unknown.
    lengths
        How many frames each stretch of time has, in order; one stretch by default, empty where
        neighbouring rows aren't neighbours in time.

    Raises
    ------
    EncoderError
        If values aren't finite float32 of two dimensions, or lengths don't add up to their number.
    """

    values: NDArray[np.float32]
    grid: FrameGrid
    encoder: EncoderConfig
    lengths: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.dtype != np.float32:
            raise EncoderError(
                f"features are {self.values.dtype} of shape {self.values.shape}",
                remedy="an encoder gives float32 of shape (n_frames, dim)",
            )
        row = first_not_finite(self.values)
        if row is not None:
            raise EncoderError(
                f"latents hold NaN or infinity, the first at frame {row}",
                remedy="mend the latents or the encoder",
            )
        if self.lengths is None:
            object.__setattr__(self, "lengths", (len(self.values),))
        elif self.lengths and (min(self.lengths) < 0 or sum(self.lengths) != len(self.values)):
            raise EncoderError(
                f"lengths are negative or add up to {sum(self.lengths)}, there are "
                f"{len(self.values)} frames",
                remedy="give the length of every stretch, or none",
            )

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return len(self.values)

    def _repr_html_(self) -> str:
        from sfvq_analysis.showing import features_html

        return features_html(self)

    def __repr__(self) -> str:
        return (
            f"Features(shape={self.values.shape}, grid={self.grid}, encoder={dict(self.encoder)})"
        )


class Encoder(Protocol):
    """Audio in, frames out. Any object with these members will do.

    An encoder is deterministic: it runs in evaluation mode whatever mode its model was left in.
    """

    @property
    def grid(self) -> FrameGrid:
        """Where the frames' centres are."""

    @property
    def dim(self) -> int:
        """Dimensions of a frame."""

    @property
    def config(self) -> EncoderConfig:
        """JSON-able configuration, from which the digest is made."""

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at the grid's rate give."""

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Return the frames of one utterance, audio of shape (n_samples,) at `sample_rate` Hz."""


def config_digest(config: EncoderConfig) -> str:
    """Return 16 hexadecimal digits that name a configuration; empty for an empty one.

    Examples
    --------
    >>> config_digest({"encoder": "mel", "context": 0}) == config_digest(
    ...     {"context": 0, "encoder": "mel"}
    ... )
    True
    """
    if not config:
        return ""
    text = json.dumps(dict(config), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
