import os
import shutil

import numpy as np
import pytest
import soundfile
from timit_tree import SENTENCES, Sentence, rows, write_sentence, write_timit

from sfvq_analysis import load_corpus, load_timit
from sfvq_analysis.corpus.timit import CORE_SPEAKERS, is_timit
from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.phones import phone_table
from sfvq_analysis.timeline import FrameGrid, Segment, owners

IDS = ["faks0_si1573", "fcjf0_sa1", "fcjf0_si648", "fcjf0_sx37", "mdab0_sa1", "mdab0_sx139"]
SHORT = Sentence(1600, "0 h# 800 s 1600", "0 800 so\n", "0 1600 So.\n")


@pytest.fixture
def root(tmp_path):
    return write_timit(tmp_path)


@pytest.fixture
def speaker(root):
    return root / "TIMIT" / "TRAIN" / "DR1" / "FCJF0"


def refusal(load):
    with pytest.raises(CorpusError) as caught:
        load()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_utterance_is_found_once_whatever_its_case(root):
    corpus = load_timit(root)
    assert [utterance.id for utterance in corpus] == IDS
    assert corpus.name == "TIMIT"
    assert corpus.root == root / "TIMIT"


@pytest.mark.parametrize(
    ("utterance", "properties"),
    [
        ("fcjf0_sa1", ("fcjf0", "f", "dr1", "sa1", "train")),
        ("mdab0_sx139", ("mdab0", "m", "dr1", "sx139", "test")),
    ],
)
def test_the_path_says_who_and_what(root, utterance, properties):
    found = load_timit(root)[utterance]
    stated = (found.speaker, found.sex, found.dialect, found.sentence, found.split)
    assert stated == properties


def test_the_tree_covers_all_61_symbols(root):
    tiers = [utterance.load_phones() for utterance in load_timit(root)]
    assert {segment.label for phones in tiers for segment in phones} == set(phone_table())


def test_loading_reads_audio_and_all_tiers(root):
    recording = load_timit(root)["fcjf0_sa1"].load()
    assert recording.sample_rate == 16000
    assert (recording.audio.shape, recording.audio.dtype) == ((9600,), np.float32)
    assert recording.audio.std() > 0.1
    assert recording.tiers["phone"][:2] == (Segment(0, 1000, "h#"), Segment(1000, 2400, "sh"))
    assert recording.tiers["word"][:2] == (Segment(1000, 3200, "she"), Segment(3100, 5750, "had"))
    assert recording.tiers["text"] == (Segment(0, 9600, "She had your."),)


@pytest.mark.parametrize(
    ("utterance", "n_samples", "stop"), [("fcjf0_sa1", 9600, 8800), ("fcjf0_sx37", 6000, 6400)]
)
def test_labels_may_end_before_and_after_the_audio(root, utterance, n_samples, stop):
    recording = load_timit(root)[utterance].load()
    assert len(recording.audio) == n_samples
    assert recording.tiers["phone"][-1].stop == stop


def test_comments_are_passed_over_and_a_short_release_owns_no_frame(root):
    phones = load_timit(root)["fcjf0_sx37"].load_phones()
    assert phones[2] == Segment(1200, 1250, "b")
    assert 2 not in owners(phones, 16000, FrameGrid(16000, hop=320, offset=80), 19)


def test_sphere_is_read_where_a_riff_copy_stands_beside_it(root, speaker):
    assert (speaker / "SA1.WAV.wav").is_file()
    assert load_timit(root)["fcjf0_sa1"].audio_path == speaker / "SA1.WAV"


def test_the_riff_copy_alone_will_do(root, speaker):
    (speaker / "SA1.WAV").unlink()
    utterance = load_timit(root)["fcjf0_sa1"]
    assert utterance.audio_path == speaker / "SA1.WAV.wav"
    assert len(utterance.load().audio) == 9600


def test_flac_will_do(root, speaker):
    audio, rate = soundfile.read(speaker / "SX37.WAV")
    (speaker / "SX37.WAV").unlink()
    soundfile.write(speaker / "sx37.flac", audio, rate)
    assert np.array_equal(load_timit(root)["fcjf0_sx37"].load().audio, audio.astype(np.float32))


def test_words_and_text_may_be_absent(root, speaker):
    (speaker / "SA1.WRD").unlink()
    (speaker / "SA1.TXT").unlink()
    assert list(load_timit(root)["fcjf0_sa1"].load().tiers) == ["phone"]


def test_scanning_reads_no_audio_and_no_labels(root, speaker):
    for path in speaker.iterdir():
        path.write_bytes(b"garbage")
    assert len(load_timit(root)) == 6


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_the_tree_may_lie_up_to_three_folders_deeper(tmp_path, depth):
    top = tmp_path.joinpath("corpus", *["Data"] * depth)
    write_sentence(top / "Train" / "dr8" / "mrws1" / "si500", SHORT)
    corpus = load_timit(tmp_path / "corpus")
    assert [utterance.id for utterance in corpus] == ["mrws1_si500"]
    assert corpus.root == top
    assert is_timit(tmp_path / "corpus")


def test_four_folders_deeper_is_too_deep(tmp_path):
    write_sentence(tmp_path / "a" / "b" / "c" / "d" / "train/dr8/mrws1/si500", SHORT)
    assert not is_timit(tmp_path)
    assert refusal(lambda: load_timit(tmp_path)) == (
        f"{tmp_path}: not a TIMIT tree; "
        "it needs {train,test}/dr{1-8}/speaker/sentence.{wav,phn}"
    )


def test_sa_sentences_are_in_or_out(root):
    kept = [utterance.id for utterance in load_timit(root, sa=False)]
    assert kept == ["faks0_si1573", "fcjf0_si648", "fcjf0_sx37", "mdab0_sx139"]


def test_a_tree_of_sa_sentences_alone_has_none_without_them(tmp_path):
    write_sentence(tmp_path / "train/dr1/fcjf0/sa1", SHORT)
    message = f"{tmp_path}: no utterance found; check the tree below it"
    assert refusal(lambda: load_timit(tmp_path, sa=False)) == message


def test_core_is_a_subset_of_test(root):
    corpus = load_timit(root)
    assert [u.id for u in corpus.select(split="core")] == ["mdab0_sa1", "mdab0_sx139"]
    assert {u.speaker for u in corpus.select(split="test")} == {"mdab0", "faks0"}


def test_core_speakers_are_two_men_and_a_woman_of_each_dialect():
    by_dialect = [
        ("mdab0", "mwbt0", "felc0"),
        ("mtas1", "mwew0", "fpas0"),
        ("mjmp0", "mlnt0", "fpkt0"),
        ("mlll0", "mtls0", "fjlm0"),
        ("mbpm0", "mklt0", "fnlp0"),
        ("mcmj0", "mjdh0", "fmgd0"),
        ("mgrt0", "mnjm0", "fdhc0"),
        ("mjln0", "mpam0", "fmld0"),
    ]
    assert {speaker for three in by_dialect for speaker in three} == CORE_SPEAKERS


def test_a_core_speaker_in_train_makes_no_core(tmp_path):
    write_sentence(tmp_path / "train/dr1/mdab0/sa1", SHORT)
    with pytest.raises(OptionError, match="split 'core' doesn't occur in TIMIT"):
        load_timit(tmp_path).select(split="core")


@pytest.mark.parametrize(("name", "lacking"), [("SX37.PHN", ".phn"), ("SX37.WAV", "audio")])
def test_a_missing_partner_names_the_file_that_is_there(root, speaker, name, lacking):
    (speaker / name).unlink()
    there = {"SX37.PHN": "SX37.WAV", "SX37.WAV": "SX37.PHN"}[name]
    assert refusal(lambda: load_timit(root)) == (
        f"{speaker / there}: utterance lacks its {lacking}; "
        "restore the file or remove the utterance"
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("SX37.PHN", b"", ": label file is empty"),
        ("SX37.PHN", b"0 800 h#\n700 900 s\n", ":2: segment 's' starts at sample 700, before 800"),
        ("SX37.WRD", b"", ": label file is empty"),
        ("SX37.WRD", b"one two three\n", ":1: line is 'one two three'"),
        ("SX37.WAV", b"", ": not readable as audio"),
        ("SX37.WAV", b"RUFF, not RIFF", ": not readable as audio"),
    ],
)
def test_what_is_wrong_in_a_file_names_it_on_loading(root, speaker, name, content, message):
    (speaker / name).write_bytes(content)
    utterance = load_timit(root)["fcjf0_sx37"]
    assert refusal(utterance.load).startswith(f"{speaker / name}{message}")


def test_stereo_is_refused_on_loading(root, speaker):
    soundfile.write(speaker / "SX37.WAV", np.zeros((100, 2)), 16000, format="WAV")
    message = refusal(load_timit(root)["fcjf0_sx37"].load)
    assert message.startswith(f"{speaker / 'SX37.WAV'}: audio has 2 channels")


def test_an_utterance_found_twice_names_both_files(root, speaker):
    copy = root / "TIMIT" / "test" / "dr1" / "FCJF0"
    (root / "TIMIT" / "doc" / "SPKRINFO.TXT").unlink()
    copy.mkdir()
    for name in ("SX37.WAV", "SX37.PHN"):
        shutil.copy(speaker / name, copy / name)
    message = refusal(lambda: load_timit(root))
    assert message.startswith(f"{root / 'TIMIT'}: utterance 'fcjf0_sx37' stands twice: ")
    assert str(speaker / "SX37.WAV") in message
    assert str(copy / "SX37.WAV") in message


def test_a_folder_that_is_no_speaker_is_named(root):
    stray = root / "TIMIT" / "test" / "dr1" / "backup"
    stray.mkdir()
    assert refusal(lambda: load_timit(root)) == (
        f"{stray}: folder isn't named like a speaker; "
        "a speaker is m or f, three letters and a digit"
    )


@pytest.mark.parametrize("exists", [False, True])
def test_what_is_no_folder_is_named(tmp_path, exists):
    path = tmp_path / "TIMIT"
    if exists:
        path.write_text("a file")
    message = f"{path}: no such folder; give the corpus' folder"
    assert refusal(lambda: load_timit(path)) == message
    assert not is_timit(path)


@pytest.mark.parametrize(
    ("row", "stated", "found"),
    [
        ("CJF0 M 1 TRN", "m/dr1/train", "f/dr1/train"),
        ("CJF0 F 2 TRN", "f/dr2/train", "f/dr1/train"),
        ("CJF0 F 1 TST", "f/dr1/test", "f/dr1/train"),
    ],
)
def test_speaker_information_must_agree_with_the_path(root, row, stated, found):
    path = root / "TIMIT" / "doc" / "SPKRINFO.TXT"
    path.write_text(f"; ID Sex DR Use\n{row}\n")
    assert refusal(lambda: load_timit(root)) == (
        f"{path}: speaker cjf0 is {stated}, its folder says {found}; mend the one that is wrong"
    )


@pytest.mark.parametrize("row", ["CJF0 F 1", "CJF0 F 1 XXX"])
def test_a_speaker_row_that_is_none_is_named_by_line(root, row):
    path = root / "TIMIT" / "doc" / "SPKRINFO.TXT"
    path.write_text(f"; ID Sex DR Use\n\n{row} 1986\n")
    assert refusal(lambda: load_timit(root)).startswith(f"{path}:3: row is '{row} 1986'")


def test_speaker_information_is_found_above_the_tree_too(root):
    shutil.move(root / "TIMIT" / "doc", root / "DOC")
    path = root / "DOC" / "SPKRINFO.TXT"
    path.write_text("CJF0 M 1 TRN\n")
    assert refusal(lambda: load_timit(root)).startswith(f"{path}: speaker cjf0 is m/dr1/train")


def test_other_speakers_in_the_information_do_no_harm(root):
    path = root / "TIMIT" / "doc" / "SPKRINFO.TXT"
    path.write_text("XYZ0 M 8 TST\n")
    assert len(load_timit(root)) == 6


@pytest.mark.parametrize("labels", ["auto", "timit"])
def test_load_corpus_knows_the_tree(root, labels):
    corpus = load_corpus(str(root), labels)
    assert [utterance.id for utterance in corpus] == IDS


def test_the_helper_writes_what_it_is_told():
    assert rows("0 h# 800 b 1250") == "0 800 h#\n800 1250 b\n"
    assert all(
        sentence.phones.endswith(f"h# {sentence.phones.split()[-1]}")
        for sentence in SENTENCES.values()
    )


def test_flac_without_labels_names_the_utterance(root, speaker):
    soundfile.write(speaker / "sx99.flac", np.full(1600, 0.1), 16000)
    assert refusal(lambda: load_timit(root)).startswith(
        f"{speaker / 'sx99.flac'}: utterance lacks its .phn"
    )


def test_names_that_differ_in_case_alone_are_refused(root, speaker):
    (speaker / "sx37.phn").write_text("0 100 s\n")
    message = refusal(lambda: load_timit(root))
    assert "SX37.PHN" in message
    assert "sx37.phn" in message


def test_folders_that_tools_leave_are_passed_over(root, speaker):
    (speaker.parent / ".ipynb_checkpoints").mkdir()
    (speaker.parent / "@eaDir").mkdir()
    assert len(load_timit(root)) > 0


def test_folder_of_a_split_is_answered_with_the_one_above(root, speaker):
    assert "give the folder above it" in refusal(lambda: load_timit(speaker.parents[1]))


def test_two_trees_are_refused_by_name(tmp_path):
    write_timit(tmp_path / "a")
    write_timit(tmp_path / "b")
    message = refusal(lambda: load_timit(tmp_path))
    assert message.startswith(f"{tmp_path}: 2 TIMIT trees are there: ")
    assert message == refusal(lambda: load_corpus(tmp_path))


def test_a_labelled_recording_that_is_no_sentence_is_refused(root, speaker):
    (speaker / "note.wav").write_bytes(b"")
    assert len(load_timit(root)) > 0  # nothing labelled is lost
    (speaker / "note.phn").write_text("0 100 s\n")
    message = refusal(lambda: load_timit(root))
    assert message.startswith(f"{speaker / 'note.phn'}: it isn't named like a sentence")
    corpus = load_timit(root, on_error="skip")
    assert [skipped.reason for skipped in corpus.skipped] == ["it isn't named like a sentence"]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo])
def test_speaker_information_that_is_no_file_is_passed_over(tmp_path, make):
    top = write_timit(tmp_path)
    made = next(tmp_path.rglob("TEST"), None) or next(tmp_path.rglob("test"))
    for old in made.parent.rglob("*"):
        if old.name.lower() == "spkrinfo.txt":
            old.unlink()
    make(made.parent / "SPKRINFO.TXT")
    assert len(load_timit(top)) > 0
