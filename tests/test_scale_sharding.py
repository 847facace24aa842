"""`scale.sharding`: where a corpus is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.scale.sharding import cuts, shard_seconds

SECONDS = st.lists(st.floats(0.01, 1000), min_size=1, max_size=60)


@given(SECONDS, st.floats(0.1, 5000))
def test_parts_are_all_utterances_in_order_and_none_is_empty(seconds, target):
    parts = cuts(seconds, target)
    assert [at for part in parts for at in range(part.start, part.stop)] == list(
        range(len(seconds))
    )
    assert all(part.stop > part.start for part in parts)


@given(SECONDS, st.floats(0.1, 5000))
def test_parts_are_about_as_long(seconds, target):
    parts = cuts(seconds, target)
    total = sum(seconds)
    mean = total / max(1, min(len(seconds), int(np.ceil(total / target))))
    for part in parts:
        assert sum(seconds[part]) <= mean + max(seconds[part]) + 1e-6 * total


def test_utterances_without_duration_have_a_part_too():
    assert cuts([0.0, 0.0], 10) == [slice(0, 2)]


@pytest.mark.parametrize(
    ("hours", "wanted"),
    [
        (0.01, 900),
        (0.3, 540),
        (1, 900),
        (16, 900),
        (17, 956.25),
        (64, 3600),
        (65, 65 * 3600 / 66),
        (60_000, 3600),
    ],
)
def test_the_usual_length(hours, wanted):
    assert shard_seconds(hours * 3600) == pytest.approx(wanted)


@given(st.floats(901, 1e8))
def test_their_number_is_even(total):
    assert np.ceil(total / shard_seconds(total)) % 2 == 0
