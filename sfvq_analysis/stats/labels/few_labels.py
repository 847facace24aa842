"""How few labels it takes to read the axis: claim C12 of the paper.

Someone labels m minutes of speech: speakers in random order, the utterances of each in random
order, until the minutes are full; the last utterance is cut to fit. From their labels

- every index gets its commonest phone group (*index map*); an index that they don't hold gets the
  group of the nearest index that they hold;
- the *smoothed map* smooths the groups' counts along the axis first, as the paper smooths its
  histograms, so that an index learns from its neighbours;
- the *unordered map* makes no use of order: the commonest group answers for an index not held. What
  order adds is the lead of the first two over it;
- the *permuted map* is an index map with the labels of the used codes permuted;
- the *probe*, logistic regression, learns the group from the latents.

All are read on the speakers that weren't touched (utterances, where there is one speaker). Frames
in no group count as minutes, for they have to be listened to, but teach nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, check_between, check_count
from sfvq_analysis.stats.inference import Inference, permuted_codes
from sfvq_analysis.stats.labels.index_maps import (
    nearest_map,
    permuted_map,
    smoothed_map,
    unordered_map,
)
from sfvq_analysis.stats.labels.labelled_minutes import LabelledSpeech
from sfvq_analysis.stats.labels.probe import Probe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

    from sfvq_analysis.stats.labels.labelled_minutes import Lot
    from sfvq_analysis.tables import Indexed

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

Method = Literal["index map", "smoothed map", "unordered map", "permuted map", "probe"]
MAPS: tuple[Method, ...] = ("index map", "smoothed map", "unordered map", "permuted map")
MEASURES = ("agreement", "accuracy", "balanced_accuracy")
MINUTES = (0.5, 1.0, 2.0, 5.0, 10.0)
_UNREAD = (np.nan, np.nan, np.nan)


def few_labels(
    table: Indexed,
    *,
    minutes: Sequence[float] = MINUTES,
    n_draws: int = 100,
    latents: ArrayLike | None = None,
    probe: Probe | None = None,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how well the groups of other speakers are read after so many labelled minutes.

    Parameters
    ----------
    table
        The index table, or a dataset.
    minutes
        How much is labelled.
    n_draws
        How often these minutes are drawn. Of one draw, more minutes hold the fewer.
    latents
        What the table's frames were coded from, row-aligned with ``table.frames``, floats of shape
        (n_frames, dim), for the probe; without them it has no row.
    probe
        How the probe is made.
    inference
        Its level and seed are used.

    Returns
    -------
    pd.DataFrame
        A row for each of ``minutes`` and ``method`` (see the module): ``agreement``, the share of
        the other speakers' frames whose index has the same group in the index map of all labels
        (NaN for the probe, which gives no index a group); ``accuracy``, the share of their frames
        with a group that are given it; ``balanced_accuracy``, its mean over groups. Each is the
        mean over draws, with ``_low`` and ``_high``, between which the middle `level` of the draws
        lie. ``n_draws``; ``n_frames_fitted`` and ``n_speakers``, the mean numbers of labelled
        frames and units; ``unit``, ``n_units``; ``reason`` why something is NaN, else empty.

    Raises
    ------
    OptionError
        If minutes aren't positive, or latents don't fit the table or aren't finite.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> table = index_table(demo_corpus(), load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> found = few_labels(table, minutes=[0.25], n_draws=20).set_index("method")["accuracy"]
    >>> bool(found["smoothed map"] > found["index map"] > found["unordered map"])
    True
    """
    for one in minutes:
        check_between("minutes", one, 1e-9)
    check_count("n_draws", n_draws)
    inference, probe = inference or Inference(), probe or Probe()
    speech = LabelledSpeech.of(table)
    values = None if latents is None else _checked(latents, len(speech.index))
    orders = speech.orders(n_draws, inference)
    reader = _MapReader(speech.counts.sum(axis=0), replace(inference, n_permutations=n_draws))
    rows: list[dict[str, Any]] = []
    for one in minutes:
        reason = speech.lacks(one)
        lots = [] if reason else [speech.lot(order, one) for order in orders]
        scores = {method: list(reader.scores(method, lots)) for method in MAPS}
        if values is not None:
            few = enumerate(lots[: probe.n_draws])
            draws = ((lot, inference.generator(f"probe {draw}")) for draw, lot in few)
            scores["probe"] = [_probed(speech, lot, values, probe, rng) for lot, rng in draws]
        rows += [
            {"minutes": float(one), "method": method}
            | _row(lots, np.array(found, dtype=np.float64), inference.level)
            | {"unit": speech.unit, "n_units": speech.n_units, "reason": reason}
            for method, found in scores.items()
        ]
    frame = pd.DataFrame(rows)
    unread = (frame["n_draws"] == 0) & (frame["reason"] == "")
    frame.loc[unread, "reason"] = "no draw leaves a group to learn and one to read"
    return frame.astype(dict.fromkeys(("method", "unit", "reason"), "str"))


class _MapReader:
    """Reads lots by maps; knows the map of all labels and the permutations of the codes."""

    def __init__(self, counts: Ints, inference: Inference) -> None:
        self.whole_map = nearest_map(counts)
        self.permuted = permuted_codes(counts.any(axis=0), inference)

    def scores(self, method: Method, lots: Sequence[Lot]) -> Iterator[tuple[float, float, float]]:
        """Yield agreement, accuracy and balanced accuracy of every lot."""
        for draw, lot in enumerate(lots):
            if not lot.is_readable:
                yield _UNREAD
                continue
            groups = self._map(method, lot.fitted, draw)
            of_index = lot.read.sum(axis=0)
            agreement = of_index[groups == self.whole_map].sum() / of_index.sum()
            asked = lot.read[:-1]
            answered = groups == np.arange(len(asked))[:, None]  # (G, K)
            right = np.where(answered, asked, 0).sum(axis=1)
            yield float(agreement), *_accuracies(right, asked.sum(axis=1))

    def _map(self, method: Method, counts: Ints, draw: int) -> Ints:
        match method:
            case "smoothed map":
                return smoothed_map(counts)
            case "unordered map":
                return unordered_map(counts)
            case "permuted map":
                return permuted_map(counts, self.permuted[draw])
            case _:
                return nearest_map(counts)


def _probed(
    speech: LabelledSpeech, lot: Lot, latents: NDArray[Any], probe: Probe, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the accuracies of a probe of the same minutes on the other units."""
    if not lot.is_readable:
        return _UNREAD
    group = speech.group
    labelled = lot.frames[group[lot.frames] < speech.n_groups]
    fitted = np.sort(rng.permutation(labelled)[: probe.max_fitted])
    read = np.sort(rng.permutation(speech.others(lot))[: probe.max_read])
    truth = group[read]
    answers = probe.answers(latents[fitted], group[fitted], latents[read])
    asked = np.bincount(truth, minlength=speech.n_groups)
    right = np.bincount(truth[answers == truth], minlength=speech.n_groups)
    return np.nan, *_accuracies(right, asked)


def _accuracies(right: Ints, asked: Ints) -> tuple[float, float]:
    """Return accuracy and its mean over the groups that occur, of counts by group."""
    present = asked > 0
    return float(right.sum() / asked.sum()), float((right[present] / asked[present]).mean())


def _row(lots: Sequence[Lot], scores: Floats, level: float) -> dict[str, Any]:
    """Return means over draws, and where the middle of the draws lies; of what was drawn."""
    scores = scores.reshape(-1, len(MEASURES))
    known = np.isfinite(scores[:, -1])
    row: dict[str, Any] = {}
    for name, values in zip(MEASURES, scores[known].T, strict=True):
        tails = [(1 - level) / 2, (1 + level) / 2]
        bounds = np.quantile(values, tails) if len(values) else (np.nan, np.nan)
        row[name] = values.mean() if len(values) else np.nan
        row[f"{name}_low"], row[f"{name}_high"] = bounds
    kept = [lot for lot, good in zip(lots, known, strict=False) if good]
    row["n_draws"] = len(kept)
    for name, numbers in (
        ("n_frames_fitted", [len(lot.frames) for lot in kept]),
        ("n_speakers", [lot.n_touched for lot in kept]),
    ):
        row[name] = float(np.mean(numbers)) if kept else 0.0
    return row


def _checked(latents: ArrayLike, n_frames: int) -> NDArray[Any]:
    values = np.asarray(latents)
    if values.ndim != 2 or len(values) != n_frames or not np.issubdtype(values.dtype, np.floating):
        raise OptionError(
            f"latents are {values.dtype} of shape {values.shape}",
            remedy=f"give floats of shape ({n_frames}, dim), row-aligned with the table's frames",
        )
    return values
