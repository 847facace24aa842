import pickle
from itertools import pairwise

import numpy as np
import pytest

from sfvq_analysis import demo_corpus, load_corpus
from sfvq_analysis.phones import phone_group, phone_table


@pytest.fixture(scope="module")
def corpus():
    return demo_corpus()


@pytest.fixture(scope="module")
def recordings(corpus):
    return {utterance.id: utterance.load() for utterance in corpus}


def test_it_says_that_it_is_synthetic(corpus):
    assert (corpus.name, corpus.notes) == ("demo", "synthetic speech")
    card = (corpus.root / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in card.lower()


def test_it_has_the_shape_of_timit(corpus):
    assert 60 <= len(corpus) <= 90
    assert {u.split for u in corpus} == {"train", "test"}
    assert {u.sex for u in corpus} == {"f", "m"}
    assert {u.sentence[:2] for u in corpus} == {"sa", "si", "sx"}
    for speaker in {u.speaker for u in corpus}:
        assert {"sa1", "sa2"} < {u.sentence for u in corpus.select(speaker=speaker)}


def test_it_is_small(corpus):
    size = sum(path.stat().st_size for path in corpus.root.rglob("*") if path.is_file())
    assert size < 8_000_000


def test_variants_of_one_voice_stay_on_one_side(corpus):
    voices = {
        split: {u.speaker[1:4] for u in corpus.select(split=split)} for split in ("train", "test")
    }
    assert voices["train"].isdisjoint(voices["test"])


def test_every_audio_file_is_16_bit_sphere_at_16_khz(corpus, recordings):
    for utterance in corpus:
        assert utterance.audio_path.read_bytes()[:16] == b"NIST_1A\n   1024\n"
        recording = recordings[utterance.id]
        assert recording.sample_rate == 16000
        assert np.array_equal(recording.audio * 32768, np.round(recording.audio * 32768))
        assert recording.audio.std() > 0.005


def test_every_utterance_has_three_tiers_of_known_phones_within_its_audio(recordings):
    for recording in recordings.values():
        assert list(recording.tiers) == ["phone", "word", "text"]
        phones = recording.tiers["phone"]
        assert (phones[0].label, phones[0].start, phones[-1].label) == ("h#", 0, "h#")
        assert all(one.stop == other.start for one, other in pairwise(phones))
        assert phones[-1].stop <= len(recording.audio)
        assert {segment.label for segment in phones} <= set(phone_table())


def test_every_group_of_phones_occurs(recordings):
    labels = {s.label for recording in recordings.values() for s in recording.tiers["phone"]}
    assert {phone_group(label) for label in labels} >= {
        *{"silence", "plosive", "fricative", "nasal", "vowel", "diphthong", "approximant"}
    }


def test_stops_follow_their_closures(recordings):
    closures = {"b": "bcl", "d": "dcl", "g": "gcl", "p": "pcl", "t": "tcl", "k": "kcl"}
    for recording in recordings.values():
        labels = [segment.label for segment in recording.tiers["phone"]]
        for before, label in pairwise(labels):
            assert label not in closures or before == closures[label]


def test_its_name_is_enough(corpus, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_corpus("demo") == corpus
    (tmp_path / "demo" / "train" / "dr1" / "fcjf0").mkdir(parents=True)
    with pytest.raises(ValueError, match="no utterance found"):
        load_corpus("demo")


def test_a_corpus_survives_pickling(corpus):
    assert pickle.loads(pickle.dumps(corpus)) == corpus  # noqa: S301


def test_sentence_type_selects(corpus):
    chosen = corpus.select(sentence_type="sx")
    assert {utterance.sentence[:2] for utterance in chosen} == {"sx"}
