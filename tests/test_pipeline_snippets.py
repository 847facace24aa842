"""`pipeline.snippets`: frames nearest to a codeword, cut from the audio around their centres."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from command_line import refused, sfvq

from sfvq_analysis import demo_corpus, fit_vq, index_table, load_encoder, sample_features
from sfvq_analysis.audio import read_audio
from sfvq_analysis.errors import OptionError, TableError
from sfvq_analysis.pipeline import nearest_snippets


@pytest.fixture(scope="module")
def corpus():
    whole = demo_corpus()
    return whole.select(id=[utterance.id for utterance in whole][:4])


@pytest.fixture(scope="module")
def table(corpus):
    encoder = load_encoder("mel")
    return index_table(corpus, encoder, fit_vq(sample_features(corpus, encoder), bits=3))


def test_they_are_the_nearest_frame_of_each_utterance_nearest_first(table, corpus):
    found = nearest_snippets(table, corpus, 2, n=4)
    frames = table.frames[table.frames["codeword"] == 2]
    least = frames.groupby("utterance", observed=True)["codeword_distortion"].min().sort_values()
    assert [snippet.utterance for snippet in found] == list(least.index)
    assert [snippet.distortion for snippet in found] == pytest.approx(list(least))
    assert [s.utterance for s in nearest_snippets(table, corpus, 2, n=2)] == list(least.index[:2])


def test_the_frame_s_centre_is_in_the_middle(table, corpus):
    for snippet in nearest_snippets(table, corpus, 5, seconds=0.1):
        audio = corpus[snippet.utterance].load().audio
        padded = np.pad(audio, 800)
        centre = 320 * snippet.frame + 80
        np.testing.assert_array_equal(snippet.audio, padded[centre : centre + 1600])
        row = table.frames[
            (table.frames["utterance"] == snippet.utterance)
            & (table.frames["frame"] == snippet.frame)
        ].iloc[0]
        assert (row.codeword, row.phone) == (5, snippet.phone)


def test_no_index_and_another_corpus_are_refused(table, corpus):
    with pytest.raises(OptionError, match=r"index is 8; use 0 … 7"):
        nearest_snippets(table, corpus, 8)
    gone = nearest_snippets(table, corpus, 1, n=1)[0].utterance
    other = dataclasses.replace(corpus, utterances=tuple(u for u in corpus if u.id != gone))
    with pytest.raises(TableError, match=f"no utterance {gone}"):
        nearest_snippets(table, other, 1, n=1)


def test_the_command(table, corpus, tmp_path):
    table.save(tmp_path / "table")
    done = sfvq(
        "snippets", "table", "--corpus", "demo", "--index", 3, "-n", 2, "-o", "out", cwd=tmp_path
    )
    written = sorted((tmp_path / "out").glob("*.wav"))
    wanted = nearest_snippets(table, corpus, 3, n=2)
    assert [path.name for path in written] == [
        f"{rank:02d}_{snippet.phone}.wav" for rank, snippet in enumerate(wanted, start=1)
    ]
    audio, rate = read_audio(written[0])
    assert rate == wanted[0].sample_rate
    np.testing.assert_allclose(audio, wanted[0].audio, atol=1e-4)
    assert "2 snippets of index 3" in done.out
    arguments = ("snippets", "table", "--corpus", "demo", "-o", "other")
    refused(*arguments, "--index", 99, cwd=tmp_path, naming="index is 99")
