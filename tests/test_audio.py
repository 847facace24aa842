from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from sfvq_analysis.audio import read_audio, resample, resampled_length, write_wav
from sfvq_analysis.errors import CorpusError

STEPS = np.array([0, 16384, -32768, 1], dtype=np.int16)


@pytest.mark.parametrize(("suffix", "kind"), [("WAV", "NIST"), ("wav", "WAV"), ("flac", "FLAC")])
def test_reads_16_bit_formats_to_float32(tmp_path, suffix, kind):
    path = tmp_path / f"sa1.{suffix}"
    soundfile.write(path, STEPS, 16000, subtype="PCM_16", format=kind)
    audio, sample_rate = read_audio(path)
    assert (audio.dtype, audio.shape, sample_rate) == (np.float32, (4,), 16000)
    assert audio.tolist() == [0.0, 0.5, -1.0, 2.0**-15]


def test_a_sphere_file_is_what_it_claims(tmp_path):
    path = tmp_path / "sa1.wav"
    soundfile.write(path, STEPS, 16000, subtype="PCM_16", format="NIST")
    assert path.read_bytes().startswith(b"NIST_1A\n   1024\n")


def test_rate_is_the_file_s(tmp_path):
    soundfile.write(tmp_path / "a.wav", STEPS, 22050)
    assert read_audio(tmp_path / "a.wav")[1] == 22050


def refusal(path):
    with pytest.raises(CorpusError) as caught:
        read_audio(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_file_is_named(tmp_path):
    path = tmp_path / "sa1.wav"
    assert refusal(path) == f"{path}: audio file is missing; restore the file"
    assert refusal(tmp_path) == f"{tmp_path}: audio file is missing; restore the file"


@pytest.mark.parametrize("content", [b"", b"no audio at all", b"NIST_1A\n   1024\n", b"\0" * 4096])
def test_wrong_magic_is_named(tmp_path, content):
    path = tmp_path / "sa1.wav"
    path.write_bytes(content)
    message = refusal(path)
    assert message.startswith(f"{path}: not readable as audio (")
    assert message.endswith("or another format that libsndfile reads")


def test_no_samples_are_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(0), 16000)
    assert refusal(path) == f"{path}: audio has no samples; restore the file"


def test_stereo_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((10, 2)), 16000)
    assert refusal(path) == f"{path}: audio has 2 channels; mix or choose one channel first"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(tmp_path, value):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([0.0, value]), 16000, subtype="FLOAT")
    assert refusal(path) == f"{path}: audio holds NaN or infinity; mend the file"


@pytest.mark.parametrize(
    ("n_samples", "from_rate", "to_rate", "length"),
    [
        (0, 8000, 16000, 0),
        (3, 8000, 16000, 6),
        (3, 16000, 8000, 2),
        (1, 48000, 16000, 1),
        (441, 44100, 16000, 160),
        (442, 44100, 16000, 161),
        (7, 16000, 16000, 7),
    ],
)
def test_resampled_length_rounds_up(n_samples, from_rate, to_rate, length):
    assert resampled_length(n_samples, from_rate, to_rate) == length


@settings(max_examples=60, deadline=None)
@given(
    n_samples=st.integers(1, 2000),
    rates=st.permutations([8000, 11025, 16000, 22050, 44100, 48000]),
)
def test_resample_gives_the_stated_length(n_samples, rates):
    from_rate, to_rate = rates[:2]
    audio = np.full(n_samples, 0.25, dtype=np.float32)
    out = resample(audio, from_rate, to_rate)
    assert out.dtype == np.float32
    assert len(out) == resampled_length(n_samples, from_rate, to_rate)
    assert np.all(audio == 0.25)


@pytest.mark.parametrize(("from_rate", "to_rate"), [(8000, 16000), (44100, 16000), (48000, 16000)])
def test_resampled_tone_keeps_its_time(from_rate, to_rate):
    def tone(rate):
        return np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate).astype(np.float32)

    inner = slice(500, -500)  # away from the edges' ringing
    out = resample(tone(from_rate), from_rate, to_rate)
    assert np.abs(out - tone(to_rate))[inner].max() < 1e-3


def test_equal_rates_copy_nothing():
    audio = np.zeros(3, dtype=np.float32)
    assert resample(audio, 16000, 16000) is audio


def test_empty_audio_resamples_to_empty():
    assert resample(np.zeros(0, dtype=np.float32), 8000, 16000).shape == (0,)


def test_a_truncated_sphere_file_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(16000, 0.1), 16000, subtype="PCM_16", format="NIST")
    path.write_bytes(path.read_bytes()[:10_000])
    assert refusal(path).startswith(f"{path}: audio is cut off")


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_what_is_written_is_read_back(tmp_path, rate):
    audio = np.array([0.0, 0.5, -1.0, 2.0**-15], dtype=np.float32)
    path = write_wav(tmp_path / "new" / "a.wav", audio, rate)
    found, found_rate = read_audio(path)
    assert found_rate == rate
    assert np.array_equal(found, audio)
    assert soundfile.info(path).subtype == "PCM_16"
    assert [p.name for p in path.parent.iterdir()] == ["a.wav"]


def test_what_is_beyond_one_is_cut_off_not_wrapped(tmp_path):
    audio = np.array([1.0, 1.5, 100.0, -1.5], dtype=np.float32)
    found, _ = read_audio(write_wav(tmp_path / "a.wav", audio, 16000))
    assert found == pytest.approx(np.array([1, 1, 1, -1]), abs=2.0**-15)
    assert audio.tolist() == [1.0, 1.5, 100.0, -1.5]


@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_failing_write_leaves_nothing_behind(tmp_path, before, monkeypatch):
    def failing(*_args):
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.wav"
    if before is not None:
        path.write_bytes(before)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", failing)
        with pytest.raises(OSError, match="No space left"):
            write_wav(path, np.zeros(10, dtype=np.float32), 16000)
    left = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert left == ({} if before is None else {"a.wav": before})


def test_the_name_s_ending_does_not_choose_the_format(tmp_path):
    path = write_wav(tmp_path / "a.flac", np.zeros(10, dtype=np.float32), 16000)
    assert path.read_bytes()[:4] == b"RIFF"
