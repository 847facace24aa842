"""Audio: what reads, with its samples, and what is refused."""

from __future__ import annotations

import io
import struct

import numpy as np
from badinputs.case import Case, Fifo, Folder, Link, Refusal, Samples
from badinputs.sounds import (
    ADPCM,
    ALAW,
    FLOAT,
    PCM,
    RATE,
    ULAW,
    aiff,
    alaw,
    as_float,
    au,
    chunk,
    extensible,
    float_wav,
    fmt,
    packed,
    riff,
    sphere,
    ulaw,
    wav,
    wave_of,
    with_serial,
)

N = 400
VALUES = wave_of(N)
SPEECH = Samples(as_float(VALUES), RATE)
PLAIN = wav(VALUES)
LITTLE = packed(VALUES)
SPHERE = sphere(LITTLE)
CUT = r"cut|truncat|short|fewer|incomplete|damaged|states"


def _good(name, file, content, value=SPEECH, **options):
    return Case(name, "read_audio", file, {file: content}, value=value, options=options)


def _bad(name, file, content, cause="", kind="CorpusError", **options):
    refusal = Refusal(kind, cause, file.rsplit("/", 1)[-1])
    return Case(name, "read_audio", file, {file: content}, refusal=refusal, options=options)


def _either(name, file, content, value=SPEECH, cause="", **options):
    refusal = Refusal("CorpusError", cause, file)
    return Case(name, "read_audio", file, {file: content}, value, refusal, options=options)


def _written(values, form, subtype="PCM_16", rate=RATE):
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, values.astype(np.int16), rate, format=form, subtype=subtype)
    return file.getvalue()


FLAC = _written(VALUES, "FLAC")
STEREO = np.stack([VALUES, wave_of(N, seed=7)], axis=1)
LEFT, RIGHT = (Samples(as_float(STEREO[:, i]), RATE) for i in (0, 1))
BYTES = np.arange(256)
MU = Samples(as_float(np.array([ulaw(int(b)) for b in BYTES])), 8000)
A = Samples(as_float(np.array([alaw(int(b)) for b in BYTES])), 8000)
SMALL = np.array([-128, -1, 0, 1, 64, 127] * 20)
WIDE = np.array([-(2**31), -(2**30), -1, 0, 1, 2**30, 2**31 - 1] * 20)
TRIPLE = np.array([-(2**23), -1, 0, 1, 2**22, 2**23 - 1] * 20)
REALS = np.array([-1.0, -0.3, 0.0, 1e-8, 0.7, 1.0] * 20)
LOUD = np.array([-3.5, 0.25, 12.0, -0.125] * 20)
NOT_FINITE = {"nan": np.nan, "inf": np.inf, "minus_inf": -np.inf}


def _valid():
    yield _good("audio_wav_16", "a.wav", PLAIN)
    yield _good("audio_wav_16_as_text_path", "a.wav", PLAIN)
    yield _good("audio_wav_8", "a.wav", wav(SMALL, 8), Samples(as_float(SMALL, 8), RATE))
    yield _good("audio_wav_24", "a.wav", wav(TRIPLE, 24), Samples(as_float(TRIPLE, 24), RATE))
    yield _good("audio_wav_32", "a.wav", wav(WIDE, 32), Samples(as_float(WIDE, 32), RATE))
    reals = Samples(REALS.astype(np.float32), RATE)
    yield _good("audio_wav_float32", "a.wav", float_wav(REALS), reals)
    yield _good("audio_wav_float64", "a.wav", float_wav(REALS, "<f8"), reals)
    loud = Samples(LOUD.astype(np.float32), RATE)
    yield _good("audio_wav_float_beyond_one", "a.wav", float_wav(LOUD), loud)
    data = chunk(b"data", LITTLE)
    yield _good("audio_wav_extensible", "a.wav", riff(extensible(PCM, 1, RATE, 16), data))
    wide = chunk(b"data", REALS.astype("<f4").tobytes())
    float_extensible = riff(extensible(FLOAT, 1, RATE, 32), wide)
    yield _good("audio_wav_extensible_float", "a.wav", float_extensible, reals)
    ulaw_data = chunk(b"data", bytes(range(256)))
    yield _good("audio_wav_ulaw", "a.wav", riff(fmt(ULAW, 1, 8000, 8), ulaw_data), MU)
    yield _good("audio_wav_alaw", "a.wav", riff(fmt(ALAW, 1, 8000, 8), ulaw_data), A)
    head = fmt(PCM, 1, RATE, 16)
    noted = riff(chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0"), head, data, chunk(b"junk", b"xyz"))
    yield _good("audio_wav_extra_chunks", "a.wav", noted)
    slow = Samples(SPEECH.audio, 1)
    yield _either("audio_wav_rate_1", "a.wav", wav(VALUES, rate=1), slow, "rate")
    for rate in (8000, 11025, 44_100, 192_000):
        rated = Samples(SPEECH.audio, rate)
        yield _good(f"audio_wav_rate_{rate}", "a.wav", wav(VALUES, rate=rate), rated)
    one = np.array([-32768])
    yield _good("audio_wav_one_sample", "a.wav", wav(one), Samples(as_float(one), RATE))
    silence = np.zeros(50)
    yield _good("audio_wav_all_zero", "a.wav", wav(silence), Samples(as_float(silence), RATE))


def _names_and_formats():
    yield _good("audio_upper_case_suffix", "A.WAV", PLAIN)
    yield _good("audio_no_suffix", "recording", PLAIN)
    yield _good("audio_spaces_and_accents", "dös na\u0131ve  日本.wav", PLAIN)
    yield _good("audio_long_name", "x" * 240 + ".wav", PLAIN)
    yield _good("audio_flac", "a.flac", FLAC)
    yield _good("audio_flac_called_wav", "a.wav", FLAC)
    yield _good("audio_wav_called_flac", "a.flac", PLAIN)
    yield _good("audio_wav_called_mp3", "a.mp3", PLAIN)
    yield _good("audio_sphere_called_wav", "a.wav", SPHERE)
    yield _good("audio_aiff", "a.aiff", aiff(VALUES))
    yield _good("audio_au", "a.au", au(VALUES))
    yield _good("audio_au_size_unknown", "a.au", au(VALUES, size=0xFFFFFFFF))
    yield _good("audio_sphere", "a.sph", SPHERE)
    big = sphere(packed(VALUES, 16, ">"), sample_byte_format="-s2 10")
    yield _good("audio_sphere_big_endian", "a.sph", big)
    codes = {"sample_n_bytes": "-i 1", "sample_count": "-i 256", "sample_rate": "-i 8000"}
    mu = sphere(bytes(range(256)), codes, sample_coding="-s4 ulaw", sample_byte_format="-s1 1")
    yield _either("audio_sphere_ulaw", "a.sph", mu, MU, "ulaw|coding")
    law = sphere(bytes(range(256)), codes, sample_coding="-s4 alaw", sample_byte_format="-s1 1")
    yield _either("audio_sphere_alaw", "a.sph", law, A, "alaw|coding")
    timit = sphere(LITTLE, {"database_id": "-s5 TIMIT", "utterance_id": "-s8 cjf0_sa1"})
    yield _good("audio_sphere_timit_fields", "SA1.WAV", timit)
    late = Case(
        "audio_link", "read_audio", "b.wav", {"a.wav": PLAIN, "b.wav": Link("a.wav")}, SPEECH
    )
    yield late


def _channels():
    stereo = wav(STEREO.ravel(), channels=2)
    yield _bad("audio_stereo", "a.wav", stereo, "channel")
    yield _good("audio_stereo_first", "a.wav", stereo, LEFT, channel=0)
    yield _good("audio_stereo_second", "a.wav", stereo, RIGHT, channel=1)
    yield _good("audio_mono_channel_0", "a.wav", PLAIN, channel=0)
    yield _bad("audio_mono_channel_1", "a.wav", PLAIN, "channel", "SfvqError", channel=1)
    yield _bad("audio_stereo_channel_2", "a.wav", stereo, "channel", "SfvqError", channel=2)
    for name, wrong in {"negative": -1, "text": "left", "float": 0.0, "bool": True}.items():
        refusal = Refusal("SfvqError", "channel")
        yield Case(
            f"audio_channel_{name}",
            "read_audio",
            "a.wav",
            {"a.wav": stereo},
            refusal=refusal,
            options={"channel": wrong},
        )
    five = wav(np.repeat(VALUES, 5), channels=5)
    yield _bad("audio_five_channels", "a.wav", five, "5 channel")
    yield _bad("audio_flac_stereo", "a.flac", _written(STEREO, "FLAC"), "channel")
    two = sphere(packed(STEREO.ravel()), channel_count="-i 2", sample_count=f"-i {N}")
    yield _bad("audio_sphere_stereo", "a.sph", two, "channel")
    yield _good("audio_sphere_stereo_second", "a.sph", two, RIGHT, channel=1)
    bad = STEREO / 40_000
    bad[5, 1] = np.nan
    data = chunk(b"data", bad.astype("<f4").tobytes())
    half = riff(fmt(FLOAT, 2, RATE, 32), data)
    left = Samples(bad[:, 0].astype(np.float32), RATE)
    yield _either("audio_nan_in_the_other_channel", "a.wav", half, left, "NaN|finite", channel=0)


def _no_audio():
    yield Case(
        "audio_missing",
        "read_audio",
        "no.wav",
        {},
        refusal=Refusal("CorpusError", "missing|no such", "no.wav"),
    )
    yield _bad("audio_folder", "a.wav", Folder(), "folder|directory|not a file")
    yield _bad("audio_pipe", "a.wav", Fifo(), "pipe|regular|not a file|missing")
    yield _bad("audio_device", "a.wav", Link("/dev/zero"), "device|regular|not a file|missing")
    yield _bad("audio_broken_link", "a.wav", Link("gone.wav"), "missing|link|no such")
    yield _bad("audio_link_loop", "a.wav", Link("a.wav"), "missing|link|loop|no such")
    yield _bad("audio_empty_file", "a.wav", b"", "empty|no samples|audio|bytes")
    yield _bad("audio_text", "a.wav", "this is no sound\n" * 30)
    yield _bad("audio_html_called_flac", "a.flac", "<!DOCTYPE html><html>404</html>\n", "")
    yield _bad(
        "audio_lfs_pointer",
        "a.wav",
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
    )
    yield _bad("audio_zeros", "a.wav", bytes(4000))
    yield _bad("audio_noise", "a.wav", bytes((i * 7919 >> 3) % 256 for i in range(4000)))
    yield _bad("audio_png_called_wav", "a.wav", b"\x89PNG\r\n\x1a\n" + bytes(200))
    yield _bad("audio_pickle_called_wav", "a.wav", b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x02os\x94.")
    yield _bad("audio_riff_avi", "a.wav", riff(chunk(b"LIST", b"hdrl" + bytes(40)), form=b"AVI "))
    yield _bad("audio_headless_pcm", "a.raw", LITTLE)
    yield _bad(
        "audio_mp3_garbage", "a.mp3", b"ID3\x03\0\0\0\0\0\x00" + b"\xff\xfb\x90\x00" + bytes(30)
    )


def _damaged_wav():
    head, data = fmt(PCM, 1, RATE, 16), chunk(b"data", LITTLE)
    yield _bad("audio_wav_header_only", "a.wav", PLAIN[:44], f"no samples|empty|{CUT}")
    yield _bad("audio_wav_no_samples", "a.wav", riff(head, chunk(b"data", b"")), "no samples|empty")
    yield _bad("audio_wav_truncated", "a.wav", PLAIN[:500], CUT)
    yield _bad("audio_wav_one_byte_short", "a.wav", PLAIN[:-1], CUT)
    for length in (4, 12, 20, 36, 40):
        yield _bad(f"audio_wav_first_{length}", "a.wav", PLAIN[:length])
    yield _bad("audio_wav_no_data_chunk", "a.wav", riff(head))
    yield _bad("audio_wav_no_format_chunk", "a.wav", riff(data))
    huge = riff(head, chunk(b"data", LITTLE, size=2**31), size=2**31 + 36)
    yield _bad("audio_wav_data_size_2_31", "a.wav", huge, CUT)
    streamed = riff(head, chunk(b"data", LITTLE, size=2**32 - 1), size=2**32 - 1)
    yield _either("audio_wav_streamed_sizes", "a.wav", streamed, cause=CUT)
    unset = riff(head, chunk(b"data", LITTLE, size=0), size=0)
    yield _either("audio_wav_sizes_never_set", "a.wav", unset, cause=f"no samples|empty|{CUT}")
    yield _bad("audio_wav_rate_0", "a.wav", wav(VALUES, rate=0), "rate|Hz|0")
    yield _either(
        "audio_wav_rate_huge",
        "a.wav",
        wav(VALUES, rate=2**31),
        Samples(SPEECH.audio, 2**31),
        "rate",
    )
    yield _bad("audio_wav_no_channel", "a.wav", riff(fmt(PCM, 0, RATE, 16), data))
    yield _bad("audio_wav_60000_channels", "a.wav", riff(fmt(PCM, 60_000, RATE, 16), data))
    yield _bad("audio_wav_0_bits", "a.wav", riff(fmt(PCM, 1, RATE, 0), data))
    yield _bad("audio_wav_7_bytes", "a.wav", riff(fmt(PCM, 1, RATE, 56), data))
    yield _bad("audio_wav_unknown_coding", "a.wav", riff(fmt(0x1234, 1, RATE, 16), data))
    yield _bad("audio_wav_adpcm_garbage", "a.wav", riff(fmt(ADPCM, 1, RATE, 4), data))
    for name, value in NOT_FINITE.items():
        values = REALS.copy()
        values[7] = value
        yield _bad(f"audio_wav_{name}", "a.wav", float_wav(values), "NaN|inf|finite")
    beyond = REALS.copy()
    beyond[3] = 1e300  # no float32
    yield _bad("audio_wav_1e300", "a.wav", float_wav(beyond, "<f8"), "NaN|inf|finite|large|float32")
    swapped = b"RIFX" + PLAIN[4:]
    yield _bad("audio_wav_riff_called_rifx", "a.wav", swapped)


def _damaged_others():
    yield _bad("audio_flac_truncated", "a.flac", FLAC[: len(FLAC) // 2])
    yield _bad("audio_flac_header_only", "a.flac", FLAC[:42])
    yield _bad("audio_flac_magic_only", "a.flac", b"fLaC")
    spoilt = bytearray(FLAC)
    spoilt[-30] ^= 0x55
    yield _bad("audio_flac_flipped_bits", "a.flac", bytes(spoilt))
    unknown = bytearray(FLAC)
    unknown[8 + 13] &= 0xF0  # the total of samples, 36 bits, 0: unknown
    unknown[8 + 14 : 8 + 18] = bytes(4)
    yield _either("audio_flac_length_unknown", "a.flac", bytes(unknown))
    more = bytearray(FLAC)
    more[8 + 14 : 8 + 18] = struct.pack(">I", N + 1000)
    yield _bad("audio_flac_states_more", "a.flac", bytes(more))
    less = bytearray(FLAC)
    less[8 + 14 : 8 + 18] = struct.pack(">I", N - 100)
    first = Samples(SPEECH.audio[: N - 100], RATE)
    yield _either("audio_flac_states_fewer", "a.flac", bytes(less), first)
    ogg = with_serial(_written(wave_of(9000), "OGG", "VORBIS"))
    yield _bad("audio_ogg_header_only", "a.ogg", ogg[:58])
    yield _bad("audio_ogg_truncated", "a.ogg", ogg[: len(ogg) * 2 // 3])
    yield _bad("audio_aiff_truncated", "a.aiff", aiff(VALUES)[:300], CUT)
    yield _bad("audio_au_truncated", "a.au", au(VALUES)[:300], CUT)


def _damaged_sphere():
    def bad(name, content, cause=""):
        return _bad(f"audio_sphere_{name}", "SA1.WAV", content, cause)

    shorten = "-s26 pcm,embedded-shorten-v2.00"
    yield bad("shorten", sphere(b"ajkg\x02" + LITTLE[:300], sample_coding=shorten), "sph2pipe")
    hidden = sphere(b"ajkg\x02" + LITTLE[5:])
    yield bad("shorten_unstated", hidden, "sph2pipe|shorten|coding")
    wavpack = "-s26 pcm,embedded-wavpack-v1.0"
    yield bad("wavpack", sphere(LITTLE[:300], sample_coding=wavpack), "wavpack|coding")
    yield bad("header_only", SPHERE[:1024], f"no samples|{CUT}")
    yield bad("half_header", SPHERE[:300])
    yield bad("magic_only", b"NIST_1A\n   1024\n")
    yield bad("truncated", SPHERE[:1500], CUT)
    yield bad("one_sample_short", SPHERE[:-2], CUT)
    yield bad("one_byte_short", SPHERE[:-1], CUT)
    yield bad("count_larger", sphere(LITTLE, sample_count=f"-i {N + 1}"), CUT)
    yield bad("count_huge", sphere(LITTLE, sample_count="-i 99999999999999999999"))
    first = Samples(SPEECH.audio[:300], RATE)
    smaller = sphere(LITTLE, sample_count="-i 300")
    yield _either(
        "audio_sphere_count_smaller", "SA1.WAV", smaller, first, "states|more|sample_count"
    )
    yield bad("count_0", sphere(b"", sample_count="-i 0"), "no samples|empty|count")
    yield bad("count_0_with_data", sphere(LITTLE, sample_count="-i 0"), "no samples|count|states")
    yield bad("count_negative", sphere(LITTLE, sample_count="-i -400"))
    yield bad("count_text", sphere(LITTLE, sample_count="-s4 many"))
    absent = sphere(LITTLE, sample_count=None)
    yield _either("audio_sphere_count_absent", "SA1.WAV", absent, cause="sample_count|states")
    yield bad("rate_0", sphere(LITTLE, sample_rate="-i 0"), "rate")
    yield bad("rate_absent", sphere(LITTLE, sample_rate=None))
    yield bad("rate_negative", sphere(LITTLE, sample_rate="-i -16000"))
    yield bad("bytes_3", sphere(LITTLE, sample_n_bytes="-i 3"))
    yield bad("bytes_0", sphere(LITTLE, sample_n_bytes="-i 0"))
    yield bad("channels_0", sphere(LITTLE, channel_count="-i 0"))
    yield bad("coding_unknown", sphere(LITTLE, sample_coding="-s4 g726"), "coding|g726")
    unordered = sphere(LITTLE, sample_byte_format=None)
    yield _either("audio_sphere_byte_order_absent", "SA1.WAV", unordered, cause="byte")
    endless = SPHERE.replace(b"end_head", b"end_hood")
    yield _either("audio_sphere_no_end_head", "SA1.WAV", endless)
    yield bad("header_size_text", b"NIST_1A\n   abcd\n" + SPHERE[16:])
    yield bad("header_size_0", b"NIST_1A\n      0\n" + SPHERE[16:])
    yield bad("header_size_huge", b"NIST_1A\n9999999\n" + SPHERE[16:])
    long_header = sphere(LITTLE, header=2048)
    yield _either("audio_sphere_header_2048", "SA1.WAV", long_header)
    twice = sphere(LITTLE, {"sample_count ": "-i 12"})
    yield _either("audio_sphere_count_twice", "SA1.WAV", twice, cause="sample_count|twice|states")


def _names():
    """Names that aren't text: files made from bytes."""
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    yield _good("audio_name_latin1", name, PLAIN)
    yield Case(
        "audio_name_latin1_missing_data",
        "read_audio",
        name,
        {name: PLAIN[:100]},
        refusal=Refusal("CorpusError", CUT, r"caf"),
    )
    yield _good("audio_name_newline", "a\nb.wav", PLAIN)
    broken = Refusal("CorpusError", CUT, "b.wav")
    yield Case(
        "audio_name_newline_cut", "read_audio", "a\nb.wav", {"a\nb.wav": PLAIN[:99]}, refusal=broken
    )
    escape = "\x1b[31mred\x07.wav"
    red = Refusal("CorpusError", CUT, "red")
    yield Case("audio_name_escape_cut", "read_audio", escape, {escape: PLAIN[:99]}, refusal=red)
    turned = "a\u202egpj.wav"  # right-to-left override
    right = Refusal("CorpusError", CUT, "gpj")
    yield Case("audio_name_bidi_cut", "read_audio", turned, {turned: PLAIN[:99]}, refusal=right)


def cases():
    """Yield the cases."""
    yield from _valid()
    yield from _names_and_formats()
    yield from _channels()
    yield from _no_audio()
    yield from _damaged_wav()
    yield from _damaged_others()
    yield from _damaged_sphere()
    yield from _names()
