"""`index_dataset`: a corpus becomes a dataset of indices, shard by shard, on a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, overload

from sfvq_analysis.errors import OptionError
from sfvq_analysis.pipeline.indexing import check_match
from sfvq_analysis.pipeline.options import IndexOptions
from sfvq_analysis.quantizers.foreign import as_quantizer
from sfvq_analysis.scale.clusters import check_resources
from sfvq_analysis.scale.finishing import finish_dataset, kept_lines
from sfvq_analysis.scale.job import IndexJob, job_key, made_encoder
from sfvq_analysis.scale.locking import alone_in
from sfvq_analysis.scale.plan import corpus_stamps, plan_key
from sfvq_analysis.scale.planning import Asked, planned
from sfvq_analysis.scale.running import run_shards
from sfvq_analysis.stores import Store
from sfvq_analysis.tables import IndexDataset, open_dataset

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.scale.job import EncoderSource


@overload
def index_dataset(
    corpus: Corpus,
    encoder: EncoderSource,
    quantizers: Quantizer,
    out: Path | str,
    options: IndexOptions = ...,
    *,
    client: Any,
    shard_hours: float | None = ...,
    overwrite: bool = ...,
    resources: Mapping[str, float] | None = ...,
    progress: bool = ...,
) -> IndexDataset: ...
@overload
def index_dataset(
    corpus: Corpus,
    encoder: EncoderSource,
    quantizers: Mapping[str, Quantizer],
    out: Path | str,
    options: IndexOptions = ...,
    *,
    client: Any,
    shard_hours: float | None = ...,
    overwrite: bool = ...,
    resources: Mapping[str, float] | None = ...,
    progress: bool = ...,
) -> dict[str, IndexDataset]: ...
def index_dataset(  # noqa: PLR0913  (what `index_table` takes, and where and how it is done)
    corpus: Corpus,
    encoder: EncoderSource,
    quantizers: Quantizer | Mapping[str, Quantizer],
    out: Path | str,
    options: IndexOptions = IndexOptions(),
    *,
    client: Any,
    shard_hours: float | None = None,
    overwrite: bool = False,
    resources: Mapping[str, float] | None = None,
    progress: bool = False,
) -> IndexDataset | dict[str, IndexDataset]:
    """Turn a corpus into indices aligned with its labels, on a cluster, as a dataset on disk.

    Its rows are those of `sfvq_analysis.pipeline.index_table`, to the bit on one type of machine.
    Whatever is finished stays: after a kill or an error the same call makes what is missing, and
    after a change of some audio or label files the shards they are in.

    Parameters
    ----------
    corpus
        Audio and labels, at paths that every worker sees.
    encoder
        Gives the frames; or a function without arguments that makes it, which every worker calls
        once (a large model needn't travel then).
    quantizers
        One quantizer, or several by name: then one dataset each, in folders of these names.
    out
        Folder or URL that every worker sees.
    options
        As in `sfvq_analysis.pipeline.index_table`.
    client
        A `distributed.Client`, such as `connected` gives.
    shard_hours
        How much audio a shard holds, about; by default a 64th of the corpus, but a quarter of an
        hour to an hour.
    overwrite
        Whether an index of something else that is there may be replaced.
    resources
        What a worker needs for a shard, such as ``{"GPU": 1}`` (Dask's resources).
    progress
        Whether to show a progress bar of hours of audio.

    Returns
    -------
    IndexDataset or dict of them
        One for one quantizer, else one a name.

    Raises
    ------
    ScaleError
        If `out` holds an index of something else, another process writes there, or workers die
        whatever is done.
    SfvqError
        As `sfvq_analysis.pipeline.index_table`; shards that are at work are finished first.

    Examples
    --------
    >>> from functools import partial
    >>> from tempfile import TemporaryDirectory
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, load_encoder
    >>> from sfvq_analysis.scale import connected
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> with TemporaryDirectory() as folder, connected(workers=1) as client:
    ...     encoder = partial(load_encoder, "vqvae")
    ...     found = index_dataset(
    ...         corpus, encoder, demo_quantizers()["sfvq"], folder, client=client
    ...     )
    ...     found
    IndexDataset(1 shards, 6 utterances, 802 frames, codebook_size=256)
    """
    given = quantizers if isinstance(quantizers, Mapping) else {"": quantizers}
    if not given:
        raise OptionError("no quantizer is given", remedy="give one, or several by name")
    if shard_hours is not None and not 0 < shard_hours < float("inf"):
        raise OptionError(f"shard_hours is {shard_hours!r}", remedy="use a positive number")
    named = {name: as_quantizer(one) for name, one in given.items()}
    loaded = made_encoder(encoder)
    for name, quantizer in named.items():
        check_match(name, quantizer, loaded, allow_mismatch=options.allow_mismatch)
    check_resources(client, resources or {})
    store = Store.at(out)
    stores = {name: store.child(name) if name else store for name in named}
    with alone_in(store):
        key, stamps = job_key(loaded, named, options), corpus_stamps(corpus)
        target = None if shard_hours is None else shard_hours * 3600
        plan = planned(
            store,
            Asked(key, plan_key(key, corpus, stamps, target), tuple(named), target),
            corpus,
            options,
            client,
            overwrite=overwrite,
        )
        shards = plan.shards(corpus, stamps)
        lines = kept_lines(store, stores.values(), shards)
        job = IndexJob(encoder, named, options, plan.inventory, store, key)
        lines |= run_shards(
            client,
            job,
            shards,
            done=lines.keys(),
            resources=resources,
            progress=progress,
        )
        for one in stores.values():
            finish_dataset(one, corpus, [lines[shard.number] for shard in shards])
    found = {name: open_dataset(one) for name, one in stores.items()}
    return found if isinstance(quantizers, Mapping) else found[""]
