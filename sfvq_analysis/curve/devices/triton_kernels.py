"""The search as three kernels of a GPU, in Triton; import them inside functions.

`sweep` screens all corners and segments without storing a product: it keeps the least value of a
frame and the one behind it, and lists frames with a third within the round-off. `decide` finds the
nearest for listed frames among all, in float64, where the curve is dense. `settle` finds the nearer
of two in float64 (beside a corner two segments are often alike), and computes t and distances.

Tensor cores multiply numbers of 11 digits. A float32 is the sum of two such numbers, its head and
its tail, but for some 2^-21 of it, and a product of float32 is the sum of three of theirs
(S. Markidis et al., "NVIDIA tensor core programmability, performance & precision", 2018).

Arrays are given as in `DeviceGeometry`, frames with the strides of their rows and columns. Values
are those of that class.
"""

from __future__ import annotations

import triton
import triton.language as tl

ROUNDED = tl.constexpr(0x1000)
"""Half of the last digit of a head."""
KEPT = tl.constexpr(-0x2000)
"""The bits of a head: sign, exponent and ten binary digits."""


@triton.jit
def parted(values):
    """Return heads and tails of float32."""
    bits = values.to(tl.int32, bitcast=True)
    heads = ((bits + ROUNDED) & KEPT).to(tl.float32, bitcast=True)
    return heads, values - heads


@triton.jit
def _loaded(frames, rows, columns, is_frame, row_stride, column_stride, dim):
    """Return some columns of some frames."""
    there = rows[:, None] * row_stride + columns[None, :] * column_stride
    return tl.load(frames + there, mask=is_frame[:, None] & (columns < dim)[None, :], other=0.0)


@triton.jit
def _centred(frames, centre, scale, rows, columns, is_frame, row_stride, column_stride, dim):
    """Return some columns of some frames less the centre, scaled."""
    x = _loaded(frames, rows, columns, is_frame, row_stride, column_stride, dim)
    x = x - tl.load(centre + columns, mask=columns < dim, other=0.0)[None, :]
    return (x * tl.load(scale)).to(tl.float32)


@triton.jit
def _no_least(FRAMES: tl.constexpr):
    """Return `_three_least` of nothing."""
    none = tl.full([FRAMES], float("inf"), tl.float32)
    nowhere = tl.zeros([FRAMES], tl.int32)
    return none, nowhere, none, nowhere, none


@triton.jit
def _three_least(values, first, least, at, second, at_second, third):
    """Return the three least of values (frames, corners) and of before, with two places.

    The corners of the values begin at `first`; among equals the lowest is the least.
    """
    here = tl.arange(0, values.shape[1])[None, :]
    a, at_a = tl.min(values, axis=1, return_indices=True)
    values = tl.where(here == at_a[:, None], float("inf"), values)
    b, at_b = tl.min(values, axis=1, return_indices=True)
    c = tl.min(tl.where(here == at_b[:, None], float("inf"), values), axis=1)
    at_a += first
    at_b += first
    is_less = a < least
    third = tl.where(
        is_less,
        tl.minimum(tl.maximum(least, b), tl.minimum(second, c)),
        tl.minimum(tl.maximum(second, a), tl.minimum(third, b)),
    )
    at_second = tl.where(
        is_less, tl.where(b < least, at_b, at), tl.where(a < second, at_a, at_second)
    )
    second = tl.where(is_less, tl.minimum(b, least), tl.minimum(a, second))
    return tl.minimum(a, least), tl.where(is_less, at_a, at), second, at_second, third


@triton.jit
def _added_products(sums, head, tail, heads, tails, there, is_there):
    """Return sums (frames, corners) with products of frames and a part of some corners' columns."""
    their_head = tl.load(heads + there, mask=is_there, other=0.0)
    their_tail = tl.load(tails + there, mask=is_there, other=0.0)
    sums = tl.dot(tail, their_head, sums, input_precision="tf32")
    sums = tl.dot(head, their_tail, sums, input_precision="tf32")
    return tl.dot(head, their_head, sums, input_precision="tf32")


@triton.jit
def sweep(
    frames, centre, scale, corner_heads, corner_tails, direction_heads, direction_tails,
    squares, starts, extents, limits, codeword, other_codeword, segment, other_segment, listed,
    found,
    n_frames, row_stride, column_stride, dim, size,
    FRAMES: tl.constexpr, CORNERS: tl.constexpr, COLUMNS: tl.constexpr,
    AT_ONCE: tl.constexpr, ON_CURVE: tl.constexpr,
):  # fmt: skip
    """Fill in the two corners and segments of least value, and list frames that have more of them.

    Which is nearer is left open if they differ by no more than the round-off; else both are one.

    `limits` holds the farthest norm that is usable, the largest of a corner, and what bounds the
    error of two values, in units of (|x~| + max|c~|)². `found` counts frames that are listed, and
    tells if one isn't usable, which gets some place. `AT_ONCE`: all columns are one
    part.
    """
    rows = tl.program_id(0).to(tl.int64) * FRAMES + tl.arange(0, FRAMES)
    is_frame = rows < n_frames
    norms = tl.zeros([FRAMES], tl.float64)
    for column in range(0, dim, COLUMNS):
        columns = column + tl.arange(0, COLUMNS)
        x = _centred(
            frames, centre, scale, rows, columns, is_frame, row_stride, column_stride, dim
        ).to(tl.float64)
        norms += tl.sum(x * x, axis=1)
    norms = tl.sqrt(norms)
    is_usable = is_frame & (norms <= tl.load(limits))  # not NaN
    tl.store(found + 1 + 0 * rows, 1, mask=is_frame & ~is_usable)
    reach = norms + tl.load(limits + 1)
    slack = (tl.load(limits + 2) * reach * reach).to(tl.float32)
    least, at, second, at_second, third = _no_least(FRAMES)
    least_on, at_on, second_on, at_second_on, third_on = _no_least(FRAMES)
    if AT_ONCE:
        head, tail = parted(
            _centred(
                frames, centre, scale, rows, tl.arange(0, COLUMNS), is_usable, row_stride,
                column_stride, dim,
            )
        )  # fmt: skip
    for first in range(0, size, CORNERS):
        corners = first + tl.arange(0, CORNERS)
        is_corner = corners < size
        ends = tl.zeros([FRAMES, CORNERS], tl.float32)
        along = tl.zeros([FRAMES, CORNERS], tl.float32)
        for column in range(0, dim, COLUMNS):
            columns = column + tl.arange(0, COLUMNS)
            there = corners[None, :] * dim + columns[:, None]
            is_there = is_corner[None, :] & (columns < dim)[:, None]
            if not AT_ONCE:
                head, tail = parted(
                    _centred(
                        frames, centre, scale, rows, columns, is_usable, row_stride,
                        column_stride, dim,
                    )
                )  # fmt: skip
            ends = _added_products(ends, head, tail, corner_heads, corner_tails, there, is_there)
            if ON_CURVE:
                along = _added_products(
                    along, head, tail, direction_heads, direction_tails, there, is_there
                )
        ends += tl.load(squares + corners, mask=is_corner, other=float("inf"))[None, :]
        least, at, second, at_second, third = _three_least(
            ends, first, least, at, second, at_second, third
        )
        if ON_CURVE:
            along += tl.load(starts + corners, mask=is_corner, other=0.0)[None, :]
            extent = tl.load(extents + corners, mask=is_corner, other=0.0)[None, :]
            along = tl.minimum(tl.maximum(along, 0.0), extent)
            least_on, at_on, second_on, at_second_on, third_on = _three_least(
                ends - along * along, first, least_on, at_on, second_on, at_second_on, third_on
            )
    at_second = tl.where(second <= least + slack, at_second, at)
    tl.store(codeword + rows, at, mask=is_frame)
    tl.store(other_codeword + rows, at_second, mask=is_frame)
    is_open = third <= least + slack
    if ON_CURVE:
        at_second_on = tl.where(second_on <= least_on + slack, at_second_on, at_on)
        tl.store(segment + rows, tl.minimum(at_on, size - 2), mask=is_frame)
        tl.store(other_segment + rows, tl.minimum(at_second_on, size - 2), mask=is_frame)
        is_open |= third_on <= least_on + slack
    one = (is_open & is_usable).to(tl.int32)
    before = tl.atomic_add(found, tl.sum(one, axis=0))
    tl.store(listed + before + tl.cumsum(one, axis=0) - one, rows.to(tl.int32), mask=one > 0)


@triton.jit
def _squared(
    frames, corners, steps, lengths, rows, is_frame, row_stride, column_stride, first, dim, size,
    FRAMES: tl.constexpr, CORNERS: tl.constexpr, ON_CURVE: tl.constexpr,
):  # fmt: skip
    """Return squared distances (frames, corners) to corners and segments, t, and |d_k|² (corners,).

    Corners and steps stand by columns: (dim, K) and (dim, K - 1).
    """
    k = first + tl.arange(0, CORNERS)
    is_corner, is_segment = k < size, k < size - 1
    ends = tl.zeros([FRAMES, CORNERS], tl.float64)
    along = tl.zeros([FRAMES, CORNERS], tl.float64)
    for column in range(dim):
        there = rows * row_stride + column * column_stride
        x = tl.load(frames + there, mask=is_frame, other=0.0).to(tl.float64)
        offset = x[:, None] - tl.load(corners + column * size + k, mask=is_corner, other=0.0)
        ends += offset * offset
        if ON_CURVE:
            step = tl.load(steps + column * (size - 1) + k, mask=is_segment, other=0.0)
            along += offset * step[None, :]
    ends = tl.where(is_corner[None, :], ends, float("inf"))
    if ON_CURVE:
        length = tl.load(lengths + k, mask=is_segment, other=0.0)
        t = _share(along, length[None, :])
        on = ends - t * (2.0 * along - t * length[None, :])
        on = tl.where(is_segment[None, :], on, float("inf"))
    else:
        length, t, on = tl.zeros([CORNERS], tl.float64), along, ends
    return ends, on, t, length


@triton.jit
def _share(along, length):
    """Return t in 0...1 of offsets' products with steps, and the steps' squared lengths."""
    has_length = length > 0
    t = tl.where(has_length, along / tl.where(has_length, length, 1.0), 0.0)
    return tl.minimum(tl.maximum(t, 0.0), 1.0)


@triton.jit
def decide(
    frames, corners, steps, lengths, codeword, other_codeword, segment, other_segment, listed,
    found, tie,
    row_stride, column_stride, dim, size,
    FRAMES: tl.constexpr, CORNERS: tl.constexpr, ON_CURVE: tl.constexpr,
):  # fmt: skip
    """Fill in nearest corner and segment of frames that are listed, the lowest among equals.

    Corners and steps stand by columns, as in `_squared`; `tie` holds `geometry.TIE`.
    """
    n_listed = tl.load(found)
    programs = tl.num_programs(0)
    for before in range(tl.program_id(0) * FRAMES, n_listed, programs * FRAMES):
        place = before + tl.arange(0, FRAMES)
        is_frame = place < n_listed
        rows = tl.load(listed + place, mask=is_frame, other=0).to(tl.int64)
        least = tl.full([FRAMES], float("inf"), tl.float64)
        least_on = tl.full([FRAMES], float("inf"), tl.float64)
        at = tl.zeros([FRAMES], tl.int32)
        for first in range(0, size, CORNERS):
            ends, on, _, _ = _squared(
                frames, corners, steps, lengths, rows, is_frame, row_stride, column_stride,
                first, dim, size, FRAMES, CORNERS, ON_CURVE,
            )  # fmt: skip
            least_here, at_here = tl.min(ends, axis=1, return_indices=True)
            at = tl.where(least_here < least, first + at_here, at)
            least = tl.minimum(least, least_here)
            least_on = tl.minimum(least_on, tl.min(on, axis=1))
        tl.store(codeword + rows, at, mask=is_frame)
        tl.store(other_codeword + rows, at, mask=is_frame)
        if ON_CURVE:
            alike = tl.load(tie)
            lowest = tl.full([FRAMES], float("inf"), tl.float64)
            for first in range(0, size, CORNERS):
                _, on, t, length = _squared(
                    frames, corners, steps, lengths, rows, is_frame, row_stride, column_stride,
                    first, dim, size, FRAMES, CORNERS, ON_CURVE,
                )  # fmt: skip
                limit = least_on[:, None] + alike * (least_on[:, None] + length[None, :])
                position = (first + tl.arange(0, CORNERS))[None, :] + t
                here = tl.min(tl.where(on <= limit, position, float("inf")), axis=1)
                lowest = tl.minimum(lowest, here)
            k = lowest.to(tl.int32)
            k = tl.maximum(tl.where(k == lowest, k - 1, k), 0)  # a corner ends the one before
            tl.store(segment + rows, k, mask=is_frame)
            tl.store(other_segment + rows, k, mask=is_frame)


@triton.jit
def _offset(
    frames, corners, k, rows, columns, is_frame, row_stride, column_stride, dim
):  # fmt: skip
    """Return some columns of frames less those of corners k, and where these stand, which exist."""
    x = _loaded(frames, rows, columns, is_frame, row_stride, column_stride, dim).to(tl.float64)
    there = k[:, None] * dim + columns[None, :]
    is_there = is_frame[:, None] & (columns < dim)[None, :]
    return x - tl.load(corners + there, mask=is_there, other=0.0), there, is_there


@triton.jit
def _to_corner(
    frames, corners, k, rows, is_frame, row_stride, column_stride, dim,
    FRAMES: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Return squared distances (frames,) to corners k; what isn't a frame has 0."""
    squared = tl.zeros([FRAMES], tl.float64)
    for column in range(0, dim, COLUMNS):
        offset, _, _ = _offset(
            frames, corners, k, rows, column + tl.arange(0, COLUMNS), is_frame,
            row_stride, column_stride, dim,
        )  # fmt: skip
        squared += tl.sum(offset * offset, axis=1)
    return squared


@triton.jit
def _to_segment(
    frames, corners, steps, lengths, k, rows, is_frame, row_stride, column_stride, dim,
    FRAMES: tl.constexpr, COLUMNS: tl.constexpr,
):  # fmt: skip
    """Return t, squared distances to segments k and their squared lengths, (frames,)."""
    along = tl.zeros([FRAMES], tl.float64)
    for column in range(0, dim, COLUMNS):
        offset, there, is_there = _offset(
            frames, corners, k, rows, column + tl.arange(0, COLUMNS), is_frame,
            row_stride, column_stride, dim,
        )  # fmt: skip
        along += tl.sum(offset * tl.load(steps + there, mask=is_there, other=0.0), axis=1)
    length = tl.load(lengths + k, mask=is_frame, other=0.0)
    t = _share(along, length)
    squared = tl.zeros([FRAMES], tl.float64)
    for column in range(0, dim, COLUMNS):
        offset, there, is_there = _offset(
            frames, corners, k, rows, column + tl.arange(0, COLUMNS), is_frame,
            row_stride, column_stride, dim,
        )  # fmt: skip
        offset -= t[:, None] * tl.load(steps + there, mask=is_there, other=0.0)
        squared += tl.sum(offset * offset, axis=1)
    return t, squared, length


@triton.jit
def settle(
    frames, corners, steps, lengths, codeword, other_codeword, segment, other_segment, tie,
    t, distortion, codeword_distortion, n_frames, row_stride, column_stride, dim, size,
    FRAMES: tl.constexpr, COLUMNS: tl.constexpr, ON_CURVE: tl.constexpr,
):  # fmt: skip
    """Fill in which of two is nearer, the lower if neither is, with t and squared distances.

    Corners (K, dim) and steps (K - 1, dim) stand by rows. A point that is a corner goes to the
    segment that starts there, but for the last corner.
    """
    rows = tl.program_id(0).to(tl.int64) * FRAMES + tl.arange(0, FRAMES)
    is_frame = rows < n_frames
    k = tl.load(codeword + rows, mask=is_frame, other=0)
    other = tl.load(other_codeword + rows, mask=is_frame, other=0)
    are_two = other != k
    squared = _to_corner(
        frames, corners, k, rows, is_frame, row_stride, column_stride, dim, FRAMES, COLUMNS
    )
    squared_other = _to_corner(
        frames, corners, other, rows, are_two, row_stride, column_stride, dim, FRAMES, COLUMNS
    )
    is_equal = (squared_other == squared) & (other < k)
    is_other = are_two & ((squared_other < squared) | is_equal)
    squared = tl.where(is_other, squared_other, squared)
    tl.store(codeword + rows, tl.where(is_other, other, k), mask=is_frame)
    tl.store(codeword_distortion + rows, squared.to(tl.float32), mask=is_frame)
    if ON_CURVE:
        alike = tl.load(tie)
        k = tl.load(segment + rows, mask=is_frame, other=0)
        other = tl.load(other_segment + rows, mask=is_frame, other=0)
        are_two = other != k
        share, squared, length = _to_segment(
            frames, corners, steps, lengths, k, rows, is_frame, row_stride, column_stride, dim,
            FRAMES, COLUMNS,
        )  # fmt: skip
        share_other, squared_other, length_other = _to_segment(
            frames, corners, steps, lengths, other, rows, are_two, row_stride, column_stride, dim,
            FRAMES, COLUMNS,
        )  # fmt: skip
        least = tl.where(are_two, tl.minimum(squared, squared_other), squared)
        near = squared <= least + alike * (least + length)
        near_other = are_two & (squared_other <= least + alike * (least + length_other))
        is_other = near_other & (~near | (other + share_other < k + share))
        k = tl.where(is_other, other, k)
        squared = tl.where(is_other, squared_other, squared)
        narrow = tl.where(is_other, share_other, share).to(tl.float32)
        is_next = (narrow == 1.0) & (k < size - 2)
        tl.store(segment + rows, tl.where(is_next, k + 1, k), mask=is_frame)
        tl.store(t + rows, tl.where(is_next, 0.0, narrow), mask=is_frame)
        tl.store(distortion + rows, squared.to(tl.float32), mask=is_frame)
