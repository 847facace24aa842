"""FLAC, Ogg and MP3: formats that are decoded, with checksums or frames to be counted."""

import io
import struct

import numpy as np
import pytest
import soundfile
from made_audio import TONE, read, refusal

from sfvq_analysis.audio import audio_length, read_audio
from sfvq_analysis.audio.flac_frames import last_end

LONG = np.tile(TONE, 40)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.wav"  # the name says nothing


def made(path, kind, samples=LONG, rate=16000, **options):
    soundfile.write(path, samples, rate, format=kind, **options)
    return path.read_bytes()


def id3(n_bytes, content=b"\0"):
    """Return an ID3v2 tag whose length is written in seven bits a byte."""
    sizes = bytes(n_bytes >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + sizes + content * n_bytes


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000, 12345])
def test_flac_is_exact(path, rate):
    audio, found = read(path, made(path, "FLAC", rate=rate))
    assert found == rate
    assert np.array_equal(audio, LONG / np.float32(32768))


@pytest.mark.parametrize(("subtype", "bits"), [("PCM_S8", 8), ("PCM_24", 24)])
def test_flac_of_other_widths(path, subtype, bits):
    values = np.random.default_rng(1).integers(-(2**31), 2**31, 5000).astype(np.int32)
    audio, _ = read(path, made(path, "FLAC", values, subtype=subtype))
    assert np.array_equal(audio, (values >> (32 - bits)) / np.float32(2 ** (bits - 1)))


def test_flac_of_two_channels(path):
    octets = made(path, "FLAC", np.stack([LONG, LONG[::-1]], axis=1))
    assert refusal(path, octets).startswith("audio has 2 channels")
    assert np.array_equal(read(path, octets, channel=1)[0], LONG[::-1] / np.float32(32768))


def test_flac_after_an_id3_tag(path):
    octets = id3(300) + made(path, "FLAC")
    assert np.array_equal(read(path, octets)[0], LONG / np.float32(32768))


def test_flac_with_a_wrong_checksum(path):
    octets = bytearray(made(path, "FLAC"))
    octets[26] ^= 1  # the first byte of STREAMINFO's MD5
    assert refusal(path, bytes(octets)).startswith("audio is damaged: its samples don't have")


def test_flac_without_a_checksum_and_a_length(path):
    octets = bytearray(made(path, "FLAC"))
    octets[26:42] = bytes(16)
    assert np.array_equal(read(path, bytes(octets))[0], LONG / np.float32(32768))
    octets[21] &= 0xF0
    octets[22:26] = bytes(4)
    assert np.array_equal(read(path, bytes(octets))[0], LONG / np.float32(32768))


def test_flac_that_states_more_samples_than_it_has(path):
    octets = bytearray(made(path, "FLAC"))
    octets[26:42] = bytes(16)
    octets[22:26] = struct.pack(">I", len(LONG) + 1000)
    assert "cut off" in refusal(path, bytes(octets))
    octets[21] |= 0x0F  # 2^35 samples: nothing is allocated for them
    assert "cut off" in refusal(path, bytes(octets))


def test_flac_whose_rate_was_changed(path):
    octets = bytearray(made(path, "FLAC"))
    octets[19] ^= 1
    message = refusal(path, bytes(octets))
    assert message.startswith("FLAC header states ")
    assert message.endswith("its first frame 16000 Hz; restore the file")


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3"])
def test_every_truncation_is_refused(path, kind):
    whole = made(path, kind)
    for length in (*range(1, 60, 3), 500, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        refusal(path, whole[:length])


@pytest.mark.parametrize("kind", ["FLAC", "OGG"])
def test_no_changed_byte_is_played(path, kind):
    whole = made(path, kind)
    path.write_bytes(whole)
    right = read_audio(path)
    random = np.random.default_rng(0)
    for place in (*range(4), *random.integers(4, len(whole), 60)):
        changed = bytearray(whole)
        changed[place] ^= 1 << random.integers(8)
        path.write_bytes(bytes(changed))
        try:
            found = read_audio(path)
        except ValueError:
            continue
        assert found[1] == right[1]  # a comment was changed
        assert np.array_equal(found[0], right[0])


@pytest.mark.parametrize(
    ("subtype", "rate"), [("VORBIS", 16000), ("VORBIS", 44100), ("OPUS", 48000)]
)
def test_ogg(path, subtype, rate):
    audio, found = read(path, made(path, "OGG", rate=rate, subtype=subtype))
    assert (len(audio), found) == (len(LONG), rate)
    assert np.array_equal(audio, soundfile.read(path, dtype="float32")[0])
    assert np.abs(audio - LONG / 32768)[2000:-2000].max() < 0.1


def test_ogg_of_two_streams(path):
    whole = made(path, "OGG")
    assert refusal(path, whole + whole).startswith("Ogg file holds more than one stream")


def pages(octets):
    """Return the pages of an Ogg file, found by their mark."""
    return [b"OggS" + page for page in octets.split(b"OggS")[1:]]


def test_ogg_without_a_page(path):
    parts = pages(made(path, "OGG", np.tile(LONG, 5)))
    assert len(parts) > 4
    left_out = b"".join(parts[:3] + parts[4:])
    assert refusal(path, left_out).startswith(
        "audio is damaged: page 3 of the Ogg stream is missing"
    )
    ended = b"".join(parts[:-1])
    assert refusal(path, ended).startswith("audio is cut off: the Ogg stream has no last page")
    garbage = b"".join(parts) + b"garbage" * 9
    assert refusal(path, garbage).startswith("audio is damaged: no Ogg page at byte")


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000])
@pytest.mark.parametrize("n_samples", [1, 1152, 16000])
def test_mp3_has_the_length_that_was_written(path, rate, n_samples):
    octets = made(path, "MP3", LONG[:n_samples], rate)
    audio, found = read(path, octets)
    assert (len(audio), found) == (n_samples, rate)
    if n_samples > 10_000:
        assert np.abs(audio - LONG[:n_samples] / 32768)[2000:-2000].max() < 0.1


@pytest.mark.parametrize("mode", ["CONSTANT", "AVERAGE", "VARIABLE"])
def test_mp3_of_each_bitrate_mode(path, mode):
    with soundfile.SoundFile(
        path, "w", 16000, 2, format="MP3", bitrate_mode=mode, compression_level=0.5
    ) as file:
        file.write(np.stack([LONG, LONG], axis=1))
    octets = path.read_bytes()
    assert len(read(path, octets, channel=1)[0]) == len(LONG)
    assert refusal(path, octets).startswith("audio has 2 channels")


def test_mp3_with_tags(path):
    octets = made(path, "MP3")
    wanted = read(path, octets)[0]
    tagged = id3(2000) + octets + b"TAG" + bytes(125)
    assert np.abs(read(path, tagged)[0] - wanted).max() < 1e-6
    assert refusal(path, id3(2000)).startswith("not readable as audio (nothing after the ID3 tag)")
    assert refusal(path, id3(2**21)[:3000]).startswith("not readable as audio (nothing after")
    assert refusal(path, id3(5) * 9).startswith("not readable as audio (")


def test_mp3_without_its_index_is_read_by_its_frames(path):
    octets = made(path, "MP3")
    bare = octets[octets.index(octets[:2], 4) :]
    audio, _ = read(path, bare)
    # the encoder's delay and padding are not told any more
    assert len(LONG) <= len(audio) <= len(LONG) + 3 * 1152


def test_mp3_with_fewer_frames_than_its_index_counts(path):
    octets = made(path, "MP3", LONG)
    cut = octets[: octets.rindex(octets[:2])]
    message = refusal(path, cut)
    assert message.startswith("audio is cut off: its header states ")
    assert "MPEG frames" in message


def test_mp3_with_something_else_among_its_frames(path):
    octets = made(path, "MP3")
    place = octets.index(octets[:2], len(octets) // 2)
    message = refusal(path, octets[:place] + b"something else" + octets[place:])
    assert message.startswith(f"audio is damaged: no MPEG frame at byte {place}")


def test_mp3_of_two_rates(path):
    octets = made(path, "MP3") + made(path, "MP3", rate=24000)
    assert refusal(path, octets).startswith("MPEG audio changes its rate, kind or channels")


def test_mp3_that_its_decoder_complains_of(path, capfd):
    octets = made(path, "MP3")
    place = octets.index(octets[:2], len(octets) // 2)
    side = place + 4
    damaged = octets[:side] + b"\xff" * 9 + octets[side + 9 :]
    message = refusal(path, damaged)
    assert message.startswith("audio is damaged (")
    assert capfd.readouterr() == ("", "")


def without_checksum(octets, n_samples):
    """Return a FLAC file that states other samples and no checksum."""
    packed = int.from_bytes(octets[18:26], "big") >> 36 << 36 | n_samples
    return octets[:18] + packed.to_bytes(8, "big") + bytes(16) + octets[42:]


@pytest.mark.parametrize("n_samples", [17, 4096, 4097, 15_999, 16_000])
@pytest.mark.parametrize("scale", [0, 1])
def test_flac_without_a_checksum_must_end_where_it_says(path, n_samples, scale):
    octets = made(path, "FLAC", scale * LONG[:n_samples])
    assert len(read(path, without_checksum(octets, n_samples))[0]) == n_samples
    for stated in (n_samples - 1, n_samples // 2):
        for reader in (read_audio, audio_length):
            message = refusal(path, without_checksum(octets, stated), reader)
            assert message.startswith(f"FLAC header states {stated} samples, its last frame ends ")
    for stated in (n_samples + 1, n_samples + 5000):
        assert "cut off" in refusal(path, without_checksum(octets, stated), audio_length)


def test_flac_without_a_checksum_ends_with_a_frame(path):
    octets = without_checksum(made(path, "FLAC"), len(LONG))
    for wrong in (octets + b"\1", octets[:-1], octets[:-9] + b"\1\2" + octets[-7:]):
        message = refusal(path, wrong, audio_length)
        assert message.startswith("audio is damaged or cut off: it doesn't end with a whole FLAC")


def checksum(octets, polynomial, bits):
    """Return what remains of the division, bit by bit."""
    value = int.from_bytes(octets, "big") << bits
    for place in reversed(range(bits, value.bit_length())):
        if value >> place & 1:
            value ^= (1 << bits | polynomial) << (place - bits)
    return value.to_bytes(bits // 8, "big")


@pytest.mark.parametrize(
    ("head", "end"),
    [
        ("fff8 8508 07", 7 * 4096 + 256),  # frame 7
        ("fff9 8508 e18080", 0x1000 + 256),  # sample 4096
        ("fff9 1508 fe8080808081bf", 0x7F + 192),  # as many bytes as a place may have
        ("fff9 250c c280", 0x80 + 576),
        ("fff9 6508 01 09", 1 + 10),
        ("fff9 7d08 01 ffff 3e80", 1 + 65536),
    ],
)
def test_flac_frames_end_where_their_headers_say(head, end):
    head = bytes.fromhex(head)
    frame = head + checksum(head, 0x07, 8) + bytes(3)
    frame += checksum(frame, 0x8005, 16)
    octets = b"fLaC" + b"\xff\xf8" * 3 + frame
    assert last_end(io.BytesIO(octets), 4, len(octets), 4096) == end
