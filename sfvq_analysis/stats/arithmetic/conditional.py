"""What a label of a token tells of its indices beyond its phone: I(index; label | phone).

Summed over all frames, I = Σ_p n(p) / N I_p, with I_p the mutual information of index and label
among the frames of phone p. Small counts raise it, so it stands beside a null: labels are permuted
among the tokens of a phone, whole tokens, so that durations and the codes of a token stay what they
are; 50 draws at most, for their mean. ``corrected`` = plug_in - null_mean, ``share`` = corrected /
H(index | phone).

Tokens of a phone aren't exchangeable if labels differ in duration, as speakers do in rate: ``p``
has a null of its own, in which labels are permuted among the tokens of a phone that have as many
frames (see `sfvq_analysis.stats.inference.relabelling`), drawn 199 times at most.

The interval of ``corrected`` is that of the mean over frames of log n(p, l, k) n(p) / (n(p, l)
n(p, k)) when units are resampled, with these logarithms as they are (the delta method) and the
null's mean taken off. Counting resampled frames anew would raise the information itself, as every
repetition looks like knowledge. It tells how much units differ, not how biased the correction is.

All of it is in nats and doesn't change when codes are relabelled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import xlogy

from sfvq_analysis.stats.inference import (
    Inference,
    interval,
    null_summary,
    p_value,
    resampling_weights,
)
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.inference.relabelling import first_of_utterances

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_DRAWS, MEAN_DRAWS = 199, 50
COLUMNS = (
    "plug_in", "null_mean", "null_sd", "corrected", "low", "high", "share", "p",
    "n_frames", "n_tokens", "unit", "n_units", "n_permutations", "reason",
)  # fmt: skip


class Labelled(NamedTuple):
    """Runs of labelled tokens. A token's runs are in one stratum.

    Attributes
    ----------
    stratum, label, unit
        Of every token: its phone, what it is labelled with, what is resampled.
    token, code, part, length
        Of every run, `code` being its index; parts (such as thirds of a phone) are measured apart,
        in one null.
    """

    stratum: NDArray[np.int64]
    label: NDArray[np.int64]
    unit: NDArray[np.int64]
    token: NDArray[np.int64]
    code: NDArray[np.int64]
    part: NDArray[np.int64]
    length: NDArray[np.int64]


class Units(NamedTuple):
    """What is resampled, and how many there are."""

    name: str
    number: int


def conditional_information(
    labelled: Labelled, n_parts: int, units: Units, purpose: str, inference: Inference
) -> list[dict[str, Any]]:
    """Return a row of `COLUMNS` for each part; see the module's docstring.

    A part without frames has NaN and the reason "no labelled frame".
    """
    observed = [_Part(labelled, part) for part in range(n_parts)]
    null, alike = (
        _null(labelled, observed, purpose, inference, alike=one) for one in (False, True)
    )
    weights = resampling_weights(units.number, inference)
    rows = []
    for part, drawn, matched in zip(observed, null.T, alike.T, strict=True):
        mean, sd = null_summary(drawn)
        sums = part.by_unit(units.number)
        n = weights @ sums[1]
        moved = weights @ sums[0] / np.where(n > 0, n, np.nan) - mean
        low, high = interval(moved, units.number, inference)
        corrected = part.information - mean
        constant = part.entropy == 0
        rows.append(
            {
                "plug_in": part.information,
                "null_mean": mean,
                "null_sd": sd,
                "corrected": corrected,
                "low": float(low),
                "high": float(high),
                "share": float("nan") if constant else corrected / part.entropy,
                "p": p_value(part.information, matched, "greater"),
                "n_frames": part.n_frames,
                "n_tokens": part.n_tokens,
                "unit": units.name,
                "n_units": units.number,
                "n_permutations": len(matched),
                "reason": joined(
                    "" if part.n_frames else "no labelled frame",
                    "each phone has one index: no share" if constant else "",
                    no_interval(units.name, units.number, inference) if part.n_frames else "",
                    no_null(inference) if part.n_frames else "",
                ),
            }
        )
    return rows


class _Part:
    """Counts of one part, and what follows from them."""

    def __init__(self, labelled: Labelled, part: int) -> None:
        mine = labelled.part == part
        token = labelled.token[mine]
        self._unit = labelled.unit[token]
        self._length = labelled.length[mine].astype(np.float64)
        self.n_frames = int(self._length.sum())
        self.n_tokens = len(np.unique(token))
        phone, label, index = labelled.stratum[token], labelled.label[token], labelled.code[mine]
        n_labels, n_codes = (int(values.max(initial=0)) + 1 for values in (label, index))
        of_label = phone * n_labels + label
        counts = [
            self._counted(cell)
            for cell in (of_label * n_codes + index, phone, of_label, phone * n_codes + index)
        ]
        both, phones, labels, codes = (np.log(count) for count in counts)
        self._pointwise = both + phones - labels - codes
        # one count a run, so its logarithm sums to x log x over the frames
        self.fixed = float(self._length @ (phones - codes))
        self.information, self.entropy = float("nan"), float("nan")
        if self.n_frames:
            self.information = max(0.0, float(self._length @ self._pointwise) / self.n_frames)
            self.entropy = max(0.0, -float(self._length @ (codes - phones)) / self.n_frames)

    def _counted(self, cell: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return for every run the frames in its cell."""
        _, which = np.unique(cell, return_inverse=True)
        return np.asarray(np.bincount(which, weights=self._length)[which], dtype=np.float64)

    def by_unit(self, n_units: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the pointwise information summed, and the frames, of every unit."""
        weighted = self._length * self._pointwise
        sums = [
            np.bincount(self._unit, weights=one, minlength=n_units).astype(np.float64)
            for one in (weighted, self._length)
        ]
        return sums[0], sums[1]


def _null(
    labelled: Labelled, parts: list[_Part], purpose: str, inference: Inference, *, alike: bool
) -> Floats:
    """Return the information of permuted labels, shape (n, n_parts)."""
    n_frames = np.array([part.n_frames for part in parts], dtype=np.float64)
    n_draws = min(MOST_DRAWS if alike else MEAN_DRAWS, inference.n_permutations)
    drawn = np.full((n_draws, len(parts)), np.nan)
    if not n_frames.sum():
        return drawn
    from sfvq_analysis.stats.inference.relabelling_kernels import shuffle_within
    from sfvq_analysis.stats.inference.token_kernels import sum_xlogx

    duration = np.bincount(labelled.token, labelled.length, len(labelled.stratum))
    order = np.lexsort((duration, labelled.stratum))  # tokens of a phone in a row
    phone, labels = labelled.stratum[order], labelled.label[order]
    first_token = first_of_utterances(phone)
    swapping = (
        first_of_utterances(phone * (int(duration.max()) + 1) + duration[order].astype(np.int64))
        if alike
        else first_token
    )
    runs = labelled._replace(token=np.argsort(order)[labelled.token])
    entries, first = _entries(runs, first_token, len(parts))
    whole = runs._replace(code=np.zeros_like(runs.code))
    totals, first_total = _entries(whole, first_token, len(parts))
    longest = int(np.bincount(labelled.stratum[labelled.token], weights=labelled.length).max())
    xlogx = xlogy(np.arange(longest + 1.0), np.arange(longest + 1.0))
    n_labels, n_codes = int(labels.max()) + 1, int(labelled.code.max()) + 1
    cells, rows = np.zeros((n_labels, n_codes), np.int32), np.zeros((n_labels, 1), np.int32)
    fixed = np.array([part.fixed for part in parts])
    rng = inference.generator(f"{purpose} alike" if alike else purpose)
    joint, of_label = np.zeros((2, len(parts)))
    for draw in drawn:
        shuffle_within(labels, swapping, rng)
        sum_xlogx(entries, labels, first, xlogx, cells, joint)
        sum_xlogx(totals, labels, first_total, xlogx, rows, of_label)
        total = np.maximum(joint - of_label + fixed, 0.0)
        draw[:] = total / np.where(n_frames > 0, n_frames, np.nan)
    return drawn


def _entries(
    runs: Labelled, first_token: NDArray[np.int64], n_parts: int
) -> tuple[tuple[NDArray[np.int32], ...], NDArray[np.int64]]:
    """Return token, code and frames added up, by part and token, and where strata begin."""
    columns = (runs.part, runs.token, runs.code)
    shape = (n_parts, int(first_token[-1]), int(runs.code.max()) + 1)
    places, which = np.unique(np.ravel_multi_index(columns, shape), return_inverse=True)
    part, token, code = np.unravel_index(places, shape)
    frames = np.bincount(which, weights=runs.length)
    wanted = np.arange(n_parts)[:, None] * shape[1] + first_token
    first = np.searchsorted(part * shape[1] + token, wanted)
    return tuple(column.astype(np.int32) for column in (token, code, frames)), first
