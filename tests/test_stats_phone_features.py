import numpy as np
import pandas as pd
import pytest
from panphon.distance import Distance

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.phones import phone_table
from sfvq_analysis.stats.order.phone_features import (
    feature_distances,
    feature_vectors,
    has_features,
    is_vowel,
)

CLOSURES = ["bcl", "dcl", "gcl", "pcl", "tcl", "kcl"]
SILENCES = ["pau", "epi", "h#"]
DIPHTHONGS = ["ey", "aw", "ay", "oy", "ow"]
READ_OTHERWISE = ["er", "axr", "eng"]


@pytest.fixture(scope="module")
def vectors():
    return feature_vectors()


@pytest.fixture(scope="module")
def distances():
    return feature_distances()


def _vector(vectors, phone, part=0):
    row = vectors[(vectors["phone"] == phone) & (vectors["part"] == part)]
    return row.drop(columns=["phone", "part", "reason"]).iloc[0]


def test_all_61_phones_have_24_features_or_a_reason(vectors):
    assert list(dict.fromkeys(vectors["phone"])) == list(phone_table())
    features = vectors.drop(columns=["phone", "part", "reason"])
    assert features.shape[1] == 24
    known = vectors["reason"] == ""
    assert features[known].isin([-1, 0, 1]).all(axis=None)
    assert features[~known].isna().all(axis=None)
    reasons = vectors[~known].set_index("phone")["reason"].to_dict()
    assert reasons == dict.fromkeys(CLOSURES, "closure") | dict.fromkeys(
        SILENCES, "no speech sound"
    )


def test_phones_of_the_foldings():
    found = feature_vectors(["cl", "vcl", "sil", "AH0"])
    assert found["phone"].tolist() == ["cl", "vcl", "sil", "ah"]
    assert found["reason"].tolist() == ["closure", "closure", "no speech sound", ""]
    with pytest.raises(CorpusError, match="unknown phone 'xx'"):
        feature_vectors(["xx"])


def test_diphthongs_and_they_alone_have_two_parts(vectors):
    assert vectors.loc[vectors["part"] == 1, "phone"].tolist() == DIPHTHONGS
    pd.testing.assert_series_equal(
        _vector(vectors, "ey", 1), _vector(vectors, "ih"), check_names=False
    )
    assert _vector(vectors, "ay", 0)["lo"] == 1
    assert _vector(vectors, "ay", 1)["hi"] == 1


def test_vectors_say_what_a_phonetician_would(vectors):
    assert _vector(vectors, "m")[["nas", "lab", "voi", "son"]].tolist() == [1, 1, 1, 1]
    assert _vector(vectors, "nx")[["nas", "cont"]].tolist() == [1, 1]
    assert _vector(vectors, "q")[["cg", "voi"]].tolist() == [1, -1]
    assert _vector(vectors, "ch")[["delrel", "strid", "voi"]].tolist() == [1, 1, -1]
    for syllabic, plain in (("em", "m"), ("en", "n"), ("eng", "ng"), ("el", "l"), ("er", "r")):
        one, other = _vector(vectors, syllabic), _vector(vectors, plain)
        assert one.index[one != other].tolist() == ["syl"]
        assert one["syl"] == 1
    voiceless = _vector(vectors, "ax-h") != _vector(vectors, "ax")
    assert voiceless.index[voiceless].tolist() == ["voi"]


def test_vowels(vectors):
    vowels = {phone for phone in phone_table() if has_features(phone) and is_vowel(phone)}
    by_group = {p.symbol for p in phone_table().values() if p.group in ("vowel", "diphthong")}
    assert vowels == by_group | {"er", "axr"}
    assert not is_vowel("pau")


def test_distances_are_panphons_where_it_knows_the_phones(distances):
    theirs = Distance()
    phones = [phone for phone in distances if phone not in (*DIPHTHONGS, *READ_OTHERWISE)]
    assert len(phones) == 44
    for one in phones:
        for other in phones:
            first, second = (theirs.fm.word_to_vector_list(phone_table()[p].ipa, numeric=True)[0]
                             for p in (one, other))  # fmt: skip
            cost = theirs.unweighted_substitution_cost(first, second)
            assert distances.loc[one, other] == pytest.approx(cost)


def test_a_diphthong_is_compared_part_by_part(distances):
    table = Distance().fm
    mean = {
        phone: np.array(table.word_to_vector_list(phone_table()[phone].ipa, numeric=True))
        for phone in ("ay", "ow", "iy")
    }
    by_hand = np.abs(mean["ay"] - mean["ow"]).mean() / 2
    assert distances.loc["ay", "ow"] == pytest.approx(by_hand)
    assert distances.loc["ay", "iy"] == pytest.approx(np.abs(mean["ay"] - mean["iy"]).mean() / 2)


def test_distances_are_a_metric_and_know_neighbours(distances):
    matrix = distances.to_numpy()
    assert distances.shape == (52, 52)
    assert np.array_equal(matrix, matrix.T)
    assert (np.diag(matrix) == 0).all()
    through = (matrix[:, :, None] + matrix[None]).min(axis=1)
    assert (matrix <= through + 1e-12).all()
    nearest = {
        phone: distances[phone].drop(phone).idxmin() for phone in ("f", "th", "s", "sh", "hh", "en")
    }
    assert nearest == {"f": "v", "th": "dh", "s": "z", "sh": "zh", "hh": "hv", "en": "n"}
    assert distances.loc["er", "axr"] == 0
    assert distances["er"].drop(["er", "axr"]).idxmin() == "r"


def test_distances_of_few_phones():
    assert feature_distances(["pau"]).shape == (0, 0)
    assert feature_distances(["s", "S", "pau"]).to_numpy().tolist() == [[0.0]]
