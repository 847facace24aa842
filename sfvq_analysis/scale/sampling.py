"""`sample_on_cluster`: frames of a corpus to fit on, encoded by many workers.

The reservoir of `sfvq_analysis.pipeline.sample_features` draws by the *numbers* of the frames, as
they pass by in the order of the corpus; what is in them doesn't matter. How many frames every
utterance has is told by the header of its audio file and the encoder. So all is drawn here, by the
same generator, before anything is encoded; the workers then encode only utterances of which a frame
was drawn, each for itself. The sample is that of one process to the byte, whatever the number of
workers and shards, and of 60,000 hours some 2 % are encoded for 2^18 frames. (A draw by a hash of
each frame's name would be as independent of shards, but not be the sample of one process.)
Drawing takes about 20 ns a frame: 4 s for 1,000 hours at 50 frames a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm.auto import tqdm

from sfvq_analysis.errors import EncoderError, printable
from sfvq_analysis.pipeline.encoding import below_root, refuse_nothing_left
from sfvq_analysis.pipeline.sampling import SampledFeatures, check_sampling, without_labels
from sfvq_analysis.scale.clusters import check_resources
from sfvq_analysis.scale.encoding import (
    UNKNOWN,
    Asked,
    Encoding,
    EncodingJob,
    frames_asked,
)
from sfvq_analysis.scale.job import made_encoder
from sfvq_analysis.scale.sharding import cuts, shard_seconds
from sfvq_analysis.scale.tasks import each_done
from sfvq_analysis.training.reservoir import kept_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.pipeline.indexed import SkippedUtterance
    from sfvq_analysis.scale.job import EncoderSource

    Int64 = NDArray[np.int64]


def sample_on_cluster(  # noqa: PLR0913  (what `sample_features` takes, and where it is done)
    corpus: Corpus,
    encoder: EncoderSource,
    *,
    client: Any,
    max_frames: int | None = None,
    seed: int = 0,
    on_error: ErrorPolicy = "raise",
    resources: Mapping[str, float] | None = None,
    progress: bool = False,
) -> SampledFeatures:
    """Encode a corpus on a cluster and keep its frames, or a uniform random sample, to fit on.

    The result is that of `sfvq_analysis.pipeline.sample_features`, to the bit on one type of
    machine. Utterances of which no frame is drawn aren't encoded, so that what is wrong with them
    isn't met; under ``on_error="skip"`` all are encoded once, since those left out change the draw,
    and if there are any, those drawn a second time.

    Parameters
    ----------
    corpus
        Speech, at paths that every worker sees; its labels are not read.
    encoder
        Gives the frames; or a function without arguments that makes it, which every worker calls
        once.
    client
        A `distributed.Client`, such as `connected` gives.
    max_frames, seed, on_error
        As in `sfvq_analysis.pipeline.sample_features`. The sample is held in this process.
    resources
        What a worker needs to encode, such as ``{"GPU": 1}``.
    progress
        Whether to show a progress bar.

    Raises
    ------
    ScaleError
        If workers die whatever is done.
    SfvqError
        As `sfvq_analysis.pipeline.sample_features`.

    Examples
    --------
    >>> from functools import partial
    >>> from sfvq_analysis import demo_corpus, load_encoder
    >>> from sfvq_analysis.scale import connected
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> with connected(workers=1) as client:
    ...     sample = sample_on_cluster(
    ...         corpus, partial(load_encoder, "mel"), client=client, max_frames=500
    ...     )
    >>> sample.values.shape
    (500, 80)
    """
    check_sampling(max_frames, seed, on_error)
    check_resources(client, resources or {})
    speech, loaded = without_labels(corpus).utterances, made_encoder(encoder)
    on = Encoding(client, EncodingJob(encoder, on_error), resources)
    lengths = on.stated_lengths(speech)
    skipped: dict[str, SkippedUtterance] = {}
    seconds_of_a_frame = loaded.grid.hop / loaded.grid.sample_rate
    all_of_them = on_error == "skip"
    with tqdm(desc=f"encoding {printable(corpus.name)}", unit="utt", disable=not progress) as bar:
        while True:
            draw = _Draw(lengths, kept_numbers(int(_known(lengths).sum()), max_frames, seed))
            chosen = np.flatnonzero((draw.n_drawn > 0) | (lengths == UNKNOWN) | all_of_them)
            found, sample = lengths.copy(), np.empty((len(draw.numbers), loaded.dim), np.float32)
            bar.reset(len(chosen))
            for part, got in _encoded(on, speech, chosen, draw, seconds_of_a_frame):
                found[part] = got.lengths
                skipped |= {one.utterance: below_root(one, corpus) for one in got.skipped}
                place = slice(draw.first[part[0]], draw.first[part[-1]] + draw.n_drawn[part[-1]])
                if len(got.values) == place.stop - place.start:
                    sample[place] = got.values
                bar.update(len(part))
            if np.array_equal(found, lengths):
                break
            lengths, all_of_them = found, False
    left_out = [skipped[one.id] for one in speech if one.id in skipped]
    refuse_nothing_left(len(speech) - len(left_out), left_out, corpus)
    if lengths.sum() == 0:
        raise EncoderError(f"no utterance of {corpus.name} is long enough for a frame")
    stretches = [
        length
        for one, length in zip(speech, lengths.tolist(), strict=True)
        if one.id not in skipped and len(sample) == lengths.sum()
    ]
    return SampledFeatures(sample, loaded.grid, loaded.config, tuple(stretches), tuple(left_out))


class _Draw:
    """Which frames are drawn of which utterance.

    Attributes
    ----------
    numbers
        Of the frames drawn, counted through all utterances, rising.
    first, n_drawn
        Which of those are the first of each utterance, and how many they are.
    """

    def __init__(self, lengths: Int64, numbers: Int64) -> None:
        self.lengths, self.numbers = lengths, numbers
        ends = np.cumsum(_known(lengths))
        self._starts = ends - _known(lengths)
        self.first: Int64 = np.searchsorted(numbers, self._starts)
        self.n_drawn: Int64 = np.searchsorted(numbers, ends) - self.first

    def rows(self, utterance: int) -> Int64 | None:
        """Return which rows of an utterance are drawn; None for all."""
        n_drawn = self.n_drawn[utterance]
        if n_drawn == self.lengths[utterance]:
            return None
        first = self.first[utterance]
        rows: Int64 = self.numbers[first : first + n_drawn] - self._starts[utterance]
        return rows


def _known(lengths: Int64) -> Int64:
    return np.maximum(lengths, 0)


def _encoded(
    on: Encoding, speech: Sequence[Utterance], chosen: Int64, draw: _Draw, seconds_of_a_frame: float
) -> Iterator[tuple[Int64, Any]]:
    """Yield which utterances a worker has encoded, and what it found."""
    if not len(chosen):
        return
    seconds = _known(draw.lengths[chosen]) * seconds_of_a_frame
    parts = [chosen[part] for part in cuts(seconds.tolist(), shard_seconds(float(seconds.sum())))]
    asked = (
        Asked(
            [speech[number] for number in part],
            draw.lengths[part].tolist(),
            [draw.rows(number) for number in part],
        )
        for part in parts
    )
    for number, found in each_done(on.client, frames_asked, on.job, asked, on.resources):
        yield parts[number], found
