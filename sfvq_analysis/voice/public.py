"""A public ZeroSpeech model as it is: its encoder, its codebook, and its autoregressive decoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from sfvq_analysis.encoders.public_checkpoint import read_public_checkpoint
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import SfvqError, VoiceError
from sfvq_analysis.quantizers import PlainVQ, Provenance
from sfvq_analysis.voice.wave_decoder import WaveDecoder

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PublicVoiceModel:
    """What a public checkpoint holds; made by `load_public_model`.

    Attributes
    ----------
    encoder
        Gives latents, as ``load_encoder("vqvae:<checkpoint>")`` does.
    quantizer
        Its codebook.
    decoder
        Makes a waveform of codewords, sample by sample.
    """

    encoder: VQVAEEncoder
    quantizer: PlainVQ
    decoder: WaveDecoder

    def convert(
        self,
        audio: NDArray[np.float32],
        sample_rate: int,
        speaker: int,
        *,
        seed: int,
        progress: bool = False,
    ) -> NDArray[np.float32]:
        """Return speech in the voice of one of the speakers it was trained on.

        Parameters
        ----------
        audio
            Shape (n_samples,).
        sample_rate
            In Hz.
        speaker
            Number of the voice, 0 … n_speakers - 1.
        seed
            Of the draws of samples.
        progress
            Whether to show a progress bar with the time left: a second of sound takes several.

        Returns
        -------
        NDArray[np.float32], shape (320 n_codes,)
            At 16 kHz. Its first sample stands for the source's 160th.

        Raises
        ------
        VoiceError
            If there is no such voice, or the audio is too short for a code.
        EncoderError
            If the audio can't be encoded.
        """
        known = self.decoder.config.n_speakers
        if not 0 <= speaker < known:
            raise VoiceError(f"voice is {speaker!r}", remedy=f"use 0 … {known - 1}")
        latents = self.encoder.encode(audio, sample_rate).values
        if len(latents) == 0:
            raise VoiceError(
                f"{len(audio)} samples at {sample_rate} Hz give no code",
                remedy="give longer speech",
            )
        codewords = self.quantizer.decode(self.quantizer.encode(latents))
        vectors = torch.from_numpy(codewords)[None]
        made = self.decoder.generate(vectors, torch.tensor([speaker]), seed=seed, progress=progress)
        return np.asarray(made[0])


def load_public_model(path: Path | str) -> PublicVoiceModel:
    """Read a public ZeroSpeech checkpoint; nothing in it is run.

    Parameters
    ----------
    path
        A ``.pt`` file.

    Raises
    ------
    VoiceError
        If the file is missing or of another layout, lacks codebook or decoder, or its weights
        don't make a model; the message names the weight.
    """
    path = Path(path)
    if not path.is_file():
        raise VoiceError("no such checkpoint", where=str(path), remedy="check the path")
    try:
        stored = read_public_checkpoint(path)
        if stored.codebook is None or stored.decoder is None:
            raise VoiceError(
                "it has no codebook.embedding or no decoder", remedy="give a whole checkpoint"
            )
        encoder = VQVAEEncoder.from_weights(stored.config, stored.encoder)
        decoder = WaveDecoder.from_state(stored.decoder)
        quantizer = PlainVQ(stored.codebook, Provenance(encoder.config, {"method": "public"}))
    except SfvqError as error:
        raise VoiceError(error.what, where=str(path), remedy=error.remedy) from error
    if decoder.config.dim != quantizer.dim:
        raise VoiceError(
            f"its decoder takes {decoder.config.dim} dimensions, codewords have {quantizer.dim}",
            where=str(path),
            remedy="give a whole checkpoint",
        )
    return PublicVoiceModel(encoder, quantizer, decoder)
