"""`training.frames`: wherever frames come from, they are checked and read in the same blocks."""

from __future__ import annotations

import tracemalloc
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_frames import as_features, gaussian, pieces

from sfvq_analysis.curve import Grid
from sfvq_analysis.encoders import config_digest
from sfvq_analysis.errors import OptionError, QuantizerError
from sfvq_analysis.training import FitOptions, curve_fit, fit_sfvq, frames
from sfvq_analysis.training.frames import FittingFrames

made = settings(max_examples=40, deadline=None)
MEL = {"encoder": "mel", "context": 0}
QUICK = FitOptions(stage_sweeps=1, final_sweeps=2, sweeps_per_octave=2)
lengths = st.lists(st.integers(0, 700), min_size=1, max_size=12).filter(any)


def stored(values, path, dtype=np.float32):
    """Return a memory map of frames, read only."""
    np.save(path, values.astype(dtype))
    return np.load(path, mmap_mode="r")


class TestWaysToHandThemOver:
    @pytest.mark.parametrize("method", ["map", "stochastic"])
    def test_the_same_frames_give_the_same_curve_bytes(self, method, tmp_path):
        values = gaussian(5003)
        sources = [
            values,
            values.astype(np.float64),
            np.asfortranarray(values),
            values[::-1][::-1],
            stored(values, tmp_path / "32.npy"),
            stored(values, tmp_path / "64.npy", np.float64),
            as_features(values),
            lambda: iter([values]),
            lambda: pieces(values, (1, 7, 65, 0, 4097)),
            lambda: iter(pieces(values.astype(np.float64), (333,))),
            lambda: map(as_features, pieces(values, (1999,))),
            iter(pieces(values, (77, 5))),
        ]
        options = QUICK if method == "map" else FitOptions()
        fits = [fit_sfvq(s, bits=4, method=method, options=options) for s in sources]
        assert len({b"".join(map(np.ndarray.tobytes, fit.stages)) for fit in fits}) == 1
        assert all(fit.provenance.log == fits[0].provenance.log for fit in fits)

    @made
    @given(lengths, st.integers(2, 6000), st.integers(0, 2**32 - 1))
    def test_blocks_have_one_length_however_frames_arrive(self, cuts, n, seed):
        values = gaussian(n, dim=2, seed=seed)
        read = FittingFrames.of(lambda: pieces(values, cuts), 1)
        blocks = list(read.blocks())
        np.testing.assert_array_equal(np.concatenate(blocks), values)
        assert [len(block) for block in blocks[:-1]] == [read.block_size] * (len(blocks) - 1)
        assert all(block.flags.c_contiguous and block.dtype == np.float32 for block in blocks)
        assert 64 <= read.block_size <= 4096
        assert read.block_size.bit_count() == 1
        np.testing.assert_array_equal(read.all(), values)

    @made
    @given(lengths, st.integers(2, 3000), st.integers(1, 4000))
    def test_samples_are_frames_at_even_places(self, cuts, n, at_most):
        values = np.arange(2.0 * n, dtype=np.float32).reshape(n, 2)
        read = FittingFrames.of(lambda: pieces(values, cuts), 1)
        assert FittingFrames.of(values, 1).sampled(at_most).lengths == ()
        wanted = [i * n // min(n, at_most) for i in range(min(n, at_most))]
        np.testing.assert_array_equal(read.sample(at_most), values[wanted])
        np.testing.assert_array_equal(read.first(at_most), values[:at_most])
        held = read.sampled(at_most)
        np.testing.assert_array_equal(held.all(), values[wanted])
        assert (held.n_frames, held.grid) == (len(wanted), read.grid)

    def test_what_is_known_of_time(self):
        values = gaussian(30)
        known = [
            (values, (30,)),
            (as_features(values), (30,)),
            (as_features(values, (10, 20)), (10, 20)),
            (as_features(values, ()), ()),
            (lambda: iter([values]), ()),
            (iter([values]), ()),
        ]
        for source, wanted in known:
            assert FittingFrames.of(source, 2).lengths == wanted

    @made
    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0, 5000.0]), lengths)
    def test_the_variance_is_the_mean_squared_distance_to_the_mean(self, seed, offset, cuts):
        values = (gaussian(400, seed=seed) + np.float32(offset)).astype(np.float32)
        read = FittingFrames.of(lambda: pieces(values, cuts), 1)
        assert read.variance == pytest.approx(values.astype(float).var(axis=0).sum(), rel=1e-9)
        assert (read.n_frames, read.dim) == values.shape

    def test_the_encoder_is_that_of_the_features_of_a_stream(self):
        parts = [as_features(part, encoder=MEL) for part in pieces(gaussian(300), (90,))]
        for source in (lambda: parts, iter(parts)):
            assert FittingFrames.of(source, 2).encoder == MEL

    def test_the_grid_is_for_the_spread_of_the_frames_and_their_largest(self):
        values = gaussian(300) + np.float32(1000)
        spread = np.abs(values - values[0]).max()
        expected = Grid.of(300, 3, np.abs(values).max(), spread)
        assert FittingFrames.of(lambda: pieces(values), 2).grid == expected

    def test_the_provenance_says_what_was_fitted_on(self):
        values = gaussian(300)
        read = FittingFrames.of(as_features(values, encoder=MEL), 2)
        said = read.described(method="map", last_widths=(6.0, 3.0))
        assert said == {
            "method": "map",
            "last_widths": [6.0, 3.0],
            "n_frames": 300,
            "dim": 3,
            "encoder_digest": config_digest(MEL),
            "variance": read.variance,
        }


class TestIterators:
    """Read once: a uniform sample of at most MOST_KEPT frames stands for them."""

    @pytest.fixture(autouse=True)
    def _few_kept(self, monkeypatch):
        assert frames.MOST_KEPT == 1 << 18
        monkeypatch.setattr(frames, "MOST_KEPT", 500)

    def test_the_sample_is_seeded_and_the_provenance_says_how_many_were_seen(self):
        values = gaussian(1234)
        first, again, other = (
            fit_sfvq(iter(pieces(values, cuts)), bits=3, seed=seed, options=QUICK)
            for cuts, seed in (((100,), 1), ((3, 400), 1), ((100,), 2))
        )
        assert {"frames_seen": 1234, "n_frames": 500}.items() <= first.provenance.fit.items()
        assert first.corners().tobytes() == again.corners().tobytes()
        assert first.provenance == again.provenance
        assert first.digest != other.digest
        samples = [FittingFrames.of(iter([values]), 3, seed).all() for seed in (1, 2)]
        assert not np.array_equal(*samples)

    def test_the_sample_is_of_different_frames_in_their_order(self):
        values = np.arange(2000, dtype=np.float32)[:, None]
        kept = FittingFrames.of(iter(pieces(values, (90,))), 1, seed=3).all()[:, 0]
        assert len(kept) == 500
        assert (np.diff(kept) > 0).all()
        assert kept.mean() == pytest.approx(1000, abs=4 * 577 / 500**0.5)

    def test_few_frames_are_all_kept(self):
        read = FittingFrames.of(iter(pieces(gaussian(400), (90,))), 1)
        np.testing.assert_array_equal(read.all(), gaussian(400))
        assert read.notes == {"frames_seen": 400}

    def test_frames_that_are_not_finite_are_named_by_their_row_of_the_whole(self):
        values = gaussian(9000)
        values[[8000, 8500], 1] = np.nan, np.inf
        with pytest.raises(QuantizerError, match=r"2 of 9000 .*, the first is row 8000"):
            FittingFrames.of(iter(pieces(values)), 2)

    @pytest.mark.parametrize("dim", [1, 2])
    @pytest.mark.parametrize("n", [300, 4096])
    def test_other_dimensions_later_are_refused(self, n, dim):
        with pytest.raises(QuantizerError, match="dimensions"):
            FittingFrames.of(iter([gaussian(n), gaussian(n, dim=dim)]), 2)

    @pytest.mark.parametrize("source", [[], [np.zeros((0, 3))]])
    def test_an_empty_one_is_refused(self, source):
        with pytest.raises(QuantizerError, match="the iterator is empty"):
            FittingFrames.of(iter(source), 2)


class TestRefused:
    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_a_frame_that_is_not_finite_is_named_by_its_row_of_the_stream(self, bad):
        values = gaussian(9000)
        values[[8123, 8999], 1] = bad
        for source in (values, lambda: pieces(values)):
            with pytest.raises(QuantizerError, match=r"2 of 9000 .*, the first is row 8123"):
                fit_sfvq(source, bits=3)

    @pytest.mark.parametrize("n", [300, 4096])
    def test_frames_of_different_dimensions(self, n):
        with pytest.raises(QuantizerError, match="dimensions"):
            fit_sfvq(lambda: [gaussian(n), gaussian(n, dim=2)], bits=3)

    def test_features_of_different_encoders(self):
        parts = [as_features(gaussian(90), encoder={"encoder": name}) for name in ("mel", "x")]
        for source in (lambda: parts, iter(parts)):
            with pytest.raises(
                QuantizerError, match=r"encoder.*mel.*then.*x.*; give frames of one"
            ):
                FittingFrames.of(source, 2)

    def test_a_frame_too_large_for_float32(self):
        values = gaussian(50).astype(np.float64)
        values[7, 1] = 1e39
        with pytest.raises(QuantizerError, match=r"1 of 50 frames .*, the first is row 7"):
            FittingFrames.of(values, 2)

    def test_a_callable_whose_iterator_is_used_up(self):
        once = iter([gaussian(300)])
        with pytest.raises(
            QuantizerError, match=r"gave 300 frames at first, now others.*; return a fresh"
        ):
            fit_sfvq(lambda: once, bits=3)

    @pytest.mark.parametrize("later", [(299, 3, 0), (301, 3, 0), (300, 2, 0), (300, 3, 1)])
    def test_a_callable_that_gives_other_frames_the_second_time(self, later):
        """Another number of them, other dimensions, or other values."""
        calls = count()
        with pytest.raises(QuantizerError):
            fit_sfvq(lambda: [gaussian(*((300, 3, 0), later)[next(calls) > 0])], bits=3)

    def test_what_is_no_two_dimensional_array(self):
        for source in (np.zeros(9), lambda: [np.zeros(9)], iter([np.zeros((2, 3, 4))])):
            with pytest.raises(
                QuantizerError, match=r"frames have shape .*; give \(n_frames, dim\)"
            ):
                FittingFrames.of(source, 1)

    def test_fewer_frames_than_codewords(self):
        for source in (gaussian(15), lambda: pieces(gaussian(15), (4,)), iter([gaussian(15)])):
            with pytest.raises(QuantizerError, match="15 frames can't fit 16 codewords"):
                FittingFrames.of(source, 4)

    @pytest.mark.parametrize(("bits", "seed"), [(0, 0), (15, 0), (True, 0), (2, -1), (2, 2**32)])
    def test_bits_and_seeds_out_of_range(self, bits, seed):
        with pytest.raises(OptionError, match=r"^(bits|seed) is "):
            FittingFrames.of(gaussian(50), bits, seed)


def peak_of_fit(source) -> int:
    tracemalloc.start()
    fit_sfvq(source, bits=4, options=QUICK)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("kind", ["callable", "memory map", "iterator"])
def test_memory_of_a_fit_does_not_grow_with_the_frames(kind, monkeypatch, tmp_path):
    monkeypatch.setattr(curve_fit, "MOST_SAMPLED", 2000)
    monkeypatch.setattr(curve_fit, "_TRIED_ON", 2000)
    monkeypatch.setattr(frames, "MOST_KEPT", 20_000)
    base = gaussian(1 << 12, dim=16)

    def stream(times):
        return (base + np.float32(0.001 * i) for i in range(times))

    def source(times):
        match kind:
            case "callable":
                return lambda: stream(times)
            case "iterator":
                return stream(times)
        whole = np.lib.format.open_memmap(
            tmp_path / f"{times}.npy", "w+", np.float32, (times * len(base), 16)
        )
        for i, part in enumerate(stream(times)):
            whole[i * len(base) : (i + 1) * len(base)] = part
        return whole

    fit_sfvq(base, bits=4, options=QUICK)  # what is compiled or imported once doesn't count
    small, large = (peak_of_fit(source(times)) for times in (16, 48))
    assert large < 1.1 * small
    assert large < 48 * base.nbytes / 2
