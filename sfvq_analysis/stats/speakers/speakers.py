"""How much of who speaks is left in the indices.

`property_distances`: the Jensen-Shannon distance of the index density of one speaker, sex or
dialect to that of all others, over the frames that a known phone owns.

- ``raw``: as the frames are. It rises with what is said, too.
- ``standardised``: Σ_p w(p) n(p, k) / n(p) in place of the density, n(p, k) being the frames of
  phone p and index k on one side. Both sides have the same w(p), the share of p in the whole table
  among the phones that both say. Only *how* phones are said is left.

Small samples are far from everything, so a distance stands beside its null. For a sex or dialect,
speakers are permuted over the values. A single speaker has nobody to be permuted with: there,
speakers are permuted over the tokens of each phone that have as many frames, which leaves everybody
as many frames of each phone; it is drawn 99 times at most.

`speaker_information`: I(index; speaker | phone), of `sfvq_analysis.stats.arithmetic.conditional`.

None of it changes when codes are relabelled.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from sfvq_analysis.errors import check_option
from sfvq_analysis.stats.arithmetic.conditional import (
    COLUMNS,
    Labelled,
    Units,
    conditional_information,
)
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import token_values
from sfvq_analysis.stats.inference import (
    Inference,
    corrected_p,
    interval,
    null_summary,
    p_value,
    resampling_weights,
)
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null
from sfvq_analysis.stats.speakers.speaker_densities import (
    KINDS,
    Spoken,
    distances,
    entries_by_speaker,
    entries_by_token,
    permuted_tokens,
    spoken,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.phones import Folding
    from sfvq_analysis.stats.counting.reductions import Reductions

    Floats = NDArray[np.float64]

Property = Literal["speaker", "sex", "dialect"]
Within = Literal["all", "repeated"]
SPEAKER_DRAWS = 99


def property_distances(
    table: Reducible,
    *,
    by: Property = "speaker",
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return how far each value's index density is from that of all other values.

    Parameters
    ----------
    table
        A table or its reductions.
    by
        ``"speaker"``, ``"sex"`` or ``"dialect"``; utterances where it isn't known are left out.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        A row each kind and value: ``kind`` (``raw``, ``standardised``) and the column `by`;
        ``distance``, in 0 … 1, with its interval ``low``, ``high`` (speakers resampled; none where
        one side is a single speaker; the draws, which repetitions make larger than the data, are
        moved so that their mean is the distance); ``null_mean``, ``null_sd``, ``p`` (large is
        extreme) and ``p_corrected`` over the rows of a kind; ``n_frames``; ``unit``, ``n_units``
        (speakers of the value); ``n_permutations``; ``reason`` why something is NaN.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    check_option("by", by, ("speaker", "sex", "dialect"))
    inference = inference or Inference()
    if by == "speaker":
        inference = replace(inference, n_permutations=min(SPEAKER_DRAWS, inference.n_permutations))
    frames = _spoken(as_reductions(table), by, phone_set)
    observed, null, resampled = _distances(frames, by, inference)
    n = len(frames.names)
    n_frames = np.bincount(frames.value[frames.token], weights=frames.length, minlength=n)
    cells = np.unique(np.stack([frames.value, frames.speaker]), axis=1)
    n_units = np.bincount(cells[0], minlength=n)
    n_speakers = len(np.unique(frames.speaker))
    rows = []
    for kind, value in np.ndindex(2, n):
        distance = float(observed[kind, value])
        row = _row(distance, null[:, kind, value], inference)
        fewest = (
            1 if by == "speaker" else min(int(n_units[value]), n_speakers - int(n_units[value]))
        )
        low, high = interval(_centred(resampled[:, kind, value], distance), fewest, inference)
        row |= {"kind": KINDS[kind], by: frames.names[value], "n_frames": int(n_frames[value])}
        row |= {"low": float(low), "high": float(high)}
        row |= {"unit": "speaker", "n_units": int(n_units[value])}
        missing = f"one {by} only" if n < 2 else "no phone that others say too"
        known = joined(no_interval("speaker", fewest, inference), no_null(inference))
        rows.append({**row, "reason": known if np.isfinite(distance) else missing})
    return _frame(rows, by)


def speaker_information(
    table: Reducible,
    *,
    within: Within = "all",
    phone_set: Folding = 61,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return what an index tells of the speaker, given the phone: I(index; speaker | phone).

    Parameters
    ----------
    table
        A table or its reductions.
    within
        ``"all"`` frames that a known phone owns: speakers say different words, whose contexts show
        in the indices, too. ``"repeated"``: only sentences that several speakers say, where less
        of it is what was said; none of it, where all speakers say all of them.
    phone_set
        Fold phones to 61, 48 or 39.
    inference
        Draws, level and seed; `Inference()` by default.

    Returns
    -------
    pd.DataFrame
        One row: ``within``; ``plug_in``; ``null_mean`` and ``null_sd`` (speakers permuted over the
        tokens of a phone); ``corrected`` with its interval ``low``, ``high``; ``share`` of
        H(index | phone); ``p`` (large is extreme); ``n_frames``, ``n_tokens``; ``unit``,
        ``n_units``, ``n_permutations``; ``reason`` why something is NaN. In nats. A ``corrected``
        of 0 means that only the phones are left in the indices.

    Raises
    ------
    OptionError
        If an option isn't one of these.
    """
    check_option("within", within, ("all", "repeated"))
    inference = inference or Inference()
    reductions = as_reductions(table)
    chosen = _repeated(reductions) if within == "repeated" else None
    frames = _spoken(reductions, "speaker", phone_set, chosen)
    several = len(frames.names) > 1
    runs = (frames.token, frames.code, np.zeros_like(frames.token), frames.length)
    labelled = Labelled(
        frames.phone, frames.speaker, frames.speaker, *(run if several else run[:0] for run in runs)
    )
    units = Units("speaker", len(frames.names))
    row = conditional_information(labelled, 1, units, "speakers of tokens", inference)[0]
    if not several:
        one = "one speaker only" if frames.names else "no labelled frame"
        repeated = within == "repeated"
        row["reason"] = "no labelled sentence is said by two speakers" if repeated else one
    frame = pd.DataFrame([{"within": within, **row}], columns=["within", *COLUMNS])
    return frame.astype(dict.fromkeys(("within", "unit", "reason"), "str"))


def _spoken(
    reductions: Reductions,
    by: Property,
    phone_set: Folding,
    chosen: NDArray[np.bool_] | None = None,
) -> Spoken:
    utterances = reductions.utterances
    known = ((utterances[by] != "") & (utterances["speaker"] != "")).to_numpy()
    phone = token_values(reductions, "phone", phone_set)[1]
    usable = known if chosen is None else known & chosen
    return spoken(reductions, phone, utterances[by].to_numpy(dtype=object), usable)


def _repeated(reductions: Reductions) -> NDArray[np.bool_]:
    """Tell which utterances are of a sentence that several speakers say."""
    said = reductions.utterances[["sentence", "speaker"]]
    n_speakers = said.groupby("sentence")["speaker"].transform("nunique")
    return np.asarray((n_speakers > 1) & (said["sentence"] != ""))


def _distances(frames: Spoken, by: Property, inference: Inference) -> tuple[Floats, Floats, Floats]:
    """Return distances, shape (2, n_values), and draws of their null and of resampled speakers."""
    n = len(frames.names)
    if n < 2:
        nothing = np.zeros((0, 2, n))
        return np.full((2, n), np.nan), nothing, nothing
    tokens, ones = entries_by_token(frames), np.ones(len(frames.value))
    observed = distances(frames, tokens, frames.value, ones)
    if by == "speaker":
        drawn = permuted_tokens(frames, inference.generator("speakers of tokens"))
        null = [
            distances(frames, tokens, value, ones)
            for value in islice(drawn, inference.n_permutations)
        ]
        return observed, np.reshape(null, (-1, 2, n)), np.zeros((0, 2, n))
    cells, speaker, value = entries_by_speaker(frames)
    rng, once = inference.generator("values of speakers"), np.ones(len(value))
    null = [
        distances(frames, cells, rng.permutation(value), once)
        for _ in range(inference.n_permutations)
    ]
    weights = resampling_weights(int(speaker.max()) + 1, inference)[:, speaker]
    resampled = [distances(frames, cells, value, weight) for weight in weights]
    return observed, np.reshape(null, (-1, 2, n)), np.reshape(resampled, (-1, 2, n))


def _centred(draws: Floats, on: float) -> Floats:
    """Return draws moved so that their mean is a number, and kept inside 0 … 1."""
    known = draws[np.isfinite(draws)]
    if not len(known) or not np.isfinite(on):
        return draws
    return np.asarray(np.clip(draws - known.mean() + on, 0.0, 1.0))


def _row(distance: float, null: Floats, inference: Inference) -> dict[str, Any]:
    mean, sd = null_summary(null)
    return {
        "distance": distance,
        "null_mean": mean,
        "null_sd": sd,
        "p": p_value(distance, null, "greater"),
        "n_permutations": inference.n_permutations,
    }


def _frame(rows: list[dict[str, Any]], by: Property) -> pd.DataFrame:
    numbers = ["distance", "low", "high", "null_mean", "null_sd", "p", "p_corrected"]
    counts = ["n_frames", "n_units", "n_permutations"]
    columns = ["kind", by, *numbers, "n_frames", "unit", "n_units", "n_permutations", "reason"]
    frame = pd.DataFrame(rows, columns=columns).astype(
        dict.fromkeys(numbers, "float64")
        | dict.fromkeys(counts, "int64")
        | dict.fromkeys(("kind", by, "unit", "reason"), "str")
    )
    for kind in KINDS:
        mine = frame["kind"] == kind
        frame.loc[mine, "p_corrected"] = corrected_p(frame.loc[mine, "p"])
    return frame
