"""`MatrixUnit`: tiles of a processor that multiplies matrices (Intel AMX), to be compiled by numba.

A tile is a register of `ROWS` rows of 64 octets; there are eight. One instruction adds to `ROWS`
rows of as many float32 the products of 32 bfloat16 each, which takes an eighth of the time that
vectors of float32 need. Linux lends tiles to a process that asks for them.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

import ctypes
import functools
import platform
import sys
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba.core import cgutils

from sfvq_analysis.curve.tiles.vectors import FEATURES, LANES

if TYPE_CHECKING:
    from sfvq_analysis.curve.tiles.vectors import Vectors

ROWS = 16
"""Rows of a tile."""
DEPTH = 32
"""bfloat16 of a row, whose products one instruction adds up."""
_TILES, _LINE = 8, 64
_PALETTE = 1
_WANTED = {"+amx-tile", "+amx-bf16"}
_ARCH_PRCTL, _ASK, _TILE_DATA = 158, 0x1023, 18  # of Linux on x86-64: ARCH_REQ_XCOMP_PERM
_OCTET, _SHORT, _SIZE, _NOTHING = (*map(ir.IntType, (8, 16, 64)), ir.VoidType())
_POINTER = _OCTET.as_pointer()


@functools.cache
def is_lent() -> bool:
    """Tell whether there is such a unit, and the process may use it from now on."""
    has_it = _WANTED.issubset(FEATURES.split(",")) and LANES == ROWS
    if not has_it:
        return False
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    return bool(ctypes.CDLL(None).syscall(_ARCH_PRCTL, _ASK, _TILE_DATA) == 0)


class MatrixUnit:
    """Writes operations on tiles, which are named by numbers, where a builder stands."""

    def __init__(self, on: Vectors) -> None:
        self._on, self._to = on, on.builder

    def begin(self) -> None:
        """Let the thread's tiles have all rows, and zeros in them."""
        full = [_LINE, 0] * _TILES + [0] * (32 - 2 * _TILES)
        octets = [_PALETTE, *[0] * 15, *full, *[ROWS] * _TILES]
        kind = ir.ArrayType(_OCTET, _LINE)
        octets += [0] * (_LINE - len(octets))
        made = cgutils.alloca_once_value(self._to, ir.Constant(kind, bytearray(octets)))
        self._call("ldtilecfg", self._to.bitcast(made, _POINTER))

    def end(self) -> None:
        """Give the thread's tiles back, so that nobody has to keep them."""
        self._call("tilerelease")

    def clear(self, tile: int) -> None:
        """Fill a tile with zeros."""
        self._call("tilezero", _OCTET(tile))

    def load(self, tile: int, start: Any, stride: Any) -> None:
        """Read a tile's rows, so many octets apart."""
        self._call("tileloadd64", _OCTET(tile), self._to.bitcast(start, _POINTER), stride)

    def store(self, tile: int, start: Any, stride: Any) -> None:
        """Write a tile's rows, so many octets apart."""
        self._call("tilestored64", _OCTET(tile), self._to.bitcast(start, _POINTER), stride)

    def multiply_add(self, sums: int, rows: int, columns: int) -> None:
        """Add to float32 (ROWS, ROWS) the products of bfloat16 rows (ROWS, DEPTH) and columns.

        Those come in pairs, (DEPTH / 2, ROWS, 2).
        """
        self._call("tdpbf16ps", *map(_OCTET, (sums, rows, columns)))

    def _call(self, name: str, *values: Any) -> None:
        kind = ir.FunctionType(_NOTHING, [value.type for value in values])
        operation = cgutils.get_or_insert_function(self._to.module, kind, f"llvm.x86.{name}")
        self._to.call(operation, values)
