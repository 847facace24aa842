"""Claims on sentences and on what follows what: C4 and C11."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.claims.said import Found, as_measure
from sfvq_analysis.stats.inference import Measure
from sfvq_analysis.stats.inference.reasons import joined
from sfvq_analysis.stats.speakers.consistency import sentence_consistency
from sfvq_analysis.stats.time.group_transitions import group_transitions

if TYPE_CHECKING:
    from sfvq_analysis.stats.claims.said import Said
    from sfvq_analysis.stats.counting.reductions import Reductions

_RARE_MOVES = (("silence", "vowel"), ("plosive", "nasal"), ("fricative", "nasal"))


def same_picture(said: Said) -> Found:
    """Test C4 by the distances of index trajectories."""
    reductions = said.reductions
    if said.sentence is not None:
        reductions = _with_one_repeated(reductions, said.sentence)
    found = sentence_consistency(reductions, with_order=False, inference=said.inference)
    every = found[found["comparison"] == "all"]
    apart = found[found["comparison"].str.startswith("different")].dropna(subset=["effect"])
    detail = ", ".join(f"{row.comparison} {row.effect:.2f}" for row in apart.itertuples())
    return Found(as_measure(every, "P(within < between)"), detail)


def _with_one_repeated(reductions: Reductions, sentence: str) -> Reductions:
    """Return reductions in which all other sentences are said by one speaker only."""
    utterances = reductions.utterances.copy()
    others = ~utterances["sentence"].isin([sentence, ""])  # what isn't known stays so
    utterances.loc[others, "sentence"] = "other: " + utterances.loc[others, "utterance"]
    return replace(reductions, utterances=utterances)


def rare_moves(said: Said) -> Found:
    """Test C11 by the least rare of the three moves."""
    found = group_transitions(said.reductions, inference=said.inference)
    named = zip(found["group"], found["next_group"], strict=True)
    asked = found[np.array([pair in _RARE_MOVES for pair in named], dtype=bool)]
    blank = Measure("log odds", unit=said.reductions.unit, n_units=len(said.reductions.units))
    absent = "a group has no index of its own" if len(asked) < len(_RARE_MOVES) else ""
    reason = joined(absent, *asked["reason"])
    if absent or asked["log_odds"].isna().any():
        return Found(blank._replace(reason=reason))
    one_sided = np.where(asked["log_odds"] < 0, asked["p"] / 2, 1 - asked["p"] / 2)
    most = asked.loc[asked["log_odds"].idxmax()]
    moves = (f"{row.group} > {row.next_group} {row.log_odds:.2f}" for row in asked.itertuples())
    found_move = blank._replace(
        effect=float(most["log_odds"]),
        low=float(most["low"]),
        high=float(most["high"]),
        null_mean=0.0,
        p=float(one_sided.max()),  # NaN if one is
        reason=reason,
    )
    return Found(found_move, ", ".join(moves))
