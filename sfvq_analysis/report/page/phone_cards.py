"""What a page tells of each phone: its length, place on the axis, movement and odd tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis import stats
from sfvq_analysis.report.page.rows import rows_by_code
from sfvq_analysis.stats import Inference

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.tables import IndexTable

    Columns = dict[str, NDArray[Any]]

N_ODD = 5
_NO_DRAWS = Inference(n_permutations=0, n_bootstraps=0)
_COLUMNS = ("utterance", "start_seconds", "stop_seconds", "n_frames", "index")
_POINTS = (10, 50, 90)  # per cent
_QUANTILES = ("q10", "q25", "q50", "q75", "q90")


def phone_columns(table: IndexTable, reductions: Reductions) -> dict[str, dict[str, Any]]:
    """Return what is known of each phone that owns a frame, by its symbol."""
    tokens = _with_index(reductions)
    moving = stats.trajectories(reductions, inference=_NO_DRAWS)
    paths = {str(name): part for name, part in moving.groupby("phone", observed=True)}
    ids = table.utterances["utterance"].to_numpy()
    found = {}
    for name, mine in _by_phone(tokens):
        path = paths.get(name)
        duration = np.percentile(1000 * (mine["stop_seconds"] - mine["start_seconds"]), _POINTS)
        found[name] = {
            "ipa": table.inventory.ipa(name),
            "tokens": len(mine["index"]),
            "frames": int(mine["n_frames"].sum()),
            "duration": [round(one, 1) for one in duration.tolist()],
            "middle": round(float(np.median(mine["index"])), 1),
            "path": None if path is None else {q: _short(path[q]) for q in _QUANTILES},
            "path_tokens": 0 if path is None else int(path["n_tokens"].iloc[0]),
            "odd": _odd(mine, ids),
        }
    return found


def _by_phone(tokens: pd.DataFrame) -> Iterator[tuple[str, Columns]]:
    """Yield each phone with the columns of its tokens."""
    phone, values = tokens["phone"].cat, {name: tokens[name].to_numpy() for name in _COLUMNS}
    for code, rows in rows_by_code(phone.codes):
        yield str(phone.categories[code]), {name: one[rows] for name, one in values.items()}


def _with_index(reductions: Reductions) -> pd.DataFrame:
    """Return the tokens that own a frame, with their mean index."""
    runs = reductions.runs[reductions.runs["token"] >= 0]
    n = len(reductions.tokens)
    weight = np.bincount(runs["token"], weights=runs["length"], minlength=n)
    total = np.bincount(runs["token"], weights=runs["index"] * runs["length"], minlength=n)
    owning = weight > 0
    tokens = reductions.tokens[owning]
    return tokens.assign(index=total[owning] / weight[owning])


def _odd(mine: Columns, ids: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """Return the tokens whose mean index is farthest from the median of the phone's tokens."""
    far = np.abs(mine["index"] - np.median(mine["index"]))
    return [
        {
            "utterance": str(ids[mine["utterance"][at]]),
            "start": round(float(mine["start_seconds"][at]), 3),
            "stop": round(float(mine["stop_seconds"][at]), 3),
            "index": round(float(mine["index"][at]), 1),
        }
        for at in np.argsort(-far, kind="stable")[:N_ODD]
    ]


def _short(values: pd.Series) -> list[float]:
    return [round(float(one), 2) for one in values]
