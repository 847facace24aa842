from dataclasses import replace

import made_claims as made
import numpy as np
import pandas as pd
import pytest
from made_tables import Said, assert_unchanged, copies, made_table, no_frames, nothing_labelled

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats import compare
from sfvq_analysis.stats.compare import ENOUGH_FITS
from sfvq_analysis.stats.inference import Inference, interval
from sfvq_analysis.stats.profiles import SCALARS, WITH_LABEL_NULL, profile
from sfvq_analysis.tables import FRAME_COLUMNS, Simulation, as_contract, simulated_table

FEW = Inference(n_permutations=9, n_bootstraps=39)
NAMES = [one.name for one in SCALARS]
DIFFERENCES = ["difference", "difference_low", "difference_high"]


def _compared(methods, inference=FEW, **options):
    return compare(methods, inference=inference, **options).set_index(["method", "measure"])


def _fit(table, seed, share=0.02):
    """Return another fit's reading: a few frames have the next code."""
    rng = np.random.default_rng(seed)
    moved = rng.random(len(table.frames)) < share
    code = np.minimum(table.frames["codeword"].to_numpy() + moved, table.codebook_size - 1)
    segment = np.minimum(code, table.codebook_size - 2)
    frames = table.frames.assign(codeword=code, curve_segment=segment, t=code - segment)
    return replace(table, frames=as_contract(frames, FRAME_COLUMNS))


@pytest.fixture(scope="module")
def table():
    return simulated_table(
        Simulation(n_speakers=6, n_repeated=1, n_own=7, codebook_size=32, speaker_spread=0.02)
    )


@pytest.fixture(scope="module")
def fits(table):
    """Five fits with an order, and the same ones without."""
    ordered = [_fit(table, seed) for seed in range(ENOUGH_FITS)]
    return {
        "shuffled": [made.relabelled(one, seed=7) for one in ordered],
        "ordered": ordered,
    }


@pytest.fixture(scope="module")
def found(fits):
    return _compared(fits)


def test_a_row_a_method_and_measure(fits):
    frame = compare(fits, inference=FEW)
    assert frame["method"].tolist() == ["shuffled"] * len(NAMES) + ["ordered"] * len(NAMES)
    assert frame["measure"].tolist() == NAMES * 2
    assert frame["family"].tolist() == [one.family for one in SCALARS] * 2
    assert frame["better"].tolist() == [one.better for one in SCALARS] * 2
    assert isinstance(frame.index, pd.RangeIndex)
    assert set(frame["n_fits"]) == {5}
    assert set(zip(frame["unit"], frame["n_units"], strict=True)) == {("speaker", 6)}
    assert frame["claimed"].dtype == bool
    assert frame["baseline"].tolist() == [""] * len(NAMES) + ["shuffled"] * len(NAMES)


def test_effects_and_fit_sds_are_over_fits_and_draws_are_paired(fits, found):
    profiles = {name: [profile(one, FEW) for one in tables] for name, tables in fits.items()}
    for at, name in enumerate(NAMES):
        values = {
            method: np.array([one.observed[at] for one in some])
            for method, some in profiles.items()
        }
        draws = {
            method: np.mean([one.draws[:, at] for one in some], axis=0)
            for method, some in profiles.items()
        }
        row = found.loc[("ordered", name)]
        effect = values["ordered"].mean()
        assert row["effect"] == pytest.approx(effect)
        assert row["fit_sd"] == pytest.approx(values["ordered"].std(ddof=1))
        _is_moved(row[["low", "high"]], draws["ordered"], effect)
        difference = effect - values["shuffled"].mean()
        assert row["difference"] == pytest.approx(difference, abs=1e-12)
        _is_moved(row[DIFFERENCES[1:]], draws["ordered"] - draws["shuffled"], difference)
        sds = [one.std(ddof=1) for one in values.values()]
        assert row["difference_fit_sd"] == pytest.approx(np.sqrt(np.square(sds).sum()))


def _is_moved(bounds, draws, effect):
    low, high = interval(draws, 6, FEW)
    move = effect - draws.mean()
    assert bounds.tolist() == pytest.approx([low + move, high + move], abs=1e-12)


def test_what_order_gives_is_claimed_and_what_it_does_not_change_is_not(found):
    rows = found.loc["ordered"]
    by_order = rows["family"] == "order"
    unclaimed = rows.index[by_order & ~rows["claimed"]]
    assert list(unclaimed) == ["adjacency"]  # of a few pairs that are said often enough
    assert (rows["claimed"] == (rows["reason"] == "")).all()
    assert not rows.loc[~by_order, "claimed"].any()
    assert rows.loc[~by_order, "difference"].abs().max() < 1e-9
    better = np.where(rows["better"] == "high", 1, -1) * rows["difference"]
    assert (better[by_order] > 0).all()


def test_the_baseline_itself_has_no_difference_and_no_claim(found):
    rows = found.loc["shuffled"]
    assert rows[[*DIFFERENCES, "difference_fit_sd"]].isna().all(axis=None)
    assert not rows["claimed"].any()
    assert (rows["reason"] == "").all()


def test_another_baseline_turns_differences_around(fits, found):
    turned = _compared(fits, baseline="ordered")
    rows, other = turned.loc["shuffled"], found.loc["ordered"]
    np.testing.assert_allclose(rows["difference"], -other["difference"], atol=1e-12)
    np.testing.assert_allclose(rows["difference_low"], -other["difference_high"], atol=1e-12)
    assert rows["claimed"].equals(other["claimed"])
    assert set(rows["baseline"]) == {"ordered"}


def test_a_table_is_no_different_from_itself(fits):
    rows = _compared({"a": fits["ordered"], "b": fits["ordered"]}).loc["b"]
    assert (rows[DIFFERENCES] == 0).all(axis=None)
    assert not rows["claimed"].any()
    assert set(rows["reason"]) == {"the difference's interval holds 0"}


# when a difference may be claimed


def test_fewer_than_five_fits_claim_nothing(fits):
    for few in ("shuffled", "ordered"):
        fewer = {name: one[: 4 if name == few else 5] for name, one in fits.items()}
        rows = _compared(fewer).loc["ordered"].loc[["arcs", "split"]]
        assert (rows["difference_low"] > 0).all()
        assert not rows["claimed"].any()
        assert set(rows["reason"]) == {"fewer than 5 fits: no claim"}


def test_one_fit_has_no_sd(table):
    row = _compared({"a": table, "b": made.relabelled(table)}).loc[("b", "arcs")]
    assert np.isnan(row["fit_sd"])
    assert np.isnan(row["difference_fit_sd"])
    assert not row["claimed"]


def test_a_difference_that_resampling_may_turn_around_is_not_claimed(fits):
    """Few frames of a fit are moved to the next code: that costs some, for some speakers."""
    worse = [_fit(one, 50 + seed, share=0.0005) for seed, one in enumerate(fits["ordered"])]
    rows = _compared({"a": fits["ordered"], "b": worse}).loc["b"]
    holds = (rows["difference_low"] <= 0) & (rows["difference_high"] >= 0)
    assert holds.any()
    assert rows["difference"][holds].abs().max() > 0
    assert not rows["claimed"][holds].any()
    assert set(rows["reason"][holds]) == {"the difference's interval holds 0"}


def test_a_difference_within_that_of_fits_is_not_claimed(table):
    """Distortions differ for every speaker alike, but from fit to fit by more."""
    steady, shaky = (
        [_distorted(table, 1 + 0.1 * at + lead) for at in range(ENOUGH_FITS)] for lead in (0, 0.05)
    )
    row = _compared({"a": steady, "b": shaky}).loc[("b", "distortion")]
    assert row["difference"] == pytest.approx(0.05, abs=1e-6)
    assert row["difference_low"] > 0
    assert row["difference_fit_sd"] == pytest.approx(0.2236, abs=1e-3)
    assert not row["claimed"]
    assert row["reason"] == "no larger than the fit-to-fit sd"
    far = [_distorted(table, 1 + 0.1 * at + 0.4) for at in range(ENOUGH_FITS)]
    row = _compared({"a": steady, "b": far}).loc[("b", "distortion")]
    assert row["claimed"]
    assert row["reason"] == ""


def _distorted(table, distortion):
    columns = dict.fromkeys(("distortion", "codeword_distortion"), distortion)
    return replace(table, frames=as_contract(table.frames.assign(**columns), FRAME_COLUMNS))


def _merged(table):
    """Return a codebook of half the size: two neighbours are one code."""
    frames = table.frames.assign(codeword=table.frames["codeword"] // 2)
    segment = np.minimum(frames["codeword"], table.codebook_size // 2 - 2)
    frames = frames.assign(curve_segment=segment, t=frames["codeword"] - segment)
    return replace(
        table, frames=as_contract(frames, FRAME_COLUMNS), codebook_size=table.codebook_size // 2
    )


def test_of_codebooks_of_other_size_only_what_is_corrected_is_claimed(fits):
    rows = _compared({"a": fits["shuffled"], "b": [_merged(one) for one in fits["ordered"]]})
    rows = rows.loc["b"]
    assert rows["difference"].notna().all()
    other = rows.drop(list(WITH_LABEL_NULL))
    assert set(other["reason"]) == {"codebooks differ in size"}
    assert not other["claimed"].any()
    assert rows.loc["arcs", "claimed"]
    assert "codebooks differ in size" not in set(rows.loc[list(WITH_LABEL_NULL), "reason"])


def test_the_step_of_a_fit_that_used_time_is_not_claimed(fits):
    timed = [made.ordered_by_time(one) for one in fits["ordered"]]
    reason = "the fit used time, so its step is no finding"
    rows = _compared({"a": fits["shuffled"], "b": timed}).loc["b"]
    assert rows.loc["relative_step", "reason"] == reason
    assert not rows.loc["relative_step", "claimed"]
    assert rows.loc["relative_step", "difference_high"] < 0
    assert rows.loc["arcs", "claimed"]
    one = [*fits["ordered"][:4], timed[4]]
    rows = _compared({"a": one, "b": fits["shuffled"]})
    assert rows.loc[("a", "relative_step"), "reason"] == reason
    row = rows.loc[("b", "relative_step")]
    assert row["reason"] == f"the baseline's {reason.removeprefix('the ')}"
    assert not row["claimed"]


# what is refused


def test_methods_and_baselines_are_checked(table):
    with pytest.raises(OptionError, match="a method has no table"):
        compare({})
    with pytest.raises(OptionError, match="a method has no table"):
        compare({"a": table, "b": []})
    with pytest.raises(OptionError, match="baseline is 'c'; use one of a, b"):
        compare({"a": table, "b": table}, baseline="c")


def _other_tables(table):
    names = sorted(set(table.utterances["speaker"]))
    labels = made.labels_shuffled(table)
    speaker = table.utterances["speaker"].replace(names[0], "new")
    return {
        "utterances": made.of_speakers(table, names),
        "labels": labels,
        "speakers": replace(table, utterances=table.utterances.assign(speaker=speaker)),
    }


@pytest.mark.parametrize("what", ["utterances", "labels", "speakers"])
def test_tables_of_other_speech_are_refused_in_one_line(table, what):
    other = _other_tables(table)[what]
    for methods in ({"one": table, "two": other}, {"one": table, "two": [table, other]}):
        with pytest.raises(OptionError, match="tables of 'two' are of other") as caught:
            compare(methods)
        assert "\n" not in str(caught.value)
        assert "same corpus" in str(caught.value)


def test_fits_of_one_method_have_one_size(table):
    with pytest.raises(OptionError, match="'a' have codebooks of 16, 32 vectors; give each"):
        compare({"a": [table, _merged(table)]})


def test_tables_are_not_changed_and_the_seed_decides(table):
    before = copies(table)
    one, two = (_compared({"a": table}) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    other = _compared({"a": table}, replace(FEW, seed=1))
    assert not other["low"].equals(one["low"])
    assert_unchanged(table, before)


# what isn't there

EDGES = {
    "no labels": nothing_labelled(16),
    "no frames": no_frames(16),
    "no utterance": made_table([], 16),
    "one phone": made_table([Said(f"u{i}_x", [("s", [1, 2])], f"f{i}") for i in range(3)], 16),
}


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("inference", [FEW, Inference(0, 0)], ids=["draws", "none"])
def test_what_is_missing_says_why(name, inference):
    found = _compared({"a": EDGES[name], "b": EDGES[name]}, inference)
    missing = found[["effect", "low", "high"]].isna().any(axis=1)
    assert missing.any()
    assert (found.loc[missing, "reason"] != "").all()
    assert not found["claimed"].any()


def test_one_unit_has_no_interval():
    table = made_table([Said("u", [("s", [1, 2]), ("iy", [5, 4])])], 16)
    found = _compared({"a": table})
    assert found.loc[("a", "perplexity"), "reason"] == "one utterance: no interval"
    assert found.loc[("a", "perplexity"), "effect"] == pytest.approx(4)
    assert np.isnan(found.loc[("a", "perplexity"), "low"])
    assert set(zip(found["unit"], found["n_units"], strict=True)) == {("utterance", 1)}


def test_without_permutations_there_is_nothing_to_correct_by(table):
    found = _compared({"a": table}, replace(FEW, n_permutations=0)).loc["a"]
    assert found.loc[list(WITH_LABEL_NULL), "effect"].isna().all()
    assert set(found.loc[list(WITH_LABEL_NULL), "reason"]) == {"no permutation was drawn"}
    assert found.drop(list(WITH_LABEL_NULL))["effect"].notna().all()


def test_an_axis_that_sixteen_arcs_do_not_divide_says_so(table):
    smaller = _merged(_merged(table))
    reason = _compared({"a": smaller}).loc[("a", "arcs"), "reason"]
    assert reason == "8 codes make no 16 equal arcs"


def test_phones_are_folded(table):
    folded = _compared({"a": table}, phone_set=39).loc["a"]
    assert folded.loc["pnmi", "effect"] == pytest.approx(profile(table, FEW, 39).observed[0])
    assert folded.loc["pnmi", "effect"] != _compared({"a": table}).loc[("a", "pnmi"), "effect"]
