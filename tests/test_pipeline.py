from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import soundfile

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, sample_features
from sfvq_analysis.corpus import Corpus, Utterance
from sfvq_analysis.encoders import Features, config_digest
from sfvq_analysis.errors import (
    CorpusError,
    EncoderError,
    OptionError,
    QuantizerError,
    SfvqError,
)
from sfvq_analysis.labels import LabelSource
from sfvq_analysis.pipeline import IndexOptions
from sfvq_analysis.quantizers import PlainVQ, Provenance, SpaceFillingVQ
from sfvq_analysis.stats import index_histogram
from sfvq_analysis.timeline import FrameGrid
from sfvq_analysis.training import FitOptions, fit_sfvq

RATE, HOP = 16_000, 320


class Ramp:
    """An encoder whose frame j of an utterance is (j, first sample of the audio in 1/32768)."""

    grid = FrameGrid(RATE, hop=HOP, offset=160)
    dim = 2
    config = MappingProxyType({"encoder": "ramp"})

    def __init__(self, *, too_many: int = 0, spoilt: bool = False) -> None:
        self.too_many = too_many
        self.spoilt = spoilt
        self.encoded: list[int] = []

    def n_frames(self, n_samples: int) -> int:
        return n_samples // HOP

    def encode(self, audio, sample_rate):
        assert sample_rate == RATE
        self.encoded.append(len(audio))
        n_frames = self.n_frames(len(audio)) + self.too_many
        values = np.empty((n_frames, 2), dtype=np.float32)
        values[:, 0], values[:, 1] = np.arange(n_frames), np.round(audio[0] * 32768)
        if self.spoilt:
            values[-1, 1] = np.nan
        return Features(values, self.grid, self.config)


class Counting:
    """Another encoder, with the number of its calls."""

    def __init__(self, encoder) -> None:
        self.encoder = encoder
        self.grid, self.dim, self.config = encoder.grid, encoder.dim, encoder.config
        self.n_calls = 0

    def n_frames(self, n_samples: int) -> int:
        return self.encoder.n_frames(n_samples)

    def encode(self, audio, sample_rate):
        self.n_calls += 1
        return self.encoder.encode(audio, sample_rate)


def spoken(root: Path, name: str, n_samples: int, phones: str, first: int = 1000) -> Utterance:
    """Write an utterance whose first sample tells it apart, and its ``.phn``."""
    root.mkdir(parents=True, exist_ok=True)
    audio, labels = root / f"{name}.wav", root / f"{name}.phn"
    soundfile.write(audio, np.full(n_samples, first, dtype=np.int16), RATE)
    labels.write_text(phones)
    return Utterance(name, "f", "f", "dr1", name, "test", audio, {"phone": LabelSource(labels)})


def made_corpus(root: Path, **phones: str) -> Corpus:
    """Return a corpus of utterances of ten frames each."""
    return Corpus(
        "made",
        root,
        tuple(
            spoken(root, name, 10 * HOP, text, first=1000 + number)
            for number, (name, text) in enumerate(phones.items())
        ),
    )


LINE = SpaceFillingVQ([[0.0, 0.0], [4.0, 0.0], [8.0, 0.0], [12.0, 0.0]])


@pytest.fixture(scope="module")
def corpus():
    return demo_corpus().select(speaker="fslt0")


@pytest.fixture(scope="module")
def encoder():
    return load_encoder("vqvae")


@pytest.fixture(scope="module")
def quantizers():
    return demo_quantizers()


@pytest.fixture(scope="module")
def tables(corpus, encoder, quantizers):
    return index_table(corpus, encoder, quantizers)


def labels_by_hand(path: Path) -> list[tuple[int, int, str]]:
    rows = [line.split() for line in path.read_text().splitlines()]
    return [(int(begin), int(end), label) for begin, end, label in rows]


class TestDemo:
    @pytest.mark.parametrize("name", ["sfvq", "vq"])
    def test_frames_equal_a_slow_loop(self, corpus, encoder, quantizers, tables, name):
        frames = tables[name].frames.astype({"utterance": object, "phone": object})
        for utterance in corpus:
            audio, rate = soundfile.read(utterance.audio_path, dtype="float32")
            codes = quantizers[name].encode(encoder.encode(audio, rate).values)
            phones = labels_by_hand(utterance.audio_path.with_suffix(".phn"))
            mine = frames[frames["utterance"] == utterance.id]
            assert len(mine) == len(codes.codeword)
            for j, row in enumerate(mine.itertuples()):
                centre = 320 * j + 240
                owner = [i for i, (a, b, _) in enumerate(phones) if a <= centre < b] or [-1]
                assert len(owner) == 1
                assert (row.frame, row.centre, row.phone_segment) == (j, centre, owner[0])
                assert row.phone == phones[owner[0]][2] if owner[0] >= 0 else pd.isna(row.phone)
            np.testing.assert_array_equal(mine["codeword"], codes.codeword)
            np.testing.assert_array_equal(mine["curve_segment"], codes.segment)
            for column in ("t", "distortion", "codeword_distortion"):
                np.testing.assert_array_equal(mine[column], getattr(codes, column))

    def test_segments_are_those_of_the_files(self, corpus, tables):
        segments = tables["sfvq"].segments.astype({"utterance": object, "label": object})
        for utterance in corpus:
            for tier, suffix in (("phone", ".phn"), ("word", ".wrd")):
                mine = segments[
                    (segments["utterance"] == utterance.id) & (segments["tier"] == tier)
                ]
                rows = labels_by_hand(utterance.audio_path.with_suffix(suffix))
                assert list(zip(mine["start"], mine["stop"], mine["label"], strict=True)) == rows
                assert mine["ordinal"].tolist() == list(range(len(rows)))

    def test_segments_count_the_frames_they_own(self, tables):
        table = tables["sfvq"]
        owned = Counter(zip(table.frames["utterance"], table.frames["phone_segment"], strict=True))
        phones = table.segments[table.segments["tier"] == "phone"]
        for row in phones.itertuples():
            assert row.n_frames == owned[row.utterance, row.ordinal]
        others = table.segments[table.segments["tier"] != "phone"]
        assert set(others["n_frames"]) == {0}
        assert others["phone_group"].isna().all()

    def test_utterance_rows(self, corpus, tables):
        rows = tables["vq"].utterances
        assert rows["utterance"].tolist() == [utterance.id for utterance in corpus]
        for row, utterance in zip(rows.itertuples(), corpus, strict=True):
            assert (corpus.root / row.audio) == utterance.audio_path
            assert not Path(row.audio).is_absolute()
            info = soundfile.info(utterance.audio_path)
            assert (row.n_samples, row.sample_rate) == (info.frames, info.samplerate)
        assert set(rows["sex"]) == {"f"}
        assert set(rows["split"]) == {"test"}

    @pytest.mark.parametrize("by", ["phone", "speaker", "sentence"])
    def test_histogram_totals_are_the_labelled_frames(self, tables, by):
        labelled = int((tables["sfvq"].frames["phone_segment"] >= 0).sum())
        assert index_histogram(tables["sfvq"], by=by)["count"].sum() == labelled > 0

    def test_provenance(self, encoder, quantizers, tables):
        for name, table in tables.items():
            known = table.provenance
            assert known["corpus"] == {"name": "demo", "notes": "synthetic speech"}
            assert known["encoder"] == dict(encoder.config)
            assert known["encoder_digest"] == config_digest(encoder.config)
            assert known["quantizer"]["name"] == known["quantizer"]["kind"] == name
            assert known["quantizer"]["codebook_digest"] == quantizers[name].digest
            assert known["options"] == dataclasses.asdict(IndexOptions())
            assert known["counted"]["frames"] == len(table.frames)
            outside = int((table.frames["phone_segment"] < 0).sum())
            assert known["counted"]["frames_outside_phones"] == outside
            phones = table.segments[table.segments["tier"] == "phone"]
            empty = int((phones["n_frames"] == 0).sum())
            assert known["counted"]["phones_without_frame"] == empty
            assert table.grid == encoder.grid

    def test_a_plain_codebook_has_no_segment(self, tables):
        assert tables["sfvq"].is_curve
        frames = tables["vq"].frames
        assert set(frames["curve_segment"]) == {-1}
        assert frames["t"].isna().all()
        np.testing.assert_array_equal(frames["distortion"], frames["codeword_distortion"])

    def test_two_runs_give_the_same_bytes(self, corpus, encoder, quantizers, tables, tmp_path):
        again = index_table(corpus, encoder, quantizers["sfvq"])
        tables["sfvq"].save(tmp_path / "together")
        index_table(corpus, encoder, {"sfvq": quantizers["sfvq"]})["sfvq"].save(tmp_path / "alone")
        for path in (tmp_path / "together").iterdir():
            assert path.read_bytes() == (tmp_path / "alone" / path.name).read_bytes()
        pd.testing.assert_frame_equal(again.frames, tables["sfvq"].frames)

    def test_published_mode_is_passed_on_and_recorded(self, corpus, encoder, quantizers, tables):
        one = corpus.select(sentence="sa1")
        sfvq = quantizers["sfvq"]
        table = index_table(one, encoder, sfvq, IndexOptions(mode="published"))
        audio, rate = soundfile.read(one.utterances[0].audio_path, dtype="float32")
        published = sfvq.encode(encoder.encode(audio, rate).values, mode="published")
        np.testing.assert_array_equal(table.frames["curve_segment"], published.segment)
        assert table.provenance["options"]["mode"] == "published"
        exact = tables["sfvq"].of_utterance(one.utterances[0].id)[1]
        assert (table.frames["distortion"].to_numpy() > exact["distortion"].to_numpy()).any()


class TestEncoding:
    def test_two_quantizers_encode_once(self, corpus, encoder, quantizers):
        counting = Counting(encoder)
        tables = index_table(corpus.select(sentence=["sa1", "sa2"]), counting, quantizers)
        assert counting.n_calls == 2
        assert set(tables) == {"sfvq", "vq"}

    def test_one_quantizer_gives_one_table(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 1600 s\n1600 3200 iy\n")
        table = index_table(corpus, Ramp(), LINE)
        assert table.frames["codeword"].tolist() == [0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
        assert table.to_pandas()["position"].tolist() == [j / 4 for j in range(10)]
        assert table.frames["phone"].tolist() == ["s"] * 5 + ["iy"] * 5

    def test_no_quantizer_is_refused(self, tmp_path):
        with pytest.raises(OptionError, match="no quantizer"):
            index_table(made_corpus(tmp_path, a="0 100 s\n"), Ramp(), {})

    def test_majority_ownership_is_passed_on(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 400 s\n400 660 iy\n")
        by_centre = index_table(corpus, Ramp(), LINE)
        by_majority = index_table(corpus, Ramp(), LINE, IndexOptions(ownership="majority"))
        assert by_centre.frames["phone_segment"].head(4).tolist() == [0, 1, -1, -1]
        assert by_majority.frames["phone_segment"].head(4).tolist() == [0, 1, 1, -1]
        assert by_majority.provenance["options"]["ownership"] == "majority"

    def test_an_encoder_that_lies_about_its_frames_is_refused_by_name(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 3200 s\n", b="0 3200 s\n")
        for too_many in (1, -1):
            with pytest.raises(EncoderError) as caught:
                index_table(corpus.select(id="b"), Ramp(too_many=too_many), LINE)
            assert str(caught.value).startswith("utterance b (")
            assert f"{10 + too_many} frames but states 10" in str(caught.value)
            assert "\n" not in str(caught.value)

    def test_latents_that_are_not_finite_are_refused_by_name(self, tmp_path):
        corpus = made_corpus(tmp_path, only="0 3200 s\n")
        with pytest.raises(EncoderError, match=r"utterance only .*.*NaN or infinity.* frame 9"):
            index_table(corpus, Ramp(spoilt=True), LINE)

    def test_silent_audio_is_refused_by_name(self, tmp_path, encoder, quantizers):
        silent = spoken(tmp_path, "hush", 3200, "0 3200 h#\n", first=0)
        with pytest.raises(EncoderError, match=r"utterance hush .*: audio is zero"):
            index_table(Corpus("made", tmp_path, (silent,)), encoder, quantizers["vq"])

    def test_a_broken_label_file_is_named_with_its_line(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 1600 s\n1500 3200 iy\n")
        with pytest.raises(CorpusError, match=r"a\.phn:2: "):
            index_table(corpus, Ramp(), LINE)

    def test_an_utterance_too_short_for_a_frame_is_listed(self, tmp_path):
        utterances = (
            spoken(tmp_path, "a", 3200, "0 3200 s\n"),
            spoken(tmp_path, "b", HOP - 1, "0 319 iy\n"),
            spoken(tmp_path, "c", 640, "0 640 m\n"),
        )
        table = index_table(Corpus("made", tmp_path, utterances), Ramp(), LINE)
        assert table.utterances["n_frames"].tolist() == [10, 0, 2]
        assert table.provenance["utterances_without_frames"] == ["b"]
        assert table.frames["phone"].tolist() == ["s"] * 10 + ["m"] * 2
        assert table.segments["n_frames"].tolist() == [10, 0, 2]

    def test_labels_beside_the_audio_are_counted(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 9000 s\n", b="0 3000 s\n", c="100 3200 s\n")
        table = index_table(corpus, Ramp(), LINE, IndexOptions(past_audio="count"))
        counted = table.provenance["counted"]
        assert counted["utterances_labelled_past_audio"] == 1
        assert counted["utterances_labelled_short_of_audio"] == 1
        assert counted["frames_outside_phones"] == 1
        assert counted["frames"] == 30


class TestMatch:
    def test_a_codebook_of_another_encoder_is_refused(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 3200 s\n")
        other = SpaceFillingVQ(LINE.corners(), Provenance(encoder={"encoder": "other"}))
        ramp = Ramp()
        with pytest.raises(QuantizerError, match=r"'mine' was fitted on .*other.*ramp") as caught:
            index_table(corpus, ramp, {"fine": LINE, "mine": other})
        assert "allow_mismatch" in str(caught.value)
        assert ramp.encoded == []

    def test_it_is_read_when_allowed_and_that_is_recorded(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 3200 s\n")
        other = SpaceFillingVQ(LINE.corners(), Provenance(encoder={"encoder": "other"}))
        table = index_table(corpus, Ramp(), other, IndexOptions(allow_mismatch=True))
        known = table.provenance
        assert known["options"]["allow_mismatch"] is True
        assert known["quantizer"]["encoder_digest"] == config_digest({"encoder": "other"})
        assert known["encoder_digest"] == config_digest({"encoder": "ramp"})

    def test_a_codebook_of_this_encoder_is_read(self, tmp_path):
        corpus = made_corpus(tmp_path, a="0 3200 s\n")
        mine = PlainVQ(LINE.corners(), Provenance(encoder={"encoder": "ramp"}))
        assert len(index_table(corpus, Ramp(), mine).frames) == 10

    @pytest.mark.parametrize("options", [IndexOptions(), IndexOptions(allow_mismatch=True)])
    def test_another_dimension_is_always_refused(self, tmp_path, options):
        corpus = made_corpus(tmp_path, a="0 3200 s\n")
        ramp = Ramp()
        with pytest.raises(QuantizerError, match="has 3 dimensions, the encoder 2"):
            index_table(corpus, ramp, PlainVQ(np.eye(3)), options)
        assert ramp.encoded == []


class TestUnknownPhones:
    @pytest.fixture
    def corpus(self, tmp_path):
        return made_corpus(
            tmp_path,
            a="0 1600 s\n1600 2000 xx\n2000 3200 SH\n",
            b="0 1000 xx\n1000 1600 yy\n1600 3200 IY1\n",
        )

    def test_all_are_listed_before_anything_is_encoded(self, corpus):
        ramp = Ramp()
        with pytest.raises(CorpusError) as caught:
            index_table(corpus, ramp, LINE)
        message = str(caught.value)
        listed = "unknown phones: 'xx' 2x, 'yy' 1x; the first stands here"
        assert message.startswith(f"{corpus.root / 'a.phn'}: {listed}")
        assert "'SH'" not in message
        assert "\n" not in message
        assert ramp.encoded == []

    def test_na_leaves_unknown_phones_out_and_counts_them(self, corpus):
        table = index_table(corpus, Ramp(), LINE, IndexOptions(unknown="na"))
        assert table.provenance["unknown_phones"] == {"xx": 2, "yy": 1}
        assert table.provenance["counted"]["segments_of_unknown_phone"] == 3
        assert table.provenance["options"]["unknown"] == "na"
        group = table.frames.astype({"phone": object, "phone_group": object})
        group = group.groupby("phone")["phone_group"].agg(lambda part: part.unique().tolist())
        assert group["SH"] == ["fricative"]
        assert group["IY1"] == ["vowel"]
        assert set(group.index) == {"s", "SH", "IY1"}
        assert (table.frames["phone"].isna() & (table.frames["phone_segment"] >= 0)).any()
        assert set(table.segments["label"]) == {"s", "xx", "SH", "yy", "IY1"}


class TestStoredLatents:
    @pytest.fixture
    def stored(self, corpus, encoder, tmp_path):
        for utterance in corpus:
            audio, rate = soundfile.read(utterance.audio_path, dtype="float32")
            np.save(tmp_path / f"{utterance.id}.npy", encoder.encode(audio, rate).values)
        grid = '{"name": "mine", "sample_rate": 16000, "hop": 320, "offset": 240}'
        (tmp_path / "grid.json").write_text(grid)
        return tmp_path

    def test_they_give_the_table_of_the_encoder_that_made_them(
        self, corpus, quantizers, tables, stored
    ):
        read = index_table(
            corpus,
            load_encoder(f"latents:{stored}"),
            quantizers["sfvq"],
            IndexOptions(allow_mismatch=True),
        )
        for name in ("utterances", "segments", "frames"):
            pd.testing.assert_frame_equal(getattr(read, name), getattr(tables["sfvq"], name))
        assert read.grid == tables["sfvq"].grid

    def test_spoilt_or_missing_ones_are_refused_by_name(self, corpus, stored):
        latents = load_encoder(f"latents:{stored}")
        vq = PlainVQ(np.eye(2, 64))
        path = stored / "fslt0_sa2.npy"
        values = np.load(path)
        values[3, 5] = np.inf
        np.save(path, values)
        with pytest.raises(EncoderError, match=r"utterance fslt0_sa2: .*fslt0_sa2\.npy.* frame 3"):
            index_table(corpus, latents, vq)
        np.save(path, np.repeat(values[:1], 500, axis=0))
        with pytest.raises(EncoderError, match=r"fslt0_sa2: .*500 frames"):
            index_table(corpus, latents, vq)
        path.unlink()
        with pytest.raises(EncoderError, match=r"utterance fslt0_sa2: .*latents are missing"):
            index_table(corpus, latents, vq)


class TestSampleFeatures:
    @pytest.fixture
    def made(self, tmp_path):
        return made_corpus(tmp_path, a="0 9 s\n", b="0 9 s\n", c="0 9 s\n")

    def test_all_frames_in_the_order_of_the_corpus(self, made):
        everything = [[j, 1000 + number] for number in range(3) for j in range(10)]
        for max_frames in (None, 30, 31, 1000):
            features = sample_features(made, Ramp(), max_frames=max_frames)
            assert features.values.tolist() == everything
            assert features.values.dtype == np.float32
        assert features.grid == Ramp.grid
        assert features.encoder == Ramp.config

    def test_a_sample_has_its_size_distinct_frames_and_the_order_of_the_corpus(self, made):
        for seed in range(20):
            values = sample_features(made, Ramp(), max_frames=7, seed=seed).values
            rank = (values[:, 1] * 100 + values[:, 0]).tolist()
            assert len(rank) == 7
            assert rank == sorted(set(rank))

    def test_the_seed_decides(self, made):
        samples = [
            sample_features(made, Ramp(), max_frames=5, seed=seed).values.tolist()
            for seed in (0, 0, 1)
        ]
        assert samples[0] == samples[1] != samples[2]

    def test_the_global_generator_is_left_alone(self, made):
        np.random.seed(3)  # noqa: NPY002 (it must not matter)
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        sample_features(made, Ramp(), max_frames=5)
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    @pytest.mark.parametrize("max_frames", [0, -1])
    def test_fewer_than_one_frame_is_refused(self, made, max_frames):
        with pytest.raises(OptionError, match=f"max_frames is {max_frames}"):
            sample_features(made, Ramp(), max_frames=max_frames)

    def test_a_corpus_without_a_frame_is_refused(self, tmp_path):
        short = spoken(tmp_path, "a", HOP - 1, "0 319 iy\n")
        with pytest.raises(SfvqError, match="no utterance of made is long enough"):
            sample_features(Corpus("made", tmp_path, (short,)), Ramp())

    def test_lengths_are_those_of_the_utterances_and_unknown_for_a_sample(self, made):
        for max_frames, lengths in ((None, (10, 10, 10)), (30, (10, 10, 10)), (29, ())):
            assert sample_features(made, Ramp(), max_frames=max_frames).lengths == lengths

    def test_whole_utterances_can_be_fitted_in_time_and_a_sample_can_not(self, made):
        in_time = FitOptions(temporal=True)
        sfvq = fit_sfvq(sample_features(made, Ramp()), bits=2, options=in_time)
        assert sfvq.provenance.fit["temporal"] is True
        with pytest.raises(OptionError, match="no max_frames"):
            fit_sfvq(sample_features(made, Ramp(), max_frames=20), bits=2, options=in_time)


def test_a_moved_corpus_gives_the_same_table(tmp_path):
    corpus = made_corpus(tmp_path / "here", a="0 1600 s\n1600 3200 iy\n")
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    moved = made_corpus(tmp_path / "there", a="0 1600 s\n1600 3200 iy\n")
    one, other = (index_table(each, Ramp(), LINE) for each in (corpus, moved))
    for name, folder in (("one", one), ("other", other)):
        folder.save(tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()
        assert str(tmp_path).encode() not in path.read_bytes()
