import json

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct

from sfvq_analysis.audio import resample, resampled_length
from sfvq_analysis.encoders import config_digest, mel
from sfvq_analysis.encoders.mel import (
    HOP,
    N_FFT,
    WINDOW,
    Levels,
    MelEncoder,
    log_mel_frames,
    log_mel_spectrogram,
    measure_levels,
    n_mel_frames,
)
from sfvq_analysis.errors import EncoderError, OptionError
from sfvq_analysis.timeline import FrameGrid


@pytest.fixture
def audio(rng):
    """Noise of changing strength with a tone in it: no band is still, none alike."""
    time = np.arange(12_345) / 16_000
    noise = rng.normal(size=len(time)) * np.linspace(0.001, 0.2, len(time))
    return (noise + 0.1 * np.sin(2 * np.pi * 700 * time)).astype(np.float32)


def direct_log_mel(audio):
    """The chain step by step at 16 kHz, librosa's own centring."""
    scaled = audio / np.abs(audio).max() * np.float32(0.999)
    emphasised = scaled.astype(np.float64)
    emphasised[1:] -= 0.97 * scaled[:-1].astype(np.float64)
    magnitude = np.abs(
        librosa.stft(
            emphasised.astype(np.float32), n_fft=2048, hop_length=160, win_length=400, center=True
        )
    )
    mel = librosa.filters.mel(sr=16_000, n_fft=2048, n_mels=80, fmin=50.0) @ magnitude
    decibels = 20 * np.log10(np.maximum(mel, 1e-5))
    return np.maximum(decibels, decibels.max() - 80).T / 80 + 1


def pairwise_means(mel):
    return np.array([(mel[2 * j] + mel[2 * j + 1]) / 2 for j in range(len(mel) // 2)])


def test_log_mel_is_the_direct_computation(audio):
    found = log_mel_spectrogram(audio, 16_000)
    assert (found.dtype, found.shape) == (np.float32, (1 + 12_345 // 160, 80))
    assert found == pytest.approx(direct_log_mel(audio), abs=1e-6)


@pytest.mark.parametrize("n_frames", [1, 15, 16, 17, 70])
def test_magnitudes_are_librosas_bit_for_bit(rng, n_frames):
    samples = rng.normal(size=N_FFT + HOP * (n_frames - 1)).astype(np.float32)
    wanted = np.abs(
        librosa.stft(samples, n_fft=N_FFT, hop_length=HOP, win_length=WINDOW, center=False)
    )
    np.testing.assert_array_equal(mel._magnitudes(samples), wanted.T)


def test_log_mel_spans_80_decibels_below_its_maximum(audio):
    audio[:4000] = 0
    found = log_mel_spectrogram(audio, 16_000)
    assert found.max() - found.min() == pytest.approx(1, abs=1e-6)


def test_levels_are_the_peak_and_the_highest_decibels(audio):
    levels = measure_levels(audio, 16_000)
    assert levels.peak == np.abs(audio).max()
    loudest = direct_log_mel(audio).max()  # highest / 80 + 1
    assert levels.highest == pytest.approx(80 * (loudest - 1), abs=1e-4)
    assert measure_levels(audio / 4, 16_000) == Levels(levels.peak / 4, levels.highest)


def test_levels_of_long_audio_are_measured_in_parts(audio, monkeypatch):
    whole = measure_levels(audio, 16_000)
    monkeypatch.setattr("sfvq_analysis.encoders.mel._MINUTE", 7)
    assert measure_levels(audio, 16_000) == whole


def test_own_levels_change_nothing(audio):
    for rate in (16_000, 22_050):
        levels = measure_levels(audio, rate)
        given_levels = log_mel_spectrogram(audio, rate, levels)
        assert np.array_equal(given_levels, log_mel_spectrogram(audio, rate))


def test_a_part_is_scaled_as_the_utterance_is(audio):
    levels = measure_levels(audio, 16_000)
    part = log_mel_spectrogram(audio[1600:4800], 16_000, levels)
    wanted = log_mel_spectrogram(audio, 16_000)[10:31]
    assert part[2:-2] == pytest.approx(wanted[2:-2], abs=1e-6)  # windows inside the part
    silence = log_mel_spectrogram(np.zeros(1600, np.float32), 16_000, levels)
    assert silence == pytest.approx((levels.highest - 80) / 80 + 1, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(n_samples=st.integers(1, 9000), data=st.data())
def test_frames_come_from_the_samples_they_need(n_samples, data):
    audio = np.random.default_rng(n_samples).normal(size=n_samples).astype(np.float32)
    levels = measure_levels(audio, 16_000)
    whole = log_mel_spectrogram(audio, 16_000)
    start = data.draw(st.integers(0, n_mel_frames(n_samples) - 1))
    stop = data.draw(st.integers(start + 1, n_mel_frames(n_samples)))
    unneeded = np.ones(n_samples, dtype=bool)
    unneeded[max(160 * start - 1025, 0) : max(160 * (stop - 1) + 1024, 0)] = False
    audio[unneeded] = np.nan
    found = log_mel_frames(audio, start, stop, levels)
    assert found.dtype == np.float32
    assert found == pytest.approx(whole[start:stop], abs=1e-6)


def test_frames_are_means_of_two(audio):
    features = MelEncoder().encode(audio, 16_000)
    assert features.values == pytest.approx(pairwise_means(direct_log_mel(audio)), abs=1e-6)
    assert (features.values.dtype, features.n_frames) == (np.float32, 39)
    assert features.grid == FrameGrid(16_000, hop=320, offset=80)
    assert features.encoder == MelEncoder().config


def test_a_click_shows_in_the_frames_whose_centres_are_near():
    audio = np.zeros(16_000, dtype=np.float32)
    audio[320 * 20 + 80] = 1.0  # the centre of frame 20; windows reach 200 + 80 samples far
    loudness = MelEncoder().encode(audio, 16_000).values.mean(axis=1)
    assert np.flatnonzero(loudness > loudness.min() + 0.01).tolist() == [20]


def test_mfcc_are_the_first_13_of_the_cosine_transform(audio):
    found = MelEncoder(kind="mfcc").encode(audio, 16_000).values
    wanted = dct(pairwise_means(direct_log_mel(audio)), axis=1, norm="ortho")[:, :13]
    assert found == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("kind", ["logmel", "mfcc"])
def test_normalise_works_on_every_dimension_alone(audio, kind):
    plain = MelEncoder(kind=kind).encode(audio, 16_000).values.astype(np.float64)
    centred, scaled = np.empty_like(plain), np.empty_like(plain)
    for d in range(plain.shape[1]):
        mean = sum(plain[:, d]) / len(plain)
        deviation = (sum((plain[:, d] - mean) ** 2) / len(plain)) ** 0.5
        centred[:, d] = plain[:, d] - mean
        scaled[:, d] = centred[:, d] / deviation
    by_mean = MelEncoder(kind=kind, normalise="mean").encode(audio, 16_000).values
    by_both = MelEncoder(kind=kind, normalise="utterance").encode(audio, 16_000).values
    assert by_mean.dtype == by_both.dtype == np.float32
    assert by_mean == pytest.approx(centred, abs=1e-5)
    assert by_both == pytest.approx(scaled, abs=1e-4)


def test_one_frame_normalises_to_zeros(audio):
    values = MelEncoder(normalise="utterance").encode(audio[:200], 16_000).values
    assert np.array_equal(values, np.zeros((1, 80)))


@pytest.mark.parametrize("context", [1, 2, 50])
@pytest.mark.parametrize("normalise", ["none", "utterance"])
def test_context_lays_neighbours_side_by_side(audio, context, normalise):
    plain = MelEncoder(kind="mfcc", normalise=normalise).encode(audio, 16_000)
    encoder = MelEncoder(kind="mfcc", normalise=normalise, context=context)
    features = encoder.encode(audio, 16_000)
    assert features.grid == plain.grid
    assert features.values.shape == (39, encoder.dim)
    for frame in range(39):
        for place, shift in enumerate(range(-context, context + 1)):
            neighbour = min(max(frame + shift, 0), 38)
            part = features.values[frame, 13 * place : 13 * (place + 1)]
            assert np.array_equal(part, plain.values[neighbour])


@pytest.mark.parametrize(
    ("n_samples", "n_frames"),
    [(0, 0), (1, 0), (159, 0), (160, 1), (479, 1), (480, 2), (16_000, 50), (46_797, 146)],
)
def test_stated_frame_counts(n_samples, n_frames):
    assert MelEncoder().n_frames(n_samples) == n_frames


@pytest.mark.parametrize("kind", ["logmel", "mfcc"])
def test_frame_count_is_as_stated_for_every_short_length(audio, kind):
    encoder = MelEncoder(kind=kind, normalise="utterance", context=1)
    for n_samples in [*range(1, 401), 2047, 2048, 2049, 4799, 4800, 12_345]:
        values = encoder.encode(audio[:n_samples], 16_000).values
        assert values.shape == (encoder.n_frames(n_samples), encoder.dim)


@settings(max_examples=40, deadline=None)
@given(n_samples=st.integers(1, 5000), rate=st.sampled_from([8000, 11_025, 22_050, 44_100, 48_000]))
def test_frame_count_is_as_stated_at_other_rates(n_samples, rate):
    audio = np.random.default_rng(n_samples).normal(size=n_samples).astype(np.float32)
    encoder = MelEncoder()
    features = encoder.encode(audio, rate)
    assert features.n_frames == encoder.n_frames(resampled_length(n_samples, rate, 16_000))
    assert features.grid == encoder.grid


def test_other_rates_are_resampled_first(audio):
    at_16k = resample(audio, 22_050, 16_000)
    found = MelEncoder().encode(audio, 22_050).values
    assert np.array_equal(found, MelEncoder().encode(at_16k, 16_000).values)
    assert found == pytest.approx(pairwise_means(direct_log_mel(at_16k)), abs=1e-6)


@pytest.mark.parametrize("n_samples", [0, 100, 16_000])
def test_audio_of_zeros_is_refused(n_samples):
    with pytest.raises(EncoderError) as caught:
        MelEncoder().encode(np.zeros(n_samples, dtype=np.float32), 16_000)
    assert str(caught.value) == "audio is zero throughout; leave this utterance out"


def test_encoding_is_deterministic_and_leaves_its_input(audio):
    before = audio.copy()
    encoder = MelEncoder(kind="mfcc", normalise="utterance", context=1)
    first, second = (encoder.encode(audio, 16_000).values for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(audio, before)


def test_loudness_does_not_matter(audio):
    soft = MelEncoder().encode(audio / 64, 16_000).values
    assert soft == pytest.approx(MelEncoder().encode(audio, 16_000).values, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "dim"),
    [({}, 80), ({"context": 2}, 400), ({"kind": "mfcc"}, 13), ({"kind": "mfcc", "context": 1}, 39)],
)
def test_dimensions(options, dim):
    assert MelEncoder(**options).dim == dim


def test_every_option_is_part_of_the_digest():
    encoders = [
        MelEncoder(),
        MelEncoder(kind="mfcc"),
        MelEncoder(normalise="mean"),
        MelEncoder(normalise="utterance"),
        MelEncoder(context=1),
        MelEncoder(context=2),
    ]
    assert len({config_digest(encoder.config) for encoder in encoders}) == 6
    assert config_digest(MelEncoder().config) == config_digest(MelEncoder(kind="logmel").config)


def test_configuration_is_json():
    config = MelEncoder(kind="mfcc", context=1).config
    stated = {"encoder": "mel", "kind": "mfcc", "normalise": "none", "context": 1}
    assert json.loads(json.dumps(dict(config))) == stated


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "mel"}, "kind is 'mel'; use one of 'logmel', 'mfcc'"),
        ({"normalise": True}, "normalise is True; use one of 'none', 'mean', 'utterance'"),
        ({"context": -1}, "context is -1; use an integer >= 0"),
        ({"context": 1.0}, "context is 1.0; use an integer >= 0"),
    ],
)
def test_options_outside_their_range_are_refused(options, message):
    with pytest.raises(OptionError) as caught:
        MelEncoder(**options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "audio", [np.full(1000, np.nan), np.ones((1000, 2)), np.zeros(0)], ids=["nan", "2-d", "empty"]
)
@pytest.mark.parametrize("rate", [8000, 16_000])
def test_audio_that_is_none_is_refused(audio, rate):
    with pytest.raises(EncoderError):
        MelEncoder().encode(audio.astype(np.float32), rate)
