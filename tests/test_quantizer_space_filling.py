"""`SpaceFillingVQ` as a quantizer of frames and as a layer of a model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import nearest_corner, nearest_on_curve, published_rule

from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.quantizers import Codes, PlainVQ, Provenance, SpaceFillingVQ

K, DIM = 16, 5


@pytest.fixture
def sfvq():
    return SpaceFillingVQ(np.random.default_rng(0).normal(size=(K, DIM)))


@pytest.fixture
def frames():
    return np.random.default_rng(1).normal(size=(200, DIM)).astype(np.float32)


def latents(frames, *, grad=False):
    return torch.from_numpy(frames).reshape(4, 50, DIM).clone().requires_grad_(grad)


def test_encoding_is_the_nearest_point_of_the_whole_curve(sfvq, frames):
    codes, oracle = sfvq.encode(frames), nearest_on_curve(frames, sfvq.corners())
    assert isinstance(codes, Codes)
    np.testing.assert_allclose(codes.position, oracle.position, atol=1e-5)
    np.testing.assert_allclose(codes.distortion, oracle.distortion, rtol=1e-5)
    np.testing.assert_array_equal(codes.codeword, nearest_corner(frames, sfvq.corners())[0])


def test_published_mode_is_the_published_rule_and_differs(sfvq, frames):
    codes, oracle = sfvq.encode(frames, mode="published"), published_rule(frames, sfvq.corners())
    np.testing.assert_allclose(codes.position, oracle.position, atol=1e-5)
    exact = sfvq.encode(frames)
    assert (exact.distortion < codes.distortion - 1e-3).any()
    np.testing.assert_array_equal(exact.codeword, codes.codeword)


@pytest.mark.parametrize("mode", ["exact", "published"])
def test_distortion_is_the_squared_distance_to_the_decoded_point(sfvq, frames, mode):
    codes = sfvq.encode(frames, mode=mode)
    decoded = sfvq.decode(codes)
    assert decoded.shape == frames.shape
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(((frames - decoded) ** 2).sum(1), codes.distortion, rtol=1e-4)
    to_corner = ((frames - sfvq.corners()[codes.codeword]) ** 2).sum(1)
    np.testing.assert_allclose(to_corner, codes.codeword_distortion, rtol=1e-4)


def test_decoding_what_was_decoded_changes_nothing(sfvq, frames):
    once = sfvq.decode(sfvq.encode(frames))
    np.testing.assert_allclose(sfvq.decode(sfvq.encode(once)), once, atol=1e-6)


def test_tensors_with_gradients_are_read_as_arrays_are(sfvq, frames):
    tensor = torch.from_numpy(frames).requires_grad_()
    for ours, other in zip(sfvq.encode(tensor), sfvq.encode(frames), strict=True):
        np.testing.assert_array_equal(ours, other)


def test_no_frames(sfvq):
    codes = sfvq.encode(np.zeros((0, DIM), np.float32))
    assert [len(column) for column in codes] == [0] * 5
    assert sfvq.decode(codes).shape == (0, DIM)


@pytest.mark.parametrize("quantizer", [SpaceFillingVQ, PlainVQ])
def test_an_unknown_mode_is_named_with_its_options(quantizer, frames):
    with pytest.raises(OptionError, match=r"^mode is 'quick'; use one of 'exact', 'published'$"):
        quantizer(np.eye(DIM)).encode(frames, mode="quick")


@pytest.mark.parametrize("mode", ["exact", "published"])
def test_frames_of_another_dimension_are_refused(sfvq, frames, mode):
    with pytest.raises(QuantizerError, match="frames have 4 dimensions, the codebook 5"):
        sfvq.encode(frames[:, :4], mode=mode)


def test_codes_of_a_larger_curve_are_refused(sfvq, frames):
    larger = SpaceFillingVQ(np.random.default_rng(2).normal(size=(4 * K, DIM)))
    with pytest.raises(QuantizerError, match="positions span"):
        sfvq.decode(larger.encode(frames))


@pytest.mark.parametrize(
    "codebook",
    [np.zeros((1, 3)), np.zeros((0, 3)), np.zeros(3), np.zeros((2, 2, 2)), [[0.0], [np.nan]]],
)
@pytest.mark.parametrize("quantizer", [SpaceFillingVQ, PlainVQ])
def test_what_is_not_a_codebook_is_refused(quantizer, codebook):
    with pytest.raises(QuantizerError, match=r"codebook (has shape|holds NaN)"):
        quantizer(codebook)


def test_stages_end_with_the_codebook_and_fit_it():
    rng = np.random.default_rng(3)
    small = [rng.normal(size=(4, 2)), rng.normal(size=(8, 2))]
    sfvq = SpaceFillingVQ(rng.normal(size=(16, 2)), stages=small)
    assert [len(stage) for stage in sfvq.stages] == [4, 8, 16]
    assert {stage.dtype for stage in sfvq.stages} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(sfvq.stages[-1], sfvq.corners())
    np.testing.assert_allclose(sfvq.stages[0], small[0], rtol=1e-6)
    for wrong in (rng.normal(size=(16, 2)), rng.normal(size=(8, 3))):
        with pytest.raises(QuantizerError, match="stages have shapes"):
            SpaceFillingVQ(rng.normal(size=(16, 2)), stages=[wrong])


def test_digest_names_kind_and_codebook(sfvq):
    corners = sfvq.corners()
    assert sfvq.digest == SpaceFillingVQ(corners, Provenance(fit={"seed": 1})).digest
    assert len(sfvq.digest) == 16
    others = {SpaceFillingVQ(corners[::-1]).digest, PlainVQ(corners).digest}
    others |= {SpaceFillingVQ(corners + np.float32(1e-6)).digest}
    others |= {SpaceFillingVQ(corners.reshape(-1, 1)).digest, sfvq.digest}
    assert len(others) == 5
    assert sfvq.digest in repr(sfvq)


# As a layer


def test_evaluation_output_is_the_decoded_code(sfvq, frames):
    quantized, indices, loss = sfvq.eval()(latents(frames))
    codes = sfvq.encode(frames)
    assert quantized.shape == (4, 50, DIM)
    assert indices.shape == (4, 50)
    assert indices.dtype == torch.int64
    np.testing.assert_allclose(
        quantized.detach().reshape(-1, DIM).numpy(), sfvq.decode(codes), atol=1e-6
    )
    np.testing.assert_array_equal(indices.reshape(-1).numpy(), codes.codeword)
    assert loss.item() == pytest.approx(codes.distortion.mean() / DIM, rel=1e-5)


def test_training_noise_has_the_errors_norm(sfvq, frames):
    """|x~ - x| is the distance to a point of the curve; its mean square is the loss."""
    torch.manual_seed(0)
    quantized, indices, loss = sfvq.train()(latents(frames))
    squares = (quantized - latents(frames)).square().sum(dim=-1)
    assert loss.item() == pytest.approx(squares.mean().item() / DIM, rel=1e-5)
    exact = sfvq.encode(frames).distortion.reshape(4, 50)
    assert (squares.detach().numpy() >= exact * (1 - 1e-4)).all()
    np.testing.assert_array_equal(indices.reshape(-1).numpy(), sfvq.encode(frames).codeword)


def test_training_error_is_that_of_the_dithered_points(sfvq, frames):
    """The dither is the first draw from torch's generator, one offset a segment."""
    torch.manual_seed(7)
    quantized, _, _ = sfvq.train()(latents(frames))
    torch.manual_seed(7)
    u = torch.rand(K - 1, 1).numpy()
    dithered = (1 - u) * sfvq.corners()[:-1] + u * sfvq.corners()[1:]
    _, expected = nearest_corner(frames, dithered)
    squares = (quantized - latents(frames)).square().sum(dim=-1).reshape(-1)
    np.testing.assert_allclose(squares.detach().numpy(), expected, rtol=1e-3, atol=1e-6)


def test_training_noise_has_no_direction(sfvq):
    frames = np.tile(np.float32([[0.3, -2.0, 1.0, 0.5, 2.0]]), (4000, 1))
    torch.manual_seed(0)
    quantized, _, _ = sfvq.train()(torch.from_numpy(frames)[None])
    noise = (quantized[0].detach() - torch.from_numpy(frames)).numpy()
    cosines = noise / np.linalg.norm(noise, axis=1, keepdims=True)
    np.testing.assert_allclose(cosines.mean(axis=0), 0, atol=0.03)
    np.testing.assert_allclose((cosines**2).mean(axis=0), 1 / DIM, atol=0.02)


def test_training_passes_gradients_to_latents_and_codebook(sfvq, frames):
    z = latents(frames, grad=True)
    quantized, _, _ = sfvq.train()(z)
    quantized.square().sum().backward()
    for gradient in (z.grad, sfvq.codebook.grad):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().sum() > 0


def test_gradients_are_finite_where_the_error_is_nothing():
    """All corners are one point, and latents stand on it: the norm's gradient must not be NaN."""
    sfvq = SpaceFillingVQ(np.ones((4, 3))).train()
    z = torch.ones(1, 6, 3, requires_grad=True)
    quantized, _, loss = sfvq(z)
    np.testing.assert_allclose(quantized.detach().numpy(), 1)
    (quantized.sum() + loss).backward()
    assert torch.isfinite(z.grad).all()
    assert torch.isfinite(sfvq.codebook.grad).all()


def test_the_loss_trains_the_codebook(sfvq, frames):
    optimiser = torch.optim.Adam(sfvq.parameters(), lr=0.1)
    torch.manual_seed(0)
    before = sfvq.encode(frames).distortion.mean()
    for _ in range(30):
        optimiser.zero_grad()
        sfvq.train()(latents(frames))[2].backward()
        optimiser.step()
    assert sfvq.encode(frames).distortion.mean() < 0.9 * before


def test_encoding_is_the_same_in_training_mode(sfvq, frames):
    evaluated = sfvq.eval().encode(frames)
    for ours, other in zip(sfvq.train().encode(frames), evaluated, strict=True):
        np.testing.assert_array_equal(ours, other)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(7, DIM), (2, 7, DIM + 1), (2, DIM, 7), (1, 2, 3, DIM), (DIM,)])
def test_latents_of_another_shape_are_refused(sfvq, training, shape):
    with pytest.raises(QuantizerError, match=r"latents have shape .* give \(batch, time, 5\)"):
        sfvq.train(training)(torch.zeros(shape))


@pytest.mark.parametrize("training", [True, False])
def test_latents_without_frames_keep_their_shape(sfvq, training):
    quantized, index, loss = sfvq.train(training)(torch.zeros(3, 0, DIM))
    assert quantized.shape == (3, 0, DIM)
    assert index.shape == (3, 0)
    assert loss.item() == 0


class TestStageQuantizers:
    def test_each_is_the_curve_at_that_size_and_of_the_same_encoder(self):
        rng = np.random.default_rng(0)
        stages = [rng.normal(size=(size, DIM)) for size in (4, 8)]
        known = Provenance({"encoder": "mel"}, {"seed": 3})
        whole = SpaceFillingVQ(rng.normal(size=(K, DIM)), known, stages)
        found = whole.stage_quantizers()
        assert list(found) == [2, 3]
        for corners, (bits, stage) in zip(stages, found.items(), strict=True):
            np.testing.assert_array_equal(stage.corners(), corners.astype(np.float32))
            assert stage.provenance.encoder == {"encoder": "mel"}
            assert stage.provenance.fit == {"seed": 3, "bits": bits, "stage_of": whole.digest}

    def test_a_curve_without_stages_has_none(self, sfvq):
        assert sfvq.stage_quantizers() == {}

    @pytest.mark.parametrize("size", [3, 12])
    def test_sizes_that_are_no_power_of_two_are_of_no_bits(self, size):
        rng = np.random.default_rng(0)
        curve = SpaceFillingVQ(
            rng.normal(size=(2 * size, DIM)), stages=[rng.normal(size=(size, DIM))]
        )
        assert curve.stage_quantizers() == {}
