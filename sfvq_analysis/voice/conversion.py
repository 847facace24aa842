"""Another voice for the same speech: the codes of the one, the speaker vector of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders.mel import SAMPLE_RATE, n_mel_frames
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.voice.edits import edited_points
from sfvq_analysis.voice.griffin_lim import mel_to_waveform
from sfvq_analysis.voice.mel_decoder import evaluating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.voice.edits import Edit
    from sfvq_analysis.voice.mel_decoder import MelDecoder
    from sfvq_analysis.voice.model import VoiceModel

_CHUNK = 3000  # latents at a time


def convert(
    audio: NDArray[np.float32],
    sample_rate: int,
    model: VoiceModel,
    voice: NDArray[np.float32],
    *,
    edits: Sequence[Edit] = (),
    seed: int = 0,
) -> NDArray[np.float32]:
    """Return speech in another voice.

    Parameters
    ----------
    audio
        Shape (n_samples,), of any length; encoder and decoder take it in chunks.
    sample_rate
        In Hz.
    model
        Encodes, quantizes and decodes.
    voice
        Speaker vector, shape (speaker_dim,): `VoiceModel.voice` or `VoiceModel.voice_of`.
    edits
        Of the codes, on the way.
    seed
        Of the waveform's first phases.

    Returns
    -------
    NDArray[np.float32], shape (n,)
        At 16 kHz, as long as the source, with its peak.

    Raises
    ------
    EncoderError
        If the audio can't be encoded.
    VoiceError
        If it is too short for a code, or `voice` isn't a vector of this model.
    OptionError
        If an edit names a place that isn't on the axis, or `seed` isn't an integer >= 0.
    """
    features = model.as_encoder().encode(audio, sample_rate)
    if features.n_frames == 0:
        raise VoiceError(
            f"{len(audio)} samples at {sample_rate} Hz give no code", remedy="give longer speech"
        )
    points = edited_points(model.quantizer, model.quantizer.encode(features.values), edits)
    n_samples = resampled_length(len(audio), sample_rate, SAMPLE_RATE)
    mel = whole_mel(decode(model.nets.decoder, points, voice), n_mel_frames(n_samples))
    sound = mel_to_waveform(mel, seed=seed)[:n_samples]
    return with_peak(sound, min(float(np.abs(audio).max()), 1.0))


def decode(
    decoder: MelDecoder, points: NDArray[np.float32], voice: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the log-mels of points (n, dim) in a voice, shape (2 n, n_mels), chunk by chunk.

    The decoder is in evaluation mode meanwhile.

    Raises
    ------
    VoiceError
        If `voice` isn't a finite vector of the decoder's ``speaker_dim``.
    """
    _check_voice(voice, decoder.config.speaker_dim)
    device, edge = decoder.level.weight.device, decoder.reach
    speaker = torch.from_numpy(np.array(voice, dtype=np.float32))[None].to(device)
    parts = []
    for start in range(0, len(points), _CHUNK):
        stop = min(start + _CHUNK, len(points))
        first, last = max(start - edge, 0), min(stop + edge, len(points))
        with evaluating(decoder):
            part = torch.from_numpy(np.array(points[first:last], dtype=np.float32))
            mel = decoder(part[None].to(device), speaker)[0].cpu().numpy()
        parts.append(mel[2 * (start - first) : 2 * (stop - first)])
    return np.concatenate(parts)


def whole_mel(mel: NDArray[np.float32], n_frames: int) -> NDArray[np.float32]:
    """Return the log-mels of an utterance of which frames 1, 2, … are given; the edges repeat."""
    return np.pad(mel, ((1, n_frames - 1 - len(mel)), (0, 0)), mode="edge")


def with_peak(sound: NDArray[np.float32], peak: float) -> NDArray[np.float32]:
    """Return sound scaled so that its largest absolute sample is `peak`; silence stays silence."""
    found = float(np.abs(sound).max(initial=0.0))
    return sound if found == 0 else np.clip(sound * np.float32(peak / found), -peak, peak)


def _check_voice(voice: NDArray[np.float32], dim: int) -> None:
    if voice.shape != (dim,) or not np.isfinite(voice).all():
        raise VoiceError(
            f"voice is {'not finite' if voice.shape == (dim,) else f'of shape {voice.shape}'}",
            remedy=f"give a vector of {dim} dimensions: VoiceModel.voice or VoiceModel.voice_of",
        )
