import struct

import numpy as np
import pytest
import soundfile
from made_audio import TONE, read, refusal, sphere

from sfvq_analysis.audio import audio_length

EXPECTED = TONE / np.float32(32768)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sa1.wav"


def g711(law):
    """Return the 256 values of ITU-T G.711 from its segments, not from bit operations."""
    values = []
    for byte in range(256):
        code = byte ^ (0xFF if law == "ulaw" else 0x55)
        segment, step = code // 16 % 8, code % 16
        if law == "ulaw":
            magnitude = 4 * ((33 + 2 * step) * 2**segment - 33)
        else:
            magnitude = 8 * (
                (2 * step + 1) if segment == 0 else (2 * step + 33) * 2 ** (segment - 1)
            )
        negative = code >= 128 if law == "ulaw" else code < 128
        values.append(-magnitude if negative else magnitude)
    return np.array(values) / 32768


@pytest.mark.parametrize(("order", "kind"), [("01", "<i2"), ("10", ">i2")])
def test_both_byte_orders(path, order, kind):
    octets = sphere(TONE.astype(kind).tobytes(), sample_byte_format=f"-s2 {order}")
    audio, rate = read(path, octets)
    assert rate == 16000
    assert np.array_equal(audio, EXPECTED)


@pytest.mark.parametrize("coding", ["ulaw", "mu-law", "alaw"])
def test_g711_is_expanded_as_the_standard_says(path, coding):
    octets = sphere(
        bytes(range(256)),
        sample_count="-i 256",
        sample_n_bytes="-i 1",
        sample_byte_format="-s1 1",
        sample_coding=f"-s{len(coding)} {coding}",
    )
    audio, _ = read(path, octets)
    assert np.array_equal(audio, g711("alaw" if coding == "alaw" else "ulaw"))


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_the_oracle_of_g711_agrees_with_libsndfile_on_wav(path, law):
    head = struct.pack("<HHIIHH", 7 if law == "ulaw" else 6, 1, 8000, 8000, 1, 8)
    data = bytes(range(256))
    path.write_bytes(
        b"RIFF" + struct.pack("<I", 36 + 256) + b"WAVEfmt " + struct.pack("<I", 16) + head
        + b"data" + struct.pack("<I", 256) + data
    )  # fmt: skip
    assert np.array_equal(soundfile.read(path)[0], g711(law))


def test_one_byte_is_signed(path):
    data = np.array([0, 64, -128, 127], np.int8).tobytes()
    octets = sphere(data, sample_count="-i 4", sample_n_bytes="-i 1", sample_byte_format=None)
    assert read(path, octets)[0].tolist() == [0, 0.5, -1, 127 / 128]


@pytest.mark.parametrize("order", ["012", "210"])
def test_three_bytes(path, order):
    values = np.array([0, 2**22, -(2**23), 2**23 - 1, 1])
    digits = values.astype("<i4").tobytes()
    data = b"".join(digits[4 * i : 4 * i + 3][:: 1 if order == "012" else -1] for i in range(5))
    octets = sphere(
        data, sample_count="-i 5", sample_n_bytes="-i 3", sample_byte_format=f"-s3 {order}"
    )
    assert np.array_equal(read(path, octets)[0], values / 2**23)


@pytest.mark.parametrize(("order", "kind"), [("0123", "<i4"), ("3210", ">i4"), ("10", ">i4")])
def test_four_bytes(path, order, kind):
    values = np.array([0, 2**30, -(2**31), 2**16])
    octets = sphere(
        values.astype(kind).tobytes(),
        sample_count="-i 4",
        sample_n_bytes="-i 4",
        sample_byte_format=f"-s4 {order}",
    )
    assert np.array_equal(read(path, octets)[0], values / 2**31)


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24", "PCM_32", "ULAW", "ALAW"])
def test_what_libsndfile_writes_is_read_as_by_libsndfile(path, subtype):
    soundfile.write(path, TONE, 8000, format="NIST", subtype=subtype)
    audio, rate = read(path, path.read_bytes())
    assert rate == 8000
    assert np.array_equal(audio, soundfile.read(path, dtype="float32")[0])


def test_channels_are_interleaved(path):
    pair = np.stack([TONE, -TONE], axis=1)
    octets = sphere(pair.tobytes(), channel_count="-i 2")
    assert refusal(path, octets).startswith("audio has 2 channels; choose one by channel=0")
    for channel, sign in ((0, 1), (1, -1)):
        assert np.array_equal(read(path, octets, channel=channel)[0], sign * EXPECTED)


def test_a_longer_header_is_skipped(path):
    assert np.array_equal(read(path, sphere(size=2048))[0], EXPECTED)


def test_timit_s_header_says_nothing_of_coding(path):
    octets = sphere(
        sample_coding=None, database_id="-s5 TIMIT", sample_sig_bits="-i 16", sample_max="-i 1673"
    )
    assert np.array_equal(read(path, octets)[0], EXPECTED)


def test_comments_strings_with_blanks_and_blank_lines_are_read_over(path):
    octets = sphere(speaker="-s9 a b c d e", note="-s3 \xe4\xf6\xfc", end="\n; all\nend_head\n")
    assert np.array_equal(read(path, octets)[0], EXPECTED)


@pytest.mark.parametrize("order", ["01", "10"])
def test_a_right_checksum_is_accepted(path, order):
    data = TONE.astype("<i2" if order == "01" else ">i2").tobytes()
    total = int(TONE.astype(np.int64).sum()) % 65536
    fields = {"sample_byte_format": f"-s2 {order}", "sample_checksum": f"-i {total}"}
    assert np.array_equal(read(path, sphere(data, **fields))[0], EXPECTED)


def test_a_wrong_checksum_is_refused(path):
    total = int(TONE.astype(np.int64).sum()) % 65536
    damaged = bytearray(TONE.tobytes())
    damaged[100] ^= 4
    message = refusal(path, sphere(bytes(damaged), sample_checksum=f"-i {total}"))
    assert message.startswith("SPHERE samples add up to ")
    assert f"their sample_checksum is {total}" in message


@pytest.mark.parametrize(
    "coding",
    [
        "-s26 pcm,embedded-shorten-v2.00",
        "-s27 ulaw,embedded-shorten-v2.00",
        "-s3 pcm,embedded-shorten-v1.1",
        "-s26 pcm,embedded-wavpack-v1.00",
        "-s28 pcm,embedded-shortpack-v0",
        "-s11 PCM,SHORTEN",
    ],
)
def test_compressed_samples_are_never_decoded_to_noise(path, coding):
    octets = sphere(sample_coding=coding)
    for reader in (None, audio_length):
        message = refusal(path, octets, **({"reader": reader} if reader else {}))
        assert message.startswith("SPHERE audio is compressed (sample_coding ")
        assert message.endswith("expand it with `sph2pipe -f wav IN OUT`")


def test_shorten_is_recognised_where_the_header_hides_it(path):
    octets = sphere(b"ajkg\x02" + TONE.tobytes()[5:])
    assert "sph2pipe" in refusal(path, octets)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"sample_count": None}, "SPHERE header lacks sample_count"),
        ({"sample_rate": None}, "SPHERE header lacks sample_rate"),
        ({"channel_count": None}, "SPHERE header lacks channel_count"),
        ({"sample_n_bytes": None}, "SPHERE header lacks sample_n_bytes"),
        ({"sample_byte_format": None}, "SPHERE header lacks sample_byte_format for"),
        ({"sample_byte_format": "-s2 02"}, "SPHERE sample_byte_format is '02' for"),
        ({"sample_byte_format": "-s1 1"}, "SPHERE sample_byte_format is '1' for"),
        ({"sample_count": "-i 401"}, "audio is cut off: its header states 401 samples, 400 are"),
        ({"sample_count": "-i 999999999999999999"}, "audio is cut off"),
        ({"sample_count": "-i 9999999999999999999"}, "line 4 of the SPHERE header"),
        ({"sample_count": "-i 399"}, "SPHERE sample_count 399 leaves 2 bytes of the file over"),
        ({"sample_count": "-i 200"}, "SPHERE sample_count 200 leaves 400 bytes"),
        ({"sample_count": "-i -400"}, "SPHERE sample_count is -400"),
        ({"sample_count": "-i 4_00"}, "line 4 of the SPHERE header: sample_count -i is '4_00'"),
        ({"sample_count": "-i 400 401"}, "line 4 of the SPHERE header: sample_count -i is"),
        ({"sample_count": "-r 400.5"}, "line 4 of the SPHERE header: sample_count -r is '400.5'"),
        ({"sample_count": "-s3 4oo"}, "SPHERE sample_count is '4oo'"),
        ({"sample_count": "-i"}, "line 4 of the SPHERE header isn't a field"),
        ({"sample_count": "400"}, "line 4 of the SPHERE header isn't a field"),
        ({"sample_rate": "-i 0"}, "the header states a sample rate of 0 Hz"),
        ({"sample_rate": "-i -16000"}, "the header states a sample rate of -16000 Hz"),
        ({"sample_rate": "-i 10000001"}, "the header states a sample rate of 10000001 Hz"),
        ({"sample_n_bytes": "-i 1"}, "SPHERE sample_byte_format is '01' for sample_n_bytes 1"),
        ({"sample_n_bytes": "-i 0"}, "SPHERE sample_byte_format is '01' for sample_n_bytes 0"),
        ({"sample_n_bytes": "-i 8"}, "SPHERE sample_n_bytes is 8 for sample_coding pcm"),
        ({"sample_coding": "-s4 ulaw"}, "SPHERE sample_n_bytes is 2 for sample_coding ulaw"),
        ({"sample_coding": "-s5 adpcm"}, "SPHERE sample_coding is 'adpcm'"),
        ({"sample_coding": "-s9 pcm"}, "line 8 of the SPHERE header: sample_coding -s9 is 'pcm'"),
        ({"channels_interleaved": "-s5 FALSE"}, "SPHERE channels aren't interleaved"),
        ({"channel_count": "-i 0"}, "SPHERE channel_count is 0"),
        ({"channel_count": "-i 2"}, "audio is cut off: its header states 400 samples, 200 are"),
        ({"channel_count": "-i 1\nchannel_count -i 2"}, "SPHERE header states channel_count twice"),
        ({"end": ""}, "SPHERE header has no end_head"),
        ({"end": "end_heads"}, "line 9 of the SPHERE header isn't a field: 'end_heads   "),
        ({"stated_size": "1025"}, "audio is cut off"),
        ({"stated_size": "1023"}, "SPHERE sample_count 400 leaves 1 bytes"),
        ({"stated_size": "0"}, "SPHERE header states a size of 0 bytes for itself"),
        ({"stated_size": "9999999"}, "SPHERE header states a size of 9999999 bytes for itself"),
        ({"stated_size": "4096"}, "not readable as audio (the SPHERE header should have 4096"),
        ({"stated_size": "   abcd"}, "not readable as audio (SPHERE without the size"),
        ({"stated_size": "   -100"}, "not readable as audio (SPHERE without the size"),
    ],
)
def test_what_a_header_must_not_say(path, fields, words):
    assert refusal(path, sphere(**fields)).startswith(words)


def test_only_a_header(path):
    assert refusal(path, sphere(b"")).startswith(
        "audio is cut off: its header states 400 samples, 0 are there"
    )
    assert refusal(path, sphere(b"", sample_count="-i 0")).startswith("audio has no samples")
    assert refusal(path, sphere()[:500]).startswith("not readable as audio (the SPHERE header")
    assert refusal(path, b"NIST_1A").startswith("not readable as audio (SPHERE without")


def test_every_truncation_is_refused(path):
    whole = sphere()
    for length in (*range(1, 120, 7), 1023, 1024, 1025, 1400, len(whole) - 1):
        refusal(path, whole[:length])


def test_a_transfer_in_text_mode_is_named(path):
    message = refusal(path, sphere().replace(b"\n", b"\r\n"))
    assert message.startswith("SPHERE header has DOS line ends")


def test_a_hostile_value_is_cut_short(path):
    message = refusal(path, sphere(sample_count=f"-i {'9' * 800}"))
    assert len(message) < 200
