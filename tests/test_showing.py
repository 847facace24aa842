"""What notebooks show: nothing breaks out of it, whatever labels and ids hold."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis import (
    Features,
    FrameGrid,
    demo_corpus,
    demo_quantizers,
    demo_voice_model,
)
from sfvq_analysis.quantizers import PlainVQ
from sfvq_analysis.showing import (
    LONGEST_TEXT,
    Preview,
    as_html,
    corpus_html,
    dataset_html,
    features_html,
    quantizer_html,
    table_html,
    voice_model_html,
)
from sfvq_analysis.stats import index_histogram
from sfvq_analysis.tables import save_in_shards
from sfvq_analysis.tables.simulated import Simulation, simulated_table

TAGS = {"div", "strong", "table", "thead", "tbody", "tr", "th", "td", "small"}
NASTY = (
    "</td></table><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "&lt;b&gt;",
    "\u202eevil",
    "\x07\x1b[31m",
    "👩‍🔬 _name",
    "x" * 500,
)


class Seen(HTMLParser):
    """Tags, whether they close in order, and texts."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.open, self.texts = set(), [], [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def seen(html):
    found = Seen(html)
    assert found.tags <= TAGS
    assert not found.attributes
    return found


@given(st.text(), st.text(), st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=7))
def test_any_text_stays_text(name, value, rows):
    found = seen(as_html(name, {name: value}, Preview([name, value], rows, len(rows))))
    assert found.tags <= TAGS


@pytest.mark.parametrize("text", NASTY)
def test_nasty_ids_and_notes_of_a_corpus_stay_text(text):
    corpus = demo_corpus()
    first = replace(corpus.utterances[0], id="\x01" + text, speaker=text, split=text)
    nasty = replace(corpus, name=text, notes=text, utterances=(first, *corpus.utterances[1:]))
    found = seen(corpus_html(nasty))
    assert max(map(len, found.texts)) <= LONGEST_TEXT


@pytest.mark.parametrize("text", NASTY)
def test_nasty_ids_and_provenance_of_a_table_stay_text(text):
    table = simulated_table(Simulation(n_speakers=2))
    utterances, frames = table.utterances.copy(), table.frames.copy()
    ids = [f"{text}{i}" for i in range(len(utterances))]
    utterances["utterance"] = pd.Series(ids, dtype=utterances["utterance"].dtype)
    segments = table.segments.assign(
        utterance=table.segments["utterance"].cat.rename_categories(ids)
    )
    frames["utterance"] = frames["utterance"].cat.rename_categories(ids)
    known = {**table.provenance, "corpus": {"name": text, "notes": text}, "version": text}
    nasty = replace(
        table, utterances=utterances, segments=segments, frames=frames, provenance=known
    )
    assert not {"script", "img"} & seen(table_html(nasty)).tags


def test_a_table_says_what_it_is_and_shows_five_rows():
    table = simulated_table(Simulation(n_speakers=2))
    html = table_html(table)
    assert f"{len(table.frames):,}" in html
    assert f"5 of {len(table.frames):,} rows" in html
    assert html.count("<tr>") <= 5 + 1 + 10
    assert len(html) < 4000


def test_a_plain_codebook_has_no_position():
    table = simulated_table(Simulation(n_speakers=2))
    frames = table.frames.assign(
        curve_segment=np.int32(-1),
        t=np.float32(math.nan),
        distortion=table.frames["codeword_distortion"],
    )
    html = table_html(replace(table, frames=frames))
    assert "position" not in html
    assert "plain codebook" in html
    assert "position" in table_html(table)


def test_a_table_of_no_frames_is_shown():
    table = simulated_table(Simulation(n_speakers=2))
    empty = replace(
        table,
        frames=table.frames.head(0),
        utterances=table.utterances.assign(n_frames=np.int64(0)),
        segments=table.segments.assign(n_frames=np.int32(0)),
    )
    assert "0 with a phone" in table_html(empty)
    assert "rows" not in table_html(empty)


def test_a_dataset_says_what_it_is_without_reading_a_frame(tmp_path):
    table = simulated_table(Simulation(n_speakers=2))
    dataset = save_in_shards([table], tmp_path / "shards")
    for file in (tmp_path / "shards" / "frames").iterdir():
        file.unlink()
    texts = seen(dataset._repr_html_()).texts
    assert texts[0] == "IndexDataset"
    assert {f"{len(table.frames):,}", f"{len(table.utterances):,}"} <= set(texts)
    assert texts[-1] == "1 of 1 rows"


@pytest.mark.parametrize("text", NASTY)
def test_nasty_provenance_of_a_dataset_stays_text(text, tmp_path):
    table = simulated_table(Simulation(n_speakers=2))
    dataset = save_in_shards([table], tmp_path / "shards")
    known = {"corpus": {"name": text, "notes": text}, "version": text}
    seen(dataset_html(replace(dataset, provenance=known)))


class TestHistogram:
    def test_it_says_what_it_is_of_and_where_its_values_peak(self):
        table = simulated_table(Simulation(n_speakers=2))
        histogram = index_histogram(table, by="phone", weight="token")
        texts = seen(histogram._repr_html_()).texts
        assert texts[0] == "Histogram"
        assert {"token", "weight", table.provenance["corpus"]["name"]} <= set(texts)
        first = histogram[histogram["phone"] == histogram["phone"].iloc[0]]
        peak = first["index"].loc[first["smoothed"].idxmax()]
        row = texts[texts.index("peak at") + 1 :]
        assert row[:5] == [
            *first.iloc[0][["phone", "n_frames", "n_tokens", "n_speakers"]].map(str), str(peak)
        ]  # fmt: skip

    def test_what_is_made_from_it_is_a_plain_frame(self):
        histogram = index_histogram(simulated_table(Simulation(n_speakers=2)))
        assert type(histogram.head()) is pd.DataFrame
        assert type(histogram.groupby("index")["count"].sum()) is pd.Series
        assert "<style" in histogram.head()._repr_html_()

    def test_a_copy_and_a_pickle_are_shown(self):
        histogram = index_histogram(simulated_table(Simulation(n_speakers=2)))
        again = pickle.loads(pickle.dumps(histogram))  # noqa: S301 (it is ours)
        assert again._repr_html_() == histogram._repr_html_()
        assert type(histogram.copy()) is pd.DataFrame

    def test_one_without_rows_is_shown(self):
        table = simulated_table(Simulation(n_speakers=2))
        everything = table.inventory.groups
        seen(index_histogram(table, exclude=everything)._repr_html_())


def test_a_codebook_says_what_it_was_fitted_on():
    html = quantizer_html(demo_quantizers()["sfvq"])
    assert "SpaceFillingVQ" in html
    assert "105,792 frames" in html
    seen(html)


def test_a_codebook_of_unknown_origin_says_no_more_than_is_known():
    texts = seen(quantizer_html(PlainVQ(np.eye(3)))).texts
    assert texts[:5] == ["PlainVQ", "codewords", "3", "dimensions", "3"]
    assert "fitted by" not in texts


def test_nothing_is_read_to_show_a_corpus(tmp_path):
    corpus = demo_corpus()
    gone = replace(
        corpus.utterances[0], audio_path=tmp_path / "gone.wav", labels={}, speaker="", split=""
    )
    html = corpus_html(replace(corpus, utterances=(gone,)))
    assert "none" in html
    assert "speakers" not in html


def test_columns_that_nobody_filled_are_left_out():
    known = [replace(one, sex="", dialect="", split="") for one in demo_corpus().utterances]
    texts = seen(corpus_html(replace(demo_corpus(), utterances=tuple(known)))).texts
    assert "dialect" not in texts
    assert {"id", "speaker", "sentence"} <= set(texts)


@pytest.mark.parametrize("dim", [1, 5, 6])
def test_frames_show_their_first_values(dim):
    grid = FrameGrid(16_000, 320, 200)
    frames = Features(np.arange(3 * dim, dtype=np.float32).reshape(3, dim), grid, {"a": NASTY[0]})
    texts = seen(features_html(frames)).texts
    assert "50 frames a second" in texts
    assert ("…" in texts) == (dim > 5)
    assert texts[-1] == "3 of 3 rows"
    assert str(2 * dim) in texts


def test_frames_without_an_order_say_so():
    frames = Features(np.zeros((2, 2), np.float32), FrameGrid(16_000, 320, 200), {}, lengths=())
    assert "order unknown" in features_html(frames)


def test_a_voice_model_shows_its_voices_and_no_layer():
    model = demo_voice_model()
    nasty = replace(model, speakers={text: model.voice("1040") for text in NASTY})
    texts = seen(voice_model_html(nasty)).texts
    assert "SpaceFillingVQ · 256 · " + model.quantizer.digest in texts
    assert texts[:3] == ["VoiceModel", "voices", str(len(NASTY))]
    assert "Conv1d" not in repr(model) + model._repr_html_()


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, pd.NaT])
def test_missing_cells_are_dashes(missing):
    html = as_html("x", {}, Preview(["a"], [[missing]], 1))
    assert "<td>-</td>" in html


def test_controls_and_turned_text_are_shown_as_such_and_joined_emoji_stay():
    texts = seen(as_html("x", {"a": "\x00\u202eb", "c": "\N{WOMAN}\u200d\N{MICROSCOPE}"})).texts
    assert texts[2] == "\ufffd\ufffdb"
    assert texts[4] == "\N{WOMAN}\u200d\N{MICROSCOPE}"
