"""A corpus that is indexed part by part gives the table that one call gives."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from shards_of_tables import assert_same_table
from test_pipeline import LINE, Ramp, made_corpus
from test_pipeline_policies import SKIP

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, load_table
from sfvq_analysis.corpus import Skipped, Utterance
from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.pipeline import IndexOptions, index_journal, index_parts
from sfvq_analysis.tables import concatenate_tables, save_parts

LENGTHS = [1, 10, 11, 20, 25, 1000]


@pytest.fixture
def corpus(tmp_path):
    """Utterances of ten frames, each with a label that none before it has."""
    labels = dict(zip("abcdef", ("z", "aa", "m", "b", "iy", "h#"), strict=True))
    return made_corpus(
        tmp_path / "made", **{name: f"0 1600 {label}\n" for name, label in labels.items()}
    )


def whole(corpus, options=SKIP):
    return index_table(corpus, Ramp(), {"line": LINE}, options)["line"]


def in_parts(corpus, length, options=SKIP, **how):
    given = index_parts(corpus, Ramp(), {"line": LINE}, options, part_frames=length, **how)
    return [part["line"] for part in given]


class TestParts:
    @pytest.mark.parametrize("length", LENGTHS)
    def test_they_make_the_table(self, corpus, length):
        table = whole(corpus)
        parts = in_parts(corpus, length)
        joined = concatenate_tables(parts)
        assert_same_table(joined, table)
        assert joined.provenance == table.provenance

    def test_each_ends_with_the_utterance_that_makes_it_so_long(self, corpus):
        for length, sizes in ((1, [1] * 6), (10, [1] * 6), (11, [2] * 3), (25, [3, 3]), (60, [6])):
            assert [len(part.utterances) for part in in_parts(corpus, length)] == sizes
        assert [len(part.utterances) for part in in_parts(corpus, None)] == [6]

    @pytest.mark.parametrize("bad", [["a"], ["f"], ["b", "c"], ["a", "d", "f"], ["e", "f"]])
    @pytest.mark.parametrize("length", [10, 20])
    def test_what_is_skipped_is_told_once_wherever_it_is(self, corpus, bad, length):
        for name in bad:
            (corpus.root / f"{name}.wav").write_bytes(b"no audio")
        scanned = dataclasses.replace(corpus, skipped=(Skipped("x", "of no use"),))
        table = whole(scanned)
        joined = concatenate_tables(in_parts(scanned, length))
        assert_same_table(joined, table)
        assert joined.provenance == table.provenance
        assert [one["utterance"] for one in joined.provenance["skipped"]] == ["x", *bad]
        assert joined.provenance["counted"]["utterances_skipped"] == 1 + len(bad)

    def test_nothing_left_is_refused(self, corpus):
        for name in "abcdef":
            (corpus.root / f"{name}.wav").write_bytes(b"no audio")
        with pytest.raises(CorpusError, match="all 6 utterances were skipped"):
            in_parts(corpus, 10)

    def test_unknown_labels_are_counted_over_all(self, corpus):
        for name, label in zip("abdef", ("qqq", "vvv", "zzz", "qqq", "zzz"), strict=True):
            (corpus.root / f"{name}.phn").write_text(f"0 800 {label}\n800 1600 zzz\n")
        options = IndexOptions(unknown="na")
        table = whole(corpus, options)
        joined = concatenate_tables(in_parts(corpus, 10, options))
        assert joined.provenance == table.provenance
        for found in (joined, table):
            counts = found.provenance["unknown_phones"]
            assert list(counts.items()) == [("zzz", 7), ("qqq", 2), ("vvv", 1)]

    def test_labels_that_could_not_be_read_when_they_were_counted(self, corpus, monkeypatch):
        read, failed = Utterance.load_phones, []

        def fails_once(utterance):
            if utterance.id == "e" and not failed:
                failed.append(True)
                raise OSError(5, "Input/output error", "e.phn")
            return read(utterance)

        monkeypatch.setattr(Utterance, "load_phones", fails_once)
        parts = in_parts(corpus, 20)
        assert failed.pop()
        assert "iy" not in parts[0].inventory.entries
        joined = concatenate_tables(parts)
        assert_same_table(joined, whole(corpus))
        assert joined.inventory.entries["iy"].group == "vowel"

    @pytest.mark.parametrize("length", [0, -1])
    def test_a_length_that_is_none_is_refused(self, corpus, length):
        with pytest.raises(OptionError, match=rf"part_frames is {length}"):
            in_parts(corpus, length)


class TestJournal:
    def test_what_is_left_off_goes_on_and_is_cut_alike(self, corpus, tmp_path):
        wanted = in_parts(corpus, 20)
        path = tmp_path / "journal"
        with pytest.raises(KeyboardInterrupt), index_journal(path) as journal:
            self._first(corpus, journal)
        encoder = Ramp()
        with index_journal(path) as journal:
            again = list(
                index_parts(corpus, encoder, {"line": LINE}, SKIP, journal=journal, part_frames=20)
            )
        assert 0 < len(encoder.encoded) < len(corpus)
        for part, one in zip(again, wanted, strict=True):
            assert_same_table(part["line"], one)
        assert not path.exists()

    @staticmethod
    def _first(corpus, journal):
        next(index_parts(corpus, Ramp(), {"line": LINE}, SKIP, journal=journal, part_frames=20))
        raise KeyboardInterrupt

    def test_a_path_is_a_journal_that_goes_in_the_end(self, corpus, tmp_path):
        assert len(in_parts(corpus, 20, journal=tmp_path / "journal")) == 3
        assert not (tmp_path / "journal").exists()


def test_the_demo_in_parts_is_read_as_saved(tmp_path):
    corpus, encoder, quantizers = demo_corpus(), load_encoder("vqvae"), demo_quantizers()
    tables = index_table(corpus, encoder, quantizers)
    folders = {name: tmp_path / name for name in quantizers}
    written = save_parts(index_parts(corpus, encoder, quantizers, part_frames=700), folders)
    for name, table in tables.items():
        found = load_table(folders[name])
        assert_same_table(found, load_table(table.save(Path(tmp_path, "saved", name))))
        assert found.provenance == table.provenance
        assert str(written[name]) == repr(table)
