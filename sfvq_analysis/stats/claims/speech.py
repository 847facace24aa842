"""Claims on sentences and on what follows what: C4 and C11."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.stats.claims.said import Found, as_measure
from sfvq_analysis.stats.inference import Measure
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
    found = sentence_consistency(reductions, inference=said.inference)
    every = found[found["comparison"] == "all"]
    apart = found[found["comparison"].str.startswith("different")].dropna(subset=["effect"])
    detail = ", ".join(f"{row.comparison} {row.effect:.2f}" for row in apart.itertuples())
    return Found(as_measure(every, "P(within < between)"), detail)


def _with_one_repeated(reductions: Reductions, sentence: str) -> Reductions:
    """Return reductions in which all other sentences are said by one speaker only."""
    utterances = reductions.utterances.copy()
    others = utterances["sentence"] != sentence
    utterances.loc[others, "sentence"] = utterances.loc[others, "utterance"]
    return replace(reductions, utterances=utterances)


def rare_moves(said: Said) -> Found:
    """Test C11 by the least rare of the three moves."""
    found = group_transitions(said.reductions, inference=said.inference)
    named = [*zip(found["group"], found["next_group"], strict=True)]
    rows = found[[pair in _RARE_MOVES for pair in named]].dropna(subset=["log_odds", "p"])
    blank = Measure("log odds", unit=said.reductions.unit, n_units=len(said.reductions.units))
    if len(rows) < len(_RARE_MOVES):
        lacking = found.loc[[pair in _RARE_MOVES for pair in named], "reason"]
        why = next((reason for reason in lacking if reason), "a group has no index of its own")
        return Found(blank._replace(reason=why))
    one_sided = np.where(rows["log_odds"] < 0, rows["p"] / 2, 1 - rows["p"] / 2)
    most = rows.loc[rows["log_odds"].idxmax()]
    detail = ", ".join(
        f"{row.group} > {row.next_group} {row.log_odds:.2f}" for row in rows.itertuples()
    )
    found_move = blank._replace(
        effect=float(most["log_odds"]),
        low=float(most["low"]),
        high=float(most["high"]),
        null_mean=0.0,
        p=float(one_sided.max()),
    )
    return Found(found_move, detail)
