import os
from pathlib import Path

import pytest
import written_labels

from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.labels import LabelSource, read_label_file, read_labels
from sfvq_analysis.timeline import Segment

LABELS = [(0, 100, "a"), (100, 250, "b")]
SEGMENTS = (Segment(0, 1600, "a"), Segment(1600, 4000, "b"))
SUFFIXES = ["phn", "TextGrid", "lab", "mlf", "ctm", "eaf", "csv", "phones", "json"]
BOTH = {"u": LABELS, "v": [(0, 90, "c")]}


@pytest.fixture
def write(tmp_path):
    def write_file(content, name):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write_file


def refusal(path, *arguments, **options):
    with pytest.raises(CorpusError) as caught:
        read_labels(path, *arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


@pytest.mark.parametrize(
    "name",
    [
        *("a.phn", "a.PHN", "a.wrd", "a.lab", "a.Lab", "a.TextGrid", "a.textgrid", "a.EAF"),
        *("a.phones", "a.words", "a_annot.json"),
    ],
)
def test_the_suffix_tells_the_format(write, name):
    content = {
        ".phn": written_labels.timit(LABELS),
        ".wrd": written_labels.timit(LABELS),
        ".lab": written_labels.htk(LABELS),
        ".textgrid": written_labels.textgrid(LABELS),
        ".eaf": written_labels.eaf({"phones": LABELS}),
        ".phones": written_labels.esps(LABELS),
        ".words": written_labels.esps(LABELS),
        ".json": written_labels.emu(LABELS),
    }[Path(name).suffix.lower()]
    path = write(content, name)
    assert read_labels(path) == read_labels(str(path)) == SEGMENTS


def test_a_format_that_is_named_overrules_the_suffix(write):
    path = write(written_labels.ctm({"u": LABELS}), "a.phn")
    assert read_labels(path, "ctm") == SEGMENTS
    assert refusal(path).startswith(":1: line is 'u 1 0.000 0.100 a'")


def test_unknown_formats_and_suffixes_are_refused(tmp_path):
    with pytest.raises(OptionError, match="format is 'praat'; use one of 'timit', 'textgrid'"):
        read_labels(tmp_path / "a.phn", "praat")
    with pytest.raises(OptionError, match=r"suffix '\.xyz'; name it: format=timit, textgrid"):
        read_labels(tmp_path / "a.xyz")
    with pytest.raises(OptionError, match="suffix ''"):
        read_labels(tmp_path / "phn")
    with pytest.raises(OptionError, match="sample_rate is 0"):
        read_labels(tmp_path / "a.phn", sample_rate=0)


@pytest.mark.parametrize("suffix", ["mlf", "ctm", "csv"])
def test_an_utterance_of_many_is_chosen_by_name(write, suffix):
    content = {
        "mlf": written_labels.mlf(BOTH),
        "ctm": written_labels.ctm(BOTH),
        "csv": written_labels.csv_table(BOTH),
    }[suffix]
    path = write(content, f"a.{suffix}")
    assert read_labels(path, utterance="u") == SEGMENTS
    assert refusal(path) == ": it holds 2 utterances; choose one: 'u', 'v'"
    assert refusal(path, utterance="w") == ": no utterance 'w'; it holds 2, such as 'u', 'v'"


def test_an_only_utterance_of_another_name_is_not_taken(write):
    path = write(written_labels.ctm({"u": LABELS}), "a.ctm")
    assert read_labels(path) == SEGMENTS
    assert refusal(path, utterance="v") == ": no utterance 'v'; it holds 1, such as 'u'"


def test_tiers_are_chosen_by_name_and_listed(write):
    tiers = {"phones": LABELS, "words": [(0, 250, "ab")], "empty": []}
    path = write(written_labels.eaf(tiers), "a.eaf")
    assert read_labels(path, tier="phones") == SEGMENTS
    listed = "its tiers are 'phones', 'words', 'empty'"
    assert refusal(path) == f": it has 3 tiers of intervals; {listed}"
    assert refusal(path, tier="Phones") == f": no tier 'Phones'; {listed}"
    assert refusal(path, tier="empty") == ": tier is empty; restore its labels"
    many = write(written_labels.eaf({f"t{i}": LABELS for i in range(1000)}), "many.eaf")
    assert len(refusal(many)) < 200


def test_a_tier_is_not_taken_from_a_file_that_names_none(write):
    path = write(written_labels.timit(LABELS), "a.phn")
    assert refusal(path, tier="phones") == ": no tier 'phones'; its tiers are one, without a name"


def test_a_file_that_changes_is_read_again(write):
    path = write(written_labels.timit(LABELS), "a.phn")
    assert read_label_file(path) is read_label_file(path)
    assert read_labels(path) == SEGMENTS
    write(written_labels.timit(LABELS[:1]), "a.phn")
    assert read_labels(path) == SEGMENTS[:1]
    write("0 1600 z\n", "a.phn")  # of the same size
    os.utime(path, ns=(1, 1))
    assert read_labels(path) == (Segment(0, 1600, "z"),)
    path.unlink()
    assert refusal(path) == ": label file is missing; restore the file"


@pytest.mark.parametrize(
    "suffix", ["phn", "TextGrid", "lab", "mlf", "ctm", "eaf", "csv", "phones", "json"]
)
@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "binary", "long name"])
def test_no_file_of_any_format_ends_in_a_traceback(tmp_path, suffix, kind):
    path = tmp_path / f"{300 * 'x' if kind == 'long name' else 'a'}.{suffix}"
    if kind == "folder":
        path.mkdir()
    elif kind in {"empty", "binary"}:
        path.write_bytes(bytes(range(256)) if kind == "binary" else b"")
    assert refusal(path).startswith(":")


@pytest.mark.parametrize(
    "suffix", ["phn", "TextGrid", "lab", "mlf", "ctm", "eaf", "csv", "phones", "json"]
)
def test_a_file_that_may_not_be_read_is_refused(tmp_path, suffix, monkeypatch):
    def deny(path, *_arguments, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / f"a.{suffix}"
    path.write_text("x")
    monkeypatch.setattr(Path, "read_bytes", deny)
    monkeypatch.setattr(Path, "open", deny)
    assert "Permission denied" in refusal(path)


def test_a_source_reads_what_it_names(write):
    path = write(written_labels.csv_table(BOTH), "a.csv")
    source = LabelSource(path, "csv", utterance="u")
    assert source.read(16_000) == SEGMENTS
    assert str(source) == str(path)
    overlapping = write("0 5 a\n4 9 b\n", "a.wrd")
    assert len(LabelSource(overlapping).read(16_000, may_overlap=True)) == 2
    with pytest.raises(CorpusError, match="may not overlap"):
        LabelSource(overlapping).read(16_000)
