"""`encoders.spectrogram`: the log-mels as frames."""

import numpy as np
import pytest

from sfvq_analysis.encoders.mel import log_mel_spectrogram
from sfvq_analysis.encoders.spectrogram import SpectrogramEncoder
from sfvq_analysis.errors import EncoderError
from sfvq_analysis.timeline import FrameGrid


@pytest.mark.parametrize("rate", [16_000, 22_050])
def test_frames_are_the_log_mels_and_stand_at_their_centres(rng, rate):
    audio = rng.uniform(-0.3, 0.3, 12_345).astype(np.float32)
    features = SpectrogramEncoder().encode(audio, rate)
    np.testing.assert_array_equal(features.values, log_mel_spectrogram(audio, rate))
    assert features.values.dtype == np.float32
    assert features.values.shape[1] == SpectrogramEncoder().dim == 80
    assert features.grid == SpectrogramEncoder().grid == FrameGrid(16_000, hop=160, offset=0)
    assert features.encoder == SpectrogramEncoder().config == {"encoder": "spectrogram"}


def test_a_click_is_in_the_frame_centred_on_it():
    audio = np.full(16_000, 1e-4, np.float32)
    audio[160 * 33] = 0.5
    frames = SpectrogramEncoder().encode(audio, 16_000)
    assert frames.values.mean(axis=1).argmax() == 33
    assert frames.grid.centres(101)[33] == 160 * 33


@pytest.mark.parametrize("n_samples", [1, 159, 160, 161, 4000])
def test_there_are_as_many_frames_as_stated(rng, n_samples):
    audio = rng.uniform(-0.3, 0.3, n_samples).astype(np.float32)
    encoder = SpectrogramEncoder()
    assert encoder.encode(audio, 16_000).n_frames == encoder.n_frames(n_samples)


@pytest.mark.parametrize("audio", [np.zeros(400), np.zeros(0), np.full(400, np.nan)])
def test_what_is_no_sound_is_refused(audio):
    with pytest.raises(EncoderError):
        SpectrogramEncoder().encode(audio.astype(np.float32), 16_000)
