"""The table of features is panphon's, and spares most processes to load it."""

import subprocess
import sys

import panphon
import pytest

from sfvq_analysis.phones.features import feature_table

KNOWN = feature_table().known


@pytest.fixture(scope="module")
def theirs():
    return panphon.FeatureTable()


def test_features_have_panphons_names(theirs):
    assert list(feature_table().names) == theirs.names


@pytest.mark.parametrize("ipa", KNOWN)
def test_what_is_known_is_what_panphon_says(ipa, theirs):
    assert KNOWN[ipa] == theirs.word_array(theirs.names, ipa).tolist()


def test_of_others_panphon_is_asked(theirs):
    assert "ɲ" not in KNOWN
    assert feature_table().vectors("ɲ") == theirs.word_array(theirs.names, "ɲ").tolist()


def test_phones_of_timit_need_no_panphon():
    code = (
        "import sys; from sfvq_analysis.stats import feature_distances; "
        "assert len(feature_distances()) == 52; assert 'panphon' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
