"""Distances of one value's index density to that of all others, raw and standardised.

See `sfvq_analysis.stats.speakers.speakers`, which makes its frame of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.stats.arithmetic.densities import densities, js_distance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

KINDS = ("raw", "standardised")


class Spoken(NamedTuple):
    """Tokens that have a phone, a frame, a speaker and a value, and their runs.

    Attributes
    ----------
    names
        Of the values.
    phone, speaker, value
        Of every token.
    token, code, length
        Of every run, `code` being its index.
    codebook_size
        K.
    """

    names: tuple[str, ...]
    phone: Ints
    speaker: Ints
    value: Ints
    token: Ints
    code: Ints
    length: Ints
    codebook_size: int

    @property
    def n_phones(self) -> int:
        """How many phones there may be."""
        return int(self.phone.max(initial=-1)) + 1


def spoken(
    reductions: Reductions,
    phone: Ints,
    values: NDArray[np.object_],
    usable: NDArray[np.bool_],
) -> Spoken:
    """Return the tokens of usable utterances.

    Parameters
    ----------
    reductions
        Of a table.
    phone
        Of every token, -1 for none.
    values
        Of every utterance.
    usable
        Whether an utterance takes part.
    """
    row = reductions.tokens["utterance"].to_numpy()
    kept = (phone >= 0) & (reductions.tokens["n_frames"].to_numpy() > 0) & usable[row]
    number = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    runs = reductions.runs
    token = number[runs["token"].to_numpy()]
    code, length = (
        runs[name].to_numpy()[token >= 0].astype(np.int64) for name in ("index", "length")
    )
    names, value = np.unique(values[row[kept]].astype(str), return_inverse=True)
    who = reductions.utterances["speaker"].to_numpy(dtype=object)[row[kept]].astype(str)
    speaker = np.unique(who, return_inverse=True)[1]
    return Spoken(
        tuple(map(str, names)), phone[kept], speaker.astype(np.int64), value.astype(np.int64),
        token[token >= 0], code, length, reductions.codebook_size,
    )  # fmt: skip


class Entries(NamedTuple):
    """Counts by index of stretches: what a cell (a token, or a speaker) says of one phone.

    Attributes
    ----------
    cell, phone, total
        Of every stretch; `total` is in frames.
    first
        Where each stretch begins among the entries, and their number at the end.
    code, frames
        Of every entry.
    """

    cell: Ints
    phone: Ints
    total: Floats
    first: Ints
    code: NDArray[np.int32]
    frames: NDArray[np.float32]


def entries_by_token(frames: Spoken) -> Entries:
    """Return the counts of tokens."""
    return _entries(frames, np.arange(len(frames.phone)))


def entries_by_speaker(frames: Spoken) -> tuple[Entries, Ints, Ints]:
    """Return the counts of speakers, one of two values apart, and speaker and value of each."""
    pairs, cell = np.unique(np.stack([frames.speaker, frames.value]), axis=1, return_inverse=True)
    return _entries(frames, cell.ravel().astype(np.int64)), pairs[0], pairs[1]


def _entries(frames: Spoken, cell: Ints) -> Entries:
    """Return the counts of cells of tokens."""
    n_cells = int(cell.max(initial=-1)) + 1
    shape = (n_cells, frames.n_phones, frames.codebook_size)
    of_run = (cell[frames.token], frames.phone[frames.token], frames.code)
    places, which = np.unique(np.ravel_multi_index(of_run, shape), return_inverse=True)
    counts = np.bincount(which, weights=frames.length).astype(np.float64)
    stretch, code = np.divmod(places, frames.codebook_size)
    first = np.flatnonzero(np.diff(stretch, prepend=-1))
    total = np.add.reduceat(counts, first) if len(first) else counts
    one, phone = np.divmod(stretch[first], frames.n_phones)
    ends = np.append(first, len(code))
    return Entries(one, phone, total, ends, code.astype(np.int32), counts.astype(np.float32))


def distances(frames: Spoken, entries: Entries, value: Ints, weight: Floats) -> Floats:
    """Return the distances of every value to all others, shape (2, n_values), as in `KINDS`.

    Parameters
    ----------
    frames
        Gives values, phones and K.
    entries
        Of `entries_by_token` or `entries_by_speaker`.
    value, weight
        Of every cell, and how often it counts.
    """
    from sfvq_analysis.stats.inference.token_kernels import add_scaled

    n, n_phones, size = len(frames.names), frames.n_phones, frames.codebook_size
    counted, row = weight[entries.cell], value[entries.cell]
    of_value = row * n_phones + entries.phone
    frames_of = np.bincount(of_value, counted * entries.total, minlength=n * n_phones)
    own = frames_of.astype(np.float64).reshape(n, n_phones)
    per_frame = _weights(own, own.sum(axis=0) - own)
    scale = counted * per_frame.reshape(3, -1)[:, of_value]
    added, by_phone = np.zeros((3, n, size)), np.zeros((n_phones, size))
    add_scaled(entries[-3:], (row, entries.phone), (scale, counted), added, by_phone)
    others = np.maximum(per_frame[2] @ by_phone - added[2], 0.0)
    theirs = np.stack([by_phone.sum(axis=0) - added[0], others])
    return js_distance(densities(added[:2]), densities(theirs))


def _weights(own: Floats, others: Floats) -> Floats:
    """Return what a frame of each phone weighs: 1; and so that phones weigh the same on both sides.

    Parameters
    ----------
    own, others
        Frames, shape (n_values, n_phones).

    Returns
    -------
    NDArray[np.float64], shape (3, n_values, n_phones)
        All ones; for a value's own frames; for those of the others.
    """
    both = (own > 0) & (others > 0)
    share = np.where(both, own + others, 0.0)
    sides = [share / np.where(both, side, 1.0) for side in (own, others)]
    return np.stack([np.ones(own.shape), *sides])


def permuted_tokens(frames: Spoken, rng: np.random.Generator) -> Iterator[Ints]:
    """Yield values permuted over the tokens of each phone that have as many frames, without end."""
    duration = np.bincount(frames.token, frames.length, len(frames.phone))
    _, kind = np.unique(np.stack([frames.phone, duration]), axis=1, return_inverse=True)
    home = np.argsort(kind, kind="stable")
    while True:
        drawn = np.empty_like(frames.value)
        drawn[home] = frames.value[np.lexsort((rng.random(len(drawn)), kind))]
        yield drawn
