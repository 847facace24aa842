from pathlib import Path

import pytest

from sfvq_analysis import Corpus
from sfvq_analysis.corpus import Utterance
from sfvq_analysis.errors import CorpusError, OptionError


def utterance(name, split="train", dialect="dr1"):
    speaker, sentence = name.split("_")
    path = Path(f"{name}.wav")
    labels = {"phone": path.with_suffix(".phn")}
    return Utterance(name, speaker, speaker[0], dialect, sentence, split, path, labels)


@pytest.fixture
def corpus():
    utterances = (
        utterance("mdab0_sx2", "test"),
        utterance("fcjf0_sa1"),
        utterance("mdab0_sa1", "test"),
        utterance("faks0_sa1", "test", "dr2"),
        utterance("mabc0_si7", "train", "dr2"),
    )
    return Corpus("tiny", Path("root"), utterances, {"core": frozenset({"mdab0"})}, "made up")


def ids(corpus):
    return [one.id for one in corpus]


ALL = ["faks0_sa1", "fcjf0_sa1", "mabc0_si7", "mdab0_sa1", "mdab0_sx2"]


def test_utterances_are_sorted_and_counted(corpus):
    assert ids(corpus) == ALL
    assert len(corpus) == 5
    assert repr(corpus) == "Corpus('tiny', 5 utterances, 4 speakers)"


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ({}, ALL),
        ({"split": "train"}, ["fcjf0_sa1", "mabc0_si7"]),
        ({"split": "core"}, ["mdab0_sa1", "mdab0_sx2"]),
        ({"split": ["core", "train"]}, ["fcjf0_sa1", "mabc0_si7", "mdab0_sa1", "mdab0_sx2"]),
        ({"sex": "f"}, ["faks0_sa1", "fcjf0_sa1"]),
        ({"speaker": ("mdab0", "mabc0"), "dialect": "dr2"}, ["mabc0_si7"]),
        ({"sentence": {"sa1", "sx2"}, "split": "test", "sex": "m"}, ["mdab0_sa1", "mdab0_sx2"]),
        ({"id": "mdab0_sx2"}, ["mdab0_sx2"]),
        ({"id": (name for name in ["mdab0_sx2"])}, ["mdab0_sx2"]),
    ],
)
def test_select_keeps_what_has_every_wanted_property(corpus, wanted, chosen):
    assert ids(corpus.select(**wanted)) == chosen


def test_select_leaves_the_corpus_and_passes_on_its_name_and_notes(corpus):
    chosen = corpus.select(split="test")
    assert ids(corpus) == ALL
    assert (chosen.name, chosen.root, chosen.notes) == ("tiny", Path("root"), "made up")
    assert ids(chosen.select(split="core")) == ["mdab0_sa1", "mdab0_sx2"]


def test_select_refuses_a_property_that_is_none(corpus):
    with pytest.raises(OptionError) as caught:
        corpus.select(gender="f")
    assert str(caught.value) == (
        "property to select by is 'gender'; use one of "
        "'id', 'speaker', 'sex', 'dialect', 'sentence', 'sentence_type', 'split'"
    )


def test_select_refuses_values_that_do_not_occur(corpus):
    with pytest.raises(OptionError) as caught:
        corpus.select(speaker=["mdab0", "MDAB0", "x"])
    assert str(caught.value) == (
        "speaker 'MDAB0', 'x' doesn't occur in tiny; "
        "there are 4, such as 'faks0', 'fcjf0', 'mabc0', 'mdab0'"
    )
    with pytest.raises(OptionError, match="there are 3, such as 'core', 'test', 'train'"):
        corpus.select(split="dev")


@pytest.mark.parametrize("wanted", [{"sex": "f", "sentence": "sx2"}, {"sex": []}])
def test_select_refuses_to_choose_nothing(corpus, wanted):
    with pytest.raises(OptionError, match=r"^no utterance of tiny has .*; ask for less$"):
        corpus.select(**wanted)


def test_an_utterance_is_found_by_id(corpus):
    assert corpus["mdab0_sx2"].sentence == "sx2"
    with pytest.raises(CorpusError) as caught:
        corpus["mdab0_sx3"]
    assert str(caught.value) == "no utterance 'mdab0_sx3' in tiny; the first is 'faks0_sa1'"


def test_a_corpus_needs_an_utterance():
    with pytest.raises(CorpusError, match=r"^root: no utterance; check folder and filter$"):
        Corpus("tiny", Path("root"), ())


def test_an_id_may_stand_once():
    twice = (utterance("mdab0_sa1"), utterance("fcjf0_sa1"), utterance("mdab0_sa1", "test"))
    with pytest.raises(CorpusError, match=r"^root: utterance 'mdab0_sa1' stands twice: "):
        Corpus("tiny", Path("root"), twice)


def numbered(*speakers):
    path = Path("a.flac")
    utterances = (
        Utterance(f"{speaker}/{n}", speaker, "", "", "", "", path, {"phone": path})
        for speaker in speakers
        for n in range(2)
    )
    return Corpus("read", Path("root"), tuple(utterances), notes="automatic labels")


def test_hold_out_parts_the_speakers_by_their_place():
    whole = numbered("100", "9", "83", "909", "1034")
    fit, read = whole.hold_out(1, of=3)
    assert {one.speaker for one in read} == {"9", "909"}  # 9, 83, 100, 909, 1034
    assert {one.speaker for one in fit} == {"83", "100", "1034"}
    assert (len(fit), len(read)) == (6, 4)
    assert fit.notes == read.notes == "automatic labels"


def test_hold_out_sorts_names_as_texts(corpus):
    fit, read = corpus.hold_out(1, of=2)
    assert {one.speaker for one in read} == {"faks0", "mabc0"}
    assert {one.speaker for one in fit} == {"fcjf0", "mdab0"}


@pytest.mark.parametrize(("speakers", "of"), [(0, 3), (3, 3), (-1, 3), (1, 1)])
def test_hold_out_needs_a_true_share(speakers, of):
    with pytest.raises(OptionError) as caught:
        numbered("1", "2").hold_out(speakers, of)
    assert str(caught.value) == f"hold-out is {speakers} of {of}; use 0 < speakers < of"


def test_hold_out_refuses_to_leave_one_side_empty():
    with pytest.raises(OptionError, match="2 speakers are too few to hold out 2 of 3"):
        numbered("1", "2").hold_out(2, of=3)
