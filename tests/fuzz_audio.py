"""Damaged audio files of every format, seeded; `python tests/fuzz_audio.py --mutants 20000`.

Each is given to `read_audio`, which may read or refuse it, but neither raise anything else, nor
hang, nor give other samples than the whole file has where the format could tell.
"""

import argparse
import faulthandler
import io
import random
import signal
import struct
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from sfvq_analysis.audio import audio_length, read_audio
from sfvq_analysis.errors import CorpusError, OptionError

CODINGS = (
    *(("WAV", coding) for coding in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW")),
    *(("WAV", coding) for coding in ("IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32")),
    *((kind, "PCM_16") for kind in ("WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "NIST")),
    *((kind, "PCM_16") for kind in ("VOC", "SVX", "MAT4", "MAT5", "AVR", "MPC2K", "HTK")),
    *((kind, "PCM_16") for kind in ("PVF", "PAF", "IRCAM")),
    *(("AIFF", coding) for coding in ("FLOAT", "ULAW", "IMA_ADPCM")),
    *(("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("FLAC", "PCM_24")),
    *(("NIST", "ULAW"), ("NIST", "PCM_S8"), ("CAF", "ALAC_16"), ("WVE", "ALAW"), ("XI", "DPCM_16")),
)
STATE_NO_LENGTH = {"PVF", "PAF", "IRCAM", "XI"}
HAVE_CHECKSUMS = {"FLAC", "OGG"}
EXTREMES = (0, 1, 0x7F, 0x80, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


def originals(n_samples=1500):
    """Return a whole file of each kind as bytes, by kind and coding."""
    tone = 0.4 * np.sin(np.arange(n_samples) * 0.05) + 0.1 * np.sin(np.arange(n_samples) * 0.4)
    whole = {}
    for kind, coding in CODINGS:
        buffer = io.BytesIO()
        rate = 8000 if kind == "WVE" else 44100 if kind == "XI" else 16000
        with tempfile.TemporaryDirectory() as folder:  # not all kinds can be written to a buffer
            path = Path(folder) / "whole"
            soundfile.write(path, tone, rate, format=kind, subtype=coding)
            buffer.write(path.read_bytes())
        whole[kind, coding] = buffer.getvalue()
    return whole


def truncated(octets, random_):
    return octets[: random_.randrange(len(octets))]


def one_byte(octets, random_):
    place = early(octets, random_)
    return octets[:place] + bytes([random_.randrange(256)]) + octets[place + 1 :]


def one_bit(octets, random_):
    place = early(octets, random_)
    return octets[:place] + bytes([octets[place] ^ 1 << random_.randrange(8)]) + octets[place + 1 :]


def extreme_number(octets, random_):
    place = early(octets, random_)
    form = random_.choice(("<I", ">I", "<H", ">H", "<Q", ">Q"))
    number = random_.choice(EXTREMES) % 256 ** struct.calcsize(form)
    packed = struct.pack(form, number)
    return octets[:place] + packed + octets[place + len(packed) :]


def zeros(octets, random_):
    place, length = early(octets, random_), random_.randrange(1, 200)
    return octets[:place] + bytes(min(length, len(octets) - place)) + octets[place + length :]


def left_out(octets, random_):
    place = early(octets, random_)
    return octets[:place] + octets[place + random_.randrange(1, 64) :]


def repeated(octets, random_):
    place, length = early(octets, random_), random_.randrange(1, 64)
    return octets[: place + length] + octets[place:]


def put_in(octets, random_):
    place = early(octets, random_)
    return octets[:place] + random_.randbytes(random_.randrange(1, 32)) + octets[place:]


def longer(octets, random_):
    return octets + random_.randbytes(random_.randrange(1, 100))


def early(octets, random_):
    """Return a place: a header's as often as any."""
    return random_.randrange(min(128, len(octets)) if random_.random() < 0.5 else len(octets))


WAYS = (
    truncated,
    one_byte,
    one_bit,
    extreme_number,
    zeros,
    left_out,
    repeated,
    put_in,
    longer,
)


def mutants(seed, n):
    """Yield `n` damaged files: kind and coding, way of damage, bytes."""
    random_ = random.Random(seed)  # noqa: S311
    whole = originals()
    for _ in range(n):
        kind = random_.choice(CODINGS)
        way = random_.choice(WAYS)
        octets = way(whole[kind], random_)
        if way is not truncated and random_.random() < 0.3:
            octets = random_.choice(WAYS[1:])(octets, random_) if octets else octets
        yield kind, way.__name__, octets


def reading(path):
    """Return samples and rate, or the refusal; checks that it is one line and names the file."""
    try:
        audio, rate = read_audio(path)
    except (CorpusError, OptionError) as error:
        message = str(error)
        assert message.startswith(f"{path}: "), message
        assert message.isprintable(), message
        assert len(message) < len(str(path)) + 300, message
        return message
    assert audio.dtype == np.float32
    assert audio.ndim == 1
    assert len(audio) > 0
    assert np.isfinite(audio).all()
    return audio, rate


def check(kind, way, octets, path, whole):
    """Read a mutant and return what became of it: ``"refused"``, ``"whole"`` or ``"other"``."""
    path.write_bytes(octets)
    found = reading(path)
    if isinstance(found, str):
        return "refused"
    assert audio_length(path) == (len(found[0]), found[1]), "length differs"
    same = found[1] == whole[1] and np.array_equal(found[0], whole[0])
    if kind[0] in HAVE_CHECKSUMS or (way == "truncated" and kind[0] not in STATE_NO_LENGTH):
        assert same, f"{kind} {way}: other samples than the whole file's"
    return "whole" if same else "other"


def fuzz(seed, n, folder, seconds=20):
    """Check `n` mutants and return how many were what."""
    path = folder / "mutant"
    whole = {}
    for kind, octets in originals().items():
        path.write_bytes(octets)
        whole[kind] = reading(path)
        assert not isinstance(whole[kind], str), whole[kind]
    outcomes = Counter()
    for kind, way, octets in mutants(seed, n):
        if seconds:
            signal.alarm(seconds)  # ends the process: a hang is an error
        outcomes[*kind, check(kind, way, octets, path, whole[kind])] += 1
    if seconds:
        signal.alarm(0)
    return outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the last mutant stays; default: none")
    options = parser.parse_args()
    faulthandler.enable()
    with tempfile.TemporaryDirectory() as made:
        outcomes = fuzz(options.seed, options.mutants, options.folder or Path(made))
    for key, count in sorted(outcomes.items()):
        sys.stdout.write(f"{' '.join(key):30} {count}\n")


if __name__ == "__main__":
    main()
