"""Weights on disk: safetensors with a header of ours, and torch files of weights alone.

Nothing in a file is ever run. Our files hold, under ``"sfvq_analysis"`` in the safetensors header,
a JSON text with a format number and the version that wrote it beside whatever else is known of the
weights, so that the two can't part. Torch and safetensors are loaded when they are needed.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.errors import shown
from sfvq_analysis.files import new_file
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from sfvq_analysis.errors import SfvqError

Weights = dict[str, "NDArray[Any]"]
"""Arrays by name, as in a torch state dict."""

VOICE_MODEL = "voice_model"
"""The kind that the header of a voice model states: a file with parts of several kinds."""
_HEADER = "sfvq_analysis"
_FORMAT = 1
_DTYPES = frozenset(
    ("BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64")
)
"""Those of safetensors that are read; others, such as floats of 8 bits, are refused."""
BATCH_COUNTER = "num_batches_tracked"
"""What BatchNorm counts while it trains; it changes no output."""


def read_safetensors(path: Path, refusal: type[SfvqError]) -> tuple[dict[str, Any], Weights]:
    """Read a safetensors file.

    Parameters
    ----------
    path
        The file.
    refusal
        Kind of the error that is raised if it isn't one.

    Returns
    -------
    header : dict
        What `write_safetensors` was told, with ``"format"`` and ``"version"``; empty if the file
        has no header of ours or one of another format.
    tensors : dict of arrays

    Raises
    ------
    refusal
        If it is no safetensors file, or a tensor is of another dtype or holds NaN or infinity.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(_HEADER)
            _check_dtypes(file, refusal)
            tensors = {name: _stored(file, path, name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError) as error:
        raise refusal(f"not a safetensors file ({error})", remedy="restore it") from error
    for name, array in tensors.items():
        check_finite(name, array, refusal)
    return _parsed(text), tensors


def _check_dtypes(file: Any, refusal: type[SfvqError]) -> None:
    for name in file.keys():  # noqa: SIM118
        dtype = file.get_slice(name).get_dtype()
        if dtype not in _DTYPES:
            raise refusal(f"{shown(name)} holds {dtype}", remedy="store it as float32 (F32)")


def _stored(file: Any, path: Path, name: str) -> NDArray[Any]:
    """Return a tensor of an open safetensors file; bfloat16, which NumPy lacks, as float32."""
    from safetensors import safe_open

    try:
        array: NDArray[Any] = file.get_tensor(name)
    except TypeError:
        with safe_open(path, framework="pt") as wide:
            array = wide.get_tensor(name).float().numpy().copy()
    return array


def write_safetensors(
    path: Path, tensors: Mapping[str, NDArray[Any]], known: Mapping[str, Any]
) -> None:
    """Write arrays and what is known of them to a safetensors file, whole or not at all.

    Parameters
    ----------
    path
        Its name should end in ``.safetensors``; folders are made as needed.
    tensors
        Arrays by name.
    known
        JSON-able; ``"format"`` and ``"version"`` are added.
    """
    from safetensors.numpy import save

    header = {_HEADER: json.dumps({"format": _FORMAT, "version": VERSION, **known}, sort_keys=True)}
    # C order: safetensors writes memory as it lies
    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    with new_file(path) as file:
        file.write(save(arrays, metadata=header))


def read_torch_weights(path: Path, refusal: type[SfvqError]) -> Any:
    """Read a torch file that holds tensors, numbers, texts and containers of them, nothing else.

    Parameters
    ----------
    path
        The file, of the zip or the older format.
    refusal
        Kind of the error that is raised if it isn't one, or if it carries code.
    """
    import torch

    try:
        with warnings.catch_warnings(action="ignore"):
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged pickles raise almost anything
        raise refusal(
            "not a torch file of weights alone", remedy="files that carry code are never run"
        ) from error


def as_weights(state: Mapping[str, Any], refusal: type[SfvqError]) -> Weights:
    """Return a torch state dict as arrays; floats of any width become float32.

    Raises
    ------
    refusal
        If a value isn't a plain tensor, or one holds NaN or infinity.
    """
    import torch

    weights: Weights = {}
    for name, tensor in state.items():
        if not isinstance(name, str):
            raise refusal(f"{name!r} names a weight", remedy="store the state dict of the net")
        if not isinstance(tensor, torch.Tensor) or not is_dense(tensor) or tensor.is_complex():
            raise refusal(f"{name} isn't a plain tensor", remedy="store the state dict of the net")
        real = tensor.detach().float() if tensor.is_floating_point() else tensor.detach()
        weights[name] = real.cpu().numpy()
        check_finite(name, weights[name], refusal)
    return weights


def load_weights(net: nn.Module, weights: Mapping[str, Any], refusal: type[SfvqError]) -> None:
    """Give a net its weights, after every name and shape is checked.

    Parameters
    ----------
    net
        May be on torch's ``meta`` device, so that no weight is drawn only to be replaced.
    weights
        Arrays or tensors by the names of the net's state dict. BatchNorm's ``num_batches_tracked``
        may be missing.
    refusal
        Kind of the error that is raised if they aren't the net's.
    """
    import torch

    wanted = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    for name in weights:
        if name not in wanted:
            raise refusal(f"{name} isn't a weight of this net", remedy="give another checkpoint")
    state: dict[str, Tensor] = {}
    for name, shape in wanted.items():
        if name not in weights and name.endswith(BATCH_COUNTER):
            state[name] = torch.zeros(shape, dtype=torch.int64)
            continue
        kind = np.int64 if name.endswith(BATCH_COUNTER) else np.float32
        array = _checked(name, weights.get(name), shape, refusal)
        state[name] = torch.from_numpy(array.astype(kind, order="C"))  # a copy
    net.load_state_dict(state, assign=True)


def weights_digest(state: Mapping[str, Tensor]) -> str:
    """Return 16 hexadecimal digits over the names, shapes and float32 bytes of a state dict.

    BatchNorm's count of batches isn't a weight: it changes nothing.
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        if not name.endswith(BATCH_COUNTER):
            array = np.ascontiguousarray(state[name].detach().cpu().float().numpy(), dtype="<f4")
            digest.update(f"{name}:{array.shape}:".encode())
            digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def part_of(weights: Mapping[str, NDArray[Any]], prefix: str) -> Weights:
    """Return the arrays whose names begin so, without the prefix."""
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def is_dense(tensor: Tensor) -> bool:
    """Tell whether a tensor is a plain array of numbers: not sparse, quantized or empty-handed."""
    import torch

    return tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_meta


def check_finite(name: str, array: NDArray[Any], refusal: type[SfvqError]) -> None:
    """Raise a refusal that names the tensor if floats of it are NaN or infinite."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise refusal(f"{name} holds NaN or infinity", remedy="restore the file")


def _parsed(text: str | None) -> dict[str, Any]:
    try:
        known = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) and known.get("format") == _FORMAT else {}


def _checked(
    name: str, value: Any, shape: tuple[int, ...], refusal: type[SfvqError]
) -> NDArray[Any]:
    """Return one weight as an array, or say what is wrong with it."""
    if value is None:
        raise refusal(f"{name} is missing", remedy=f"it should have shape {shape}")
    if tuple(value.shape) != shape:
        raise refusal(
            f"{name} has shape {tuple(value.shape)}", remedy=f"this net needs {shape} there"
        )
    array: NDArray[Any] = (
        value if isinstance(value, np.ndarray) else value.detach().cpu().float().numpy()
    )
    check_finite(name, array, refusal)
    return array
