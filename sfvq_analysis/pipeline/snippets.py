"""What an index stands for, to listen to: the frames nearest to its codeword, cut from speech."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.errors import OptionError, TableError, check_between, check_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.tables import IndexTable

SNIPPET_SECONDS = 0.15


class Snippet(NamedTuple):
    """A piece of an utterance around one frame.

    Attributes
    ----------
    utterance, frame, phone
        Which frame, and its label; "" where it has none.
    distortion
        Squared distance of its latent to the codeword.
    audio
        Shape (n,), zeros beyond the utterance's edges.
    sample_rate
        In Hz.
    """

    utterance: str
    frame: int
    phone: str
    distortion: float
    audio: NDArray[np.float32]
    sample_rate: int

    def described(self) -> dict[str, str | int | float]:
        """Return what is known of it without the audio, JSON-able."""
        known = self._asdict()
        del known["audio"]
        return known


def nearest_snippets(
    table: IndexTable,
    corpus: Corpus,
    index: int,
    n: int = 5,
    *,
    seconds: float = SNIPPET_SECONDS,
) -> list[Snippet]:
    """Return the pieces of speech whose latents are nearest to a codeword, the nearest first.

    Parameters
    ----------
    table
        Of that corpus.
    corpus
        Where the audio is.
    index
        Of the codeword.
    n
        How many at most, each from another utterance.
    seconds
        Length of each, the frame's centre in its middle.

    Raises
    ------
    OptionError
        If there is no such index.
    TableError
        If the table names an utterance that the corpus lacks.
    """
    if not 0 <= index < table.codebook_size:
        raise OptionError(f"index is {index!r}", remedy=f"use 0 … {table.codebook_size - 1}")
    check_count("n", n)
    check_between("seconds", seconds, 0.001)
    frames = table.frames
    own = frames[frames["codeword"] == index].sort_values("codeword_distortion", kind="stable")
    nearest = own.drop_duplicates("utterance").head(n)
    known = {utterance.id for utterance in corpus}
    snippets = []
    for row in nearest.itertuples():
        if row.utterance not in known:
            raise TableError(
                f"the corpus has no utterance {row.utterance}", remedy="give the table's own corpus"
            )
        recording = corpus[row.utterance].load(past_audio="count")
        centre = row.centre * recording.sample_rate // table.grid.sample_rate
        audio = _around(recording.audio, centre, round(seconds * recording.sample_rate))
        entry = table.inventory.entries.get(row.phone) if isinstance(row.phone, str) else None
        phone = (entry.symbol if entry else None) or ""
        known_of = (str(row.utterance), int(row.frame), phone, float(row.codeword_distortion))
        snippets.append(Snippet(*known_of, audio, recording.sample_rate))
    return snippets


def _around(audio: NDArray[np.float32], centre: int, n_samples: int) -> NDArray[np.float32]:
    start = centre - n_samples // 2
    inside = audio[max(start, 0) : max(start + n_samples, 0)]
    before = min(max(-start, 0), n_samples)
    return np.pad(inside, (before, n_samples - before - len(inside)))
