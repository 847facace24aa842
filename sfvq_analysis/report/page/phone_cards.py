"""What a page tells of each phone: its length, place on the axis, movement and odd tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis import stats
from sfvq_analysis.stats import Inference

if TYPE_CHECKING:
    import pandas as pd

    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.tables import IndexTable

N_ODD = 5
_NO_DRAWS = Inference(n_permutations=0, n_bootstraps=0)
_QUANTILES = ("q10", "q25", "q50", "q75", "q90")


def phone_columns(table: IndexTable, reductions: Reductions) -> dict[str, dict[str, Any]]:
    """Return what is known of each phone that owns a frame, by its symbol."""
    tokens = _with_index(reductions)
    moving = stats.trajectories(reductions, inference=_NO_DRAWS)
    paths = {str(name): part for name, part in moving.groupby("phone", observed=True)}
    ids = table.utterances["utterance"].to_numpy()
    found = {}
    for phone, mine in tokens.groupby("phone", observed=True):
        name = str(phone)
        duration = 1000 * (mine["stop_seconds"] - mine["start_seconds"])
        path = paths.get(name)
        found[name] = {
            "ipa": table.inventory.ipa(name),
            "tokens": len(mine),
            "frames": int(mine["n_frames"].sum()),
            "duration": [round(float(one), 1) for one in duration.quantile([0.1, 0.5, 0.9])],
            "middle": round(float(mine["index"].median()), 1),
            "path": None if path is None else {q: _short(path[q]) for q in _QUANTILES},
            "path_tokens": 0 if path is None else int(path["n_tokens"].iloc[0]),
            "odd": _odd(mine, ids),
        }
    return found


def _with_index(reductions: Reductions) -> pd.DataFrame:
    """Return the tokens that own a frame, with their mean index."""
    runs = reductions.runs[reductions.runs["token"] >= 0]
    n = len(reductions.tokens)
    weight = np.bincount(runs["token"], weights=runs["length"], minlength=n)
    total = np.bincount(runs["token"], weights=runs["index"] * runs["length"], minlength=n)
    owning = weight > 0
    tokens = reductions.tokens[owning]
    return tokens.assign(index=total[owning] / weight[owning])


def _odd(mine: pd.DataFrame, ids: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """Return the tokens whose mean index is farthest from the median of the phone's tokens."""
    far = (mine["index"] - mine["index"].median()).abs()
    rows = mine.loc[far.sort_values(ascending=False, kind="stable").index[:N_ODD]]
    return [
        {
            "utterance": str(ids[row["utterance"]]),
            "start": round(row["start_seconds"], 3),
            "stop": round(row["stop_seconds"], 3),
            "index": round(row["index"], 1),
        }
        for row in rows.to_dict("records")
    ]


def _short(values: pd.Series) -> list[float]:
    return [round(float(one), 2) for one in values]
