"""Reading voice models of the public ZeroSpeech code (van Niekerk, Nortje, Kamper 2020).

Layout: a torch file ``{"encoder": state, "decoder": state, "optimizer": …, "amp": …,
"scheduler": …, "step": …}``, of which only ``"encoder"`` must be there. The encoder's state holds
``encoder.N.*``, ``codebook.embedding``, ``codebook.ema_count`` and ``codebook.ema_weight``, and the
probabilities of its time jitter. Width and dimension aren't stated: they are read off the shapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.encoders.convolutional import VQVAEConfig
from sfvq_analysis.errors import EncoderError
from sfvq_analysis.weights import as_weights, read_torch_weights

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.weights import Weights

_FIRST, _LAST, _CODEBOOK = "encoder.0.weight", "encoder.15.weight", "codebook.embedding"


class PublicCheckpoint(NamedTuple):
    """What a public checkpoint holds.

    Attributes
    ----------
    config
        Width and dimension of its encoder.
    encoder
        Weights ``encoder.N.*``; not yet checked against the net.
    codebook
        Shape (K, dim); None if there is none.
    decoder
        Weights by name; None if there is none.
    """

    config: VQVAEConfig
    encoder: Weights
    codebook: NDArray[np.float32] | None
    decoder: Weights | None


def read_public_checkpoint(path: Path) -> PublicCheckpoint:
    """Read a public checkpoint; nothing in it is run.

    Raises
    ------
    EncoderError
        If the file is no torch file of weights alone or of another layout, or a weight of the
        encoder, the codebook or the decoder isn't finite.
    """
    stored = read_torch_weights(path, EncoderError)
    state = stored.get("encoder") if isinstance(stored, dict) else None
    if not isinstance(state, dict):
        raise EncoderError(
            "it has no state dict 'encoder'",
            remedy='the public layout is {"encoder": state, "decoder": state, …}',
        )
    weights = as_weights(state, EncoderError)
    config = VQVAEConfig(channels=_width(weights, _FIRST), dim=_width(weights, _LAST))
    encoder = {name: array for name, array in weights.items() if name.startswith("encoder.")}
    return PublicCheckpoint(config, encoder, _codebook(weights, config.dim), _decoder(stored))


def _width(weights: Weights, name: str) -> int:
    """Return how many channels a convolution has."""
    if name not in weights:
        raise EncoderError(f"{name} is missing", remedy="give a checkpoint of the public layout")
    shape = weights[name].shape
    if len(shape) != 3 or shape[0] < 1:
        raise EncoderError(
            f"{name} has shape {shape}", remedy="a convolution's is (channels, inputs, width)"
        )
    return int(shape[0])


def _codebook(weights: Weights, dim: int) -> NDArray[np.float32] | None:
    codebook = weights.get(_CODEBOOK)
    if codebook is not None and (codebook.ndim != 2 or codebook.shape[1] != dim):
        raise EncoderError(
            f"{_CODEBOOK} has shape {codebook.shape}", remedy=f"it should be (K, {dim})"
        )
    return codebook


def _decoder(stored: dict[Any, Any]) -> Weights | None:
    state = stored.get("decoder")
    if state is None:
        return None
    if not isinstance(state, dict):
        raise EncoderError("its 'decoder' isn't a state dict", remedy="restore the file")
    return as_weights(state, EncoderError)
