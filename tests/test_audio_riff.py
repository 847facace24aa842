import struct
import wave

import numpy as np
import pytest
import scipy.io.wavfile
import soundfile
from made_audio import DATA, GUID_TAIL, PCM, TONE, chunk, plain_wav, read, refusal, wav

from sfvq_analysis.audio import audio_length, read_audio

EXPECTED = TONE / np.float32(32768)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.wav"


def form(coding=1, channels=1, rate=16000, bits=16):
    width = channels * ((bits + 7) // 8)
    return struct.pack("<HHIIHH", coding, channels, rate, rate * width, width, bits)


def extensible(bits=16, valid=None, coding=1, channels=1):
    return (
        form(0xFFFE, channels, bits=bits)
        + struct.pack("<HHI", 22, bits if valid is None else valid, 0)
        + struct.pack("<I", coding)
        + GUID_TAIL
    )


@pytest.mark.parametrize("rate", [1, 8000, 11025, 22050, 44100, 192000])
def test_agrees_with_the_wave_module(path, rate):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(DATA)
    audio, found = read(path, path.read_bytes())
    assert found == rate
    assert np.array_equal(audio, EXPECTED)


@pytest.mark.parametrize("kind", ["u1", "<i2", "<i4", "<f4", "<f8"])
@pytest.mark.parametrize("n_samples", [1, 3, 400])
def test_agrees_with_scipy(path, kind, n_samples):
    rng = np.random.default_rng(3)
    whole = np.dtype(kind).kind != "f"
    values = rng.integers(0, 2**8, n_samples) if kind == "u1" else rng.normal(size=n_samples)
    if whole and kind != "u1":
        values = rng.integers(
            -(2 ** (8 * int(kind[2]) - 1)), 2 ** (8 * int(kind[2]) - 1), n_samples
        )
    scipy.io.wavfile.write(path, 11025, values.astype(kind))
    stored = scipy.io.wavfile.read(path)[1].astype(np.float64)
    scale = {"u1": 128, "<i2": 2**15, "<i4": 2**31}.get(kind, 1)
    wanted = ((stored - (128 if kind == "u1" else 0)) / scale).astype(np.float32)
    audio, rate = read(path, path.read_bytes())
    assert rate == 11025
    assert np.array_equal(audio, wanted)


def test_24_bits(path):
    values = np.array([0, 1, -1, 2**22, -(2**23), 2**23 - 1])
    data = b"".join(int(v).to_bytes(3, "little", signed=True) for v in values)
    assert np.array_equal(read(path, plain_wav(data, form(bits=24)))[0], values / 2**23)


@pytest.mark.parametrize(
    ("bits", "kind", "coding"), [(16, "<i2", 1), (32, "<f4", 3), (32, "<i4", 1)]
)
def test_extensible(path, bits, kind, coding):
    values = (TONE / 32768 if coding == 3 else TONE.astype(np.int64) * 2 ** (bits - 16)).astype(
        kind
    )
    audio, _ = read(path, plain_wav(values.tobytes(), extensible(bits, coding=coding)))
    assert np.array_equal(audio, EXPECTED)


def test_24_valid_bits_in_32_are_left_justified(path):
    values = TONE.astype("<i4") * 65536
    audio, _ = read(path, plain_wav(values.tobytes(), extensible(32, valid=24)))
    assert np.array_equal(audio, EXPECTED)


def test_float_files_keep_what_is_beyond_one(path):
    values = np.array([2.5, -3, 0.25], "<f4")
    assert read(path, plain_wav(values.tobytes(), form(3, bits=32)))[0].tolist() == [2.5, -3, 0.25]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(path, value):
    octets = plain_wav(np.array([0, value], "<f4").tobytes(), form(3, bits=32))
    assert refusal(path, octets) == "audio holds NaN or infinity; mend the file"


def test_a_double_too_large_for_float32_is_refused(path):
    with np.errstate(over="ignore"):
        octets = plain_wav(np.array([0, 1e300]).tobytes(), form(3, bits=64))
        assert refusal(path, octets).startswith("audio holds NaN or infinity")


def test_nan_in_another_channel_doesn_t_matter(path):
    pair = np.array([[0.5, np.nan], [0.25, 0]], "<f4")
    octets = plain_wav(pair.tobytes(), form(3, 2, bits=32))
    assert read(path, octets, channel=0)[0].tolist() == [0.5, 0.25]
    refusal(path, octets, channel=1)


def test_other_chunks_are_read_over_with_their_padding(path):
    octets = wav(
        chunk(b"JUNK", b"odd"), chunk(b"fmt ", PCM), chunk(b"LIST", b"INFOx"), chunk(b"data", DATA),
        chunk(b"LIST", b"INFO"), chunk(b"id3 ", b"odd"),
    )  # fmt: skip
    assert np.array_equal(read(path, octets)[0], EXPECTED)


def test_an_odd_number_of_bytes_is_padded_not_played(path):
    data = bytes([128, 192, 0])
    assert read(path, plain_wav(data, form(bits=8)))[0].tolist() == [0, 0.5, -1]
    unpadded = plain_wav(data, form(bits=8))[:-1]
    assert read(path, unpadded)[0].tolist() == [0, 0.5, -1]


def test_big_endian_rifx(path):
    head = struct.pack(">HHIIHH", 1, 1, 16000, 32000, 2, 16)
    data = TONE.astype(">i2").tobytes()
    body = b"WAVEfmt " + struct.pack(">I", 16) + head + b"data" + struct.pack(">I", 800) + data
    assert np.array_equal(read(path, b"RIFX" + struct.pack(">I", len(body)) + body)[0], EXPECTED)


@pytest.mark.parametrize("kind", ["RF64", "W64"])
def test_long_forms(path, kind):
    soundfile.write(path, TONE, 16000, format=kind, subtype="PCM_16")
    whole = path.read_bytes()
    assert np.array_equal(read(path, whole)[0], EXPECTED)
    for length in (30, 60, 100, len(whole) // 2, len(whole) - 1):
        refusal(path, whole[:length])


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF024])
@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000])
def test_a_streamed_file_goes_to_its_end(path, size, length):
    octets = plain_wav(length=length, size=size)
    assert np.array_equal(read(path, octets)[0], EXPECTED)
    assert refusal(path, octets[:-1]).startswith("audio is cut off within a sample")


def test_a_streamed_length_in_a_file_of_stated_size_is_refused(path):
    assert refusal(path, plain_wav(length=0xFFFFFFFF)).startswith("audio is cut off")


@pytest.mark.parametrize("size", [0, 36])
def test_a_file_that_was_not_closed_is_refused(path, size):
    message = refusal(path, plain_wav(length=0, size=size))
    assert message.startswith("WAV header states 0 bytes of samples, but 800 bytes follow")


@pytest.mark.parametrize("length", [801, 802, 10_000, 0x7FFFFFFF, 0xFFFFFFFE])
@pytest.mark.parametrize("size", [None, 0xFFFFFFF0])
def test_more_samples_than_there_are(path, length, size):
    message = refusal(path, plain_wav(length=length, size=size))
    assert message.startswith(f"audio is cut off: its header states {length} bytes of samples, 800")


@pytest.mark.parametrize("length", [0, 2, 400, 798])
def test_fewer_samples_than_there_are(path, length):
    # the size of the whole says that there is more
    assert refusal(path, plain_wav(length=length)).startswith("WAV header ")


def test_what_follows_the_whole_is_not_played(path):
    assert np.array_equal(read(path, plain_wav() + b"\x9fgarbage" * 9)[0], EXPECTED)


def test_a_cut_off_list_after_all_samples_does_no_harm(path):
    octets = wav(chunk(b"fmt ", PCM), chunk(b"data", DATA), chunk(b"LIST", b"INFO" * 20))[:-30]
    assert np.array_equal(read(path, octets)[0], EXPECTED)


def test_every_truncation_is_refused(path):
    whole = plain_wav()
    for length in (*range(1, 60), 100, 441, 843):
        refusal(path, whole[:length])


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (plain_wav(b""), "audio has no samples"),
        (plain_wav(DATA[:-1]), "audio is cut off within a sample: 799 bytes"),
        (wav(chunk(b"fmt ", PCM)), "not readable as audio (WAV without a data chunk)"),
        (wav(chunk(b"data", DATA)), "not readable as audio (WAV without a format chunk"),
        (wav(chunk(b"data", DATA), chunk(b"fmt ", PCM)), "not readable as audio (WAV without a"),
        (plain_wav(form=PCM[:14]), "not readable as audio (WAV without a format chunk"),
        (plain_wav(form=form(channels=0)), "WAV header contradicts itself: 0 channels"),
        (plain_wav(form=form(rate=0)), "the header states a sample rate of 0 Hz"),
        (plain_wav(form=form(rate=2**24)), "the header states a sample rate of 16777216 Hz"),
        (plain_wav(form=form(bits=0)), "WAV header contradicts itself: 1 channels of 0 bits"),
        (plain_wav(form=form(bits=40)), "WAV header contradicts itself: 1 channels of 40 bits"),
        (plain_wav(form=form(3, bits=16)), "WAV header contradicts itself: 1 channels of 16 bits"),
        (
            plain_wav(form=struct.pack("<HHIIHH", 1, 1, 8000, 32000, 2, 16)),
            "WAV header contradicts itself: 8000 Hz of 2 bytes, but 32000 bytes per second",
        ),
        (
            plain_wav(form=struct.pack("<HHIIHH", 1, 1, 16000, 64000, 4, 24)),
            "WAV header contradicts itself: 1 channels of 24 bits are 4 bytes",
        ),
        (
            wav(chunk(b"fmt ", PCM), chunk(b"fmt ", PCM), chunk(b"data", DATA)),
            "the file has two fmt chunks",
        ),
        (
            wav(chunk(b"fmt ", PCM), chunk(b"data", DATA), chunk(b"data", DATA)),
            "the file has two data chunks",
        ),
        (wav(chunk(b"LIST", b"INFO", 2**31)), "not readable as audio (chunk b'LIST' should have"),
        (b"RIFF\0\0\0\0AVI LIST", "not readable as audio (it is RIFF, but no WAV)"),
    ],
)
def test_what_a_header_must_not_say(path, octets, words):
    assert refusal(path, octets).startswith(words)


def test_a_mass_of_empty_chunks_is_no_hang(path):
    assert refusal(path, wav(chunk(b"JUNK", b"") * 200_000)).startswith(
        "not readable as audio (WAV"
    )


@pytest.mark.parametrize("coding", ["IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "NMS_ADPCM_16"])
def test_the_padding_of_a_compressed_file_is_cut_off(path, coding):
    soundfile.write(path, np.tile(TONE, 10), 8000, format="WAV", subtype=coding)
    whole = path.read_bytes()
    place = whole.index(b"fact") + 8
    stated = struct.unpack("<I", whole[place : place + 4])[0]
    audio, rate = read(path, whole)
    assert (len(audio), rate) == (stated, 8000)
    with soundfile.SoundFile(path) as sound:
        assert np.array_equal(audio, sound.read(stated, dtype="float32"))
    assert refusal(path, whole[:-100]).startswith("audio is cut off")


@pytest.mark.parametrize("coding", [0x50, 0x55])
@pytest.mark.parametrize("reader", [read_audio, audio_length])
def test_mpeg_in_riff_is_refused_without_a_word_of_its_decoder(path, coding, reader, capfd):
    mpeg = struct.pack("<HHIIHH", coding, 1, 16000, 16000, 1, 0)
    mpeg += struct.pack("<HHIHHH", 12, 1, 2, 417, 1, 0)
    octets = wav(chunk(b"fmt ", mpeg), chunk(b"data", bytes(1000)))
    message = refusal(path, octets, reader)
    assert message.startswith("not readable as audio (")
    assert "does not exist" not in message
    assert capfd.readouterr() == ("", "")
