"""Estimators against gradients derived by hand, finite differences and the authors' package."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import Gradients, PlainVQ, SpaceFillingVQ
from sfvq_analysis.quantizers.estimators import (
    DIVEQ_NOISE,
    ESTIMATORS,
    Mixture,
    diveq,
    estimate,
    noise_substitution,
    straight_through,
)

N, DIM = 7, 3


def draw(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def problem(n_codewords):
    """Latents and codewords that ask for gradients, shares, and a gradient from above."""
    z = draw(N, DIM, seed=0).requires_grad_()
    c = draw(N, n_codewords, DIM, seed=1).requires_grad_()
    t = torch.linspace(0.1, 0.8, N, dtype=torch.float64)[:, None]
    w = torch.cat([1 - t, t], dim=1) if n_codewords == 2 else torch.ones_like(t)
    return z, c, w, draw(N, DIM, seed=2)


def numerical(function, at, above, step=1e-6):
    """Central differences of Σ above · function(at), at every entry of an array."""
    gradient = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        moved = [at.copy(), at.copy()]
        moved[0][place] += step
        moved[1][place] -= step
        up, down = (float((above * function(array)).sum()) for array in moved)
        gradient[place] = (up - down) / (2 * step)
    return gradient


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def arrays(*tensors):
    return [tensor.detach().numpy() for tensor in tensors]


two_kinds = pytest.mark.parametrize("n_codewords", [1, 2])


@two_kinds
def test_noise_substitution(n_codewords):
    """With e = (z - z^)/|z - z^|, s = g·v/|v|: dz = g + s e, and dc_j = -w_j s e."""
    z, c, w, g = problem(n_codewords)
    v = draw(N, DIM, seed=3)
    out = noise_substitution(z, Mixture(w, c), v)
    out.backward(g)
    found = arrays(out, z.grad, c.grad)
    z, c, w, g, v = arrays(z, c, w, g, v)
    to_z = z - (w[..., None] * c).sum(axis=1)
    s, e = (g * unit(v)).sum(axis=1, keepdims=True), unit(to_z)
    np.testing.assert_allclose(
        found[0], z + np.linalg.norm(to_z, axis=1, keepdims=True) * unit(v), rtol=1e-12
    )
    np.testing.assert_allclose(found[1], g + s * e, rtol=1e-10)
    np.testing.assert_allclose(found[2], -w[..., None] * (s * e)[:, None], rtol=1e-10)

    def frozen(z, c):
        away = np.linalg.norm(z - (w[..., None] * c).sum(axis=1), axis=1, keepdims=True)
        return z + away * unit(v)

    np.testing.assert_allclose(
        found[1], numerical(lambda z: frozen(z, c), z, g), rtol=1e-6, atol=1e-8
    )
    np.testing.assert_allclose(
        found[2], numerical(lambda c: frozen(z, c), c, g), rtol=1e-6, atol=1e-8
    )


@two_kinds
@pytest.mark.parametrize("size", [0.0, 0.3])
def test_diveq(n_codewords, size):
    """With e_j = (z - c_j)/|z - c_j|: dz = g + Σ w_j (g·u_j) e_j, dc_j = -w_j (g·u_j) e_j."""
    z, c, w, g = problem(n_codewords)
    noise = size * draw(N, n_codewords, DIM, seed=3)
    out = diveq(z, Mixture(w, c), noise)
    out.backward(g)
    found = arrays(out, z.grad, c.grad)
    z, c, w, g, noise = arrays(z, c, w, g, noise)
    u, e = unit(c - z[:, None] + noise), unit(z[:, None] - c)  # (n, m, d)
    pull = w[..., None] * (g[:, None] * u).sum(axis=-1, keepdims=True) * e
    np.testing.assert_allclose(found[1], g + pull.sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(found[2], -pull, rtol=1e-10)

    def frozen(z, c):
        away = np.linalg.norm(c - z[:, None], axis=-1, keepdims=True)
        return z + (w[..., None] * away * u).sum(axis=1)

    np.testing.assert_allclose(found[0], frozen(z, c), rtol=1e-12)
    np.testing.assert_allclose(
        found[1], numerical(lambda z: frozen(z, c), z, g), rtol=1e-6, atol=1e-8
    )
    np.testing.assert_allclose(
        found[2], numerical(lambda c: frozen(z, c), c, g), rtol=1e-6, atol=1e-8
    )


@two_kinds
def test_without_noise_diveq_gives_the_point_and_the_codewords_the_part_along_it(n_codewords):
    """e_j = -u_j: dc_j = w_j u_j u_j·g."""
    z, c, w, g = problem(n_codewords)
    mixture = Mixture(w, c)
    out = estimate(z, mixture, "diveq_deterministic")
    torch.testing.assert_close(out, mixture.point)
    out.backward(g)
    u = unit((c - z[:, None]).detach().numpy())
    along = (u * g.numpy()[:, None]).sum(axis=-1, keepdims=True) * u
    np.testing.assert_allclose(c.grad.numpy(), w.numpy()[..., None] * along, rtol=1e-10)


@two_kinds
def test_straight_through(n_codewords):
    """The offset z^ - z is a constant: dz = g, dc_j = 0."""
    z, c, w, g = problem(n_codewords)
    out = straight_through(z, Mixture(w, c))
    assert torch.equal(out.detach(), Mixture(w, c).point.detach())
    out.backward(g)
    assert torch.equal(z.grad, g)
    assert c.grad is None


def test_diveq_noise_turns_the_direction_by_its_size():
    z, c = torch.zeros(4000, 2), torch.tensor([[[1.0, 0.0]]]).expand(4000, 1, 2)
    torch.manual_seed(0)
    out = estimate(z, Mixture(torch.ones(4000, 1), c), "diveq")
    torch.testing.assert_close(out.norm(dim=1), torch.ones(4000))
    assert out[:, 1].std().item() == pytest.approx(DIVEQ_NOISE, rel=0.05)
    assert out[:, 1].mean().item() == pytest.approx(0, abs=4 * DIVEQ_NOISE / 4000**0.5)


@two_kinds
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_no_distance_gives_finite_gradients(estimator, n_codewords):
    """Where latent and codewords are one point, what is left is dz = g, dc = 0."""
    _, _, w, g = problem(n_codewords)
    z = torch.ones(N, DIM, dtype=torch.float64, requires_grad=True)
    c = torch.ones(N, n_codewords, DIM, dtype=torch.float64, requires_grad=True)
    out = estimate(z, Mixture(w, c), estimator)
    torch.testing.assert_close(out, torch.ones_like(out))
    out.backward(g)
    torch.testing.assert_close(z.grad, g)
    assert c.grad is None or torch.equal(c.grad, torch.zeros_like(c))


# The loss of a quantizer


@pytest.mark.parametrize("commitment", [1.0, 0.25, 0.0])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_gradient_of_the_loss(estimator, commitment):
    """Of Σ|z - z^|²/N: dz = commitment 2(z - z^)/N; codeword k gets -2 Σ (z - c_k)/N, if any."""
    vq = PlainVQ(np.eye(3), gradients=Gradients(estimator, commitment=commitment)).double()
    before = vq.corners().astype(float)
    z = draw(2, 5, 3, seed=4).requires_grad_()
    _, index, loss = vq.train()(z)
    loss.backward()
    error = z.detach().numpy() - before[index.numpy()]
    assert loss.item() == pytest.approx((error**2).mean(), rel=1e-12)
    np.testing.assert_allclose(z.grad.numpy(), commitment * 2 * error / error.size, atol=1e-15)
    if estimator == "straight_through":
        assert vq.codebook.grad is None
        return
    wanted = np.zeros((3, 3))
    np.add.at(wanted, index.numpy(), -2 * error / error.size)
    np.testing.assert_allclose(vq.codebook.grad.numpy(), wanted, atol=1e-15)


def test_on_a_curve_straight_through_trains_the_corners_by_the_loss_alone():
    sfvq = SpaceFillingVQ(np.eye(4), gradients=Gradients("straight_through"))
    z = draw(2, 9, 4, seed=5)
    quantized, _, loss = sfvq.train()(z.requires_grad_())
    (gradient,) = torch.autograd.grad(
        quantized.sum(), sfvq.codebook, allow_unused=True, retain_graph=True
    )
    assert gradient is None
    loss.backward()
    assert sfvq.codebook.grad.abs().sum() > 0


# The authors' package. Its SFDIVEQDetach isn't compared: in version 0.1.3 it takes the direction to
# the first corner for both, so that its output is that corner and not the dithered point.


def authors(name, codebook):
    """A module of the package `diveq` with this codebook, past its warm-up and without resets."""
    package = pytest.importorskip("diveq")
    options = {"allow_warning": False}
    if not name.startswith("SF"):
        options["codebook_reset"] = False
    module = getattr(package, name)(*codebook.shape, **options)
    module.codebook.data = torch.from_numpy(codebook)
    if name.startswith("SF"):
        module.iter_counter.fill_(10**6)
    return module


class OneSequence:
    """The authors' module for latents of shape (1, n, dim)."""

    def __init__(self, module):
        self.module, self.codebook = module, module.codebook

    def __call__(self, z):
        out, *rest = self.module(z[0])
        return out[None], *rest


def same_noise(monkeypatch, *draws):
    """Have the package's noise be these draws, in turn."""
    left = iter(draws)
    monkeypatch.setattr(
        torch.distributions.normal.Normal, "sample", lambda _, shape: next(left).reshape(shape)
    )


def assert_same(ours, z, codebook, theirs):
    """Compare values and the gradients of their squares."""
    other = z.detach().clone().requires_grad_()
    out = theirs(other)[0]
    torch.testing.assert_close(ours, out)
    ours.square().sum().backward()
    out.square().sum().backward()
    torch.testing.assert_close(z.grad, other.grad)
    torch.testing.assert_close(codebook.grad, theirs.codebook.grad)


@pytest.mark.parametrize(
    ("name", "estimator"), [("DIVEQ", "diveq"), ("DIVEQDetach", "diveq_deterministic")]
)
def test_plain_codebook_as_in_the_authors_package(name, estimator, monkeypatch):
    codebook = draw(16, DIM, seed=6).numpy()
    theirs = authors(name, codebook)
    vq = PlainVQ(codebook, gradients=Gradients(estimator)).double().train()
    vq.codebook.data = torch.from_numpy(codebook)
    z = draw(1, 40, DIM, seed=7).requires_grad_()
    torch.manual_seed(0)
    same_noise(monkeypatch, DIVEQ_NOISE * torch.randn(40, 1, DIM, dtype=torch.float64))
    torch.manual_seed(0)
    assert_same(vq(z)[0], z, vq.codebook, OneSequence(theirs))


def test_curve_as_in_the_authors_package(monkeypatch):
    codebook = draw(16, DIM, seed=6).numpy()
    theirs = authors("SFDIVEQ", codebook)
    sfvq = SpaceFillingVQ(codebook, gradients=Gradients("diveq")).double().train()
    sfvq.codebook.data = torch.from_numpy(codebook)
    z = draw(1, 40, DIM, seed=7).requires_grad_()
    torch.manual_seed(0)
    u = torch.rand(15, 1, dtype=torch.float64)
    noise = DIVEQ_NOISE * torch.randn(40, 2, DIM, dtype=torch.float64)
    same_noise(monkeypatch, noise[:, 0], noise[:, 1])
    c = theirs.codebook
    theirs._generate_dithered_codebook = lambda _: ((1 - u) * c[:-1] + u * c[1:], u)
    torch.manual_seed(0)
    assert_same(sfvq(z)[0], z, sfvq.codebook, OneSequence(theirs))


# Options


def test_options_are_checked_and_json_able():
    options = Gradients("diveq", commitment=0.25)
    assert Gradients(**json.loads(json.dumps(asdict(options)))) == options
    assert PlainVQ(np.eye(2)).gradients == Gradients("noise", commitment=1.0, decay=0.999)
    with pytest.raises(OptionError, match="estimator is 'gumbel'; use one of 'noise', 'diveq'"):
        Gradients("gumbel")
    for wrong in ({"commitment": -1.0}, {"commitment": np.inf}, {"decay": 1.0}, {"decay": np.nan}):
        with pytest.raises(OptionError, match=f"{next(iter(wrong))} is "):
            Gradients(**wrong)
    with pytest.raises(OptionError, match="estimator is 'other'"):
        estimate(torch.zeros(1, 2), Mixture(torch.ones(1, 1), torch.ones(1, 1, 2)), "other")


def test_how_a_quantizer_is_trained_is_fixed():
    """Buffers depend on it."""
    with pytest.raises(AttributeError):
        PlainVQ(np.eye(2)).gradients = Gradients("diveq")
