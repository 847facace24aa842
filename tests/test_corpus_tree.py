import numpy as np
import pytest
import soundfile
from timit_tree import write_timit

from sfvq_analysis import load_corpus, scan_corpus
from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.timeline import Segment


def add(stem, suffix=".flac", labels=".phn"):
    stem.parent.mkdir(parents=True, exist_ok=True)
    if suffix:
        soundfile.write(str(stem) + suffix, np.zeros(400), 8000)
    if labels:
        stem.with_name(stem.name + labels).write_text("0 400 s\n")


def refusal(load, kind=CorpusError):
    with pytest.raises(kind) as caught:
        load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_ids_are_paths_and_the_parent_folder_is_the_speaker(tmp_path):
    root = tmp_path / "speech"
    for stem in ("909/909-1", "909/909-2", "read/83/a.b"):
        add(root / stem)
    corpus = scan_corpus(root)
    assert [(u.id, u.speaker) for u in corpus] == [
        *[("909/909-1", "909"), ("909/909-2", "909"), ("read/83/a.b", "83")]
    ]
    assert (corpus.name, corpus.root, corpus.skipped) == ("speech", root, ())
    one = corpus["909/909-1"]
    assert (one.sex, one.dialect, one.sentence, one.split) == ("", "", "", "")


def test_a_file_at_the_top_is_its_own_speaker(tmp_path):
    add(tmp_path / "one", ".wav")
    add(tmp_path / "two", ".WAV", ".PHN")
    assert [u.speaker for u in scan_corpus(tmp_path)] == ["one", "two"]


def test_loading_reads_audio_and_tiers(tmp_path):
    add(tmp_path / "s" / "a")
    (tmp_path / "s" / "a.wrd").write_text("0 400 so\n")
    (tmp_path / "s" / "a.lab").write_text("something else\n")
    recording = scan_corpus(tmp_path)["s/a"].load()
    assert (len(recording.audio), recording.sample_rate) == (400, 8000)
    assert recording.tiers == {"phone": (Segment(0, 400, "s"),), "word": (Segment(0, 400, "so"),)}


def test_a_pattern_gives_properties(tmp_path):
    add(tmp_path / "train" / "f_anna" / "x1")
    add(tmp_path / "test" / "m_otto" / "x2")
    pattern = r"(?P<split>[^/]+)/(?P<sex>[fm])_(?P<speaker>\w+)/(?P<sentence>\w+)"
    found = scan_corpus(tmp_path, pattern=pattern)
    assert [(u.split, u.sex, u.speaker, u.sentence) for u in found] == [
        ("test", "m", "otto", "x2"),
        ("train", "f", "anna", "x1"),
    ]


def test_without_a_speaker_group_every_utterance_has_its_own(tmp_path):
    add(tmp_path / "a" / "x")
    add(tmp_path / "a" / "y")
    found = scan_corpus(tmp_path, pattern=r"(?P<split>.)/.(?P<dialect>dr1)?")
    assert [(u.speaker, u.dialect) for u in found] == [("a/x", ""), ("a/y", "")]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<speaker>", "pattern '(?P<speaker>': missing ), unterminated subpattern"),
        (r"(?P<speaker>\d+)/x", r"pattern '(?P<speaker>\\d+)/x' doesn't match 'a/x'; mend it"),
    ],
)
def test_a_pattern_that_will_not_do_is_named(tmp_path, pattern, message):
    add(tmp_path / "a" / "x")
    text = refusal(lambda: scan_corpus(tmp_path, pattern=pattern), OptionError)
    assert text.startswith(message)


@pytest.mark.parametrize(
    ("suffix", "labels", "lacking"), [(".wav", None, ".phn"), (None, ".phn", "audio")]
)
def test_a_missing_partner_names_the_file_that_is_there(tmp_path, suffix, labels, lacking):
    add(tmp_path / "s" / "whole")
    add(tmp_path / "s" / "half", suffix, labels)
    assert refusal(lambda: scan_corpus(tmp_path)) == (
        f"{tmp_path / 's' / 'half'}{suffix or labels}: utterance lacks its {lacking}; "
        "restore the file or remove the utterance"
    )


def test_nothing_to_load_is_named(tmp_path):
    (tmp_path / "readme.md").write_text("nothing here\n")
    message = (
        f"{tmp_path}: no audio with a label file beside it; give a labelled tree, or say how it is "
        'labelled (labels="textgrid", …; --labels)'
    )
    assert refusal(lambda: scan_corpus(tmp_path)) == message
    assert refusal(lambda: load_corpus(tmp_path)) == message
    gone = tmp_path / "gone"
    message = f"{gone}: no such folder; give the corpus' folder"
    assert refusal(lambda: scan_corpus(gone)) == message
    assert refusal(lambda: load_corpus(gone)) == message


def test_load_corpus_takes_any_tree_of_pairs(tmp_path):
    add(tmp_path / "s" / "a")
    assert load_corpus(tmp_path)["s/a"].speaker == "s"
    assert load_corpus(str(tmp_path), "phn")["s/a"].speaker == "s"
    with pytest.raises(CorpusError, match="not a TIMIT tree"):
        load_corpus(tmp_path, "timit")
    with pytest.raises(OptionError, match="labels is 'lab'; use one of 'auto', 'timit', 'phn'"):
        load_corpus(tmp_path, "lab")


def test_load_corpus_can_be_told_to_read_timit_as_pairs(tmp_path):
    speaker = write_timit(tmp_path) / "TIMIT" / "test"
    assert [u.id for u in load_corpus(speaker, "phn")] == [
        *["dr1/faks0/si1573", "dr1/mdab0/sa1", "dr1/mdab0/sx139"]
    ]


def test_a_plain_transcript_spans_the_audio(tmp_path):
    add(tmp_path / "s" / "a")
    (tmp_path / "s" / "a.txt").write_text("HELLO\n  WORLD\n")
    recording = scan_corpus(tmp_path)["s/a"].load()
    assert recording.tiers["text"] == ((0, len(recording.audio), "HELLO WORLD"),)


def test_a_group_that_is_no_property_is_refused(tmp_path):
    add(tmp_path / "s" / "a")
    with pytest.raises(OptionError, match="speeker"):
        scan_corpus(tmp_path, pattern="(?P<speeker>.*)")


def test_hidden_files_are_passed_over(tmp_path):
    add(tmp_path / "s" / "a")
    (tmp_path / "s" / "._a.phn").write_bytes(b"\x00\x05")
    assert len(scan_corpus(tmp_path)) == 1


def test_audio_without_labels(tmp_path):
    add(tmp_path / "s1" / "a", ".wav", labels="")
    add(tmp_path / "s2" / "b")
    (tmp_path / "s2" / "b.phn").write_text("this is no label file")
    corpus = load_corpus(tmp_path, labels="none")
    assert [(u.id, u.speaker) for u in corpus] == [("s1/a", "s1"), ("s2/b", "s2")]
    assert corpus["s2/b"].load().tiers == {}
    with pytest.raises(CorpusError, match=r"a\.wav: utterance has no phone labels; load"):
        corpus["s1/a"].load_phones()


def test_a_folder_without_audio_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no audio there"):
        load_corpus(tmp_path, labels="none")
