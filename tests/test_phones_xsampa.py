# ruff: noqa: RUF001  (IPA letters)
import pytest
from phone_charts import assert_grouped_as

from sfvq_analysis.phones import PhoneSet, resolve
from sfvq_analysis.phones.xsampa import xsampa_to_ipa

SAMPA = PhoneSet("xsampa")

# By hand, from Wells' chart and MAUS' inventories.
GERMAN = {
    "plosive": "p b t d k g ts tS pf",
    "fricative": "f v s z S Z C x h R",
    "nasal": "m n N n= m=",
    "approximant": "l l= j",
    "vowel": "6 @ a a: E E: e: I i: O o: U u: Y y: 2: 9",
    "diphthong": "aI aU OY",
    None: "? <usb> <nib>",
    "silence": "<p:>",
}
ENGLISH = {
    "plosive": "p b t d k g tS dZ p_h",
    "fricative": "f v T D s z S Z h",
    "nasal": "m n N",
    "approximant": "l 5 r r\\ j w @` 3`",
    "vowel": "@ { I I\\ V U Q e i: u: A: O: 3: e_~ a_~",
    "diphthong": "eI aI OI @U aU I@ e@ U@",
    None: "4 ?",
    "silence": "<p:> sil",
}
OTHERS = {
    "plosive": "p' b_j t_d ts\\ ts` k_w J\\ c q",
    "fricative": "s\\ z` x\\ p\\ B G X K",
    "nasal": "J n` F",
    "approximant": "L H r l`",
    "vowel": "y 2 9~ e~ a~ o~ 1 M } & a_X \"a %e 'i",
    "diphthong": "EU ai",
}


@pytest.mark.parametrize("listed", [GERMAN, ENGLISH, OTHERS], ids=["German", "English", "others"])
def test_groups_are_those_of_the_chart(listed):
    assert_grouped_as(SAMPA, listed)


@pytest.mark.parametrize(
    ("label", "ipa"),
    [
        *[
            ("tS", "t͡ʃ"),
            ("i:", "iː"),
            ("{", "æ"),
            ("@U", "əʊ"),
            ("9~", "œ\u0303"),
            ("n=", "n\u0329"),
        ],
        *[("b_j", "bʲ"), ("a_~", "a\u0303"), ("A`", "ɑ˞"), ("x\\", "ɧ"), ("O", "ɔ"), ("O\\", "ʘ")],
        *[("a_R", "a\u030c"), ("a_B", "a\u030f"), ("v\\", "ʋ")],
        *[("<p:>", None), ("A~ ", None), ("", None), ("X-SAMPA", None), ("a" * 17, None)],
    ],
)
def test_a_text_is_read_symbol_by_symbol(label, ipa):
    assert xsampa_to_ipa(label) == ipa


@pytest.mark.parametrize("label", ["AH0", "h#", "<p>", "tcl", "b|", "(", '"', "S T"])
def test_what_is_no_sound_stays_unknown(label):
    assert SAMPA.entry(label).how == "unknown"


def test_phones_are_named_in_ipa():
    found = resolve([(label, "a") for label in ("tS", "i:", "@", "<p:>")], "xsampa")
    assert found.notation == "ipa"
    assert [found.entries[label].symbol for label in ("tS", "i:", "@")] == ["tʃ", "iː", "ə"]
    assert (found.name("S"), found.name("ʃ")) == ("ʃ", "ʃ")  # none was read
    assert found.ipa("iː") == "iː"
    assert found.table_name("ʃ") == "ʃ"
    assert found.is_pause("sil")


@pytest.mark.parametrize("listed", [GERMAN, ENGLISH], ids=["German", "English"])
def test_auto_takes_it_where_it_knows_more_than_the_others(listed):
    labels = [label for group in listed.values() for label in group.split()]
    found = resolve([(label, "a") for label in labels])
    assert found.phone_set == "xsampa"
    assert found.note == f"auto: xsampa knows {len(labels)} of {len(labels)} labels"


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ("AA0 ER) AH1 S T", "timit"),
        ("S T sil", "timit"),
        ("s t ʃ @", "ipa"),
        ("s t k a", "ipa"),
        ("A B C D E b", "timit"),
        ("1 2 s", "timit"),
    ],
)
def test_auto_does_not_take_it_where_it_knows_no_more(labels, chosen):
    found = resolve([(label, "a") for label in labels.split()], unknown="na")
    assert found.phone_set == chosen


def test_maus_writes_pauses_and_noise_in_ipa_with_points():
    ipa = PhoneSet("ipa")
    assert [ipa.entry(label).symbol for label in ("(...)", "(..)", "(.)")] == ["sil", "spn", "nsn"]
    assert ipa.entry("(...)").group == "silence"
