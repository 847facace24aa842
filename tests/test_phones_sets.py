import pytest

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import PhoneGroups, PhoneSet, find_phone, phone_table

TIMIT, ARPABET = PhoneSet("timit"), PhoneSet("arpabet")
CMU = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W "
    "Y Z ZH"
)


def test_timit_means_what_the_table_says():
    for name, phone in phone_table().items():
        for label in (name, name.upper(), f" {name}\t"):
            entry = TIMIT.entry(label)
            assert entry[:4] == (name, phone.group, phone.fold48, phone.fold39)
            assert entry.how == ("table" if label.strip() == name else "spelling")


@pytest.mark.parametrize("label", ["AH0", "er1", "OY2"])
def test_stress_is_taken_off(label):
    assert TIMIT.entry(label).symbol == find_phone(label).symbol
    assert TIMIT.entry(label).how == "spelling"


@pytest.mark.parametrize(
    ("label", "entry"),
    [
        ("sil", ("sil", "silence", "sil", "sil", "fold")),
        ("SIL", ("sil", "silence", "sil", "sil", "fold")),
        ("cl", ("cl", None, "cl", "sil", "fold")),
        ("vcl", ("vcl", None, "vcl", "sil", "fold")),
    ],
)
def test_symbols_of_the_foldings_are_understood(label, entry):
    assert TIMIT.entry(label) == entry
    assert (
        PhoneSet("timit61").entry(label).how == "unknown"
    )  # as tables of earlier versions have it


def test_arpabet_is_cmu_s_with_stress_and_position():
    for name in CMU.split():
        for label in (name, f"{name}1", f"{name}_B", f"{name}0_E", name.lower()):
            assert ARPABET.entry(label)[:4] == TIMIT.entry(name)[:4]


@pytest.mark.parametrize(
    ("label", "symbol", "group", "fold39"),
    [
        *[("sil", "sil", "silence", "sil"), ("SIL_S", "sil", "silence", "sil")],
        *[("sp", "sp", "silence", "sil"), ("spn", "spn", None, "spn"), ("NSN", "nsn", None, "nsn")],
        *[("WH", "wh", "approximant", "w"), ("AX", "ax", "vowel", "ah"), ("AXR", "axr",
          "approximant", "er")],
    ],
)  # fmt: skip
def test_arpabet_knows_silence_and_noise(label, symbol, group, fold39):
    entry = ARPABET.entry(label)
    assert (entry.symbol, entry.group, entry.fold39) == (symbol, group, fold39)


@pytest.mark.parametrize("label", ["h#", "tcl", "pau", "ax-h", "AH3", "AH_X", "_B", "ʃ", "lau x"])
def test_arpabet_knows_no_more(label):
    assert ARPABET.entry(label).how == "unknown"


@pytest.mark.parametrize("set_name", ["buckeye", "l2arctic"])
def test_sets_of_corpora_mean_by_arpabet_what_it_knows(set_name):
    for name in (*CMU.split(), "ax", "el", "en", "nx", "sil", "SP", "spn", "AH0", "IY1"):
        assert PhoneSet(set_name).entry(name) == ARPABET.entry(name)
    for name in ("h#", "tcl", "ʃ", "", "zero"):
        assert PhoneSet(set_name).entry(name).how in ("unknown", "empty")


@pytest.mark.parametrize(
    ("label", "symbol", "group"),
    [
        *[("tq", "q", None), ("aan", "aa", "vowel"), ("ihn", "ih", "vowel")],
        *[("AYN", "ay", "diphthong"), ("own", "ow", "diphthong"), ("ern", "er", "approximant")],
        *[("SIL", "sil", "silence"), ("<SIL>", "sil", "silence"), ("en", "en", "nasal")],
        *[("VOCNOISE", "spn", None), ("LAUGH", "spn", None), ("<NOISE>", "nsn", None)],
    ],
)
def test_buckeye_has_nasalised_vowels_a_glottal_stop_and_noise(label, symbol, group):
    entry = PhoneSet("buckeye").entry(label)
    assert (entry.symbol, entry.group) == (symbol, group)
    plain = label in ("SIL", "en")
    assert (entry.how == "spelling") != plain


@pytest.mark.parametrize(
    "label",
    [
        "IVER",
        "<IVER-LAUGH>",
        "{B_TRANS}",
        "{E_TRANS}",
        "UNKNOWN",
        "<EXCLUDE-name>",
        "ERROR",
        "{B_THIRD_SPKR}",
    ],
)
def test_what_the_speaker_of_buckeye_does_not_say_is_no_phone(label):
    assert PhoneSet("buckeye").entry(label) == PhoneSet("buckeye").entry("")


@pytest.mark.parametrize(
    "label", ["tqn", "nn", "hhn", "excluded", "IVERS", "aan+1", "axn", "{b}", "<aa>", "{SIL}"]
)
def test_buckeye_knows_no_more(label):
    assert PhoneSet("buckeye").entry(label).how == "unknown"


@pytest.mark.parametrize(
    ("label", "symbol"),
    [
        *[("V,F,s", "f"), ("D, D*, s", "d"), ("AH0,AA1,S", "aa"), ("ZH,err,s", "spn")],
        *[("R,sil,d", "sil"), ("sil,AH,a", "ah"), ("err", "spn"), ("AA*", "aa")],
    ],
)
def test_l2arctic_means_the_phone_that_was_heard(label, symbol):
    entry = PhoneSet("l2arctic").entry(label)
    assert (entry.symbol, entry.how) == (symbol, "spelling")
    assert entry[:4] == ARPABET.entry(symbol)[:4]


@pytest.mark.parametrize("label", ["V,F", "V,F,x", ",F,s", "V,,s", "V,F,s,s", "ER)", "*", "V,ʃ,s"])
def test_l2arctic_knows_no_more(label):
    assert PhoneSet("l2arctic").entry(label).how == "unknown"


@pytest.mark.parametrize("name", ["timit", "arpabet", "buckeye", "l2arctic", "ipa", "none"])
@pytest.mark.parametrize("label", ["", "  ", "\t"])
def test_an_empty_label_is_no_phone_or_silence(name, label):
    assert PhoneSet(name).entry(label).how == "empty"
    silent = PhoneSet(name, empty="silence").entry(label)
    assert (silent.symbol, silent.group, silent.how) == ("sil", "silence", "silence")


def test_a_letter_means_what_its_set_says():
    assert [PhoneSet(name).entry("y").group for name in ("timit", "arpabet", "ipa")] == [
        *("approximant", "approximant", "vowel"),
    ]
    assert PhoneSet("ipa").entry("q").group == "plosive"
    assert TIMIT.entry("q").group is None


def test_a_user_s_groups_come_first():
    own = PhoneGroups.of({"s": "hiss", "ah": "weak"})
    mixed = PhoneSet("timit", own)
    assert mixed.entry("s") == ("s", "hiss", "s", "s", "file")
    assert mixed.entry("AH0") == ("ah", "weak", "ah", "ah", "file")  # another spelling of it
    assert mixed.entry("zh") == TIMIT.entry("zh")
    assert mixed.entry("xx").how == "unknown"


def test_spellings_in_two_groups_are_two_phones():
    mixed = PhoneSet("arpabet", PhoneGroups.of({"AH0": "weak", "AH1": "strong"}))
    assert mixed.entry("AH0") == ("AH0", "weak", "AH0", "AH0", "file")
    assert mixed.entry("AH1").group == "strong"
    assert mixed.entry("AH2") == ARPABET.entry("AH2")


def test_silence_of_empty_labels_goes_by_the_user_s_group():
    own = PhoneGroups.of({"sil": "pause"})
    assert PhoneSet("arpabet", own, empty="silence").entry("").group == "pause"


def test_options_outside_their_list_are_named():
    with pytest.raises(OptionError, match="phone_set is 'klingon'; use one of 'timit'"):
        PhoneSet("klingon")
    with pytest.raises(OptionError, match="empty is 'skip'"):
        PhoneSet("timit", empty="skip")
