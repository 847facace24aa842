"""Does the order of the axis save labels? A test behind claim C12.

As in `stats.labels.few_labels`, some minutes of labelled speech give every index a group by
counts smoothed along the axis (an index learns from its neighbours), and the speakers that weren't
touched are read with that map. The measure is the balanced accuracy of it over that of the map of
all labels, mean over draws of the minutes. The null permutes the used codes and learns and reads
the same minutes again: what neighbours teach each other is then worth nothing. A draw of minutes
whose other speakers the map of all labels reads wholly wrong has no such share and is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.labels.labelled_minutes import Lot
    from sfvq_analysis.tables import Indexed

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def reading_test(
    table: Indexed,
    *,
    minutes: float = 0.5,
    n_draws: int = 20,
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
    inference = inference or Inference()
    speech = LabelledSpeech.of(table)
    counts = speech.counts.sum(axis=0)
    blank = Measure("share_of_accuracy", unit=speech.unit, n_units=speech.n_units)
    reason = speech.lacks(minutes) or _why_no_order(counts)
    if reason:
        return as_frame([blank._replace(reason=reason)])
    lots, best = _readable(_lots(speech, minutes, n_draws, inference), counts)
    if not lots:
        why = "no draw leaves a group to learn and one to read"
        return as_frame([blank._replace(reason=why)])
    shares = _accuracies(lots, np.arange(counts.shape[1])) / best
    draws = permuted_codes(counts.any(axis=0), inference)
    null = [(_accuracies(lots, draw) / best).mean() for draw in draws]
    tail = (1 - inference.level) / 2
    low, high = np.quantile(shares, [tail, 1 - tail])
    mean, sd = null_summary(null)
    found = blank._replace(
        effect=float(shares.mean()),
        low=float(low),
        high=float(high),
        null_mean=mean,
        null_sd=sd,
        p=p_value(float(shares.mean()), null, "greater"),
        reason=joined(no_null(inference)),
    )
    return as_frame([found])


def reading_of_labels(
    table: Indexed,
    reductions: Reductions,
    *,
    minutes: float = 0.5,
    n_draws: int = 20,
    inference: Inference | None = None,
) -> Floats:
    """Return the effect of `reading_test` in tables whose labels say nothing, shape (n_draws,).

    Labels are permuted over segments of an utterance that own as many frames, and the same minutes
    are learnt and read. Where segments are long and keep to neighbouring codes, few of them decide
    how well such minutes read, more so in the order that codes have than in any other.

    Parameters
    ----------
    table, minutes, n_draws
        As in `reading_test`, whose minutes these are.
    reductions
        Of the table.
    inference
        Draws of labels, and the seed. NaN where no draw of minutes has a share.
    """
    inference = inference or Inference()
    speech = LabelledSpeech.of(table)
    lots = _lots(speech, minutes, n_draws, inference)
    names, _ = token_values(reductions, "phone_group")
    place = [reductions.inventory.groups.index(name) for name in names]
    group_of_value = np.array([*place, speech.n_groups], dtype=speech.group.dtype)
    token = np.repeat(reductions.runs["token"].to_numpy(), reductions.runs["length"].to_numpy())
    every = np.arange(reductions.codebook_size)
    null = []
    for values in relabelled_tokens(reductions, inference, "phone_group"):
        group = group_of_value[np.append(values, -1)][token]
        relabelled = speech.relabelled(group)
        made = [relabelled.counted(lot.frames, lot.touched) for lot in lots]
        known, best = _readable(made, relabelled.counts.sum(axis=0))
        null.append((_accuracies(known, every) / best).mean() if known else np.nan)
    return np.array(null)


def _lots(speech: LabelledSpeech, minutes: float, n_draws: int, inference: Inference) -> list[Lot]:
    return [speech.lot(order, minutes) for order in speech.orders(n_draws, inference)]


def _readable(lots: Sequence[Lot], counts: Ints) -> tuple[list[Lot], Floats]:
    """Return the draws that have a share, and how well the map of all labels reads their rest.

    That is the same in any order of the codes.
    """
    whole = nearest_map(counts)
    readable = [lot for lot in lots if lot.is_readable and _accuracy(lot.read, whole) > 0]
    return readable, np.array([_accuracy(lot.read, whole) for lot in readable])


def _why_no_order(counts: Ints) -> str:
    """Return why the order of codes can teach nothing; empty if it can."""
    if np.count_nonzero(counts[:-1].any(axis=1)) < 2:
        return "one group only: nothing to tell apart"
    n_used = np.count_nonzero(counts.any(axis=0))
    return "" if n_used > 1 else "one used code: there is no order"


def _accuracies(lots: Sequence[Lot], draw: Ints) -> Floats:
    """Return the accuracy by every lot, code ``draw[i]`` standing at place i."""
    return np.array(
        [_accuracy(lot.read[:, draw], smoothed_map(lot.fitted[:, draw])) for lot in lots]
    )


def _accuracy(read: Ints, groups: Ints) -> float:
    """Return the share of frames whose index has their group, mean over groups."""
    asked = read[:-1]
    right = np.where(groups == np.arange(len(asked))[:, None], asked, 0).sum(axis=1)
    total = asked.sum(axis=1)
    return float((right[total > 0] / total[total > 0]).mean())
