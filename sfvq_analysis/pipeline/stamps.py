"""What the finished part of an index depends on: when it changes, the part is made anew."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sfvq_analysis.corpus import Utterance
    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.pipeline.options import IndexOptions
    from sfvq_analysis.quantizers import Quantizer

_FORMAT = 1
_ARITHMETIC = ("numpy", "scipy", "torch", "numba", "librosa", "soxr", "soundfile", "transformers")


def run_key(
    encoder: Encoder,
    quantizers: Mapping[str, Quantizer],
    options: IndexOptions,
    *,
    n_threads: int | None = None,
) -> str:
    """Return a digest of all that every utterance's codes depend on.

    That is options, encoder (configuration, device, and files it looks latents up in), codebooks in
    their order, versions of this package and of those that do its arithmetic, and the machine's
    type and number of threads, by default torch's.
    """
    import torch

    return digest(
        {
            "format": _FORMAT,
            "version": VERSION,
            "options": asdict(options),
            "encoder": dict(encoder.config),
            "grid": asdict(encoder.grid),
            "device": str(getattr(encoder, "device", "")),
            "window": getattr(encoder, "window", 0),
            "latents": list(_looked_up_in(encoder)),
            "quantizers": [[name, one.kind, one.digest] for name, one in quantizers.items()],
            "packages": {name: _version(name) for name in _ARITHMETIC},
            "machine": [
                platform.machine(),
                platform.system(),
                n_threads or torch.get_num_threads(),
            ],
        }
    )


def utterance_stamp(utterance: Utterance) -> str:
    """Return a digest of what is read of an utterance: files, by size and time of last change."""
    known = [["audio", utterance.channel, *_file_of(utterance, utterance.audio_path)]]
    known += [
        [tier, repr(source), *_file_of(utterance, source.path)]
        for tier, source in utterance.labels.items()
    ]
    return digest(known)


def _looked_up_in(encoder: Encoder) -> Iterator[list[Any]]:
    """Yield the files that an encoder looks frames up in; hidden ones may be an output's."""
    if not isinstance(encoder, StoredLatents):
        return
    for path in encoder.files():
        yield _file(path)


def _file_of(utterance: Utterance, path: Path) -> list[Any]:
    listed = utterance.listed(path)
    return _file(path) if listed is None else [str(path), *listed]


def _file(path: Path) -> list[Any]:
    try:
        found = path.stat()
    except OSError:  # whoever reads it says so
        return [str(path), None, None]
    return [str(path), found.st_size, found.st_mtime_ns]


@cache  # looked for on disk
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def digest(known: Any) -> str:
    """Return the SHA-256 of a JSON-able value."""
    text = json.dumps(known, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
