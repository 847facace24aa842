"""Which segments swap labels, and how much of the speech does."""

from __future__ import annotations

import numpy as np
import pytest
from made_tables import Said, made_table, no_frames, nothing_labelled, random_table

from sfvq_analysis.stats import group_distances, information, merge_information
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.inference.relabelling import relabelled_counts
from sfvq_analysis.stats.inference.swapping import swapping_in, swapping_share, why_few_swap
from sfvq_analysis.stats.profiles import SCALARS, profile

FEW = Inference(n_permutations=99, n_bootstraps=19)


def words(speakers):
    """Return a word of one segment for each of some speakers; s is 1, iy is 6."""
    spoken = [("s", [1]), ("iy", [6])]
    return made_table(
        [Said(f"u{at:02d}_x", [spoken[at % 2]], who) for at, who in enumerate(speakers)]
    )


def hardly_any(n=40):
    """Return isolated words, and one utterance of two."""
    both = [("s", [1]), ("iy", [6])]
    said = [Said(f"u{at:02d}_x", [both[at % 2]], "fa") for at in range(n)]
    return made_table([*said, Said("v_y", both, "fa")])


@pytest.mark.parametrize(
    ("speakers", "expected"),
    [("aaaa", [0, 0, 0, 0]), ("abba", [0, 1, 1, 0]), ("abcd", [0, 0, 0, 0])],
)
def test_words_swap_within_their_speaker_or_all_together(speakers, expected):
    assert swapping_in(reduce(words(speakers))).tolist() == expected


def test_segments_swap_within_an_utterance_where_one_holds_two():
    reductions = reduce(random_table(3))
    utterance = reductions.tokens["utterance"].tolist()
    assert swapping_in(reductions).tolist() == utterance
    assert swapping_in(reduce(hardly_any(3))).tolist() == [0, 1, 2, 3, 3]


def test_labels_of_words_are_drawn_within_speakers():
    table = made_table(
        [
            Said("u0_x", [("s", [0])], "a"), Said("u1_x", [("m", [1])], "b"),
            Said("u2_x", [("iy", [2])], "a"), Said("u3_x", [("n", [3])], "b"),
        ]
    )  # fmt: skip
    names = unit_counts(table).values
    draws = np.stack([*relabelled_counts(reduce(table), Inference(n_permutations=50))])
    where = {name: set(np.flatnonzero(draws[:, at].sum(axis=0))) for at, name in enumerate(names)}
    assert where == {"s": {0, 2}, "iy": {0, 2}, "m": {1, 3}, "n": {1, 3}}


@pytest.mark.parametrize("alike", [False, True])
def test_the_share_is_what_draws_move(alike):
    table = random_table(1, n_utterances=8)
    reductions = reduce(table)
    total = unit_counts(reductions).total()
    many = Inference(n_permutations=4000)
    kinds = np.arange(len(total))
    # every segment has an index of its own, so that counts say which label it has
    told = made_told(table)
    before = unit_counts(reduce(told)).total()
    draws = relabelled_counts(reduce(told), many, alike=alike)
    moved = np.mean([1 - np.minimum(draw, before).sum() / before.sum() for draw in draws])
    n = reductions.tokens["n_frames"].to_numpy()
    phone = reductions.tokens["phone"].astype(str).to_numpy()[n > 0]
    same = np.array([(phone == one).mean() for one in phone])
    free = ((1 - same) * n[n > 0]).sum() / n.sum()
    assert swapping_share(reductions, kinds, alike=alike) == pytest.approx(moved / free, abs=0.02)


def made_told(table):
    """Return a table of the same tokens, each of one code of its own."""
    said = []
    tokens = reduce(table).tokens
    for at, (utterance, rows) in enumerate(tokens.groupby("utterance")):
        said.append(
            Said(
                f"u{utterance:02d}_x{at}",
                [(str(row.phone), [row.Index] * row.n_frames) for row in rows.itertuples()],
                f"f{at}",
            )
        )
    return made_table(said, len(tokens))


@pytest.mark.parametrize("table", [nothing_labelled(), no_frames(), made_table([])])
def test_there_is_no_share_of_nothing(table):
    share = swapping_share(reduce(table), np.zeros(0, dtype=int))
    assert np.isnan(share)
    assert why_few_swap(share, "no p") == ""


def test_information_of_independent_rows_is_told_from_chance():
    found = information(words("a" * 40), inference=FEW).set_index("measure")
    assert found.loc["pnmi", "plug_in"] == 1
    assert found.loc["pnmi", "corrected"] > 0.9
    assert (found["p"].dropna() == 0.01).all()
    assert (found["reason"] == "").all()
    merged = merge_information(words("a" * 40), inference=FEW)
    assert (merged["corrected"] > 0.9).all()
    pair = group_distances(words("a" * 40), inference=FEW).iloc[0]
    assert pair["js_p"] == 0.01


def test_where_hardly_any_frame_can_swap_nothing_is_corrected_and_says_why():
    table = hardly_any()
    found = information(table, inference=FEW).set_index("measure")
    assert found.loc["pnmi", "plug_in"] == 1
    assert found.loc["pnmi", ["null_mean", "corrected", "p"]].isna().all()
    why = "only 4.8 % of the frames can swap labels: no null"
    assert found["reason"].str.startswith(why).all()
    merged = merge_information(table, inference=FEW)
    assert merged[["label_null_mean", "corrected"]].isna().all(axis=None)
    assert merged["pnmi"].notna().all()
    assert merged["reason"].str.contains("can swap labels: no label null").all()
    at = [one.name for one in SCALARS].index("pnmi")
    assert np.isnan(profile(table, FEW).observed[at])


def test_segments_of_a_duration_of_their_own_have_a_null_but_no_p():
    said = [Said(f"u{at}_x", [("s", [1, 1]), ("iy", [6, 6, 6])] * 4, f"f{at}") for at in range(4)]
    found = information(made_table(said), inference=FEW).set_index("measure")
    assert np.isfinite(found.loc["pnmi", "corrected"])
    assert found["p"].isna().all()
    assert (found["reason"] == "no frame can swap its label among segments as long: no p").all()
