import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sfvq_analysis.errors import VoiceError
from sfvq_analysis.voice import mu_law

ALL = np.arange(256)


def by_the_formula(x):
    """One sample, with Python's own numbers."""
    from math import copysign, floor, log

    compressed = copysign(log(1 + 255 * abs(x)) / log(256), x)
    return floor((compressed + 1) / 2 * 255 + 0.5)


def test_every_class_comes_back():
    assert np.array_equal(mu_law.encode(mu_law.decode(ALL)), ALL)


def test_samples_rise_with_the_class_and_are_odd_about_the_middle():
    samples = mu_law.decode(ALL)
    assert samples.dtype == np.float32
    assert (np.diff(samples) > 0).all()
    assert np.array_equal(samples, -samples[::-1])
    assert (samples[0], samples[255]) == (-1, 1)


def test_silence_is_the_class_of_zero():
    assert mu_law.encode(0.0) == mu_law.SILENCE
    assert mu_law.decode(mu_law.SILENCE) == pytest.approx((256 ** (1 / 255) - 1) / 255)


@given(st.floats(-1, 1))
def test_encode_is_the_formula(x):
    assert abs(int(mu_law.encode(x)) - by_the_formula(x)) <= (abs(x) < 1e-300)


@given(arrays(np.float32, (3, 5), elements=st.floats(-1, 1, width=32)))
def test_the_error_is_at_most_half_a_step(samples):
    back = mu_law.decode(mu_law.encode(samples))
    assert back.shape == samples.shape
    half_step = np.log(256) / 255 * (np.abs(samples) + 1 / 255)  # of the compressed scale, at x
    assert (np.abs(back - samples) <= half_step * 1.02).all()


@pytest.mark.parametrize("bad", [1.001, -2.0, np.nan, np.inf])
def test_samples_beyond_one_are_refused(bad):
    with pytest.raises(VoiceError, match=r"a sample has size .*; scale the audio"):
        mu_law.encode([0.0, bad])


@pytest.mark.parametrize("bad", [[-1], [256], [0.5], [True]])
def test_other_classes_are_refused(bad):
    with pytest.raises(VoiceError, match="aren't all 0 … 255"):
        mu_law.decode(bad)


def test_empty_audio_stays_empty():
    assert mu_law.decode(mu_law.encode(np.empty(0))).shape == (0,)
