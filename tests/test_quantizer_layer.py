"""Quantizers inside a model: masks, precision, modes, growth, and training that works."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.quantizers import (
    CodebookUsage,
    Gradients,
    PlainVQ,
    SpaceFillingVQ,
    load_quantizer,
    save_quantizer,
)
from sfvq_analysis.quantizers.estimators import ESTIMATORS

K, DIM = 16, 4

each_kind = pytest.mark.parametrize("kind", [PlainVQ, SpaceFillingVQ])
each_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)


def made(kind, estimator="noise", **options):
    corners = np.random.default_rng(0).normal(size=(K, DIM))
    return kind(corners, gradients=Gradients(estimator, **options))


def latents(*shape, seed=1, **options):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, DIM, generator=generator).to(**options)


# Masks


def padded():
    """Three sequences of 7, 0 and 4 frames as one batch, and as one sequence without padding."""
    z = latents(3, 7)
    mask = torch.arange(7) < torch.tensor([7, 0, 4])[:, None]
    return z, mask, z[mask][None]


@each_kind
@each_estimator
@pytest.mark.parametrize("training", [True, False])
def test_masked_frames_take_part_in_nothing(kind, estimator, training):
    z, mask, alone = padded()
    z[~mask] = torch.nan
    outputs, codebooks, gradients = [], [], []
    for values, kept in ((z, mask), (alone, None)):
        quantizer = made(kind, estimator).train(training)
        values.requires_grad_()
        torch.manual_seed(0)
        quantized, index, loss = quantizer(values, kept)
        (quantized.square().sum() + loss).backward()
        outputs.append((quantized, index, loss))
        codebooks.append(quantizer.codebook)
        gradients.append(values.grad)
    (quantized, index, loss), (alone_quantized, alone_index, alone_loss) = outputs
    assert torch.equal(quantized[mask], alone_quantized[0])
    assert torch.equal(index[mask], alone_index[0])
    assert torch.equal(loss, alone_loss)
    assert torch.equal(quantized[~mask], torch.zeros(10, DIM))
    assert torch.equal(index[~mask], torch.full((10,), -1))
    assert torch.equal(codebooks[0], codebooks[1])
    assert torch.equal(gradients[0][mask], gradients[1][0])
    assert torch.equal(gradients[0][~mask], torch.zeros(10, DIM))


@each_kind
@each_estimator
def test_a_mask_of_nothing(kind, estimator):
    z = latents(2, 3).requires_grad_()
    quantizer = made(kind, estimator).train()
    quantized, index, loss = quantizer(z, torch.zeros(2, 3, dtype=torch.bool))
    assert not quantized.any()
    assert (index == -1).all()
    (quantized.sum() + loss).backward()
    assert loss.item() == 0
    assert torch.isfinite(quantizer.codebook).all()


@each_kind
def test_masks_of_another_shape_or_dtype_are_refused(kind):
    z = latents(2, 3)
    for mask in (torch.ones(2, 4).bool(), torch.ones(6).bool(), torch.ones(2, 3, DIM).bool()):
        with pytest.raises(QuantizerError, match=r"mask is torch.bool of shape .* shape \(2, 3\)"):
            made(kind)(z, mask)
    with pytest.raises(QuantizerError, match=r"mask is torch.int64 .* give torch.bool"):
        made(kind)(z, torch.ones(2, 3, dtype=torch.int64))


def test_masks_as_in_vector_quantize_pytorch():
    package = pytest.importorskip("vector_quantize_pytorch")
    vq = made(PlainVQ).eval()
    theirs = package.VectorQuantize(dim=DIM, codebook_size=K, rotation_trick=False).eval()
    theirs._codebook.embed.data.copy_(vq.codebook.data[None])
    z, mask, _ = padded()
    with torch.no_grad():
        quantized, index, _ = theirs(z, mask=mask)
        ours = vq(z, mask)
    torch.testing.assert_close(ours[0], quantized)
    assert torch.equal(ours[1], index)


# Precision


@each_kind
@each_estimator
@pytest.mark.parametrize("training", [True, False])
def test_autocast_and_half_precision_are_quantized_in_float32(kind, estimator, training):
    quantizer = made(kind, estimator).train(training)
    wide = latents(2, 9)
    z = wide.bfloat16().requires_grad_()
    wanted = copy.deepcopy(quantizer)
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16):
        quantized, index, loss = quantizer(z)
    torch.manual_seed(0)
    as_float, as_index, as_loss = wanted(z.detach().float())
    assert quantized.dtype == torch.bfloat16
    assert loss.dtype == torch.float32
    assert torch.equal(quantized, as_float.bfloat16())
    assert torch.equal(index, as_index)
    assert torch.equal(loss, as_loss)
    (quantized.float().square().sum() + loss).backward()
    assert quantizer.codebook.grad is None or quantizer.codebook.grad.dtype == torch.float32


@each_kind
@each_estimator
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("module", [torch.float32, torch.float64])
def test_float64(kind, estimator, training, module):
    quantizer = made(kind, estimator).train(training).to(module)
    z = latents(2, 9, dtype=torch.float64).requires_grad_()
    quantized, index, loss = quantizer(z)
    assert quantized.dtype == loss.dtype == torch.float64
    assert index.dtype == torch.int64
    (quantized.square().sum() + loss).backward()
    assert torch.isfinite(quantizer.codebook).all()
    assert quantizer.codebook.dtype == module


# Modes


@each_kind
@each_estimator
def test_evaluation_is_exact_and_changes_nothing(kind, estimator):
    quantizer = made(kind, estimator).eval()
    before = copy.deepcopy(quantizer.state_dict())
    z = latents(3, 20)
    codes = quantizer.encode(z.flatten(0, 1))
    state = torch.get_rng_state()
    first, second = quantizer(z), quantizer(z)
    assert torch.equal(torch.get_rng_state(), state)
    for ours, other in zip(first, second, strict=True):
        assert torch.equal(ours, other)
    np.testing.assert_allclose(
        first[0].detach().flatten(0, 1), quantizer.decode(codes), rtol=1e-6, atol=1e-6
    )
    np.testing.assert_array_equal(first[1].flatten(), codes.codeword)
    after = quantizer.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@each_kind
@each_estimator
def test_checkpoints_hold_the_codebook_whatever_trains_it(kind, estimator, tmp_path):
    quantizer = made(kind, estimator, decay=0.5).train()
    quantizer(latents(3, 20))
    read = load_quantizer(save_quantizer(quantizer, tmp_path / "q.safetensors"))
    assert read.digest == quantizer.digest == kind(quantizer.corners()).digest
    assert repr(estimator) in repr(quantizer)


@each_kind
@each_estimator
def test_training_goes_on_from_a_state_as_if_it_had_not_stopped(kind, estimator):
    quantizer = made(kind, estimator, decay=0.9).train()
    quantizer(latents(3, 20))
    other = kind.random(K, DIM, gradients=quantizer.gradients)
    other.load_state_dict(quantizer.state_dict())
    for each in (quantizer, other):
        torch.manual_seed(5)
        each(latents(3, 20, seed=2))
    assert other.digest == quantizer.digest


@each_estimator
@each_kind
def test_where_gradients_flow(kind, estimator):
    quantizer = made(kind, estimator).train()
    z = latents(3, 20).requires_grad_()
    quantizer(z)[0].square().sum().backward()
    assert z.grad.abs().sum() > 0
    reached = quantizer.codebook.grad is not None and bool(quantizer.codebook.grad.any())
    assert reached == (estimator != "straight_through")


# Growth


def test_growth_in_the_middle_of_training():
    torch.manual_seed(0)
    sfvq = SpaceFillingVQ.random(4, 2).double()
    data = torch.randn(1, 500, 2, dtype=torch.float64)
    sfvq.start_from(data[0])
    optimiser = torch.optim.Adam([sfvq.codebook], lr=0.03)
    errors = []
    for size in (4, 8, 16, 32):
        assert sfvq.codebook_size == size
        for _ in range(80):
            optimiser.zero_grad()
            sfvq.train()(data)[2].backward()
            optimiser.step()
        errors.append(sfvq.encode(data[0]).distortion.mean())
        trained = sfvq.corners()
        grown = sfvq.grow()
        assert grown is sfvq.codebook
        assert grown.shape == (2 * size, 2)
        assert grown.dtype == torch.float64
        assert sfvq.encode(data[0]).distortion.mean() == pytest.approx(errors[-1], rel=1e-4)
        np.testing.assert_array_equal(sfvq.stages[-2], trained)
        optimiser.add_param_group({"params": [grown]})
    assert [len(stage) for stage in sfvq.stages] == [4, 8, 16, 32, 64]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.2 * errors[0]


def test_growth_keeps_a_frozen_curve_frozen(tmp_path):
    sfvq = SpaceFillingVQ(np.eye(4))
    sfvq.requires_grad_(requires_grad=False)
    assert not sfvq.grow().requires_grad
    read = load_quantizer(save_quantizer(sfvq, tmp_path / "q.safetensors"))
    assert [len(stage) for stage in read.stages] == [4, 8]


# Training


def autoencoder(kind, estimator):
    """A model of 2-D points: two small nets with a quantizer between them."""
    torch.manual_seed(0)
    nets = [nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2)) for _ in range(2)]
    gradients = Gradients(estimator, commitment=0.25, decay=0.95)
    return nn.ModuleList([nets[0], kind.random(K, 2, gradients=gradients), nets[1]])


@each_kind
@each_estimator
def test_an_autoencoder_learns_with_every_estimator(kind, estimator):
    """On a plane: the error falls to less than a third, and nearly all codewords are used."""
    encoder, quantizer, decoder = model = autoencoder(kind, estimator)
    data = torch.randn(10, 40, 2)
    data = data / data.norm(dim=-1, keepdim=True) + 0.1 * torch.randn_like(data)

    def error():
        with torch.no_grad():
            quantized, index, _ = model.eval()[1](encoder(data))
        return (decoder(quantized) - data).square().mean().item(), CodebookUsage.of(index, K)

    with torch.no_grad():
        quantizer.start_from(encoder(data).flatten(0, 1))
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    before, _ = error()
    for step in range(250):
        model.train()
        latent = encoder(data)
        quantized, index, loss = quantizer(latent)
        optimiser.zero_grad()
        ((decoder(quantized) - data).square().mean() + loss).backward()
        optimiser.step()
        if step in (50, 150, 200):
            quantizer.revive(latent.flatten(0, 1), CodebookUsage.of(index, K), seed=step)
    after, usage = error()
    assert after < before / 3
    assert usage.share > 0.9
