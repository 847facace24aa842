"""`training.arcs`: a codebook of codebooks, and what orders it."""

from __future__ import annotations

import numpy as np
import pytest
from made_frames import as_features, gaussian, visits
from oracles import nearest_corner
from scipy.stats import spearmanr

from sfvq_analysis.curve import arranged, arrangement_cost, nearest_codeword
from sfvq_analysis.errors import OptionError
from sfvq_analysis.training import FitOptions, arcs, fit_log, fit_sfvq
from sfvq_analysis.training.arcs import Placed, find_arcs, n_arcs_of
from sfvq_analysis.training.metric import Metric


def arc_start(frames, size, options, seed):
    """The start of a stage, as `starts.find_starts` puts it together."""
    n_arcs = n_arcs_of(size)
    found = find_arcs(frames, n_arcs, options, seed) if n_arcs else None
    return None if found is None else arcs.arc_start(frames, found, size, options, seed)


IN_TIME = FitOptions(temporal=True, anchor=0.0)
BY_MAP = FitOptions(anchor=1e6)


def placed(frames, place=None, joined=None, whitening=0.3) -> Placed:
    """Return frames, by default placed along their first coordinate and not joined in time."""
    metric = Metric.of(frames, whitening)
    if place is None:
        place = np.argsort(np.argsort(frames[:, 0], kind="stable"), kind="stable")
    if joined is None:
        joined = np.zeros(len(frames) - 1, dtype=bool)
    return Placed(frames, metric.warped(frames), metric, place.astype(np.int32), joined)


def clusters(n_clusters, per_cluster=200, dim=5, seed=0):
    """Return frames of clusters that are far apart, and which cluster each is of."""
    rng = np.random.default_rng(seed)
    centres = 20 * rng.permutation(np.eye(n_clusters, max(dim, n_clusters)))
    member = np.arange(n_clusters).repeat(per_cluster)
    noise = rng.normal(size=(len(member), centres.shape[1]))
    shuffled = rng.permutation(len(member))
    return (centres[member] + noise)[shuffled].astype(np.float32), member[shuffled]


@pytest.mark.parametrize(("size", "n_arcs"), [(16, 4), (32, 8), (64, 8), (256, 16)])
def test_every_arc_of_the_axis_is_a_cluster_and_has_codewords_of_its_own(size, n_arcs):
    frames, member = clusters(n_arcs)
    corners = arc_start(placed(frames), size, FitOptions(), seed=0)
    assert corners.shape == (size, frames.shape[1])
    per_arc = size // n_arcs
    arc_of = nearest_corner(frames, corners)[0] // per_arc
    pairs = set(zip(member.tolist(), arc_of.tolist(), strict=True))
    assert len(pairs) == n_arcs
    for arc in range(n_arcs):
        nearest, _ = nearest_corner(frames[arc_of == arc], corners[arc * per_arc :][:per_arc])
        assert set(nearest.tolist()) == set(range(per_arc))


def test_codewords_of_an_arc_are_nearer_to_the_frames_of_that_arc_without_clusters_too():
    """A Gaussian: arcs are the cells of a smaller codebook, codewords the means of their frames."""
    frames = gaussian(4000, dim=4)
    corners = arc_start(placed(frames, whitening=0.0), 64, FitOptions(), seed=0)
    index, _ = nearest_codeword(frames, corners)
    means = corners.reshape(8, 8, 4).mean(axis=1)
    assert (nearest_codeword(frames, means)[0] == index // 8).mean() > 0.8


def test_codewords_start_where_the_frames_of_their_arc_lie_densely():
    """Clusters with a tenth of their frames far out: no codeword goes there."""
    frames, member = clusters(4, per_cluster=500)
    far = np.random.default_rng(1).random(len(frames)) < 0.1
    middle = np.stack([np.median(frames[member == m], axis=0) for m in range(4)])
    frames[far] = middle[member[far]] + 4 * (frames[far] - middle[member[far]])
    corners = arc_start(placed(frames), 16, FitOptions(), seed=0)
    reach = np.sqrt(nearest_codeword(corners.astype(np.float32), middle)[1])
    assert reach.max() < np.sqrt(frames.shape[1])


def test_a_line_starts_in_order():
    """One dimension, many codewords in each arc: they come by the map's places, none is behind."""
    frames = gaussian(4000, dim=1)
    corners = arc_start(placed(frames), 256, FitOptions(), seed=0)
    inside = np.diff(corners.reshape(16, 16), axis=1)
    assert ((inside > 0).all(axis=1) | (inside < 0).all(axis=1)).mean() >= 0.8


def test_arcs_stand_where_the_map_puts_their_frames_if_they_are_held_there():
    frames, member = clusters(8)
    wanted = np.random.default_rng(3).permutation(8)
    for options, held in ((BY_MAP, True), (FitOptions(anchor=0.0), False)):
        corners = arc_start(placed(frames, place=wanted[member]), 64, options, seed=0)
        arc_of = nearest_corner(frames, corners)[0] // 8
        assert (arc_of == wanted[member]).all() == held


def test_arcs_that_share_frames_stand_together_wherever_the_map_puts_them():
    """Clusters along a line, each near the next; the map's places are drawn by lot."""
    rng = np.random.default_rng(0)
    along = np.arange(8).repeat(300)
    frames = np.column_stack([6 * along, np.zeros((2400, 2))]) + rng.normal(size=(2400, 3))
    lots = rng.permutation(8)[along]
    corners = arc_start(placed(frames.astype(np.float32), lots), 64, FitOptions(anchor=0.0), seed=0)
    steps = np.diff(corners.reshape(8, 8, 3).mean(axis=1)[:, 0])
    assert (steps > 0).all() or (steps < 0).all()


def test_within_an_arc_codewords_that_share_frames_stand_together():
    """One dimension inside each cluster: its codewords come in order along it."""
    rng = np.random.default_rng(0)
    member, along = rng.integers(8, size=6000), rng.random(6000)
    frames = np.column_stack([50 * np.eye(8)[member], 10 * along]).astype(np.float32)
    corners = arc_start(placed(frames, whitening=0.0), 32, FitOptions(), seed=0)
    orders = [abs(spearmanr(part[:, 8], range(4)).statistic) for part in corners.reshape(8, 4, 9)]
    assert min(orders) == pytest.approx(1)


def test_no_codeword_has_a_better_place_in_its_arc():
    frames = placed(gaussian(3000, dim=4))
    corners = arc_start(frames, 64, FitOptions(), seed=0)
    weights = arcs._togetherness(corners, frames, FitOptions())
    assert arranged(weights, stretch=8).tolist() == list(range(64))
    assert arrangement_cost(weights) < 0.6


@pytest.mark.parametrize("size", [2, 4, 8, 8192])
def test_curves_of_too_few_or_too_many_corners_have_none(size):
    assert arc_start(placed(gaussian(9000, dim=2)), size, FitOptions(), seed=0) is None


def test_too_few_distinct_frames_have_none():
    apart = clusters(4)[0]
    for frames in (
        gaussian(3),
        np.repeat(gaussian(3), 100, axis=0),  # fewer than there are arcs
        np.repeat(gaussian(10), 100, axis=0),  # as many as arcs, but an arc is of fewer
        np.concatenate([apart[:2], apart[2:] * 0 + 7]),
    ):
        assert arc_start(placed(frames), 16, FitOptions(), seed=0) is None
    assert arc_start(placed(apart), 16, FitOptions(), seed=0) is not None


def test_seeds():
    frames = placed(gaussian(1000))
    first, again, other = (arc_start(frames, 32, FitOptions(), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("seed", range(4))
def test_clusters_that_are_visited_in_turn_come_out_in_turn(seed):
    """In space they have no order at all: all are equally far from each other."""
    features = visits(10 * np.eye(8), seed=seed)
    turn = features.values.argmax(axis=1)
    for options, in_turn in ((IN_TIME, True), (FitOptions(anchor=0.0), False)):
        sfvq = fit_sfvq(features, bits=6, seed=seed, options=options)
        assert fit_log(sfvq).query("stage == 64").iloc[-1]["start"] == "arcs"
        medians = [np.median(sfvq.encode(features.values[turn == k]).codeword) for k in range(8)]
        assert (np.abs(np.diff(np.argsort(np.argsort(medians)))) == 1).all() == in_turn


def test_codewords_of_an_arc_follow_time_too():
    """Four clusters of four, whose parts are equally far from each other."""
    centres = np.array([[*(50.0 * a), *(3.0 * b)] for a in np.eye(4) for b in np.eye(4)])
    for seed in range(4):
        turn = np.random.default_rng(seed).permutation(4)
        in_turn = centres.reshape(4, 4, 8)[:, turn].reshape(16, 8)
        features = visits(in_turn, seed=seed)
        joined = np.ones(features.n_frames - 1, dtype=bool)
        joined[np.cumsum(features.lengths)[:-1] - 1] = False
        corners = arc_start(placed(features.values, joined=joined), 16, IN_TIME, seed)
        nearest = nearest_corner(corners, in_turn)[0].tolist()
        assert nearest in (list(range(16)), list(range(16))[::-1])


def test_what_comes_next_after_the_end_of_a_stretch_is_no_succession():
    """Stretches are of two clusters each, and every next one starts elsewhere, always the same."""
    pairs = [(k, k + 1) for k in (0, 4, 1, 5, 2, 6, 3)] * 20
    visited = np.array(pairs).repeat(5, axis=1)
    frames = 10 * np.eye(8)[visited.ravel()] + 0.05 * gaussian(visited.size, dim=8)
    features = as_features(frames, (10,) * len(pairs))
    sfvq = fit_sfvq(features, bits=6, options=IN_TIME)
    order = [row.argmax() for row in sfvq.corners().reshape(8, 8, 8).mean(axis=1)]
    assert order in (list(range(8)), list(range(8))[::-1])


def test_time_is_told_in_the_provenance_and_changes_the_curve():
    features = visits(10 * np.eye(8))
    known = [fit_sfvq(features, bits=5, options=FitOptions(temporal=t)) for t in (False, True)]
    assert [sfvq.provenance.fit["temporal"] for sfvq in known] == [False, True]
    assert known[0].digest != known[1].digest


def test_where_a_stretch_ends_matters_only_to_a_fit_in_time():
    """Frames on both sides of an end don't follow each other."""
    features = visits(10 * np.eye(8))
    values, n = features.values, features.n_frames
    for options, n_curves in ((FitOptions(), 1), (IN_TIME, 2)):
        cut = [type(features)(values, features.grid, {}, given) for given in ((1,) * n, (n,))]
        assert len({fit_sfvq(f, bits=5, options=options).digest for f in cut}) == n_curves
    array, whole = (fit_sfvq(f, bits=5, options=IN_TIME).digest for f in (values, cut[1]))
    assert array == whole


def test_frames_whose_order_in_time_is_unknown_can_not_be_fitted_in_time():
    features = visits(10 * np.eye(8))
    values = features.values
    for source in (
        type(features)(values, features.grid, {}, ()),
        lambda: iter([values]),
        iter([values]),
    ):
        with pytest.raises(OptionError, match="frames that follow each other in time; give Feat"):
            fit_sfvq(source, bits=4, options=IN_TIME)
