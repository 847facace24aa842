"""`take`: the next share of what several threads do, to be compiled by numba.

This module imports numba, which takes a while; import what uses it inside functions.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


def _take(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    taken, step = args
    start = context.make_array(signature.args[0])(context, builder, value=taken).data
    return builder.atomic_rmw("add", start, step, "monotonic")


def _kinds(typing: Any, taken: Any, step: Any) -> Any:
    del typing, step
    return types.int64(taken, types.int64), _take


take: Any = intrinsic(_kinds)
"""Return what is in ``taken`` (1,), int64, and add ``step`` there, in one go for all threads."""
