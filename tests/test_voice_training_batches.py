"""`training.voice.batches`: rows of spectrograms, latents, units, points that belong together."""

import numpy as np
import pytest
import torch
from made_voices import WINDOW, store, toy
from voice_files import lively_net

from sfvq_analysis.encoders.convolutional import EDGE, folded, n_latents
from sfvq_analysis.encoders.utterance_mel import NORMALISATIONS, bands_of
from sfvq_analysis.training.voice import SpokenFrames
from sfvq_analysis.training.voice.batches import PointBatches, SpectrogramBatches
from sfvq_analysis.training.voice.frame_store import FrameStore
from sfvq_analysis.training.voice.latents import latents_of
from sfvq_analysis.training.voice.units import Units
from sfvq_analysis.training.voice.windows import WindowSampler

N = n_latents(WINDOW)
INNER = slice(EDGE, N - EDGE)


@pytest.fixture(scope="module")
def mels(tmp_path_factory):
    """Utterances of three of four speakers, so that rows of the file are left out."""
    whole = store(tmp_path_factory.mktemp("batches") / "mels")
    return whole.split(frozenset({"s1"}))[0]


@pytest.fixture
def sampler(mels):
    return WindowSampler(mels, WINDOW, 6, seed=1)


def numbered(mels):
    """Units that say of each latent which utterance it is of, and which of its latents."""
    counts = [n_latents(int(length)) for length in mels.lengths]
    rows = [np.stack([np.full(n, number), np.arange(n)], 1) for number, n in enumerate(counts)]
    return Units(np.concatenate(rows), np.cumsum(counts) - counts, (99, 99))


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_windows_are_rows_of_the_utterance_as_the_encoder_hears_it(mels, sampler, normalise):
    options = toy(encoder={"normalise": normalise})
    batch = SpectrogramBatches(mels, None, sampler, options).batch(3)
    drawn = sampler.draw(3)
    assert batch.units.shape == (6, N, 0)
    for row, (number, start, other, other_start) in enumerate(zip(*drawn, strict=True)):
        mel = mels.of(number)
        heard = bands_of(mel, normalise).applied(mel)
        np.testing.assert_array_equal(batch.heard[row], heard[start : start + WINDOW])
        np.testing.assert_array_equal(batch.mel[row], mel[start : start + WINDOW])
        reference = mels.of(other)[other_start : other_start + WINDOW]
        np.testing.assert_array_equal(batch.reference[row], reference)


@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_latents_of_a_window_are_those_of_the_utterance_from_half_its_start_on(
    mels, sampler, normalise
):
    options = toy(encoder={"normalise": normalise})
    net = lively_net(options.shapes.encoder)
    whole = list(latents_of(net, mels))
    batches = SpectrogramBatches(mels, None, sampler, options)
    for step in range(4):
        heard, drawn = batches.batch(step).heard, sampler.draw(step)
        windows = folded(net)(heard.transpose(1, 2)).transpose(1, 2).numpy()
        for latents, number, start in zip(windows, drawn.utterance, drawn.start, strict=True):
            wanted = whole[number][start // 2 : start // 2 + N]
            np.testing.assert_allclose(latents[INNER], wanted[INNER], atol=1e-4)
            assert np.abs(latents - wanted).max() > 1e-3 or start in {0, len(mels.of(number)) - 32}


def test_units_are_those_of_the_windows_latents(mels, sampler):
    units = numbered(mels)
    for step in range(4):
        batch = SpectrogramBatches(mels, units, sampler, toy()).batch(step)
        drawn = sampler.draw(step)
        assert batch.units.dtype == torch.long
        wanted = np.stack(np.broadcast_arrays(
            drawn.utterance[:, None], drawn.start[:, None] // 2 + np.arange(N)
        ), axis=2)  # fmt: skip
        np.testing.assert_array_equal(batch.units, wanted)


def test_points_are_those_of_the_windows_latents(mels, sampler, tmp_path):
    rows = numbered(mels)
    counts = [n_latents(int(length)) for length in mels.lengths]
    parts = np.split(rows.values, np.cumsum(counts)[:-1])
    points = FrameStore.written(
        (
            SpokenFrames(name, speaker, part)
            for name, speaker, part in zip(mels.utterances, mels.speakers, parts, strict=True)
        ),
        tmp_path / "points",
    )
    given = PointBatches(points, sampler, toy()).batch(2)
    same = SpectrogramBatches(mels, rows, sampler, toy()).batch(2)
    assert given.heard.dtype == torch.float32
    assert torch.equal(given.heard.long(), same.units)
    assert torch.equal(given.mel, same.mel)
    assert torch.equal(given.reference, same.reference)
    assert given.units.shape == (6, N, 0)


def test_a_batch_depends_on_its_step_alone_and_is_ones_own(mels, sampler):
    batches = SpectrogramBatches(mels, numbered(mels), sampler, toy())
    first = batches.batch(0)
    batches.batch(1)
    for part in batches.batch(0):
        part.add_(1)
    again = batches.batch(0)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(batches.batch(1).mel, first.mel)
