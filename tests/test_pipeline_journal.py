"""An index that is killed goes on where it was, and comes out the same."""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_pipeline import HOP, LINE, Ramp, made_corpus, spoken

from sfvq_analysis import index_table, load_encoder
from sfvq_analysis.corpus import Corpus
from sfvq_analysis.errors import CorpusError
from sfvq_analysis.pipeline import IndexOptions, index_journal, journal_path
from sfvq_analysis.pipeline.journal import JournalError
from sfvq_analysis.pipeline.stamps import utterance_stamp
from sfvq_analysis.quantizers import PlainVQ

PHONES = "0 1600 s\n1600 3200 iy\n"
KILLS = (8, pytest.param(24, marks=pytest.mark.thorough))


def as_bytes(table, folder: Path) -> dict[str, bytes]:
    table.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Dies(Ramp):
    """Can't go on after so many utterances."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def encode(self, audio, sample_rate):
        if len(self.encoded) == self.after:
            raise KeyboardInterrupt
        return super().encode(audio, sample_rate)


@pytest.fixture
def corpus(tmp_path):
    return made_corpus(tmp_path / "corpus", **dict.fromkeys("abcde", PHONES))


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "out" / ".table.journal"


def interrupted(corpus, journal, after: int, options: IndexOptions | None = None) -> None:
    with pytest.raises(KeyboardInterrupt):
        index_table(corpus, Dies(after), LINE, options or IndexOptions(), journal=journal)


class TestKills:
    @pytest.fixture(scope="class", params=KILLS)
    @staticmethod
    def kills(request):
        return request.param

    @pytest.fixture(scope="class")
    @staticmethod
    def counted(kills, tmp_path_factory):
        script = Path(__file__).with_name("killed_indexing.py")
        done = subprocess.run(
            [sys.executable, str(script), str(tmp_path_factory.mktemp("kills")), str(kills), "0"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def test_every_run_ends_with_the_bytes_of_an_undisturbed_one(self, counted, kills):
        assert counted["kills"] >= kills
        assert counted["rounds"] >= kills // 3
        assert counted["unequal"] == 0

    def test_what_was_finished_is_not_encoded_again(self, counted):
        assert counted["resumed"] > 0
        assert counted["twice"] == 0
        assert counted["encoded"] <= 4 * counted["rounds"] + counted["kills"]

    def test_nothing_is_left_beside_the_folder(self, counted):
        assert counted["left"] == 0


class TestGoingOn:
    def test_it_goes_on_with_the_utterance_in_work(self, corpus, journal, tmp_path):
        interrupted(corpus, journal, after=3)
        assert journal.exists()
        ramp = Ramp()
        table = index_table(corpus, ramp, LINE, journal=journal)
        assert len(ramp.encoded) == 2
        assert list(journal.parent.iterdir()) == []
        undisturbed = index_table(corpus, Ramp(), LINE)
        assert as_bytes(table, tmp_path / "one") == as_bytes(undisturbed, tmp_path / "other")

    @pytest.mark.parametrize(
        "change",
        [
            {"options": IndexOptions(mode="published")},
            {"options": IndexOptions(on_error="skip")},
            {"quantizer": PlainVQ(LINE.corners())},
            {"quantizer": {"other name": LINE}},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_with_anything_changed_it_starts_afresh(self, corpus, journal, change):
        interrupted(corpus, journal, after=3)
        ramp = Ramp()
        options = change.get("options", IndexOptions())
        found = index_table(corpus, ramp, change.get("quantizer", LINE), options, journal=journal)
        assert len(ramp.encoded) == 5
        assert found

    def test_another_encoder_starts_afresh(self, corpus, journal):
        interrupted(corpus, journal, after=3)
        other = Ramp()
        other.config = {"encoder": "ramp", "layer": 2}
        index_table(corpus, other, LINE, journal=journal)
        assert len(other.encoded) == 5

    def test_changed_latents_start_afresh(self, corpus, journal, tmp_path):
        stored = tmp_path / "latents"
        stored.mkdir()
        for utterance in corpus:
            np.save(stored / f"{utterance.id}.npy", np.zeros((10, 2), dtype=np.float32))
        grid = '{"name": "mine", "sample_rate": 16000, "hop": 320, "offset": 160}'
        (stored / "grid.json").write_text(grid)
        encoder = load_encoder(f"latents:{stored}")

        def fails() -> None:
            with index_journal(journal) as held:
                index_table(corpus, encoder, LINE, journal=held)
                raise KeyError

        with pytest.raises(KeyError):
            fails()
        np.save(stored / "b.npy", np.full((10, 2), 8, dtype=np.float32))
        table = index_table(corpus, encoder, LINE, journal=journal)
        assert table.frames["codeword"].tolist() == [0] * 10 + [2] * 10 + [0] * 30

    def test_another_channel_is_another_utterance(self, corpus):
        other = dataclasses.replace(corpus["b"], channel=1)
        assert utterance_stamp(other) != utterance_stamp(corpus["b"])

    @pytest.mark.parametrize("suffix", [".wav", ".phn"])
    def test_a_changed_file_has_its_utterance_encoded_anew(self, corpus, journal, suffix):
        interrupted(corpus, journal, after=3)
        changed = corpus.root / f"b{suffix}"
        os.utime(changed, ns=(0, changed.stat().st_mtime_ns + 1))
        ramp = Ramp()
        index_table(corpus, ramp, LINE, journal=journal)
        assert len(ramp.encoded) == 3

    def test_after_a_mended_error_the_others_are_not_encoded_again(self, tmp_path, journal):
        corpus = made_corpus(tmp_path / "c", a=PHONES, b=PHONES, c="0 9000 s\n")
        with pytest.raises(CorpusError, match="utterance c"):
            index_table(corpus, Ramp(), LINE, journal=journal)
        (corpus.root / "c.phn").write_text(PHONES)
        ramp = Ramp()
        index_table(corpus, ramp, LINE, journal=journal)
        assert len(ramp.encoded) == 1

    def test_another_selection_keeps_what_it_shares(self, corpus, journal):
        interrupted(corpus, journal, after=3)
        ramp = Ramp()
        table = index_table(corpus.select(id=["b", "c", "e"]), ramp, LINE, journal=journal)
        assert len(ramp.encoded) == 1
        assert table.utterances["utterance"].tolist() == ["b", "c", "e"]

    def test_what_was_skipped_is_tried_again(self, tmp_path, journal):
        corpus = made_corpus(tmp_path / "c", a="0 9000 s\n", b=PHONES, c=PHONES)
        skip = IndexOptions(on_error="skip")
        interrupted(corpus, journal, after=2, options=skip)
        ramp = Ramp()
        table = index_table(corpus, ramp, LINE, skip, journal=journal)
        assert len(ramp.encoded) == 2  # a, and c; b was finished
        undisturbed = index_table(corpus, Ramp(), LINE, skip)
        assert table.provenance == undisturbed.provenance
        assert [one["utterance"] for one in table.provenance["skipped"]] == ["a"]

    def test_nasty_ids_labels_and_no_frames_come_back(self, tmp_path, journal):
        names = ["q'\"\n;", "\U0001f600 é", "..", "z"]
        utterances = []
        for number, name in enumerate(names):
            made = spoken(tmp_path / "c", f"u{number}", HOP * 3, "0 300 s\n300 960 h#\n")
            label = f"0 300 =1+'\"{name.split()[0]}\n300 960 {name.strip()}x\n"
            (tmp_path / "c" / f"u{number}.phn").write_text(label)
            utterances.append(made.__class__(name, *_rest(made)))
        short = spoken(tmp_path / "c", "short", HOP - 1, "0 319 iy\n")
        corpus = Corpus("nasty", tmp_path / "c", (*utterances, short))
        options = IndexOptions(unknown="na", phone_set="timit")
        interrupted(corpus, journal, after=4, options=options)
        table = index_table(corpus, Ramp(), LINE, options, journal=journal)
        undisturbed = index_table(corpus, Ramp(), LINE, options)
        for name in ("utterances", "segments", "frames"):
            pd.testing.assert_frame_equal(getattr(table, name), getattr(undisturbed, name))

    def test_it_stays_until_the_tables_are_written(self, corpus, tmp_path):
        path = journal_path(tmp_path / "out")

        def fails() -> None:
            with index_journal(path) as journal:
                index_table(corpus, Ramp(), LINE, journal=journal)
                raise OSError("full")

        with pytest.raises(OSError, match="full"):
            fails()
        ramp = Ramp()
        with index_journal(path) as journal:
            index_table(corpus, ramp, LINE, journal=journal)
            assert path.exists()
        assert ramp.encoded == []
        assert [found.name for found in tmp_path.iterdir()] == ["corpus"]


def _rest(utterance):
    return (
        utterance.speaker,
        utterance.sex,
        utterance.dialect,
        utterance.sentence,
        utterance.split,
        utterance.audio_path,
        utterance.labels,
    )


class TestFile:
    def test_one_that_holds_nothing_does_not_stay(self, tmp_path):
        corpus = made_corpus(tmp_path / "c", a="0 100 unheard-of\n")
        with pytest.raises(CorpusError, match="unheard-of"):
            index_table(corpus, Ramp(), LINE, journal=tmp_path / "new" / "j")
        assert not (tmp_path / "new").exists()

    def test_a_second_process_ends_in_one_line(self, corpus, journal):
        code = (
            "import sys; from pathlib import Path\n"
            "from sfvq_analysis.pipeline.journal import IndexJournal\n"
            "from sfvq_analysis.errors import SfvqError\n"
            "try: IndexJournal(Path(sys.argv[1]))\n"
            "except SfvqError as error: print(error)\n"
        )
        interrupted(corpus, journal, after=3)
        with index_journal(journal) as held:
            held.begin("mine")
            said = subprocess.run(
                [sys.executable, "-c", code, str(journal)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            with pytest.raises(JournalError, match="another process is at work"):
                index_table(corpus, Ramp(), LINE, journal=journal)
        assert said.startswith(f"{journal}: another process is at work on this index; ")
        assert said.count("\n") == 1

    @pytest.mark.parametrize(
        "content", [b"RIFF....WAVE", b"my notes\n", b"\0" * 5000, b"SQLite format 4\0" * 400]
    )
    def test_another_kind_of_file_is_refused_and_left_alone(self, corpus, tmp_path, content):
        path = tmp_path / "notes"
        path.write_bytes(content)
        with pytest.raises(JournalError, match="isn't the journal of an index") as caught:
            index_table(corpus, Ramp(), LINE, journal=path)
        assert str(caught.value).startswith(f"{path}: ")
        assert path.read_bytes() == content

    def test_another_database_is_refused_and_left_alone(self, corpus, tmp_path):
        path = tmp_path / "theirs.db"
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE run (key TEXT NOT NULL)")
        database.execute("INSERT INTO run VALUES ('x')")
        database.commit()
        database.close()
        content = path.read_bytes()
        with pytest.raises(JournalError, match="isn't the journal of an index"):
            index_table(corpus, Ramp(), LINE, journal=path)
        assert path.read_bytes() == content

    def test_a_folder_or_no_folder_to_write_to_is_refused(self, corpus, tmp_path):
        with pytest.raises(JournalError, match="isn't the journal"):
            index_table(corpus, Ramp(), LINE, journal=tmp_path)

    @pytest.mark.parametrize("row", [b"nonsense", b"{}\n", b"[]\n", b'{"n_frames": "9"}\n'])
    def test_rows_that_are_none_are_refused_in_one_line(self, corpus, journal, monkeypatch, row):
        with monkeypatch.context() as patch:
            patch.setattr("sfvq_analysis.pipeline.journal.as_row", lambda _: row)
            interrupted(corpus, journal, after=2)
        with pytest.raises(JournalError, match="the journal can't be used") as caught:
            index_table(corpus, Ramp(), LINE, journal=journal)
        assert str(caught.value).startswith(f"{journal}: ")

    def test_a_cut_one_gives_the_right_table(self, corpus, journal, tmp_path):
        interrupted(corpus, journal, after=4)
        whole = journal.read_bytes()
        right = as_bytes(index_table(corpus, Ramp(), LINE), tmp_path / "right")
        sizes = [0, 1, 15, 16, 50, 72, 99, 100, 511, *range(512, len(whole), 1111), len(whole)]
        for size in sizes:
            journal.write_bytes(whole[:size])
            table = index_table(corpus, Ramp(), LINE, journal=journal)
            assert as_bytes(table, tmp_path / f"cut{size}") == right
            assert list(journal.parent.iterdir()) == []

    def test_a_spoilt_one_gives_the_right_table_or_is_refused_in_one_line(
        self, corpus, journal, tmp_path, rng
    ):
        interrupted(corpus, journal, after=4)
        whole = journal.read_bytes()
        right = as_bytes(index_table(corpus, Ramp(), LINE), tmp_path / "right")
        n_right = 0
        for trial in range(30):
            spoilt = np.frombuffer(whole, dtype=np.uint8).copy()
            at = rng.integers(0, len(whole), 1 + trial // 5)
            spoilt[at] = rng.integers(0, 256, len(at))
            journal.write_bytes(spoilt.tobytes())
            try:
                table = index_table(corpus, Ramp(), LINE, journal=journal)
            except JournalError as error:
                said = str(error)
            else:
                said = ""
                assert as_bytes(table, tmp_path / f"spoilt{trial}") == right
                n_right += 1
            assert said.startswith(str(journal) if said else "")
            assert "\n" not in said
        assert n_right > 15


def test_outputs_of_long_names_have_journals_of_their_own(tmp_path):
    long = "ä" * 120
    one, other = (journal_path(tmp_path / f"{long}{end}") for end in "12")
    assert one != other
    assert len(os.fsencode(one.name)) <= 255 - len("-journal")
