"""What all shards of an index have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

import numpy as np

from sfvq_analysis.pipeline.stamps import run_key
from sfvq_analysis.scale.locking import WORK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.pipeline import IndexOptions
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.stores import Store

    EncoderSource = Encoder | Callable[[], Encoder]


@dataclass(frozen=True, eq=False)
class IndexJob:
    """What all shards of an index have in common; it is sent to every worker once.

    Attributes
    ----------
    encoder
        The encoder, or what makes it: then every worker loads its own, once.
    quantizers
        By name.
    options
        As in `sfvq_analysis.pipeline.index_table`.
    inventory
        What the labels of the whole corpus mean.
    store
        Where the dataset is written.
    key
        Digest of encoder, codebooks and options; workers have one thread.
    """

    encoder: EncoderSource
    quantizers: Mapping[str, Quantizer]
    options: IndexOptions
    inventory: PhoneInventory
    store: Store
    key: str

    def loaded(self) -> Encoder:
        """Return the encoder, loaded once by each worker that has the job, and ready to work."""
        return once_a_worker(self, self._made)

    def _made(self) -> Encoder:
        encoder = made_encoder(self.encoder)
        for quantizer in self.quantizers.values():  # what is compiled or loaded late, is now
            quantizer.encode(np.zeros((1, quantizer.dim), np.float32), mode=self.options.mode)
        return encoder

    def work_folder(self) -> Path:
        """Return where unfinished shards are kept: in the dataset's folder, else on this machine.

        Where the dataset is in an object store, the work on a shard is lost with its machine.
        """
        folder = self.store.folder
        if folder is not None:
            return folder / WORK
        return Path(gettempdir()) / f"sfvq-{self.key[:32]}"


_LOADED: WeakKeyDictionary[object, Encoder] = WeakKeyDictionary()
"""Apart from the jobs, which workers hand to each other without it."""


def once_a_worker(job: object, made: Callable[[], Encoder]) -> Encoder:
    """Return a job's encoder, made by the first call on each worker that has the job."""
    if job not in _LOADED:
        _LOADED[job] = made()
    return _LOADED[job]


def made_encoder(source: EncoderSource) -> Encoder:
    """Return an encoder, or what a function or a class that was given makes."""
    if isinstance(source, type) or not hasattr(source, "encode"):
        return cast("Callable[[], Encoder]", source)()
    return cast("Encoder", source)


def job_key(encoder: Encoder, quantizers: Mapping[str, Quantizer], options: IndexOptions) -> str:
    """Return the digest of all that codes depend on, on workers of one thread each."""
    return run_key(encoder, quantizers, options, n_threads=1)
