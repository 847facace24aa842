"""What the encoder is given of a spectrogram in training, and the latents of whole utterances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from sfvq_analysis.encoders.convolutional import folded
from sfvq_analysis.encoders.utterance_mel import bands_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.encoders.convolutional import ConvolutionalEncoder
    from sfvq_analysis.training.voice.frame_store import FrameStore


def latents_of(net: ConvolutionalEncoder, mels: FrameStore) -> Iterator[NDArray[np.float32]]:
    """Yield the latents of every utterance, shape (n, dim), as `VQVAEEncoder.encode` gives them.

    Parameters
    ----------
    net
        Wherever it is; evaluated on the CPU.
    mels
        Spectrograms of 10 ms frames.
    """
    layers = folded(net)
    for number in range(len(mels)):
        mel = mels.of(number)
        heard = bands_of(mel, net.config.normalise).applied(mel)
        with torch.inference_mode():
            found = layers(torch.from_numpy(np.ascontiguousarray(heard.T))[None])[0].T.numpy()
        if net.config.centred and len(found):
            found = (found - found.mean(axis=0, dtype=np.float64)).astype(np.float32)
        yield found
