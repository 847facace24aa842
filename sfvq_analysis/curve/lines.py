"""`on_lines`: arrays that begin where a line of the cache does.

What a vector reads or writes then lies in one line; in two it takes twice as long. And no two
arrays share one, which two threads would take from each other again and again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike, NDArray

_LINE = 64


def on_lines(*wanted: tuple[int | tuple[int, ...], DTypeLike]) -> Iterator[NDArray[Any]]:
    """Yield arrays of zeros, of the given shapes and types, in one piece of memory.

    Examples
    --------
    >>> rows, numbers = on_lines(((3, 5), np.float32), (7, np.int64))
    >>> rows.shape, numbers.shape, rows.ctypes.data % 64, numbers.ctypes.data % 64
    ((3, 5), (7,), 0, 0)
    """
    shapes = [(shape,) if isinstance(shape, int) else shape for shape, _ in wanted]
    kinds = [np.dtype(kind) for _, kind in wanted]
    sizes = [math.prod(shape) * kind.itemsize for shape, kind in zip(shapes, kinds, strict=True)]
    memory = np.zeros(sum(-(-size // _LINE) for size in sizes) * _LINE + _LINE, np.uint8)
    at = -memory.ctypes.data % _LINE
    for shape, kind, size in zip(shapes, kinds, sizes, strict=True):
        yield memory[at : at + size].view(kind).reshape(shape)
        at += -(-size // _LINE) * _LINE
