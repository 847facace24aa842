# ruff: noqa: RUF001  (IPA letters)
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phone_charts import assert_grouped_as

from sfvq_analysis.phones import PHONE_GROUPS, PhoneSet, phone_table
from sfvq_analysis.phones.features import group_by_features
from sfvq_analysis.phones.ipa import feature_ipa, ipa_entry

IPA = PhoneSet("ipa")

# By hand, from the IPA chart and the phone list of the aligner's English model.
MFA_ENGLISH = {
    "plosive": "p pʰ pʲ pʷ b bʲ t tʰ tʲ tʷ t̪ d dʲ d̪ k kʰ kʷ c cʰ cʷ ɡ ɡʷ ɟ ɟʷ ʈ ʈʲ ʈʷ ɖ ɖʲ tʃ dʒ",
    "fricative": "f fʲ fʷ v vʲ vʷ θ ð s z ʃ ʒ ç h",
    "nasal": "m mʲ m̩ n n̩ ŋ ɲ",
    "approximant": "l ɫ ɫ̩ ʎ ɹ j w ʋ ɚ ɝ",
    "vowel": "i iː ɪ e eː ɛ ɛː æ a aː ɑ ɑː ɒ ɒː ɔ o oː ʊ u uː ʉ ʉː ə ɜ ɜː ɐ",
    "diphthong": "aj aw ej ow ɔj əw",
    None: "ɾ ʔ spn",
    "silence": "sil sp",
}
ESPEAK = {
    "plosive": "p b t d k ɡ t͡ʃ d͡ʒ",
    "fricative": "f v θ ð s z ʃ ʒ h",
    "nasal": "m n ŋ n̩",
    "approximant": "l ɹ j w ɚ ɝ",
    "vowel": "ˈɪ ɪ ˌɛ æ ˈɑː ʌ ɔ ɔː ʊ ˈuː iː i ə ᵻ ɐ ɜː",
    "diphthong": "eɪ ˈaɪ aʊ ɔɪ oʊ əʊ ˈeə ɪə ʊə ɑːɹ ɔːɹ aɪɚ aɪə",
    None: "ɾ ʔ",
    "silence": "_",
}
OTHERS = {
    "plosive": "q ɢ ɟ c pʼ ɓ ʘ ts tɕ dʑ ʈʂ k͡p mb t̚ ɖ",
    "fricative": "x χ ɸ β ʁ ɣ ħ ʕ ɬ ɮ ʂ ʐ ɕ ʑ ç ɦ",
    "nasal": "ɲ ɳ ɴ ɱ n̥",
    "approximant": "ʎ r ʀ ʙ ɥ ɰ ɻ ɭ ɽ l̩",
    "vowel": "y ø œ ɯ ɤ ʏ ɵ ɨ ã ɛ̃ ɔ̃ i˥˩ a˧˥ e̞ yː",
    "diphthong": "au ai ei œy iu",
}


@pytest.mark.parametrize("listed", [MFA_ENGLISH, ESPEAK, OTHERS], ids=["mfa", "espeak", "others"])
def test_groups_are_those_of_the_chart(listed):
    assert_grouped_as(IPA, listed)


@pytest.mark.parametrize(
    "label", ["7", "tck", "xx", "spn2", "ah", "sil!", "S", "AH0", "h#", "@", "tʃx", "日", "a" * 9]
)
def test_what_is_no_ipa_stays_unknown(label):
    assert IPA.entry(label) == (None, None, None, None, "unknown")


def test_the_rules_give_the_table_s_own_groups_but_for_those_listed():
    differ = {
        name: (group_by_features(phone.ipa), phone.group)
        for name, phone in phone_table().items()
        if phone.ipa and group_by_features(phone.ipa) != phone.group
    }
    assert differ == {
        "hh": ("approximant", "fricative"),
        "hv": ("approximant", "fricative"),
        "dx": ("approximant", None),
        "q": ("approximant", None),
        "er": (None, "approximant"),
        "axr": (None, "approximant"),
        "eng": (None, "nasal"),
    }


@pytest.mark.parametrize(
    "name", [name for name, phone in phone_table().items() if phone.ipa and "cl" not in name]
)
def test_ipa_of_the_table_is_its_phone_and_folds_as_it_does(name):
    phone = phone_table()[name]
    entry = IPA.entry(phone.ipa)
    assert (entry.group, entry.how) == (phone.group, "ipa")
    for own, theirs in ((entry.fold48, phone.fold48), (entry.fold39, phone.fold39)):
        there = phone_table()[theirs].ipa if theirs else None
        assert own == (there and IPA.entry(there).symbol)


@pytest.mark.parametrize(
    ("label", "symbol", "fold39"),
    [
        *[("ˈt͡ʃ", "tʃ", "tʃ"), ("g", "ɡ", "ɡ"), ("i:", "iː", "i"), ("pʰ", "pʰ", "p")],
        *[("ʒ", "ʒ", "ʃ"), ("ɫ̩", "ɫ̩", "l"), ("aj", "aj", "aɪ"), ("əʊ", "əʊ", "oʊ")],
        *[("ã", "ã", "ã"), ("ç", "ç", "ç"), ("c\u0327", "ç", "ç"), ("ɲ", "ɲ", "ɲ")],
        *[("sp", "sp", "sil"), ("_", "sil", "sil"), ("ʔ", "ʔ", None)],
    ],
)
def test_symbols_and_foldings(label, symbol, fold39):
    entry = IPA.entry(label)
    assert (entry.symbol, entry.fold39) == (symbol, fold39)


def test_affricates_are_read_as_one_segment():
    assert feature_ipa("tʃ") == "t͡ʃ"
    assert feature_ipa("tɕ") == "t͡ɕ"
    assert feature_ipa("mb") == "mb"


@given(st.text(max_size=20))
def test_any_text_has_an_answer(label):
    entry = ipa_entry(label)
    if entry is not None and entry.group is not None:
        assert entry.group in PHONE_GROUPS
        assert entry.symbol
    assert ipa_entry(label) == entry


@given(st.text("aɪtʃʰː̩̃ˈ͡ɹmnsz˥", max_size=6))
def test_a_symbol_means_what_its_label_means(label):
    entry = IPA.entry(label)
    if entry.symbol is not None:
        assert IPA.entry(entry.symbol)[1:4] == entry[1:4]
