"""Stretches of an utterance's log-mels: the same whoever asks, normalised by the whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfvq_analysis.encoders import mel as mel_module
from sfvq_analysis.encoders.mel import log_mel_spectrogram
from sfvq_analysis.encoders.utterance_mel import (
    LEAST_DEVIATION,
    NORMALISATIONS,
    UtteranceMel,
    bands_of,
)
from sfvq_analysis.errors import EncoderError, OptionError


def swelling(n_samples, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=n_samples) * np.linspace(0.001, 0.2, n_samples)).astype(np.float32)


def direct(mel, normalise):
    wide = mel.astype(np.float64)
    if normalise == "none":
        return wide
    centred = wide - sum(wide) / len(wide)
    if normalise == "mean":
        return centred
    return centred / np.maximum(np.sqrt(sum(centred**2) / len(wide)), LEAST_DEVIATION)


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_frames_are_the_direct_computation(normalise):
    audio = swelling(12_345)
    utterance = UtteranceMel(audio, 16_000, normalise)
    plain = log_mel_spectrogram(audio, 16_000)
    found = utterance.frames(0, len(utterance))
    assert found.dtype == np.float32
    assert found == pytest.approx(direct(plain, normalise), abs=1e-5)
    assert np.array_equal(bands_of(plain, normalise).applied(plain), found)


def test_plain_frames_are_the_spectrogram_to_the_bit():
    audio = swelling(5000)
    found = UtteranceMel(audio, 16_000).frames(3, 20)
    assert np.array_equal(found, log_mel_spectrogram(audio, 16_000)[3:20])


@settings(max_examples=60, deadline=None)
@given(
    n_samples=st.integers(1, 20_000),
    stretch=st.integers(1, 50),
    normalise=st.sampled_from(NORMALISATIONS),
    data=st.data(),
)
def test_stretches_are_parts_of_the_whole(n_samples, stretch, normalise, data):
    audio = swelling(n_samples, seed=n_samples)
    whole = UtteranceMel(audio, 16_000, normalise)
    parts = UtteranceMel(audio, 16_000, normalise, stretch=stretch)
    assert len(parts) == len(whole) == 1 + n_samples // 160
    start = data.draw(st.integers(0, len(parts) - 1))
    stop = data.draw(st.integers(start + 1, len(parts)))
    wanted = whole.frames(0, len(whole))[start:stop]
    assert parts.frames(start, stop) == pytest.approx(wanted, abs=1e-5)


def test_no_more_is_computed_at_a_time_than_a_stretch(monkeypatch):
    sizes = []
    real = mel_module._decibels

    def noted(samples, start, stop, peak):
        sizes.append(stop - start)
        return real(samples, start, stop, peak)

    monkeypatch.setattr(mel_module, "_decibels", noted)
    monkeypatch.setattr(mel_module, "_MINUTE", 60)
    utterance = UtteranceMel(swelling(100_000), 16_000, "utterance", stretch=50)
    utterance.frames(0, 40)
    assert max(sizes) == 60
    assert sum(sizes) == 2 * len(utterance) + 40


def test_a_band_that_does_not_vary_is_not_blown_up():
    steady = np.full((50, 80), 0.3, dtype=np.float32)
    assert np.abs(bands_of(steady, "utterance").applied(steady)).max() < 1e-5


def test_other_rates_are_resampled():
    utterance = UtteranceMel(swelling(8000), 8000)
    assert utterance.n_samples == 16_000
    assert np.array_equal(utterance.frames(0, 101), log_mel_spectrogram(swelling(8000), 8000))


def test_what_is_no_audio_or_no_option_is_refused():
    with pytest.raises(EncoderError, match="zero throughout"):
        UtteranceMel(np.zeros(1000, np.float32), 16_000)
    with pytest.raises(OptionError, match="normalise is 'all'"):
        UtteranceMel(swelling(1000), 16_000, "all")
    with pytest.raises(OptionError, match="normalise is 'all'"):
        bands_of(np.ones((3, 80), np.float32), "all")
