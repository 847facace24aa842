"""`encode_frames`: all frames of a corpus, encoded by many workers and stored to be fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tqdm.auto import tqdm

from sfvq_analysis.errors import EncoderError, check_option, printable
from sfvq_analysis.pipeline.encoding import below_root, refuse_nothing_left
from sfvq_analysis.pipeline.sampling import without_labels
from sfvq_analysis.scale.clusters import check_resources
from sfvq_analysis.scale.encoding import Asked, Encoding, EncodingJob, frames_asked
from sfvq_analysis.scale.job import made_encoder
from sfvq_analysis.scale.sharding import cuts
from sfvq_analysis.scale.stored_frames import StoredFrames, new_place, write_frames
from sfvq_analysis.scale.tasks import each_done

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.pipeline.indexed import SkippedUtterance
    from sfvq_analysis.scale.job import EncoderSource
    from sfvq_analysis.scale.stored_frames import FrameFile
    from sfvq_analysis.stores import Store

_IN_A_FILE = 1 << 16
"""Frames in a file, about: a worker holds twice as many, 200 MB each of 768 dimensions."""


def encode_frames(  # noqa: PLR0913  (what `sample_features` takes, and where and how it is done)
    corpus: Corpus,
    encoder: EncoderSource,
    place: Path | str,
    *,
    client: Any,
    on_error: ErrorPolicy = "raise",
    overwrite: bool = False,
    resources: Mapping[str, float] | None = None,
    progress: bool = False,
) -> tuple[StoredFrames, tuple[SkippedUtterance, ...]]:
    """Encode a corpus on a cluster, and store all frames for `fit_on_cluster`.

    They are those of `sfvq_analysis.pipeline.sample_features` without `max_frames`, to the bit on
    one type of machine.

    Parameters
    ----------
    corpus
        Speech, at paths that every worker sees; its labels are not read.
    encoder
        Gives the frames; or a function without arguments that makes it, which every worker calls
        once.
    place
        Folder or URL that every worker sees, new or empty.
    client
        A `distributed.Client`, such as `connected` gives.
    on_error
        As in `sfvq_analysis.pipeline.sample_features`.
    overwrite
        Whether frames that are stored there may be replaced.
    resources
        What a worker needs to encode, such as ``{"GPU": 1}``.
    progress
        Whether to show a progress bar.

    Returns
    -------
    StoredFrames
        In the order of the corpus; `lengths` are those of the utterances.
    tuple of SkippedUtterance
        What was left out.

    Raises
    ------
    ScaleError
        If something is there, or workers die whatever is done.
    SfvqError
        As `sfvq_analysis.pipeline.sample_features`.
    """
    check_option("on_error", on_error, ("raise", "skip"))
    check_resources(client, resources or {})
    store = new_place(place, overwrite=overwrite)
    speech, loaded = without_labels(corpus).utterances, made_encoder(encoder)
    on = Encoding(client, EncodingJob(encoder, on_error), resources)
    lengths = on.stated_lengths(speech).clip(0)
    parts = [speech[part] for part in cuts(lengths.tolist(), _IN_A_FILE)]
    found: dict[int, _Written] = {}
    with tqdm(
        total=len(speech),
        desc=f"encoding {printable(corpus.name)}",
        unit="utt",
        disable=not progress,
    ) as bar:
        items = enumerate(parts)
        for number, written in each_done(client, _write, (on.job, store), items, resources):
            found[number] = written
            bar.update(len(parts[number]))
    in_order = [found[number] for number in range(len(parts))]
    skipped = [below_root(one, corpus) for written in in_order for one in written.skipped]
    refuse_nothing_left(len(speech) - len(skipped), skipped, corpus)
    files = tuple(written.file for written in in_order if written.file.n_frames)
    if not files:
        raise EncoderError(f"no utterance of {corpus.name} is long enough for a frame")
    stretches = tuple(length for written in in_order for length in written.lengths)
    frames = StoredFrames(store, files, loaded.config, stretches)
    frames.write_list()
    return frames, tuple(skipped)


class _Written(NamedTuple):
    """The file of some utterances, the lengths of those there, and those left out."""

    file: FrameFile
    lengths: list[int]
    skipped: list[SkippedUtterance]


def _write(
    common: tuple[EncodingJob, Store], numbered: tuple[int, Sequence[Utterance]]
) -> _Written:
    job, store = common
    number, speech = numbered
    found = frames_asked(job, Asked.all_of(speech))
    left_out = {one.utterance for one in found.skipped}
    lengths = [
        length for one, length in zip(speech, found.lengths, strict=True) if one.id not in left_out
    ]
    return _Written(write_frames(store, number, found.values), lengths, found.skipped)
