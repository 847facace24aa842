"""Reading and writing quantizers; nothing in a file is ever run.

Our own format is one safetensors file: tensors ``codebook`` and ``stage_NNNN``, and a JSON text of
kind, provenance and version in its header, so that a codebook can't part from what is known of it.
The published layouts are read too: a torch file ``{"vector_quantizer": {"codebook": K x dim}}``
(weights only), nested or as the state dict of a model, and ``codebook_{N}bit.npy``: these hold
curves. A public ZeroSpeech model has ``codebook.embedding``, a plain codebook. A torch file of a
tensor, or of ``{"codebook": …}``, doesn't say which of the two it is: the caller must.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import torch

from sfvq_analysis.arrays import array_of, read_npy, read_tensors
from sfvq_analysis.errors import QuantizerError, check_option, in_line, printable, shown
from sfvq_analysis.files import is_file
from sfvq_analysis.quantizers.base import Provenance, Quantizer
from sfvq_analysis.quantizers.codewords import checked_codewords, warn_of
from sfvq_analysis.quantizers.plain import PlainVQ
from sfvq_analysis.quantizers.space_filling import SpaceFillingVQ
from sfvq_analysis.weights import (
    VOICE_MODEL,
    part_of,
    read_safetensors,
    write_safetensors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.weights import Weights

QUANTIZER_PREFIX = "quantizer."
"""Stands before the names of a codebook's tensors in a voice model."""
QuantizerKind = Literal["sfvq", "vq"]
_KINDS: dict[str, type[Quantizer]] = {
    SpaceFillingVQ.kind: SpaceFillingVQ,
    PlainVQ.kind: PlainVQ,
}
_BITS = re.compile(r"codebook_([0-9]+)bit")
_STAGE = re.compile(r"stage_([0-9]{4,9})")
_CURVE, _PLAIN, _BARE = "vector_quantizer.codebook", "codebook.embedding", "codebook"
_DEEPEST = 8


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


def load_quantizer(path: Path | str, kind: QuantizerKind | None = None) -> Quantizer:
    """Read a quantizer from our format or a published one.

    A `sfvq_analysis.quantizers.codewords.CodebookWarning` tells of codewords that repeat others.

    Parameters
    ----------
    path
        ``.safetensors`` (of a voice model, too: then it is its codebook), ``.pt``/``.pth``, or
        ``.npy``.
    kind
        What the file must be: a curve, ``"sfvq"``, or a plain codebook, ``"vq"``. By default what
        it says it is; an ``.npy`` is a curve, as published.

    Raises
    ------
    QuantizerError
        If the file is missing, truncated, carries code, is of another layout or kind, or its
        values aren't a codebook: one codeword, NaN, whole numbers, several rows of zeros, all the
        same.
    OptionError
        If `kind` is none.
    """
    check_option("kind", kind, (None, *_KINDS))
    path = Path(path)
    try:
        if not is_file(path):
            raise _missing(path)
        quantizer = _read(path, kind)
    except QuantizerError as error:
        raise error.at(str(path)) from error
    except MemoryError as error:
        raise QuantizerError(
            "it is too large for the memory", where=str(path), remedy="is it a codebook?"
        ) from error
    except OSError as error:
        raise QuantizerError(
            f"can't be read ({in_line(error.strerror or error)})",
            where=str(path),
            remedy="check the file and the rights to it",
        ) from error
    quantizer.source = str(path)
    warn_of(quantizer.corners(), printable(str(path)))
    return quantizer


def _missing(path: Path) -> QuantizerError:
    if path.suffix == ".npz":
        return _unknown_suffix(path)
    return QuantizerError("no such checkpoint", remedy="check the path")


def _read(path: Path, kind: QuantizerKind | None) -> Quantizer:
    match path.suffix:
        case ".safetensors":
            quantizer = _read_safetensors(path)
        case ".pt" | ".pth":
            return _torch_quantizer(path, kind)
        case ".npy":
            return _KINDS[kind or SpaceFillingVQ.kind](_npy_codebook(path))
        case _:
            raise _unknown_suffix(path)
    if kind not in (None, quantizer.kind):
        raise QuantizerError(
            f"its kind is {quantizer.kind!r}", remedy=f"it can't be read as {kind!r}"
        )
    return quantizer


def _unknown_suffix(path: Path) -> QuantizerError:
    if path.suffix == ".npz":
        return QuantizerError(
            "an .npz may hold many arrays", remedy="store the codebook with numpy.save, as .npy"
        )
    return QuantizerError(
        f"checkpoint has suffix {shown(path.suffix)}", remedy="give .safetensors, .pt or .npy"
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
    codebook = checked_codewords(tensors["codebook"])
    match known.get("kind"):
        case PlainVQ.kind:
            _check_names(tensors, ("codebook",))
            return PlainVQ(codebook, provenance)
        case SpaceFillingVQ.kind:
            return SpaceFillingVQ(codebook, provenance, _stages(tensors))
        case kind:
            raise QuantizerError(f"its kind is {shown(kind)}", remedy="update sfvq_analysis")


def _stages(tensors: Weights) -> list[NDArray[Any]]:
    """Return the smaller curves, smallest first; each is named by how many corners it has."""
    sizes = {name: int(found[1]) for name in tensors if (found := _STAGE.fullmatch(name))}
    _check_names(tensors, ("codebook", *sizes))
    for name, size in sizes.items():
        stage = tensors[name]
        if stage.dtype.kind != "f" or stage.ndim != 2 or len(stage) != size:
            raise QuantizerError(
                f"stages have shapes that don't fit their names, {name} is {stage.dtype} of "
                f"shape {stage.shape}",
                remedy="restore the file",
            )
    return [tensors[name] for name in sorted(sizes, key=sizes.__getitem__)]


def _check_names(tensors: Weights, known: tuple[str, ...]) -> None:
    unknown = sorted(set(tensors) - set(known))
    if unknown:
        raise QuantizerError(
            f"it holds {len(unknown)} tensors that no quantizer has, {shown(unknown[0])} the first",
            remedy="save it with save_quantizer",
        )


def _provenance(stated: Any) -> Provenance:
    wanted = {"encoder": dict, "fit": dict, "log": list}
    if not isinstance(stated, dict) or not all(
        isinstance(stated.get(name), kind) for name, kind in wanted.items()
    ):
        raise QuantizerError("its provenance is damaged", remedy="restore the file")
    return Provenance(stated["encoder"], stated["fit"], tuple(stated["log"]))


def _torch_quantizer(path: Path, kind: QuantizerKind | None) -> Quantizer:
    """Return the only codebook of a torch file, of the kind that its layout or the caller says."""
    stored = read_tensors(path, QuantizerError)
    found = _codebooks(stored)
    if len(found) != 1:
        raise QuantizerError(
            f"it has {'no' if not found else len(found)} vector_quantizer.codebook",
            remedy='the published layout is {"vector_quantizer": {"codebook": K x dim}}',
        )
    ((layout, tensor),) = found
    if _n_named_codebook(stored) > (layout != _PLAIN):
        raise QuantizerError(
            "it has more tensors named codebook", remedy="store the one that is meant alone"
        )
    stated = {_CURVE: SpaceFillingVQ.kind, _PLAIN: PlainVQ.kind}.get(layout, kind)
    if stated is None:
        raise QuantizerError(
            "it doesn't say whether its codebook is a curve",
            remedy='give load_quantizer its kind, "sfvq" or "vq", and save_quantizer the result',
        )
    if kind not in (None, stated):
        raise QuantizerError(f"its kind is {stated!r}", remedy=f"it can't be read as {kind!r}")
    return _KINDS[stated](checked_codewords(array_of(tensor, QuantizerError)))


def _codebooks(stored: Any, prefix: str = "") -> list[tuple[str, torch.Tensor]]:
    """Return the codebooks in a torch file: their layout and the tensors.

    Names of nested dicts are joined by dots, as in a state dict; whatever stands before the name
    of a layout, such as ``model.``, is passed over.
    """
    if isinstance(stored, torch.Tensor):
        name = prefix.removesuffix(".")
        for layout in (_CURVE, _PLAIN):
            if f".{name}".endswith(f".{layout}"):
                return [(layout, stored)]
        return [(_BARE, stored)] if name in ("", _BARE) else []
    if not isinstance(stored, dict) or prefix.count(".") > _DEEPEST:
        return []
    parts = ((name, value) for name, value in stored.items() if isinstance(name, str))
    return [found for name, value in parts for found in _codebooks(value, f"{prefix}{name}.")]


def _n_named_codebook(stored: Any, name: str = "", depth: int = 0) -> int:
    """Return how many tensors of a torch file are named codebook, wherever they are."""
    if isinstance(stored, torch.Tensor):
        return int(f".{name}".endswith(f".{_BARE}") or not depth)
    if not isinstance(stored, dict) or depth > _DEEPEST:
        return 0
    parts = ((name, value) for name, value in stored.items() if isinstance(name, str))
    return sum(_n_named_codebook(value, name, depth + 1) for name, value in parts)


def _npy_codebook(path: Path) -> NDArray[np.float32]:
    codebook = checked_codewords(read_npy(path, QuantizerError))
    stated = _BITS.fullmatch(path.stem)
    if stated and stated[1].lstrip("0") != f"{math.log2(len(codebook)):g}":
        raise QuantizerError(
            f"its name says {stated[1][:20]} bits, it has {len(codebook)} codewords",
            remedy="rename it",
        )
    return codebook
