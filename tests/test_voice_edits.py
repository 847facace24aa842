"""Edits of codes: against loops over frames, and edits that change nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_voices import KINDS

from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.voice import Clamp, Replace, Shift
from sfvq_analysis.voice.edits import edited_points, nearest_index, points_at

SIZE, LAST = 9, 8
CORNERS = np.random.default_rng(0).normal(size=(SIZE, 3))
FRAMES = np.random.default_rng(1).normal(size=(60, 3))
CURVE, PLAIN = SpaceFillingVQ(CORNERS), PlainVQ(CORNERS)
BOTH = pytest.mark.parametrize("quantizer", [CURVE, PLAIN], ids=["curve", "plain"])


def nearest(x):
    """The nearest whole number, the higher of two."""
    return math.floor(x + 0.5)


def between(low, x, high):
    return min(max(x, low), high)


def one_frame(position, codeword, edits):
    """Where one frame of a curve, and the same of a plain codebook, goes: an edit at a time."""
    for edit in edits:
        match edit:
            case Shift(by):
                position = between(0, position + by, LAST)
                codeword = nearest(between(0, codeword + by, LAST))
            case Clamp(low, high):
                position = between(low, position, high)
                codeword = min(max(codeword, math.ceil(low)), math.floor(high))
            case Replace(index, by):
                if codeword == index:
                    position, codeword = by, nearest(by)
    return position, codeword


def slowly(quantizer, edits):
    codes, points = quantizer.encode(FRAMES), []
    for segment, t, codeword in zip(codes.segment, codes.t, codes.codeword, strict=True):
        position, index = one_frame(segment + float(t), int(codeword), edits)
        at = min(int(position), LAST - 1) if quantizer is CURVE else index
        share = position - at if quantizer is CURVE else 0
        corners = quantizer.corners().astype(np.float64)
        points.append(corners[at] + (share * (corners[at + 1] - corners[at]) if share else 0))
    return np.array(points)


PLACES = st.floats(0, LAST)
INDICES = st.integers(0, LAST)
EDITS = st.lists(
    st.one_of(
        st.builds(Shift, st.floats(-12, 12) | st.sampled_from([-0.5, 0.5, 1, 1.5])),
        st.tuples(PLACES, PLACES).map(lambda ends: Clamp(*sorted(ends))),
        st.builds(Replace, INDICES, PLACES | INDICES),
    ),
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(edits=EDITS, quantizer=st.sampled_from([CURVE, PLAIN]))
def test_any_edits_do_what_loops_over_frames_do(edits, quantizer):
    found = edited_points(quantizer, quantizer.encode(FRAMES), edits)
    assert found.dtype == np.float32
    assert found == pytest.approx(slowly(quantizer, edits), abs=1e-5)


@BOTH
@pytest.mark.parametrize(
    "edits",
    [
        [],
        [Shift(0)],
        [Clamp(0, LAST)],
        [Shift(-0.0), Clamp(0, LAST), Shift(0)],
        [Clamp(-0.0, float(LAST))],
    ],
    ids=str,
)
def test_edits_that_change_nothing(quantizer, edits):
    codes = quantizer.encode(FRAMES)
    assert np.array_equal(edited_points(quantizer, codes, edits), quantizer.decode(codes))


def test_an_index_for_itself_changes_nothing_in_a_plain_codebook():
    codes = PLAIN.encode(FRAMES)
    edits = [Replace(index, index) for index in range(SIZE)]
    assert np.array_equal(edited_points(PLAIN, codes, edits), PLAIN.decode(codes))


def test_an_index_for_itself_takes_its_frames_of_a_curve_to_the_corner():
    codes = CURVE.encode(FRAMES)
    found, there = edited_points(CURVE, codes, [Replace(3, 3)]), codes.codeword == 3
    assert there.any()
    assert np.array_equal(found[there], np.repeat(CURVE.corners()[[3]], there.sum(), axis=0))
    assert np.array_equal(found[~there], CURVE.decode(codes)[~there])


@BOTH
@pytest.mark.parametrize(("by", "end"), [(SIZE, LAST), (1e300, LAST), (-SIZE, 0), (-1e300, 0)])
def test_shifts_stop_at_the_ends(quantizer, by, end):
    found = edited_points(quantizer, quantizer.encode(FRAMES), [Shift(by)])
    assert np.array_equal(found, np.repeat(quantizer.corners()[[end]], len(FRAMES), axis=0))


@BOTH
@pytest.mark.parametrize("end", [0, LAST])
def test_a_range_of_one_index(quantizer, end):
    found = edited_points(quantizer, quantizer.encode(FRAMES), [Clamp(end, end)])
    assert np.array_equal(found, np.repeat(quantizer.corners()[[end]], len(FRAMES), axis=0))


def test_a_shift_by_half_moves_every_plain_code_alike():
    codes = PLAIN.encode(CORNERS)
    assert codes.codeword.tolist() == list(range(SIZE))
    for by, moved in ((0.5, 1), (0.49, 0), (-0.5, 0), (-0.51, -1)):
        wanted = np.clip(np.arange(SIZE) + moved, 0, LAST)
        found = edited_points(PLAIN, codes, [Shift(by)])
        assert np.array_equal(found, PLAIN.corners()[wanted]), by


def test_edits_follow_one_another():
    codes = PLAIN.encode(CORNERS)
    there_and_back = edited_points(PLAIN, codes, [Replace(2, 5), Replace(5, 2)])
    wanted = np.arange(SIZE)
    wanted[5] = 2
    assert np.array_equal(there_and_back, PLAIN.corners()[wanted])


@BOTH
def test_no_frames_stay_no_frames(quantizer):
    codes = quantizer.encode(np.zeros((0, 3)))
    assert edited_points(quantizer, codes, [Shift(1), Clamp(1, 2), Replace(0, 1)]).shape == (0, 3)


@BOTH
@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Clamp(0, 9), "clamp is 9; use 0 … 8"),
        (Clamp(-1, 3), "clamp is -1; use 0 … 8"),
        (Clamp(0, math.inf), "clamp is inf"),
        (Replace(9, 0), "index is 9; use 0 … 8"),
        (Replace(-1, 0), "index is -1"),
        (Replace(0, 8.5), "index is 8.5; use 0 … 8"),
        (Replace(0, math.nan), "index is nan"),
    ],
    ids=str,
)
def test_places_beyond_the_axis_are_refused(quantizer, edit, message):
    with pytest.raises(OptionError, match=message):
        edited_points(quantizer, quantizer.encode(FRAMES), [edit])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Clamp(3, 2), "range is 3 to 2; name the lower end first"),
        (lambda: Clamp(math.nan, 2), "range is nan to 2"),
        (lambda: Clamp(0, math.nan), "range is 0 to nan"),
        (lambda: Shift(math.nan), "shift is nan; use a finite number"),
        (lambda: Shift(math.inf), "shift is inf"),
        (lambda: Replace(1.5, 2), "index is 1.5; use an integer"),
    ],
)
def test_edits_that_mean_nothing_are_refused(make, message):
    with pytest.raises(OptionError, match=message):
        make()


def test_an_index_may_be_numpy_s():
    codes = PLAIN.encode(CORNERS)
    one, other = (edited_points(PLAIN, codes, [Replace(i, 2)]) for i in (np.int64(4), 4))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_points_at_indices_are_the_codewords(kind):
    quantizer = kind(CORNERS)
    assert np.array_equal(points_at(quantizer, np.arange(SIZE)), quantizer.corners())


def test_points_between_indices():
    midway = points_at(CURVE, np.array([2.5, 7.75]))
    corners = CURVE.corners().astype(np.float64)
    wanted = [(corners[2] + corners[3]) / 2, 0.25 * corners[7] + 0.75 * corners[8]]
    assert midway == pytest.approx(np.array(wanted), abs=1e-6)
    assert np.array_equal(points_at(PLAIN, np.array([2.4, 2.5, 8.0])), PLAIN.corners()[[2, 3, 8]])


def test_halves_go_up_everywhere():
    assert nearest_index(np.arange(5) + 0.5).tolist() == [1, 2, 3, 4, 5]
