import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from made_tables import Said, made_table, random_table
from nasty_page import NASTY, nasty_table

from sfvq_analysis.errors import OptionError, SfvqError
from sfvq_analysis.report.page import content, write_page, writing
from sfvq_analysis.report.page.claims import claim_rows
from sfvq_analysis.report.page.codes import code_columns
from sfvq_analysis.report.page.facts import health
from sfvq_analysis.report.page.sounds import marked_hertz, spectrogram
from sfvq_analysis.report.statistics import statistics_of
from sfvq_analysis.stats import Inference, reduce
from sfvq_analysis.tables import simulated_table

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
    known = {name: quick(table) for name, table in named.items()}
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


def test_an_index_of_closures_has_the_colour_of_no_group():
    tokens = [("tcl", [0] * 6), ("t", [0] * 4 + [1] * 2), ("iy", [1] * 3)]
    table = made_table([Said("one", tokens), Said("two", tokens, "mbbb0")], codebook_size=4)
    columns = code_columns(table, reduce(table))
    place = {name: at for at, name in enumerate(table.inventory.groups)}
    assert columns["group"][:2] == [-1, place["vowel"]]
    assert columns["share"][:2] == [0.6, 0.6]
    facts = {row.term: row.values for row in health({"table": table})}
    assert facts["frames of phones in no group"] == ("40 %",)


def test_frequencies_beside_a_spectrogram_are_where_their_bands_are():
    rate, n_bands = 16_000, 64
    seconds = np.arange(rate) / rate
    for hertz, height in marked_hertz(rate, n_bands):
        tone = np.sin(2 * np.pi * hertz * seconds).astype(np.float32)
        loudest = spectrogram(tone, rate, n_bands)[50].argmax()
        assert abs((loudest + 0.5) / n_bands - height) < 1 / n_bands
    assert [hertz for hertz, _ in marked_hertz(8000, n_bands)] == [500, 1000, 2000]


def test_what_there_is_not_leaves_a_sentence(plain):
    shown = plain.content
    assert shown["tables"]["table"]["corners"] is None
    assert shown["listening"]["notes"] == {"table": "No examples: no corpus was given."}
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
    assert found.sections == ["about", "comparison", *SECTIONS[1:]]
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
        made_table([]),
        made_table([Said("u0", [("s", [3, 3, 3]), ("iy", [3])])], codebook_size=2 * 8, curve=False),
        random_table(1, codebook_size=2),
    ],
    ids=[
        "one utterance",
        "no label",
        "no frame",
        "no utterance",
        "one code of a plain codebook",
        "two codes",
    ],
)
def test_small_and_odd_tables_make_a_page(tmp_path, table):
    assert structure_of(written(table, tmp_path)).sections == SECTIONS


def test_what_needs_no_label_is_claimed_of_a_table_without_one(tmp_path):
    table = made_table([Said("u0", [(None, [0, 1, 2])]), Said("u1", [(None, [3, 4])])])
    page = written(table, tmp_path)
    text = "".join(structure_of(page).text)
    assert "no labelled frame" in text
    assert "No claim was tested" not in text


def test_tables_of_other_utterances_and_sizes_stand_side_by_side(tmp_path):
    one, other = random_table(1), random_table(2, n_utterances=3, codebook_size=16)
    shown = structure_of(written({"one": one, "other": other}, tmp_path)).content
    assert [table["size"] for table in shown["tables"].values()] == [8, 16]
    assert any(said["tables"]["other"] is None for said in shown["utterances"])


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
