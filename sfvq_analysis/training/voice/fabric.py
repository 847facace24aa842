"""Where a training runs: its device and processes, the precision, and sums in one order."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, get_args

import torch

from sfvq_analysis.errors import OptionError, VoiceError, check_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_fabric import Fabric

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
PRECISIONS: tuple[str, ...] = get_args(Precision)
_HALF_ON_CPU = ".*AMP with fp16 is not supported on CPU"
_LOGGER = "lightning_fabric"
_RAISES = 2  # torch's mode in which an operation without a fixed order is an error


def start_fabric(precision: Precision) -> Fabric:
    """Return Lightning's access to the best device there is, without what it has to say of it.

    Raises
    ------
    OptionError
        If there is no such precision, or the device doesn't have it.
    VoiceError
        If Lightning Fabric isn't installed.
    """
    check_option("precision", precision, PRECISIONS)
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise VoiceError(
            "training needs Lightning Fabric", remedy="pip install 'sfvq-analysis[train]'"
        ) from error
    with _silent():
        fabric = Fabric(precision=precision)
        fabric.launch()
    if precision == "16-mixed" and fabric.device.type == "cpu":
        raise OptionError(
            f"precision is {precision!r}, which CPUs don't have", remedy="use bf16-mixed or 32-true"
        )
    return fabric


@contextmanager
def reproducible(fabric: Fabric) -> Iterator[None]:
    """Give back torch's generators as they were; on the CPU, sum in one order in between.

    A gradient that several latents send to one codeword is else added up by threads in any order.
    The number of threads must still be the same for the same bits.
    """
    device, before = fabric.device, torch.get_deterministic_debug_mode()
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.set_deterministic_debug_mode(_RAISES if device.type == "cpu" else before)
        try:
            yield
        finally:
            torch.set_deterministic_debug_mode(before)


@contextmanager
def _silent() -> Iterator[None]:
    """Hold back what is told of devices and precision, and the warning that we raise ourselves."""
    logger = logging.getLogger(_LOGGER)
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_HALF_ON_CPU)
            yield
    finally:
        logger.setLevel(level)
