"""Audio, a second round: prefixes of every container, lying chunks, and formats less common."""

from __future__ import annotations

import struct

import numpy as np
from badinputs.audio_cases import (
    CUT,
    FLAC,
    LITTLE,
    PLAIN,
    SPEECH,
    SPHERE,
    VALUES,
    N,
    _bad,
    _either,
    _good,
    _written,
)
from badinputs.case import Samples
from badinputs.sounds import (
    FLOAT,
    PCM,
    RATE,
    aiff,
    as_float,
    au,
    chunk,
    fmt,
    packed,
    riff,
    sphere,
    wav,
    wave_of,
)

HEAD = fmt(PCM, 1, RATE, 16)
DATA = chunk(b"data", LITTLE)
_LENGTHLESS = ("PAF", "IRCAM")
ODD = np.array([-128, 5, 127])


def cases():
    """Yield the cases."""
    yield from _prefixes()
    yield from _chunks()
    yield from _formats()
    yield from _sphere()


def _prefixes():
    """A file cut anywhere is refused: nothing of it passes for the whole."""
    for name, whole in {
        "wav": PLAIN,
        "flac": FLAC,
        "sph": SPHERE,
        "aiff": aiff(VALUES),
        "au": au(VALUES),
    }.items():
        for part in range(1, 16):
            kept = len(whole) * part // 16 | 1
            yield _bad(f"audio_{name}_{part}_sixteenths", f"a.{name}", whole[:kept])


def _chunks():
    yield _good(
        "audio_wav_odd_data_unpadded",
        "a.wav",
        riff(fmt(PCM, 1, RATE, 8), chunk(b"data", packed(ODD, 8))[:-1]),
        Samples(as_float(ODD, 8), RATE),
    )
    yield _good("audio_wav_odd_data_padded", "a.wav", wav(ODD, 8), Samples(as_float(ODD, 8), RATE))
    yield _good("audio_wav_junk_after_data", "a.wav", PLAIN + b"ID3\x03" + bytes(60))
    yield _good(
        "audio_wav_long_list_first",
        "a.wav",
        riff(chunk(b"LIST", b"INFO" + bytes(70_000)), HEAD, DATA),
    )
    yield _bad(
        "audio_wav_list_size_lies",
        "a.wav",
        riff(chunk(b"LIST", b"INFO" + bytes(8), size=10**9), HEAD, DATA),
    )
    yield _bad("audio_wav_data_before_format", "a.wav", riff(DATA, HEAD))
    yield _either("audio_wav_two_data_chunks", "a.wav", riff(HEAD, DATA, DATA), cause="data|chunk")
    yield _either(
        "audio_wav_two_formats", "a.wav", riff(HEAD, HEAD, DATA), cause="fmt|format|chunk"
    )
    yield _bad(
        "audio_wav_two_unequal_formats",
        "a.wav",
        riff(HEAD, fmt(PCM, 1, 8000, 16), DATA),
        "fmt|format|chunk|rate",
    )
    short = chunk(b"fmt ", struct.pack("<HHIIH", PCM, 1, RATE, 2 * RATE, 2))
    yield _bad("audio_wav_format_of_14_bytes", "a.wav", riff(short, DATA))
    yield _bad(
        "audio_wav_format_of_2_gb",
        "a.wav",
        riff(HEAD[:4] + struct.pack("<I", 2**31) + HEAD[8:], DATA),
    )
    for align in (0, 1, 7, 4):
        body = struct.pack("<HHIIHH", PCM, 1, RATE, 2 * RATE, align, 16)
        yield _either(f"audio_wav_block_align_{align}", "a.wav", riff(chunk(b"fmt ", body), DATA))
    body = struct.pack("<HHIIHH", PCM, 1, RATE, 0, 2, 16)
    yield _good("audio_wav_byte_rate_0", "a.wav", riff(chunk(b"fmt ", body), DATA))
    twelve = struct.pack("<HHIIHH", PCM, 1, RATE, 2 * RATE, 2, 12)
    yield _either("audio_wav_12_bits_in_16", "a.wav", riff(chunk(b"fmt ", twelve), DATA))
    half = chunk(b"data", LITTLE[:-1])
    yield _bad(
        "audio_wav_half_a_sample", "a.wav", riff(HEAD, half), f"{CUT}|half|whole|odd|multiple"
    )
    yield _either("audio_wav_riff_size_0", "a.wav", riff(HEAD, DATA, size=0), cause=CUT)
    yield _either("audio_wav_riff_size_small", "a.wav", riff(HEAD, DATA, size=100), cause=CUT)
    yield _either(
        "audio_wav_riff_size_large", "a.wav", riff(HEAD, DATA, size=len(PLAIN) + 1000), cause=CUT
    )
    quiet = np.array([1e-40, -1e-45, 0.0, 1e-38] * 20, np.float32)
    tiny = riff(fmt(FLOAT, 1, RATE, 32), chunk(b"data", quiet.tobytes()))
    yield _good("audio_wav_subnormal", "a.wav", tiny, Samples(quiet, RATE))
    yield _either("audio_two_wavs_in_one", "a.wav", PLAIN + PLAIN)


def _formats():
    for form in ("W64", "RF64", "CAF", "VOC", "AVR", "PAF", "IRCAM", "NIST", "WAVEX", "MAT5"):
        written = _written(VALUES, form)
        if form == "MAT5":  # its first line states when it was written
            written = b"MATLAB 5.0 MAT-file".ljust(124) + written[124:]
        yield _either(f"audio_form_{form.lower()}", f"a.{form.lower()}", written)
        cut = written[: len(written) - 300]
        if form in _LENGTHLESS:  # nobody can tell that something is missing
            left = Samples(SPEECH.audio[:-150], RATE)
            yield _either(f"audio_form_{form.lower()}_cut", f"a.{form.lower()}", cut, left)
        else:
            yield _bad(f"audio_form_{form.lower()}_cut", f"a.{form.lower()}", cut)
    tagged = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + FLAC
    yield _either("audio_flac_with_id3", "a.flac", tagged)
    yield _either("audio_flac_then_id3v1", "a.flac", FLAC + b"TAG" + bytes(125))
    long = _written(wave_of(3 * 4096), "FLAC")
    middle = bytearray(long)
    middle[len(long) // 2] ^= 1
    yield _bad("audio_flac_one_bit_in_the_middle", "a.flac", bytes(middle))
    hole = long[: len(long) // 3] + long[len(long) // 3 + 500 :]
    yield _bad("audio_flac_hole", "a.flac", hole)
    filled = long[: len(long) // 2] + bytes(600) + long[len(long) // 2 + 600 :]
    yield _bad("audio_flac_zeros_inside", "a.flac", filled)
    digest = bytearray(FLAC)
    digest[30] ^= 1  # in the MD5 of the samples
    yield _either("audio_flac_md5_wrong", "a.flac", bytes(digest), cause="MD5|checksum|damaged")
    absent = bytearray(FLAC)
    absent[26:42] = bytes(16)
    yield _good("audio_flac_md5_absent", "a.flac", bytes(absent))
    eight = np.arange(-128, 128)
    yield _good(
        "audio_flac_8_bits",
        "a.flac",
        _written(eight * 256, "FLAC", "PCM_S8"),
        Samples(as_float(eight, 8), RATE),
    )


def _sphere():
    crlf = sphere(LITTLE)
    lines = crlf[:1024].rstrip(b" ").replace(b"\n", b"\r\n")
    yield _either("audio_sphere_crlf_header", "a.sph", lines.ljust(1024) + LITTLE)
    yield _either("audio_sphere_comment_in_header", "a.sph", sphere(LITTLE, {";": "a remark"}))
    hidden = sphere(LITTLE, {"note": "-s21 sample_count -i 100000"})
    yield _good("audio_sphere_count_within_text", "a.sph", hidden)
    yield _bad("audio_sphere_count_in_words", "a.sph", sphere(LITTLE, sample_count=f"-i {N}x"))
    yield _bad("audio_sphere_rate_float", "a.sph", sphere(LITTLE, sample_rate="-r 16000.5"), "rate")
    yield _either("audio_sphere_rate_real_whole", "a.sph", sphere(LITTLE, sample_rate="-r 16000.0"))
    yield _bad("audio_sphere_channels_60000", "a.sph", sphere(LITTLE, channel_count="-i 60000"))
    yield _bad("audio_sphere_order_strange", "a.sph", sphere(LITTLE, sample_byte_format="-s2 21"))
    yield _bad("audio_sphere_ulaw_of_two_bytes", "a.sph", sphere(LITTLE, sample_coding="-s4 ulaw"))
    yield _either(
        "audio_sphere_trailing_zeros", "a.sph", SPHERE + bytes(24), cause="more|states|bytes"
    )
    upper = sphere(LITTLE, sample_coding="-s3 PCM")
    yield _either("audio_sphere_coding_upper", "a.sph", upper, cause="coding")
    yield _either("audio_sphere_coding_absent", "a.sph", sphere(LITTLE, sample_coding=None), SPEECH)
