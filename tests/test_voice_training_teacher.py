"""`training.voice.teacher`: an encoder that fills in what it doesn't hear, for better units."""

import numpy as np
import pytest
import torch
from made_voices import shapes, spectrogram, store, toy

from sfvq_analysis.encoders.convolutional import ConvolutionalEncoder, n_latents
from sfvq_analysis.training.voice import teacher
from sfvq_analysis.training.voice.fabric import start_fabric
from sfvq_analysis.training.voice.frame_store import FrameStore
from sfvq_analysis.training.voice.learner import Learner
from sfvq_analysis.training.voice.objective import Batch
from sfvq_analysis.training.voice.run_folder import RunFolder
from sfvq_analysis.training.voice.teacher import Context, MaskedObjective, blanks, taught_units

FRAMES = 64
N = n_latents(FRAMES)
SIZES = (4, 6)


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def batch():
    mels = torch.from_numpy(np.stack([spectrogram(FRAMES, seed) for seed in range(3)]))
    units = torch.stack([torch.arange(3 * N).reshape(3, N) % size for size in SIZES], dim=2)
    return Batch((mels - 0.5) / 0.2, mels, mels, units)


class TestBlanks:
    def test_stretches_of_eight_to_sixteen_frames_are_blank(self):
        lengths = set()
        for row in blanks(300, 50).numpy():  # room for one stretch
            assert row.any()
            edges = np.flatnonzero(np.diff(np.r_[0, row, 0]))
            assert len(edges) == 2
            if edges[1] < 50:
                lengths.add(int(edges[1] - edges[0]))
        assert lengths == set(range(8, 17))

    def test_about_a_fifth_of_the_time_is(self):
        assert 0.15 < blanks(200, 256).float().mean().item() < 0.3

    @pytest.mark.parametrize("frames", [1, 7, 32])
    def test_short_windows_have_some_too(self, frames):
        assert blanks(20, frames).shape == (20, frames)
        assert blanks(20, frames).any()


class TestContext:
    def test_it_sees_a_third_of_a_second(self):
        context = Context(4).eval()
        latents = torch.randn(1, 61, 4)
        other = latents.clone()
        other[:, 30] += 1
        for depth, reach in ((0, 0), (1, 1), (4, 15), (None, 16)):
            changed = (context(latents, depth) != context(other, depth))[0].any(dim=1)
            assert changed.nonzero().flatten().tolist() == list(range(30 - reach, 31 + reach))


class TestObjective:
    @pytest.fixture(autouse=True)
    def _plain(self, monkeypatch):
        """Nothing is altered, and the same frames are blank every time."""
        blank = torch.zeros(3, FRAMES, dtype=torch.bool)
        blank[:, 21:35] = True
        monkeypatch.setattr(teacher, "augmented", lambda mel, **_: mel)
        monkeypatch.setattr(teacher, "blanks", lambda *_: blank)

    @pytest.fixture
    def objective(self):
        encoder = ConvolutionalEncoder(shapes().encoder)
        return MaskedObjective(encoder, SIZES).eval()

    HIDDEN = slice(10, 17)  # both frames of these latents' middles, 2j + 1 and 2j + 2, are blank

    def test_blank_frames_are_not_heard(self, objective):
        given = batch()
        other = given._replace(heard=given.heard.clone())
        other.heard[:, 21:35] += 1
        assert torch.equal(objective(given).total, objective(other).total)
        other.heard[:, 20] += 1
        assert not torch.equal(objective(given).total, objective(other).total)

    def test_latents_tell_units_where_they_hear_and_the_context_where_they_do_not(self, objective):
        given = batch()
        before = objective(given)
        hidden, edge = (given._replace(units=given.units.clone()) for _ in range(2))
        hidden.units[:, self.HIDDEN] = 0
        edge.units[:, 17] = 0
        assert torch.equal(objective(hidden).units, before.units)
        assert not torch.equal(objective(hidden).total, before.total)
        assert not torch.equal(objective(edge).units, before.units)

    def test_all_of_it_learns(self, objective):
        losses = objective.train()(batch())
        losses.total.backward()
        assert losses.total > losses.units > 0
        assert losses.reconstruction == losses.quantizer == losses.indices.numel() == 0
        for name, weight in objective.named_parameters():
            assert weight.grad.abs().sum() > 0, name


@pytest.fixture(scope="module")
def mels(tmp_path_factory):
    """Utterances of two of four speakers."""
    lengths = (110, 161, 190)
    whole = store(tmp_path_factory.mktemp("teacher") / "mels", lengths)
    return whole.split(frozenset({"s1", "s2"}))[1]


@pytest.mark.parametrize("steps", [0, 4])
def test_every_latent_of_every_utterance_gets_units(mels, tmp_path, steps, monkeypatch):
    options = toy(units=1.0, teacher_steps=steps, unit_sizes=SIZES)
    folder, fabric = RunFolder(tmp_path), start_fabric("32-true")
    units = taught_units(mels, options, fabric, folder, progress=False)
    counts = [n_latents(int(length)) for length in mels.lengths]
    assert units.sizes == SIZES
    assert units.values.shape == (sum(counts), 2)
    assert units.starts.tolist() == [sum(counts[:number]) for number in range(len(counts))]
    assert folder.phase("teacher").has_ended == bool(steps)
    if steps:
        heard = FrameStore.opened(folder.alike)
        assert heard.utterances == mels.utterances
        assert heard.lengths.tolist() == mels.lengths.tolist()
        monkeypatch.setattr(Learner, "step", None)  # it isn't trained again
    again = taught_units(mels, options, fabric, folder, progress=False)
    np.testing.assert_array_equal(again.values, units.values)


def test_a_teacher_makes_other_units(mels, tmp_path):
    fabric, found = start_fabric("32-true"), []
    for steps in (0, 2):
        options = toy(units=1.0, teacher_steps=steps, unit_sizes=SIZES)
        folder = RunFolder(tmp_path / str(steps))
        found.append(taught_units(mels, options, fabric, folder, progress=False).values)
    assert not np.array_equal(*found)
