"""`training.voice.whitening`: other latents, the same spectrogram."""

import numpy as np
import pytest
import torch
from made_voices import shapes, spectrogram, store
from voice_files import lively_net

from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.training.voice.latents import latents_of
from sfvq_analysis.training.voice.whitening import course_matrix, whiten, whitening_matrix
from sfvq_analysis.voice.model import VoiceNets


@pytest.fixture(scope="module")
def mels(tmp_path_factory):
    return store(tmp_path_factory.mktemp("whitening") / "mels")


@pytest.fixture
def nets():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        nets = VoiceNets(shapes())
    nets.encoder = lively_net(shapes().encoder)
    return nets.eval()


def covariance(latents):
    return np.cov(np.concatenate(list(latents)).T.astype(np.float64), bias=True)


def decoded(nets, quantizer=None):
    mel = torch.from_numpy(spectrogram(60))[None]
    with torch.no_grad():
        latents = nets.encoder(mel.transpose(1, 2))
        if quantizer is not None:  # a codeword for each, whatever is nearest
            latents = quantizer.codebook[torch.arange(latents.shape[1]) % 5][None]
        return nets.decoder(latents, nets.speaker_encoder(mel))


@pytest.mark.parametrize("power", [0.5, 1.0])
@pytest.mark.parametrize("kind", [PlainVQ, SpaceFillingVQ])
def test_what_is_decoded_stays(nets, mels, kind, power):
    quantizer = kind.random(5, 4)
    before, of_codes = decoded(nets), decoded(nets, quantizer)
    latents = next(latents_of(nets.encoder, mels))
    matrix = whitening_matrix(latents_of(nets.encoder, mels), power)
    whiten(nets, quantizer, matrix)
    assert torch.allclose(decoded(nets), before, atol=1e-5)
    assert torch.allclose(decoded(nets, quantizer), of_codes, atol=1e-5)
    turned = next(latents_of(nets.encoder, mels))
    np.testing.assert_allclose(turned, latents @ matrix.T, rtol=1e-4, atol=1e-4)


def test_all_directions_vary_alike_and_as_much_as_on_average_before(nets, mels):
    before = covariance(latents_of(nets.encoder, mels))
    whiten(
        nets,
        PlainVQ.random(5, 4),
        whitening_matrix(latents_of(nets.encoder, mels), 1.0),
    )
    after = covariance(latents_of(nets.encoder, mels))
    mean_variance = np.trace(before) / 4
    np.testing.assert_allclose(after, mean_variance * np.eye(4), atol=1e-4 * mean_variance)


def test_half_way_the_variances_are_the_roots_of_what_they_were(nets, mels):
    before = covariance(latents_of(nets.encoder, mels))
    matrix = whitening_matrix(latents_of(nets.encoder, mels), 0.5)
    np.testing.assert_allclose(matrix, matrix.T)
    roots = np.sqrt(np.linalg.eigvalsh(before))
    after = np.linalg.eigvalsh(matrix @ before @ matrix.T)
    np.testing.assert_allclose(after, roots * np.trace(before) / roots.sum(), rtol=1e-6)


def test_power_0_is_the_identity(nets, mels):
    matrix = whitening_matrix(latents_of(nets.encoder, mels), 0.0)
    np.testing.assert_allclose(matrix, np.eye(4), atol=1e-12)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_directions_without_variance_are_not_blown_up(power):
    latents = np.random.default_rng(0).normal(size=(500, 4)).astype(np.float32) + 3
    latents[:, 2] = latents[:, 3] = 7.0
    matrix = whitening_matrix([latents[:200], latents[200:]], power)
    assert np.isfinite(matrix).all()
    turned = latents @ matrix.T
    assert turned.var(axis=0).sum() == pytest.approx(latents.var(axis=0).sum(), rel=1e-5)
    assert np.linalg.cond(matrix) <= 100 * (1 + 1e-6)


def test_latents_that_are_all_the_same_stay():
    matrix = whitening_matrix([np.full((9, 3), 0.5, np.float32)], 1.0)
    np.testing.assert_allclose(matrix, np.eye(3))


def test_the_course_is_stretched_and_nothing_else():
    """Latents of which one direction tells the loudness of spectra that vary in it the most."""
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    parts = [rng.normal(size=(n, 4)) for n in (400, 1, 200)]
    spectra = [10 * part[:, :1] + 0.1 * rng.normal(size=(len(part), 6)) for part in parts]
    latents = [(part @ turned.T).astype(np.float32) for part in parts]
    matrix = course_matrix(zip(latents, spectra, strict=True), 3.0)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    np.testing.assert_allclose(matrix @ turned[:, 0], 3 * turned[:, 0], atol=0.02)
    np.testing.assert_allclose(matrix @ turned[:, 2], turned[:, 2], atol=0.02)
    assert np.linalg.det(matrix) == pytest.approx(3)
    same = course_matrix(zip(latents, spectra, strict=True), 1.0)
    np.testing.assert_allclose(same, np.eye(4), atol=1e-12)


def test_latents_that_are_all_the_same_have_no_course():
    still = [(np.ones((5, 3), np.float32), np.ones((5, 2), np.float32))]
    np.testing.assert_allclose(course_matrix(still, 2.0), np.eye(3), atol=1e-6)
