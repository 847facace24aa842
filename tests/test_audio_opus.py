"""Ogg Opus without tags: decodes to what libsndfile's own file does, by an independent reader."""

import io

import numpy as np
import pytest
import soundfile

from sfvq_analysis.audio import ogg, read_audio
from sfvq_analysis.audio.opus import opus_bytes


def a_sound(n, rate=16000):
    rng = np.random.default_rng(0)
    return (0.3 * np.sin(np.arange(n) * 500 / rate) + 0.05 * rng.standard_normal(n)).astype("f4")


def as_written(audio, rate, **options):
    file = io.BytesIO()
    soundfile.write(file, audio, rate, format="OGG", subtype="OPUS", **options)
    return file.getvalue()


@pytest.mark.parametrize("n", [1, 4000, 16000 * 20])
@pytest.mark.parametrize("thrift", [None, 0.97])
def test_it_decodes_to_the_same_samples_as_the_file_with_tags(n, thrift):
    audio = a_sound(n)
    made = opus_bytes(audio, 16000, thrift=thrift)
    whole = as_written(audio, 16000, **({} if thrift is None else {"compression_level": thrift}))
    assert len(made) < len(whole) - 600
    decoded, rate = soundfile.read(io.BytesIO(made))
    assert rate == 16000
    np.testing.assert_array_equal(decoded, soundfile.read(io.BytesIO(whole))[0])
    assert len(decoded) == n


def test_pages_are_whole_and_their_checksums_right():
    made = opus_bytes(a_sound(48000), 16000)
    ogg.claim(io.BytesIO(made), len(made))
    damaged = made[:-1] + bytes([made[-1] ^ 1])
    with pytest.raises(Exception, match="checksum"):
        ogg.claim(io.BytesIO(damaged), len(damaged))


def test_the_same_sound_is_always_the_same_bytes(tmp_path):
    audio = a_sound(4000)
    assert opus_bytes(audio, 16000) == opus_bytes(audio.copy(), 16000)
    (tmp_path / "one.ogg").write_bytes(opus_bytes(audio, 16000))
    assert read_audio(tmp_path / "one.ogg")[1] == 16000


@pytest.mark.parametrize(
    ("rate", "kept"), [(8000, 8000), (11025, 12000), (44100, 48000), (96000, 48000)]
)
def test_a_rate_that_opus_has_not_is_brought_to_one_that_it_has(rate, kept):
    decoded, found = soundfile.read(io.BytesIO(opus_bytes(a_sound(rate), rate)))
    assert found == kept
    assert len(decoded) == pytest.approx(kept, abs=2)
