"""What a page lets one hear, and what is written beside it for that."""

import io
import json
import re
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from made_tables import no_frames

from sfvq_analysis import (
    demo_corpus,
    demo_quantizers,
    index_table,
    load_corpus,
    load_encoder,
    read_audio,
)
from sfvq_analysis.report.folders import OutputError
from sfvq_analysis.report.page import content, listening, write_page
from sfvq_analysis.report.page.examples import chosen_examples
from sfvq_analysis.report.page.snippets import Stretch
from sfvq_analysis.report.statistics import statistics_of
from sfvq_analysis.stats import Inference
from sfvq_analysis.stores import Store
from sfvq_analysis.tables import Simulation, simulated_table

FEW = Inference(n_permutations=9, n_bootstraps=9)
DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def content_of(path):
    return json.loads(DATA.search(path.read_text(encoding="utf-8"))[1])


KNOWN = {}


def quick(table):
    """Return few draws' statistics of a table, made once."""
    if id(table) not in KNOWN:
        known = statistics_of(table, names=content.NEEDED, inference=FEW)
        KNOWN[id(table)] = (table, known)  # the table stays, and so its id
    return KNOWN[id(table)][1]


def written(tables, folder, **options):
    known = {name: quick(table) for name, table in tables.items()}
    return write_page(tables, folder / "page.html", statistics=known, **options)


@pytest.fixture(scope="module")
def demo():
    corpus = demo_corpus().select(split="test", sentence="sa1")
    return corpus, index_table(corpus, load_encoder("vqvae"), demo_quantizers())


@pytest.fixture(scope="module")
def small(demo):
    """One table of few utterances, where it doesn't matter what they say."""
    corpus = demo[0].select(speaker=["mawb0", "fslt0"])
    return corpus, {"vq": index_table(corpus, load_encoder("vqvae"), demo_quantizers()["vq"])}


@pytest.fixture(scope="module")
def embedded(demo, tmp_path_factory):
    corpus, tables = demo
    return content_of(written(tables, tmp_path_factory.mktemp("e"), corpus=corpus, audio="embed"))


@pytest.fixture(scope="module")
def linked(demo, tmp_path_factory):
    corpus, tables = demo
    folder = tmp_path_factory.mktemp("linked")
    return folder, content_of(written(tables, folder, corpus=corpus, audio="link"))


def as_wav(corpus, folder, channels=1, subtype="PCM_16"):
    """Return a corpus of the same speech in files that browsers play."""
    moved = []
    for one in corpus:
        path = folder / f"a # {one.id}.wav"
        audio, rate = read_audio(one.audio_path)
        samples = np.stack([audio] * channels, axis=1)
        soundfile.write(path, samples, rate, subtype=subtype, format="WAV")
        moved.append(replace(one, audio_path=path, channel=None if channels == 1 else 0))
    return replace(corpus, utterances=tuple(moved))


class TestEmbedded:
    def test_each_table_has_examples_of_all_its_used_indices(self, embedded, demo):
        for name, table in demo[1].items():
            found = embedded["listening"]["examples"][name]
            assert {int(code) for code in found} == set(table.frames["codeword"])
            kinds = {one["kind"] for some in found.values() for one in some}
            assert kinds == {"typical", "random", "worst"}
        assert set(embedded["listening"]["notes"].values()) == {""}

    def test_every_odd_token_is_heard(self, embedded):
        shown = embedded["tables"]["sfvq"]["phones"]
        heard = embedded["listening"]["odd"]
        assert set(heard) == {"sfvq"}  # a plain codebook has no order to be far in
        assert {phone: len(one["odd"]) for phone, one in shown.items()} == {
            phone: len(places) for phone, places in heard["sfvq"].items()
        }
        assert all(at is not None for places in heard["sfvq"].values() for at in places)

    def test_a_snippet_of_two_tables_is_cut_once(self, embedded):
        found = embedded["listening"]
        used = [
            one["snippet"]
            for of_table in found["examples"].values()
            for some in of_table.values()
            for one in some
        ]
        odd = [at for places in found["odd"]["sfvq"].values() for at in places]
        assert set(used) | set(odd) == set(range(len(found["snippets"])))
        assert len(set(used)) < len(used)

    def test_it_keeps_to_its_room(self, embedded):
        sound = sum(len(one["audio"]) for one in embedded["utterances"])
        snippets = len(json.dumps(embedded["listening"]["snippets"]))
        assert sound + snippets < listening.MOST_BYTES

    def test_a_snippet_is_what_was_said_then(self, embedded, demo):
        corpus, _ = demo
        found = embedded["listening"]
        one = next(iter(found["examples"]["vq"].values()))[0]
        address = found["snippets"][one["snippet"]]["audio"]
        kind, _, data = address.partition(";base64,")
        assert kind == "data:audio/ogg"
        heard, rate = soundfile.read(io.BytesIO(b64decode(data)))
        audio, _ = read_audio(corpus[one["utterance"]].audio_path)
        first = round((one["seconds"] - 0.125) * rate)
        said = audio[first : first + len(heard)]
        assert np.corrcoef(heard[: len(said)], said)[0, 1] > 0.6

    def test_what_has_no_room_is_said(self, demo, tmp_path, monkeypatch):
        corpus, tables = demo
        monkeypatch.setattr(listening, "MOST_BYTES", 200_000)
        found = content_of(written(tables, tmp_path, corpus=corpus, audio="embed"))["listening"]
        assert len(json.dumps(found["snippets"])) < 200_000
        for name in tables:
            assert re.match(r"Examples of \d+ of \d+ used codes", found["notes"][name])
            codes = sorted(int(code) for code in found["examples"][name])
            assert min(codes) < 50  # from all of the axis
            assert max(codes) > 200
        places = list(found["odd"]["sfvq"].values())
        fitted = {sum(at is not None for at in one) for one in places if len(one) == 5}
        assert len(fitted) == 1  # as many of each phone
        assert fitted < {0, 1, 2, 3, 4}

    def test_speech_of_others_is_warned_of(self, tmp_path, small, monkeypatch):
        corpus, tables = small
        monkeypatch.setattr(listening, "MOST_BYTES", 100_000)
        with pytest.warns(UserWarning, match="licence"):
            written(tables, tmp_path, corpus=replace(corpus, root=tmp_path), audio="embed")


class TestLinked:
    def test_files_that_browsers_play_are_linked_and_nothing_is_copied(self, tmp_path, demo):
        corpus, tables = demo
        theirs = as_wav(corpus, tmp_path)
        (tmp_path / "below").mkdir()
        path = written(tables, tmp_path / "below", corpus=theirs, audio="link")
        shown = content_of(path)
        found = {one["id"]: one["audio"] for one in shown["utterances"]}
        assert found == {name: f"../a%20%23%20{name}.wav" for name in found}
        expected = {f"../a%20%23%20{one.id}.wav" for one in corpus}
        assert {one["audio"] for one in shown["listening"]["snippets"]} <= expected
        assert [one.name for one in (tmp_path / "below").iterdir()] == ["page.html"]
        one = next(iter(shown["listening"]["examples"]["sfvq"].values()))[0]
        snippet = shown["listening"]["snippets"][one["snippet"]]
        assert snippet["start"] <= one["seconds"] <= snippet["stop"]

    def test_others_are_copied_as_far_as_they_are_shown(self, linked, demo):
        folder, shown = linked
        files = {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and path.name != "manifest.json"
        }
        addresses = {one["audio"] for one in shown["utterances"]}
        snippets = shown["listening"]["snippets"]
        assert files == {"page.html"} | addresses | {one["audio"] for one in snippets}
        for one in shown["utterances"]:
            copy, rate = read_audio(folder / one["audio"])
            said, stated = read_audio(demo[0][one["id"]].audio_path)
            assert rate == stated
            assert one["audio_start"] == 0
            np.testing.assert_allclose(copy, said, atol=1e-4)

    def test_recordings_elsewhere_are_fetched_and_copied(self, small, tmp_path):
        url = f"memory://{tmp_path.name}/speech"
        place = Store.at(url)
        for one in small[0]:
            for path in (one.audio_path, one.label_paths["phone"]):
                place.write(f"{one.id}{path.suffix}", path.read_bytes())
        there = load_corpus(url)
        table = index_table(there, load_encoder("vqvae"), demo_quantizers()["vq"])
        with pytest.warns(UserWarning, match="licence"):
            shown = content_of(written({"vq": table}, tmp_path, corpus=there, audio="link"))
        place.clear()
        assert len(shown["utterances"]) == len(small[0])
        for one in shown["utterances"]:
            copy, _ = read_audio(tmp_path / one["audio"])
            said, _ = read_audio(small[0][one["id"]].audio_path)
            np.testing.assert_allclose(copy, said, atol=1e-4)

    def test_a_copied_snippet_is_what_was_said_then(self, linked, demo):
        folder, shown = linked
        for name, of_table in shown["listening"]["examples"].items():
            for some in list(of_table.values())[::40]:
                for one in some:
                    snippet = shown["listening"]["snippets"][one["snippet"]]
                    copy, rate = read_audio(folder / snippet["audio"])
                    heard = copy[round(snippet["start"] * rate) : round(snippet["stop"] * rate)]
                    audio, _ = read_audio(demo[0][one["utterance"]].audio_path)
                    first = round(round(max(0, one["seconds"] - 0.125), 3) * rate)
                    said = audio[first : first + len(heard)]
                    assert np.abs(heard - said).max() < 1e-3 or _shifted(heard, said), name

    def test_copies_of_the_speech_of_others_are_warned_of(self, tmp_path, small):
        corpus, tables = small
        with pytest.warns(UserWarning, match="folder beside it, holds speech"):
            written(tables, tmp_path, corpus=replace(corpus, root=tmp_path), audio="link")

    @pytest.mark.parametrize("options", [{"channels": 2}, {"subtype": "FLOAT"}])
    def test_one_channel_of_several_and_floats_are_copied(self, tmp_path, small, options):
        corpus, tables = small
        theirs = as_wav(corpus, tmp_path, **options)
        with pytest.warns(UserWarning, match="licence"):
            path = written(tables, tmp_path, corpus=replace(theirs, root=tmp_path), audio="link")
        assert all(
            one["audio"].startswith("page_audio/utterances/")
            for one in content_of(path)["utterances"]
        )


def _shifted(heard, said):
    """Tell whether two sounds are the same but for a sample or two of rounding."""
    n = min(len(heard), len(said)) - 16
    return any(np.abs(heard[at : at + n] - said[:n]).max() < 1e-3 for at in range(17))


class TestSilent:
    def test_without_audio_examples_are_pictures_and_nothing_is_copied(self, tmp_path, small):
        corpus, tables = small
        path = written(tables, tmp_path, corpus=corpus)
        shown = content_of(path)
        assert "data:audio" not in path.read_text()
        assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
        assert all(one["wave"] and one["audio"] is None for one in shown["utterances"])
        assert all("audio" not in one for one in shown["listening"]["snippets"])
        assert shown["listening"]["snippets"][0]["picture"]

    def test_a_corpus_that_lacks_the_utterances_is_told(self, tmp_path, demo):
        table = simulated_table(Simulation(n_speakers=4))
        shown = content_of(written({"table": table}, tmp_path, corpus=demo[0], audio="embed"))
        assert shown["listening"]["notes"]["table"] == (
            "No examples: no recording could be read (the corpus has no utterance of this id)."
        )

    def test_a_table_without_frames_has_no_examples(self):
        assert chosen_examples(no_frames(), 100, 0).rows.empty


class TestReplacing:
    def test_copies_go_with_the_page_that_had_them(self, tmp_path, small):
        corpus, tables = small
        written(tables, tmp_path, corpus=corpus, audio="link")
        assert (tmp_path / "page_audio" / "manifest.json").is_file()
        written(tables, tmp_path, corpus=corpus)
        assert [one.name for one in tmp_path.iterdir()] == ["page.html"]

    def test_a_folder_of_someone_else_is_never_touched(self, tmp_path, small):
        corpus, tables = small
        theirs = tmp_path / "page_audio" / "thesis.txt"
        theirs.parent.mkdir()
        theirs.write_text("mine")
        with pytest.raises(OutputError, match="isn't of a page"):
            written(tables, tmp_path, corpus=corpus, audio="link")
        written(tables, tmp_path, corpus=corpus)
        assert theirs.read_text() == "mine"

    def test_a_page_that_fails_leaves_the_earlier_one_and_its_sounds(
        self, tmp_path, small, monkeypatch
    ):
        corpus, tables = small
        path = written(tables, tmp_path, corpus=corpus, audio="link")
        before = {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
        monkeypatch.setattr("sfvq_analysis.report.page.copies.write_wav", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            written(tables, tmp_path, corpus=corpus, audio="link")
        assert before == {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
        assert path.is_file()


def test_tokens_are_heard_with_a_margin_and_the_middle_of_long_ones():
    odd = {"t": {"s": [{"utterance": "u", "start": 1.0, "stop": 1.1}], "h#": [
        {"utterance": "u", "start": 0.0, "stop": 3.0}]}}  # fmt: skip
    found = listening._tokens(odd)
    assert found["t", "s", 0] == Stretch("u", 0.95, 1.15)
    assert found["t", "h#", 0] == Stretch("u", 1.1, 1.9)
