"""`training.voice.units`, `clusters`, `alignment` and `vocal_tracts`: what is to be told, and why.

Features of utterances are made alike over speakers, then clustered.
"""

import numpy as np
import pytest
from made_voices import spectrogram

from sfvq_analysis.encoders.convolutional import n_latents
from sfvq_analysis.encoders.mel import cepstrum
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.training.voice.alignment import Alignment, aligned
from sfvq_analysis.training.voice.augmentation import stretchings
from sfvq_analysis.training.voice.clusters import clusters_of
from sfvq_analysis.training.voice.units import (
    Units,
    balanced,
    cepstral_features,
    joined,
    spectral_features,
    units_of,
)
from sfvq_analysis.training.voice.vocal_tracts import alike, cepstra_of

LENGTHS = (20, 1, 0, 33, 80)


def features(dim=3, seed=1, lengths=LENGTHS):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, dim)).astype(np.float32) for n in lengths]


class TestUnits:
    def test_every_latent_has_a_unit_of_every_codebook(self):
        units = units_of(features(), (4, 6), 0)
        assert units.sizes == (4, 6)
        assert units.values.shape == (134, 2)
        assert units.starts.tolist() == [0, 20, 21, 21, 54]
        for column, size in zip(units.values.T, units.sizes, strict=True):
            assert set(column) == set(range(size))

    def test_they_depend_on_the_seed_alone_and_each_codebook_has_its_own(self):
        one, again, other = (units_of(features(), (6, 6), seed).values for seed in (3, 3, 9))
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other)
        assert not np.array_equal(*one.T)

    def test_groups_of_features_are_told_apart(self):
        which = np.random.default_rng(0).integers(3, size=134)
        centres = np.array([[0.0, 9.0], [9.0, 0.0], [0.0, 0.0]])
        parts = np.split(centres[which] + np.concatenate(features(2)), np.cumsum(LENGTHS)[:-1])
        found = units_of([part.astype(np.float32) for part in parts], (3,), 0).values[:, 0]
        pairs = set(zip(which.tolist(), found.tolist(), strict=True))
        assert len(pairs) == 3

    @pytest.mark.parametrize("seed", [0, 2**32 - 1])
    def test_any_seed_will_do(self, seed):
        assert units_of(features(), (3, 3), seed).values.shape == (134, 2)

    def test_too_little_speech_is_refused(self):
        with pytest.raises(VoiceError) as caught:
            units_of(features(), (4, 200), 0)
        assert str(caught.value) == (
            "the speech is too short for 200 units; use fewer units or more speech"
        )
        with pytest.raises(VoiceError, match="too short for 4 units"):
            clusters_of(np.zeros((0, 3), np.float32), 4, 0)

    def test_balanced_features_have_norm_one_on_average_and_fewer_dimensions(self):
        given = features(80, lengths=(200, 1, 0, 90))
        found = balanced([100 * part + 7 for part in given])
        assert [part.shape for part in found] == [(200, 65), (1, 65), (0, 65), (90, 65)]
        every = np.concatenate(found)
        assert np.square(every).sum(axis=1).mean() == pytest.approx(1, rel=1e-4)
        np.testing.assert_allclose(every.mean(axis=0), 0, atol=1e-4)
        same = balanced([np.ones((5, 3), np.float32)])[0]
        np.testing.assert_array_equal(same, np.zeros((5, 3)))


class TestCepstra:
    @pytest.mark.parametrize("n_frames", [32, 57, 64])
    def test_they_are_of_the_frames_in_the_middle_of_what_a_latent_sees(self, n_frames):
        mel = spectrogram(n_frames)
        n = n_latents(n_frames)
        middle = np.array([(mel[2 * j + 1] + mel[2 * j + 2]) / 2 for j in range(n)])
        wanted = cepstrum(middle)
        wanted = (wanted - wanted.mean(axis=0)) / wanted.std(axis=0)
        np.testing.assert_allclose(cepstra_of(mel), wanted, atol=1e-4)

    def test_features_have_a_row_a_latent(self):
        mels = [spectrogram(n, seed=n) for n in (80, 91, 130, 64)]
        found = cepstral_features(mels, 0)
        assert [part.shape for part in found] == [(n_latents(len(mel)), 65) for mel in mels]
        again = cepstral_features(mels, 0)
        assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))


class TestAlignment:
    HOW = Alignment(clusters=6, rounds=4, context=0, ridge=1.0, bias_ridge=1.0)

    def heard(self, n_utterances=6):
        """The same six groups of features in every utterance, after an affine map of its own."""
        rng = np.random.default_rng(0)
        centres = 4 * rng.normal(size=(6, 3))
        which = np.tile(np.arange(6), 30)
        maps = np.eye(3) + 0.06 * rng.normal(size=(n_utterances, 3, 3))
        shifts = 0.4 * rng.normal(size=(n_utterances, 1, 3))
        noise = 0.1 * rng.normal(size=(n_utterances, 180, 3))
        parts = ((centres[which] + noise) @ maps + shifts).astype(np.float32)
        return list(parts), which

    @staticmethod
    def apart(parts, which):
        """How far the groups' means are from one utterance to another."""
        means = [[part[which == group].mean(axis=0) for group in range(6)] for part in parts]
        return np.std(means, axis=0).mean()

    @pytest.mark.parametrize("context", [0, 1])
    def test_groups_come_to_lie_over_one_another(self, context):
        parts, which = self.heard()
        found = aligned(parts, self.HOW._replace(context=context), 0)
        assert self.apart(found, which) < 0.2 * self.apart(parts, which)
        before, after = np.concatenate(parts), np.concatenate(found)
        np.testing.assert_allclose(after.std(axis=0), before.std(axis=0), rtol=1e-4)
        assert all(part.dtype == np.float32 for part in found)

    def test_a_map_is_affine(self):
        parts, _ = self.heard()
        given, found = parts[2], aligned(parts, self.HOW, 0)[2]
        source = np.hstack([given, np.ones((180, 1))])
        weights = np.linalg.lstsq(source, found, rcond=None)[0]
        np.testing.assert_allclose(source @ weights, found, atol=1e-4)

    def test_strongly_drawn_to_the_identity_nothing_moves(self):
        parts, _ = self.heard()
        found = aligned(parts, self.HOW._replace(ridge=1e9, bias_ridge=1e9), 0)
        for before, after in zip(parts, found, strict=True):
            np.testing.assert_allclose(after, before, atol=1e-3)

    def test_it_is_the_same_every_time_and_takes_utterances_without_features(self):
        parts, _ = self.heard()
        parts.insert(1, np.zeros((0, 3), np.float32))
        one, again = (aligned(parts, self.HOW, 0) for _ in range(2))
        assert [len(part) for part in one] == [180, 0, *[180] * 5]
        assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))


class TestVocalTracts:
    def heard(self):
        """One stretch of smooth spectra as six throats would give it."""
        rng = np.random.default_rng(0)
        steps = np.repeat(rng.normal(size=(40, 13)) / np.arange(1, 14), 4, axis=0)
        basis = np.cos(np.pi * np.outer(np.arange(13), np.arange(80) + 0.5) / 80)
        said = steps @ basis
        throats = (3, 5, 6, 8, 9, 11)
        noise = 0.02 * rng.normal(size=(6, 160, 80))
        return [
            (said @ stretchings()[throat].T + n).astype(np.float32)
            for throat, n in zip(throats, noise, strict=True)
        ]

    @staticmethod
    def apart(mels):
        centred = np.array([mel - mel.mean(axis=0) for mel in mels])[:, :, :60]
        return centred.std(axis=0).mean()

    def test_what_throats_did_is_undone(self):
        mels = self.heard()
        found = alike(mels, 0)
        assert self.apart(found) < 0.6 * self.apart(mels)
        for before, after in zip(mels, found, strict=True):
            centred = before - before.mean(axis=0)
            distances = [np.abs(centred @ matrix.T - after).max() for matrix in stretchings()]
            assert min(distances) < 1e-5

    def test_it_is_the_same_every_time(self):
        mels = self.heard()
        one, again = (alike(mels, 3) for _ in range(2))
        assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))


def test_units_are_kept_and_read(tmp_path):
    units = Units(np.arange(6, dtype=np.int32).reshape(3, 2), np.array([0, 1]), (4, 6))
    units.save(tmp_path / "units.npz")
    again = Units.load(tmp_path / "units.npz")
    np.testing.assert_array_equal(again.values, units.values)
    np.testing.assert_array_equal(again.starts, units.starts)
    assert again.sizes == (4, 6)
    content = (tmp_path / "units.npz").read_bytes()
    (tmp_path / "units.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(VoiceError, match=r"units\.npz: units are damaged"):
        Units.load(tmp_path / "units.npz")


def test_codebooks_of_two_kinds_stand_side_by_side():
    starts = np.array([0, 2])
    first = Units(np.zeros((3, 2), np.int32), starts, (4, 6))
    second = Units(np.ones((3, 1), np.int32), starts, (8,))
    both = joined(first, second)
    assert both.sizes == (4, 6, 8)
    np.testing.assert_array_equal(both.values, [[0, 0, 1]] * 3)


def test_spectral_features_are_the_middle_frames_and_two_neighbours():
    mel = np.random.default_rng(0).normal(size=(11, 80)).astype(np.float32)
    (features,) = spectral_features([mel])
    middle = np.stack([(mel[1] + mel[2]) / 2, (mel[3] + mel[4]) / 2, (mel[5] + mel[6]) / 2])
    middle = np.vstack([middle, [(mel[7] + mel[8]) / 2]])
    centred = middle - middle.mean(axis=0)
    np.testing.assert_allclose(features[2], centred[[0, 1, 2, 3, 3]].ravel(), atol=1e-5)
