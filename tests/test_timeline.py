from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.timeline import FrameGrid, Segment, owners, seconds_to_samples

RATES = st.sampled_from([1, 2, 3, 5, 7, 8000, 11025, 16000, 22050, 44100])
MODEST = settings(max_examples=150, deadline=None)


@st.composite
def cases(draw, *, gaps=True):
    """Segments at one rate and a grid at another, so scaled that both cover a similar time."""
    audio_rate, grid_rate = draw(RATES), draw(RATES)
    unit = max(1, audio_rate // max(1, min(grid_rate, 50)))
    steps = st.one_of(st.integers(1, 4).map(lambda k: k * unit), st.integers(1, 3 * unit))
    segments, time = [], 0
    for _ in range(draw(st.integers(0, 6))):
        if gaps and draw(st.booleans()):
            time += draw(steps)
        stop = time + draw(steps)
        segments.append(Segment(time, stop, "s"))
        time = stop
    hop = draw(st.integers(1, max(3, grid_rate // 25)))
    grid = FrameGrid(grid_rate, hop, draw(st.integers(0, 2 * hop)))
    return segments, audio_rate, grid, draw(st.integers(0, 30))


def slow_owners(segments, audio_rate, grid, n_frames, rule):
    found = []
    for frame in range(n_frames):
        centre = Fraction(grid.offset + frame * grid.hop, grid.sample_rate)
        half = Fraction(grid.hop, 2 * grid.sample_rate)
        best, owner = Fraction(0), -1
        for ordinal, segment in enumerate(segments):
            start, stop = (Fraction(t, audio_rate) for t in (segment.start, segment.stop))
            if rule == "centre":
                share = Fraction(int(start <= centre < stop))
            else:
                share = min(stop, centre + half) - max(start, centre - half)
            if share > best:
                best, owner = share, ordinal
        found.append(owner)
    return found


@pytest.mark.parametrize("rule", ["centre", "majority"])
@MODEST
@given(case=cases())
def test_owners_are_the_oracle_s(rule, case):
    found = owners(*case, rule=rule)
    assert found.dtype == np.int32
    assert found.tolist() == slow_owners(*case, rule)


@MODEST
@given(case=cases(gaps=False))
def test_segments_without_gaps_partition_the_frames(case):
    segments, audio_rate, grid, n_frames = case
    found = owners(*case)
    end = Fraction(segments[-1].stop, audio_rate) if segments else 0
    labelled = sum(Fraction(int(c), grid.sample_rate) < end for c in grid.centres(n_frames))
    assert np.array_equal(found >= 0, np.arange(n_frames) < labelled)
    assert np.all(np.diff(found[:labelled]) >= 0)


@MODEST
@given(case=cases(), data=st.data())
def test_splitting_a_segment_moves_no_frame_across_its_ends(case, data):
    segments, audio_rate, grid, n_frames = case
    long = [i for i, s in enumerate(segments) if s.stop - s.start > 1]
    if not long:
        return
    i = data.draw(st.sampled_from(long))
    cut = data.draw(st.integers(segments[i].start + 1, segments[i].stop - 1))
    halves = [segments[i]._replace(stop=cut), segments[i]._replace(start=cut)]
    split = owners([*segments[:i], *halves, *segments[i + 1 :]], audio_rate, grid, n_frames)
    assert np.array_equal(np.where(split > i, split - 1, split), owners(*case))


def test_a_boundary_belongs_to_the_segment_that_starts_there():
    segments = [Segment(0, 400, "a"), Segment(400, 720, "b"), Segment(1000, 1040, "c")]
    found = owners(segments, 16000, FrameGrid(16000, hop=320, offset=80), 5)
    assert found.tolist() == [0, 1, -1, -1, -1]  # centres 80, 400, 720, 1040, 1360


def test_a_release_between_two_centres_owns_no_frame():
    segments = [Segment(0, 1200, "bcl"), Segment(1200, 1250, "b"), Segment(1250, 2000, "ih")]
    found = owners(segments, 16000, FrameGrid(16000, hop=320, offset=80), 6)
    assert found.tolist() == [0, 0, 0, 0, 2, 2]


def test_two_rates_meet_exactly_over_ten_hours():
    # 441 samples at 44.1 kHz are 160 at 16 kHz: every centre stands on a boundary.
    ordinals = np.r_[0:5, 3_599_995:3_600_000]
    segments = [Segment(441 * int(k), 441 * (int(k) + 1), "s") for k in ordinals]
    found = owners(segments, 44100, FrameGrid(16000, hop=160, offset=0), 3_600_000)
    assert found[ordinals].tolist() == list(range(10))
    assert np.count_nonzero(found >= 0) == 10


def test_majority_gives_a_tie_to_the_earlier_segment():
    grid = FrameGrid(10, hop=4, offset=2)  # frames [0, 4), [4, 8), [8, 12)
    segments = [Segment(0, 2, "a"), Segment(2, 5, "b"), Segment(5, 8, "c"), Segment(11, 12, "d")]
    assert owners(segments, 10, grid, 4, rule="majority").tolist() == [0, 2, 3, -1]


def test_majority_counts_half_samples_of_an_odd_hop():
    grid = FrameGrid(10, hop=3, offset=3)  # the first frame is [1.5, 4.5)
    assert owners(
        [Segment(0, 3, "a"), Segment(3, 9, "b")], 10, grid, 1, rule="majority"
    ).tolist() == [0]
    assert owners(
        [Segment(0, 2, "a"), Segment(2, 9, "b")], 10, grid, 1, rule="majority"
    ).tolist() == [1]


def test_no_segments_and_no_frames():
    grid = FrameGrid(16000, hop=320, offset=80)
    assert owners([], 16000, grid, 2).tolist() == [-1, -1]
    assert owners([], 16000, grid, 2, rule="majority").tolist() == [-1, -1]
    assert owners([Segment(0, 400, "s")], 16000, grid, 0).shape == (0,)


@pytest.mark.parametrize("rule", ["centre", "majority"])
@pytest.mark.parametrize(
    ("segments", "message"),
    [
        (
            [Segment(0, 5, "a"), Segment(4, 9, "b")],
            (
                "segment 1 'b' starts at 4, before the end of 'a' at 5; "
                "phone segments may leave gaps but not overlap"
            ),
        ),
        (
            [Segment(0, 5, "a"), Segment(5, 5, "b")],
            "segment 1 'b' is [5, 5); a segment needs 0 <= start < stop",
        ),
        ([Segment(7, 5, "a")], "segment 0 'a' is [7, 5); a segment needs 0 <= start < stop"),
        ([Segment(-1, 5, "a")], "segment 0 'a' is [-1, 5); a segment needs 0 <= start < stop"),
    ],
)
def test_segments_out_of_order_are_refused(segments, rule, message):
    with pytest.raises(CorpusError) as caught:
        owners(segments, 16000, FrameGrid(16000, hop=320, offset=80), 3, rule=rule)
    assert str(caught.value) == message


def test_unknown_rule_is_refused():
    with pytest.raises(OptionError, match="rule is 'most'; use one of 'centre', 'majority'"):
        owners([], 16000, FrameGrid(16000, hop=320, offset=80), 3, rule="most")


def test_grid_gives_centres_in_samples_and_seconds():
    grid = FrameGrid(16000, hop=320, offset=80)
    assert grid.centres(3).tolist() == [80, 400, 720]
    assert grid.centres(0).shape == (0,)
    assert grid.centres(1).dtype == np.int64
    assert grid.seconds(np.array([0, 2])).tolist() == [0.005, 0.045]


@pytest.mark.parametrize("name", ["sample_rate", "hop", "offset"])
@pytest.mark.parametrize("value", [-1, 0.5, 320.0, "320", None, True])
def test_grid_refuses_what_is_no_count(name, value):
    numbers = {"sample_rate": 16000, "hop": 320, "offset": 80, name: value}
    with pytest.raises(OptionError) as caught:
        FrameGrid(**numbers)
    lowest = 0 if name == "offset" else 1
    assert str(caught.value) == f"{name} is {value!r}; use an integer >= {lowest}"


def test_grid_takes_offset_0_but_no_rate_or_hop_0():
    assert FrameGrid(1, hop=1, offset=0).centres(2).tolist() == [0, 1]
    with pytest.raises(OptionError, match="sample_rate is 0"):
        FrameGrid(0, hop=1, offset=0)
    with pytest.raises(OptionError, match="hop is 0"):
        FrameGrid(1, hop=0, offset=0)


@pytest.mark.parametrize(
    ("seconds", "rate", "sample"),
    [(0.5, 1, 1), (1.5, 1, 2), (2.5, 1, 3), (0.25, 2, 1), (0.1, 16000, 1600), (0, 16000, 0)],
)
def test_seconds_round_half_up(seconds, rate, sample):
    assert seconds_to_samples(seconds, rate) == sample


@MODEST
@given(seconds=st.floats(0, 1e5), rate=st.integers(1, 192_000))
def test_seconds_go_to_the_nearest_sample(seconds, rate):
    off = seconds_to_samples(seconds, rate) - Fraction(seconds) * rate
    assert Fraction(-1, 2) < off <= Fraction(1, 2)


@MODEST
@given(sample=st.integers(0, 10**10), rate=st.sampled_from([8000, 16000, 22050, 44100, 48000]))
def test_seconds_of_a_sample_lead_back_to_it(sample, rate):
    assert seconds_to_samples(sample / rate, rate) == sample


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -float("inf")])
def test_seconds_must_be_finite(seconds):
    with pytest.raises(CorpusError, match="seconds; give a finite time"):
        seconds_to_samples(seconds, 16000)
