"""`normalise_occurrence`: every codeword is to be used equally often."""

from __future__ import annotations

import numpy as np
import pytest
from made_frames import as_features, gaussian

from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.quantizers import PlainVQ, Provenance, SpaceFillingVQ, save_quantizer
from sfvq_analysis.quantizers.checkpoint import load_quantizer
from sfvq_analysis.training import fit_sfvq
from sfvq_analysis.training.occurrence import normalise_occurrence


@pytest.fixture(scope="module")
def frames():
    skewed = gaussian(4000, dim=3)
    skewed[:, 0] = np.exp(skewed[:, 0])
    return skewed


@pytest.fixture(scope="module")
def curve(frames):
    """A curve that doesn't know where the frames are dense."""
    low, high = frames.min(axis=0), frames.max(axis=0)
    t = np.linspace(0, 1, 32)[:, None]
    return SpaceFillingVQ(low + t * (high - low), Provenance(fit={"method": "line"}), [[low, high]])


def entropy(counts):
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum())


@pytest.mark.parametrize("n_frames", [4000, 3999, 3970])
@pytest.mark.parametrize("means", ["mapped", "frames"])
def test_codewords_are_means_of_chunks_sorted_by_position(curve, frames, means, n_frames):
    frames = frames[:n_frames]
    codes = curve.encode(frames)
    points = curve.decode(codes) if means == "mapped" else frames
    done = normalise_occurrence(curve, frames, means=means)
    sizes = [n_frames // 32 + (at < n_frames % 32) for at in range(32)]
    order = sorted(range(n_frames), key=lambda row: codes.position[row])
    start = 0
    for size, corner in zip(sizes, done.corners(), strict=True):
        chunk = order[start : start + size]
        start += size
        if len(set(codes.position[chunk])) == size:  # no ties, whose order is another rule's
            np.testing.assert_allclose(corner, points[chunk].mean(axis=0), atol=1e-5)


def test_occupancy_by_place_on_the_curve_is_even_and_by_codeword_evener(curve, frames):
    done = normalise_occurrence(curve, frames)
    ranks = np.argsort(np.argsort(curve.encode(frames).position, kind="stable"), kind="stable")
    assert set(np.bincount(ranks * 32 // len(frames))) == {len(frames) // 32}
    before, after = (
        np.bincount(one.encode(frames).codeword, minlength=32) for one in (curve, done)
    )
    assert entropy(after) > entropy(before) + 1
    assert after.std() < before.std() / 3


def test_the_order_along_the_curve_is_kept(curve, frames):
    corners = normalise_occurrence(curve, frames).corners()
    position = curve.encode(corners).position
    assert (np.diff(position) > 0).all()


def test_on_a_line_chunks_are_quantiles():
    frames = np.arange(100.0)[:, None]
    curve = SpaceFillingVQ([[0.0], [10.0], [99.0], [100.0]])
    for means in ("mapped", "frames"):
        found = normalise_occurrence(curve, frames, means=means).corners()[:, 0]
        assert found.tolist() == [12.0, 37.0, 62.0, 87.0]


def test_frames_in_another_order_give_the_same_codewords(rng):
    frames = gaussian(3000, dim=2)
    bent = SpaceFillingVQ([[-0.5, -0.5], [0.0, 0.5], [0.5, -0.5], [0.6, 0.6]])
    shares = np.unique(bent.encode(frames).position, return_counts=True)[1]
    assert shares.max() > 100  # many frames share a corner's place
    for means in ("mapped", "frames"):
        found = normalise_occurrence(bent, frames, means=means).corners()
        again = normalise_occurrence(bent, rng.permutation(frames), means=means).corners()
        np.testing.assert_allclose(found, again, atol=1e-5)


def test_as_many_frames_as_codewords(curve, frames):
    few = frames[:32]
    order = np.argsort(curve.encode(few).position, kind="stable")
    done = normalise_occurrence(curve, few, means="frames").corners()
    np.testing.assert_allclose(done, few[order], atol=1e-6)
    with pytest.raises(QuantizerError, match=r"^31 frames can't fill 32 codewords; give more"):
        normalise_occurrence(curve, frames[:31])


def test_it_says_what_was_done_and_can_be_stored(curve, frames, tmp_path):
    before = curve.corners()
    done = normalise_occurrence(curve, frames)
    assert dict(done.provenance.fit) == {
        "method": "line",
        "occurrence": {"n_frames": 4000, "means": "mapped"},
    }
    assert np.array_equal(curve.corners(), before)
    assert dict(curve.provenance.fit) == {"method": "line"}
    assert len(done.stages) == 1
    save_quantizer(done, tmp_path / "even.safetensors")
    assert load_quantizer(tmp_path / "even.safetensors").digest == done.digest


def test_features_of_the_encoder_it_was_fitted_on():
    features = as_features(gaussian(600), encoder={"encoder": "one"})
    curve = fit_sfvq(features, bits=3)
    done = normalise_occurrence(curve, features)
    assert done.provenance.encoder == curve.provenance.encoder
    other = SpaceFillingVQ(curve.corners(), Provenance(encoder={"encoder": "another"}))
    with pytest.raises(QuantizerError, match=r"was fitted on the encoder {'encoder': 'another'}"):
        normalise_occurrence(other, features)


def test_what_is_refused(curve, frames):
    with pytest.raises(QuantizerError, match="a vq codebook has no curve to sort frames along"):
        normalise_occurrence(PlainVQ(curve.corners()), frames)
    with pytest.raises(OptionError, match="means is 'medians'"):
        normalise_occurrence(curve, frames, means="medians")
    with pytest.raises(QuantizerError, match="dimension"):
        normalise_occurrence(curve, frames[:, :2])
    with pytest.raises(QuantizerError, match="NaN"):
        normalise_occurrence(curve, np.full((50, 3), np.nan))
