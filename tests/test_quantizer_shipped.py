"""The quantizers that come with the package."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.quantizers.shipped import demo_quantizers


@pytest.fixture(scope="module")
def shipped():
    return demo_quantizers()


def test_both_are_of_their_kind_and_of_256_codewords(shipped):
    assert list(shipped) == ["sfvq", "vq"]
    assert isinstance(shipped["sfvq"], SpaceFillingVQ)
    assert isinstance(shipped["vq"], PlainVQ)
    assert {q.codebook_size for q in shipped.values()} == {256}


def test_both_belong_to_one_encoder_and_say_how_they_were_fitted(shipped):
    sfvq, vq = shipped["sfvq"].provenance, shipped["vq"].provenance
    assert sfvq.encoder
    assert sfvq.encoder == vq.encoder
    assert {"method", "bits", "n_frames", "variance"} <= set(sfvq.fit)
    assert (sfvq.fit["method"], vq.fit["method"]) == ("map", "k-means")
    assert sfvq.log


def test_curve_has_its_stages_and_its_quieter_end_first(shipped):
    sizes = [len(stage) for stage in shipped["sfvq"].stages]
    assert sizes == [4, 8, 16, 32, 64, 128, 256]
    norms = np.linalg.norm(shipped["sfvq"].corners(), axis=1)
    assert norms[:64].mean() <= norms[-64:].mean()


def test_neighbours_on_the_curve_are_neighbours_in_space(shipped):
    """A step along the curve is much shorter than one between two codewords of any index."""
    ratios = {}
    for name, quantizer in shipped.items():
        corners = quantizer.corners()
        steps = np.linalg.norm(np.diff(corners, axis=0), axis=1).mean()
        ratios[name] = steps / np.linalg.norm(corners[:, None] - corners, axis=2).mean()
    assert ratios["sfvq"] < 0.5
    assert ratios["vq"] > 0.8


def test_each_reads_back_its_own_codewords(shipped):
    for quantizer in shipped.values():
        codes = quantizer.encode(quantizer.corners())
        assert codes.codeword.tolist() == list(range(256))
        np.testing.assert_allclose(codes.codeword_distortion, 0, atol=1e-10)


def test_files_are_small():
    folder = resources.files("sfvq_analysis") / "data" / "demo_models"
    sizes = [len((folder / f"{name}.safetensors").read_bytes()) for name in ("sfvq", "vq")]
    assert sum(sizes) < 1_000_000
