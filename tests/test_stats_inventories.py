"""Statistics and figures of tables whose labels aren't TIMIT's: IPA, and groups of a user.

The oracle is the same table under TIMIT's names: a name must change no number.
"""

import pandas as pd
import pytest
from made_tables import random_table
from renamed_tables import renamed

from sfvq_analysis import plots, stats
from sfvq_analysis.phones import PHONE_GROUPS, PhoneGroups, PhoneSet, phone_group, phone_table
from sfvq_analysis.report.pictures import write_pictures
from sfvq_analysis.report.statistics import statistics_of
from sfvq_analysis.stats import Inference

FEW = Inference(n_permutations=9, n_bootstraps=9)
SYMBOLS = "sh s z f v iy ih ey aa m n ng r er jh ch"
SPOKEN = (*SYMBOLS.split(), None)
TABLE = random_table(3, n_utterances=90, phones=("h#", *SPOKEN), longest=5)
IPA = {name: phone_table()[name].ipa for name in SPOKEN if name} | {"h#": "sil"}
IN_IPA = renamed(TABLE, PhoneSet("ipa"), IPA)
BACK = {IN_IPA.inventory.symbol(ipa): name for name, ipa in IPA.items()}

OWN_NAMES = {group: f"{group} ${at}" for at, group in enumerate(PHONE_GROUPS)}
OWN = PhoneGroups.of(
    {
        name: OWN_NAMES[phone_group(name)]
        for name in sorted(IPA, key=lambda name: PHONE_GROUPS.index(phone_group(name)))
    }
)
OF_USER = renamed(TABLE, PhoneSet("timit61", OWN))
BY_GROUP = (
    *("histogram_by_group", "peaks_by_group", "jensen_shannon_by_group", "group_distances"),
    *("group_ranges", "morans_i", "dwell_times_by_group", "group_transitions_of_index"),
    *("group_transitions_of_labels", "few_labels", "reading_test", "movement_by_group"),
    *("trajectories_by_group", "splits", "steps", "histogram_by_group_and_sex", "usage"),
)

OF_PHONES = ("histogram_by_phone", "peaks_by_phone", "modes", "phone_ranges")
TESTS = ("adjacency_test", "feature_correlation", "axis_measures")
PICTURED = (
    *("merge_information", "index_given_phone", "index_meanings", "describe_axis"),
    *("trajectories_by_phone", "sentence_distances"),
)
NAMES = (*BY_GROUP, *OF_PHONES, *TESTS, *PICTURED, "claims", "peak_adjacency")


def plain(frame):
    """Return a frame without categories, so that only values are compared."""
    texts = frame.select_dtypes("category").columns
    return frame.astype(dict.fromkeys(texts, object))


@pytest.fixture(scope="module")
def found():
    return {
        name: statistics_of(table, names=NAMES, inference=FEW)
        for name, table in (("timit", TABLE), ("ipa", IN_IPA), ("own", OF_USER))
    }


@pytest.mark.parametrize("name", BY_GROUP)
def test_ipa_changes_no_number_of_a_group(found, name):
    pd.testing.assert_frame_equal(plain(found["ipa"][name]), plain(found["timit"][name]))


@pytest.mark.parametrize("name", [name for name in BY_GROUP if name != "splits"])
def test_names_of_groups_change_no_number(found, name):
    theirs = found["own"][name].rename(columns={own: old for old, own in OWN_NAMES.items()})
    theirs = plain(theirs).replace({own: old for old, own in OWN_NAMES.items()})
    pd.testing.assert_frame_equal(theirs, plain(found["timit"][name]))


@pytest.mark.parametrize("name", OF_PHONES)
def test_ipa_changes_no_number_of_a_phone(found, name):
    theirs = plain(found["ipa"][name]).replace({"phone": BACK})
    columns = [
        one
        for one in theirs
        if one not in ("p", "p_corrected", "null_mean", "null_sd", "low", "high")
    ]
    keys = [one for one in ("phone", "index", "rank", "mass") if one in columns]
    one, other = (
        frame[columns].sort_values(keys, ignore_index=True).astype({"phone": object})
        for frame in (theirs, plain(found["timit"][name]))
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("name", TESTS)
def test_similar_pairs_features_and_sides_are_known_in_ipa(found, name):
    ours, theirs = (found[one][name] for one in ("timit", "ipa"))
    effects = [one for one in ours if one in ("effect", "split", "pairs", "pnmi", "threshold")]
    assert ours[effects].notna().any(axis=None)
    pd.testing.assert_frame_equal(ours[effects], theirs[effects])


def test_pairs_of_peaks_in_ipa(found):
    theirs = found["ipa"]["peak_adjacency"].replace({"phone_a": BACK, "phone_b": BACK})
    pairs = [
        {
            (*sorted((row.phone_a, row.phone_b)), row.group, row.similar)
            for row in frame.itertuples()
        }
        for frame in (theirs, found["timit"]["peak_adjacency"])
    ]
    assert pairs[0] == pairs[1]
    assert len(pairs[0]) > 10


def test_claims_have_the_same_effects_in_ipa(found):
    ours, theirs = (found[one]["claims"].set_index("claim")["effect"] for one in ("timit", "ipa"))
    pd.testing.assert_series_equal(ours, theirs)
    assert ours.notna().sum() >= 10


def test_what_only_the_papers_groups_define_is_nan_with_a_reason(found):
    claims = found["own"]["claims"].set_index("claim")
    assert claims.loc["C5", "reason"].endswith("and 4 more are neither of consonants nor of vowels")
    assert claims.loc["C5", "reason"].startswith("groups 'silence $0', 'plosive $1'")
    assert claims.loc["C11", ["effect", "reason"]].isna().tolist() == [True, False]
    assert (
        claims.loc["C10", "effect"]
        == found["timit"]["claims"].set_index("claim").loc["C10", "effect"]
    )
    splits = found["own"]["splits"].set_index("split")
    assert pd.isna(splits.loc["consonant_vowel", "accuracy"])
    theirs = found["timit"]["splits"].set_index("split")["accuracy"]
    for old, own in OWN_NAMES.items():
        assert splits["accuracy"].get(own) == theirs[old]
    measures = found["own"]["axis_measures"]
    assert measures[["split", "split_ceiling"]].isna().all(axis=None)


def test_groups_keep_their_order_in_every_frame():
    hist = stats.index_histogram(OF_USER)
    assert list(hist["phone_group"].cat.categories) == list(OF_USER.inventory.groups)
    assert list(OF_USER.inventory.groups) == list(OWN.groups)


def test_every_picture_is_drawn(found, tmp_path):
    written = write_pictures(found["own"], OF_USER, tmp_path, "colorblind")
    assert written.skipped == ["measures/consistency: no sentence is said by two speakers"]


@pytest.mark.parametrize("table", [IN_IPA, OF_USER], ids=["ipa", "own"])
def test_the_phones_of_a_group_are_the_inventory_s(table):
    group = table.inventory.groups[2]
    by_phone = stats.index_histogram(table, by="phone")
    ax = plots.phone_histograms(by_phone, group, inventory=table.inventory)
    names = [text.get_text().split(" (")[0] for text in ax.get_legend().get_texts()]
    there = {phone for phone in by_phone["phone"] if table.inventory.group_of(phone) == group}
    assert set(names) == there


def test_exclude_and_trim_speak_the_corpus_names():
    without = stats.index_histogram(IN_IPA, by="phone", exclude=["ʃ", "nasal", "h#"])
    phones = set(without["phone"])
    assert "ʃ" not in phones
    assert phones & {"m", "n", "ŋ"} == set()
    folded = stats.index_histogram(IN_IPA, by="phone", phone_set=39)
    expected = stats.index_histogram(TABLE, by="phone", phone_set=39)
    assert folded["phone"].nunique() == expected["phone"].nunique()
