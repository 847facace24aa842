"""`Engine`: what computes the projection; it changes the time taken, not the codes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, get_args

from sfvq_analysis.errors import OptionError, check_option

Kernels = Literal["auto", "numba", "torch", "triton"]
Products = Literal["auto", "octets", "fused", "numpy", "torch", "onednn"]


@dataclass(frozen=True, slots=True)
class Engine:
    """What computes the projection.

    Attributes
    ----------
    kernels
        ``"numba"``: compiled loops on the CPU. ``"torch"``: tensor operations, on the device of the
        frames. ``"triton"``: kernels of a GPU, for tensors that lie there (they have not been run
        on one yet, so they are not chosen by themselves). ``"auto"``: torch for tensors on a GPU
        and where numba is missing, else numba. (`sfvq_analysis.curve.search` and ``devices``.)
    products
        Of frames and corners, under numba's loops: ``"octets"`` (our own, of eight bits, to leave
        few for float64: `sfvq_analysis.curve.octets`), ``"fused"`` (our own, of float32, looked at
        in registers and never stored: `sfvq_analysis.curve.tiles`), ``"numpy"``, ``"torch"`` (its
        `mm`), ``"onednn"`` (torch's other one), or ``"auto"``: the fastest at hand, timed and
        checked once a process.
    threads
        How many blocks of frames are worked on at a time; None: the variable ``OMP_NUM_THREADS``
        where it is set, else as many as there are processors.

    Raises
    ------
    OptionError
        If an option isn't one of these, or `threads` is less than 1.
    """

    kernels: Kernels = "auto"
    products: Products = "auto"
    threads: int | None = None

    def __post_init__(self) -> None:
        check_option("kernels", self.kernels, get_args(Kernels))
        check_option("products", self.products, get_args(Products))
        if self.threads is not None and (not isinstance(self.threads, int) or self.threads < 1):
            raise OptionError(f"threads is {self.threads!r}", remedy="use an integer >= 1, or None")

    @property
    def n_threads(self) -> int:
        """The number of threads that `threads` stands for."""
        if self.threads is not None:
            return self.threads
        stated = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
        if stated.isdecimal() and int(stated) > 0:
            return int(stated)
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
