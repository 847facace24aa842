"""`training.voice.objective`: what is minimised, and by whom."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_voices import WINDOW, shapes, spectrogram, toy
from torch.nn import functional

from sfvq_analysis.quantizers import SpaceFillingVQ
from sfvq_analysis.training.voice.objective import (
    Batch,
    DecoderObjective,
    JointObjective,
    Losses,
    UnitHeads,
    jittered,
    means,
)
from sfvq_analysis.voice.model import VoiceNets

N = WINDOW // 2 - 1


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def batch(codebooks=(4, 6, 5)):
    mels = torch.from_numpy(np.stack([spectrogram(WINDOW, seed) for seed in range(6)]))
    units = torch.stack([torch.arange(3 * N).reshape(3, N) % size for size in codebooks], dim=2)
    return Batch((mels[:3] - 0.5) / 0.2, mels[:3], mels[3:], units)


class TestJitter:
    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 4), st.integers(2, 9), st.floats(0, 1), st.integers(0, 99))
    def test_a_latent_stays_or_becomes_a_neighbour(self, n_batch, n, share, seed):
        places = torch.arange(n, dtype=torch.float32).expand(n_batch, n)[..., None]
        latents = torch.cat([places, noise(n_batch, n, 2)], dim=2)
        torch.manual_seed(seed)
        moved = jittered(latents, share)
        came_from = moved[..., 0].long()
        assert ((came_from - torch.arange(n)).abs() <= 1).all()
        for row in range(n_batch):
            assert torch.equal(moved[row], latents[row, came_from[row]])

    def test_so_many_move_and_to_either_side_as_often(self):
        places = torch.arange(100.0).expand(400, 100)[..., None]
        moved = (jittered(places, 0.3) - places)[:, 1:-1]
        shares = [(moved == step).float().mean().item() for step in (-1, 0, 1)]
        assert shares == pytest.approx([0.15, 0.7, 0.15], abs=0.01)

    def test_at_the_ends_as_many_move_to_the_only_neighbour(self):
        places = torch.arange(5.0).expand(20_000, 5)[..., None]
        moved = jittered(places, 0.3)[..., 0]
        assert (moved[:, 0] == 1).float().mean().item() == pytest.approx(0.3, abs=0.02)
        assert (moved[:, 4] == 3).float().mean().item() == pytest.approx(0.3, abs=0.02)

    def test_none_move_where_none_should_or_can(self):
        assert torch.equal(jittered(noise(2, 7, 3), 0.0), noise(2, 7, 3))
        assert torch.equal(jittered(noise(2, 1, 3), 1.0), noise(2, 1, 3))
        assert not torch.eq(jittered(noise(2, 7, 3), 1.0), noise(2, 7, 3)).any()

    def test_the_gradient_goes_where_the_value_came_from(self):
        latents = torch.arange(6.0).reshape(1, 6, 1).requires_grad_()
        moved = jittered(latents, 0.7)
        moved.sum().backward()
        counts = torch.bincount(moved.detach().long().flatten(), minlength=6)
        assert latents.grad.flatten().tolist() == counts.tolist()


class TestUnits:
    def test_the_loss_is_the_mean_cross_entropy_in_units_of_guessing(self):
        heads = UnitHeads(4, (4, 6, 5))
        latents, units = noise(3, N, 4), batch().units
        scores, losses, first = heads.scores(latents).detach(), [], 0
        for column, size in enumerate((4, 6, 5)):
            p = scores[..., first : first + size].softmax(dim=2)
            for row in range(3):
                for j in range(N):
                    guess = -math.log(p[row, j, units[row, j, column]]) / math.log(size)
                    losses.append(guess)
            first += size
        assert heads(latents, units).item() == pytest.approx(np.mean(losses), rel=1e-5)

    def test_only_latents_that_count_count(self):
        heads, units = UnitHeads(4, (4, 6, 5)), batch().units
        latents, mask = noise(3, N, 4), noise(3, N, seed=1) > 0
        chosen = heads(latents[mask][None], units[mask][None])
        assert heads(latents, units, mask).item() == pytest.approx(chosen.item(), rel=1e-5)
        assert heads(latents, units, torch.zeros_like(mask)).item() == 0

    def test_guessing_costs_one(self):
        heads = UnitHeads(4, (4, 6, 5))
        torch.nn.init.zeros_(heads.scores.weight)
        torch.nn.init.zeros_(heads.scores.bias)
        assert heads(noise(3, N, 4), batch().units).item() == pytest.approx(1.0)

    def test_no_codebooks_cost_nothing_and_need_no_weights(self):
        none = UnitHeads(4, ())
        assert not list(none.parameters())
        for heads in (none, UnitHeads(4, (4, 6, 5))):
            assert heads(noise(3, N, 4), torch.zeros(3, N, 0, dtype=torch.long)).item() == 0


def joint(**options):
    options = toy(units=1.0, **options)
    quantizer = SpaceFillingVQ.random(16, 4, 0)
    return JointObjective(VoiceNets(options.shapes), quantizer, options, variance=0.05)


class TestJoint:
    def test_in_evaluation_it_is_the_direct_computation(self):
        objective = joint().eval()
        nets, given = objective.nets, batch()
        losses = objective(given)
        latents = nets.encoder(given.heard.transpose(1, 2))
        codes = objective.quantizer.encode(latents.flatten(0, 1).detach().numpy())
        points = torch.from_numpy(objective.quantizer.decode(codes)).reshape(3, N, 4)
        decoded = nets.decoder(points, nets.speaker_encoder(given.reference))
        error = (decoded - given.mel[:, 1 : 2 * N + 1]).square().mean() / 0.05
        assert losses.reconstruction.item() == pytest.approx(error.item(), rel=1e-5)
        assert losses.quantizer.item() == pytest.approx(codes.distortion.mean() / 4, rel=1e-4)
        assert losses.units.item() == objective.heads(latents, given.units).item()
        assert losses.indices.flatten().tolist() == codes.codeword.tolist()
        assert torch.equal(objective(given).total, losses.total)

    @pytest.mark.parametrize("training", [True, False])
    def test_the_total_is_the_weighted_sum(self, training):
        objective = joint(reconstruction=3.0).train(training)
        objective._options = toy(units=0.25, reconstruction=3.0)
        losses = objective(batch())
        total = 3 * losses.reconstruction + losses.quantizer + 0.25 * losses.units
        assert losses.total.item() == pytest.approx(total.item(), rel=1e-6)

    def test_in_training_codes_are_jittered_and_all_parts_learn(self):
        objective = joint(jitter=1.0)
        still = joint(jitter=0.0)
        still.load_state_dict(objective.state_dict())
        losses = []
        for one in (objective, still):
            torch.manual_seed(5)
            losses.append(one(batch()))
        assert losses[0].reconstruction != losses[1].reconstruction
        assert losses[0].quantizer == losses[1].quantizer
        losses[0].total.backward()
        for name, weight in objective.named_parameters():
            assert weight.grad.abs().sum() > 0, name

    def test_the_first_and_last_frames_of_a_window_are_not_decoded(self):
        objective, given = joint().eval(), batch()
        changed = given._replace(mel=given.mel.clone())
        changed.mel[:, 0] += 1
        changed.mel[:, 2 * N + 1 :] += 1
        assert torch.equal(objective(changed).reconstruction, objective(given).reconstruction)


class TestDecoderAlone:
    def given(self):
        return batch()._replace(heard=noise(3, N, 4))

    def test_it_is_the_direct_computation(self):
        nets, given = VoiceNets(shapes()), self.given()
        objective = DecoderObjective(nets, toy(jitter=0.5), variance=0.05).eval()
        losses = objective(given)
        decoded = nets.decoder(given.heard, nets.speaker_encoder(given.reference))
        error = functional.mse_loss(decoded, given.mel[:, 1 : 2 * N + 1]) / 0.05
        assert losses.total.item() == losses.reconstruction.item() == pytest.approx(error.item())
        assert losses.quantizer.item() == losses.units.item() == losses.indices.numel() == 0

    def test_decoder_and_speaker_encoder_learn_and_nothing_reaches_the_encoder(self):
        nets = VoiceNets(shapes())
        before = {name: x.clone() for name, x in nets.encoder.state_dict().items()}
        objective = DecoderObjective(nets, toy(jitter=0.5), variance=0.05).train()
        assert nets.encoder.training  # without an effect
        torch.manual_seed(1)
        one = objective(self.given()).total
        one.backward()
        assert all(weight.grad is None for weight in nets.encoder.parameters())
        for part in (nets.decoder, nets.speaker_encoder):
            assert all(weight.grad.abs().sum() > 0 for weight in part.parameters())
        assert all(torch.equal(x, before[name]) for name, x in nets.encoder.state_dict().items())
        torch.manual_seed(2)
        assert objective(self.given()).total != one  # jittered otherwise


def test_means_of_batches():
    def losses(value):
        parts = [torch.tensor(value * k, requires_grad=True) for k in (1.0, 2.0, 3.0, 4.0)]
        return Losses(*parts, torch.zeros(2, 3, dtype=torch.long)).detached()

    assert not any(part.requires_grad for part in losses(1.0))
    found = means([losses(1.0), losses(3.0)])
    assert found == {"total": 2.0, "reconstruction": 4.0, "quantizer": 6.0, "units": 8.0}
    assert all(type(value) is float for value in found.values())


@pytest.mark.parametrize("augment", [True, False])
def test_what_is_heard_is_altered_in_training_only(augment):
    options = toy(units=1.0, augment=augment)
    quantizer = SpaceFillingVQ.random(16, 4)
    objective = JointObjective(VoiceNets(options.shapes), quantizer, options, 0.05)
    for training in (True, False):
        objective.train(training)
        found = [objective(batch()).units.item() for _ in range(3)]
        assert len(set(found)) == (3 if augment and training else 1)
