"""`abx_export`: an item file and features that fastabx scores."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis import demo_corpus, fit_sfvq, fit_vq, index_table, load_encoder, sample_features
from sfvq_analysis.errors import CorpusError, OptionError, QuantizerError
from sfvq_analysis.phones import fold
from sfvq_analysis.pipeline import IndexOptions
from sfvq_analysis.pipeline.abx import ITEM_COLUMNS, AbxOptions, abx_export
from sfvq_analysis.pipeline.abx_items import _item_times
from sfvq_analysis.quantizers import Provenance, SpaceFillingVQ
from sfvq_analysis.timeline import FrameGrid, Segment, owners

SILENCES = ("h#", "pau", "epi")


@pytest.fixture(scope="module")
def corpus():
    whole = demo_corpus()
    return whole.select(id=[utterance.id for utterance in whole][:4])


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("mel")


@pytest.fixture(scope="module")
def quantizers(corpus, encoder):
    frames = sample_features(corpus, encoder)
    return {"sfvq": fit_sfvq(frames, bits=4), "vq": fit_vq(frames, bits=3)}


@pytest.fixture(scope="module")
def export(corpus, encoder, quantizers, tmp_path_factory):
    return abx_export(corpus, encoder, quantizers, tmp_path_factory.mktemp("abx") / "out")


@pytest.fixture(scope="module")
def tables(corpus, encoder, quantizers):
    return index_table(corpus, encoder, quantizers)


def read_items(folder):
    return pd.read_csv(folder / "phones.item", sep=" ", dtype="str")


def frames_scored(onset, offset, frequency):
    """Return which frames fastabx takes, by its documentation: centres at (i + 1/2) / f."""
    half = Fraction(1, 2)
    return range(
        math.ceil(Fraction(onset) * frequency - half),
        math.floor(Fraction(offset) * frequency - half) + 1,
    )


def wanted_items(table, span="phone", phone_set=61):
    """Return the items of a table's phone segments: labels, and times of the span."""
    rows = []
    for utterance in table.utterances.itertuples():
        segments, _ = table.of_utterance(utterance.utterance)
        phones = segments[segments["tier"] == "phone"].reset_index(drop=True)
        names = [fold(label, phone_set) for label in phones["label"]]
        for at in range(1, len(phones) - 1):
            around = names[at - 1 : at + 2]
            first, last = (at - 1, at + 1) if span == "triphone" else (at, at)
            owned = phones["n_frames"][first : last + 1].sum()
            if phones["label"][at] in SILENCES or None in around or owned == 0:
                continue
            times = (phones["start"][first], phones["stop"][last])
            seconds = [time / utterance.sample_rate for time in times]
            before, phone, after = around
            rows.append((utterance.utterance, *seconds, phone, before, after, utterance.speaker))
    return pd.DataFrame(rows, columns=list(ITEM_COLUMNS))


@pytest.mark.parametrize("span", ["phone", "triphone"])
@pytest.mark.parametrize("phone_set", [61, 39])
def test_items_are_the_table_s_segments(corpus, encoder, tables, tmp_path, span, phone_set):
    options = AbxOptions(span=span, phone_set=phone_set)
    done = abx_export(corpus, encoder, {}, tmp_path / "out", options)
    items = read_items(done.folder)
    assert tuple(items.columns) == ITEM_COLUMNS
    pd.testing.assert_frame_equal(items, done.items, check_dtype=False)
    wanted = wanted_items(tables["vq"], span, phone_set)
    labels = ["#file", "#phone", "prev-phone", "next-phone", "speaker"]
    assert items[labels].to_numpy().tolist() == wanted[labels].to_numpy().tolist()
    times = items[["onset", "offset"]].astype(float).to_numpy()
    assert encoder.grid.offset * 2 != encoder.grid.hop  # centres are elsewhere than fastabx's
    early = (encoder.grid.offset - encoder.grid.hop / 2) / encoder.grid.sample_rate
    theirs = np.maximum(wanted[["onset", "offset"]].to_numpy() - early, 0)
    inside = theirs <= tables["vq"].utterances["n_frames"].max() / 50
    assert inside.all()
    assert (np.abs(times - theirs)[:, 0] <= 2.1e-8).all()
    late = theirs[:, 1] - times[:, 1]
    assert (late > 0).all()
    assert (late[:-1] < 0.03).all()
    assert np.mean(late < 2.1e-8) > 0.95  # the others are cut to the last frame


def test_fastabx_takes_just_the_frames_that_a_phone_owns(export, tables):
    items = read_items(export.folder)
    frames = tables["sfvq"].frames
    seen = set()
    for row in items.itertuples(index=False):
        utterance = row[0]
        taken = frames_scored(row.onset, row.offset, 50)
        own = frames[frames["utterance"] == utterance].iloc[list(taken)]
        assert len(own) == len(taken) > 0
        (ordinal,) = set(own["phone_segment"])
        whole = frames[(frames["utterance"] == utterance) & (frames["phone_segment"] == ordinal)]
        assert len(whole) == len(own)
        assert fold(own["phone"].iloc[0], 61) == row[3]
        seen.add((utterance, ordinal))
    assert len(seen) == len(items)


@given(
    st.integers(0, 400), st.integers(1, 200), st.integers(0, 100), st.integers(0, 3),
    st.sampled_from([1000, 1600, 44100 // 100]),
)  # fmt: skip
def test_times_hold_the_owned_frames_at_any_rate(start, length, offset, n_frames, rate):
    grid = FrameGrid(sample_rate=1000, hop=50, offset=offset)
    segment = Segment(start, start + length, "s")
    own = np.flatnonzero(owners([segment], rate, grid, n_frames) == 0)
    times = _item_times(Fraction(start, rate), Fraction(start + length, rate), grid, n_frames)
    if times is None:
        assert len(own) == 0
        return
    assert 0 <= times[0] < times[1]
    taken = frames_scored(*(Fraction(time, 10**8) for time in times), 20)
    assert list(taken) == own.tolist()


def test_features_are_the_encoder_s_and_the_quantizers_(export, corpus, encoder, quantizers):
    assert export.features == ("latents", "sfvq", "sfvq-index", "vq", "vq-index")
    for utterance in corpus:
        recording = utterance.load()
        latents = encoder.encode(recording.audio, recording.sample_rate).values
        expected = {"latents": latents}
        for name, quantizer in quantizers.items():
            codes = quantizer.encode(latents)
            expected[name] = quantizer.decode(codes)
            expected[f"{name}-index"] = codes.codeword[:, None]
        for name, values in expected.items():
            read = torch.load(export.folder / name / f"{utterance.id}.pt", weights_only=True)
            assert read.dtype == torch.float32
            np.testing.assert_array_equal(read.numpy(), values)
    found = {path.relative_to(export.folder).as_posix() for path in export.folder.rglob("*.*")}
    files = {f"{name}/{u.id}.pt" for name in export.features for u in corpus}
    assert found == files | {"phones.item", "README.txt"}


def test_the_readme_has_a_command_for_each(export):
    text = (export.folder / "README.txt").read_text("utf-8")
    commands = [line.split() for line in text.splitlines() if line.startswith("fastabx ")]
    assert [command[1:5] for command in commands] == [
        ["phones.item", name, "--frequency", "50"] for name in export.features
    ]
    assert [("euclidean" in command) for command in commands] == [False, False, True, False, True]


def test_names_with_slashes_and_spaces_become_flat(corpus, encoder, tmp_path):
    nested = tuple(
        dataclasses.replace(u, id=f"a/{u.id} x", speaker=f"{u.speaker} {u.sex}") for u in corpus
    )
    done = abx_export(dataclasses.replace(corpus, utterances=nested), encoder, {}, tmp_path / "out")
    first = nested[0]
    name = first.id.replace("/", "_").replace(" ", "_")
    assert (done.folder / "latents" / f"{name}.pt").is_file()
    items = read_items(done.folder)
    assert items["#file"][0] == name
    assert items["speaker"][0] == first.speaker.replace(" ", "_")
    clash = (nested[0], dataclasses.replace(nested[1], id=name))
    with pytest.raises(OptionError, match="would share a file"):
        abx_export(dataclasses.replace(corpus, utterances=clash), encoder, {}, tmp_path / "other")


def test_excluded_phones_are_neighbours_only(corpus, encoder, export, tmp_path):
    done = abx_export(corpus, encoder, {}, tmp_path / "out", AbxOptions(exclude=("s",)))
    assert "s" not in set(done.items["#phone"])
    assert {"s", "h#"} <= set(done.items["prev-phone"])
    assert not set(SILENCES) & set(export.items["#phone"])


def test_it_is_whole_or_not_at_all(corpus, encoder, quantizers, tmp_path):
    class Broken(type(quantizers["vq"])):
        def encode(self, frames, mode="exact"):
            self.asked = getattr(self, "asked", 0) + 1
            if self.asked == 3:
                raise QuantizerError("broken")
            return super().encode(frames, mode)

    broken = Broken(quantizers["vq"].corners(), quantizers["vq"].provenance)
    with pytest.raises(QuantizerError, match="broken"):
        abx_export(corpus, encoder, {"vq": broken}, tmp_path / "a" / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused(corpus, encoder, quantizers, tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(OptionError, match="there: folder exists"):
        abx_export(corpus, encoder, {}, tmp_path / "there")
    for name in ("", "a/b", "latents", "..", "README.txt"):
        with pytest.raises(OptionError, match=f"a quantizer is called '{name}'"):
            abx_export(corpus, encoder, {name: quantizers["vq"]}, tmp_path / "out")
    two = {"vq": quantizers["vq"], "vq-index": quantizers["vq"]}
    with pytest.raises(OptionError, match="called 'vq-index'"):
        abx_export(corpus, encoder, two, tmp_path / "out")
    other = SpaceFillingVQ(quantizers["sfvq"].corners(), Provenance(encoder={"encoder": "x"}))
    with pytest.raises(QuantizerError, match="'x' was fitted on the encoder"):
        abx_export(corpus, encoder, {"x": other}, tmp_path / "out")
    allowed = AbxOptions(index=IndexOptions(allow_mismatch=True))
    assert abx_export(corpus, encoder, {"x": other}, tmp_path / "x", allowed).features[1] == "x"
    every = AbxOptions(exclude={p.label for u in corpus for p in u.load_phones()})
    with pytest.raises(OptionError, match="no phone with neighbours and a frame"):
        abx_export(corpus, encoder, {}, tmp_path / "out", every)
    bare = dataclasses.replace(next(iter(corpus)), labels={})
    with pytest.raises(CorpusError, match="no phone labels"):
        abx_export(dataclasses.replace(corpus, utterances=(bare,)), encoder, {}, tmp_path / "out")
    with pytest.raises(OptionError, match="span is 'word'"):
        AbxOptions(span="word")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there", "x"]


def test_frames_that_are_no_whole_number_a_second_are_refused(corpus, encoder, tmp_path):
    class Odd:
        grid = FrameGrid(16000, 300, 150)

    with pytest.raises(OptionError, match=r"frames are 53.3333 a second"):
        abx_export(corpus, Odd(), {}, tmp_path / "out")
