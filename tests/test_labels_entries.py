import itertools
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels.entries import Label, LabelTier, as_segments
from sfvq_analysis.timeline import Segment

PATH = Path("a.lab")


def seconds(*labels):
    return LabelTier(
        "seconds", tuple(Label(Fraction(a), Fraction(b), t, n) for a, b, t, n in labels)
    )


def samples(*labels):
    return LabelTier("samples", tuple(Label(*label) for label in labels))


def refusal(tier, rate=16_000, **options):
    with pytest.raises(CorpusError) as caught:
        as_segments(tier, PATH, rate, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_samples_are_taken_as_they_are_at_any_rate():
    tier = samples((0, 3, "a", 1), (5, 9, "b", 2))
    assert as_segments(tier, PATH, 8000) == (Segment(0, 3, "a"), Segment(5, 9, "b"))


def test_seconds_round_half_up():
    tier = seconds(("0", "0.5", "a", 1), ("0.5", "1.5", "b", 2))
    assert as_segments(tier, PATH, 1) == (Segment(0, 1, "a"), Segment(1, 2, "b"))
    assert as_segments(tier, PATH, 3) == (Segment(0, 2, "a"), Segment(2, 5, "b"))


@given(st.lists(st.integers(1, 10**9), min_size=1), st.integers(1, 192_000), st.integers(1, 10**7))
def test_labels_that_touch_make_segments_that_touch(durations, rate, unit):
    stops = [sum(durations[: i + 1]) for i in range(len(durations))]
    times = [Fraction(stop, unit) for stop in [0, *stops]]
    tier = LabelTier("seconds", tuple(map(Label, times, times[1:], map(str, durations))))
    shortest = min(b - a for a, b in itertools.pairwise(times))
    assume(shortest * rate >= 1)
    assume(times[-1] <= 10**7)
    segments = as_segments(tier, PATH, rate)
    nearest = [(2 * time * rate + 1) // 2 for time in times]
    assert [segment.start for segment in segments] == nearest[:-1]
    assert [segment.stop for segment in segments] == nearest[1:]


@pytest.mark.parametrize(
    ("tier", "problem"),
    [
        (samples((5, 5, "a", 7)), "a.lab:7: segment 'a' is [5, 5)"),
        (samples((5, 4, "a", 7)), "a.lab:7: segment 'a' is [5, 4)"),
        (samples((-1, 4, "a", 7)), "a.lab:7: segment 'a' is [-1, 4)"),
        (samples((0, 10**13, "a", 7)), "a.lab:7: segment 'a' ends at 10000000000000 samples"),
        (seconds(("-0.5", "1", "a", 7)), "a.lab:7: segment 'a' is [-0.5, 1)"),
        (seconds(("1", "1", "a", 0)), "a.lab: segment 'a' is [1, 1)"),
        (seconds(("0", "1e8", "a", 7)), "a.lab:7: segment 'a' ends at 100000000 seconds"),
        (seconds(("0", "1e-9", "a", 7)), "a.lab:7: segment 'a' is shorter than a sample at 16000"),
        (samples((0, 5, "a", 1), (4, 9, "b", 2)), "a.lab:2: segment 'b' starts at sample 4, bef"),
        (samples((0, 5, "a", 1), (0, 5, "a", 2)), "a.lab:2: segment 'a' starts at sample 0, bef"),
        (samples((5, 9, "a", 1), (0, 5, "b", 2)), "a.lab:2: segment 'b' starts at sample 0, bef"),
        (samples((0, 0, "x\n" * 10**5, 1)), "a.lab:1: segment 'x\\nx\\n"),
    ],
)
def test_times_that_cannot_be_are_refused_with_their_line(tier, problem):
    message = refusal(tier)
    assert message.startswith(problem)
    assert len(message) < 200


def test_words_may_overlap_but_not_go_back():
    overlapping = samples((0, 5, "a", 1), (4, 9, "b", 2), (4, 6, "c", 3))
    assert len(as_segments(overlapping, PATH, 16_000, may_overlap=True)) == 3
    back = samples((0, 5, "a", 1), (4, 9, "b", 2), (3, 6, "c", 3))
    assert refusal(back, may_overlap=True) == (
        "a.lab:3: segment 'c' starts at sample 3, before 4; put the labels in order"
    )


def test_what_is_wrong_with_a_tier_is_a_new_error_each_time():
    fault = CorpusError("annotation 'a1' has no time", where="a.eaf:7", remedy="align it")
    tier = LabelTier("seconds", (), fault=fault)
    assert refusal(tier) == refusal(tier) == str(fault)
    assert fault.__traceback__ is None  # a tier that is kept would hold what raised it
