"""Does the order of the axis save labels? A test behind claim C12.

As in `stats.labels.few_labels`, some minutes of labelled speech give every index a group by
counts smoothed along the axis (an index learns from its neighbours), and the speakers that weren't
touched are read with that map. The measure is the balanced accuracy of it over that of the map of
all labels, mean over draws of the minutes. The null permutes the used codes and learns and reads
the same minutes again: what neighbours teach each other is then worth nothing. A draw of minutes
whose other speakers the map of all labels reads wholly wrong has no such share and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.errors import check_between, check_count
from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference import (
    Inference,
    Measure,
    as_frame,
    null_summary,
    p_value,
    permuted_codes,
)
from sfvq_analysis.stats.inference.reasons import joined, no_null
from sfvq_analysis.stats.inference.relabelling import relabelled_tokens
from sfvq_analysis.stats.labels.index_maps import nearest_map, smoothed_map
from sfvq_analysis.stats.labels.labelled_minutes import LabelledSpeech

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.labels.labelled_minutes import Lot
    from sfvq_analysis.tables import Indexed

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


N_DRAWS = 20
"""How often minutes are drawn, if it isn't said."""


def reading_test(
    table: Indexed,
    *,
    minutes: float = 0.5,
    n_draws: int = N_DRAWS,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how much of what all labels give a few minutes of them give, as a row of `as_frame`.

    Parameters
    ----------
    table
        The index table, or a dataset.
    minutes
        How much is labelled.
    n_draws
        How often these minutes are drawn.
    inference
        Draws of the null, level and seed. ``low`` and ``high`` lie around the middle of the draws
        of minutes; they are no interval over speakers.

    Raises
    ------
    OptionError
        If `minutes` isn't positive, or `n_draws` less than 1.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> table = simulated_table(Simulation(codebook_size=256))
    >>> few = Inference(n_permutations=99)
    >>> bool(reading_test(table, minutes=0.2, inference=few)["p"].item() < 0.05)
    True
    """
    check_between("minutes", minutes, 1e-9)
    check_count("n_draws", n_draws)
    speech, inference = LabelledSpeech.of(table), inference or Inference()
    found = share_of_accuracy(speech, minutes=minutes, n_draws=n_draws, inference=inference)
    return as_frame([found])


def share_of_accuracy(
    speech: LabelledSpeech, *, minutes: float, n_draws: int = N_DRAWS, inference: Inference
) -> Measure:
    """Return the row of `reading_test`, of a table's frames."""
    counts = speech.counts.sum(axis=0)
    blank = Measure("share_of_accuracy", unit=speech.unit, n_units=speech.n_units)
    reason = speech.lacks(minutes) or _why_no_order(counts)
    if reason:
        return blank._replace(reason=reason)
    whole = nearest_map(counts)
    drawn = _lots(speech, minutes, n_draws, inference)
    attained = np.array([_accuracy(lot.read, whole) for lot in drawn])  # the same in any order
    lots, best = [drawn[i] for i in np.flatnonzero(attained > 0)], attained[attained > 0]
    if not lots:
        return blank._replace(reason="no draw leaves a group to learn and one to read")
    fitted, read = _counts_of(lots)
    shares = _accuracy(read, smoothed_map(fitted)) / best
    null = [
        (_accuracy(read[..., draw], smoothed_map(fitted[..., draw])) / best).mean()
        for draw in permuted_codes(counts.any(axis=0), inference)
    ]
    tail = (1 - inference.level) / 2
    low, high = np.quantile(shares, [tail, 1 - tail])
    mean, sd = null_summary(null)
    return blank._replace(
        effect=float(shares.mean()),
        low=float(low),
        high=float(high),
        null_mean=mean,
        null_sd=sd,
        p=p_value(float(shares.mean()), null, "greater"),
        reason=joined(no_null(inference)),
    )


def reading_p_of_labels(
    speech: LabelledSpeech,
    reductions: Reductions,
    *,
    minutes: float,
    n_draws: int = N_DRAWS,
    inference: Inference,
) -> float:
    """Return how often labels that say nothing are read as well as these, by the same minutes.

    Labels are permuted over segments that own as many frames (`relabelled_counts`), learnt and read
    anew; the measure is the mean accuracy, not its share of what all labels give, for that goes to
    1 where labels say nothing. Where segments are long and keep to neighbouring codes, few of them
    decide how well minutes read, more so in the order that codes have than in any other, so that
    `reading_test` alone rejects too often.

    Parameters
    ----------
    speech
        A table's frames.
    reductions
        Of the table.
    minutes, n_draws
        As in `reading_test`, whose minutes these are.
    inference
        Number of draws of labels, and seed.

    Returns
    -------
    float
        p; NaN without draws, or if no draw of minutes leaves a group to learn and one to read.
    """
    lots = _lots(speech, minutes, n_draws, inference)
    if not lots:
        return float("nan")
    null = [
        _mean_accuracy(drawn) for drawn in _relabelled_lots(speech, reductions, lots, inference)
    ]
    return p_value(_mean_accuracy(lots), null, "greater")


def _relabelled_lots(
    speech: LabelledSpeech, reductions: Reductions, lots: Sequence[Lot], inference: Inference
) -> Iterator[list[Lot]]:
    """Yield the lots anew for every draw of labels, from runs and from the frames they touch."""
    names, _ = token_values(reductions, "phone_group")
    place = [reductions.inventory.groups.index(name) for name in names]
    group_of_value = np.array([*place, speech.n_groups])
    run = {name: reductions.runs[name].to_numpy() for name in ("token", "index", "length")}
    token = np.repeat(run["token"], run["length"])  # of frames
    units = np.repeat(speech.unit_of_utterance, np.diff(speech.starts))
    touched = [np.flatnonzero(lot.touched[units]) for lot in lots]
    del units
    shape = (speech.n_groups + 1, reductions.codebook_size)

    def counted(group: Ints, index: NDArray[np.integer], weights: Any = None) -> Ints:
        found = np.bincount(group * shape[1] + index, weights, minlength=shape[0] * shape[1])
        return np.rint(found).astype(np.int64).reshape(shape)

    for values in relabelled_tokens(reductions, inference, "phone_group"):
        group = group_of_value[np.append(values, -1)]  # of tokens, and of none
        total = counted(group[run["token"]], run["index"], run["length"])
        yield [
            lot._replace(
                fitted=counted(group[token[lot.frames]], speech.index[lot.frames]),
                read=total - counted(group[token[frames]], speech.index[frames]),
            )
            for lot, frames in zip(lots, touched, strict=True)
        ]


def _lots(speech: LabelledSpeech, minutes: float, n_draws: int, inference: Inference) -> list[Lot]:
    """Return the draws that leave a group to learn and one to read."""
    drawn = (speech.lot(order, minutes) for order in speech.orders(n_draws, inference))
    return [lot for lot in drawn if lot.is_readable]


def _why_no_order(counts: Ints) -> str:
    """Return why the order of codes can teach nothing; empty if it can."""
    if np.count_nonzero(counts[:-1].any(axis=1)) < 2:
        return "one group only: nothing to tell apart"
    n_used = np.count_nonzero(counts.any(axis=0))
    return "" if n_used > 1 else "one used code: there is no order"


def _mean_accuracy(lots: Sequence[Lot]) -> float:
    """Return the accuracy by these lots, mean over them."""
    fitted, read = _counts_of(lots)
    return float(_accuracy(read, smoothed_map(fitted)).mean())


def _counts_of(lots: Sequence[Lot]) -> tuple[Ints, Ints]:
    """Return what all lots hold to learn and to read, shape (n_lots, G + 1, K) each."""
    return np.stack([lot.fitted for lot in lots]), np.stack([lot.read for lot in lots])


def _accuracy(read: Ints, groups: Ints) -> Floats:
    """Return the share of frames whose index has their group, mean over groups; (…,)."""
    asked = read[..., :-1, :]
    answered = groups[..., None, :] == np.arange(asked.shape[-2])[:, None]
    right, total = np.where(answered, asked, 0).sum(axis=-1), asked.sum(axis=-1)
    shares = np.divide(right, total, out=np.zeros(total.shape), where=total > 0)
    mean: Floats = shares.mean(axis=-1, where=total > 0)
    return mean
