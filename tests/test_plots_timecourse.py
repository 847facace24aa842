from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, plots
from sfvq_analysis.errors import OptionError, TableError

UTTERANCE = "fslt0_sa1"


@pytest.fixture(scope="module")
def corpus():
    return demo_corpus().select(speaker="fslt0")


@pytest.fixture(scope="module")
def tables(corpus):
    made = index_table(corpus, load_encoder("vqvae"), demo_quantizers())
    return {"SFVQ": made["sfvq"], "VQ": made["vq"]}


@pytest.fixture(scope="module")
def recording(corpus):
    return corpus[UTTERANCE].load()


@pytest.fixture(scope="module")
def panels(tables, recording):
    return plots.index_over_time(tables, UTTERANCE, recording.audio, recording.sample_rate)


def _stretched(table, factor):
    """Return a table whose utterances last `factor` times as long, frames and labels with them."""
    frames, segments = table.frames.copy(), table.segments.copy()
    frames["centre"] *= factor
    segments[["start", "stop"]] *= factor
    utterances = table.utterances.copy()
    utterances["n_samples"] *= factor
    grid = replace(table.grid, hop=table.grid.hop * factor, offset=table.grid.offset * factor)
    return replace(table, frames=frames, segments=segments, utterances=utterances, grid=grid)


def _shrunk(table):
    """Return a table with frames and labels at a tenth of their times: as tight as 30 seconds."""
    frames, segments = table.frames.copy(), table.segments.copy()
    frames["centre"] //= 10
    segments["start"] //= 10
    segments["stop"] //= 10
    grid = replace(table.grid, hop=table.grid.hop // 10, offset=table.grid.offset // 10)
    return replace(table, frames=frames, segments=segments, grid=grid)


def _phones(table):
    segments, _ = table.of_utterance(UTTERANCE)
    return segments[segments["tier"] == "phone"]


def _texts(ax, rotation):
    return [text for text in ax.texts if text.get_rotation() == rotation]


def test_points_are_frame_centres_and_codes(panels, tables):
    top, _ = panels
    for line, table in zip(top.lines, tables.values(), strict=True):
        _, frames = table.of_utterance(UTTERANCE)
        assert np.array_equal(line.get_xdata(), frames["centre"] / 16000)
        assert np.array_equal(line.get_ydata(), frames["codeword"])
    sfvq, vq = top.lines
    assert (sfvq.get_marker(), sfvq.get_color()) == ("o", "navy")
    assert (vq.get_marker(), vq.get_color()) == ("x", "0.5")
    assert [text.get_text() for text in top.get_legend().get_texts()] == ["SFVQ", "VQ"]
    low, high = top.get_ylim()
    assert low < 0
    assert high > 255


def test_boundaries_are_edges_of_phones(panels, tables):
    phones = _phones(tables["SFVQ"])
    edges = np.union1d(phones["start"], phones["stop"]) / 16000
    for panel in panels:
        drawn = np.array(panel.collections[0].get_segments())[:, :, 0]
        assert np.array_equal(drawn[:, 0], edges)
        assert np.array_equal(drawn[:, 1], edges)


def test_panels_share_time(panels, recording):
    top, bottom = panels
    assert top.get_xlim() == bottom.get_xlim() == (0.0, len(recording.audio) / 16000)


def test_spectrogram_frames_are_centred_on_their_time(panels, recording):
    image = panels[1].images[0]
    left, right, low, high = image.get_extent()
    n_bands, n_frames = image.get_array().shape
    assert n_frames == 1 + len(recording.audio) // 160
    assert left == pytest.approx(-0.005)
    assert (right - left) / n_frames == pytest.approx(0.01)
    assert (low, high, n_bands) == (0, 80, 80)


def test_every_frame_has_its_code_written_at_its_time(panels, tables):
    _, frames = tables["SFVQ"].of_utterance(UTTERANCE)
    written = _texts(panels[1], 90)
    assert [int(text.get_text()) for text in written] == frames["codeword"].to_list()
    assert [text.xy[0] for text in written] == (frames["centre"] / 16000).to_list()


def test_every_phone_is_written_in_its_middle(panels, tables):
    phones = _phones(tables["SFVQ"])
    written = _texts(panels[1], 0)
    labels = [text.get_text() for text in written]
    assert labels == [*phones["label"], "phone", "index"]
    middles = [text.xy[0] for text in written[:-2]]
    assert np.allclose(middles, (phones["start"] + phones["stop"]) / 2 / 16000)


def test_no_two_texts_overlap_and_all_are_legible(panels):
    bottom = panels[1]
    bottom.figure.draw_without_rendering()
    boxes = []
    for text in bottom.texts:
        box = text.get_window_extent()
        trim = 0.2 * box.width if text.get_rotation() else 0.0  # a line is higher than its digits
        boxes.append(box.from_extents(box.x0 + trim, box.y0, box.x1 - trim, box.y1))
        assert text.get_fontsize() >= 7
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_legend_and_title_cover_no_data(panels):
    top, _ = panels
    top.figure.draw_without_rendering()
    legend, panel = top.get_legend().get_window_extent(), top.get_window_extent()
    assert not legend.overlaps(panel)
    assert not legend.overlaps(top._left_title.get_window_extent())


def test_title_is_the_text_and_the_notes(panels):
    title = panels[0].get_title(loc="left")
    assert title == (
        "Sentence = She had your dark suit in greasy wash water all year. (synthetic speech)"
    )


def test_title_falls_back_on_the_sentence(tables):
    table = tables["SFVQ"]
    segments = table.segments[table.segments["tier"] != "text"].reset_index(drop=True)
    bare = replace(table, segments=segments, provenance={})
    top, _ = plots.index_over_time({"SFVQ": bare}, UTTERANCE)
    assert top.get_title(loc="left") == "Sentence = sa1"


def test_long_title_is_broken_and_dollars_are_no_formula(tables):
    table = tables["SFVQ"]
    segments = table.segments.copy()
    label = segments["label"].astype(object)
    label[segments["tier"] == "text"] = "costs $5 and $6 " * 20
    segments["label"] = label.astype("category")
    top, _ = plots.index_over_time({"SFVQ": replace(table, segments=segments)}, UTTERANCE)
    top.figure.draw_without_rendering()
    assert "\n" in top.get_title(loc="left")
    assert top._left_title.get_window_extent().x1 <= top.get_window_extent().x1


def test_without_audio_there_is_no_spectrogram(tables):
    top, bottom = plots.index_over_time(tables, UTTERANCE)
    assert len(bottom.images) == 0
    assert len(_texts(bottom, 90)) == len(top.lines[0].get_xdata())


def test_tight_frames_are_written_once_a_run(tables):
    tight = _shrunk(tables["SFVQ"])
    _, bottom = plots.index_over_time({"SFVQ": tight}, UTTERANCE)
    _, frames = tight.of_utterance(UTTERANCE)
    codes = frames["codeword"].to_numpy()
    runs = codes[np.flatnonzero(np.diff(codes, prepend=-1))]
    written = [int(text.get_text()) for text in _texts(bottom, 90)]
    assert 0 < len(written) <= len(runs)
    remaining = iter(runs.tolist())
    assert all(code in remaining for code in written)  # in order


def test_width_follows_duration(tables):
    widths = [
        plots.index_over_time({"SFVQ": _stretched(tables["SFVQ"], factor)}, UTTERANCE)[
            0
        ].figure.get_figwidth()
        for factor in (1, 2, 4)
    ]
    duration = tables["SFVQ"].utterance(UTTERANCE)["n_samples"] / 16000
    assert widths == pytest.approx([2.6 * duration, 16.0, 16.0])


def test_given_axes_are_used_and_arguments_stay(tables, recording):
    figure, axes = plt.subplots(2, 1)
    audio = recording.audio.copy()
    kept = {name: table.frames.copy() for name, table in tables.items()}
    drawn = plots.index_over_time(tables, UTTERANCE, recording.audio, axes=tuple(axes))
    assert drawn == tuple(axes)
    assert plt.get_fignums() == [figure.number]
    assert np.array_equal(recording.audio, audio)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table.frames, kept[name])


def test_third_table_has_another_marker(tables):
    three = {**tables, "other": tables["VQ"]}
    top, _ = plots.index_over_time(three, UTTERANCE)
    assert len({line.get_marker() for line in top.lines}) == 3


def test_audio_of_another_utterance_or_rate_is_refused(tables, recording):
    for audio, rate in ((recording.audio[:-1600], None), (recording.audio, 8000)):
        with pytest.raises(OptionError, match=r"isn't 'fslt0_sa1', which lasts 3\.080 s"):
            plots.index_over_time(tables, UTTERANCE, audio, rate)
    with pytest.raises(OptionError, match=r"audio of shape \(1, "):
        plots.index_over_time(tables, UTTERANCE, recording.audio[None])


def test_unknown_utterance_and_missing_tables_are_refused(tables):
    with pytest.raises(TableError, match="no utterance 'sa1'"):
        plots.index_over_time(tables, "sa1")
    with pytest.raises(OptionError, match="no table is given"):
        plots.index_over_time({}, UTTERANCE)
    assert plt.get_fignums() == []


def test_no_name_of_a_table_is_lost_or_read_as_mathematics(tables):
    named = {"_hidden": tables["SFVQ"], "$x^2$": tables["VQ"]}
    top, _ = plots.index_over_time(named, UTTERANCE)
    shown = [text.get_text() for text in top.get_legend().get_texts()]
    assert [text.strip().replace("\\$", "$") for text in shown] == list(named)
    assert not shown[0].startswith("_")
    assert "\\$" in shown[1]
