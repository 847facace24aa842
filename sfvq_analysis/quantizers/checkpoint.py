"""Reading and writing quantizers; nothing in a file is ever run.

Our own format is one safetensors file: tensors ``codebook`` and ``stage_NNNN``, and a JSON text of
kind, provenance and version in its header, so that a codebook can't part from what is known of it.
The published layouts are read too: a torch file ``{"vector_quantizer": {"codebook": K x dim}}``
(weights only) and ``codebook_{N}bit.npy``.
"""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.files import new_file, read_npy
from sfvq_analysis.quantizers.base import Provenance, Quantizer
from sfvq_analysis.quantizers.plain import PlainVQ
from sfvq_analysis.quantizers.space_filling import SpaceFillingVQ
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

_HEADER = "sfvq_analysis"
_FORMAT = 1
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
    tensors = {"codebook": quantizer.corners()}  # C order: safetensors writes memory as it lies
    if isinstance(quantizer, SpaceFillingVQ):
        tensors |= {f"stage_{len(stage):04d}": stage for stage in quantizer.stages[:-1]}
    known = {
        "format": _FORMAT,
        "version": VERSION,
        "kind": quantizer.kind,
        "provenance": asdict(quantizer.provenance),
    }
    header = {_HEADER: json.dumps(known, sort_keys=True)}
    path = Path(path)
    with new_file(path) as file:
        file.write(save(tensors, metadata=header))
    return path


def load_quantizer(path: Path | str) -> Quantizer:
    """Read a quantizer from our format or a published one.

    Parameters
    ----------
    path
        ``.safetensors``, ``.pt``/``.pth``, or ``.npy``. The published layouts hold curves.

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
    try:
        with safe_open(path, framework="numpy") as file:
            header = (file.metadata() or {}).get(_HEADER)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError) as error:
        raise QuantizerError(f"not a safetensors file ({error})", remedy="restore it") from error
    known = _parsed(header)
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


def _parsed(header: str | None) -> dict[str, Any]:
    try:
        known = json.loads(header or "")
    except ValueError:
        known = None
    if not isinstance(known, dict) or known.get("format") != _FORMAT:
        raise QuantizerError(
            "its header isn't that of a quantizer", remedy="save it with save_quantizer"
        )
    return known


def _provenance(stated: Any) -> Provenance:
    try:
        return Provenance(stated["encoder"], stated["fit"], tuple(stated["log"]))
    except (TypeError, KeyError) as error:
        raise QuantizerError("its provenance is damaged", remedy="restore the file") from error


def _published_codebook(path: Path) -> NDArray[np.float32]:
    try:
        with warnings.catch_warnings(action="ignore"):
            stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged pickles raise almost anything
        raise QuantizerError(
            "not a torch file of weights alone", remedy="files that carry code are never run"
        ) from error
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
