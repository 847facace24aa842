from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_tables import (
    Said,
    assert_unchanged,
    copies,
    frame_rows,
    made_table,
    no_frames,
    nothing_labelled,
    random_table,
)

from sfvq_analysis.errors import OptionError
from sfvq_analysis.phones import fold, is_known, phone_group
from sfvq_analysis.stats import phone_counts
from sfvq_analysis.stats.counting.reductions import as_reductions, reduce
from sfvq_analysis.stats.counting.unit_counts import token_values, unit_counts
from sfvq_analysis.stats.inference import Inference, resampling_weights

SEEDS = st.integers(0, 10_000)


def entries(frame, *columns):
    """Return counts by the other columns, as a dictionary."""
    return Counter(
        {
            tuple(str(v) if isinstance(v, str) else int(v) for v in row[:-1]): row[-1]
            for row in frame[[*columns, "count"]].itertuples(index=False)
        }
    )


class TestReduce:
    @settings(max_examples=15, deadline=None)
    @given(SEEDS)
    def test_counts_are_of_the_frames_a_known_phone_owns(self, seed):
        table = random_table(seed)
        expected = Counter(
            (row["speaker"], row["phone"], row["codeword"])
            for row in frame_rows(table)
            if row["phone"] is not None
        )
        assert entries(reduce(table).counts, "unit", "phone", "index") == expected

    @settings(max_examples=15, deadline=None)
    @given(SEEDS)
    def test_transitions_are_between_neighbours_of_an_utterance(self, seed):
        table = random_table(seed)
        expected = Counter(
            (one["speaker"], one["codeword"], other["codeword"])
            for one, other in pairwise(frame_rows(table))
            if one["utterance"] == other["utterance"]
        )
        assert entries(reduce(table).transitions, "unit", "index", "next_index") == expected

    @settings(max_examples=15, deadline=None)
    @given(SEEDS)
    def test_runs_tell_every_frame_again(self, seed):
        table = random_table(seed)
        found = reduce(table)
        owners = [
            (row["utterance"], row["phone_segment"] if row["phone"] is not None else None)
            for row in frame_rows(table)
        ]
        index = [row["codeword"] for row in frame_rows(table)]
        expected = [
            (*key, len(list(part))) for key, part in groupby(zip(owners, index, strict=True))
        ]
        names = found.utterances["utterance"]
        ordinal = [*found.tokens["ordinal"], None]
        rows = [
            (((names[u], ordinal[token]), k), n)
            for u, token, k, n in found.runs.itertuples(index=False)
        ]
        assert [((owner, k), n) for owner, k, n in expected] == rows

    def test_tokens_say_what_and_when(self):
        table = made_table(
            [Said("a", [("S", [1, 2]), (None, [3]), ("what", [1]), ("IY1", [])], audio_rate=3000)]
        )
        tokens = reduce(table).tokens
        assert tokens["phone"].tolist() == ["s", "iy"]
        assert tokens["phone_group"].tolist() == ["fricative", "vowel"]
        assert tokens["ordinal"].tolist() == [0, 2]
        assert tokens["n_frames"].tolist() == [2, 0]
        assert tokens["start_seconds"].tolist() == [0.0, 0.4]
        assert tokens["stop_seconds"].tolist() == [0.2, 0.401]

    def test_one_speaker_makes_the_utterance_the_unit(self):
        said = [Said(name, [("s", [1])]) for name in ("a", "b")]
        found = reduce(made_table(said))
        assert (found.unit, found.units) == ("utterance", ("a", "b"))
        assert reduce(random_table(0)).unit == "speaker"

    def test_a_fit_that_used_time_is_marked(self):
        provenance = {"quantizer": {"fit": {"temporal": True}}}
        table = made_table([Said("a", [("s", [1])])], provenance=provenance)
        assert reduce(table).temporal
        assert not reduce(random_table(0)).temporal

    def test_it_knows_the_hop_and_the_size(self):
        found = reduce(random_table(0, codebook_size=16))
        assert (found.frame_seconds, found.codebook_size) == (0.1, 16)

    @pytest.mark.parametrize("table", [nothing_labelled(), no_frames()])
    def test_nothing_is_reduced_to_nothing(self, table):
        found = reduce(table)
        assert len(found.counts) == 0
        assert found.runs["length"].sum() == len(table.frames)

    def test_the_table_stays_as_it_was(self):
        table = random_table(1)
        before = copies(table)
        reduce(table)
        assert_unchanged(table, before)

    def test_reductions_pass_through(self):
        found = reduce(random_table(0))
        assert as_reductions(found) is found


class TestUnitCounts:
    @pytest.mark.parametrize("phone_set", [61, 48, 39])
    def test_the_total_is_that_of_phone_counts(self, phone_set):
        table = random_table(3, n_utterances=20)
        found, expected = unit_counts(table, phone_set=phone_set), phone_counts(table, phone_set)
        assert list(found.values) == list(expected.index)
        np.testing.assert_array_equal(found.total(), expected.to_numpy())

    @settings(max_examples=10, deadline=None)
    @given(SEEDS, st.sampled_from(["phone", "phone_group"]), st.sampled_from([61, 39]))
    def test_each_cell_is_counted(self, seed, by, phone_set):
        table = random_table(seed)

        def value(phone):
            return fold(phone, phone_set) if by == "phone" else phone_group(phone)

        expected = Counter(
            (row["speaker"], value(row["phone"]), row["codeword"])
            for row in frame_rows(table)
            if row["phone"] is not None and value(row["phone"]) is not None
        )
        found = unit_counts(table, by, phone_set=phone_set)
        cells = found.matrix.toarray().reshape(found.n_units, len(found.values), 8)
        units = reduce(table).units
        rows = {
            (units[u], found.values[v], k): n for (u, v, k), n in np.ndenumerate(cells) if n > 0
        }
        assert rows == expected

    def test_tokens_are_those_that_own_a_frame(self):
        table = made_table([Said("a", [("s", [1, 2]), ("s", []), ("tcl", [1]), ("s", [3])])])
        assert unit_counts(table).n_tokens.tolist() == [2, 1]
        assert unit_counts(table, "phone_group").n_tokens.tolist() == [2]

    def test_weights_are_of_units(self):
        found = unit_counts(random_table(5))
        cells = found.matrix.toarray().reshape(found.n_units, len(found.values), 8)
        weights = resampling_weights(found.n_units, Inference(n_bootstraps=7))
        (block,) = found.weighted(weights)
        np.testing.assert_allclose(block, np.einsum("bu,uvk->bvk", weights, cells))

    def test_blocks_are_all_draws_in_order(self, monkeypatch):
        found = unit_counts(random_table(5))
        weights = resampling_weights(found.n_units, Inference(n_bootstraps=7))
        (whole,) = found.weighted(weights)
        monkeypatch.setattr(
            "sfvq_analysis.stats.counting.unit_counts._CELLS_IN_MEMORY", 2 * whole[0].size
        )
        blocks = list(found.weighted(weights))
        assert [len(block) for block in blocks] == [2, 2, 2, 1]
        np.testing.assert_array_equal(np.concatenate(blocks), whole)

    def test_an_interval_is_that_of_the_statistic(self):
        found = unit_counts(random_table(5))
        inference = Inference(n_bootstraps=200)
        low, high = found.interval(lambda counts: counts.sum(axis=(1, 2)), inference)
        assert low < found.total().sum() < high
        whole = found.interval(lambda counts: counts.sum(axis=2), inference)
        assert whole[0].shape == (len(found.values),)

    def test_one_unit_has_no_interval(self):
        table = made_table([Said("a", [("s", [1, 2]), ("iy", [1])])])
        low, _ = unit_counts(table).interval(lambda counts: counts.sum(axis=2), Inference())
        assert low.shape == (2,)
        assert np.isnan(low).all()

    def test_options_are_checked(self):
        with pytest.raises(OptionError, match="by is 'group'"):
            unit_counts(random_table(0), "group")
        with pytest.raises(OptionError, match="phone_set is 40"):
            unit_counts(random_table(0), phone_set=40)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_a_token_has_the_value_of_its_phone(seed):
    found = reduce(random_table(seed))
    names, code = token_values(found, "phone_group")
    for phone, one in zip(found.tokens["phone"], code, strict=True):
        assert is_known(phone)
        expected = phone_group(phone)
        assert (names[one] if one >= 0 else None) in (expected, None)
        assert one >= 0 or expected is None or expected not in names


def test_counts_of_nothing_labelled_are_weighted_to_nothing():
    counts = unit_counts(nothing_labelled(), "phone")
    assert counts.values == ()
    weights = np.ones((3, counts.n_units))
    assert [block.shape for block in counts.weighted(weights)] == [(3, 0, counts.codebook_size)]
