"""Frames to fit on: an array with what is known of it, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.checks import checked_frames
from sfvq_analysis.encoders import Features, config_digest
from sfvq_analysis.errors import OptionError, QuantizerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.encoders import EncoderConfig

MAX_BITS = 14


def check_bits(bits: int) -> None:
    """Raise an OptionError unless `bits` is an integer from 1 to 14."""
    if not isinstance(bits, int) or isinstance(bits, bool) or not 1 <= bits <= MAX_BITS:
        raise OptionError(f"bits is {bits!r}", remedy=f"use an integer from 1 to {MAX_BITS}")


def check_seed(seed: int) -> None:
    """Raise an OptionError unless `seed` is an integer from 0 to 2^32 - 1."""
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise OptionError(f"seed is {seed!r}", remedy="use an integer from 0 to 4294967295")


@dataclass(frozen=True, slots=True)
class FittingFrames:
    """Frames of shape (n_frames, dim), float32 and contiguous, and their encoder.

    Attributes
    ----------
    values
        The frames.
    encoder
        Configuration of the encoder that made them; empty if unknown.
    variance
        Total variance: mean squared distance of a frame to the mean frame.
    """

    values: NDArray[np.float32]
    encoder: EncoderConfig
    variance: float

    @classmethod
    def of(cls, features: Features | ArrayLike, bits: int) -> FittingFrames:
        """Check frames for a codebook of 2^bits codewords.

        Raises
        ------
        OptionError
            If `bits` isn't an integer from 1 to 14.
        QuantizerError
            If the frames aren't finite floats of shape (n_frames, dim) or are fewer than codewords.
        """
        check_bits(bits)
        given, encoder = (
            (features.values, features.encoder)
            if isinstance(features, Features)
            else (features, {})
        )
        array = checked_frames(given)
        if len(array) < 2**bits:
            raise QuantizerError(
                f"{len(array)} frames can't fit {2**bits} codewords", remedy="fewer bits, more data"
            )
        values = np.ascontiguousarray(array, dtype=np.float32)
        variance = float(values.var(axis=0, dtype=np.float64).sum())
        return cls(values, encoder, variance)

    def described(self, **options: Any) -> Mapping[str, Any]:
        """Return fit options together with what they were applied to, for the provenance."""
        shape = {"n_frames": len(self.values), "dim": self.values.shape[1]}
        listed = {k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}
        digest = {"encoder_digest": config_digest(self.encoder)}
        return {**listed, **shape, **digest, "variance": self.variance}
