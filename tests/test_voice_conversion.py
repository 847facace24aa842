"""Conversion: lengths, level, seeds, edits on the way, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_voices import KINDS, noise, quick_waveform, toy_model

from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders.mel import log_mel_spectrogram, n_mel_frames
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import EncoderError, OptionError, VoiceError
from sfvq_analysis.voice import Clamp, Replace, Shift, conversion, convert
from sfvq_analysis.voice.conversion import decode, whole_mel, with_peak

MODELS = {kind: toy_model(kind) for kind in KINDS}
MODEL = MODELS[KINDS[0]]
ANN, ZOE = MODEL.voice("ann"), MODEL.voice("zoë")
RATES = [8000, 16_000, 22_050, 44_100, 48_000]


@pytest.fixture
def quick(monkeypatch):
    """Noise instead of Griffin-Lim's waveform."""
    monkeypatch.setattr(conversion, "mel_to_waveform", quick_waveform)


@settings(max_examples=60, deadline=None)
@given(rate=st.sampled_from(RATES), milliseconds=st.floats(31, 700))
def test_as_long_as_the_source_and_as_loud(rate, milliseconds):
    audio = noise(round(rate * milliseconds / 1000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "mel_to_waveform", quick_waveform)
        sound = convert(audio, rate, MODEL, ANN)
    assert (sound.dtype, len(sound)) == (np.float32, resampled_length(len(audio), rate, 16_000))
    assert np.abs(sound).max() == pytest.approx(0.3, abs=1e-6)


@pytest.mark.parametrize("n_samples", [480, 481, 639, 640, 799, 800, 1119, 1120, 16_000])
def test_lengths_at_16_khz(n_samples, quick):
    assert len(convert(noise(n_samples), 16_000, MODEL, ANN)) == n_samples


def test_by_griffin_lim():
    audio = noise(12_345)
    sound = convert(audio, 16_000, MODEL, ANN)
    assert len(sound) == len(audio)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() == pytest.approx(0.3, abs=1e-6)
    assert sound.std() > 0.01


@pytest.mark.parametrize("peak", [1e-4, 0.3, 1.0, 3.0])
def test_peak_is_the_source_s_but_never_above_one(peak, quick):
    sound = convert(noise(8000) * np.float32(peak / 0.3), 16_000, MODEL, ANN)
    assert np.abs(sound).max() == pytest.approx(min(peak, 1.0), rel=1e-5)
    assert np.abs(sound).max() <= 1


def test_silence_stays_silence():
    assert not with_peak(np.zeros(10, np.float32), 0.3).any()
    assert with_peak(np.zeros(0, np.float32), 0.3).shape == (0,)


def test_the_same_seed_gives_the_same_bytes():
    audio = noise(4000)
    first, again, other = (convert(audio, 16_000, MODEL, ANN, seed=s) for s in (1, 1, 2))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_source_and_model_are_left_alone(kind, quick):
    audio, model = noise(8000), MODELS[kind]
    kept, digest = audio.copy(), model.quantizer.digest
    audio.flags.writeable = False
    convert(audio, 16_000, model, ANN, edits=[Shift(1)])
    assert np.array_equal(audio, kept)
    assert model.quantizer.digest == digest


# What is decoded


@pytest.fixture
def decoded(monkeypatch):
    """The points, voices and spectrograms that conversions decode."""
    seen = []

    def noting(decoder, points, voice):
        seen.append((points, voice, decode(decoder, points, voice)))
        return seen[-1][2]

    monkeypatch.setattr(conversion, "decode", noting)
    monkeypatch.setattr(conversion, "mel_to_waveform", quick_waveform)
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_the_points_are_those_of_the_source_s_codes(kind, decoded):
    audio, model = noise(9000), MODELS[kind]
    convert(audio, 16_000, model, ZOE)
    points, voice, _ = decoded[0]
    latents = model.as_encoder().encode(audio, 16_000).values
    assert np.array_equal(points, model.quantizer.decode(model.quantizer.encode(latents)))
    assert voice is ZOE


@pytest.mark.parametrize("kind", KINDS)
def test_neutral_edits_change_no_byte(kind, quick):
    audio, model = noise(9000), MODELS[kind]
    plain = convert(audio, 16_000, model, ANN)
    edits = [Shift(0), Clamp(0, model.quantizer.codebook_size - 1)]
    assert convert(audio, 16_000, model, ANN, edits=edits).tobytes() == plain.tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_edits_reach_the_decoder_in_order(kind, decoded):
    model = MODELS[kind]
    convert(noise(9000), 16_000, model, ANN, edits=[Clamp(2, 2), Replace(2, 5), Shift(1)])
    points = decoded[0][0]
    assert np.array_equal(points, np.repeat(model.quantizer.corners()[[6]], len(points), axis=0))


def test_another_voice_is_another_spectrogram(decoded):
    for voice in (ANN, ZOE):
        convert(noise(9000), 16_000, MODEL, voice)
    assert np.array_equal(decoded[0][0], decoded[1][0])
    assert np.abs(decoded[0][2] - decoded[1][2]).max() > 0.01


@settings(max_examples=40, deadline=None)
@given(n_samples=st.integers(480, 20_000))
def test_frames_are_where_the_latents_hear_them(n_samples):
    """Rows 2j and 2j + 1 of what is decoded are frames 2j + 1 and 2j + 2; the edges repeat."""
    n_latents = VQVAEEncoder(MODEL.nets.encoder).n_frames(n_samples)
    rows = np.arange(2 * n_latents, dtype=np.float32)[:, None]
    whole = whole_mel(rows, n_mel_frames(n_samples))
    assert len(whole) == n_mel_frames(n_samples) == 1 + n_samples // 160
    assert np.array_equal(whole[1 : 1 + len(rows)], rows)
    assert whole[0] == 0
    assert (whole[len(rows) :] == len(rows) - 1).all()
    grid = VQVAEEncoder.grid
    for j, centre in enumerate(grid.centres(n_latents)):
        assert centre == 160 * ((2 * j + 1) + (2 * j + 2)) / 2


# Long audio


def test_long_audio_goes_to_the_nets_in_chunks(quick, monkeypatch):
    monkeypatch.setattr(conversion, "_CHUNK", 50)
    model, lengths = toy_model(), []
    model.nets.decoder.register_forward_pre_hook(lambda _, given: lengths.append(given[0].shape[1]))
    sound = convert(noise(16_000 * 20), 16_000, model, ANN)
    assert len(sound) == 16_000 * 20
    assert max(lengths) <= 50 + 2 * model.nets.decoder.reach
    assert sum(lengths) > 999


# What can't be converted


@pytest.mark.parametrize(
    ("audio", "rate", "error", "message"),
    [
        (noise(479), 16_000, VoiceError, "479 samples at 16000 Hz give no code; give longer"),
        (noise(200), 8000, VoiceError, "200 samples at 8000 Hz give no code"),
        (np.zeros(0, np.float32), 16_000, EncoderError, "zero throughout"),
        (np.zeros(16_000, np.float32), 16_000, EncoderError, "audio is zero throughout"),
        (np.full(16_000, np.nan, np.float32), 16_000, EncoderError, "holds NaN or infinity"),
        (np.full(16_000, np.inf, np.float32), 8000, EncoderError, "holds NaN or infinity"),
        (np.ones((16_000, 2), np.float32), 16_000, EncoderError, r"audio has shape \(16000, 2\)"),
    ],
)
def test_audio_that_has_no_codes_is_refused(audio, rate, error, message):
    with pytest.raises(error, match=message) as caught:
        convert(audio, rate, MODEL, ANN)
    assert "\n" not in str(caught.value)


def test_what_is_no_voice_of_the_model_is_refused():
    with pytest.raises(VoiceError, match=r"voice is of shape \(3,\); give a vector of 5"):
        convert(noise(8000), 16_000, MODEL, ANN[:3])


@pytest.mark.parametrize("edit", [Clamp(0, 99), Replace(99, 0), Replace(0, 99)])
def test_edits_off_the_axis_are_refused(edit):
    with pytest.raises(OptionError, match="is 99; use 0 … 7"):
        convert(noise(8000), 16_000, MODEL, ANN, edits=[edit])


@pytest.mark.parametrize("seed", [-1, 0.5])
def test_the_seed_is_checked(seed):
    with pytest.raises(OptionError, match="seed is"):
        convert(noise(8000), 16_000, MODEL, ANN, seed=seed)


def test_a_voice_heard_in_a_recording_converts(quick):
    heard = MODEL.voice_of(log_mel_spectrogram(noise(8000, seed=3), 16_000))
    assert len(convert(noise(8000), 16_000, MODEL, heard)) == 8000
