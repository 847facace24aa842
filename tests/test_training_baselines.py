"""`fit_vq`, `fit_som` and `reorder`: what a curve is compared with."""

from __future__ import annotations

import numpy as np
import pytest
from made_frames import as_features, gaussian, pieces
from oracles import nearest_corner, path_length
from sklearn.cluster import KMeans

from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.quantizers import PlainVQ, Provenance, SpaceFillingVQ, save_quantizer
from sfvq_analysis.quantizers.checkpoint import load_quantizer
from sfvq_analysis.training import fit_som, fit_vq, reorder


def rows(array):
    return sorted(map(tuple, np.asarray(array).tolist()))


def test_k_means_distortion_is_near_scikit_learns():
    frames = gaussian()
    vq = fit_vq(frames, bits=4)
    assert isinstance(vq, PlainVQ)
    theirs = KMeans(16, n_init=3, random_state=1).fit(frames).inertia_ / len(frames)
    ours = nearest_corner(frames, vq.corners())[1].mean()
    assert ours == pytest.approx(theirs, rel=0.05)
    assert ours == pytest.approx(vq.encode(frames).distortion.mean(), rel=1e-5)


def test_k_means_codewords_are_the_means_of_their_frames():
    frames = gaussian(400)
    vq = fit_vq(frames, bits=2)
    codeword = vq.encode(frames).codeword
    for k, corner in enumerate(vq.corners()):
        np.testing.assert_allclose(frames[codeword == k].mean(axis=0), corner, atol=0.02)


def test_k_means_finds_clusters_that_are_far_apart():
    centres = np.array([[0, 0], [50, 0], [0, 50], [50, 50]])
    frames = (centres.repeat(40, axis=0) + gaussian(160, dim=2)).astype(np.float32)
    means = fit_vq(frames, bits=2).corners()
    assert rows(np.round(means / 50)) == rows(centres / 50)
    np.testing.assert_allclose(means, 50 * np.round(means / 50), atol=1)


def test_seeds_of_k_means():
    frames = gaussian(500)
    assert fit_vq(frames, bits=4, seed=3).digest == fit_vq(frames, bits=4, seed=3).digest
    assert fit_vq(frames, bits=4, seed=3).digest != fit_vq(frames, bits=4, seed=4).digest


def test_map_is_a_curve_the_same_every_time():
    frames = gaussian(800)
    som = fit_som(frames, bits=4)
    assert isinstance(som, SpaceFillingVQ)
    assert som.codebook_size == 16
    assert som.digest == fit_som(frames.copy(), bits=4).digest
    assert som.encode(frames).distortion.mean() < 0.5 * frames.var(axis=0).sum()


def test_map_is_in_better_order_than_k_means_and_worse_in_distortion():
    frames = gaussian(3000, dim=2)
    som, vq = fit_som(frames, bits=5), fit_vq(frames, bits=5)
    assert path_length(som.corners()) < 0.5 * path_length(vq.corners())
    errors = [q.encode(frames).codeword_distortion.mean() for q in (som, vq)]
    assert errors[0] > errors[1]


def test_map_of_a_line_runs_along_it():
    frames = np.random.default_rng(0).random((2000, 1)).astype(np.float32) * [[1, 2, 3]]
    along = fit_som(frames, bits=4).corners()[:, 0]
    assert (np.diff(along) > 0).all() or (np.diff(along) < 0).all()


@pytest.mark.parametrize("bits", [1, 2])
def test_few_codewords(bits):
    for fitted in (fit_vq(gaussian(50), bits=bits), fit_som(gaussian(50), bits=bits)):
        assert fitted.codebook_size == 2**bits
        assert np.isfinite(fitted.corners()).all()


def test_one_dimension():
    frames = gaussian(300, dim=1)
    for fitted in (fit_vq(frames, bits=3), fit_som(frames, bits=3)):
        assert fitted.encode(frames).codeword_distortion.mean() < 0.1 * frames.var()


@pytest.mark.parametrize("fit", [fit_vq, fit_som])
def test_provenance_and_checkpoint(fit, tmp_path):
    features = as_features(gaussian(200), encoder={"encoder": "mel"})
    fitted = fit(features, bits=3)
    assert fitted.provenance.encoder == {"encoder": "mel"}
    assert {"bits": 3, "n_frames": 200, "dim": 3}.items() <= fitted.provenance.fit.items()
    read = load_quantizer(save_quantizer(fitted, tmp_path / "q.safetensors"))
    assert (read.digest, read.provenance) == (fitted.digest, fitted.provenance)


@pytest.mark.parametrize("fit", [fit_vq, fit_som])
def test_frames_from_a_stream_give_the_same_codebook(fit):
    frames = gaussian(2000)
    streamed = fit(iter(pieces(frames)), bits=3)
    assert streamed.provenance.fit["frames_seen"] == 2000
    assert {fit(frames, bits=3).digest, fit(lambda: pieces(frames), bits=3).digest} == {
        streamed.digest
    }


@pytest.mark.parametrize("fit", [fit_vq, fit_som])
def test_frames_that_can_not_be_fitted_are_refused(fit):
    with pytest.raises(QuantizerError, match="7 frames can't fit 8 codewords"):
        fit(gaussian(7), bits=3)
    with pytest.raises(QuantizerError, match="hold NaN or infinity, the first is row 0"):
        fit(np.full((9, 2), np.nan), bits=3)
    with pytest.raises(OptionError, match="use an integer from 1 to 14"):
        fit(gaussian(50), bits=0)


@pytest.mark.parametrize("order", ["pca", "path"])
@pytest.mark.parametrize("kind", [PlainVQ, SpaceFillingVQ])
def test_reordering_keeps_kind_and_codewords(order, kind):
    quantizer = kind(gaussian(32), Provenance({"encoder": "mel"}, {"method": "made"}))
    again = reorder(quantizer, order)
    assert type(again) is kind
    assert rows(again.corners()) == rows(quantizer.corners())
    assert again.provenance.fit == {"method": "made", "order": order}
    assert again.provenance.encoder == {"encoder": "mel"}
    assert quantizer.provenance.fit == {"method": "made"}
    assert path_length(again.corners()) < path_length(quantizer.corners())
    np.testing.assert_allclose(
        again.encode(gaussian(50, seed=1)).codeword_distortion,
        quantizer.encode(gaussian(50, seed=1)).codeword_distortion,
        rtol=1e-4,
        atol=1e-6,
    )


def test_orders_differ_in_what_they_follow():
    """Along PCA the projections rise; the path is shorter still."""
    quantizer = PlainVQ(gaussian(32) * np.float32([4, 1, 1]))
    pca, path = (reorder(quantizer, order).corners() for order in ("pca", "path"))
    centred = pca - pca.mean(axis=0)
    along = centred @ np.linalg.svd(centred)[2][0]
    assert (np.diff(along) > 0).all() or (np.diff(along) < 0).all()
    assert path_length(path) < path_length(pca)


def test_stages_of_another_order_go():
    sfvq = SpaceFillingVQ(gaussian(8), stages=[gaussian(4)])
    assert [len(stage) for stage in reorder(sfvq, "pca").stages] == [8]


def test_an_unknown_order_is_named():
    with pytest.raises(OptionError, match="order is 'luck'; use one of 'pca', 'path'"):
        reorder(PlainVQ(gaussian(4)), "luck")


def test_fewer_distinct_frames_than_codewords_are_refused():
    with pytest.raises(QuantizerError, match="fewer distinct values than 16 codewords"):
        fit_vq(np.full((100, 3), 0.5), bits=4)
