"""AIFF, AU, CAF and the formats of samplers: what they state is believed, or not."""

import struct

import numpy as np
import pytest
import soundfile
from made_audio import DATA, TONE, read, refusal

EXPECTED = TONE / np.float32(32768)
STATED = ("AIFF", "AU", "CAF", "VOC", "SVX", "MAT4", "MAT5", "AVR", "MPC2K", "HTK")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.wav"


def made(path, kind, subtype="PCM_16", rate=16000):
    soundfile.write(path, TONE, rate, format=kind, subtype=subtype)
    return path.read_bytes()


def replaced(octets, place, form, *numbers):
    packed = struct.pack(form, *numbers)
    return octets[:place] + packed + octets[place + len(packed) :]


@pytest.mark.parametrize("kind", [*STATED, "PVF", "PAF", "IRCAM"])
def test_is_exact(path, kind):
    audio, rate = read(path, made(path, kind))
    assert rate == 16000
    assert np.array_equal(audio, EXPECTED)


@pytest.mark.parametrize("kind", STATED)
def test_every_truncation_is_refused(path, kind):
    whole = made(path, kind)
    lengths = (*range(1, 60, 5), len(whole) - 500, len(whole) - 101, len(whole) - 2)
    for length in lengths:
        refusal(path, whole[:length])


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [
        ("AIFF", "PCM_S8"), ("AIFF", "PCM_24"), ("AIFF", "FLOAT"), ("AIFF", "DOUBLE"),
        ("AIFF", "ULAW"), ("AIFF", "IMA_ADPCM"), ("AIFF", "GSM610"),
        ("AU", "PCM_S8"), ("AU", "PCM_24"), ("AU", "FLOAT"), ("AU", "DOUBLE"), ("AU", "ALAW"),
        ("AU", "G721_32"),
        ("CAF", "PCM_S8"), ("CAF", "PCM_24"), ("CAF", "FLOAT"), ("CAF", "ULAW"), ("CAF", "ALAC_16"),
        ("VOC", "PCM_U8"), ("SVX", "PCM_S8"), ("XI", "DPCM_16"), ("WVE", "ALAW"),
    ],
)  # fmt: skip
def test_other_codings_are_read_as_by_libsndfile(path, kind, subtype):
    octets = made(path, kind, subtype, {"WVE": 8000, "XI": 44100}.get(kind, 16000))
    audio, rate = read(path, octets)
    with soundfile.SoundFile(path) as sound:
        assert rate == sound.samplerate
        assert np.array_equal(audio, sound.read(100_000, dtype="float32"))
    assert len(audio) >= len(TONE)


def test_aiff_with_a_fraction_of_a_hertz(path):
    octets = made(path, "AIFF")
    place = octets.index(b"COMM") + 16
    half = replaced(octets, place, ">HQ", 16383 + 13, (16000 * 2 + 1) << 49)
    assert refusal(path, half).startswith("AIFF sample rate is not a whole number")
    zero = replaced(octets, place, ">HQ", 0, 0)
    assert refusal(path, zero).startswith("AIFF sample rate is not a whole number")
    whole = replaced(octets, place, ">HQ", 16383 + 13, (11025 * 2) << 49)
    assert read(path, whole)[1] == 11025


@pytest.mark.parametrize("frames", [0, 1, 399, 401, 2**32 - 1])
def test_aiff_that_counts_other_frames_than_it_has(path, frames):
    octets = made(path, "AIFF")
    message = refusal(path, replaced(octets, octets.index(b"COMM") + 10, ">I", frames))
    assert message.startswith(("audio is cut off", f"AIFF header states {frames} samples"))


def au(length=800, start=24, coding=3, rate=16000, channels=1):
    head = struct.pack(">4s5I", b".snd", start, length, coding, rate, channels)
    return head + TONE.astype(">i2").tobytes()


def test_au(path):
    assert np.array_equal(read(path, au())[0], EXPECTED)
    assert np.array_equal(read(path, au(0xFFFFFFFF))[0], EXPECTED)  # its word for "to the end"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"length": 802}, "audio is cut off: its header states 802 bytes of samples, 800 are"),
        ({"length": 2**31}, "audio is cut off"),
        ({"length": 798}, "AU header states 798 bytes of samples, 800 follow"),
        ({"start": 0}, "AU header states 0 as the first byte of samples"),
        ({"start": 2**32 - 1}, "AU header states 4294967295 as the first byte"),
        ({"rate": 0}, "the header states a sample rate of 0 Hz"),
        ({"channels": 0}, "the header states 0 channels"),
        ({"coding": 99}, "not readable as audio ("),
    ],
)
def test_au_that_can_t_be(path, changed, words):
    assert refusal(path, au(**changed)).startswith(words)


def test_caf_that_states_another_length_than_it_has(path):
    octets = made(path, "CAF")
    place = octets.index(b"data") + 4
    # -1 is "to the end", which libsndfile can't read
    assert refusal(path, replaced(octets, place, ">q", -1)).startswith("not readable as audio (")
    for length in (-2, 0, 3, len(DATA) + 6, 2**62):
        assert refusal(path, replaced(octets, place, ">q", length)).startswith("audio is cut off")
    assert refusal(path, replaced(octets, place, ">q", 404)).startswith("CAF header contradicts")


def test_voc_doesn_t_play_what_follows(path):
    assert "the header states 400 samples, but" in refusal(path, made(path, "VOC") + bytes(50))


def test_a_midi_sample_dump_is_refused(path):
    assert refusal(path, made(path, "SDS")).startswith(
        "not readable as audio (it is a MIDI sample dump)"
    )


def test_a_kaldi_archive_of_two_bytes_luck_is_no_sampler_s_file(path):
    # "\1\4" at the beginning is all that marks an MPC 2000 file
    noise = b"\1\4" + np.random.default_rng(0).bytes(5000)
    refusal(path, noise)


@pytest.mark.parametrize(
    ("kind", "endian"),
    [("PVF", "FILE"), ("PAF", "BIG"), ("PAF", "LITTLE"), ("IRCAM", "BIG"), ("IRCAM", "LITTLE")],
)
def test_half_a_sample_at_the_end_of_what_states_no_length(path, kind, endian):
    soundfile.write(path, TONE, 16000, format=kind, subtype="PCM_16", endian=endian)
    octets = path.read_bytes()
    assert refusal(path, octets[:-1]).startswith("audio is cut off within a sample")
    assert np.array_equal(read(path, octets[:-2])[0], EXPECTED[:-1])


def test_an_instrument_that_ends_early(path):
    octets = replaced(made(path, "XI", "DPCM_16", 44100), 298, "<I", 2 * len(TONE))
    assert len(read(path, octets)[0]) == len(TONE)
    assert refusal(path, octets[:-2]).startswith("audio is cut off: its header states 800 bytes")
