"""`corpus.remote`: a corpus elsewhere is the one that is here."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import replace

import pytest
from remote_trees import assert_same_corpus, put, write_tree
from written_labels import BESIDE, FOR_ALL

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_corpus, load_encoder
from sfvq_analysis.audio.heads import HEAD
from sfvq_analysis.corpus.remote import staging
from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.pipeline import IndexOptions
from sfvq_analysis.pipeline.stamps import utterance_stamp
from sfvq_analysis.stores import Listed, Store, StoreError


@pytest.fixture(params=["memory", "local"])
def url(request, tmp_path):
    place = {
        "memory": f"memory://{tmp_path.name}/speech",
        "local": f"local://{tmp_path}/elsewhere/speech",
    }[request.param]
    yield place
    Store.at(place).clear()


@pytest.fixture
def memory(tmp_path):
    place = f"memory://{tmp_path.name}/speech"
    yield place
    Store.at(place).clear()


@pytest.fixture
def tree(tmp_path):
    write_tree(tmp_path / "speech")
    return tmp_path / "speech"


@pytest.fixture
def fetched(monkeypatch):
    """Names and bytes of all that is fetched, in order."""
    found = []
    parts = Store.parts

    def noting(self, names, spans):
        result = parts(self, names, spans)
        found.extend(zip(names, map(len, result), strict=True))
        return result

    monkeypatch.setattr(Store, "parts", noting)
    return found


@pytest.fixture
def staging_place(monkeypatch, tmp_path):
    """A folder of temporary files of its own."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    claimed = {}
    monkeypatch.setattr(staging, "_CLAIMED", claimed)
    yield place
    for one in claimed.values():
        one.release()


def left_in(place):
    return [one for one in place.rglob("*") if one.is_file()]


class TestScanning:
    @pytest.mark.parametrize("labels", [*BESIDE, *FOR_ALL, "none"])
    def test_labels_of_every_format(self, url, tmp_path, labels):
        shared = write_tree(tmp_path / "speech", labels)
        there = None if shared is None else put(shared, f"{url}_labels/{shared.name}")
        put(tmp_path / "speech", url)
        wanted = load_corpus(tmp_path / "speech", labels, label_place=shared)
        assert_same_corpus(load_corpus(url, labels, label_place=there), wanted)
        assert_same_corpus(load_corpus(url, labels, label_place=shared), wanted)

    def test_labels_in_folders_beside_those_of_the_audio(self, url, tmp_path):
        write_tree(tmp_path / "made", "esps")
        for path in sorted((tmp_path / "made").rglob("*.*")):
            folder = "lab" if path.suffix == ".lab" else "wav"
            place = tmp_path / "speech" / path.parent.name / folder / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)
        put(tmp_path / "speech", url)
        here, there = (f"{place}/*/lab" for place in (tmp_path / "speech", url))
        wanted = load_corpus(tmp_path / "speech", "esps", label_place=here)
        assert len(wanted) > 1
        assert_same_corpus(load_corpus(url, "esps", label_place=there), wanted)
        assert_same_corpus(load_corpus(url, "esps", label_place=here), wanted)
        assert_same_corpus(load_corpus(tmp_path / "speech", "esps", label_place=there), wanted)

    @pytest.mark.parametrize("labels", ["phn", "textgrid", "csv"])
    def test_the_format_is_found_out(self, url, tmp_path, labels):
        shared = write_tree(tmp_path / "speech", labels)
        there = None if shared is None else put(shared, f"{url}_labels.{labels}")
        put(tmp_path / "speech", url)
        found = load_corpus(url, label_place=there)
        assert_same_corpus(found, load_corpus(tmp_path / "speech", label_place=shared))
        assert found.name == "speech"

    def test_the_aligners_textgrids_are_known_by_the_first(self, memory, tmp_path):
        write_tree(tmp_path / "speech", "textgrid")
        for path in (tmp_path / "speech").rglob("*.TextGrid"):
            text = path.read_text()
            tier = text[text.index("    item [1]") :]
            words = tier.replace("item [1]", "item [2]").replace('"phones"', '"words"')
            path.write_text(text.replace("size = 1", "size = 2", 1) + words)
        wanted = load_corpus(tmp_path / "speech")
        assert wanted.empty_is_silence
        assert_same_corpus(load_corpus(put(tmp_path / "speech", memory)), wanted)

    def test_labels_in_a_folder_elsewhere(self, url, tree, tmp_path):
        for path in tree.rglob("*.phn"):
            target = tmp_path / "labels" / path.relative_to(tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
        wanted = load_corpus(tree, "phn", label_place=tmp_path / "labels")
        there = put(tmp_path / "labels", f"{url}_labels")
        assert_same_corpus(load_corpus(tree, "phn", label_place=there), wanted)
        assert_same_corpus(load_corpus(put(tree, url), "phn", label_place=there), wanted)

    def test_nothing_is_read_but_what_scanning_takes(self, memory, tree, fetched):
        load_corpus(put(tree, memory))
        assert fetched == []

    def test_a_file_url_is_a_path(self, tree):
        assert load_corpus(f"file://{tree}").root == tree

    def test_a_pattern_and_names_in_two_cases(self, memory, tree):
        (tree / "s2" / "c.phn").rename(tree / "s2" / "C.PHN")
        pattern = r"(?P<speaker>.)(?P<split>.)/(?P<sentence>.)"
        wanted = load_corpus(tree, pattern=pattern)
        assert_same_corpus(load_corpus(put(tree, memory), pattern=pattern), wanted)


class TestRefused:
    def test_where_nothing_is(self, url):
        with pytest.raises(CorpusError, match=rf"^{re.escape(url)}: no such folder; give the"):
            load_corpus(url)

    def test_what_no_library_knows(self):
        with pytest.raises(OptionError, match=r"^nowhere://a: no store of that kind"):
            load_corpus("nowhere://a")

    @pytest.mark.parametrize("break_it", ["labels", "audio", "lacking", "case"])
    def test_messages_are_those_of_a_folder_with_another_place(self, memory, tree, break_it):
        match break_it:
            case "labels":
                (tree / "s1" / "b.phn").write_text("0 800 aa\n900 x s\n")
            case "audio":
                audio = tree / "s1" / "b.flac"
                audio.write_bytes(audio.read_bytes()[:-100])
            case "lacking":
                (tree / "s1" / "b.phn").unlink()
            case "case":
                shutil.copy(tree / "s1" / "b.phn", tree / "s1" / "B.phn")

        def message(place):
            with pytest.raises(CorpusError) as caught:
                [one.load() for one in load_corpus(place)]
            return str(caught.value)

        put(tree, memory)
        assert message(memory) == message(tree).replace(str(tree), memory)

    def test_what_is_skipped_is_told_as_of_a_folder(self, memory, tree):
        (tree / "s1" / "b.phn").write_text("0 800 aa\n900 x s\n")
        (tree / "s2" / "c.phn").unlink()
        put(tree, memory)
        tables = [
            index_table(
                load_corpus(place, on_error="skip"),
                load_encoder("vqvae"),
                demo_quantizers()["sfvq"],
                IndexOptions(on_error="skip"),
            )
            for place in (memory, tree)
        ]
        assert len(tables[0].utterances) == 2
        assert tables[0].provenance == tables[1].provenance

    NAMES = (
        *("../x.wav", "s1/../../x.wav", "/x.wav", "s1//x.wav", "./x.wav", "s1/./x.wav"),
        *("s1/a\0.wav", "..", f"{'x' * 300}.wav", "s1/a.phn/x.wav", "s1"),
    )

    @pytest.mark.parametrize("name", NAMES)
    def test_names_that_lead_out(self, memory, tree, name, monkeypatch, staging_place):
        put(tree, memory)
        files = Store.files
        strange = Listed(name, 4, "")
        monkeypatch.setattr(Store, "files", lambda self: iter([*files(self), strange]))
        before = left_in(tree.parent)
        if name == "s1":  # no suffix: nothing would look at it
            assert len(load_corpus(memory)) == 4
        else:
            with pytest.raises(CorpusError, match="is refused: ") as caught:
                load_corpus(memory)
            assert "\n" not in str(caught.value)
            found = load_corpus(memory, on_error="skip")
            assert len(found) == 4
            assert len(found.skipped) == 1
            assert "is refused" in found.skipped[0].reason
        assert left_in(tree.parent) == before
        assert left_in(staging_place) == []


class TestFetching:
    def test_a_table_is_that_of_a_folder(self, memory):
        corpus = demo_corpus().select(speaker="fslt0")
        put(corpus.root, memory)
        found = load_corpus(memory).select(speaker="fslt0")
        encoder, curve = load_encoder("vqvae"), demo_quantizers()["sfvq"]
        tables = [
            index_table(one, encoder, curve) for one in (found, replace(corpus, name="TIMIT"))
        ]
        for part in ("utterances", "segments", "frames"):
            assert getattr(tables[0], part).equals(getattr(tables[1], part))
        wanted = tables[1].provenance
        assert tables[0].provenance == {**wanted, "corpus": {"name": "TIMIT", "notes": ""}}

    @pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3", ".aiff"])
    @pytest.mark.parametrize("head", [HEAD, 2048])
    def test_audio_of_every_format(self, memory, tmp_path, suffix, head, monkeypatch):
        monkeypatch.setattr("sfvq_analysis.corpus.remote.utterance.HEAD", head)
        write_tree(tmp_path / "speech", suffix=suffix)
        wanted = load_corpus(tmp_path / "speech")
        assert_same_corpus(load_corpus(put(tmp_path / "speech", memory)), wanted)

    def test_frames_that_nothing_counts_are_all_counted(self, memory, tmp_path, monkeypatch):
        from sfvq_analysis.audio import mpeg

        monkeypatch.setattr("sfvq_analysis.corpus.remote.utterance.HEAD", 2048)
        write_tree(tmp_path / "speech", suffix=".mp3")
        for path in (tmp_path / "speech").rglob("*.mp3"):
            octets = path.read_bytes()
            path.write_bytes(octets[mpeg._frame(octets, 0).length :])  # which counts the others
        found = load_corpus(put(tmp_path / "speech", memory))
        wanted = load_corpus(tmp_path / "speech")
        assert [one.length() for one in found] == [one.length() for one in wanted]

    @pytest.mark.parametrize("suffix", [".wav", ".flac"])
    def test_a_header_tells_the_length_and_audio_is_fetched_once(
        self, memory, tmp_path, suffix, fetched
    ):
        import numpy as np
        import soundfile

        noise = (np.random.default_rng(1).normal(size=200_000) * 3000).astype(np.int16)
        (tmp_path / "speech").mkdir()
        soundfile.write(tmp_path / "speech" / f"long{suffix}", noise, 16000)
        (one,) = load_corpus(put(tmp_path / "speech", memory), "none")
        size = (tmp_path / "speech" / f"long{suffix}").stat().st_size
        assert one.length() == (200_000, 16000)
        assert one.length() == (200_000, 16000)
        assert fetched == [(f"long{suffix}", HEAD)]
        one.load()
        assert fetched[1:] == [(f"long{suffix}", size)]

    def test_a_header_that_lies_is_found_out(self, memory, tmp_path):
        import numpy as np
        import soundfile

        (tmp_path / "speech").mkdir()
        path = tmp_path / "speech" / "long.wav"
        soundfile.write(path, np.zeros(200_000), 16000)
        path.write_bytes(path.read_bytes()[:-50_000])
        (one,) = load_corpus(put(tmp_path / "speech", memory), "none")
        with pytest.raises(CorpusError, match=rf"^{memory}/long\.wav: audio is cut off"):
            one.length()

    def test_labels_of_all_are_fetched_once(self, memory, tmp_path, fetched, staging_place):
        shared = write_tree(tmp_path / "speech", "csv")
        there = put(shared, f"{memory}_labels.csv")
        corpus = load_corpus(put(tmp_path / "speech", memory), label_place=there)
        fetched.clear()
        for one in corpus:
            one.load()
        assert len([name for name, _ in fetched if name.endswith(".csv")]) == 1
        assert len(fetched) == 5
        assert len(left_in(staging_place)) == 1

    def test_nothing_is_left_on_disk(self, memory, tree, staging_place):
        (tree / "s1" / "b.phn").write_text("0 800 aa\n900 x s\n")
        for one in load_corpus(put(tree, memory)):
            one.length()
            if one.id == "s1/b":
                with pytest.raises(CorpusError):
                    one.load()
            else:
                one.load()
        assert left_in(staging_place) == []

    def test_what_a_killed_process_left_goes(self, staging_place):
        first = staging.staging_folder()
        (first / "7").mkdir()
        (first / "7" / "0").write_bytes(b"audio")
        claimed = staging._CLAIMED.popitem()[1]
        second = staging.staging_folder()  # the first is still at work
        assert second != first
        assert len(left_in(staging_place)) == 1
        claimed.release()  # as when a process dies
        staging._CLAIMED.popitem()[1].release()
        assert staging.staging_folder() == first
        assert left_in(staging_place) == []

    def test_a_file_that_has_changed_is_refused(self, memory, tree):
        corpus = load_corpus(put(tree, memory))
        stamps = [utterance_stamp(one) for one in corpus]
        Store.at(memory).write("s1/a.phn", b"0 1 aa\n")
        with pytest.raises(CorpusError, match=rf"^{memory}/s1/a\.phn: \d+ bytes were listed, 7"):
            corpus["s1/a"].load()
        Store.at(memory).remove("s1/b.flac")
        with pytest.raises(CorpusError, match=r"s1/b\.flac: file is missing"):
            corpus["s1/b"].load()
        Store.at(memory).write("s1/b.flac", (tree / "s1" / "b.flac").read_bytes())
        again = [utterance_stamp(one) for one in load_corpus(memory)]
        assert [one != other for one, other in zip(stamps, again, strict=True)] == [
            *(True, True),
            *(False, False),
        ]

    def test_what_cannot_be_reached_is_not_skipped(self, memory, tree, monkeypatch):
        corpus, parts = load_corpus(put(tree, memory)), Store.parts
        options = IndexOptions(on_error="skip")
        for suffix in (".flac", ".phn"):

            def failing(self, names, spans, suffix=suffix):
                if any(name == f"s1/b{suffix}" for name in names):
                    raise self._failed(names[0], TimeoutError("too late"))
                return parts(self, names, spans)

            monkeypatch.setattr(Store, "parts", failing)
            with pytest.raises(StoreError, match="can't be reached"):
                index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"], options)

    def test_a_file_too_large_for_an_utterance(self, memory, tree):
        corpus = load_corpus(put(tree, memory))
        one = corpus["s1/a"]
        huge = {path: replace(file, size=1 << 40) for path, file in one.files.items()}
        with pytest.raises(CorpusError, match="more than an utterance can have; cut it"):
            replace(one, files=huge).load()
