"""The label null: what counts look like when labels are permuted over segments in an utterance.

Where no utterance holds two segments (isolated words, independent rows) they're permuted over those
of a speaker, or over all: see `sfvq_analysis.stats.inference.swapping`, which also says where so
few labels can move that the null says nothing.

A segment keeps its frames and their codes, an utterance keeps its labels; only which segment has
which label is drawn. Segments that own no frame, or whose phone has no value (a phone in no group),
take no part.

Phones differ in duration, so that labels of segments of any duration aren't exchangeable even where
indices say nothing of phones: permuting them moves frames from one phone to another. What a
statistic is *on average* without information is hardly moved by that, but a test is: on simulated
speech tests at .05 rejected in 0 to 47 % of tables that held nothing. So a p value is drawn with
`alike`, where labels are permuted only among segments of an utterance that own as many frames. No
phone then gains or loses a frame, and the test is exact if segments of a duration differ in nothing
but what they say. Means are not drawn so, for a segment that is the only one of its duration keeps
its label in all draws, and what labels tell would be taken for chance.

Where hardly any segment has another as long (pauses, in short recordings), `resettled_counts` gives
a weaker null: labels keep their durations, and what is permuted is the shares of codes that
segments have. What durations alone tell then counts as told. Short segments have fewer codes than
long ones: the codes of labels of *long* segments are less spread in the draws than they would be by
chance, so that such a test errs on the safe side. Of labels of short ones it would reject too often
(.10 of tables at .05), so it is for labels whose segments are longer than the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference.swapping import swapping_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import By
    from sfvq_analysis.stats.inference import Inference


def relabelled_counts(
    reductions: Reductions,
    inference: Inference,
    by: By = "phone",
    phone_set: Folding = 61,
    *,
    alike: bool = False,
) -> Iterator[NDArray[np.int64]]:
    """Yield the counts of value and index of every draw, shape (n_values, K).

    Values are those of `sfvq_analysis.stats.counting.unit_counts.unit_counts`, in its order.

    Parameters
    ----------
    reductions
        Of a table.
    inference
        Number of draws and seed.
    by, phone_set
        As in `unit_counts`.
    alike
        Permute only among segments that own as many frames: for p values.
    """
    for drawn, labels in _shuffled(reductions, inference, (by, phone_set), alike=alike):
        counts = np.zeros(drawn.shape, dtype=np.int64)
        drawn.add_up(labels, drawn.length, counts)
        yield counts


def relabelled_tokens(
    reductions: Reductions, inference: Inference, by: By = "phone", phone_set: Folding = 61
) -> Iterator[NDArray[np.int64]]:
    """Yield the value of every token in every draw of `relabelled_counts` with `alike`.

    Shape (n_tokens,); -1 where a token takes no part. Parameters are those of `relabelled_counts`.
    """
    for drawn, labels in _shuffled(reductions, inference, (by, phone_set), alike=True):
        values = np.full(len(reductions.tokens), -1, dtype=np.int64)
        values[drawn.rows] = labels
        yield values


def resettled_counts(
    reductions: Reductions,
    inference: Inference,
    by: By = "phone",
    phone_set: Folding = 61,
) -> Iterator[NDArray[np.float64]]:
    """Yield the counts of value and index of every draw in which segments swap their codes.

    Every segment keeps label and number of frames, and has them at the codes of another one of its
    utterance, in that one's shares. Parameters are those of `relabelled_counts`.
    """
    if inference.n_permutations == 0:
        return
    drawn = _drawn(reductions, by, phone_set, alike=False)
    share = drawn.length / drawn.n_frames[drawn.token]
    rng = inference.generator("codes of segments")
    for _ in range(inference.n_permutations):
        owner = _within(np.arange(len(drawn.labels)), drawn, rng)
        counts = np.zeros(drawn.shape)
        drawn.add_up(drawn.labels[owner], share * drawn.n_frames[owner][drawn.token], counts)
        yield counts


def _shuffled(
    reductions: Reductions, inference: Inference, values: tuple[By, Folding], *, alike: bool
) -> Iterator[tuple[_Drawn, NDArray[np.int64]]]:
    """Yield what is drawn from and, for every draw, the labels of its segments."""
    if inference.n_permutations == 0:
        return  # a dataset's tokens needn't be read
    drawn = _drawn(reductions, *values, alike=alike)
    rng = inference.generator("labels alike" if alike else "labels")
    for _ in range(inference.n_permutations):
        yield drawn, _within(drawn.labels.copy(), drawn, rng)


def _within(items: NDArray[np.int64], drawn: _Drawn, rng: np.random.Generator) -> NDArray[np.int64]:
    """Shuffle one item a segment among those that may swap, in place, and return it."""
    from sfvq_analysis.stats.inference.relabelling_kernels import shuffle_within

    shuffle_within(items, drawn.first, rng)
    return items


class _Drawn(NamedTuple):
    """What is drawn from: segments in an order in which those that may swap follow each other.

    Attributes
    ----------
    shape
        Of counts: values and indices.
    rows
        Of the segments among all tokens.
    labels, n_frames
        Of every segment.
    first
        Where each stretch of segments that may swap begins, and their number at the end.
    token, codes, length
        Of every run of an index inside a segment.
    """

    shape: tuple[int, int]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    n_frames: NDArray[np.int64]
    first: NDArray[np.int64]
    token: NDArray[np.int64]
    codes: NDArray[np.int32]
    length: NDArray[np.int32]

    def add_up(
        self, labels: NDArray[np.int64], lengths: NDArray[Any], counts: NDArray[Any]
    ) -> None:
        """Add to counts of label and index how long every run is, by the labels of segments."""
        from sfvq_analysis.stats.inference.relabelling_kernels import add_up

        add_up(labels, self.token, self.codes, lengths, counts)


def _drawn(reductions: Reductions, by: By, phone_set: Folding, *, alike: bool) -> _Drawn:
    names, code = token_values(reductions, by, phone_set)
    n_frames = reductions.tokens["n_frames"].to_numpy().astype(np.int64)
    taking_part = (code >= 0) & (n_frames > 0)
    token, index, length = _entries(reductions.runs, taking_part)
    among = swapping_in(reductions)[taking_part]
    order, first = strata_of(among, n_frames[taking_part] if alike else None)
    return _Drawn(
        (len(names), reductions.codebook_size),
        np.flatnonzero(taking_part)[order],
        code[taking_part][order],
        n_frames[taking_part][order],
        first,
        np.argsort(order)[token],
        index,
        length,
    )


def strata_of(
    utterance: NDArray[np.integer], n_frames: NDArray[np.integer] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return tokens in an order in which those that may swap labels follow each other.

    Parameters
    ----------
    utterance
        Of every token, or another number of what tokens swap labels in.
    n_frames
        Of every token, if only those of as many frames may swap.

    Returns
    -------
    order, first
        Rows of tokens, and where each stratum begins among them, and their number at the end.

    Examples
    --------
    >>> order, first = strata_of(np.array([0, 0, 0, 1]), np.array([2, 5, 2, 2]))
    >>> order.tolist(), first.tolist()
    ([0, 2, 1, 3], [0, 2, 3, 4])
    """
    if n_frames is None:
        order = np.argsort(utterance, kind="stable")
        return order, first_of_utterances(utterance[order])
    order = np.lexsort((n_frames, utterance)).astype(np.int64)
    longest = int(n_frames.max(initial=0)) + 1
    stratum = utterance.astype(np.int64) * longest + n_frames
    return order, first_of_utterances(stratum[order])


def first_of_utterances(utterance: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return where each stretch of equal values begins, and the length of all at the end."""
    changes = np.flatnonzero(np.diff(utterance)) + 1
    starts = [np.zeros(min(len(utterance), 1), dtype=np.int64), changes]
    return np.concatenate([*starts, np.array([len(utterance)], dtype=np.int64)])


def _entries(
    runs: pd.DataFrame, taking_part: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return token (numbered among those that take part), index and length of their runs."""
    number = np.append(np.where(taking_part, np.cumsum(taking_part) - 1, -1), -1)
    token = number[runs["token"].to_numpy()]
    kept = token >= 0
    return token[kept], runs["index"].to_numpy()[kept], runs["length"].to_numpy()[kept]
