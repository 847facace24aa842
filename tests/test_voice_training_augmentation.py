"""`training.voice.augmentation`: other throats and recordings, the same speech."""

import librosa
import numpy as np
import pytest
import torch
from scipy.fft import dct

from sfvq_analysis.encoders.mel import F_MIN
from sfvq_analysis.training.voice.augmentation import _bank, _smoothing, _stretching, augmented

CENTRES = librosa.mel_frequencies(82, fmin=F_MIN, fmax=8000)[1:-1]


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def bump(hertz):
    """A spectrum with one peak."""
    return np.exp(-0.5 * ((CENTRES - hertz) / 300) ** 2)


@pytest.mark.parametrize("by", [0.84, 0.93, 1.0, 1.1, 1.19])
@pytest.mark.parametrize("hertz", [1000, 2500, 4500])
def test_a_peak_moves_by_the_factor(by, hertz):
    moved = _stretching(by) @ bump(hertz)
    wanted = bump(hertz / by)
    assert moved.max() == pytest.approx(1, abs=0.1)
    assert CENTRES[moved.argmax()] == pytest.approx(CENTRES[wanted.argmax()], rel=0.06)


@pytest.mark.parametrize("by", [0.84, 1.0, 1.19])
def test_a_stretch_weighs_neighbours_and_keeps_the_top_where_it_is(by):
    matrix = _stretching(by)
    assert matrix.min() >= 0
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    assert ((matrix > 0).sum(axis=1) <= 2).all()
    assert matrix[-1, -3:].sum() == pytest.approx(1)
    if by == 1:
        np.testing.assert_allclose(matrix, np.eye(80), atol=1e-9)


def test_smoothing_keeps_the_first_coefficients():
    spectra = np.random.default_rng(0).normal(size=(4, 80))
    before = dct(spectra, norm="ortho", axis=1)
    after = dct(spectra @ _smoothing(13), norm="ortho", axis=1)
    np.testing.assert_allclose(after[:, :13], before[:, :13], atol=1e-9)
    np.testing.assert_allclose(after[:, 13:], 0, atol=1e-9)
    np.testing.assert_allclose(_smoothing(80), np.eye(80), atol=1e-9)
    assert _bank().shape == (15, 5, 80, 80)


def test_windows_are_altered_each_in_its_own_way_and_stay_like_themselves():
    smooth = np.random.default_rng(1).normal(size=(1, 30, 13)) / np.arange(1, 14)
    window = torch.from_numpy((smooth @ dct(np.eye(80), axis=0, norm="ortho")[:13]).astype("f4"))
    found = augmented(window.expand(40, 30, 80))
    assert found.shape == (40, 30, 80)
    assert found.dtype == torch.float32
    flat = found.flatten(1)
    assert len({row.numpy().tobytes() for row in flat}) == 40
    alike = torch.nn.functional.cosine_similarity(flat, window.flatten(1))
    assert alike.min() > 0.6
    assert alike.max() < 0.9999


def test_it_draws_from_torchs_own_generator():
    window = torch.from_numpy(np.random.default_rng(1).normal(size=(3, 8, 80)).astype("f4"))
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(augmented(window))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
