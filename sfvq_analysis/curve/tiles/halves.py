"""`sweep_curve_halves`, `sweep_corners_halves`: a tile's products by the processor's matrix unit.

float32 are taken for the sum of two bfloat16, the nearest and the nearest to what is left, which
leaves 2^-18 of them; and of the four products of two such sums the smallest is left out. That errs
by `HALVED` |x~| |c~| at most, some three times as much as float32, and takes three eighths of the
time. Products are written to memory, a tile of corners at a time, and looked at while the unit is
at work on the next.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from sfvq_analysis.curve.lines import on_lines
from sfvq_analysis.curve.tiles.coming import Coming
from sfvq_analysis.curve.tiles.looking import FRAMES, TERMS, VECTORS, Look, terms_of
from sfvq_analysis.curve.tiles.matrix_unit import DEPTH, ROWS, MatrixUnit
from sfvq_analysis.curve.tiles.vectors import LANES, Vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.curve.geometry import Geometry

    Float32 = NDArray[np.float32]

HALVED = 3 * 2.0**-18
PARTS = 2
_PAIRS = DEPTH // 2  # rows of a tile of frames: two dimensions side by side
_TILE = ROWS * _PAIRS  # pairs of a tile
_ROUND, _KEPT, _HALF = 1 << 15, -1 << 16, 16  # of a float32's bits those of a bfloat16
_FLOATS, _INTS = (ir.VectorType(kind, LANES) for kind in (ir.FloatType(), ir.IntType(32)))
_LARGE, _SMALL, _OF_LARGE, _OF_SMALL = 3, 4, 5, 6  # tiles of corners, and of frames


class Halves(NamedTuple):
    """Corners as `sweep_curve_halves` takes them; shared by threads.

    `corners` are pairs of bfloat16 (tiles, depths, PARTS, ROWS, pairs), as int32; `terms` (tiles,
    ROWS, TERMS).
    """

    corners: NDArray[np.int32]
    terms: Float32
    centre: NDArray[np.floating[Any]]
    scale: np.floating[Any]

    @classmethod
    def of(cls, geometry: Geometry) -> Halves:
        """Return the corners of a codebook; dimensions are filled up with zeros."""
        n_corners, dim = geometry.minus_two.shape
        n_tiles, n_depths = -(-n_corners // ROWS), -(-dim // DEPTH)
        values = np.zeros((n_tiles * ROWS, n_depths * DEPTH), np.float32)
        values[:n_corners, :dim] = -0.5 * geometry.minus_two
        large = _rounded(values)
        parts = np.stack([large, _rounded(values - large)]).view(np.uint32) >> _HALF
        parts = parts.reshape(PARTS, n_tiles, ROWS, n_depths, DEPTH).transpose(1, 3, 0, 2, 4)
        pairs = np.ascontiguousarray(parts, np.uint16).view(np.int32)
        (corners,) = on_lines((pairs.shape, np.int32))
        corners[:] = pairs
        return cls(corners, terms_of(geometry, ROWS), *geometry.narrow())


def _rounded(values: Float32) -> Float32:
    """Return the nearest that bfloat16 holds."""
    bits = (values.view(np.uint32) + np.uint32(_ROUND)) & np.uint32(_KEPT & 0xFFFFFFFF)
    return bits.view(np.float32)


def _halved(on: Vectors, values: Sequence[Any]) -> None:
    """Write pairs of columns, first of what is nearest to them, then of what that leaves."""
    panel, pairs, n_columns, n_pairs = values
    to, kept, half = on.builder, _whole(_KEPT), _whole(_HALF)
    with cgutils.for_range(to, to.udiv(n_columns, on.size(2))) as pair:
        for v in range(VECTORS):
            first = on.after(panel, on.place(pair.index, 2 * FRAMES), v * LANES)
            columns = [on.load(first), on.load(on.after(first, FRAMES))]
            large = [to.and_(_for_rounding(on, one), kept) for one in columns]
            rest = [
                to.fsub(column, to.bitcast(one, _FLOATS))
                for column, one in zip(columns, large, strict=True)
            ]
            for part, (one, other) in enumerate((large, [_for_rounding(on, one) for one in rest])):
                both = to.or_(to.lshr(one, half), to.and_(other, kept))
                row = on.after(pairs, on.place(n_pairs, FRAMES * part), v * LANES)
                on.store(both, on.after(row, on.place(pair.index, FRAMES)))


def _for_rounding(on: Vectors, column: Any) -> Any:
    """Return bits of which those that bfloat16 keeps are the nearest it holds."""
    return on.builder.add(on.builder.bitcast(column, _INTS), _whole(_ROUND))


def _whole(value: int) -> Any:
    return ir.Constant(_INTS, [value] * LANES)


def _swept(on: Vectors, values: Sequence[Any]) -> None:
    """Write the sweep over all corners; over corners alone without a margin."""
    corners, terms, pairs, sums, found, start, n_lines, n_tiles, n_depths, n_pairs, *given = values
    coming, look, unit = Coming(start, n_lines), Look(on, *given), MatrixUnit(on)
    to, of_sums = on.builder, ROWS * FRAMES

    def multiply(tile: Any, there: Any) -> None:
        at = on.after(corners, on.place(tile, n_depths, PARTS * _TILE))
        _multiply(on, unit, (at, pairs), (n_depths, n_pairs), there)

    unit.begin()
    multiply(on.size(0), sums)
    with cgutils.for_range(to, n_tiles) as tiles:
        following = to.add(tiles.index, on.size(1))
        odd = on.place(to.and_(following, on.size(1)), of_sums)
        with to.if_then(to.icmp_unsigned("<", following, n_tiles)):
            multiply(following, on.after(sums, odd))
        here = on.after(sums, to.sub(on.size(of_sums), odd))
        of_tile = on.after(terms, on.place(tiles.index, TERMS * ROWS))
        for v in range(VECTORS):
            step = to.add(on.place(tiles.index, VECTORS), on.size(v))
            coming.ask(on, step, on.place(n_tiles, VECTORS))
            for k in range(ROWS):
                of_corner = on.after(of_tile, TERMS * k)
                q = to.fadd(
                    on.load(on.after(here, k * FRAMES + v * LANES)), on.spread(to.load(of_corner))
                )
                look.at(v, q, of_corner)
    unit.end()
    look.write(found, on.place(n_tiles, ROWS))


def _multiply(
    on: Vectors, unit: MatrixUnit, given: tuple[Any, Any], extent: tuple[Any, Any], there: Any
) -> None:
    """Write the products of a tile of corners; the smallest are added first."""
    (corners, pairs), (n_depths, n_pairs) = given, extent
    row, apart = on.size(4 * _PAIRS), on.size(4 * FRAMES)
    for v in range(VECTORS):
        unit.clear(v)
    with cgutils.for_range(on.builder, n_depths) as depth:
        here = on.after(corners, on.place(depth.index, PARTS * _TILE))
        unit.load(_LARGE, here, row)
        unit.load(_SMALL, on.after(here, _TILE), row)
        for v in range(VECTORS):
            large = on.after(pairs, on.place(depth.index, _PAIRS * FRAMES), v * LANES)
            unit.load(_OF_LARGE, large, apart)
            unit.load(_OF_SMALL, on.after(large, on.place(n_pairs, FRAMES)), apart)
            unit.multiply_add(v, _LARGE, _OF_SMALL)
            unit.multiply_add(v, _SMALL, _OF_LARGE)
            unit.multiply_add(v, _LARGE, _OF_LARGE)
    for v in range(VECTORS):
        unit.store(v, on.after(there, v * LANES), apart)


def _halve(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    on, given = Vectors(builder), zip(signature.args, args, strict=True)
    (panel, (n_columns, _)), (pairs, (_, n_pairs, _)) = (
        on.begin(context, kind, one) for kind, one in given
    )
    on.call("halve", [panel, pairs, n_columns, n_pairs], _halved)
    return context.get_dummy_value()


def _sweep(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    on = Vectors(builder)
    *given, coming = zip(signature.args, args, strict=True)
    margin = [value for kind, value in given if kind is types.float32]
    arrays = [on.begin(context, kind, one) for kind, one in given if kind is not types.float32]
    (_, (n_tiles, n_depths, *_)), _, (_, (_, n_pairs, _)) = arrays[:3]
    starts = [start for start, _ in arrays]
    values = [*starts, *Coming.begin(on, context, *coming), n_tiles, n_depths, n_pairs, *margin]
    on.call("sweep_curve_halves" if margin else "sweep_corners_halves", values, _swept)
    return context.get_dummy_value()


def _halve_kinds(typing: Any, panel: Any, pairs: Any) -> Any:
    del typing
    return types.void(panel, pairs), _halve


def _sweep_curve_kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
    typing: Any,
    corners: Any,
    terms: Any,
    pairs: Any,
    sums: Any,
    found: Any,
    margin: Any,
    coming: Any,
) -> Any:
    del typing, margin
    return types.void(corners, terms, pairs, sums, found, types.float32, coming), _sweep


def _sweep_corners_kinds(  # noqa: PLR0913 (what is in place of objects in compiled code)
    typing: Any, corners: Any, terms: Any, pairs: Any, sums: Any, found: Any, coming: Any
) -> Any:
    del typing
    return types.void(corners, terms, pairs, sums, found, coming), _sweep


halve: Any = intrinsic(_halve_kinds)
"""Write columns (dim, FRAMES), dim even, as pairs of bfloat16 (PARTS, pairs, FRAMES), as int32."""
sweep_curve_halves: Any = intrinsic(_sweep_curve_kinds)
"""Do what `sweep_curve` does: ``(corners, terms, pairs, sums (2, ROWS, FRAMES), found, margin,
coming)``, corners and terms of `Halves`, pairs as `halve` writes them."""
sweep_corners_halves: Any = intrinsic(_sweep_corners_kinds)
"""Fill in the first three rows alone, as `sweep_curve_halves`, without a margin."""
