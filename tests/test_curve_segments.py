"""`curve.tiles.segments`: terms of segments for a margin of round-off."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from sfvq_analysis.curve.tiles.segments import ALLOWED, FACTOR, LIMIT, MIDDLE, TERMS, fit_segments

SPANS = np.array([0, 1e-30, 1e-12, 1e-7, 1e-6, 4e-6, 1e-3, 0.3, 2], np.float32)


@njit
def fitted(spans, margin, terms, allowed):
    return fit_segments(spans, margin, terms, allowed)


def room_for(spans):
    return np.zeros((TERMS, len(spans)), np.float32), np.zeros(ALLOWED, np.float32)


@pytest.mark.parametrize("margin", [1e-8, 1e-6, 1e-3, 10])
def test_a_segment_is_as_good_as_its_nearest_point_or_by_what_is_allowed_better(margin):
    """Of w that a span allows; round-off moves w by the margin."""
    terms, allowed = room_for(SPANS)
    more = fitted(SPANS, np.float32(margin), terms, allowed)
    assert margin <= allowed[0] <= 4 * margin
    assert more == allowed[1] <= allowed[0] / 4 * (1 + 1e-6)
    for k, span in enumerate(SPANS.astype(float)):
        factor, middle, limit = terms.astype(float)[[FACTOR, MIDDLE, LIMIT], k]
        w = np.linspace(-limit, limit, 1001)
        found = np.square(w * factor + middle)
        t = (w / span + 0.5).clip(0, 1) if span > 0 else (w > 0).astype(float)
        nearest = t * w + t * (1 - t) * span / 2  # more than at the segment's start
        few = 1e-6 * (span + limit)
        assert (nearest - few <= found).all()
        assert (found <= nearest + more + few).all()
        assert limit >= span / 2 + margin - few


def test_where_no_segment_is_short_next_to_nothing_is_allowed():
    spans = np.array([0.2, 1.0], np.float32)
    more = fitted(spans, np.float32(1e-6), *room_for(spans))
    assert 0 < more < 2e-11


@pytest.mark.parametrize(
    ("then", "kept"),
    [(1.0, True), (1.9, True), (0.6, True), (2.1, False), (0.3, False), (0, False)],
)
def test_terms_are_fitted_anew_where_they_do_not_hold_or_are_for_far_more(then, kept):
    terms, allowed = room_for(SPANS)
    fitted(SPANS, np.float32(1e-6), terms, allowed)
    before, more = terms.copy(), allowed[1]
    terms_after = fitted(SPANS, np.float32(then * 1e-6), terms, allowed)
    assert (terms_after == more) == kept
    assert np.array_equal(before, terms) == kept


def test_without_round_off_terms_are_finite():
    terms, allowed = room_for(SPANS)
    terms[:] = np.nan
    allowed[0] = 1
    assert fitted(SPANS, np.float32(0), terms, allowed) < 1e-30
    assert np.isfinite(terms).all()
