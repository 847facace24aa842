"""`scale.fitting`: a fit whose sweeps workers do is the fit of one process, to the last bit."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict, replace
from itertools import pairwise

import numpy as np
import pytest
from deadly_store import DeadlyStore
from hypothesis import given
from hypothesis import strategies as st
from made_frames import as_features, gaussian, pieces
from quick_clusters import quiet_clusters

from sfvq_analysis import demo_corpus, fit_sfvq, load_encoder
from sfvq_analysis.errors import CorpusError, EncoderError, OptionError, QuantizerError
from sfvq_analysis.pipeline import sample_features
from sfvq_analysis.scale import ScaleError, encoded_frames
from sfvq_analysis.scale.encoded_frames import encode_frames
from sfvq_analysis.scale.fitting import ClusterFrames, fit_on_cluster, parts_of
from sfvq_analysis.scale.stored_frames import open_frames, store_frames, write_frames
from sfvq_analysis.stores import Store, StoreError
from sfvq_analysis.training import FitOptions, curve_fit
from sfvq_analysis.training.frames import FittingFrames

QUICK = FitOptions(stage_sweeps=1, final_sweeps=3, sweeps_per_octave=2, tolerance=0.0)
MEL = {"encoder": "mel", "context": 0}

pytestmark = quiet_clusters


@pytest.fixture(scope="module")
def values():
    return gaussian(30_011, dim=5) + np.float32(3)


@pytest.fixture(scope="module")
def wanted(values):
    return told(fit_sfvq(values, bits=4, seed=7, options=QUICK))


@pytest.fixture(scope="module")
def rows_of(tmp_path_factory):
    values = np.arange(18_000, dtype=np.float32).reshape(9000, 2)
    return store_frames(values, tmp_path_factory.mktemp("frames")), values


@pytest.fixture(scope="module")
def corpus():
    return demo_corpus().select(speaker=["fslt0", "mrms0"])


def told(sfvq):
    """Return all that a fit gives, to the last bit."""
    corners = b"".join(stage.tobytes() for stage in sfvq.stages)
    return sfvq.digest, corners, json.dumps(asdict(sfvq.provenance))


class TestFit:
    @pytest.mark.parametrize("partitions", [1, 2, 5, 1000, None])
    def test_it_is_that_of_one_process_however_frames_are_parted(
        self, client, values, wanted, partitions, tmp_path
    ):
        frames = store_frames(values, tmp_path)
        known = {"bits": 4, "seed": 7, "options": QUICK, "partitions": partitions}
        assert told(fit_on_cluster(frames, client=client, **known)) == wanted

    def test_however_they_are_cut_into_files(self, client, values, wanted, tmp_path, monkeypatch):
        monkeypatch.setattr("sfvq_analysis.scale.stored_frames._IN_A_FILE", 777)
        frames = store_frames(pieces(values, (1, 4097, 333)), tmp_path)
        assert len(frames.files) == 39
        found = fit_on_cluster(tmp_path, client=client, bits=4, seed=7, options=QUICK, partitions=3)
        assert told(found) == wanted

    @pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int16])
    def test_any_array_file_will_do(self, client, tmp_path, dtype):
        values = (gaussian(9000) * 100).astype(dtype)
        np.save(tmp_path / "frames.npy", values)
        found = fit_on_cluster(
            tmp_path / "frames.npy", client=client, bits=3, options=QUICK, partitions=2
        )
        assert told(found) == told(fit_sfvq(values, bits=3, options=QUICK))

    def test_a_url_is_as_good_as_a_folder(self, client, values, wanted, tmp_path):
        url = f"memory://{tmp_path.name}"
        store_frames(values, url)
        found = fit_on_cluster(url, client=client, bits=4, seed=7, options=QUICK, partitions=2)
        assert told(found) == wanted
        Store.at(url).clear()

    @pytest.mark.parametrize("method", ["stochastic", "published"])
    def test_other_methods_too(self, client, tmp_path, method):
        values = gaussian(6000)
        found = fit_on_cluster(
            store_frames(values, tmp_path), client=client, bits=3, method=method, partitions=2
        )
        assert told(found) == told(fit_sfvq(values, bits=3, method=method))

    def test_time_and_encoder_are_known(self, client, tmp_path):
        features = as_features(gaussian(9000), (4000, 100, 4900), MEL)
        options = replace(QUICK, temporal=True)
        found = fit_on_cluster(
            store_frames(features, tmp_path), client=client, bits=4, options=options, partitions=2
        )
        wanted = fit_sfvq(features, bits=4, options=options)
        assert told(found) == told(wanted)
        assert found.provenance.encoder == MEL
        with pytest.raises(OptionError, match="follow each other in time"):
            fit_on_cluster(
                replace(open_frames(tmp_path), lengths=()),
                client=client,
                bits=4,
                options=options,
            )

    def test_workers_that_are_lost_change_nothing(self, processes, values, wanted, tmp_path):
        frames = store_frames(values, tmp_path / "frames")
        log = tmp_path / "log"
        store = DeadlyStore(frames.store.place, log=str(log), deaths=(4, 19))
        found = fit_on_cluster(
            replace(frames, store=store), client=processes, bits=4, seed=7, options=QUICK,
            partitions=5,
        )  # fmt: skip
        assert told(found) == wanted
        assert len(set(store.begun())) >= 4  # this process, two workers, and those in their place

    def test_the_sweeps_over_all_frames_are_the_workers(self, client, tmp_path, monkeypatch):
        """One process reads the first frame, and no more."""
        frames = store_frames(gaussian(9000), tmp_path)
        passes = []
        kept = ClusterFrames._each

        def counted(self, function, common, items):
            passes.append(function.__name__)
            return kept(self, function, common, items)

        monkeypatch.setattr(ClusterFrames, "_each", counted)
        fit_on_cluster(frames, client=client, bits=3, options=QUICK)
        assert passes == ["_moments", "_rows", "_statistics", "_statistics", "_statistics"]

    def test_samples_are_those_of_one_process(self, client, tmp_path, monkeypatch):
        """Order and tries are found on the same frames, also where these are a few of all."""
        monkeypatch.setattr(curve_fit, "_TRIED_ON", 200)
        monkeypatch.setattr(curve_fit, "MOST_SAMPLED", 1000)
        values = gaussian(9001)
        found = fit_on_cluster(
            store_frames(values, tmp_path), client=client, bits=3, options=QUICK, partitions=2
        )
        assert told(found) == told(fit_sfvq(values, bits=3, options=QUICK))

    @given(st.lists(st.integers(0, 8999), min_size=1, unique=True), st.integers(1, 4))
    def test_rows_are_those_asked_for(self, client, rows_of, places, partitions):
        frames, values = rows_of
        scattered = ClusterFrames(frames, client, partitions)
        wanted = np.sort(np.array(places))
        for some in (wanted, wanted[::2]):
            np.testing.assert_array_equal(scattered.rows(some), values[some])


class TestRefused:
    @pytest.mark.parametrize("bad", [[0], [5000, 8999], [8999]])
    def test_frames_that_are_not_finite_are_counted_and_the_first_is_named(
        self, client, tmp_path, bad
    ):
        values = gaussian(9000)
        values[bad, 1] = np.nan
        frames = store_frames(values, tmp_path)
        messages = []
        for partitions in (1, 2, 3):
            with pytest.raises(QuantizerError) as caught:
                fit_on_cluster(frames, client=client, bits=3, partitions=partitions)
            messages.append(str(caught.value))
        with pytest.raises(QuantizerError) as caught:
            fit_sfvq(values, bits=3)
        assert set(messages) == {str(caught.value)}
        assert f"the first is row {bad[0]}" in messages[0]

    def test_too_few(self, client, tmp_path):
        frames = store_frames(gaussian(15), tmp_path)
        with pytest.raises(QuantizerError, match="15 frames can't fit 16 codewords"):
            fit_on_cluster(frames, client=client, bits=4)

    def test_options(self, client, tmp_path):
        frames = store_frames(gaussian(50), tmp_path)
        with pytest.raises(OptionError, match="partitions"):
            fit_on_cluster(frames, client=client, bits=2, partitions=0)
        with pytest.raises(OptionError, match="bits"):
            fit_on_cluster(frames, client=client, bits=0)
        with pytest.raises(ScaleError, match="no worker has 1 GPU"):
            fit_on_cluster(frames, client=client, bits=2, resources={"GPU": 1})


class TestStored:
    def test_a_file_that_ends_early(self, client, tmp_path):
        frames = store_frames(gaussian(9000), tmp_path)
        path = tmp_path / frames.files[0].name
        path.write_bytes(path.read_bytes()[:-6000])
        with pytest.raises(StoreError, match=rf"{path.name}: it ends before its frame 8500"):
            fit_on_cluster(frames, client=client, bits=3)

    def test_a_file_that_is_gone(self, client, tmp_path):
        frames = store_frames(gaussian(900), tmp_path)
        (tmp_path / frames.files[0].name).unlink()
        with pytest.raises(StoreError, match="file is missing"):
            fit_on_cluster(frames, client=client, bits=3)

    @pytest.mark.parametrize(
        ("array", "message"),
        [
            (np.zeros(9), r"float64 of shape \(9,\)"),
            (np.zeros((9, 2), complex), "complex128"),
            (np.asfortranarray(np.zeros((9, 2))), "in Fortran order; write it with numpy.save"),
        ],
    )
    def test_arrays_that_are_no_frames(self, tmp_path, array, message):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises(QuantizerError, match=message):
            open_frames(tmp_path / "a.npy")

    def test_what_is_no_array(self, tmp_path):
        (tmp_path / "a.npy").write_bytes(b"no array")
        with pytest.raises(QuantizerError, match=r"a\.npy: it isn't a \.npy file"):
            open_frames(tmp_path / "a.npy")
        with pytest.raises(ScaleError, match="no frames are stored there"):
            open_frames(tmp_path)

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1}'])
    def test_a_damaged_list(self, tmp_path, text):
        (tmp_path / "frames.json").write_text(text)
        with pytest.raises(ScaleError, match="it isn't a list of frames"):
            open_frames(tmp_path)

    def test_nothing_else_is_replaced(self, tmp_path):
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(ScaleError, match="something is there"):
            store_frames(gaussian(9), tmp_path, overwrite=True)
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    def test_frames_are_if_that_is_wanted(self, tmp_path):
        store_frames(as_features(gaussian(90), (40, 50)), tmp_path)
        with pytest.raises(ScaleError, match="overwrite=True"):
            store_frames(gaussian(9), tmp_path)
        assert open_frames(tmp_path).lengths == (40, 50)
        store_frames(gaussian(9), tmp_path, overwrite=True)
        assert open_frames(tmp_path).n_frames == 9
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(ScaleError, match="something is there"):
            store_frames(gaussian(9), tmp_path, overwrite=True)
        assert len(list(tmp_path.iterdir())) == 4

    def test_a_worker_that_is_late_disturbs_nothing(self, tmp_path):
        """It writes for a job that was given up while, or before, the next one does."""

        def arriving():
            yield gaussian(9)
            write_frames(frames.store, 0, gaussian(20, seed=1))

        frames = store_frames(gaussian(30, seed=2), tmp_path)
        (tmp_path / "frames.json").write_text("null\n")  # given up
        (tmp_path / f".{frames.files[0].name}.0.partial").touch()  # a worker writes, or was killed
        stored = store_frames(arriving(), tmp_path)
        np.testing.assert_array_equal(next(stored.blocks(0, 9, 9)), gaussian(9))
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            stored.files[0].name,
            "frames.json",
        ]

    def test_a_list_written_beside_files_of_others_removes_none(self, tmp_path):
        for name in ("20240101.npy", "20240102.npy"):
            np.save(tmp_path / name, gaussian(9))
        open_frames(tmp_path / "20240101.npy").write_list()
        assert (tmp_path / "20240102.npy").exists()

    def test_frames_of_two_dimensions_are_refused(self, tmp_path):
        with pytest.raises(QuantizerError, match="dimensions"):
            store_frames(iter([gaussian(9, dim=2), gaussian(9, dim=3)]), tmp_path)
        with pytest.raises(QuantizerError, match="no file of frames"):
            store_frames(iter([]), tmp_path / "none")

    def test_reading_holds_a_few_blocks(self, tmp_path):
        frames = store_frames(gaussian(200_000, dim=8), tmp_path)
        tracemalloc.start()
        assert sum(len(block) for block in frames.blocks(4096, 190_000, 4096)) == 185_904
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1e6

    @given(st.integers(1, 200_000), st.integers(1, 60))
    def test_parts_are_whole_blocks(self, n_frames, number):
        parts = parts_of(n_frames, number)
        assert (parts[0].start, parts[-1].stop) == (0, n_frames)
        assert len(parts) <= number
        for one, following in pairwise(parts):
            assert one.stop == following.start
        assert all(part.start % 4096 == 0 and part.start < part.stop for part in parts)
        lengths = [part.stop - part.start for part in parts]
        assert max(lengths) - min(lengths) <= 2 * 4096


class TestEncoded:
    def test_all_frames_of_a_corpus(self, client, corpus, tmp_path, monkeypatch):
        monkeypatch.setattr(encoded_frames, "_IN_A_FILE", 500)
        mel = load_encoder("mel")
        frames, skipped = encode_frames(corpus, mel, tmp_path, client=client)
        wanted = sample_features(corpus, mel)
        assert skipped == ()
        assert frames == open_frames(tmp_path)
        assert len(frames.files) > 2
        assert frames.lengths == wanted.lengths
        found = fit_on_cluster(frames, client=client, bits=4, options=QUICK)
        assert told(found) == told(fit_sfvq(wanted, bits=4, options=QUICK))

    def test_what_is_left_out(self, client, corpus, tmp_path, monkeypatch):
        monkeypatch.setattr(encoded_frames, "_IN_A_FILE", 500)
        (tmp_path / "bad.wav").write_bytes(b"no audio")
        utterances = list(corpus)
        utterances[4] = replace(utterances[4], audio_path=tmp_path / "bad.wav")
        own, mel = replace(corpus, utterances=tuple(utterances)), load_encoder("mel")
        with pytest.raises(CorpusError, match=utterances[4].id):
            encode_frames(own, mel, tmp_path / "out", client=client)
        with pytest.raises(ScaleError, match="not all frames were stored"):
            open_frames(tmp_path / "out")
        frames, skipped = encode_frames(own, mel, tmp_path / "out", client=client, on_error="skip")
        wanted = sample_features(own, mel, on_error="skip")
        assert (frames.lengths, skipped) == (wanted.lengths, wanted.skipped)
        read = FittingFrames.of(ClusterFrames(frames, client), 1)
        np.testing.assert_array_equal(read.all(), wanted.values)

    def test_nothing_to_store(self, client, corpus, tmp_path):
        mel = load_encoder("mel")
        with pytest.raises(OptionError, match="on_error"):
            encode_frames(corpus, mel, tmp_path, client=client, on_error="no")
        (tmp_path / "empty.wav").write_bytes(b"")
        own = replace(
            corpus,
            utterances=tuple(replace(u, audio_path=tmp_path / "empty.wav") for u in corpus),
        )
        with pytest.raises(CorpusError, match="all 12 utterances were skipped"):
            encode_frames(own, mel, tmp_path / "out", client=client, on_error="skip")

    def test_speech_too_short_for_a_frame(self, client, corpus, tmp_path):
        from scipy.io import wavfile

        wavfile.write(tmp_path / "short.wav", 16000, np.ones(100, np.int16))
        own = replace(
            corpus,
            utterances=(replace(corpus.utterances[0], audio_path=tmp_path / "short.wav"),),
        )
        with pytest.raises(EncoderError, match="long enough for a frame"):
            encode_frames(own, load_encoder("mel"), tmp_path / "out", client=client)
