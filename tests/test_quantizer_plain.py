"""`PlainVQ` as a quantizer of frames and as a layer of a model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from oracles import nearest_corner

from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.quantizers import Gradients, PlainVQ, SpaceFillingVQ

K, DIM = 12, 3


@pytest.fixture
def vq():
    return PlainVQ(np.random.default_rng(0).normal(size=(K, DIM)))


@pytest.fixture
def frames():
    return np.random.default_rng(1).normal(size=(150, DIM)).astype(np.float32)


def latents(frames, *, grad=False):
    return torch.from_numpy(frames).reshape(3, 50, DIM).clone().requires_grad_(grad)


@pytest.mark.parametrize("mode", ["exact", "published"])
def test_codes_of_a_plain_codebook(vq, frames, mode):
    codes = vq.encode(frames, mode=mode)
    index, distortion = nearest_corner(frames, vq.corners())
    np.testing.assert_array_equal(codes.codeword, index)
    np.testing.assert_allclose(codes.distortion, distortion, rtol=1e-5)
    np.testing.assert_array_equal(codes.codeword_distortion, codes.distortion)
    assert (codes.segment == -1).all()
    assert np.isnan(codes.t).all()
    assert np.isnan(codes.position).all()
    dtypes = [np.int32, np.int32, np.float32, np.float32, np.float32]
    assert [column.dtype for column in codes] == dtypes


def test_decoding_gives_the_codewords(vq, frames):
    decoded = vq.decode(vq.encode(frames))
    np.testing.assert_array_equal(decoded, vq.corners()[nearest_corner(frames, vq.corners())[0]])
    np.testing.assert_array_equal(vq.decode(vq.encode(decoded)), decoded)
    assert vq.decode(vq.encode(np.zeros((0, DIM)))).shape == (0, DIM)


def test_among_equal_codewords_the_first_is_used():
    vq = PlainVQ([[1.0], [3.0], [3.0], [1.0]])
    assert vq.encode([[2.0], [3.0], [0.0]]).codeword.tolist() == [0, 1, 0]


def test_frames_that_do_not_fit_are_refused(vq, frames):
    with pytest.raises(QuantizerError, match="frames have 2 dimensions, the codebook 3"):
        vq.encode(frames[:, :2])
    frames[5, 0] = np.nan
    with pytest.raises(QuantizerError, match="the first is row 5"):
        vq.encode(frames)


def test_evaluation_output_is_the_decoded_code(vq, frames):
    quantized, indices, loss = vq.eval()(latents(frames))
    codes = vq.encode(frames)
    assert indices.dtype == torch.int64
    assert indices.shape == (3, 50)
    np.testing.assert_array_equal(indices.reshape(-1).numpy(), codes.codeword)
    np.testing.assert_array_equal(quantized.detach().reshape(-1, DIM).numpy(), vq.decode(codes))
    assert loss.item() == pytest.approx(codes.distortion.mean() / DIM, rel=1e-5)


def test_training_output_is_as_far_as_the_codeword_and_passes_gradients(vq, frames):
    torch.manual_seed(0)
    z = latents(frames, grad=True)
    quantized, indices, loss = vq.train()(z)
    codes = vq.encode(frames)
    squares = (quantized - z).square().sum(dim=-1).reshape(-1).detach().numpy()
    np.testing.assert_allclose(squares, codes.distortion, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(indices.reshape(-1).numpy(), codes.codeword)
    (quantized.square().sum() + loss).backward()
    for gradient in (z.grad, vq.codebook.grad):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().sum() > 0
    unused = np.setdiff1d(np.arange(K), codes.codeword)
    assert (vq.codebook.grad[unused] == 0).all()


def test_latents_of_another_shape_are_refused(vq):
    with pytest.raises(QuantizerError, match=r"give \(batch, time, 3\)"):
        vq(torch.zeros(2, 7, DIM - 1))


def test_codebook_is_a_parameter_that_moves_with_the_module(vq):
    assert [name for name, _ in vq.named_parameters()] == ["codebook"]
    assert (vq.codebook_size, vq.dim) == (K, DIM)
    clone = PlainVQ(np.zeros((K, DIM)))
    clone.load_state_dict(vq.state_dict())
    assert clone.digest == vq.digest
    assert vq.double().corners().dtype == np.float32


def test_corners_are_a_copy():
    vq = PlainVQ(np.eye(2))
    before = vq.corners()
    with torch.no_grad():
        vq.codebook += 1
    np.testing.assert_array_equal(before, np.eye(2))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kind", [PlainVQ, SpaceFillingVQ])
def test_indices_far_from_the_origin_are_those_of_encode(kind, training, rng):
    quantizer = kind(rng.normal(size=(32, 4)) + 1e4).train(training)
    z = torch.tensor(rng.normal(size=(4, 20, 4)) + 1e4, dtype=torch.float32)
    found = quantizer(z)[1].reshape(-1)
    np.testing.assert_array_equal(found, quantizer.encode(z.reshape(-1, 4)).codeword)


@pytest.mark.parametrize("kind", [PlainVQ, SpaceFillingVQ])
def test_latents_that_are_not_finite_are_refused(kind):
    with pytest.raises(QuantizerError, match="NaN"):
        kind(np.eye(2))(torch.full((1, 1, 2), torch.nan))


def test_half_precision_is_read():
    codes = PlainVQ(np.eye(2)).encode(torch.eye(2, dtype=torch.bfloat16))
    assert codes.codeword.tolist() == [0, 1]


# Running means instead of a gradient


def running(codebook, decay):
    return PlainVQ(codebook, gradients=Gradients("straight_through", decay=decay))


def running_means(frames, codebook, counts, sums, decay):
    """One batch, frame by frame, in float64 (van den Oord et al. 2017, smoothed)."""
    size, epsilon = len(codebook), 1e-5
    counts, sums = decay * counts, decay * sums
    for frame, k in zip(frames, nearest_corner(frames, codebook)[0], strict=True):
        counts[k] += 1 - decay
        sums[k] += (1 - decay) * frame
    total = counts.sum()
    counts = (counts + epsilon) / (total + size * epsilon) * total
    return sums / counts[:, None], counts, sums


@pytest.mark.parametrize("decay", [0.999, 0.9, 0.0])
def test_running_means_are_those_of_a_loop(vq, frames, decay):
    quantizer = running(vq.corners(), decay).double().train()
    codebook = vq.corners().astype(np.float64)
    counts, sums = np.ones(K), codebook.copy()
    for batch in frames.reshape(3, 50, DIM).astype(np.float64)[[0, 1, 2, 0, 1]]:
        wanted = codebook[nearest_corner(batch, codebook)[0]]
        z = torch.from_numpy(batch[None])
        quantized, _, _ = quantizer(z)
        np.testing.assert_allclose(quantized[0], wanted, rtol=1e-9)  # before the codebook moves
        codebook, counts, sums = running_means(batch, codebook, counts, sums, decay)
        np.testing.assert_allclose(quantizer.codebook.numpy(), codebook, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(quantizer.running_counts, counts, rtol=1e-9)


def test_running_means_take_no_gradient_and_are_buffers(vq, frames):
    quantizer = running(vq.corners(), 0.99).train()
    assert not quantizer.codebook.requires_grad
    assert list(dict(quantizer.named_buffers())) == ["running_counts", "running_sums"]
    assert dict(vq.named_buffers()) == {}
    assert quantizer.digest == vq.digest
    quantized, _, loss = quantizer(latents(frames, grad=True))
    (quantized.sum() + loss).backward()
    assert quantizer.codebook.grad is None
    assert quantizer.digest != vq.digest


def test_running_means_converge_to_the_means_of_the_cells(frames):
    quantizer = running(frames[:4], 0.9).train()
    for _ in range(200):
        quantizer(latents(frames))
    cell, _ = nearest_corner(frames, quantizer.corners())
    means = [frames[cell == k].mean(axis=0) for k in range(4)]
    np.testing.assert_allclose(quantizer.corners(), means, atol=1e-4)


def test_running_means_add_up_over_processes(vq, frames, monkeypatch):
    """Two processes with one batch each: as one process with both."""
    alone = running(vq.corners(), 0.9).train()
    alone(torch.cat([latents(frames), latents(frames)]))
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda tensor: tensor.mul_(2))
    together = running(vq.corners(), 0.9).train()
    together(latents(frames))
    np.testing.assert_allclose(together.corners(), alone.corners(), rtol=1e-5)
