"""One finished utterance as bytes: a line of JSON, then the arrays of all codes."""

from __future__ import annotations

import json
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.pipeline.indexed import IndexedUtterance
from sfvq_analysis.quantizers import Codes
from sfvq_analysis.timeline import Segment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfvq_analysis.corpus import Utterance

_DTYPES = ("<i4", "<i4", "<f4", "<f4", "<f4")  # of the arrays of `Codes`, four bytes each


def as_row(indexed: IndexedUtterance) -> bytes:
    """Return an utterance as bytes."""
    known = {
        "n_samples": indexed.n_samples,
        "sample_rate": indexed.sample_rate,
        "n_frames": indexed.n_frames,
        "tiers": [
            [name, [[int(start), int(stop), label] for start, stop, label in segments]]
            for name, segments in indexed.tiers.items()
        ],
        "codes": list(indexed.codes),
    }
    arrays = (
        np.asarray(array, dtype=dtype).tobytes()
        for codes in indexed.codes.values()
        for array, dtype in zip(codes, _DTYPES, strict=True)
    )
    return b"".join([json.dumps(known).encode(), b"\n", *arrays])


def from_row(utterance: Utterance, row: bytes) -> IndexedUtterance:
    """Return the utterance that a row is of."""
    line, _, arrays = row.partition(b"\n")
    known: Mapping[str, Any] = json.loads(line)
    each = 4 * known["n_frames"] * len(_DTYPES)
    starts = accumulate([each] * (len(known["codes"]) - 1), initial=0)
    return IndexedUtterance(
        utterance,
        known["n_samples"],
        known["sample_rate"],
        {name: tuple(Segment(*one) for one in segments) for name, segments in known["tiers"]},
        known["n_frames"],
        {
            name: _read_codes(arrays[start : start + each], known["n_frames"])
            for name, start in zip(known["codes"], starts, strict=True)
        },
    )


def _read_codes(data: bytes, n_frames: int) -> Codes:
    size = 4 * n_frames
    return Codes(
        *(
            np.frombuffer(data[at * size : (at + 1) * size], dtype=dtype).astype(dtype[1:])
            for at, dtype in enumerate(_DTYPES)
        )
    )
