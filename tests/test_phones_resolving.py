# ruff: noqa: RUF001  (IPA letters)
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError, OptionError, TableError
from sfvq_analysis.phones import (
    PHONE_GROUPS,
    LabelCounts,
    PhoneGroups,
    PhoneInventory,
    PhoneSet,
    phone_report,
    phone_table,
    resolve,
    timit_inventory,
)


def of(text, **options):
    return resolve([(label, "a.lab") for label in text.split()], **options)


class TestAuto:
    @pytest.mark.parametrize(
        ("labels", "chosen"),
        [
            *[(" ".join(phone_table()), "timit"), ("h# s iy tcl t", "timit")],
            *[("sil s iy", "timit"), ("AH0 S T sil", "timit")],
            *[("AH0 S T spn sil", "arpabet"), ("AH0_B S_E SIL", "arpabet")],
            *[("dh ae tq SIL", "buckeye"), ("ah n VOCNOISE IVER", "buckeye")],
            *[("DH,D,s AH0 sp", "l2arctic"), ("R,sil,d IY0 ERR", "l2arctic")],
            *[("ʃ iː s t y", "ipa"), ("aj ow ɫ̩ tʃ spn", "ipa"), ("s t k", "timit")],
            *[("a e i o u p t k ʎ r", "ipa"), ("", "timit")],
        ],
    )  # fmt: skip
    def test_takes_the_set_that_knows_most(self, labels, chosen):
        found = of(labels)
        assert found.phone_set == chosen
        assert all(entry.how != "unknown" for entry in found.entries.values())
        n = len(set(labels.split()))
        assert found.note == (f"auto: {chosen} knows {n} of {n} labels" if n else "")

    @pytest.mark.parametrize(
        ("labels", "said"),
        [
            ("a e i o u p t k s m n y", "could be ipa or timit, in which 'y' mean"),
            ("s t y", "could be timit or ipa, in which 'y' mean"),
            ("q s", "could be timit or ipa, in which 'q' mean"),
            ("a: k s y q", "could be timit or ipa, in which 'q', 'y' mean"),
        ],
    )
    def test_does_not_guess_what_a_letter_means(self, labels, said):
        with pytest.raises(
            CorpusError, match=f"the labels {said} different phones; name the phone"
        ):
            of(labels)
        assert of(labels, phone_set="ipa", unknown="na").phone_set == "ipa"

    def test_one_letter_of_ipa_is_enough(self):
        assert of("a e i o u p t k s m n y ʃ").group("y") == "vowel"

    def test_refuses_what_no_set_knows(self):
        with pytest.raises(CorpusError, match="no phone set knows any of the 3 labels"):
            of("zero one two", unknown="na")

    def test_case_means_nothing_in_arpabet_and_all_in_ipa(self):
        assert of("AH1 N").entries.keys() == {"AH1", "N"}
        assert of("ʃ N", unknown="na").entries["N"].how == "unknown"


class TestUnknown:
    def test_all_are_listed_with_count_and_first_place(self):
        labels = [("s", "a"), ("spn", "a"), ("tck", "b"), ("h#", "b"), ("spn", "c"), ("pau", "c")]
        with pytest.raises(CorpusError) as caught:
            resolve(labels)
        assert str(caught.value).startswith(
            "a: unknown phones: 'spn' 2x, 'tck' 1x; the first stands here; "
            'mend the labels, or pass unknown="na" (--unknown na) to leave these phones out'
        )
        found = resolve(labels, unknown="na")
        assert (found.symbol("spn"), found.symbol("s")) == (None, "s")

    def test_the_message_stays_short(self):
        labels = [(f"{number:x}" * 100_000, "a") for number in range(100)]
        with pytest.raises(CorpusError, match="and 88 more") as caught:
            resolve(labels, "timit")
        assert len(str(caught.value)) < 2000

    def test_an_empty_label_is_not_unknown(self):
        found = resolve([("", "a"), ("s", "a"), ("  ", "a")])
        assert found.entries[""].how == found.entries["  "].how == "empty"
        silent = resolve([("", "a"), ("s", "a")], empty="silence")
        assert silent.group("") == "silence"


class TestOwnGroups:
    def test_a_partial_file_changes_only_its_labels(self, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text("label,group\ns,hiss\nz,hiss\nsh,hush\n")
        found = of("h# s z sh zh iy t", phone_set=path)
        assert found.groups == ("hiss", "hush", "silence", "plosive", "fricative", "vowel")
        assert (found.group("s"), found.group("zh"), found.source) == (
            "hiss",
            "fricative",
            "mine.csv",
        )
        assert of("h# s iy", phone_set=str(path)).group("s") == "hiss"

    def test_labels_of_no_set(self):
        group_of = {str(digit): ("even", "odd")[digit % 2] for digit in range(10)}
        found = of("0 1 2 3", phone_set=group_of)
        assert (found.phone_set, found.groups, found.notation) == ("none", ("even", "odd"), "own")
        with pytest.raises(CorpusError, match="unknown phones: 'ten' 1x"):
            of("0 1 ten", phone_set=PhoneSet("none", PhoneGroups.of(group_of)))

    def test_one_phone_in_two_groups_is_refused(self, tmp_path):
        path = tmp_path / "mine.csv"
        path.write_text("label,group,symbol\nxx,hiss,s\n")
        with pytest.raises(CorpusError, match=r"labels 's' and 'xx' are one phone, 's', but in"):
            of("s xx t iy", phone_set=path)

    @pytest.mark.parametrize("wrong", ["klingon", 3, None])
    def test_what_is_no_set_is_refused(self, wrong):
        with pytest.raises(OptionError, match="phone_set is"):
            of("s", phone_set=wrong)


class TestInventory:
    def test_names_groups_and_foldings(self):
        found = of("AH0 ah1 zh h# tcl q")
        assert found.by_symbol.keys() == {"ah", "zh", "h#", "tcl", "q"}
        assert (found.name("AH2"), found.name("S"), found.name("nonsense")) == (
            "ah",
            "s",
            "nonsense",
        )
        assert [found.folded(one, 39) for one in ("zh", "q", "ao", "tcl")] == [
            "sh",
            None,
            "aa",
            "sil",
        ]
        assert found.group_of("sh") == "fricative"  # zh folds to it
        assert found.group_of("sil") is None  # h# and tcl do
        assert found.group_of("AH0") == "vowel"

    def test_it_agrees_with_the_table_on_all_61(self):
        known = timit_inventory()
        assert known.groups == PHONE_GROUPS
        for name, phone in phone_table().items():
            assert known.group_of(name) == phone.group
            assert (known.folded(name, 48), known.folded(name, 39)) == (phone.fold48, phone.fold39)
        folded = {phone.fold39 for phone in phone_table().values()} - {None}
        for name in folded:
            row = phone_table().get(name)
            assert known.group_of(name) == (row.group if row else None)

    def test_json_gives_it_back(self):
        found = of("ʃ iː spn ɲ", phone_set="ipa")
        text = json.dumps(found.to_json(), sort_keys=True)
        assert PhoneInventory.from_json(json.loads(text)) == found

    def test_pairs_and_names_are_the_corpus_s(self):
        ipa = of("ʃ ʒ s z", phone_set="ipa")
        assert ("ʃ", "ʒ") in ipa.pairs("paper")
        assert ipa.local(("sh", "zh")) == {"ʃ", "ʒ"}
        assert of("1 2", phone_set={"1": "a", "2": "b"}).pairs() == ()

    def test_more_labels_go_by_its_rules(self):
        found = PhoneInventory.of(["s"], PhoneSet("timit61")).covering(["s", "ZH", "xx"])
        assert (found.group("ZH"), found.symbol("xx")) == ("fricative", None)
        with pytest.raises(TableError, match="label '3' isn't in the inventory"):
            of("1 2", phone_set={"1": "a", "2": "b"}).covering(["3"])
        beneath = of("s z iy", phone_set={"s": "hiss", "z": "hiss"})
        assert (beneath.phone_set, beneath.group("iy")) == ("timit", "vowel")
        with pytest.raises(TableError, match="label 'sh' isn't in the inventory"):
            beneath.covering(["sh"])

    @given(st.lists(st.text(max_size=4), max_size=8), st.sampled_from(["timit", "arpabet", "ipa"]))
    def test_any_labels_have_an_inventory(self, labels, name):
        found = resolve([(label, "a") for label in labels], name, unknown="na")
        assert found.entries.keys() == set(labels)
        assert PhoneInventory.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_report_lists_unknown_labels_first_then_by_group():
    labels = [(label, "a") for label in ("iy", "s", "xx", "AH0", "h#", "s", "")]
    counts = LabelCounts.of(labels).counts
    report = phone_report(resolve(labels, unknown="na"), counts)
    assert report["label"].tolist() == ["xx", "h#", "s", "iy", "AH0", ""]
    assert report["count"].tolist() == [1, 1, 2, 1, 1, 1]
    assert report["group"].tolist() == ["", "silence", "fricative", "vowel", "vowel", ""]
    assert report["how"].tolist() == ["unknown", "table", "table", "table", "spelling", "empty"]
    assert report["fold39"].tolist() == ["", "sil", "s", "iy", "ah", ""]
