from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats import axis_measures, phone_counts
from sfvq_analysis.tables.simulated import Simulation, simulated_table


def measures(**options):
    return axis_measures(simulated_table(Simulation(**options))).iloc[0]


def test_it_has_the_size_that_was_asked_for():
    table = simulated_table(Simulation(n_speakers=4, n_repeated=1, n_own=2, n_tokens=9))
    assert len(table.utterances) == 12
    assert len(table.segments) == 12 * 9
    assert set(table.utterances["sex"]) == {"f", "m"}
    said = table.utterances.groupby("sentence")["speaker"].nunique()
    assert sorted(said) == [1] * 8 + [4]


def test_a_sentence_has_the_same_phones_whoever_says_it():
    table = simulated_table()
    texts = table.segments.groupby("utterance", observed=True)["label"].agg(" ".join)
    sentence = table.utterances.set_index("utterance")["sentence"]
    repeated = texts[sentence[texts.index].to_numpy() == "sa1"]
    assert len(repeated) == 20
    assert len(set(repeated)) == 1
    assert texts.str.startswith("h#").all()
    assert len(set(texts)) == 2 + 60


def test_the_index_knows_the_phone_in_order_unless_told_otherwise():
    ordered, shuffled = measures(), measures(ordered=False)
    assert ordered["pnmi"] == pytest.approx(shuffled["pnmi"])
    assert ordered["arcs"] > 1.5 * shuffled["arcs"]
    assert ordered["step"] < 0.5
    assert shuffled["step"] > 0.8
    assert measures(informative=False)["pnmi"] < 0.02


def test_vowels_rarely_follow_silence():
    table = simulated_table(Simulation(n_speakers=60))
    groups = table.segments["phone_group"].astype(object)
    same = table.segments["utterance"].cat.codes.diff().eq(0)
    pairs = pd.crosstab(groups.shift()[same], groups[same])
    after = pairs.div(pairs.sum(axis=1), axis=0)["vowel"]
    assert after["silence"] < 0.25 * after["plosive"]


def test_speakers_differ_if_they_should():
    def spread(**options):
        flat = simulated_table(Simulation(**options)).to_pandas()
        return flat.groupby("speaker", observed=True)["codeword"].mean().std()

    assert spread(speaker_spread=0.1) > 2 * spread()


def test_the_seed_decides():
    one, again, other = (simulated_table(Simulation(seed=seed)) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.frames, again.frames)
    assert not one.frames["codeword"].equals(other.frames["codeword"])


def test_all_phones_are_said():
    assert len(phone_counts(simulated_table(Simulation(n_speakers=40)))) == 61


@pytest.mark.parametrize(
    ("name", "value"),
    [("n_speakers", 0), ("n_tokens", 1), ("codebook_size", 1), ("frame_spread", -1.0)],
)
def test_what_cannot_be_simulated_is_refused(name, value):
    with pytest.raises(OptionError, match=f"{name} is"):
        Simulation(**{name: value})


def test_nobody_says_anything():
    table = simulated_table(Simulation(n_speakers=2, n_repeated=0, n_own=0))
    assert len(table.frames) == 0
    assert np.isnan(axis_measures(table)["pnmi"].iloc[0])
