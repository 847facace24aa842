"""`training.voice.learner`: steps, and what an optimizer remembers when a codebook has grown."""

import copy

import numpy as np
import pytest
import torch
from made_voices import WINDOW, spectrogram, toy
from torch import nn

from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.quantizers.estimators import Gradients
from sfvq_analysis.training.voice.fabric import start_fabric
from sfvq_analysis.training.voice.learner import Learner
from sfvq_analysis.training.voice.objective import Batch, DecoderObjective, JointObjective, Losses
from sfvq_analysis.voice.model import VoiceNets


@pytest.fixture(scope="module")
def fabric():
    return start_fabric("32-true")


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def batch(seed=0):
    mels = np.stack([spectrogram(WINDOW, 6 * seed + number) for number in range(6)])
    n = WINDOW // 2 - 1
    units = torch.zeros(3, n, 0, dtype=torch.long)
    first, second = torch.from_numpy(mels[:3]), torch.from_numpy(mels[3:])
    return Batch(first, first, second, units)


def learning(fabric, quantizer):
    objective = JointObjective(VoiceNets(toy().shapes), quantizer, toy(), variance=0.05)
    return Learner(fabric, objective.train(), quantizer, clip=1.0)


def moments(learner, module):
    return [
        {name: x.clone() for name, x in learner.optimizer.state[weight].items()}
        for weight in module.parameters()
    ]


def test_a_step_makes_the_loss_smaller(fabric):
    learner = learning(fabric, SpaceFillingVQ.random(16, 4))
    losses = [learner.step(batch(), 1e-2).reconstruction.item() for _ in range(8)]
    assert losses[-1] < 0.9 * losses[0]


def test_the_rate_is_that_of_the_step(fabric):
    learner = learning(fabric, SpaceFillingVQ.random(16, 4))
    before = learner.objective.nets.decoder.enter.weight.detach().clone()
    learner.step(batch(), 1e-3)
    moved = (learner.objective.nets.decoder.enter.weight - before).abs()
    assert moved.max().item() == pytest.approx(1e-3, rel=0.01)  # Adam's first step


def test_the_gradient_is_no_longer_than_the_clip(fabric):
    learner = learning(fabric, SpaceFillingVQ.random(16, 4))
    learner._clip = 1e-3
    learner.step(batch(), 0.0)
    norms = [x.grad.norm() for x in learner.objective.parameters()]
    assert torch.stack(norms).norm().item() == pytest.approx(1e-3, rel=1e-3)


def test_a_codebook_that_has_grown_learns_and_the_others_go_on(fabric):
    quantizer = SpaceFillingVQ.random(16, 4)
    learner = learning(fabric, quantizer)
    learner.step(batch(), 1e-2)
    learner.step(batch(1), 1e-2)
    nets, former = learner.objective.nets, quantizer.codebook
    before = moments(learner, nets)
    quantizer.grow()
    learner.replace_codebook(quantizer)
    grown = quantizer.corners()
    assert former not in learner.optimizer.state
    for old, new in zip(before, moments(learner, nets), strict=True):
        assert all(torch.equal(old[name], new[name]) for name in old)
    learner.step(batch(2), 1e-2)
    moved = np.abs(quantizer.corners() - grown).max(axis=1)
    assert (moved > 1e-4).sum() > 16  # more than there were
    assert learner.optimizer.state[quantizer.codebook]["step"] == 1
    assert all(x["step"] == 3 for x in moments(learner, nets))
    assert len([p for g in learner.optimizer.param_groups for p in g["params"]]) == len(
        list(learner.objective.parameters())
    )


class Idle(nn.Module):
    """A weight and a codebook whose gradients are 0."""

    def __init__(self, quantizer):
        super().__init__()
        self.weight, self.quantizer = nn.Parameter(torch.ones(3)), quantizer

    def forward(self, given):
        zero = 0 * (self.weight.sum() + self.quantizer.codebook.sum())
        return Losses(zero, zero, zero, zero, given.units)


def test_weights_decay_and_codewords_do_not(fabric):
    idle = Idle(SpaceFillingVQ.random(16, 4))
    corners = idle.quantizer.corners()
    Learner(fabric, idle, idle.quantizer, 1.0).step(batch(), 0.1)
    assert idle.weight.tolist() == pytest.approx([1 - 0.1 * 1e-4] * 3, abs=1e-7)
    np.testing.assert_array_equal(idle.quantizer.corners(), corners)


def test_a_codebook_of_running_means_moves_without_gradients(fabric):
    quantizer = PlainVQ.random(16, 4, gradients=Gradients("straight_through", decay=0.5))
    learner = learning(fabric, quantizer)
    before = quantizer.corners()
    learner.step(batch(), 0.0)
    assert quantizer.codebook.grad is None
    assert not np.array_equal(quantizer.corners(), before)


def test_the_frozen_encoder_stays_to_the_last_bit(fabric):
    nets = VoiceNets(toy().shapes)
    nets.encoder.requires_grad_(requires_grad=False)
    before = {name: x.clone() for name, x in nets.state_dict().items()}
    learner = Learner(fabric, DecoderObjective(nets, toy(), 0.05), None, clip=1.0)
    points = batch()._replace(heard=torch.randn(3, WINDOW // 2 - 1, 4))
    for _ in range(3):
        learner.step(points, 1e-2)
        learner.judged([points])
    for name, tensor in nets.state_dict().items():
        same = torch.equal(tensor, before[name])
        assert same == name.startswith("encoder."), name


def test_judging_changes_nothing(fabric):
    learner = learning(fabric, SpaceFillingVQ.random(16, 4))
    state = {name: x.clone() for name, x in learner.objective.state_dict().items()}
    batches = [batch(1), batch(2)]
    found = learner.judged(batches)
    assert learner.objective.training
    after = learner.objective.state_dict()
    assert all(torch.equal(x, after[name]) for name, x in state.items())
    learner.objective.eval()
    one_by_one = [learner.objective(given).reconstruction.item() for given in batches]
    assert found == pytest.approx(np.mean(one_by_one), rel=1e-6)


def test_a_learner_goes_on_from_what_another_remembered(fabric):
    one = learning(fabric, SpaceFillingVQ.random(16, 4))
    one.step(batch(), 1e-2)
    other = learning(fabric, SpaceFillingVQ.random(16, 4))
    other.objective.load_state_dict(one.objective.state_dict())
    other.restore(copy.deepcopy(one.state()))  # as from a file
    for learner in (one, other):
        torch.manual_seed(9)
        learner.step(batch(1), 1e-2)
    mine, theirs = one.objective.state_dict(), other.objective.state_dict()
    assert all(torch.equal(x, theirs[name]) for name, x in mine.items())
