import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from sfvq_analysis import load_table, plots, stats
from sfvq_analysis.errors import CorpusError, OptionError, QuantizerError
from sfvq_analysis.phones import PhoneGroups, PhoneSet
from sfvq_analysis.pipeline.label_rows import index_latents
from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.stats import Inference
from sfvq_analysis.timeline import FrameGrid
from sfvq_analysis.training import fit_sfvq

LINE = SpaceFillingVQ([[float(at), 0.0] for at in range(8)])
EVEN = {str(digit): ("even", "odd")[digit % 2] for digit in range(10)}


def at(*places):
    return np.array([[place, 0.0] for place in places], dtype=np.float32)


@pytest.fixture(scope="module")
def digits():
    data = load_digits()
    return data.data, data.target, fit_sfvq(data.data, bits=4, seed=0)


class TestDigits:
    def test_every_row_keeps_its_label_and_its_code(self, digits):
        latents, target, quantizer = digits
        table = index_latents(latents, target, quantizer, groups=EVEN)
        frames = table.frames
        assert frames["phone"].astype(str).tolist() == [str(one) for one in target]
        assert (frames["phone_group"] == "odd").to_numpy().tolist() == (target % 2 == 1).tolist()
        nearest = np.linalg.norm(latents[:, None] - quantizer.corners()[None], axis=2)
        chosen = nearest[np.arange(len(latents)), frames["codeword"]]
        np.testing.assert_allclose(chosen, nearest.min(axis=1), rtol=1e-5)
        assert len(table.utterances) == len(latents)
        assert table.provenance["corpus"] == {"name": "latents", "notes": ""}

    def test_histograms_are_the_counts_of_labels_and_codes(self, digits):
        latents, target, quantizer = digits
        table = index_latents(latents, target, quantizer, groups=EVEN)
        by_group = stats.index_histogram(table)
        assert list(by_group["phone_group"].cat.categories) == ["even", "odd"]
        code = table.frames["codeword"].to_numpy()
        for name, odd in (("even", 0), ("odd", 1)):
            counted = by_group.loc[by_group["phone_group"] == name, "count"].tolist()
            assert counted == np.bincount(code[target % 2 == odd], minlength=16).tolist()
        by_label = stats.index_histogram(table, by="phone")
        assert by_label.groupby("phone", observed=True)["count"].sum().tolist() == (
            np.bincount(target).tolist()
        )
        ax = plots.histogram(by_label)
        assert len(ax.get_lines()) == 10

    def test_measures_of_groups_are_there_and_those_of_speech_are_not(self, digits):
        latents, target, quantizer = digits
        table = index_latents(latents, target, quantizer)  # every digit is a group
        few = Inference(n_permutations=9, n_bootstraps=9)
        assert table.inventory.groups == tuple(map(str, range(10)))
        assert stats.jensen_shannon(stats.index_histogram(table)).shape == (10, 10)
        splits = stats.splits(table, inference=few).set_index("split")
        assert splits.loc[[str(one) for one in range(10)], "accuracy"].min() > 0.5
        assert splits.loc["consonant_vowel", "reason"] == (
            "the groups aren't all of consonants or of vowels"
        )
        claims = stats.claims(table, inference=few).set_index("claim")
        assert claims.loc[["C2", "C3", "C5", "C7", "C8", "C11"], "effect"].isna().all()
        assert (claims.loc[["C2", "C3", "C5", "C7", "C8", "C11"], "reason"] != "").all()
        assert claims.loc[["C6", "C9", "C10", "C12"], "effect"].notna().all()

    def test_the_table_is_saved_and_read(self, digits, tmp_path):
        table = index_latents(*digits[:2], digits[2], groups=EVEN)
        again = load_table(table.save(tmp_path / "digits"))
        assert again.inventory == table.inventory
        pd.testing.assert_frame_equal(again.frames, table.frames)


class TestSequences:
    LATENTS = {"b": at(0, 1, 2, 6), "a": at(7, 7.2, 3)}  # noqa: RUF012
    LABELS = {"a": ["x", "x", None], "b": [1, 2, 2, np.nan]}  # noqa: RUF012

    def test_neighbours_of_one_label_are_one_segment(self):
        table = index_latents(self.LATENTS, self.LABELS, LINE)
        segments = table.segments[["utterance", "start", "stop", "label", "n_frames"]]
        assert segments.astype(object).to_numpy().tolist() == [
            *(["a", 0, 2, "x", 2], ["b", 0, 1, "1", 1], ["b", 1, 3, "2", 2]),
        ]
        assert table.frames["codeword"].tolist() == [7, 7, 3, 0, 1, 2, 6]
        assert table.frames["phone_segment"].tolist() == [0, 0, -1, 0, 1, 1, -1]
        assert table.inventory.groups == ("x", "1", "2")

    def test_spans_are_the_same_table(self):
        spans = pd.DataFrame(
            [("b", 1, 3, 2), ("a", 0, 2, "x"), ("b", 0, 1, 1)],
            columns=["utterance", "start", "stop", "label"],
        )
        one, other = (index_latents(self.LATENTS, labels, LINE) for labels in (spans, self.LABELS))
        for name in ("utterances", "segments", "frames"):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
        alone = index_latents(self.LATENTS["a"], spans[spans["utterance"] == "a"], LINE)
        assert alone.utterances["utterance"].tolist() == ["a"]

    @pytest.mark.parametrize("grid", [FrameGrid(100, 10, 0), FrameGrid(16_000, 320, 200)])
    def test_frames_lie_on_the_grid_inside_their_segments(self, grid):
        table = index_latents(self.LATENTS, self.LABELS, LINE, grid=grid)
        assert table.grid == grid
        assert table.frames["centre"].tolist() == [
            grid.offset + grid.hop * at for at in (0, 1, 2, 0, 1, 2, 3)
        ]
        assert table.utterances["n_samples"].tolist() == [
            grid.offset + grid.hop * n for n in (3, 4)
        ]

    def test_phones_of_a_set(self):
        labels = {"a": ["AH0", "S", "sil"], "b": ["S", "S", "", "AH1"]}
        table = index_latents(self.LATENTS, labels, LINE, groups="arpabet")
        assert table.frames["phone_group"].astype(object).fillna("").tolist() == [
            *("vowel", "fricative", "silence"), *("fricative", "fricative", "", "vowel"),
        ]  # fmt: skip
        same = index_latents(self.LATENTS, labels, LINE, groups=PhoneSet("arpabet"))
        assert same.inventory == table.inventory

    def test_a_plain_codebook(self):
        table = index_latents(self.LATENTS, self.LABELS, PlainVQ(LINE.corners()))
        assert not table.is_curve
        assert table.frames["codeword"].tolist() == [7, 7, 3, 0, 1, 2, 6]

    def test_groups_of_a_file(self, tmp_path):
        path = tmp_path / "mine.toml"
        path.write_text('[groups]\nletter = ["x"]\nnumber = ["1", "2"]\n')
        table = index_latents(self.LATENTS, self.LABELS, LINE, groups=path)
        assert table.inventory.groups == ("letter", "number")
        assert table.inventory.source == "mine.toml"


@pytest.mark.parametrize(
    ("latents", "labels", "message"),
    [
        (at(1, 2), ["a"], "labels has 1 labels, the latents 2 rows"),
        (at(1, 2), "ab", "labels is 'ab'"),
        (at(1, 2), ["a", 1.5], "labels, row 1: a label is 1.5"),
        (at(1, 2), ["a", ["b"]], "labels, row 1: a label is ['b']"),
        (at(1, np.nan), ["a", "b"], "latents holds NaN, infinity or what float32"),
        (np.array([[1e39, 0.0]]), ["a"], "latents holds NaN, infinity or what float32"),
        ([[1.0], [1.0, 2.0]], ["a", "b"], "latents is no array"),
        ([["x", "y"]], ["a"], "latents is <U1 of shape (1, 2)"),
        (np.zeros((0, 2)), [], "latents is float64 of shape (0, 2)"),
        (np.zeros(3), ["a"], "latents is float64 of shape (3,)"),
        ({}, {}, "latents hold no array"),
        ({"a": at(1), "b": np.zeros((1, 3))}, {}, "latents hold no array, or arrays of several"),
        ({"a": at(1)}, {"b": ["x"]}, "labels aren't those of the latents"),
        ({"a": at(1)}, ["x"], "labels aren't those of the latents"),
        ({"a": at(1)}, {"a": ["x", "y"]}, "labels['a'] has 2 labels, the latents 1 rows"),
        ({1: at(1)}, {1: ["x"]}, "an utterance is called 1"),
    ],
)
def test_what_does_not_fit_is_refused(latents, labels, message):
    with pytest.raises(OptionError) as caught:
        index_latents(latents, labels, LINE)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", 0, 3, "x"), "labels, row 1: span is [0, 3) of 2 frames"),
        (("a", 1, 1, "x"), "labels, row 1: span is [1, 1) of 2 frames"),
        (("a", -1, 1, "x"), "labels, row 1: span is [-1, 1) of 2 frames"),
        (("a", 0.5, 1, "x"), "labels, row 1: span is [0.5, 1)"),
        (("a", None, 2, "x"), "labels, row 1: span is [nan, 2) of 2 frames"),
        (("c", 0, 1, "x"), "labels, row 1: no latents of utterance 'c'"),
        (("a", 0, 2, "x"), "labels: spans of rows 0 and 1 of 'a' overlap"),
    ],
)
def test_spans_that_do_not_fit_are_refused(row, message):
    spans = pd.DataFrame([("a", 0, 1, "y"), row], columns=["utterance", "start", "stop", "label"])
    spans = spans.astype(object)
    with pytest.raises(OptionError) as caught:
        index_latents({"a": at(1, 2), "b": at(3)}, spans, LINE)
    assert str(caught.value).startswith(message)
    with pytest.raises(OptionError, match="labels lack the columns"):
        index_latents({"a": at(1, 2)}, spans.drop(columns="stop"), LINE)


def test_groups_and_codebooks_that_do_not_fit_are_refused():
    with pytest.raises(CorpusError, match=r"utterance 1: unknown phones: 'b' 1x;"):
        index_latents(at(1, 2), ["a", "b"], LINE, groups={"a": "vowels"})
    with pytest.raises(CorpusError, match="group 'a,b' holds a comma"):
        index_latents(at(1), ["a,b"], LINE)
    with pytest.raises(QuantizerError):
        index_latents(np.zeros((2, 3)), ["a", "b"], LINE)
    own = PhoneGroups.of({"a,b": "named"})
    assert index_latents(at(1), ["a,b"], LINE, groups=own).inventory.group("a,b") == "named"
