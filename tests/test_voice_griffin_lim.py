import librosa
import numpy as np
import pytest

from sfvq_analysis.encoders.mel import log_mel_spectrogram
from sfvq_analysis.errors import OptionError, VoiceError
from sfvq_analysis.voice import griffin_lim
from sfvq_analysis.voice.griffin_lim import mel_to_waveform


@pytest.fixture
def audio():
    """A gliding buzz that comes and goes, 1.3 s: harmonics, silence, an odd number of samples."""
    time = np.arange(20_801) / 16_000
    turns = np.cumsum(180 + 60 * np.sin(2 * np.pi * time)) / 16_000
    buzz = sum(np.sin(2 * np.pi * k * turns) / k for k in range(1, 20))
    return (0.1 * buzz * np.maximum(np.sin(2 * np.pi * 1.5 * time), 0)).astype(np.float32)


@pytest.fixture
def mel(audio):
    return log_mel_spectrogram(audio, 16_000)


def difference(audio, mel):
    """Root mean square in dB between a spectrogram and that of audio at whatever level."""
    again = log_mel_spectrogram(audio, 16_000)[: len(mel)]
    apart = 80 * (again - mel)[mel > mel.max() - 0.75]
    return np.sqrt(np.mean((apart - np.median(apart)) ** 2))


def test_the_spectrogram_comes_back(mel):
    found = mel_to_waveform(mel, seed=0)
    assert (found.dtype, found.shape) == (np.float32, (160 * len(mel),))
    assert np.abs(found).max() <= 1
    assert difference(found, mel) < 3.2


def test_the_level_is_the_one_the_spectrogram_states(audio, mel):
    """20 dB below audio at a peak of .999, which is what the front end scales to."""
    found = mel_to_waveform(mel - 0.25, seed=0)
    stated = 0.1 * audio / np.abs(audio).max() * 0.999
    assert 20 * np.log10(found.std() / stated.std()) == pytest.approx(0, abs=1)
    softer = mel_to_waveform(mel - 0.5, seed=0)
    assert 10 * softer == pytest.approx(found, abs=0.01)


def test_more_iterations_come_nearer(mel):
    few, more = (difference(mel_to_waveform(mel, n_iter=n, seed=0), mel) for n in (2, 24))
    assert more < few


def test_there_is_no_rumble_below_the_bands(mel):
    found = mel_to_waveform(mel, seed=0)
    power = np.abs(np.fft.rfft(found)) ** 2
    low = np.fft.rfftfreq(len(found), 1 / 16_000) < 30
    assert power[low].sum() < 0.01 * power.sum()


def test_peak_scales_the_result(mel):
    own, half = mel_to_waveform(mel, seed=0), mel_to_waveform(mel, peak=0.5, seed=0)
    assert np.abs(half).max() == pytest.approx(0.5)
    assert half / 0.5 == pytest.approx(own / np.abs(own).max(), abs=1e-5)


def test_too_loud_a_spectrogram_is_scaled_down_to_one(mel):
    assert np.abs(mel_to_waveform(mel + 1, n_iter=4, seed=0)).max() == pytest.approx(1)


def test_the_seed_decides_and_numpy_s_own_generator_is_left_alone(mel):
    before = np.random.get_state()[1].copy()  # noqa: NPY002 -- the global one is the point
    first, again = (mel_to_waveform(mel, n_iter=2, seed=1) for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, mel_to_waveform(mel, n_iter=2, seed=2))
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_short_spectrograms(mel, n_frames):
    found = mel_to_waveform(mel[20 : 20 + n_frames], seed=0)
    assert found.shape == (160 * n_frames,)
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 0.01


@pytest.mark.parametrize("peak", [None, 0.9])
@pytest.mark.parametrize("level", [-0.25, -3.0])
def test_silence_stays_silent(level, peak):
    found = mel_to_waveform(np.full((30, 80), level), peak=peak, seed=0)
    assert np.array_equal(found, np.zeros(4800, np.float32))


@pytest.mark.parametrize("level", [-0.2, 0.0, 3.0])
def test_flat_spectrograms_are_finite(level):
    assert np.isfinite(mel_to_waveform(np.full((30, 80), level), n_iter=4, seed=0)).all()


def test_one_band_alone(mel):
    alone = np.full((30, 80), -100.0)
    alone[:, 40] = 0.8
    found = mel_to_waveform(alone, seed=0)
    assert np.argmax(log_mel_spectrogram(found, 16_000).mean(axis=0)) == 40


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(griffin_lim, "_CHUNK", 50)
    monkeypatch.setattr(griffin_lim, "_OVERLAP", 20)


def test_chunks_come_as_near_as_one_pass(mel, small_chunks, request):
    chunked = mel_to_waveform(mel, seed=0)
    assert chunked.shape == (160 * len(mel),)
    assert difference(chunked, mel) < 4


@pytest.mark.parametrize("n_frames", [19, 20, 21, 49, 50, 51, 79, 80, 81, 111])
def test_every_length_is_filled_by_chunks(mel, small_chunks, n_frames):
    found = mel_to_waveform(mel[:n_frames], n_iter=1, seed=0)
    assert found.shape == (160 * n_frames,)
    assert np.isfinite(found).all()


def test_the_bank_is_the_front_end_s():
    """Smooth magnitudes give the same bands on 257 bins as on the front end's 1025."""
    bank = griffin_lim._mel_bank()
    full = librosa.filters.mel(sr=16_000, n_fft=2048, n_mels=80, fmin=50.0)
    smooth = 2 + np.sin(np.linspace(0, 12, 1025))
    assert bank.weights @ smooth[::4] == pytest.approx(full @ smooth, rel=0.01)
    in_a_band = (np.arange(257) * 31.25 > 50) & (np.arange(257) < 256)
    assert bank.shares.sum(axis=1) == pytest.approx(in_a_band.astype(float), abs=1e-5)
    between = bank.between_centres @ (bank.weights @ np.full((257, 1), 3.0))
    assert between[in_a_band] == pytest.approx(3, abs=1e-4)


@pytest.mark.parametrize(
    ("mel", "message"),
    [
        (np.zeros((0, 80)), r"shape \(0, 80\)"),
        (np.zeros((5, 79)), r"shape \(5, 79\); give \(n_frames, 80\)"),
        (np.zeros(80), r"shape \(80,\)"),
        (np.full((5, 80), np.nan), "holds NaN"),
        (np.full((5, 80), -np.inf), "holds NaN or infinity"),
        (np.full((5, 80), 20.0), r"reaches 20; give 20 log10"),
    ],
)
def test_spectrograms_are_checked(mel, message):
    with pytest.raises(VoiceError, match=message):
        mel_to_waveform(mel, seed=0)


@pytest.mark.parametrize(
    "wrong", [{"peak": 0}, {"peak": 1.5}, {"peak": np.nan}, {"n_iter": 0}, {"seed": -1}]
)
def test_options_are_checked(mel, wrong):
    with pytest.raises(OptionError, match=f"{next(iter(wrong))} is"):
        mel_to_waveform(mel, **{"seed": 0, **wrong})
