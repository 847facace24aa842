"""The frozen encoder of a voice conversion model as frames of latents, at 50 a second.

Frame j is what `sfvq_analysis.encoders.convolutional` makes of the mel frames 2j - 6 to 2j + 9 of
`sfvq_analysis.encoders.mel`. It is centred on sample 320 j + 240 and depends on the 2800 samples
[320 j - 1160, 320 j + 1640), beside the peak and the highest level of the whole utterance (and its
means, where they are taken off).

Files
-----
Our voice models are safetensors files whose header has ``"kind": "voice_model"`` and
``"encoder": {"channels", "dim", "normalise", "centred"}``. The encoder's tensors are named
``encoder.encoder.N.*``; others belong to other parts of the model. Public checkpoints are described
in `sfvq_analysis.encoders.public_checkpoint`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sfvq_analysis.encoders.convolutional import (
    EDGE,
    RECEPTIVE_FRAMES,
    ConvolutionalEncoder,
    VQVAEConfig,
    folded,
    n_latents,
)
from sfvq_analysis.encoders.mel import HOP, N_MELS, SAMPLE_RATE, n_mel_frames
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.encoders.public_checkpoint import read_public_checkpoint
from sfvq_analysis.encoders.utterance_mel import UtteranceMel
from sfvq_analysis.errors import EncoderError, OptionError, check_count, told
from sfvq_analysis.files import is_file
from sfvq_analysis.timeline import FrameGrid
from sfvq_analysis.weights import VOICE_MODEL, part_of, read_safetensors, weights_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.encoders.protocol import EncoderConfig

ENCODER_PREFIX = "encoder."
"""Stands before the names of the encoder's weights in a voice model."""
_MINUTE = 3000  # frames
_HEADER_FIELDS = ("channels", "dim", "normalise", "centred")


class VQVAEEncoder:
    """Latents of a trained net, always in evaluation mode, without autograd, on the CPU.

    Parameters
    ----------
    net
        The net; its weights are copied as they are now. Its mode is neither minded nor changed:
        BatchNorm always uses its running statistics.
    chunk
        How many frames are computed at a time: longer audio takes no more memory than this, and
        gives the same frames to 1e-5.

    Attributes
    ----------
    grid
        Frame j is centred on sample 320 j + 240 at 16 kHz.
    receptive_field
        Samples at 16 kHz that one frame depends on, 1400 on either side of its centre.

    Raises
    ------
    EncoderError
        If the net wants other than 80 log-mels, or its weights aren't finite.
    OptionError
        If `chunk` isn't an integer of at least 1.
    """

    grid = FrameGrid(SAMPLE_RATE, hop=2 * HOP, offset=3 * HOP // 2)
    receptive_field = (RECEPTIVE_FRAMES - 1) * HOP + 400  # pre-emphasis, 399 samples of the window

    def __init__(self, net: ConvolutionalEncoder, *, chunk: int = _MINUTE) -> None:
        check_count("chunk", chunk)
        if net.config.n_mels != N_MELS:
            raise EncoderError(
                f"the net has {net.config.n_mels} mel bands", remedy=f"the front end gives {N_MELS}"
            )
        self.options = net.config
        self._chunk = chunk
        self._layers = folded(net)
        if not all(weight.isfinite().all() for weight in self._layers.parameters()):
            raise EncoderError(
                "a weight of the net isn't finite, or a running variance is negative",
                remedy="restore it from an earlier checkpoint",
            )
        self._digest = weights_digest(net.state_dict())

    @classmethod
    def from_weights(cls, config: VQVAEConfig, weights: Mapping[str, Any]) -> VQVAEEncoder:
        """Return the encoder with given weights, ``encoder.0.weight`` to ``encoder.15.bias``.

        Raises
        ------
        EncoderError
            If a name is missing or unknown, a shape is another, or a value isn't finite.
        """
        return cls(ConvolutionalEncoder.from_weights(config, weights))

    @classmethod
    def open(cls, path: Path | str) -> VQVAEEncoder:
        """Read the encoder of a voice model, ours or a public one; nothing in the file is run.

        Parameters
        ----------
        path
            ``.safetensors``, or ``.pt``/``.pth`` for the public layout.

        Raises
        ------
        EncoderError
            If the file is missing, unreadable, truncated or of another layout, or its weights don't
            make an encoder.
        """
        path = Path(path)
        _check_readable(path)
        try:
            return cls.from_weights(*_read(path))
        except EncoderError as error:
            raise error.at(str(path)) from error

    @property
    def dim(self) -> int:
        """Dimensions of a frame."""
        return self.options.dim

    @property
    def config(self) -> EncoderConfig:
        """Width, dimension, what is done around the net, and the digest of its weights."""
        stated = {name: getattr(self.options, name) for name in _HEADER_FIELDS}
        return {"encoder": "vqvae", **stated, "weights": self._digest}

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at 16 kHz give: floor((1 + floor(n/160)) / 2) - 1."""
        return n_latents(n_mel_frames(n_samples))

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Return the frames of one utterance; audio of less than 30 ms has none.

        Parameters
        ----------
        audio
            Shape (n_samples,).
        sample_rate
            In Hz.

        Raises
        ------
        EncoderError
            If the audio isn't one channel of finite samples, or is empty or zero throughout.
        """
        stretch = 2 * (self._chunk + 2 * EDGE + 1)
        mel = UtteranceMel(audio, sample_rate, self.options.normalise, stretch=stretch)
        values = np.empty((self.n_frames(mel.n_samples), self.dim), dtype=np.float32)
        for start in range(0, len(values), self._chunk):
            stop = min(start + self._chunk, len(values))
            values[start:stop] = self._frames(mel, start, stop)
        if self.options.centred and len(values):
            values = (values - values.mean(axis=0, dtype=np.float64)).astype(np.float32)
        return Features(values, self.grid, self.config)

    def _frames(self, mel: UtteranceMel, start: int, stop: int) -> NDArray[np.float32]:
        """Return frames [start, stop); padding is seen only at the edges of the utterance."""
        first = max(start - EDGE, 0)
        end = min(2 * (stop + EDGE) + 2, len(mel))  # for stop + EDGE latents
        part = mel.frames(2 * first, end)
        batch = torch.from_numpy(np.ascontiguousarray(part.T))[None]  # (1, 80, t)
        with torch.inference_mode(), torch.autocast("cpu", enabled=False):
            latents: NDArray[np.float32] = self._layers(batch)[0].T.numpy()  # (n, dim)
        return latents[start - first : stop - first]


def _check_readable(path: Path) -> None:
    if not is_file(path):
        raise EncoderError("no such checkpoint", where=str(path), remedy="check the path")
    try:
        path.open("rb").close()
    except OSError as error:
        raise EncoderError(
            f"checkpoint can't be read ({told(error)})",
            where=str(path),
            remedy="check the rights to it",
        ) from error


def _read(path: Path) -> tuple[VQVAEConfig, Mapping[str, Any]]:
    match path.suffix:
        case ".safetensors":
            return _read_voice_model(path)
        case ".pt" | ".pth":
            public = read_public_checkpoint(path)
            return public.config, public.encoder
        case suffix:
            raise EncoderError(
                f"checkpoint has suffix {suffix!r}", remedy="give .safetensors, .pt or .pth"
            )


def _read_voice_model(path: Path) -> tuple[VQVAEConfig, Mapping[str, Any]]:
    header, tensors = read_safetensors(path, EncoderError)
    if header.get("kind") != VOICE_MODEL:
        raise EncoderError(
            f"its kind is {header.get('kind')!r}", remedy=f"give a file of kind {VOICE_MODEL!r}"
        )
    return stated_config(header.get("encoder")), part_of(tensors, ENCODER_PREFIX)


def stated_config(stated: Any) -> VQVAEConfig:
    """Return the encoder's shape that a voice model's header states.

    Raises
    ------
    EncoderError
        If it states none, or not exactly what it should.
    """
    if not isinstance(stated, dict) or sorted(stated) != sorted(_HEADER_FIELDS):
        raise EncoderError(
            f"its header states {stated!r} of the encoder",
            remedy=f"it should state {', '.join(_HEADER_FIELDS)}",
        )
    try:
        return VQVAEConfig(**stated)
    except OptionError as error:
        raise EncoderError(error.what, remedy=error.remedy) from error
