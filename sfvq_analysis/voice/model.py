"""A voice conversion model: encoder, codebook, decoder, and the voices it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from sfvq_analysis.encoders.convolutional import ConvolutionalEncoder, VQVAEConfig
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.voice.mel_decoder import MelDecoder, MelDecoderConfig
from sfvq_analysis.voice.speaker_encoder import SpeakerEncoder, SpeakerEncoderConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.quantizers import Quantizer


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """Shapes of the three networks.

    Attributes
    ----------
    encoder, decoder, speaker_encoder
        Their dimensions must agree, and their bands.

    Raises
    ------
    VoiceError
        If they don't.
    """

    encoder: VQVAEConfig = field(default_factory=VQVAEConfig)
    decoder: MelDecoderConfig = field(default_factory=MelDecoderConfig)
    speaker_encoder: SpeakerEncoderConfig = field(default_factory=SpeakerEncoderConfig)

    def __post_init__(self) -> None:
        given = (self.encoder.dim, self.speaker_encoder.dim)
        wanted = (self.decoder.dim, self.decoder.speaker_dim)
        if given != wanted:
            raise VoiceError(
                f"latents and speaker vectors have {given} dimensions, the decoder takes {wanted}",
                remedy="give networks that fit together",
            )
        bands = {self.encoder.n_mels, self.decoder.n_mels, self.speaker_encoder.n_mels}
        if len(bands) > 1:
            raise VoiceError(
                f"the networks have {sorted(bands)} mel bands",
                remedy="give networks that fit together",
            )


class VoiceNets(nn.Module):
    """The three networks.

    Parameters
    ----------
    config
        Their shapes.
    """

    def __init__(self, config: VoiceConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = ConvolutionalEncoder(config.encoder)
        self.decoder = MelDecoder(config.decoder)
        self.speaker_encoder = SpeakerEncoder(config.speaker_encoder)


@dataclass(frozen=True, eq=False)
class VoiceModel:
    """A trained model; made by training or by `sfvq_analysis.voice.load_voice_model`.

    Attributes
    ----------
    nets
        Its networks.
    quantizer
        The codebook its decoder was trained with.
    speakers
        Vectors of the voices it was trained on, by name, each of shape (speaker_dim,).
    card
        What is known of it: data, options, steps, losses.
    """

    nets: VoiceNets
    quantizer: Quantizer
    speakers: Mapping[str, NDArray[np.float32]]
    card: Mapping[str, Any] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        from sfvq_analysis.showing import voice_model_html

        return voice_model_html(self)

    def __repr__(self) -> str:
        return f"VoiceModel({len(self.speakers)} voices, {self.quantizer!r})"

    def as_encoder(self) -> VQVAEEncoder:
        """Return its encoder, as `sfvq_analysis.load_encoder` gives it."""
        return VQVAEEncoder(self.nets.encoder)

    def voice(self, speaker: str) -> NDArray[np.float32]:
        """Return the vector of a voice it knows.

        Raises
        ------
        VoiceError
            If it knows none of that name.
        """
        if speaker not in self.speakers:
            known = sorted(self.speakers)
            shown = ", ".join(known[:5]) + (", …" if len(known) > 5 else "")
            raise VoiceError(
                f"no voice is called {speaker!r}",
                remedy=f"use one of the {len(known)} the model knows ({shown}), or a recording",
            )
        return self.speakers[speaker]

    def voice_of(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the vector of the voice heard in log-mels, shape (frames, n_mels), frames >= 1.

        Raises
        ------
        VoiceError
            If log-mels aren't of that shape, or aren't finite.
        """
        heard, n_mels = np.array(mel, dtype=np.float32), self.nets.config.speaker_encoder.n_mels
        if heard.ndim != 2 or heard.shape[1] != n_mels or len(heard) == 0:
            raise VoiceError(
                f"log-mels have shape {heard.shape}", remedy=f"give (frames, {n_mels})"
            )
        if not np.isfinite(heard).all():
            raise VoiceError("log-mels hold NaN or infinity", remedy="mend the log-mels")
        listener = self.nets.speaker_encoder
        with torch.inference_mode():
            vector = listener(torch.from_numpy(heard)[None].to(listener.judge.weight.device))
        return np.array(vector[0].cpu().numpy())
