"""`curve.coming`: every whole line of the frames that come next is asked for once."""

from __future__ import annotations

import numpy as np
import pytest
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from sfvq_analysis.curve.tiles.coming import Coming
from sfvq_analysis.curve.tiles.vectors import Vectors

LINE = 64


class Noted(Vectors):
    """Counts what would be asked for, a line at a time."""

    def __init__(self, builder, start, counts):
        super().__init__(builder)
        self.start, self.counts = start, counts

    def prefetch(self, pointer):
        to, size = self.builder, ir.IntType(64)
        apart = to.sub(to.ptrtoint(pointer, size), to.ptrtoint(self.start, size))
        count = to.gep(self.counts, [to.udiv(apart, size(LINE))])
        to.store(to.add(to.load(count), size(1)), count)


@intrinsic
def note(typing, frames, n_steps, counts):
    del typing

    def generate(context, builder, signature, args):
        on = Vectors(builder)
        coming = Coming.begin(on, context, signature.args[0], args[0])
        noted, _ = on.begin(context, signature.args[2], args[2])
        with cgutils.for_range(builder, args[1]) as steps:
            coming.ask(Noted(builder, coming.start, noted), steps.index, args[1])
        return context.get_dummy_value()

    return types.void(frames, types.intp, counts), generate


@njit
def noted(frames, n_steps, counts):
    note(frames, n_steps, counts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_steps", [1, 2, 64, 1000])
@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (48, 64), (7, 39)])
def test_every_whole_line_is_asked_for_once(shape, n_steps, dtype):
    frames = np.zeros(shape, dtype)
    counts = np.zeros(frames.nbytes // LINE + 2, np.int64)
    noted(frames, n_steps, counts)
    assert (counts[: frames.nbytes // LINE] == 1).all()
    assert (counts[frames.nbytes // LINE :] == 0).all()
