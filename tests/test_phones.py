import pytest

from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.phones import (
    CONSONANT_GROUPS,
    PHONE_GROUPS,
    VOWEL_GROUPS,
    as_pair,
    find_phone,
    fold,
    normalise,
    phone_group,
    phone_table,
    similar_pairs,
)


# Transcribed by hand from the paper (groups), from Lee & Hon 1989 (foldings) and from
# Lopes & Perdigão 2011 (broad classes of the 39), not from phones.csv.
def words(text):
    return set(text.split())


GROUPS = {
    "silence": words("h#"),
    "plosive": words("p b t d k g jh ch"),
    "fricative": words("f v th dh s z sh zh hh hv"),
    "nasal": words("m em n nx ng eng en"),
    "vowel": words("iy ih ix eh ae aa ao ah ax ax-h uh uw ux"),
    "diphthong": words("ey aw ay oy ow"),
    "approximant": words("l el r er axr w y"),
}
UNGROUPED = words("bcl dcl gcl pcl tcl kcl dx q pau epi")
SYMBOLS = UNGROUPED.union(*GROUPS.values())
MERGED_IN_48 = {
    "uw": words("ux"),
    "er": words("axr"),
    "ax": words("ax-h"),
    "m": words("em"),
    "n": words("nx"),
    "ng": words("eng"),
    "hh": words("hv"),
    "cl": words("pcl tcl kcl"),
    "vcl": words("bcl dcl gcl"),
    "sil": words("h# pau"),
}
MERGED_IN_39 = {
    "aa": words("ao"),
    "ah": words("ax"),
    "ih": words("ix"),
    "l": words("el"),
    "n": words("en"),
    "sh": words("zh"),
    "sil": words("cl vcl epi"),
}
BROAD_OF_39 = {
    "plosive": words("b d g p t k jh ch"),
    "fricative": words("s sh z f th v dh hh"),
    "nasal": words("m n ng"),
    "semivowel": words("l r er w y"),
    "vowel": words("iy ih eh ae aa ah uh uw"),
    "diphthong": words("ey aw ay oy ow"),
    "closure": words("sil dx"),
}


def merged(phone, merges):
    return next((into for into, phones in merges.items() if phone in phones), phone)


def test_transcription_here_is_of_61_symbols():
    assert len(SYMBOLS) == 61
    assert sum(map(len, GROUPS.values())) == 51
    assert sum(map(len, BROAD_OF_39.values())) == 39


def test_table_has_the_61_symbols_under_their_own_names():
    assert set(phone_table()) == SYMBOLS
    assert all(phone.symbol == symbol for symbol, phone in phone_table().items())


def test_table_has_the_paper_s_groups():
    stated = {group: {s for s in SYMBOLS if phone_group(s) == group} for group in PHONE_GROUPS}
    assert stated == GROUPS
    assert {s for s in SYMBOLS if phone_group(s) is None} == UNGROUPED


def test_consonant_and_vowel_groups_share_out_all_groups_in_order():
    assert CONSONANT_GROUPS + VOWEL_GROUPS == PHONE_GROUPS
    assert tuple(GROUPS) == PHONE_GROUPS


@pytest.mark.parametrize("symbol", sorted(SYMBOLS - {"q"}))
def test_foldings_are_lee_and_hon_s(symbol):
    to_48 = merged(symbol, MERGED_IN_48)
    assert fold(symbol, 61) == symbol
    assert fold(symbol, 48) == to_48
    assert fold(symbol, 39) == merged(to_48, MERGED_IN_39)


@pytest.mark.parametrize("size", [48, 39])
def test_foldings_have_their_sizes(size):
    folded = {fold(symbol, size) for symbol in SYMBOLS} - {None}
    assert len(folded) == size


def test_foldings_drop_the_glottal_stop_or_keep_it():
    assert fold("q", 61) == "q"
    assert fold("q", 48) is None
    assert fold("Q", 39) is None
    assert fold("Q", 48, q="keep") == "q"
    assert fold("q", 39, q="keep") == "q"
    assert fold("h#", 39, q="keep") == "sil"


def test_broad_classes_follow_the_39_folding():
    of_39 = {phone: name for name, phones in BROAD_OF_39.items() for phone in phones}
    for phone in phone_table().values():
        assert phone.broad_class == (of_39[phone.fold39] if phone.fold39 else None)


def test_ipa_and_examples():
    table = phone_table()
    assert {symbol for symbol, phone in table.items() if phone.ipa is None} == {"pau", "epi", "h#"}
    assert len({phone.ipa for phone in table.values()}) == 59  # 58 different ones, and none
    assert (table["sh"].ipa, table["er"].ipa, table["hv"].ipa) == ("ʃ", "ɝ", "ɦ")
    assert table["zh"].example == "azure"


@pytest.mark.parametrize(
    ("label", "symbol"),
    [
        *[("AH0", "ah"), ("ah1", "ah"), ("ER2", "er"), ("AXR0", "axr"), (" Iy ", "iy")],
        *[("H#", "h#"), ("AX-H", "ax-h"), ("DX", "dx")],
        *[("AH3", "ah3"), ("SPN", "spn"), ("xx1", "xx1"), ("", "")],  # unknown: lower case only
    ],
)
def test_labels_are_normalised(label, symbol):
    assert normalise(label) == symbol


def test_group_and_folding_understand_arpabet():
    assert phone_group("EY1") == "diphthong"
    assert fold("AO2", 39) == "aa"


@pytest.mark.parametrize("label", ["spn", "tck", "ah3", "h", ""])
def test_unknown_label_is_refused_or_absent(label):
    with pytest.raises(CorpusError) as caught:
        find_phone(label)
    assert str(caught.value) == (
        f"unknown phone {label!r}; use the 61 TIMIT symbols or ARPAbet, "
        'or pass unknown="na" to leave it out'
    )
    assert find_phone(label, "na") is None
    assert phone_group(label, "na") is None
    assert fold(label, 39, unknown="na") is None
    with pytest.raises(CorpusError, match="unknown phone"):
        fold(label, 61)
    with pytest.raises(CorpusError, match="unknown phone"):
        phone_group(label)


def test_options_outside_their_list_are_named():
    with pytest.raises(OptionError, match="unknown is 'skip'; use one of 'raise', 'na'"):
        find_phone("s", "skip")
    with pytest.raises(OptionError, match="q is 'maybe'"):
        fold("s", 39, q="maybe")
    with pytest.raises(OptionError, match="to is 40"):
        fold("s", 40)
    with pytest.raises(OptionError, match="source is 'mine'"):
        similar_pairs("mine")


def test_similar_pairs_of_the_paper():
    assert set(similar_pairs("paper")) == {
        *{("f", "v"), ("dh", "th"), ("hh", "hv")},
        *{("s", "z"), ("s", "sh"), ("s", "zh"), ("sh", "z"), ("z", "zh"), ("sh", "zh")},
    }


def test_sixteen_similar_pairs():
    assert set(similar_pairs("sixteen")) == {
        *{("f", "v"), ("dh", "th"), ("s", "z"), ("sh", "zh"), ("b", "p"), ("d", "t"), ("g", "k")},
        *{("ch", "jh"), ("m", "n"), ("n", "ng"), ("ih", "iy"), ("er", "r"), ("aa", "ao")},
        *{("uh", "uw"), ("ey", "iy"), ("l", "w")},
    }


def test_all_similar_pairs_are_both_sources_once_each_in_order():
    pairs = similar_pairs()
    assert len(pairs) == 21
    assert set(pairs) == set(similar_pairs("paper")) | set(similar_pairs("sixteen"))
    assert list(pairs) == sorted(pairs)


def test_a_pair_has_no_order_and_no_spelling():
    assert as_pair("ZH", "sh") == as_pair("sh", "zh") == ("sh", "zh")
    assert as_pair("IY1", "ey0") == ("ey", "iy")


def test_fold_checks_its_options_first():
    with pytest.raises(OptionError, match="to is '39'; use one of 61, 48, 39"):
        fold("s", "39")
    with pytest.raises(OptionError, match="to is 5"):
        fold("xx", 5, unknown="na")
