"""Reading and writing quantizers; nothing in a file is ever run.

Our own format is one safetensors file: tensors ``codebook`` and ``stage_NNNN``, and a JSON text of
kind, provenance and version in its header, so that a codebook can't part from what is known of it.
The published layouts are read too: a torch file ``{"vector_quantizer": {"codebook": K x dim}}``
(weights only) and ``codebook_{N}bit.npy``.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.files import read_npy
from sfvq_analysis.quantizers.base import Provenance, Quantizer
from sfvq_analysis.quantizers.plain import PlainVQ
from sfvq_analysis.quantizers.space_filling import SpaceFillingVQ
from sfvq_analysis.weights import (
    VOICE_MODEL,
    part_of,
    read_safetensors,
    read_torch_weights,
    write_safetensors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.weights import Weights

QUANTIZER_PREFIX = "quantizer."
"""Stands before the names of a codebook's tensors in a voice model."""
_BITS = re.compile(r"codebook_([0-9]+)bit")


def save_quantizer(quantizer: Quantizer, path: Path | str) -> Path:
    """Write a quantizer to a safetensors file, whole or not at all.

    Parameters
    ----------
    quantizer
        A `SpaceFillingVQ` or `PlainVQ`.
    path
        Its name should end in ``.safetensors``.
    """
    path = Path(path)
    write_safetensors(path, *quantizer_parts(quantizer))
    return path


def quantizer_parts(quantizer: Quantizer) -> tuple[Weights, dict[str, Any]]:
    """Return what a file holds of a quantizer: its tensors, and what is known of it."""
    tensors = {"codebook": quantizer.corners()}
    if isinstance(quantizer, SpaceFillingVQ):
        tensors |= {f"stage_{len(stage):04d}": stage for stage in quantizer.stages[:-1]}
    return tensors, {"kind": quantizer.kind, "provenance": asdict(quantizer.provenance)}


def load_quantizer(path: Path | str) -> Quantizer:
    """Read a quantizer from our format or a published one.

    Parameters
    ----------
    path
        ``.safetensors`` (of a voice model, too: then it is its codebook), ``.pt``/``.pth``, or
        ``.npy``. The published layouts hold curves.

    Raises
    ------
    QuantizerError
        If the file is missing, truncated, of another layout, or its values aren't a codebook.
    """
    path = Path(path)
    if not path.is_file():
        raise QuantizerError("no such checkpoint", where=str(path), remedy="check the path")
    try:
        quantizer = _read(path)
    except QuantizerError as error:
        raise error.at(str(path)) from error
    quantizer.source = str(path)
    return quantizer


def _read(path: Path) -> Quantizer:
    match path.suffix:
        case ".safetensors":
            return _read_safetensors(path)
        case ".pt" | ".pth":
            return SpaceFillingVQ(_published_codebook(path))
        case ".npy":
            return SpaceFillingVQ(_npy_codebook(path))
        case suffix:
            raise QuantizerError(
                f"checkpoint has suffix {suffix!r}", remedy="give .safetensors, .pt or .npy"
            )


def _read_safetensors(path: Path) -> Quantizer:
    known, tensors = read_safetensors(path, QuantizerError)
    if known.get("kind") == VOICE_MODEL:
        return quantizer_from(part_of(tensors, QUANTIZER_PREFIX), known.get("quantizer") or {})
    if not known:
        raise QuantizerError(
            "its header isn't that of a quantizer", remedy="save it with save_quantizer"
        )
    return quantizer_from(tensors, known)


def quantizer_from(tensors: Weights, known: Mapping[str, Any]) -> Quantizer:
    """Return the quantizer that `quantizer_parts` took apart.

    Raises
    ------
    QuantizerError
        If the parts aren't those of one.
    """
    if "codebook" not in tensors:
        raise QuantizerError("it holds no tensor 'codebook'", remedy="save it with save_quantizer")
    provenance = _provenance(known.get("provenance"))
    match known.get("kind"):
        case PlainVQ.kind:
            return PlainVQ(tensors["codebook"], provenance)
        case SpaceFillingVQ.kind:
            stages = [tensors[name] for name in sorted(tensors) if name.startswith("stage_")]
            return SpaceFillingVQ(tensors["codebook"], provenance, stages)
        case kind:
            raise QuantizerError(f"its kind is {kind!r}", remedy="update sfvq_analysis")


def _provenance(stated: Any) -> Provenance:
    wanted = {"encoder": dict, "fit": dict, "log": list}
    if not isinstance(stated, dict) or not all(
        isinstance(stated.get(name), kind) for name, kind in wanted.items()
    ):
        raise QuantizerError("its provenance is damaged", remedy="restore the file")
    return Provenance(stated["encoder"], stated["fit"], tuple(stated["log"]))


def _published_codebook(path: Path) -> NDArray[np.float32]:
    stored = read_torch_weights(path, QuantizerError)
    inner = stored.get("vector_quantizer") if isinstance(stored, dict) else None
    codebook = inner.get("codebook") if isinstance(inner, dict) else None
    if not isinstance(codebook, torch.Tensor):
        raise QuantizerError(
            "it has no vector_quantizer.codebook",
            remedy='the published layout is {"vector_quantizer": {"codebook": K x dim}}',
        )
    return codebook.detach().float().numpy()


def _npy_codebook(path: Path) -> NDArray[np.float32]:
    codebook = read_npy(path, QuantizerError)
    stated = _BITS.fullmatch(path.stem)
    if codebook.dtype.kind != "f" or codebook.ndim != 2:
        raise QuantizerError(
            f"it holds {codebook.dtype} of shape {codebook.shape}", remedy="store floats (K, dim)"
        )
    if stated and len(codebook) != 2 ** int(stated[1]):
        raise QuantizerError(
            f"its name says {stated[1]} bits, it has {len(codebook)} codewords", remedy="rename it"
        )
    return codebook.astype(np.float32)
