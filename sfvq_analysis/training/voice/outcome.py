"""What trained networks give for a whole corpus: latents to fit to, points to decode, voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from sfvq_analysis.training.voice.frame_store import FrameStore, SpokenFrames
from sfvq_analysis.training.voice.latents import latents_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.voice.model import VoiceNets
    from sfvq_analysis.voice.speaker_encoder import SpeakerEncoder

_DRAWN = 1 << 18  # latents that a codebook is fitted to


def drawn_latents(latents: Iterator[NDArray[np.float32]], mels: FrameStore) -> NDArray[np.float32]:
    """Return latents of all utterances, or an even sample of them."""
    every = int(np.maximum(mels.lengths // 2 - 1, 0).sum()) // _DRAWN + 1
    return np.concatenate([part[::every] for part in latents])


def decoded_points(
    nets: VoiceNets, quantizer: Quantizer, mels: FrameStore
) -> Iterator[SpokenFrames]:
    """Yield the decoded points of every utterance's latents."""
    found = latents_of(nets.encoder, mels)
    for utterance, speaker, latents in zip(mels.utterances, mels.speakers, found, strict=True):
        yield SpokenFrames(utterance, speaker, quantizer.decode(quantizer.encode(latents)))


def voices_of(encoder: SpeakerEncoder, mels: FrameStore) -> Mapping[str, NDArray[np.float32]]:
    """Return the mean vector of every speaker's utterances, of length 1."""
    sums: dict[str, NDArray[np.float32]] = {}
    with torch.inference_mode():
        for number, speaker in enumerate(mels.speakers):
            vector = encoder(torch.from_numpy(np.array(mels.of(number)))[None])[0].numpy()
            sums[speaker] = sums.get(speaker, np.zeros_like(vector)) + vector
    return {name: total / np.linalg.norm(total) for name, total in sorted(sums.items())}
