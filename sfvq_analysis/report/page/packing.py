"""Data as text that can stand inside a page: JSON that ends no script, arrays as base64."""

from __future__ import annotations

import base64
import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENDS_SCRIPT = {ord(one): f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LEVELS = 65535


def script_json(value: object) -> str:
    r"""Return a value as JSON that is safe between ``<script>`` and ``</script>``.

    Numbers that aren't finite become null. No character that HTML knows is in it, so that nothing
    in a label ends the script, opens a comment or begins an entity.

    Examples
    --------
    >>> print(script_json({"</script>": float("nan")}))
    {"\u003c/script\u003e":null}
    """
    text = json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)
    return text.translate(_ENDS_SCRIPT)


def packed(array: NDArray[Any]) -> dict[str, Any]:
    """Return an array as dtype, shape and little-endian bytes in base64.

    Examples
    --------
    >>> packed(np.array([[1, 2]], dtype=np.uint8))
    {'dtype': 'uint8', 'shape': [1, 2], 'data': 'AQI='}
    """
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    data = base64.b64encode(plain.tobytes()).decode("ascii")
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


def packed_counts(counts: NDArray[np.integer[Any]]) -> dict[str, Any]:
    """Return counts in the smallest of the types that hold them; sparse where most are zero."""
    flat = np.asarray(counts).ravel()
    kind = np.dtype("uint16" if flat.max(initial=0) <= _LEVELS else "int32")
    there = np.flatnonzero(flat)
    if len(there) * (4 + kind.itemsize) >= len(flat) * kind.itemsize:
        return packed(np.asarray(counts).astype(kind))
    return {
        "shape": list(counts.shape),
        "at": packed(there.astype(np.int32)),
        "values": packed(flat[there].astype(kind)),
    }


def quantised(values: NDArray[np.floating[Any]]) -> dict[str, Any]:
    """Return values >= 0 at 65,535 levels of their largest; NaN becomes 0."""
    known = np.nan_to_num(values, nan=0.0)
    scale = float(known.max(initial=0.0)) / _LEVELS or 1.0
    return {**packed(np.rint(known / scale).astype(np.uint16)), "scale": scale}


def storable(text: str) -> str:
    r"""Return a text that UTF-8 and HTML can hold: names of files may have bytes that aren't text.

    Control characters, which HTML forbids, are written as Python would.

    Examples
    --------
    >>> print(storable("a\udcff\x00"))
    a\udcff\x00
    """
    held = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", held)


def _plain(value: Any) -> Any:
    """Return a value of JSON's own types."""
    match value:
        case np.generic() | np.ndarray():
            plain = _plain(value.tolist())
        case float():
            plain = value if math.isfinite(value) else None
        case list() | tuple():
            plain = [_plain(one) for one in value]
        case dict():
            plain = {str(key): _plain(one) for key, one in value.items()}
        case _:
            plain = value
    return plain
