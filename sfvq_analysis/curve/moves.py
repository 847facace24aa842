"""The inner loop of `sfvq_analysis.curve.arrangement`; import it inside functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.curve.compiled import compiled, compiled_within

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Float64 = NDArray[np.float64]
    Int64 = NDArray[np.int64]


@compiled
def move_all(
    weights: Float64,
    order: Int64,
    before: Float64,
    total: Float64,
    places: Float64,
    stretch: int,
    least: float,
) -> bool:
    """Offer every item its best place within its stretch; tell if one moved.

    `places` (n, n) is what each item costs at each place; without rows, nothing.

    `before` is each item's weight to the items before it, `total` to all; both and `order` are
    kept up to date. When item v passes its neighbour u, all that lies before v but not u comes one
    place nearer or goes one farther: the cost of a longer way adds up from such exchanges.
    """
    moved = False
    n_items, placed = order.shape[0], places.shape[0] > 0
    for start in range(n_items):
        item = order[start]
        first = start // stretch * stretch
        best, place = -least, start
        for way in (1, -1):
            stop = min(first + stretch, n_items) if way == 1 else first - 1
            near = before[item] if way == 1 else total[item] - before[item]  # what is left behind
            cost = 0.0
            for at in range(start + way, stop, way):
                other = order[at]
                w = weights[item, other]
                behind = before[other] if way == 1 else total[other] - before[other]
                cost += near - (total[item] - near - w)  # the item, one place on
                cost += total[other] - behind - (behind - w)  # the other, one place back
                near += w
                here = cost
                if placed:
                    cost += places[other, at - way] - places[other, at]
                    here = cost + places[item, at] - places[item, start]
                if here < best:
                    best, place = here, at
        if place != start:
            _move(weights, order, before, start, place)
            moved = True
    return moved


@compiled_within
def _move(weights: Float64, order: Int64, before: Float64, start: int, place: int) -> None:
    """Take the item at `start` to `place`, those between one place the other way."""
    item = order[start]
    way = 1 if place > start else -1
    for at in range(start, place, way):
        other = order[at + way]
        order[at] = other
        before[other] -= way * weights[item, other]
        before[item] += way * weights[item, other]
    order[place] = item
