"""The weights of a model's folder, given to its net after every name, shape and value is checked.

``model.safetensors``, else ``pytorch_model.bin`` (weights alone: nothing in it is run), each whole
or in parts with an index. The net gets exactly its own weights: one that the file lacks is never
drawn at random, and one that the net doesn't know is refused unless it belongs to a head.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sfvq_analysis.encoders.huggingface.families import HEADS
from sfvq_analysis.encoders.huggingface.json_files import read_json
from sfvq_analysis.errors import EncoderError, shown, told
from sfvq_analysis.files import is_file
from sfvq_analysis.weights import BATCH_COUNTER, is_dense, read_torch_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from sfvq_analysis.encoders.huggingface.families import Family

Stored = dict[str, "Callable[[], Tensor]"]
"""What reads each weight, by the names in the file."""

_WHOLE = ("model.safetensors", "pytorch_model.bin")
_MOST_PARTS = 1000
_OLD_NAMES = {  # of weight normalisation, before torch 2
    ".weight_g": ".parametrizations.weight.original0",
    ".weight_v": ".parametrizations.weight.original1",
}


def read_weights(net: nn.Module, folder: Path, family: Family) -> None:
    """Give a net the weights of a folder, as float32.

    Parameters
    ----------
    net
        On torch's ``meta`` device.
    folder
        Of the model.
    family
        Tells what may stand before the names of the net's weights.

    Raises
    ------
    EncoderError
        If there are no weights or they aren't readable, one is missing, unknown, of another shape,
        no float or not finite.
    """
    path = _weight_file(folder)
    try:
        _give(net, _stored(path), family)
    except EncoderError as error:
        raise error.at(str(path)) from error


def copy_weights(net: nn.Module, state: Mapping[str, Tensor], family: Family) -> None:
    """Give a net a copy of weights that are in memory, checked like those of a folder."""
    _give(net, {name: partial(_same, tensor) for name, tensor in state.items()}, family)


def _give(net: nn.Module, stored: Stored, family: Family) -> None:
    import torch

    wanted = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    own = _own(stored, wanted, family)
    state = {
        name: torch.zeros(shape, dtype=torch.int64)
        if name.endswith(BATCH_COUNTER)
        else _checked(name, own.get(name), shape)
        for name, shape in wanted.items()
    }
    net.load_state_dict(state, assign=True)


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _weight_file(folder: Path) -> Path:
    for name in _WHOLE:
        for path in (folder / name, folder / f"{name}.index.json"):
            if is_file(path):
                return path
    raise EncoderError(
        "folder holds no weights",
        where=str(folder),
        remedy="it should hold model.safetensors or pytorch_model.bin",
    )


def _stored(path: Path) -> Stored:
    match path.suffix:
        case ".safetensors":
            return _stored_safetensors(path)
        case ".bin":
            return _stored_torch(path)
        case _:
            return _stored_parts(path)


def _stored_parts(index: Path) -> Stored:
    """Return what reads the weights that an index says are in several files beside it."""
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise EncoderError("index has no weight_map", remedy="restore it")
    names = set(map(repr, places.values()))
    files = {part for part in places.values() if isinstance(part, str)}
    if len(files) != len(names) or len(files) > _MOST_PARTS:
        raise EncoderError("weight_map names no files, or too many", remedy="restore it")
    stored: Stored = {}
    for file in sorted(files):
        stored |= _stored_part(index.parent, file)
    lost = next((name for name in places if name not in stored), None)
    if lost is not None:
        raise EncoderError(f"no part holds {shown(lost)}", remedy="restore the parts")
    return stored


def _stored_part(folder: Path, file: str) -> Stored:
    plain = file.endswith((".safetensors", ".bin")) and not set(file) & set("/\\\0")
    if not plain or not is_file(folder / file):
        raise EncoderError(f"part {shown(file)} is missing", remedy="restore it")
    try:
        return _stored(folder / file)
    except EncoderError as error:
        raise error.at(file) from error


def _stored_safetensors(path: Path) -> Stored:
    from safetensors import SafetensorError, safe_open

    def reader(name: str) -> Callable[[], Tensor]:
        def read() -> Tensor:
            try:
                tensor: Tensor = file.get_tensor(name)
            except (SafetensorError, RuntimeError, OSError) as error:
                raise EncoderError(f"{name} can't be read ({told(error)})") from error
            return tensor

        return read

    try:
        file: Any = safe_open(path, framework="pt")
        return {name: reader(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError, RuntimeError) as error:
        raise EncoderError(
            f"not a safetensors file ({told(error)})", remedy="restore it"
        ) from error


def _stored_torch(path: Path) -> Stored:
    import torch

    state = read_torch_weights(path, EncoderError)
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise EncoderError("file holds no state dict", remedy="store the state dict of the model")
    tensors = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    plain = all(map(is_dense, tensors.values()))
    # views of one small storage could otherwise stand for more than any memory holds
    claimed = sum(t.numel() * t.element_size() for t in tensors.values()) if plain else 0
    if not plain or claimed > 2 * path.stat().st_size:  # twice: some weights are tied
        raise EncoderError(
            "file holds other than plain tensors", remedy="store the state dict of the model"
        )
    return {name: partial(_same, tensor) for name, tensor in tensors.items()}


def _own(stored: Stored, wanted: Iterable[str], family: Family) -> Stored:
    """Return the net's own weights of a file by the net's names; those of heads are left out."""
    prefix = _prefix(stored, family)
    known = set(wanted)
    own: Stored = {}
    for name, read in stored.items():
        if not name.startswith(prefix):
            continue  # of a head, around the net
        plain = _of_today(name.removeprefix(prefix))
        if plain in known and plain not in own:
            own[plain] = read
        elif not plain.startswith(HEADS) and not plain.endswith(BATCH_COUNTER):
            raise EncoderError(
                f"weight {shown(name)} isn't of this net",
                remedy="config.json and weights should be of one model",
            )
    return own


def _prefix(stored: Stored, family: Family) -> str:
    found = [prefix for prefix in family.prefixes if f"{prefix}{family.first}" in stored]
    if len(found) != 1:
        raise EncoderError(
            f"weight {family.first} is there {len(found)} times",
            remedy="config.json and weights should be of one model",
        )
    return found[0]


def _of_today(name: str) -> str:
    for old, new in _OLD_NAMES.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _checked(name: str, read: Callable[[], Tensor] | None, shape: tuple[int, ...]) -> Tensor:
    """Return one weight as float32 in memory of its own, or say what is wrong with it."""
    import torch

    if read is None:
        raise EncoderError(
            f"weight {name} is missing", remedy="no layer is ever left random: restore the weights"
        )
    tensor = read()
    if tuple(tensor.shape) != shape:
        raise EncoderError(
            f"weight {name} has shape {tuple(tensor.shape)}, config.json says {shape}",
            remedy="config.json and weights should be of one model",
        )
    if not tensor.is_floating_point():
        raise EncoderError(
            f"weight {name} is {tensor.dtype}", remedy="give a model that isn't quantised"
        )
    weight = tensor.detach().to("cpu", torch.float32, copy=True).contiguous()
    if not weight.isfinite().all():
        raise EncoderError(f"weight {name} holds NaN or infinity", remedy="restore the weights")
    return weight
