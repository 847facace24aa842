"""`Coming`: the frames that are read next, asked for from memory while others are worked on.

A processor waits for few lines of memory at a time, and forgets or holds up what else it is asked
for; so a sweep over all corners asks for a line now and then. This module imports numba, which
takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from llvmlite import ir
from numba.core import cgutils

if TYPE_CHECKING:
    from sfvq_analysis.curve.tiles.vectors import Vectors

_OCTETS = ir.IntType(8).as_pointer()
_LINE = 64  # octets of a line of the cache


class Coming(NamedTuple):
    """Where they begin, and how many whole lines of memory they fill."""

    start: Any
    n_lines: Any

    @classmethod
    def begin(cls, on: Vectors, context: Any, kind: Any, array: Any) -> Coming:
        """Return what is known of an array of frames (n, dim) in C order, of which n may be 0."""
        start, (n_frames, dim) = on.begin(context, kind, array)
        to, in_line = on.builder, on.size(_LINE * 8 // kind.dtype.bitwidth)
        n_lines = to.udiv(to.mul(n_frames, dim), in_line)
        return cls(to.bitcast(start, _OCTETS), n_lines)

    def ask(self, on: Vectors, step: Any, n_steps: Any) -> None:
        """Ask for one step's share; it is rounded up, so that the last steps may have none."""
        to = on.builder
        share = to.udiv(to.sub(to.add(self.n_lines, n_steps), on.size(1)), n_steps)
        first = to.mul(step, share)
        stop = to.add(first, share)
        stop = to.select(to.icmp_unsigned("<", stop, self.n_lines), stop, self.n_lines)
        with cgutils.for_range_slice(to, first, stop, on.size(1)) as (line, _):
            on.prefetch(on.after(self.start, on.place(line, _LINE)))
