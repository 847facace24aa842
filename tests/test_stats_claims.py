import inspect
from dataclasses import replace

import made_claims as made
import numpy as np
import pandas as pd
import pytest
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)
from scipy.stats import false_discovery_control

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import CONSONANT_GROUPS, VOWEL_GROUPS, phone_group
from sfvq_analysis.stats import claims as claims_of
from sfvq_analysis.stats.claims import LEVEL
from sfvq_analysis.stats.claims.order import few_minutes, one_threshold
from sfvq_analysis.stats.claims.ranges import groups_in_ranges, sibilants, silences
from sfvq_analysis.stats.claims.said import Said as Given
from sfvq_analysis.stats.claims.speech import rare_moves, same_picture
from sfvq_analysis.stats.claims.units import names_its_phone, peaks_apart
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.groups.splits import splits
from sfvq_analysis.stats.histograms import smooth
from sfvq_analysis.stats.inference import Inference, permuted_codes
from sfvq_analysis.stats.inference.relabelling import relabelled_counts, resettled_counts
from sfvq_analysis.stats.labels.labelled_minutes import LabelledSpeech
from sfvq_analysis.stats.labels.reading import reading_p_of_labels, reading_test
from sfvq_analysis.stats.order.adjacency import adjacency_test
from sfvq_analysis.stats.speakers.consistency import sentence_consistency
from sfvq_analysis.stats.time.group_transitions import group_transitions
from sfvq_analysis.stats.time.steps import steps
from sfvq_analysis.stats.units.information import information
from sfvq_analysis.tables import Simulation, simulated_table

EVERY = [f"C{number}" for number in range(1, 13)]
FEW = Inference(n_permutations=19, n_bootstraps=19)
ENOUGH = Inference(n_permutations=199, n_bootstraps=199)


def _claims(table, inference=FEW, **options):
    return claims_of(table, inference=inference, **options).set_index("claim")


def _said(table, inference=FEW, sentence=None):
    return Given(table, reduce(table), sentence, inference)


def _not_shown(found):
    return list(found.index[found["verdict"] == "not shown"])


@pytest.fixture(scope="module")
def table():
    return made.all_true()


@pytest.fixture(scope="module")
def small():
    return simulated_table(Simulation(n_speakers=6, codebook_size=32))


@pytest.fixture(scope="module")
def true(table):
    return _claims(table, ENOUGH)


def test_every_claim_holds_where_it_is_true_by_construction(true):
    assert list(true.index) == EVERY
    assert set(true["verdict"]) == {"holds"}
    assert (true["reason"] == "").all()
    assert (true["detail"].drop("C1") != "").all()


def test_claims_about_order_fail_where_codes_are_relabelled(table, true):
    found = _claims(made.relabelled(made.without_sentences(table)), ENOUGH)
    assert set(made.ORDER_CLAIMS) <= set(_not_shown(found))
    assert list(found.index[found["family"] == "order"]) == list(made.ORDER_CLAIMS)
    assert found.loc["C9", "verdict"] == "holds"
    for name in ("effect", "low", "p"):  # what index means and what follows what is as it was
        assert found.loc["C9", name] == pytest.approx(true.loc["C9", name])
        assert found.loc["C11", name] == pytest.approx(true.loc["C11", name])


def test_claims_about_labels_fail_where_labels_are_shuffled(table):
    found = _claims(made.labels_shuffled(made.without_sentences(table)), ENOUGH)
    about_labels = set(EVERY) - {"C1", "C4"}  # these need none
    assert about_labels <= set(_not_shown(found))
    assert found.loc["C1", "p"] == 1 / 200


def test_the_same_picture_is_not_shown_where_sentences_are_reassigned():
    table = simulated_table(Simulation(n_speakers=12, n_own=0, n_tokens=12))
    before, after = (
        same_picture(_said(one, Inference(99, 19))).measure
        for one in (table, made.sentences_reassigned(table))
    )
    assert before.effect == pytest.approx(1.0)
    assert before.p <= LEVEL < after.p
    assert after.effect < 0.6


def test_rare_moves_are_not_shown_where_tokens_stand_in_any_order(table):
    before, after = (
        rare_moves(_said(one, ENOUGH)).measure for one in (table, made.tokens_shuffled(table))
    )
    assert before.effect < -0.5
    assert before.p <= LEVEL < after.p


def test_what_is_true_of_order_holds_no_more_often_by_chance_than_the_level_allows():
    unordered = Simulation(n_speakers=8, n_repeated=0, n_own=5, codebook_size=64, ordered=False)
    found = pd.concat(
        _claims(simulated_table(replace(unordered, seed=seed)), replace(FEW, seed=seed))
        for seed in range(10)
    )
    p = found.loc[list(made.ORDER_CLAIMS), "p"]
    assert p.notna().all()
    low = p.groupby(level=0).apply(lambda one: (one <= LEVEL).sum())
    assert low.max() <= 3  # P(more of 10) = .001
    assert low.sum() <= 10  # of 80, 4 expected


def test_the_direction_of_the_axis_does_not_matter():
    table = made.all_true(6, codebook_size=64)
    forth, back = _claims(table), _claims(made.mirrored(table))
    assert forth["effect"].notna().sum() == 11  # too little speech for the moves of C11
    pd.testing.assert_series_equal(forth["effect"], back["effect"])
    pd.testing.assert_frame_equal(forth[["low", "high"]], back[["low", "high"]])
    assert forth.loc["C5", "detail"] != back.loc["C5", "detail"]


def test_a_plain_codebook_can_be_tested(small):
    pd.testing.assert_frame_equal(_claims(made.plain(small)), _claims(small))


def test_columns_and_families_are_those_of_the_docstring(true, small):
    found = claims_of(small, inference=FEW)
    named = [
        *("claim", "family", "statement", "measure", "effect", "low", "high", "null_mean"),
        *("null_sd", "p", "p_corrected", "unit", "n_units", "verdict", "detail", "reason"),
    ]
    assert list(found) == named
    assert isinstance(found.index, pd.RangeIndex)
    documented = inspect.getdoc(claims_of)
    assert all(f"``{name}``" in documented for name in named)
    listed = inspect.getmodule(claims_of)
    rows = [line.split()[:2] for line in listed.__doc__.splitlines() if line[:2].strip().isdigit()]
    assert rows == [[name[1:], family] for name, family in true["family"].items()]
    numbers = named[4:11]
    assert all(found[name].dtype == "float64" for name in numbers)


def test_p_values_are_corrected_together_and_decide(small):
    for table in (small, made.without_sentences(small)):
        found = _claims(table)
        known = found["p"].notna()
        corrected = false_discovery_control(found.loc[known, "p"])
        np.testing.assert_allclose(found.loc[known, "p_corrected"], corrected)
        assert found.loc[~known, "p_corrected"].isna().all()
        holds = found["p_corrected"] <= LEVEL
        assert ((found["verdict"] == "holds") == holds).all()
        assert ((found["verdict"] == "untestable") == ~known).all()


def test_the_table_is_not_changed(small):
    before = copies(small)
    _claims(small, sentence="sa1")
    assert_unchanged(small, before)


def test_the_seed_makes_the_draws(small):
    pd.testing.assert_frame_equal(_claims(small), _claims(small))
    other = _claims(small, replace(FEW, seed=1))
    assert not other["low"].equals(_claims(small)["low"])


# what isn't there to be tested


def _lines(*said, size=16):
    return made_table([Said(*one) for one in said], size)


NOTHING = {
    "no labels": (nothing_labelled(16), set(EVERY) - {"C1"}),
    "no frames": (no_frames(16), set(EVERY)),
    "no utterance": (made_table([], 16), set(EVERY)),
    "one phone": (
        _lines(*((f"u{i}_x{i}", [("s", [1, 2, 3, 4] * 3)], f"f{i}") for i in range(4))),
        set(EVERY) - {"C1"},
    ),
    "one code": (
        _lines(*((f"u{i}_x{i}", [("s", [1] * 200), ("iy", [1] * 99)], f"f{i}") for i in range(4))),
        set(EVERY) - {"C6"},
    ),
    "a group of one speaker": (
        _lines(("u0_a", [("s", [3, 4])], "fa"), ("u1_a", [("iy", [5, 6])], "fb")),
        set(EVERY) - {"C1", "C2", "C5", "C8", "C9", "C10"},
    ),
}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("inference", [FEW, Inference(0, 0)], ids=["draws", "none"])
def test_what_cannot_be_tested_is_nan_and_says_why(name, inference):
    table, untestable = NOTHING[name]
    found = _claims(table, inference)
    missing = found.loc[sorted(untestable)]
    assert missing["p"].isna().all()
    assert missing["effect"].drop("C9", errors="ignore").isna().all()
    assert set(missing["verdict"]) == {"untestable"}
    assert (missing["reason"] != "").all()
    rest = found.drop(index=sorted(untestable))
    assert rest["effect"].drop("C9", errors="ignore").notna().all()
    if inference.n_permutations:
        assert rest["effect"].notna().all()
        assert "untestable" not in set(rest["verdict"])


def test_without_draws_effects_are_there_and_nothing_holds(small):
    drawn, none = _claims(small), _claims(small, Inference(0, 0))
    measurable = drawn["effect"].notna()
    pd.testing.assert_series_equal(drawn["effect"].drop("C9"), none["effect"].drop("C9"))
    assert set(none["verdict"]) == {"untestable"}
    why = none.loc[measurable, "reason"]
    assert why.drop("C11").str.contains("no permutation").all()
    assert why["C11"] == "no resampling was asked for"


def test_one_speaker_is_resampled_by_utterance():
    found = _claims(simulated_table(Simulation(n_speakers=1)))
    assert set(found["unit"].drop("C4")) == {"utterance"}
    assert found.loc["C4", ["verdict", "reason"]].tolist() == [
        "untestable",
        "no sentence is said by two speakers",
    ]
    assert found.loc["C2", "low"] <= found.loc["C2", "effect"] <= found.loc["C2", "high"]


def test_no_repeated_sentence_leaves_the_same_picture_untested(small):
    found = _claims(made.without_sentences(small))
    assert found.loc["C4", "verdict"] == "untestable"
    assert found.loc["C4", "reason"] == "no sentence is said by two speakers"
    assert np.isnan(found.loc["C4", "effect"])


def test_the_step_of_a_fit_that_used_time_is_no_finding(small):
    found = _claims(made.ordered_by_time(small))
    assert found.loc["C1", "verdict"] == "untestable"
    assert found.loc["C1", "reason"] == "the codes were ordered by time: its steps are no finding"
    assert np.isfinite(found.loc["C1", "effect"])
    assert found["verdict"].drop(["C1", "C7", "C11"]).isin(["holds", "not shown"]).all()


# labels that can't swap


def _isolated(n_speakers=1, n_each=20):
    """Return words of one segment each, whose two phones have codes of their own."""
    rng = np.random.default_rng(0)
    places = {"s": range(10), "iy": range(20, 30)}
    return _lines(
        *(
            (f"u{who}{at:02d}_x", [(phone, [int(rng.choice(places[phone]))])], f"f{who}")
            for who in range(n_speakers)
            for at, phone in enumerate([*places] * n_each)
        ),
        size=32,
    )


@pytest.mark.parametrize("n_speakers", [1, 4])
def test_rows_that_are_each_an_utterance_swap_labels_among_themselves(n_speakers):
    found = _claims(_isolated(n_speakers), ENOUGH)
    assert found.loc[["C2", "C5", "C9", "C10"], "p"].max() <= LEVEL
    assert found.loc["C9", "effect"] > 0.5


def _one_long_silence(n_speakers=8):
    """Return speech whose silences last longer than all else, so that no label swaps with them."""
    rng = np.random.default_rng(0)
    tokens = [("s", 2), ("iy", 2), ("m", 2), ("aa", 2)] * 3
    said = []
    for who in range(n_speakers):
        order = rng.permutation(len(tokens))
        spoken = [(tokens[i][0], rng.integers(8, 32, tokens[i][1]).tolist()) for i in order]
        said.append((f"u{who}_x", [("h#", rng.integers(0, 3, 30).tolist()), *spoken], f"f{who}"))
    return _lines(*said, size=32)


def test_where_no_other_segment_is_as_long_segments_of_any_length_swap_codes():
    found = silences(_said(_one_long_silence(), ENOUGH))
    assert found.measure.p <= LEVEL
    assert found.measure.reason == ""
    assert found.detail.endswith("few segments are as long, so what lengths tell counts too")
    claims = _claims(_one_long_silence(), ENOUGH)
    assert claims.loc["C3", "p"] <= LEVEL
    assert "few segments are as long" not in claims.loc["C2", "detail"]  # they can swap


def test_silences_that_are_anywhere_are_no_finding_by_swapped_codes():
    """They alone are long, each keeps to neighbouring codes, and knows of no phone."""
    rejected = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        said = []
        for who in range(8):
            spoken = []
            for phone, n in [("h#", 24), *([("s", 2), ("iy", 3), ("m", 2), ("aa", 3)] * 3)]:
                start = rng.integers(0, 29)
                spoken.append((phone, (start + rng.integers(0, 3, n)).tolist()))
            said.append((f"u{who}_x", spoken, f"f{who}"))
        found = silences(_said(_lines(*said, size=32), replace(FEW, n_bootstraps=0)))
        assert "few segments are as long" in found.detail
        rejected.append(found.measure.p <= LEVEL)
    assert sum(rejected) <= 3


def test_short_segments_among_long_ones_are_not_tested_by_swapped_codes():
    """Each would have as spread codes as a long one in the draws, and look narrow itself."""
    rng = np.random.default_rng(0)
    said = []
    for who in range(6):
        order = rng.permutation(16)
        spoken = [
            ("s", rng.integers(0, 8, 3).tolist())
            if at < 4
            else (("iy", "m", "aa")[at % 3], rng.integers(8, 32, 14 + at).tolist())
            for at in order
        ]
        said.append((f"u{who}_x", spoken, f"f{who}"))
    found = sibilants(_said(_lines(*said, size=32), ENOUGH))
    assert np.isnan(found.measure.p)
    assert found.measure.reason == "no frame can swap its label among segments as long: no p"
    assert "p of orders alone 0.0" in found.detail


def test_shares_of_frames_are_counted_in_whole_parts():
    """Ranges are of whole numbers, so that none is lost to rounding."""
    said = _said(_one_long_silence(), FEW)
    phones = unit_counts(said.reductions, "phone").values
    null = said.label_null(np.where(np.array(phones) == "h#", 0, -1))
    exact = list(resettled_counts(said.reductions, FEW))
    assert len(null.draws) == len(exact) == 19
    assert any((one % 1 != 0).any() for one in exact)
    for whole, shares in zip(null.draws, exact, strict=True):
        assert whole.dtype == np.int32
        np.testing.assert_allclose(whole, 256 * shares, atol=0.5)


def test_labels_in_minutes_must_beat_labels_that_say_nothing():
    table = simulated_table(Simulation(n_speakers=8, n_own=3, codebook_size=64))
    said = _said(table, ENOUGH)
    found = few_minutes(said)
    minutes = float(found.detail.split()[0])
    alone = reading_test(table, minutes=minutes, inference=ENOUGH)["p"].item()
    speech = LabelledSpeech.of(table)
    labels = reading_p_of_labels(speech, said.reductions, minutes=minutes, inference=ENOUGH)
    assert found.measure.p == max(alone, labels) <= LEVEL
    none = few_minutes(_said(table, replace(ENOUGH, n_permutations=0)))
    assert none.detail == found.detail
    assert np.isnan(none.measure.p)


def test_minutes_whose_labels_cannot_swap_are_untestable():
    found = few_minutes(_said(_hardly_any(), ENOUGH))
    assert np.isnan(found.measure.p)
    claims = _claims(_hardly_any())
    assert claims.loc["C12", "verdict"] == "untestable"


def _hardly_any():
    """Return words of one segment each, but for two in one utterance, which alone can swap."""
    rng = np.random.default_rng(0)
    pair = ("u_x", [("s", [1]), ("iy", [20])], "f0")
    places = {"s": range(10), "iy": range(20, 30), "h#": range(14, 18)}
    words = (
        (f"v{at:02d}_x", [(phone, rng.choice(places[phone], 4).tolist())], f"g{at}")
        for at, phone in enumerate([*places] * 8)
    )
    return _lines(pair, *words, size=32)


def test_a_claim_of_segments_that_cannot_swap_is_untestable_and_tells_p_of_orders():
    found = silences(_said(_hardly_any(), ENOUGH))
    assert np.isnan(found.measure.p)
    assert found.measure.reason == "no frame can swap its label among segments as long: no p"
    assert "p of orders alone 0.0" in found.detail
    claims = _claims(_hardly_any())
    assert (claims.loc[["C2", "C3", "C5", "C8", "C10"], "verdict"] == "untestable").all()
    assert np.isfinite(claims.loc[["C2", "C3", "C5"], "effect"]).all()


# one sentence


def test_a_sentence_that_nobody_says_is_refused(small):
    with pytest.raises(OptionError, match="sentence is 'sa9'; name one of the table"):
        claims_of(small, sentence="sa9", inference=FEW)


def test_an_unknown_sentence_is_none(small):
    blank = replace(small, utterances=small.utterances.assign(sentence=""))
    with pytest.raises(OptionError, match="sentence is ''"):
        claims_of(blank, sentence="", inference=FEW)


def test_a_sentence_restricts_the_pairs_within_to_it(small):
    one = _claims(small, sentence="sa1")
    others = small.utterances["sentence"] != "sa1"
    alone = small.utterances.assign(
        sentence=small.utterances["sentence"].mask(others, small.utterances["utterance"])
    )
    expected = sentence_consistency(replace(small, utterances=alone), inference=FEW).iloc[0]
    assert expected["n_pairs_within"] == 15
    for name in ("effect", "low", "high", "null_mean", "p"):
        assert one.loc["C4", name] == pytest.approx(expected[name])
    every = _claims(small)
    assert one.loc["C4", "null_mean"] != every.loc["C4", "null_mean"]
    pd.testing.assert_frame_equal(
        one.drop(index="C4").drop(columns="p_corrected"),
        every.drop(index="C4").drop(columns="p_corrected"),
    )


def test_utterances_of_unknown_sentences_stay_out_of_one_sentences_pairs(small):
    own = small.utterances["sentence"].str.startswith("si")
    unknown = small.utterances.assign(sentence=small.utterances["sentence"].mask(own, ""))
    fewer = replace(small, utterances=unknown)
    only_twice = _said(fewer, sentence="sa1")
    both = made.of_speakers(small, sorted(set(small.utterances["speaker"])))
    kept = both.utterances["sentence"].str.startswith("sa")
    assert kept.sum() == 12
    assert same_picture(only_twice).measure.effect == pytest.approx(
        same_picture(_said(fewer)).measure.effect, abs=0.2
    )
    with_others = same_picture(_said(small, sentence="sa1")).measure
    assert same_picture(only_twice).measure.null_mean != with_others.null_mean


# each number, by hand or by the function of its own


def _shortest(counts, mass):
    """Return the width of the shortest range, by trying every one."""
    n = len(counts)
    needed = mass * counts.sum() - 1e-9
    return min(
        last - first + 1
        for first in range(n)
        for last in range(first, n)
        if counts[first : last + 1].sum() >= needed
    )


def _widths_by_hand(counts, sets):
    return float(np.mean([_shortest(counts[list(rows)].sum(axis=0), 0.8) for rows in sets]))


@pytest.mark.parametrize(
    ("test", "chosen"),
    [
        (sibilants, [{"s", "sh", "z"}]),
        (silences, [{"h#", "tcl"}]),
        (groups_in_ranges, None),
    ],
)
def test_widths_and_both_their_nulls_by_hand(test, chosen):
    table = random_table(4, codebook_size=12, n_utterances=8, longest=2)
    given = _said(table)
    found = test(given).measure
    counts = unit_counts(given.reductions, "phone")
    if chosen is None:
        groups = dict.fromkeys(phone_group(phone) for phone in counts.values)
        chosen = [{p for p in counts.values if phone_group(p) == name} for name in groups if name]
    sets = [[at for at, phone in enumerate(counts.values) if phone in some] for some in chosen]
    total = counts.total()
    observed = _widths_by_hand(total, sets)
    order = permuted_codes(total.any(axis=0), FEW)
    by_order = [_widths_by_hand(total[:, draw], sets) for draw in order]
    by_label = [
        _widths_by_hand(draw, sets) for draw in relabelled_counts(given.reductions, FEW, alike=True)
    ]
    assert found.effect == pytest.approx(observed / 12)
    assert found.null_mean == pytest.approx(np.mean(by_order) / 12)
    assert found.null_sd == pytest.approx(np.std(by_order) / 12)
    p = [(1 + sum(one <= observed + 1e-9 for one in null)) / 20 for null in (by_order, by_label)]
    assert found.p == pytest.approx(max(p))
    assert p[0] != p[1]


def test_where_all_frames_keep_to_two_codes_no_phones_fill_a_range_of_their_own():
    rng = np.random.default_rng(0)
    said = [
        Said(
            f"u{i}_x{i}",
            [(name, rng.integers(5, 7, 4).tolist()) for name in ("s", "iy", "m", "sh") * 4],
            f"f{i}",
        )
        for i in range(6)
    ]
    far = [Said("v_y", [(name, list(range(32))) for name in ("aa", "b")], "f0")]
    found = sibilants(_said(made_table([*said, *far], 32), ENOUGH)).measure
    assert found.effect == pytest.approx(2 / 32)
    assert found.null_mean > 0.2  # in any other order these codes would be apart
    assert found.p > LEVEL


def test_a_threshold_must_beat_orders_and_labels_by_hand():
    said = _said(random_table(seed=5))
    found = one_threshold(said).measure
    of_orders = splits(said.reductions, inference=FEW).iloc[0]
    phones = unit_counts(said.reductions, "phone").values
    null = []
    for draw in relabelled_counts(said.reductions, FEW, alike=True):
        sides = []
        for groups in (CONSONANT_GROUPS, VOWEL_GROUPS):
            rows = [draw[[phone_group(p) == group for p in phones]].sum(0) for group in groups]
            sides.append(np.mean([row / row.sum() for row in rows if row.sum()], axis=0))
        below = [abs((sides[0] - sides[1])[: cut + 1].sum()) for cut in range(draw.shape[1])]
        null.append(0.5 + max(below) / 2)
    of_labels = (1 + np.sum(np.array(null) >= found.effect - 1e-9)) / (1 + len(null))
    assert found.p == max(of_orders["p"], of_labels)


def test_a_threshold_is_no_finding_where_indices_say_nothing_of_phones():
    """Tokens keep to neighbouring codes, so that the order alone looks like one that parts them."""
    plan = Simulation(n_own=6, n_tokens=12, codebook_size=32, informative=False, token_spread=0.2)
    tables = [simulated_table(replace(plan, seed=seed)) for seed in range(25)]
    inference = replace(FEW, n_bootstraps=0)
    orders = [splits(table, inference=inference)["p"].iloc[0] for table in tables]
    both = [one_threshold(_said(table, inference)).measure.p for table in tables]
    assert sum(p <= LEVEL for p in orders) > 3
    assert sum(p <= LEVEL for p in both) <= 3


def test_distances_of_peaks_by_hand():
    table = random_table(5, codebook_size=24, n_utterances=40, longest=6)
    given = _said(table, replace(FEW, level=0.8))
    found = peaks_apart(given)
    counts = unit_counts(given.reductions, "phone_group")
    by_unit = counts.matrix.toarray().reshape(counts.n_units, len(counts.values), 24)
    rng = given.inference.generator("halves")
    half = (np.arange(counts.n_units) < counts.n_units // 2).astype(float)
    apart = []
    for _ in range(20):
        mine = rng.permutation(half).astype(bool)
        distance = np.zeros((len(counts.values),) * 2)
        for turned in (False, True):
            first, second = (
                [
                    _peak(one[::-1] if turned else one)
                    for one in smooth(by_unit[some].sum(axis=0).astype(float))
                ]
                for some in (mine, ~mine)
            )
            distance += np.abs(np.subtract.outer(first, second)) / 2 / 24
        apart.append(distance)
    assert by_unit.sum(axis=2).all()  # every group in every half
    assert found.measure.effect == pytest.approx(_lead(np.mean(apart, axis=0)))
    low, high = np.quantile([_lead(one) for one in apart], [0.1, 0.9])
    assert found.measure.low == pytest.approx(low)
    assert found.measure.high == pytest.approx(high)
    rng = given.inference.generator("groups of peaks")
    null = [_lead(np.mean(apart, axis=0)[:, rng.permutation(len(apart[0]))]) for _ in range(19)]
    assert found.measure.null_mean == pytest.approx(np.mean(null))
    assert found.measure.p == (1 + sum(one >= found.measure.effect - 1e-12 for one in null)) / 20


def _peak(smoothed):
    top = np.isclose(smoothed, smoothed.max(), rtol=1e-10, atol=0)
    first = int(top.argmax())
    last = first
    while last + 1 < len(top) and top[last + 1]:
        last += 1
    return (first + last) // 2


def _lead(apart):
    same = np.eye(len(apart), dtype=bool)
    return apart[~same].mean() - apart[same].mean()


def test_a_group_of_one_speaker_takes_no_part_in_the_distances_of_peaks():
    two = [Said(f"u{i}_x", [("s", [3, 3, 4]), ("iy", [11, 11, 12])], f"f{i}") for i in range(4)]
    nasal = replace(two[0], tokens=[*two[0].tokens, ("m", [7, 7])])
    without, with_one = (
        peaks_apart(_said(made_table(said, 16))).measure for said in (two, [nasal, *two[1:]])
    )
    assert without.effect == pytest.approx(0.5)
    assert with_one.effect == without.effect


def test_rows_are_those_of_the_functions_of_their_own(small, table):
    found = _claims(small)
    step = steps(small, inference=FEW).iloc[0]
    near = adjacency_test(table, inference=FEW).iloc[0]
    known = information(small, inference=FEW).set_index("measure").loc["pnmi"]
    for name in ("effect", "low", "high", "null_mean", "null_sd", "p"):
        assert found.loc["C1", name] == pytest.approx(step[name])
    for name in ("low", "high", "null_sd", "p"):
        assert found.loc["C9", name] == pytest.approx(known[name])
    assert found.loc["C9", "effect"] == pytest.approx(known["corrected"])
    assert found.loc["C9", "null_mean"] == 0
    seven = _claims(table).loc["C7"]
    assert seven["effect"] == pytest.approx(near["effect"])
    assert seven["p"] == pytest.approx(near["p"])


def test_nothing_is_corrected_without_a_null(small):
    found = names_its_phone(_said(small, Inference(0, 19))).measure
    assert np.isnan(found.effect)
    assert np.isnan(found.null_mean)
    assert found.reason == "no permutation was drawn"


def test_the_least_rare_of_the_moves_decides(table):
    found = rare_moves(_said(table)).measure
    rows = group_transitions(table, inference=FEW).set_index(["group", "next_group"])
    moves = rows.loc[[("silence", "vowel"), ("plosive", "nasal"), ("fricative", "nasal")]]
    assert (moves["log_odds"] < 0).all()
    most = moves["log_odds"].idxmax()
    assert found.effect == pytest.approx(moves["log_odds"].max())
    assert (found.low, found.high) == (moves.loc[most, "low"], moves.loc[most, "high"])
    assert found.p == pytest.approx(moves["p"].max() / 2)
    assert found.null_mean == 0


def test_a_move_that_is_common_is_no_rare_one():
    """Nasals follow fricatives at every turn: the one-sided p is on the other side."""
    order = ("h#", "s", "m", "iy", "t", "ey", "l")
    place = {name: 2 * at for at, name in enumerate(order)}
    rng = np.random.default_rng(0)
    said = []
    for number in range(8):
        names = ["h#"]
        while len(names) < 60:
            follows = "m" if names[-1] == "s" else rng.choice([n for n in order if n != names[-1]])
            names.append(str(follows))
        said.append(Said(f"u{number}_x", [(n, [place[n]] * 2) for n in names], f"f{number}"))
    found = rare_moves(_said(made_table(said, 16), Inference(19, 99))).measure
    assert found.effect > 1
    assert found.p > 0.95


def test_a_move_that_is_too_seldom_expected_leaves_the_claim_untested():
    found = rare_moves(_said(simulated_table(Simulation(n_speakers=1)))).measure
    assert np.isfinite(found.effect)
    assert np.isnan(found.p)
    assert found.reason == "fewer than 5 moves expected"
