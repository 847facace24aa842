"""`scale.sampling`: a cluster draws the sample of one process."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from command_line import sfvq
from quick_clusters import quiet_clusters
from waiting_encoder import DeadlyEncoder, NotingEncoder

from sfvq_analysis import demo_corpus, load_corpus, load_encoder
from sfvq_analysis.corpus.utterance import Utterance
from sfvq_analysis.errors import CorpusError, EncoderError, OptionError
from sfvq_analysis.pipeline import sample_features
from sfvq_analysis.scale import ScaleError, encoding, sampling
from sfvq_analysis.scale.sampling import sample_on_cluster
from sfvq_analysis.scale.tasks import each_done

pytestmark = quiet_clusters


@pytest.fixture(scope="module")
def corpus():
    return demo_corpus().select(speaker=["fslt0", "mrms0"])


@pytest.fixture
def tree(tmp_path, corpus):
    """A copy of the corpus, to be changed."""
    shutil.copytree(corpus.root, tmp_path / "tree")
    return tmp_path / "tree"


def reloaded(tree, corpus):
    return load_corpus(tree).select(speaker=sorted({one.speaker for one in corpus}))


@pytest.fixture
def shards(monkeypatch):
    """Cut whatever is encoded into shards of half a second or so: one utterance each."""
    monkeypatch.setattr(sampling, "shard_seconds", lambda _: 0.5)


_MADE: list[int] = []
_LEFT: dict[int, int] = {}


class RefusingEncoder(NotingEncoder):
    """One that can't encode utterances of one length."""

    def __init__(self, log, length):
        super().__init__(log)
        self._length = length

    def encode(self, audio, sample_rate):
        if len(audio) == self._length:
            raise EncoderError("no frames of this one")
        return super().encode(audio, sample_rate)


def _noted_maker():
    _MADE.append(1)
    return load_encoder("mel")


def _fails(common, item):
    if _LEFT.get(item, 0):
        _LEFT[item] -= 1
        raise OSError(28, "No space left on device")
    return common + item


def assert_same(found, wanted):
    assert found.values.tobytes() == wanted.values.tobytes()
    assert found.values.shape == wanted.values.shape
    assert (found.grid, found.encoder) == (wanted.grid, wanted.encoder)
    assert (found.lengths, found.skipped) == (wanted.lengths, wanted.skipped)


class TestSample:
    @pytest.mark.usefixtures("shards")
    @pytest.mark.parametrize("max_frames", [1, 3, 700, 10**6, None])
    def test_it_is_that_of_one_process(self, client, corpus, max_frames):
        mel = load_encoder("mel")
        for seed in (0, 9):
            wanted = sample_features(corpus, mel, max_frames=max_frames, seed=seed)
            found = sample_on_cluster(corpus, mel, client=client, max_frames=max_frames, seed=seed)
            assert_same(found, wanted)

    def test_however_the_corpus_is_cut(self, client, corpus, monkeypatch):
        mel = load_encoder("mel")
        wanted = sample_features(corpus, mel, max_frames=300)
        for seconds, census in ((0.1, 1), (5.0, 5), (1e9, 500)):
            monkeypatch.setattr(sampling, "shard_seconds", lambda _, target=seconds: target)
            monkeypatch.setattr(encoding, "_A_CENSUS", census)
            assert_same(sample_on_cluster(corpus, mel, client=client, max_frames=300), wanted)

    def test_so_is_that_of_processes_that_load_the_encoder_themselves(self, processes, corpus):
        found = sample_on_cluster(
            corpus, partial(load_encoder, "mel"), client=processes, max_frames=400, seed=3
        )
        assert_same(found, sample_features(corpus, load_encoder("mel"), max_frames=400, seed=3))

    @pytest.mark.usefixtures("shards")
    def test_stored_latents_state_their_lengths_themselves(self, client, corpus, tmp_path):
        mel = load_encoder("mel")
        for utterance in corpus:
            values = mel.encode(*utterance.load()[:2]).values[:-1]  # no header tells
            path = tmp_path / f"{utterance.id}.npy"
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, values)
        (tmp_path / "grid.json").write_text(
            f'{{"name": "cut", "sample_rate": {mel.grid.sample_rate}, "hop": {mel.grid.hop}, '
            f'"offset": {mel.grid.offset}}}'
        )
        stored = load_encoder(f"latents:{tmp_path}")
        wanted = sample_features(corpus, stored, max_frames=500)
        assert_same(sample_on_cluster(corpus, stored, client=client, max_frames=500), wanted)

    @pytest.mark.usefixtures("shards")
    def test_only_what_is_drawn_is_encoded_once(self, client, corpus, tmp_path):
        encoder = NotingEncoder(tmp_path / "log")
        found = sample_on_cluster(corpus, encoder, client=client, max_frames=2, seed=1)
        assert found.n_frames == 2
        assert 1 <= len(encoder.begun()) <= 2

    @pytest.mark.usefixtures("shards")
    def test_the_encoder_is_made_once_by_a_worker(self, client, corpus):
        _MADE.clear()
        sample_on_cluster(corpus, _noted_maker, client=client)
        assert 2 <= len(_MADE) <= 3  # one here; two workers share a process, and may meet

    def test_labels_are_not_read(self, client, corpus, tree):
        own = reloaded(tree, corpus)
        for utterance in own:
            utterance.label_paths["phone"].write_text("no labels")
        found = sample_on_cluster(own, load_encoder("mel"), client=client, max_frames=50)
        assert found.n_frames == 50

    def test_a_lost_worker_changes_nothing(self, processes, corpus, tmp_path):
        length = len(corpus.utterances[3].load().audio)
        encoder = DeadlyEncoder(tmp_path / "log", length, times=1)
        found = sample_on_cluster(corpus, encoder, client=processes, max_frames=800)
        assert encoder.begun().count(length) == 2
        assert_same(found, sample_features(corpus, load_encoder("mel"), max_frames=800))

    def test_progress_is_shown_on_request(self, client, corpus, capsys):
        sample_on_cluster(corpus, load_encoder("mel"), client=client, max_frames=5)
        assert capsys.readouterr().err == ""
        sample_on_cluster(corpus, load_encoder("mel"), client=client, max_frames=5, progress=True)
        assert "encoding" in capsys.readouterr().err


class TestBadSpeech:
    @pytest.mark.usefixtures("shards")
    @pytest.mark.parametrize("content", [b"no audio", None])
    def test_what_is_skipped_is_not_counted_either(self, client, corpus, tree, content, tmp_path):
        """Audio that has no header, and audio whose header promises more than there is."""
        own = reloaded(tree, corpus)
        victim = own.utterances[4].audio_path
        victim.write_bytes(victim.read_bytes()[:4000] if content is None else content)
        encoder = NotingEncoder(tmp_path / "log")
        known = {"max_frames": 600, "seed": 2, "on_error": "skip"}
        wanted = sample_features(own, load_encoder("mel"), **known)
        assert len(wanted.skipped) == 1
        assert_same(sample_on_cluster(own, encoder, client=client, **known), wanted)
        if content is not None:  # its header told: there was no need to draw again
            assert max(map(encoder.begun().count, encoder.begun())) == 2

    @pytest.mark.usefixtures("shards")
    def test_or_raised_as_by_one_process(self, client, corpus, tree):
        own = reloaded(tree, corpus)
        own.utterances[4].audio_path.write_bytes(b"no audio")
        messages = []
        for sample in (sample_features, partial(sample_on_cluster, client=client)):
            with pytest.raises(CorpusError, match=own.utterances[4].id) as caught:
                sample(own, load_encoder("mel"), max_frames=1)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]

    def test_what_only_the_encoder_refuses_is_left_out_though_nothing_of_it_is_drawn(
        self, client, corpus, tmp_path
    ):
        encoder = RefusingEncoder(tmp_path / "log", len(corpus.utterances[4].load().audio))
        for seed in range(4):
            known = {"max_frames": 1, "seed": seed, "on_error": "skip"}
            wanted = sample_features(corpus, encoder, **known)
            assert len(wanted.skipped) == 1
            assert_same(sample_on_cluster(corpus, encoder, client=client, **known), wanted)

    def test_nothing_left_at_all(self, client, corpus, tree):
        own = reloaded(tree, corpus)
        for utterance in own:
            utterance.audio_path.write_bytes(b"no audio")
        with pytest.raises(CorpusError, match="all 12 utterances were skipped"):
            sample_on_cluster(own, load_encoder("mel"), client=client, on_error="skip")

    def test_speech_too_short_for_a_frame(self, client, corpus):
        class NoFrames(NotingEncoder):
            def encode(self, audio, sample_rate):
                found = super().encode(audio, sample_rate)
                return replace(found, values=found.values[:0], lengths=None)

        class Silent(NoFrames):
            def __init__(self, log):
                super().__init__(log)
                self.n_frames = lambda _: 0

        with pytest.raises(EncoderError, match="long enough for a frame"):
            sample_on_cluster(corpus, Silent(corpus.root / "none"), client=client)

    @pytest.mark.usefixtures("shards")
    def test_a_header_that_is_wrong_is_found_and_drawn_anew(self, client, corpus, monkeypatch):
        def stated(utterance):
            n_samples, rate = kept(utterance)
            return n_samples + 3200 * (utterance.id == corpus.utterances[2].id), rate

        kept = Utterance.length
        monkeypatch.setattr(Utterance, "length", stated)
        mel = load_encoder("mel")
        wanted = sample_features(corpus, mel, max_frames=900)
        assert_same(sample_on_cluster(corpus, mel, client=client, max_frames=900), wanted)


class TestOptions:
    @pytest.mark.parametrize(
        "wrong", [{"max_frames": 0}, {"seed": -1}, {"on_error": "ignore"}, {"max_frames": 2.0}]
    )
    def test_they_are_those_of_one_process(self, client, corpus, wrong):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            sample_on_cluster(corpus, load_encoder("mel"), client=client, **wrong)

    def test_a_resource_nobody_has(self, client, corpus):
        with pytest.raises(ScaleError, match="no worker has 1 GPU"):
            sample_on_cluster(corpus, load_encoder("mel"), client=client, resources={"GPU": 1})


class TestTasks:
    def test_what_fails_for_no_fault_of_ours_is_tried_again_but_not_for_ever(self, client):
        _LEFT.update({3: 2, 5: 99})
        found = dict(each_done(client, _fails, 100, range(5)))
        assert found == {item: 100 + item for item in range(5)}
        assert _LEFT[3] == 0
        with pytest.raises(ScaleError, match=r"failed 3 times \(OSError.*No space"):
            list(each_done(client, _fails, 100, range(9)))
        assert _LEFT[5] == 96

    def test_more_items_than_may_wait(self, client):
        assert len(dict(each_done(client, lambda _, item: item, None, range(200)))) == 200
        assert list(each_done(client, lambda _, item: item, None, [])) == []


class TestCommand:
    def test_fit_writes_the_files_of_one_process(self, tmp_path):
        common = ("fit", "demo", "--split", "all", "--bits", 3, "--max-frames", 900, "--seed", 4)
        sfvq(*common, "--out", "one", cwd=tmp_path)
        done = sfvq(*common, "--out", "many", "--engine", "dask", "--workers", 1, cwd=tmp_path)
        assert "dashboard: http" in done.err
        for name in ("sfvq.safetensors", "vq.safetensors", "sfvq_fit_log.csv"):
            one, many = ((tmp_path / place / name).read_bytes() for place in ("one", "many"))
            assert one == many
        one, many = (
            json.loads((tmp_path / place / "manifest.json").read_text())
            for place in ("one", "many")
        )
        assert {**one, "command": ""} == {**many, "command": ""}

    def test_options_of_a_cluster_need_one(self, tmp_path):
        common = ("fit", "demo", "--out", "out")
        for options, message in (
            (("--workers", 2), "add --engine dask"),
            (("--engine", "dask", "--resource", "gpu"), "write NAME=N"),
            (("--engine", "dask", "--cluster", "tcp://x:1", "--workers", 2), "give one of them"),
        ):
            done = sfvq(*common, *options, cwd=tmp_path, check=False)
            assert done.code == 1
            assert message in done.err
        assert list(tmp_path.iterdir()) == []
