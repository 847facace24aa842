import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from made_tables import Said, made_table, random_table
from nasty_page import NASTY, nasty_table

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
from sfvq_analysis.errors import OptionError, SfvqError
from sfvq_analysis.report.page import content, examples, write_page, writing
from sfvq_analysis.report.page.claims import claim_rows
from sfvq_analysis.report.statistics import statistics_of
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import Simulation, simulated_table

SECTIONS = ["about", "health", "axis", "histograms", "claims", "matrices", "speech"]
FEW = Inference(n_permutations=9, n_bootstraps=9)
VOID = {"meta", "link", "br", "input", "img", "i-"}
UNIT = np.eye(8, 3, dtype=np.float32)


class Structure(HTMLParser):
    """Elements of a page, what is open at its end, texts, and the content of scripts."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.attributes, self.text = [], [], [], []
        self.sections, self.data = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *one) for one in attrs]
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))
        if tag == "section":
            self.sections.append(dict(attrs)["id"])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        tag, attributes = self.open[-1] if self.open else ("", {})
        if attributes.get("id") == "data":
            self.data += data
        elif tag not in {"script", "style"}:
            self.text.append(data)

    @property
    def content(self):
        return json.loads(self.data)


def structure_of(path):
    return Structure(path.read_text(encoding="utf-8"))


def quick(table):
    return statistics_of(table, names=content.NEEDED, inference=FEW)


def written(tables, folder, **options):
    named = {"table": tables} if not isinstance(tables, dict) else tables
    labelled = {k: table for k, table in named.items() if table.frames["phone"].notna().any()}
    known = {name: quick(table) for name, table in labelled.items()}
    return write_page(tables, folder / "page.html", statistics=known, **options)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return structure_of(written(simulated_table(), tmp_path_factory.mktemp("plain")))


def test_a_page_has_every_section_and_closes_all_it_opens(plain):
    assert plain.sections == SECTIONS
    assert not plain.open
    ids = [value for _, name, value in plain.attributes if name == "id"]
    assert len(ids) == len(set(ids))


def test_nothing_is_fetched(plain):
    for tag, name, value in plain.attributes:
        if name in {"src", "href"}:
            assert value.startswith(("#", "data:")), (tag, name, value)
    policy = next(v for t, n, v in plain.attributes if t == "meta" and n == "content")
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_every_panel_has_the_python_that_makes_it(plain):
    lines = [value for tag, name, value in plain.attributes if name == "data-copy"]
    assert len(lines) == 10
    for line in lines:
        compile(line, "panel", "exec")


def test_counts_of_the_page_are_those_of_the_table(plain):
    table = simulated_table()
    shown = plain.content["tables"]["table"]
    frames = np.bincount(table.frames["codeword"], minlength=table.codebook_size)
    assert shown["codes"]["frames"] == frames.tolist()
    assert sum(shown["sets"]["61"]["tokens"]) == (table.segments["n_frames"] > 0).sum()
    assert [one["name"] for one in shown["groups"]] == list(table.inventory.groups)


def test_what_there_is_not_leaves_a_sentence(plain):
    shown = plain.content
    assert shown["tables"]["table"]["corners"] is None
    assert shown["examples"]["note"] == "No examples to listen to: no corpus was given."
    assert {one["why_no_sound"] for one in shown["utterances"]} == {"no corpus was given"}


def test_utterances_are_of_as_many_speakers_and_of_both_sexes(plain):
    shown = plain.content["utterances"]
    assert len({one["speaker"] for one in shown}) == len(shown) == content.N_UTTERANCES
    assert sorted(one["sex"] for one in shown) == ["f"] * 6 + ["m"] * 6


def test_nasty_names_change_no_structure_and_none_is_lost(tmp_path):
    table = nasty_table()
    path = written(
        {"a</script>": table, "_b": table}, tmp_path, title=NASTY[0], command=" ".join(NASTY)
    )
    found = structure_of(path)
    assert found.sections == SECTIONS
    assert not found.open
    assert "img" not in found.tags
    assert found.tags.count("script") == 4
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    labels = {label for one in found.content["utterances"] for *_, label, _ in one["phones"]}
    assert labels == set(table.segments["label"].astype(str)) >= set(NASTY)
    assert {one["id"] for one in found.content["utterances"]} <= set(table.utterances["utterance"])
    text = "".join(found.text)
    for one in NASTY:
        assert one.replace("\x01", "\\x01") in text


@pytest.mark.parametrize(
    "table",
    [
        made_table([Said("u0", [("s", [0, 1])])]),
        made_table([Said("u0", [(None, [0, 1, 2])]), Said("u1", [(None, [3])])]),
        made_table([Said("u0", [("s", [])])]),
        made_table([Said("u0", [("s", [3, 3, 3]), ("iy", [3])])], codebook_size=2 * 8, curve=False),
        random_table(1, codebook_size=2),
    ],
    ids=["one utterance", "no label", "no frame", "one code of a plain codebook", "two codes"],
)
def test_small_and_odd_tables_make_a_page(tmp_path, table):
    assert structure_of(written(table, tmp_path)).sections == SECTIONS


def test_tables_of_other_utterances_and_sizes_stand_side_by_side(tmp_path):
    one, other = random_table(1), random_table(2, n_utterances=3, codebook_size=16)
    shown = structure_of(written({"one": one, "other": other}, tmp_path)).content
    assert [table["size"] for table in shown["tables"].values()] == [8, 16]
    assert any(said["tables"]["other"] is None for said in shown["utterances"])


@pytest.fixture(scope="module")
def demo():
    corpus = demo_corpus().select(split="test", sentence=["sa1", "sa2"])
    return corpus, index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])


class TestAudio:
    def test_no_sound_is_in_a_page_by_default(self, tmp_path, demo):
        path = written(demo[1], tmp_path, corpus=demo[0])
        shown = structure_of(path).content
        assert "data:audio" not in path.read_text()
        assert all(one["wave"] and one["audio"] is None for one in shown["utterances"])

    def test_embedded_snippets_are_of_every_used_index_and_keep_to_their_room(self, tmp_path, demo):
        corpus, table = demo
        shown = structure_of(written(table, tmp_path, corpus=corpus, audio="embed")).content
        found = shown["examples"]["of"]
        assert {int(code) for code in found} == set(table.frames["codeword"])
        assert {one["kind"] for some in found.values() for one in some} == {
            "typical", "random", "worst",
        }  # fmt: skip
        assert len(json.dumps(found)) < examples.MOST_BYTES * 1.1
        assert all(
            one["audio"].startswith("data:audio/ogg") for some in found.values() for one in some
        )

    def test_links_are_relative_and_lead_to_the_files(self, tmp_path, demo):
        corpus, table = demo
        moved = []
        for one in corpus:
            path = tmp_path / f"a # {one.id}.wav"
            recording = one.load()
            soundfile.write(path, recording.audio, recording.sample_rate)
            moved.append(replace(one, audio_path=path))
        theirs = replace(corpus, utterances=tuple(moved))
        (tmp_path / "below").mkdir()
        shown = structure_of(
            written(table, tmp_path / "below", corpus=theirs, audio="link")
        ).content
        found = {one["id"]: one["audio"] for one in shown["utterances"]}
        assert found == {name: f"../a%20%23%20{name}.wav" for name in found}
        some = [one for examples in shown["examples"]["of"].values() for one in examples]
        assert {one["audio"] for one in some} <= {f"../a%20%23%20{one.id}.wav" for one in moved}

    def test_formats_that_browsers_do_not_play_are_not_linked(self, tmp_path, demo):
        shown = structure_of(written(demo[1], tmp_path, corpus=demo[0], audio="link")).content
        assert {one["audio"] for one in shown["utterances"]} == {None}  # SPHERE

    def test_speech_of_others_is_embedded_with_a_warning(self, tmp_path, demo):
        corpus, table = demo
        theirs = replace(corpus, root=tmp_path)
        with pytest.warns(UserWarning, match="licence"):
            written(table, tmp_path, corpus=theirs, audio="embed")

    def test_a_corpus_that_lacks_the_utterances_is_told(self, tmp_path, demo):
        table = simulated_table(Simulation(n_speakers=4))
        shown = structure_of(written(table, tmp_path, corpus=demo[0], audio="embed")).content
        assert "no recording could be read" in shown["examples"]["note"]


def test_corners_are_drawn_and_measured(tmp_path):
    class Corners:
        def corners(self):
            return UNIT

    table = random_table(1)
    shown = structure_of(written(table, tmp_path, quantizers={"table": Corners()})).content
    corners = shown["tables"]["table"]["corners"]
    assert len(corners["plane"]["x"]) == 8
    assert corners["step"][0] == pytest.approx(2**0.5, abs=1e-3)


def test_a_page_that_would_be_too_large_says_what_it_left_out(tmp_path, monkeypatch):
    table = simulated_table()
    whole = written(table, tmp_path).stat().st_size
    monkeypatch.setattr(writing, "MOST_BYTES", whole - 100_000)
    found = structure_of(written(table, tmp_path))
    assert found.content["left_out"][0] == "bands of the phones' histograms"
    assert "Left out" in "".join(found.text)
    monkeypatch.setattr(writing, "MOST_BYTES", 1000)
    with pytest.raises(SfvqError, match="fewer tables"):
        written(table, tmp_path)


def test_a_page_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    table = random_table(1)
    before = written(table, tmp_path).read_bytes()
    monkeypatch.setattr(writing, "rendered", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        written(table, tmp_path)
    assert (tmp_path / "page.html").read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]


def test_a_page_is_the_same_whenever_it_is_written(tmp_path):
    table = random_table(1)
    ids = re.compile(r"p\d{4,}|[0-9a-f]{8}-[0-9a-f-]{27}")  # Bokeh's own
    first, second = (ids.sub("", written(table, tmp_path).read_text()) for _ in range(2))
    assert len(first) == len(second)


def test_what_is_given_wrong_is_refused(tmp_path):
    with pytest.raises(OptionError, match="audio is 'all'"):
        write_page(random_table(1), tmp_path / "page.html", audio="all")
    with pytest.raises(OptionError, match="no table"):
        write_page({}, tmp_path / "page.html")


def test_claims_stand_side_by_side():
    table = random_table(1)
    rows = claim_rows({name: quick(table)["claims"] for name in ("a", "b")})
    assert [row.name for row in rows] == [f"C{at}" for at in range(1, 13)]
    assert {len(row.findings) for row in rows} == {2}
