"""`scale.indexing`: a cluster gives the rows of one process, whatever happens to its workers."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from quick_clusters import quiet_clusters
from shards_of_tables import assert_same_table
from waiting_encoder import DeadlyEncoder, NotingEncoder

from sfvq_analysis import demo_corpus, fit_sfvq, fit_vq, index_table, load_corpus, load_encoder
from sfvq_analysis.errors import CorpusError, OptionError, QuantizerError
from sfvq_analysis.pipeline import IndexOptions, sample_features
from sfvq_analysis.scale import ScaleError, clusters, connected, dataset_status, index_dataset
from sfvq_analysis.scale.ledger import LedgerError, read_lines
from sfvq_analysis.stores import Store
from sfvq_analysis.tables import open_dataset
from sfvq_analysis.tables.dataset import DATASET

SHARDS = 0.002  # hours

pytestmark = quiet_clusters


@pytest.fixture(scope="module")
def corpus():
    return demo_corpus().select(speaker=["fslt0", "mrms0"])


@pytest.fixture(scope="module")
def quantizers(corpus):
    features = sample_features(corpus, load_encoder("mel"), max_frames=2000, seed=0)
    return {"sfvq": fit_sfvq(features, bits=4, seed=0), "vq": fit_vq(features, bits=4, seed=0)}


@pytest.fixture(scope="module")
def curve(quantizers):
    return quantizers["sfvq"]


@pytest.fixture(scope="module")
def wanted(corpus, quantizers):
    return index_table(corpus, load_encoder("mel"), quantizers)


@pytest.fixture
def tree(tmp_path, corpus):
    """A copy of the corpus, to be changed."""
    shutil.copytree(corpus.root, tmp_path / "tree")
    return tmp_path / "tree"


def reloaded(tree, corpus):
    return load_corpus(tree).select(speaker=sorted({one.speaker for one in corpus}))


class TestRows:
    def test_they_are_those_of_one_process(self, client, corpus, quantizers, wanted, tmp_path):
        found = index_dataset(
            corpus, load_encoder("mel"), quantizers, tmp_path, client=client, shard_hours=SHARDS
        )
        assert list(found) == ["sfvq", "vq"]
        for name, dataset in found.items():
            assert len(dataset) > 3
            assert_same_table(dataset.load(), wanted[name])
            assert dataset.provenance == wanted[name].provenance

    def test_so_are_those_of_processes(self, processes, corpus, curve, wanted, tmp_path):
        maker = partial(load_encoder, "mel")
        found = index_dataset(corpus, maker, curve, tmp_path, client=processes, shard_hours=SHARDS)
        whole = found.load()
        assert_same_table(whole, wanted["sfvq"])

    def test_one_shard_and_many_are_alike(self, client, corpus, curve, tmp_path):
        tables = [
            index_dataset(
                corpus,
                load_encoder("mel"),
                curve,
                tmp_path / name,
                client=client,
                shard_hours=hours,
            ).load()
            for name, hours in (("one", 9.0), ("many", 1e-5))
        ]
        assert_same_table(*tables)
        assert len(open_dataset(tmp_path / "many")) > 8

    def test_a_url_is_as_good_as_a_folder(self, client, corpus, curve, wanted, tmp_path):
        url = f"memory://{tmp_path.name}"
        found = index_dataset(corpus, load_encoder("mel"), curve, url, client=client)
        assert_same_table(found.load(), wanted["sfvq"])
        again = index_dataset(corpus, load_encoder("mel"), curve, url, client=client)
        assert again.n_frames == found.n_frames
        Store.at(url).clear()

    def test_nothing_but_the_dataset_is_left(self, client, corpus, curve, tmp_path):
        index_dataset(corpus, load_encoder("mel"), curve, tmp_path / "out", client=client)
        left = {path.name for path in (tmp_path / "out").iterdir()}
        assert left == {DATASET, "plan.json", "shards", "utterances", "segments", "frames"}


class TestAgain:
    @pytest.fixture
    def encoder(self, tmp_path):
        return NotingEncoder(tmp_path / "log")

    def index(self, client, corpus, encoder, curve, tmp_path, **known):
        known = {"shard_hours": SHARDS, **known}
        return index_dataset(corpus, encoder, curve, tmp_path / "out", client=client, **known)

    def test_what_is_there_is_not_made_again(self, client, corpus, encoder, curve, tmp_path):
        first = self.index(client, corpus, encoder, curve, tmp_path).load()
        n = len(encoder.begun())
        assert n == len(corpus)
        assert_same_table(self.index(client, corpus, encoder, curve, tmp_path).load(), first)
        assert len(encoder.begun()) == n

    @pytest.mark.parametrize("name", ["utterances", "segments", "frames", "shards"])
    def test_what_is_missing_is(self, client, corpus, encoder, curve, tmp_path, name):
        first = self.index(client, corpus, encoder, curve, tmp_path)
        ending = "json" if name == "shards" else "parquet"
        (tmp_path / "out" / name / f"000001.{ending}").unlink()
        again = self.index(client, corpus, encoder, curve, tmp_path)
        assert len(encoder.begun()) == len(corpus) + first.shards[1].utterances
        assert_same_table(again.load(), first.load())

    def test_a_changed_file_makes_its_shard_anew(
        self, client, corpus, encoder, curve, tmp_path, tree
    ):
        own = reloaded(tree, corpus)
        first = self.index(client, own, encoder, curve, tmp_path)
        path = own.utterances[0].label_paths["phone"]
        path.write_text(path.read_text().replace("sh", "s"))
        again = self.index(client, reloaded(tree, corpus), encoder, curve, tmp_path)
        assert len(encoder.begun()) == len(own) + first.shards[0].utterances
        one = index_table(reloaded(tree, corpus), load_encoder("mel"), curve)
        assert_same_table(again.load(), one)

    def test_fewer_utterances_leave_no_file_of_the_others(
        self, client, corpus, encoder, curve, tmp_path
    ):
        self.index(client, corpus, encoder, curve, tmp_path)
        fewer = corpus.select(speaker="fslt0")
        found = self.index(client, fewer, encoder, curve, tmp_path)
        assert_same_table(found.load(), index_table(fewer, load_encoder("mel"), curve))
        for name in ("utterances", "segments", "frames", "shards"):
            assert len(list((tmp_path / "out" / name).iterdir())) == len(found)

    def test_another_codebook_is_refused_or_replaces(
        self, client, corpus, encoder, curve, quantizers, tmp_path
    ):
        self.index(client, corpus, encoder, curve, tmp_path)
        with pytest.raises(ScaleError, match="another encoder, codebook, options"):
            self.index(client, corpus, encoder, quantizers["vq"], tmp_path)
        assert open_dataset(tmp_path / "out").is_curve
        found = self.index(client, corpus, encoder, quantizers["vq"], tmp_path, overwrite=True)
        assert not found.is_curve

    def test_a_folder_of_something_else_is_never_touched(
        self, client, corpus, encoder, curve, tmp_path
    ):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.tex").touch()
        with pytest.raises(ScaleError, match="something else is there"):
            self.index(client, corpus, encoder, curve, tmp_path, overwrite=True)
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]

    def test_two_at_a_time_are_refused(self, client, corpus, encoder, curve, tmp_path):
        from filelock import FileLock

        (tmp_path / "out" / "work").mkdir(parents=True)
        with (
            FileLock(tmp_path / "out" / "work" / "lock"),
            pytest.raises(ScaleError, match="another process is at work"),
        ):
            self.index(client, corpus, encoder, curve, tmp_path)


class TestBadSpeech:
    @pytest.fixture
    def bad(self, tree, corpus):
        """One utterance whose audio is none, in the middle of a shard."""
        own = reloaded(tree, corpus)
        victim = own.utterances[4]
        victim.audio_path.write_bytes(b"no audio")
        return victim

    def test_it_is_raised_before_anything_is_encoded(
        self, client, corpus, curve, tmp_path, tree, bad
    ):
        encoder = NotingEncoder(tmp_path / "log")
        with pytest.raises(CorpusError, match=bad.id):
            index_dataset(reloaded(tree, corpus), encoder, curve, tmp_path / "out", client=client)
        assert encoder.begun() == []

    def test_or_skipped_with_its_reason(self, client, corpus, curve, tmp_path, tree, bad):
        options = IndexOptions(on_error="skip")
        own = reloaded(tree, corpus)
        found = index_dataset(
            own, load_encoder("mel"), curve, tmp_path / "out", options,
            client=client, shard_hours=SHARDS,
        )  # fmt: skip
        one = index_table(own, load_encoder("mel"), curve, options)
        assert_same_table(found.load(), one)
        assert found.provenance == one.provenance
        assert [name for name, _ in dataset_status(tmp_path / "out").skipped] == [bad.id]

    def test_a_shard_of_which_nothing_is_left(self, client, corpus, curve, tmp_path, tree, bad):
        options = IndexOptions(on_error="skip")
        own = reloaded(tree, corpus)
        found = index_dataset(
            own, load_encoder("mel"), curve, tmp_path / "out", options,
            client=client, shard_hours=1e-5,
        )  # fmt: skip
        assert bad.id not in set(found.utterances["utterance"])
        one = index_table(own, load_encoder("mel"), curve, options)
        assert_same_table(found.load(), one)
        assert found.provenance == one.provenance

    def test_nothing_left_at_all(self, client, corpus, curve, tmp_path, tree):
        own = reloaded(tree, corpus)
        for utterance in own:
            utterance.audio_path.write_bytes(b"no audio")
        with pytest.raises(CorpusError, match="all 12 utterances were skipped"):
            index_dataset(
                own, load_encoder("mel"), curve, tmp_path / "out", IndexOptions(on_error="skip"),
                client=client,
            )  # fmt: skip

    def test_what_fails_late_stops_the_job_and_is_mended(
        self, client, corpus, curve, tmp_path, tree
    ):
        own = reloaded(tree, corpus)
        path = own.utterances[4].label_paths["phone"]
        text = path.read_text()
        path.write_text(text + "99999990 99999999 h#\n")
        with pytest.raises(CorpusError, match=own.utterances[4].id):
            index_dataset(
                own, load_encoder("mel"), curve, tmp_path / "out", client=client,
                shard_hours=SHARDS,
            )  # fmt: skip
        path.write_text(text)
        found = index_dataset(
            reloaded(tree, corpus), load_encoder("mel"), curve, tmp_path / "out", client=client,
            shard_hours=SHARDS,
        )  # fmt: skip
        assert_same_table(
            found.load(), index_table(reloaded(tree, corpus), load_encoder("mel"), curve)
        )

    def test_unknown_labels_are_listed_at_once(self, client, corpus, curve, tmp_path, tree):
        own = reloaded(tree, corpus)
        path = own.utterances[-1].label_paths["phone"]
        path.write_text(path.read_text().replace(" h#", " zzz"))
        with pytest.raises(CorpusError, match="zzz"):
            index_dataset(own, load_encoder("mel"), curve, tmp_path / "out", client=client)


class TestLostWorkers:
    def test_one_lost_once_changes_nothing(self, processes, corpus, curve, wanted, tmp_path):
        length = len(corpus.utterances[3].load().audio)
        encoder = DeadlyEncoder(tmp_path / "log", length, times=1)
        found = index_dataset(corpus, encoder, curve, tmp_path / "out", client=processes)
        assert_same_table(found.load(), wanted["sfvq"])
        assert found.provenance == index_table(corpus, load_encoder("mel"), curve).provenance
        times = np.unique(encoder.begun(), return_counts=True)[1]
        assert times.max() == 2
        assert max(line.attempts for line in read_lines(Store.at(tmp_path / "out")).values()) == 2

    def test_an_utterance_that_kills_is_found_and_listed(self, processes, corpus, curve, tmp_path):
        victim = corpus.utterances[3]
        length = len(victim.load().audio)
        encoder = DeadlyEncoder(tmp_path / "log", length)
        found = index_dataset(
            corpus, encoder, curve, tmp_path / "out", IndexOptions(on_error="skip"),
            client=processes,
        )  # fmt: skip
        (skipped,) = found.provenance["skipped"]
        assert skipped["utterance"] == victim.id
        assert "5 workers died at it" in skipped["reason"]
        # The first attempt went through all utterances at once, and couldn't tell where it died.
        assert encoder.begun().count(length) == 1 + 5
        others = replace(corpus, utterances=tuple(u for u in corpus if u.id != victim.id))
        assert_same_table(found.load(), index_table(others, load_encoder("mel"), curve))

    def test_what_fails_for_no_fault_of_the_speech_is_tried_again(
        self, client, corpus, curve, wanted, tmp_path, monkeypatch
    ):
        from sfvq_analysis.scale import shard_work

        left, kept = [2], shard_work.write_shard

        def fails(*known):
            if left[0]:
                left[0] -= 1
                raise OSError(28, "No space left on device")
            return kept(*known)

        monkeypatch.setattr(shard_work, "write_shard", fails)
        found = index_dataset(
            corpus, load_encoder("mel"), curve, tmp_path, client=client, shard_hours=SHARDS
        )
        assert left == [0]
        assert_same_table(found.load(), wanted["sfvq"])

    def test_but_not_for_ever(self, client, corpus, curve, wanted, tmp_path, monkeypatch):
        from sfvq_analysis.scale import shard_work

        def fails(table, store, number):
            if number == 1:
                raise OSError(28, "No space left on device")
            return kept(table, store, number)

        kept = shard_work.write_shard
        with monkeypatch.context() as patch:
            patch.setattr(shard_work, "write_shard", fails)
            with pytest.raises(ScaleError, match="1 shards failed, the first, 1, because of"):
                index_dataset(
                    corpus, load_encoder("mel"), curve, tmp_path, client=client, shard_hours=SHARDS
                )
            status = dataset_status(tmp_path)
            assert (status.failed, status.done) == (1, status.shards - 1)
            assert not status.finished
        found = index_dataset(
            corpus, load_encoder("mel"), curve, tmp_path, client=client, shard_hours=SHARDS
        )
        assert dataset_status(tmp_path).finished
        assert_same_table(found.load(), wanted["sfvq"])


class TestOptions:
    def test_no_quantizer(self, client, corpus, tmp_path):
        with pytest.raises(OptionError, match="no quantizer"):
            index_dataset(corpus, load_encoder("mel"), {}, tmp_path, client=client)

    @pytest.mark.parametrize("hours", [0, -1.0, float("nan"), float("inf")])
    def test_hours(self, client, corpus, curve, tmp_path, hours):
        with pytest.raises(OptionError, match="shard_hours"):
            index_dataset(
                corpus, load_encoder("mel"), curve, tmp_path, client=client, shard_hours=hours
            )

    def test_another_encoder(self, client, corpus, curve, tmp_path):
        with pytest.raises(QuantizerError, match="fitted on the encoder"):
            index_dataset(corpus, load_encoder("vqvae"), curve, tmp_path, client=client)

    def test_a_resource_nobody_has(self, client, corpus, curve, tmp_path):
        with pytest.raises(ScaleError, match="no worker has 1 GPU"):
            index_dataset(
                corpus, load_encoder("mel"), curve, tmp_path, client=client, resources={"GPU": 1}
            )

    def test_a_scheduler_that_is_not_there(self, monkeypatch):
        monkeypatch.setattr(clusters, "_SECONDS_TO_ANSWER", 0.5)
        with (
            pytest.raises(ScaleError, match=r"tcp://127\.0\.0\.1:1: no scheduler answers"),
            connected("tcp://127.0.0.1:1"),
        ):
            pass

    @pytest.mark.parametrize("workers", [0, -1, 1.5])
    def test_workers(self, workers):
        with pytest.raises(OptionError, match="workers"), connected(workers=workers):
            pass


class TestStatus:
    def test_of_nothing(self, tmp_path):
        with pytest.raises(ScaleError, match="no index in shards"):
            dataset_status(tmp_path)

    def test_of_a_dataset(self, client, corpus, curve, tmp_path):
        found = index_dataset(
            corpus, load_encoder("mel"), curve, tmp_path, client=client, shard_hours=SHARDS
        )
        status = dataset_status(tmp_path)
        assert (status.shards, status.done, status.failed) == (len(found), len(found), 0)
        assert (status.utterances, status.frames) == (found.n_utterances, found.n_frames)
        seconds = sum(len(u.load().audio) / 16000 for u in corpus)
        assert status.hours == pytest.approx(seconds / 3600)
        assert status.hours_done == pytest.approx(status.hours, rel=1e-4)
        assert status.finished
        assert status.rate > 0
        files = (tmp_path / name for name in ("utterances", "segments", "frames"))
        assert status.size == sum(path.stat().st_size for one in files for path in one.iterdir())

    @pytest.mark.parametrize("text", ["", "[]", '{"number": 7}', '{"skipped": []}'])
    def test_of_a_damaged_line(self, client, corpus, curve, tmp_path, text):
        index_dataset(corpus, load_encoder("mel"), curve, tmp_path, client=client)
        (tmp_path / "shards" / "000000.json").write_text(text)
        with pytest.raises(LedgerError, match=r"000000\.json: it isn't a shard's line"):
            dataset_status(tmp_path)

    @pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"format": 2})])
    def test_of_a_damaged_plan(self, tmp_path, text):
        (tmp_path / "plan.json").write_text(text)
        with pytest.raises(ScaleError, match="it isn't the plan of an index"):
            dataset_status(tmp_path)
