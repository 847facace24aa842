from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from made_audio import TONE, refusal

from sfvq_analysis.audio import audio_length, read_audio, resample, resampled_length, write_wav
from sfvq_analysis.errors import OptionError

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


def test_missing_file_is_named(tmp_path):
    path = tmp_path / "sa1.wav"
    assert refusal(path) == "audio file is missing; restore the file"
    assert refusal(tmp_path) == "that is a folder, not an audio file; name an audio file"
    path.write_bytes(STEPS.tobytes())
    assert refusal(path / "below.wav").startswith("audio file can't be opened (Not a directory)")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n", "Format not recognised"),
        (b"no audio at all", "Format not recognised"),
        ("kein Ton, aber lang. " * 200, "no MPEG frames"),
        (b"\0" * 4096, "Format not recognised"),
        (b"\xff" * 4096, "no MPEG frames"),
        (b"<!DOCTYPE html><html><body>404 Not Found", "it is HTML or XML text"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer"),
        (b"ajkg\x02" + bytes(200), "it is shorten-compressed"),
        (b"wvpk" + bytes(200), "it is WavPack-compressed"),
        (b"PK\x03\x04" + bytes(200), "it is a ZIP archive"),
        (b"\x1f\x8b\x08" + bytes(200), "it is gzip-compressed"),
        (b"\0\0\0\x18ftypM4A " + bytes(200), "it is MPEG-4 or AAC"),
        (b"\x93NUMPY" + bytes(200), "it is a NumPy array"),
        (b"0&\xb2u\x8ef\xcf\x11" + bytes(200), "it is Windows Media"),
    ],
)
@pytest.mark.parametrize(
    "name", ["sa1.wav", "sa1", "sa1.gsm", "sa1.raw", "sa1.au", "sa1.mp3", "a.vox"]
)
def test_what_is_no_audio_is_refused_whatever_it_is_called(tmp_path, content, reason, name):
    octets = content.encode("utf-16") if isinstance(content, str) else content
    for reader in (read_audio, audio_length):
        message = refusal(tmp_path / name, octets, reader)
        assert message.startswith(f"not readable as audio ({reason})")


@pytest.mark.parametrize("kind", ["NIST", "WAV", "FLAC", "AIFF", "AU", "OGG", "MP3"])
@pytest.mark.parametrize(
    "name", ["a.wav", "a.flac", "a", "a.mp3", "a.raw", "a.txt", ".hidden", "a.SPH"]
)
def test_the_format_is_told_by_the_content(tmp_path, kind, name):
    soundfile.write(tmp_path / "right", np.tile(TONE, 5), 16000, format=kind)
    (tmp_path / name).write_bytes((tmp_path / "right").read_bytes())
    assert len(read_audio(tmp_path / name)[0]) == 2000
    assert np.array_equal(read_audio(tmp_path / name)[0], read_audio(tmp_path / "right")[0])


def test_no_samples_are_refused(tmp_path):
    for kind in ("WAV", "AIFF", "AU", "NIST", "W64"):
        path = tmp_path / f"a.{kind}"
        soundfile.write(path, np.zeros(0), 16000, format=kind, subtype="PCM_16")
        for reader in (read_audio, audio_length):
            assert refusal(path, reader=reader) == "audio has no samples; restore the file"


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF", "AU", "NIST"])
def test_a_channel_is_chosen_from_0(tmp_path, kind):
    path = tmp_path / "a.wav"
    columns = np.stack([STEPS, STEPS[::-1], STEPS * 0], axis=1)
    soundfile.write(path, columns, 16000, format=kind, subtype="PCM_16")
    assert refusal(path) == (
        "audio has 3 channels; choose one by channel=0 to channel=2, or mix them first"
    )
    for channel in range(3):
        audio, _ = read_audio(path, channel=channel)
        assert audio.flags.c_contiguous
        assert np.array_equal(audio, columns[:, channel] / np.float32(32768))
    message = refusal(path, kind=OptionError, channel=3)
    assert message == "channel is 3; the file has channels 0 to 2"
    assert audio_length(path) == (4, 16000)


def test_a_mono_file_has_channel_0_only(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, STEPS, 16000)
    assert np.array_equal(read_audio(path, channel=0)[0], read_audio(path)[0])
    message = refusal(path, kind=OptionError, channel=1)
    assert message == "channel is 1; the file has only channel 0"


@pytest.mark.parametrize("channel", [-1, True, 1.0, "left", "0" * 1000])
def test_a_channel_is_a_number(tmp_path, channel):
    with pytest.raises(OptionError, match=r"^channel is .{1,60}; use an integer >= 0"):
        read_audio(tmp_path / "a.wav", channel=channel)


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


@pytest.mark.parametrize("rate", [0, -8000, 8000.0, None, "8000", True, 10**9])
def test_rates_are_whole_numbers_of_hertz(rate):
    audio = np.zeros(3, dtype=np.float32)
    with pytest.raises(OptionError, match=r"^from_rate is "):
        resample(audio, rate, 16000)
    with pytest.raises(OptionError, match=r"^to_rate is "):
        resample(audio, 16000, rate)


def test_empty_audio_resamples_to_empty():
    assert resample(np.zeros(0, dtype=np.float32), 8000, 16000).shape == (0,)


def test_a_truncated_sphere_file_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(16000, 0.1), 16000, subtype="PCM_16", format="NIST")
    path.write_bytes(path.read_bytes()[:10_000])
    assert refusal(path).startswith("audio is cut off")


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
