"""The same labels in every format are the same segments."""

import pytest
import written_labels
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.labels import read_labels
from sfvq_analysis.timeline import Segment

SYMBOLS = ["h#", "sh", "iy", "æʃ", "t͡ʃ", "x", "@", "sp", "IH1", "nan", "NA", "=1", "q'", "\\"]

FORMATS = {
    "a.phn": written_labels.timit,
    "a.TextGrid": written_labels.textgrid,
    "a.lab": written_labels.htk,
    "a.mlf": lambda labels: written_labels.mlf({"other": [(0, 9, "z")], "a": labels}),
    "a.ctm": lambda labels: written_labels.ctm({"other": [(0, 9, "z")], "a": labels}),
    "a.eaf": lambda labels: written_labels.eaf({"phones": labels}),
    "a.csv": lambda labels: written_labels.csv_table({"a": labels, "other": [(0, 9, "z")]}),
    "a.phones": written_labels.esps,
    "a_annot.json": written_labels.emu,
    "a.tsv": lambda labels: written_labels.csv_table({"a": labels}, "samples", "\t"),
}


def named_in(path):
    """Return the utterance to ask for, of the formats that name theirs."""
    return "a" if path.suffix in (".mlf", ".ctm", ".csv", ".tsv") else None


@pytest.mark.parametrize("name", FORMATS)
@given(st.lists(st.tuples(st.integers(5, 3000), st.sampled_from(SYMBOLS)), min_size=1))
def test_every_format_gives_the_same_segments(tmp_path_factory, name, entries):
    labels, start = [], 0
    for duration, symbol in entries:
        labels.append((start, start + duration, symbol))
        start += duration
    path = tmp_path_factory.mktemp("labels") / name
    path.write_text(FORMATS[name](labels), encoding="utf-8")
    assert read_labels(path, utterance=named_in(path)) == tuple(
        Segment(16 * start, 16 * stop, symbol) for start, stop, symbol in labels
    )


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"a.phn", "a.tsv"}])
@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
def test_seconds_round_alike_at_every_rate(tmp_path, name, rate):
    labels = [(i, i + 1, f"x{i}") for i in range(2000)]
    path = tmp_path / name
    path.write_text(FORMATS[name](labels), encoding="utf-8")
    segments = read_labels(path, utterance=named_in(path), sample_rate=rate)
    nearest = [(2 * ms * rate + 1000) // 2000 for ms in range(2001)]  # halves upward
    assert [segment.start for segment in segments] == nearest[:-1]
    assert [segment.stop for segment in segments] == nearest[1:]
