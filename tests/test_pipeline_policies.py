"""What becomes of bad utterances: an error in one line, or left out and listed."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from test_pipeline import HOP, LINE, Ramp, made_corpus

from sfvq_analysis import index_table, sample_features
from sfvq_analysis.errors import CorpusError, OptionError, SfvqError
from sfvq_analysis.pipeline import AbxOptions, IndexOptions, abx_export, encoded_utterances
from sfvq_analysis.pipeline.encoding import without_root
from sfvq_analysis.pipeline.inventories import phone_labels

RATE = 16_000
PHONES = "0 1600 s\n1600 2400 iy\n2400 3200 s\n"
SKIP = IndexOptions(on_error="skip")


class Choosy(Ramp):
    """An encoder that refuses the audio that begins so."""

    def __init__(self, *refused: int) -> None:
        super().__init__()
        self.refused = refused

    def encode(self, audio, sample_rate):
        if round(float(audio[0]) * 32768) in self.refused:
            raise CorpusError("not to my taste")
        return super().encode(audio, sample_rate)


@pytest.fixture
def corpus(tmp_path):
    """Utterances of which a, d and g are sound, each of the others bad in its way."""
    made = made_corpus(tmp_path / "made", **dict.fromkeys("abcdefg", PHONES))
    root = made.root
    (root / "b.wav").write_bytes(b"no audio")
    (root / "c.phn").write_text("0 1600 s\n1500 3200 iy\n")
    (root / "e.phn").write_text("0 1600 s\n3200 9000 iy\n")
    (root / "f.wav").unlink()
    return made


class TestSkip:
    @pytest.fixture
    def table(self, corpus):
        return index_table(corpus, Choosy(1006), LINE, SKIP)

    def test_bad_utterances_are_left_out_and_listed_with_the_reason(self, corpus, table):
        assert table.utterances["utterance"].tolist() == ["a", "d"]
        skipped = table.provenance["skipped"]
        assert [one["utterance"] for one in skipped] == ["b", "c", "e", "f", "g"]
        for one, says in zip(
            skipped,
            ("b.wav: ", "c.phn:2: ", "e.phn: phone 'iy' is at", "f.wav: ", "g.wav: not to my"),
            strict=True,
        ):
            assert one["reason"].startswith(says)
            assert "\n" not in one["reason"]
            assert str(corpus.root) not in one["reason"]
        assert table.provenance["counted"]["utterances_skipped"] == 5
        assert table.provenance["options"]["on_error"] == "skip"
        json.dumps(dict(table.provenance))

    def test_the_rest_is_as_if_they_had_never_been_there(self, corpus, table):
        alone = index_table(corpus.select(id=["a", "d"]), Ramp(), LINE, SKIP)
        for name in ("utterances", "segments", "frames"):
            assert getattr(table, name).equals(getattr(alone, name))
        assert alone.provenance["skipped"] == []

    def test_by_default_the_first_is_an_error(self, corpus):
        with pytest.raises(SfvqError, match=r"c\.phn:2: "):  # labels are read first
            index_table(corpus, Ramp(), LINE)
        for bad, says in (("b", r"b\.wav"), ("e", r"utterance e: .*e\.phn: "), ("f", r"f\.wav")):
            with pytest.raises(SfvqError, match=says) as caught:
                index_table(corpus.select(id=["a", bad]), Ramp(), LINE)
            assert "\n" not in str(caught.value)

    def test_if_all_are_bad_the_first_reason_is_shown(self, corpus):
        with pytest.raises(CorpusError, match=r"made: all 2 utterances .* 'b', .*b\.wav: "):
            index_table(corpus.select(id=["b", "c"]), Ramp(), LINE, SKIP)

    def test_an_unknown_phone_is_still_refused(self, corpus):
        (corpus.root / "a.phn").write_text("0 3200 unheard-of\n")
        with pytest.raises(CorpusError, match="unheard-of"):
            index_table(corpus, Ramp(), LINE, SKIP)

    @pytest.mark.parametrize("bad", ["ignore", None, True])
    def test_another_policy_is_refused(self, bad, corpus):
        with pytest.raises(OptionError, match="on_error"):
            IndexOptions(on_error=bad)
        with pytest.raises(OptionError, match="on_error"):
            sample_features(corpus, Ramp(), on_error=bad)

    def test_an_unreadable_file_is_one_line_of_ours(self, corpus, monkeypatch):
        def refuses(self, **_):
            raise PermissionError(13, "Permission denied", str(self.audio_path))

        one = corpus.select(id="a")
        monkeypatch.setattr(type(one.utterances[0]), "load", refuses)
        with pytest.raises(CorpusError, match=r"a\.wav: can't be read \(Permission denied\)"):
            next(encoded_utterances(one, Ramp()))

    def test_a_long_or_strange_id_is_shown_short(self, corpus):
        for name in ("x" * 5000, "a\nb\x1b[31m"):
            strange = dataclasses.replace(corpus["b"], id=name)
            with pytest.raises(SfvqError) as caught:
                list(encoded_utterances(dataclasses.replace(corpus, utterances=(strange,)), Ramp()))
            said = str(caught.value)
            assert len(said) < 600
            assert said.isprintable()


class TestSampling:
    def test_skipped_utterances_are_listed_and_the_others_sampled(self, corpus):
        features = sample_features(corpus, Choosy(1006), on_error="skip")
        assert [one.utterance for one in features.skipped] == ["b", "f", "g"]
        assert features.lengths == (10, 10, 10, 10)  # the labels of c are bad, and aren't looked at
        assert np.unique(features.values[:, 1]).tolist() == [1000, 1002, 1003, 1004]

    def test_by_default_the_first_is_an_error(self, corpus):
        with pytest.raises(CorpusError, match=r"b\.wav"):
            sample_features(corpus, Ramp())

    def test_a_sound_corpus_has_none(self, corpus):
        assert sample_features(corpus.select(id=["a", "d"]), Ramp()).skipped == ()

    def test_if_all_are_bad_the_first_reason_is_shown(self, corpus):
        with pytest.raises(CorpusError, match=r"all 2 utterances .*b\.wav"):
            sample_features(corpus.select(id=["b", "f"]), Ramp(), on_error="skip")


class TestPhoneLabels:
    def test_skip_leaves_out_what_cannot_be_read(self, corpus):
        places = [place for _, place in phone_labels(corpus, "skip")]
        files = [str(corpus.root / f"{name}.phn") for name in "abdefg"]  # their labels are fine
        assert [place for place, _ in itertools.groupby(places)] == files

    def test_by_default_the_first_is_an_error(self, corpus):
        with pytest.raises(CorpusError, match=r"c\.phn:2"):
            list(phone_labels(corpus))


class TestPastAudio:
    @pytest.mark.parametrize(
        ("phones", "fine"),
        [
            ("0 3200 s\n", True),
            ("0 4800 s\n", True),  # 0.1 s after the end
            ("0 4801 s\n", False),
            ("0 3199 s\n3199 4000 iy\n", True),
            ("0 3200 s\n3200 3201 iy\n", False),
            ("0 3199 s\n3201 3202 iy\n", False),
        ],
    )
    def test_labels_of_other_audio_are_refused(self, tmp_path, phones, fine):
        corpus = made_corpus(tmp_path, a=phones)
        counted = index_table(corpus, Ramp(), LINE, IndexOptions(past_audio="count"))
        past = int(phones.split()[-2]) > 3200
        assert counted.provenance["counted"]["utterances_labelled_past_audio"] == past
        if fine:
            strict = index_table(corpus, Ramp(), LINE)
            assert strict.frames.equals(counted.frames)
        else:
            with pytest.raises(CorpusError, match=r"a\.phn: .*a\.wav has 3200 samples"):
                index_table(corpus, Ramp(), LINE)

    def test_the_tolerance_is_in_seconds_of_the_file(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 3200 s\n")
        soundfile.write(tmp_path / "a.wav", np.full(2400, 1000, dtype=np.int16), 8000)

        class Any(Ramp):
            def encode(self, audio, sample_rate):
                return super().encode(np.repeat(audio, 2), 2 * sample_rate)

        assert len(index_table(corpus, Any(), LINE).frames) == 2 * 2400 // HOP
        (tmp_path / "a.phn").write_text("0 3201 s\n")
        with pytest.raises(CorpusError, match=r"a\.wav has 2400 samples"):
            index_table(corpus, Any(), LINE)

    def test_another_value_is_refused(self):
        with pytest.raises(OptionError, match="past_audio"):
            IndexOptions(past_audio="ignore")


def test_an_abx_export_skips_and_refuses_alike(corpus, tmp_path):
    with pytest.raises(SfvqError, match=r"c\.phn:2"):
        abx_export(corpus, Ramp(), {}, tmp_path / "out")
    done = abx_export(corpus, Ramp(), {}, tmp_path / "out", AbxOptions(index=SKIP))
    assert [one.utterance for one in done.skipped] == ["b", "c", "e", "f"]
    names = sorted(path.name for path in (done.folder / "latents").iterdir())
    assert names == ["a.pt", "d.pt", "g.pt"]
    assert set(done.items["#file"]) == {"a", "d", "g"}


def test_an_abx_export_stays_in_its_folder(corpus, tmp_path):
    ids = ["../../x", "/abs", "a/../../b", "C:\\x", "nul\0", "x" * 300, ".", "a b"]
    utterances = tuple(dataclasses.replace(corpus["a"], id=name) for name in ids)
    hostile = dataclasses.replace(corpus, utterances=utterances)
    done = abx_export(hostile, Ramp(), {}, tmp_path / "deep" / "out")
    assert len(list((done.folder / "latents").iterdir())) == len(ids)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "made"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["out"]
    lines = (done.folder / "phones.item").read_text().splitlines()
    assert {len(line.split(" ")) for line in lines} == {7}


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("a/data/b.wav", "data/b.wav"),
        ("utterance b (a/b.wav): a/b.phn:2: x", "utterance b (b.wav): b.phn:2: x"),
        ("data/b.wav", "data/b.wav"),
        ("it's 'a/b.wav'", "it's 'b.wav'"),
    ],
)
def test_paths_are_shortened_where_they_begin_with_the_root(text, shortened):
    assert without_root(text, Path("a")) == shortened
