import importlib
import re
import sys
import warnings
from fractions import Fraction

import pytest
import written_labels
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels import read_labels
from sfvq_analysis.labels.elan import read_eaf

LABELS = [(0, 120, "s"), (120, 250, "æʃ"), (250, 400, "")]
GOOD = written_labels.eaf({"phones": LABELS})


@pytest.fixture(scope="module")
def pympi():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports a module that Python has deprecated
        return importlib.import_module("pympi")


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="a.eaf"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def refusal(path, reader=read_eaf):
    with pytest.raises(CorpusError) as caught:
        reader(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    assert len(message) < len(str(path)) + 300
    return message.removeprefix(str(path))


def test_times_are_exact_and_lines_known(write):
    path = write(GOOD)
    tier = read_eaf(path)[""]["phones"]
    assert tier.unit == "seconds"
    assert [label[:3] for label in tier.labels] == [
        (0, Fraction(120, 1000), "s"),
        (Fraction(120, 1000), Fraction(250, 1000), "æʃ"),
        (Fraction(250, 1000), Fraction(400, 1000), ""),
    ]
    lines = GOOD.splitlines()
    assert ['ANNOTATION_ID="a' in lines[label.line - 1] for label in tier.labels] == [True] * 3


def test_annotations_are_sorted_by_time(write):
    path = write(written_labels.eaf({"phones": LABELS[::-1]}, slot_order=-1))
    assert [segment.label for segment in read_labels(path)] == ["s", "æʃ", ""]


@pytest.mark.parametrize(
    "content",
    [
        GOOD.replace("\n", "\r\n"),
        "\ufeff" + GOOD,
        GOOD.replace("UTF-8", "utf-16").encode("utf-16"),
        GOOD.partition("\n")[2],
        GOOD.replace("<ANNOTATION_VALUE>s<", "<ANNOTATION_VALUE><!-- x --><![CDATA[s]]><"),
        GOOD.replace("<ANNOTATION_VALUE>s<", "<ANNOTATION_VALUE>&#115;<"),
        GOOD.replace(' TIME_UNITS="milliseconds"', ""),
        re.sub(r">\s+<", "><", GOOD),
    ],
    ids=["crlf", "bom", "utf-16", "no declaration", "cdata", "reference", "no units", "one line"],
)
def test_layout_does_not_matter(write, content):
    assert [s.label for s in read_labels(write(content))] == ["s", "æʃ", ""]


def test_tiers_are_chosen_by_name(write):
    path = write(written_labels.eaf({"phones": LABELS, 'w "1" & <2>': [(0, 400, "sigh")]}))
    assert [s.label for s in read_labels(path, tier='w "1" & <2>')] == ["sigh"]
    assert "it has 2 tiers of intervals" in refusal(path, read_labels)


def test_a_tier_without_times_of_its_own_is_listed_but_not_read(write):
    gloss = (
        '<TIER LINGUISTIC_TYPE_REF="g" PARENT_REF="phones" TIER_ID="gloss"><ANNOTATION>'
        '<REF_ANNOTATION ANNOTATION_ID="r1" ANNOTATION_REF="a1"><ANNOTATION_VALUE>x'
        "</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER><LINGUISTIC_TYPE "
    )
    path = write(GOOD.replace("<LINGUISTIC_TYPE ", gloss, 1))
    assert [s.label for s in read_labels(path)] == ["s", "æʃ", ""]
    listed = r"tier 'gloss' has no times of its own; its tiers are 'phones', 'gloss' \(untimed\)"
    with pytest.raises(CorpusError, match=listed):
        read_labels(path, tier="gloss")


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new, 1)


BILLION = (
    '<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{10 * f"&{a};"}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>\n<ANNOTATION_DOCUMENT>&i;</ANNOTATION_DOCUMENT>"
)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", ":1: not XML: no element found"),
        ("hello", ":1: not XML: syntax error"),
        (GOOD[:900], ":16: not XML: unclosed token"),
        (GOOD[: GOOD.index("</TIER>")], ":28: not XML: no element found"),
        (changed("</TIER>", "</TEIR>"), ":28: not XML: mismatched tag"),
        (changed(">s<", ">s & t<"), ":15: not XML: not well-formed (invalid token)"),
        (changed(">s<", ">&amp;&a;<"), ":15: not XML: undefined entity"),
        (changed('VERSION="3.0"', 'VERSION="3.0" VERSION="3.0"'), ":2: not XML: duplicate attrib"),
        (GOOD + "<x/>", ":31: not XML: junk after document element"),
        ("<TextGrid/>", ":1: root is 'TextGrid', not ANNOTATION_DOCUMENT"),
        ("<a><b/></a>", ":1: root is 'a', not ANNOTATION_DOCUMENT"),
        (BILLION, ":2: it has a document type declaration"),
        (
            '<!DOCTYPE a SYSTEM "file:///etc/passwd">' + GOOD.partition("\n")[2],
            ":1: it has a document type declaration",
        ),
        (
            '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><ANNOTATION_DOCUMENT>&e;',
            ":1: it has a document type declaration",
        ),
        ("<ANNOTATION_DOCUMENT>" + "<x>" * 10**5, ":1: elements are nested 32 deep"),
        (changed("UTF-8", "ISO-8859-1"), ":1: encoding is declared as 'ISO-8859-1'"),
        (changed("UTF-8", "utf-7"), ":1: encoding is declared as 'utf-7'"),
        (changed("UTF-8", "UTF-16"), ":1: encoding is declared as 'UTF-16'"),
        (GOOD.encode("utf-16"), ":1: encoding is declared as 'UTF-8'"),
        (GOOD.replace("æʃ", "ä").encode("latin-1"), ":20: not UTF-8 text"),
        (changed("milliseconds", "PAL-frames"), ":3: times count 'PAL-frames'"),
        (
            changed(
                "<PROPERTY", '<MEDIA_DESCRIPTOR MEDIA_URL="a.wav" TIME_ORIGIN="1500"/><PROPERTY'
            ),
            ":4: media begin at '1500', so the times aren't those of the audio",
        ),
        (changed('TIME_VALUE="120"', 'TIME_VALUE="-120"'), ":8: TIME_VALUE is '-120'"),
        (changed('TIME_VALUE="120"', 'TIME_VALUE="120.5"'), ":8: TIME_VALUE is '120.5'"),
        (changed('TIME_VALUE="120"', 'TIME_VALUE="1_20"'), ":8: TIME_VALUE is '1_20'"),
        (changed('TIME_VALUE="120"', 'TIME_VALUE="١٢٠"'), ":8: TIME_VALUE is '١٢٠'"),
        (changed('TIME_VALUE="120"', 'TIME_VALUE=""'), ":8: TIME_VALUE is ''"),
        (changed('TIME_VALUE="120"', f'TIME_VALUE="{"9" * 5000}"'), ":8: TIME_VALUE is '999"),
        (
            changed(' TIME_VALUE="120"', ""),
            ":14: annotation 'a1' of tier 'phones' has no time: slot 'ts2'; align it in ELAN",
        ),
        (
            changed('TIME_SLOT_REF2="ts3"', 'TIME_SLOT_REF2="ts9"'),
            ":19: annotation 'a2' of tier 'phones' has no slot 'ts9'; restore it",
        ),
        (changed('TIME_SLOT_ID="ts2"', 'TIME_SLOT_ID="ts1"'), ":8: time slot 'ts1' stands there"),
        (changed('TIME_SLOT_ID="ts2" ', ""), ":8: TIME_SLOT has no TIME_SLOT_ID"),
        (changed('ANNOTATION_ID="a2"', 'ANNOTATION_ID="a1"'), ":19: annotation 'a1' stands there"),
        (changed('ANNOTATION_ID="a2" ', ""), ":19: ALIGNABLE_ANNOTATION has no ANNOTATION_ID"),
        (changed(' TIME_SLOT_REF1="ts1"', ""), ":14: ALIGNABLE_ANNOTATION has no TIME_SLOT_REF1"),
        (changed(' TIER_ID="phones"', ""), ":12: TIER has no TIER_ID"),
        (
            changed("<LINGUISTIC_TYPE ", '<TIER TIER_ID="phones"/><LINGUISTIC_TYPE '),
            ":29: tier 'phones' stands there twice",
        ),
        (
            changed("<ANNOTATION_VALUE>s</ANNOTATION_VALUE>", ""),
            ":14: annotation 'a1' has 0 values, not 1",
        ),
        (
            changed("<ANNOTATION_VALUE>s<", "<ANNOTATION_VALUE/><ANNOTATION_VALUE>s<"),
            ":14: annotation 'a1' has 2 values, not 1",
        ),
        (changed(">s<", "><b>s</b><"), ":15: 'b' stands inside 'ANNOTATION_VALUE'"),
        (changed("<HEADER", "<TIER TIER_ID='x'><HEADER"), ":3: 'HEADER' stands inside 'TIER'"),
        (changed("<ANNOTATION>", "<ANNOTATION_>"), ":13: 'ANNOTATION_' stands inside 'TIER'"),
        (changed("<ANNOTATION>", "x<ANNOTATION>"), ":13: text 'x' stands inside TIER"),
        (
            changed("    <TIME_ORDER>", '    <X><TIER TIER_ID="x"/></X><TIME_ORDER>'),
            ":6: 'TIER' stands inside 'X'",
        ),
        (
            GOOD.replace("TIER ", "e:TIER ").replace("/TIER", "/e:TIER"),
            ":12: not XML: unbound prefix",
        ),
        (re.sub(r"    <TIER.*</TIER>\n", "", GOOD, flags=re.DOTALL), ": it has no tiers"),
    ],
)
def test_what_is_no_sound_elan_document_is_refused_with_its_line(write, content, problem):
    assert refusal(write(content), read_labels).startswith(problem)


def test_a_tier_without_a_time_does_not_keep_others_from_being_read(write):
    content = written_labels.eaf({"phones": LABELS, "words": [(0, 600, "sigh")]})
    path = write(content.replace(' TIME_VALUE="600"', ""))
    assert [s.label for s in read_labels(path, tier="phones")] == ["s", "æʃ", ""]
    with pytest.raises(CorpusError, match="annotation 'a4' of tier 'words' has no time: slot"):
        read_labels(path, tier="words")


def test_overlapping_and_reversed_annotations_are_refused_with_their_line(write):
    overlapping = write(written_labels.eaf({"p": [(0, 120, "a"), (100, 200, "b")]}))
    assert ": segment 'b' starts at sample 1600, before 1920" in refusal(overlapping, read_labels)
    backward = write(written_labels.eaf({"p": [(120, 0, "a")]}))
    assert ": segment 'a' is [0.12, 0)" in refusal(backward, read_labels)
    assert re.match(r":\d+: ", refusal(backward, read_labels))


def test_no_file_is_opened_but_the_document(write):
    path = write(
        '<!DOCTYPE a SYSTEM "a.dtd" [<!ENTITY e SYSTEM "b.txt">]>'
        + GOOD.partition("\n")[2].replace(">s<", ">&e;<")
    )
    (path.parent / "a.dtd").write_text('<!ENTITY d "x">')
    (path.parent / "b.txt").write_text("x")
    events, is_on = [], [True]

    def note(event, arguments):
        if is_on and (event == "open" or event.startswith(("socket", "urllib"))):
            events.append(str(arguments[0]))

    sys.addaudithook(note)  # for good, so it is turned off below
    assert "document type declaration" in refusal(path)
    is_on.clear()
    assert set(events) == {str(path)}


def pympi_reads(pympi, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        document = pympi.Elan.Eaf(str(path))
    return {
        name: sorted(document.get_annotation_data_for_tier(name))
        for name in document.get_tier_names()
    }


def our_reading(path):
    return {
        name: sorted((label.start * 1000, label.stop * 1000, label.text) for label in tier.labels)
        for name, tier in read_eaf(path)[""].items()
    }


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=9
)


@given(
    st.dictionaries(
        TEXTS.filter(str.strip),
        st.lists(st.tuples(st.integers(1, 5000), TEXTS), max_size=6),
        min_size=1,
        max_size=3,
    )
)
def test_documents_that_pympi_writes_are_read_as_it_reads_them(tmp_path_factory, pympi, tiers):
    document = pympi.Elan.Eaf()
    document.remove_tier("default")
    for name, entries in tiers.items():
        document.add_tier(name)
        start = 0
        for duration, text in entries:
            document.add_annotation(name, start, start + duration, text)
            start += duration
    path = tmp_path_factory.mktemp("eaf") / "a.eaf"
    document.to_file(str(path))
    assert our_reading(path) == pympi_reads(pympi, path)


@given(st.dictionaries(TEXTS, st.lists(TEXTS, min_size=1, max_size=6), min_size=1, max_size=3))
def test_any_tiers_and_labels_come_back(tmp_path_factory, pympi, tiers):
    labelled = {
        name: [(100 * i, 100 * i + 100, text) for i, text in enumerate(texts)]
        for name, texts in tiers.items()
    }
    path = tmp_path_factory.mktemp("eaf") / "a.eaf"
    path.write_text(written_labels.eaf(labelled), encoding="utf-8", newline="")
    found = {
        name: [label.text for label in tier.labels] for name, tier in read_eaf(path)[""].items()
    }
    assert found == tiers
    assert our_reading(path) == pympi_reads(pympi, path)


def test_what_pympi_gets_wrong_is_refused(write, pympi):
    doubled = write(changed('ANNOTATION_ID="a2"', 'ANNOTATION_ID="a1"'), "doubled.eaf")
    assert len(pympi_reads(pympi, doubled)["phones"]) == 2
    assert "stands there twice" in refusal(doubled)
    underscore = write(changed('TIME_VALUE="120"', 'TIME_VALUE="1_20"'), "underscore.eaf")
    assert pympi_reads(pympi, underscore)["phones"][0] == (0, 120, "s")
    assert "TIME_VALUE is '1_20'" in refusal(underscore)
    frames = write(changed("milliseconds", "PAL-frames"), "frames.eaf")
    assert pympi_reads(pympi, frames)["phones"][0] == (0, 120, "s")
    assert "times count 'PAL-frames'" in refusal(frames)
