from dataclasses import replace
from itertools import combinations

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

from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.stats.counting.phone_counts import phone_counts
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.groups.distances import group_distances
from sfvq_analysis.stats.groups.ranges import group_ranges
from sfvq_analysis.stats.groups.splits import splits
from sfvq_analysis.stats.inference import Inference, resampling_weights
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.order.adjacency import adjacency_test
from sfvq_analysis.stats.order.autocorrelation import morans_i
from sfvq_analysis.stats.order.axis import axis_measures
from sfvq_analysis.stats.order.phonology import feature_correlation
from sfvq_analysis.stats.profiles import LABEL_DRAWS, SCALARS, WITH_LABEL_NULL, profile
from sfvq_analysis.stats.time.steps import steps
from sfvq_analysis.stats.units.information import information
from sfvq_analysis.tables import Simulation, simulated_table

NAMES = [one.name for one in SCALARS]
NONE = Inference(0, 0)
FEW = Inference(9, 6)
CORRECTED = list(WITH_LABEL_NULL)


def _observed(table, inference=FEW, phone_set=61):
    return pd.Series(profile(table, inference, phone_set).observed, NAMES)


def _draws(table, inference=FEW):
    return pd.DataFrame(profile(table, inference).draws, columns=NAMES)


@pytest.fixture(scope="module")
def table():
    return simulated_table(Simulation(n_speakers=8, codebook_size=32, speaker_spread=0.02))


@pytest.fixture(scope="module")
def observed(table):
    return _observed(table)


def _by_their_own_functions(table, phone_set=61):
    """Return what the public function of each measure gives."""
    known = information(table, phone_set=phone_set, inference=Inference(9, 0))
    known = known.set_index("measure")["corrected"]
    return {
        "pnmi": known["pnmi"],
        "phone_purity": known["phone_purity"],
        "group_js": group_distances(table, inference=NONE)["js"].mean(),
        "distortion": table.frames["codeword_distortion"].mean(),
        "split": splits(table, inference=NONE)["share_of_ceiling"].iloc[0],
        "relative_step": steps(table, inference=NONE)["effect"].iloc[0],
        "adjacency": adjacency_test(table, phone_set=phone_set, inference=NONE)["effect"].iloc[0],
        "morans_i": morans_i(table, inference=NONE)["effect"].iloc[-1],
        "range_width": group_ranges(table, mass=[0.8], inference=NONE)["width_share"].mean(),
        "feature_correlation": feature_correlation(
            table, phone_set=phone_set, inference=NONE
        )["effect"].iloc[0],
    }  # fmt: skip


@pytest.mark.parametrize("phone_set", [61, 48, 39])
def test_each_is_what_its_own_function_gives(table, phone_set):
    table = replace(table, frames=_uneven_distortion(table))
    found = _observed(table, phone_set=phone_set)
    for name, value in _by_their_own_functions(table, phone_set).items():
        assert np.isfinite(value)
        assert found[name] == pytest.approx(value), name


@pytest.mark.parametrize("seed", range(4))
def test_each_is_what_its_own_function_gives_on_random_tables(seed):
    table = random_table(seed, codebook_size=16, n_utterances=30)
    found = _observed(table)
    for name, value in _by_their_own_functions(table).items():
        assert found[name] == pytest.approx(value, nan_ok=True), name


def _uneven_distortion(table):
    n = np.arange(len(table.frames), dtype=np.float32)
    return table.frames.assign(codeword_distortion=n % 7)


def test_the_axis_measures_are_those_of_the_one_row(table, observed):
    one = axis_measures(table).iloc[0]
    draws = _label_draws(table)
    assert observed["similar_pairs"] == pytest.approx(one["pairs"])
    assert observed["relative_step"] == pytest.approx(one["step"])
    share = (one["split"] - 0.5) / (one["split_ceiling"] - 0.5)
    assert observed["split"] == pytest.approx(share)
    entropy = _entropy(unit_counts(table).total().sum(axis=1))
    null = np.mean([_information(_arcs(draw)) / entropy for draw in draws])
    assert observed["arcs"] == pytest.approx(one["arcs"] - null)
    null = np.mean([_information(draw) / entropy for draw in draws])
    assert observed["pnmi"] == pytest.approx(one["pnmi"] - null)


def _label_draws(table):
    return list(relabelled_counts(reduce(table), FEW))


def _arcs(counts):
    return np.stack([part.sum(axis=1) for part in np.split(counts, 16, axis=1)], axis=1)


def _entropy(counts):
    p = counts[counts > 0] / counts.sum()
    return -(p * np.log(p)).sum()


def _information(counts):
    flat = counts.ravel()
    return _entropy(counts.sum(axis=0)) + _entropy(counts.sum(axis=1)) - _entropy(flat)


def test_perplexity_is_of_labelled_frames(table, observed):
    labelled = phone_counts(table).to_numpy().sum(axis=0)
    assert observed["perplexity"] == pytest.approx(np.exp(_entropy(labelled)))
    even = [Said(f"u{i}_x", [("s", [0, 1]), ("iy", [2, 3]), (None, [4])], f"f{i}") for i in "ab"]
    assert _observed(made_table(even, 16))["perplexity"] == pytest.approx(4)


def test_at_most_so_many_label_draws_are_taken(table):
    many, enough = (_observed(table, Inference(n, 0)) for n in (LABEL_DRAWS + 30, LABEL_DRAWS))
    pd.testing.assert_series_equal(many, enough)
    assert _observed(table, Inference(LABEL_DRAWS - 1, 0))["pnmi"] != enough["pnmi"]


def test_draws_are_those_of_tables_made_of_resampled_speakers(table, monkeypatch):
    """All phones count, for a resampled table has other ones that are often enough said."""
    monkeypatch.setattr("sfvq_analysis.stats.profiles.MIN_TOKENS", 0)
    found = _draws(table)
    names = sorted(set(table.utterances["speaker"]))
    weights = resampling_weights(len(names), FEW).astype(int)
    label_null = _observed(table, NONE_BUT_LABELS) - _plug_in(table)
    used = np.unique(table.frames["codeword"])
    for draw in (0, 3):
        again = made.of_speakers(table, list(np.repeat(names, weights[draw])))
        slow = _plug_in(again) + label_null[CORRECTED].reindex(NAMES, fill_value=0.0)
        assert set(again.frames["codeword"]) <= set(used)
        pd.testing.assert_series_equal(found.loc[draw], slow, check_names=False)
    assert found.drop(columns="distortion").std().gt(0).all()
    assert len(found) == 6


NONE_BUT_LABELS = Inference(9, 0)


def _plug_in(table):
    """Return the measures without a label null."""
    found = _observed(table, NONE)
    one = axis_measures(table).iloc[0]
    purity = information(table, inference=NONE).set_index("measure").loc["phone_purity", "plug_in"]
    return found.fillna({"pnmi": one["pnmi"], "arcs": one["arcs"], "phone_purity": purity})


def test_units_do_not_depend_on_what_codes_are_called_and_order_does(table, observed):
    found = _observed(made.relabelled(table, seed=1))
    for one in SCALARS:
        same = found[one.name] == pytest.approx(observed[one.name])
        assert same == (one.family == "units"), one.name


def test_what_order_means_is_better_where_there_is_one(table, observed):
    found = _observed(made.relabelled(table, seed=1))
    for one in SCALARS:
        if one.family == "order":
            better = observed[one.name] - found[one.name]
            assert (better > 0) == (one.better == "high"), one.name


def test_nothing_depends_on_the_direction_of_the_axis(table, observed):
    mirrored = made.mirrored(table)
    pd.testing.assert_series_equal(_observed(mirrored), observed)
    pd.testing.assert_frame_equal(_draws(mirrored), _draws(table))


def test_nothing_depends_on_a_curve(table, observed):
    pd.testing.assert_series_equal(_observed(made.plain(table)), observed)


def test_a_fit_that_used_time_is_marked(table):
    assert not profile(table, NONE).temporal
    assert profile(made.ordered_by_time(table), NONE).temporal


def test_the_table_is_not_changed(table):
    before = copies(table)
    profile(table, FEW)
    assert_unchanged(table, before)


def test_silence_is_a_group_whatever_phones_are_folded_to(table):
    """Folded, h# is called sil and has no group of its own; a group is that of the label."""
    found = [_observed(table, NONE, phone_set) for phone_set in (61, 48, 39)]
    by_group = ["group_js", "split", "morans_i", "range_width"]
    for one in found[1:]:
        pd.testing.assert_series_equal(one[by_group], found[0][by_group])
    assert {"h#"} <= set(table.frames["phone"])
    js = group_distances(table, inference=NONE)
    assert set(js["a"]) | set(js["b"]) == set(PHONE_GROUPS)
    assert found[2]["group_js"] == pytest.approx(js["js"].mean())
    assert len(js) == len(list(combinations(PHONE_GROUPS, 2)))


# what isn't there


def _lines(*tokens, size=16):
    return made_table([Said(f"u{i}_x", one, f"f{i}") for i, one in enumerate(tokens)], size)


EDGES = {
    "no labels": (nothing_labelled(16), {"relative_step", "distortion"}),
    "no frames": (no_frames(16), set()),
    "no utterance": (made_table([], 16), set()),
    "one phone": (
        _lines([("s", [1, 2, 3])], [("s", [4, 2, 3])]),
        {"perplexity", "distortion", "relative_step", "range_width"},
    ),
    "one code": (
        _lines([("s", [1] * 9), ("z", [1] * 9)] * 20, [("iy", [1] * 9), ("f", [1] * 9)] * 20),
        {*CORRECTED, "group_js", "perplexity", "distortion", "range_width"},
    ),
    "a small codebook": (
        random_table(0, codebook_size=8),
        set(NAMES) - {"arcs", "adjacency", "feature_correlation"},
    ),
    "phones in no group": (
        _lines([("pau", [1, 2]), ("q", [3])], [("dx", [4, 5])]),
        {*CORRECTED, "perplexity", "distortion", "relative_step"},
    ),
}


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("inference", [FEW, Inference(9, 0)], ids=["draws", "no bootstrap"])
def test_what_is_not_defined_is_nan(name, inference):
    table, known = EDGES[name]
    found = profile(table, inference)
    assert set(np.array(NAMES)[np.isfinite(found.observed)]) == known
    several = len(reduce(table).units) > 1
    assert found.draws.shape == (inference.n_bootstraps if several else 0, len(NAMES))


def test_one_used_code_tells_nothing(table):
    found = _observed(EDGES["one code"][0])
    assert found["perplexity"] == pytest.approx(1)
    assert found["group_js"] == 0
    assert found[CORRECTED].tolist() == pytest.approx([0, 0, 0])
    assert found["range_width"] == 1 / 16


def test_without_permutations_there_is_nothing_to_correct_by(table, observed):
    found = _observed(table, NONE)
    assert found[CORRECTED].isna().all()
    pd.testing.assert_series_equal(found.drop(CORRECTED), observed.drop(CORRECTED))


def test_a_random_table_without_information_has_none():
    chance = simulated_table(Simulation(n_speakers=8, codebook_size=256, informative=False))
    found = _observed(chance, Inference(50, 0))
    assert axis_measures(chance)["pnmi"].item() > 0.05
    assert abs(found["pnmi"]) < 0.01
    assert abs(found["arcs"]) < 0.01
