"""Matrix products of one block, by the fastest library at hand.

Which library is fastest depends on the processor: torch's `mm` (MKL) is on some, oneDNN or NumPy's
OpenBLAS on others, by a factor of up to two. They are timed once a process on a block of typical
size, those that fail or are wrong are left out, and the fastest is used. torch is asked only where
it is loaded already. Which one it is never shows in the codes: what float32 leaves in doubt is
decided in float64 (`sfvq_analysis.curve.projection`).
"""

from __future__ import annotations

import functools
import time
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from functools import partial
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.curve.checks import loaded_torch
from sfvq_analysis.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.curve.engine import Products

    Matrix = NDArray[np.float32]
    Product = Callable[[Matrix, Matrix, Matrix], Matrix]

_TEST_SHAPE = 256, 64, 1024  # K, D, B
_TEST_RUNS = 5


def product(name: Products) -> Product:
    """Return a function of a (K, dim), b (B, dim) and scratch (K, B): a b^T, in the scratch or not.

    While the precision of torch's float32 products is lowered, it is NumPy's, whatever is named.

    Raises
    ------
    OptionError
        If a library is named that isn't at hand.
    """
    torch = loaded_torch()
    full = torch is None or float32_precision(torch) == "highest"
    if name == "auto":
        return _fastest(with_torch=torch is not None and full)
    at_hand = _candidates(with_torch=name != "numpy")
    if name not in at_hand:
        raise OptionError(
            f"products is {name!r}, which isn't at hand", remedy=f"use one of {sorted(at_hand)}"
        )
    return at_hand[name if full else "numpy"]


def float32_precision(torch: Any) -> str:
    """Return the precision of torch's float32 products: "highest", "high" or "medium".

    "medium" where it was set by another of torch's interfaces, of which this one can't tell.
    """
    try:
        precision: str = torch.get_float32_matmul_precision()
    except RuntimeError:
        return "medium"
    return precision


def trial_matrices() -> tuple[Matrix, Matrix]:
    """Return 256 corners and 1024 frames of 64 dimensions, to time and check what multiplies."""
    rng = np.random.default_rng(0)
    n_rows, dim, n_frames = _TEST_SHAPE
    a, b = (rng.standard_normal((n, dim), dtype=np.float32) for n in (n_rows, n_frames))
    return a, b


def least_seconds(*runs: Callable[[], object]) -> list[float]:
    """Return the time of the fastest of a few runs of each, in turn: others disturb all alike."""
    rounds = [[_seconds(run) for run in runs] for _ in range(_TEST_RUNS)]
    return [min(seconds) for seconds in zip(*rounds, strict=True)]


@functools.cache
def _fastest(*, with_torch: bool) -> Product:
    a, b = trial_matrices()
    right = _right_ones(_candidates(with_torch=with_torch).values()) or [_by_numpy]
    with one_thread_each():
        scratch = np.empty((len(a), len(b)), dtype=np.float32)
        seconds = least_seconds(*(partial(multiply, a, b, scratch) for multiply in right))
    return right[seconds.index(min(seconds))]


def _right_ones(candidates: Iterable[Product]) -> list[Product]:
    a, b = trial_matrices()
    wanted, right = a.astype(np.float64) @ b.T.astype(np.float64), []
    with one_thread_each():
        for multiply in candidates:
            scratch = np.full(wanted.shape, np.nan, dtype=np.float32)
            with suppress(RuntimeError, NotImplementedError):  # of torch, for an op it lacks
                if np.allclose(multiply(a, b, scratch), wanted, rtol=0, atol=1e-4):
                    right.append(multiply)
    return right


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _candidates(*, with_torch: bool) -> Mapping[str, Product]:
    found: dict[str, Product] = {"numpy": _by_numpy}
    if with_torch:
        import torch

        found["torch"] = _by_torch
        if hasattr(torch.ops.mkldnn, "_linear_pointwise"):
            found["onednn"] = _by_onednn
    return found


def _by_numpy(a: Matrix, b: Matrix, scratch: Matrix) -> Matrix:
    return np.matmul(a, b.T, out=scratch)


def _by_torch(a: Matrix, b: Matrix, scratch: Matrix) -> Matrix:
    import torch

    torch.mm(torch.from_numpy(a), torch.from_numpy(b).T, out=torch.from_numpy(scratch))
    return scratch


def _by_onednn(a: Matrix, b: Matrix, scratch: Matrix) -> Matrix:  # noqa: ARG001 -- it makes its own
    import torch

    linear = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 -- no public name gives oneDNN's
    made: Matrix = linear(torch.from_numpy(a), torch.from_numpy(b), None, "none", [], "").numpy()
    return made


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let every product run in the thread that asks for it; what was set comes back afterwards.

    Threads that are started inside call `one_thread_here` first. Several threads may be inside at a
    time, and one of them several times.
    """
    torch = loaded_torch()
    with _one_blas_thread(), _one_torch_thread(torch) if torch else nullcontext():
        yield


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Let NumPy's products run in the thread that asks for them.

    What was set before the first thread came in comes back when the last has left.
    """
    with _HELD.lock:
        if _HELD.count == 0:
            _HELD.blas.enter_context(_blas().limit(limits=1))
        _HELD.count += 1
    try:
        yield
    finally:
        with _HELD.lock:
            _HELD.count -= 1
            if _HELD.count == 0:
                _HELD.blas.close()


@contextmanager
def _one_torch_thread(torch: Any) -> Iterator[None]:
    """Hold torch, whose number is each thread's own, but given to new ones by who set it last."""
    here = get_ident()
    if here in _HELD.inside:
        yield
        return
    mine = torch.get_num_threads()
    with _HELD.lock:
        if not _HELD.inside:
            _HELD.torch_threads = mine
        elif mine == 1:  # as a rule it began when another had come in
            mine = _HELD.torch_threads
        _HELD.inside.add(here)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _HELD.lock:
            _HELD.inside.remove(here)
            torch.set_num_threads(mine)


class _Held:
    """What the numbers of threads were before they were held at one; they are the process's."""

    def __init__(self) -> None:
        self.lock, self.count, self.blas = Lock(), 0, ExitStack()
        self.inside: set[int] = set()
        self.torch_threads = 1


_HELD = _Held()


def one_thread_here() -> None:
    """Keep torch to one thread in the calling thread; OpenMP keeps the number for each apart."""
    torch = loaded_torch()
    if torch:
        torch.set_num_threads(1)


@functools.cache
def _blas() -> Any:
    """Return what sets threads of the BLAS libraries loaded by now, NumPy's among them.

    One that is loaded later isn't held: no product is asked of it, and to look for it every time
    would take as long as projecting a few hundred frames.
    """
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
