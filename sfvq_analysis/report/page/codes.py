"""What each index of a table stands for, in columns of the page's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis import stats
from sfvq_analysis.plots.style import group_colours
from sfvq_analysis.report.page.rows import rows_by_code
from sfvq_analysis.stats.counting.unit_counts import unit_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.tables import IndexTable

N_TOP, N_MOVES = 5, 3
NO_GROUP_COLOUR = "#9a9a9a"
_POINTS = (50, 90)  # per cent
_DASHES = ("solid", "dashed", "dotted", "dashdot")


def group_looks(table: IndexTable) -> list[dict[str, str]]:
    """Return name, colour and dash of each group of the table's inventory, in order."""
    colours = group_colours("colorblind", table.inventory.groups)
    seen: dict[str, int] = {}
    looks = []
    for group, colour in colours.items():
        again = seen[colour] = seen.get(colour, -1) + 1
        looks.append({"name": group, "colour": colour, "dash": _DASHES[again % len(_DASHES)]})
    return looks


def code_columns(table: IndexTable, reductions: Reductions) -> dict[str, Any]:
    """Return what is known of each index 0 … K - 1, a list each."""
    meanings = stats.index_meanings(reductions, n_top=N_TOP)
    frames = np.bincount(table.frames["codeword"], minlength=table.codebook_size)
    return {
        **_commonest_groups(meanings, table, reductions),
        "frames": frames.tolist(),
        "labelled": meanings["n_frames"].tolist(),
        "tokens": meanings["n_tokens"].tolist(),
        "units": meanings["n_units"].tolist(),
        "entropy": _rounded(meanings["entropy"]),
        "top": _tops(meanings),
        "sex": _split(table, "sex"),
        "dialect": _split(table, "dialect"),
        "speakers": _split(table, "speaker", N_MOVES),
        "stay": _stays(reductions),
        "before": _moves(reductions, "next_index", "index"),
        "after": _moves(reductions, "index", "next_index"),
        "contexts": _contexts(reductions),
    }


def _commonest_groups(
    meanings: pd.DataFrame, table: IndexTable, reductions: Reductions
) -> dict[str, Any]:
    """Return place and share of each index's commonest group; -1 where phones of none are more."""
    place = {group: at for at, group in enumerate(table.inventory.groups)}
    known = unit_counts(reductions, "phone_group").total().sum(axis=0)
    labelled = meanings["n_frames"].to_numpy()
    outside = (labelled - known) / np.maximum(labelled, 1)
    most = meanings["group_share"].fillna(0.0).to_numpy()
    named = zip(meanings["phone_group"].astype(object), outside > most, strict=True)
    return {
        "group": [-1 if is_other else place.get(one, -1) for one, is_other in named],
        "share": _rounded(meanings["group_share"].where(outside <= most, outside)),
    }


def described_ranges(description: pd.DataFrame, table: IndexTable) -> list[dict[str, Any]]:
    """Return the ranges of `stats.describe_axis` with the place of the first group of each."""
    place = {group: at for at, group in enumerate(table.inventory.groups)}
    return [
        {
            "first": int(row["first"]),
            "last": int(row["last"]),
            "groups": row["groups"],
            "group": place.get(_first_named(row["groups"], place), -1),
            "text": row["text"],
        }
        for row in description.dropna(subset=["first", "last"]).to_dict("records")
    ]


def _first_named(groups: str, place: dict[str, int]) -> str:
    """Return the first of the groups that a name lists: a group's own name may hold a comma."""
    fits = [one for one in place if groups == one or groups.startswith(f"{one}, ")]
    return max(fits, key=len, default="")


def _tops(meanings: pd.DataFrame) -> list[list[list[Any]]]:
    names = [meanings[f"top_{rank}"].astype(object) for rank in range(1, N_TOP + 1)]
    shares = [_rounded(meanings[f"share_{rank}"]) for rank in range(1, N_TOP + 1)]
    return [
        [
            [str(names[rank][at]), shares[rank][at]]
            for rank in range(N_TOP)
            if shares[rank][at] is not None
        ]
        for at in range(len(meanings))
    ]


def _split(table: IndexTable, column: str, at_most: int = 10) -> list[list[list[Any]]]:
    """Return the commonest values of a property of utterances at each index, with their shares."""
    values = table.utterances[column].astype("category")
    if not len(values) or set(values.cat.categories) <= {""}:
        return []
    value = values.cat.codes.to_numpy()[table.frames["utterance"].cat.codes.to_numpy()]
    n, size = len(values.cat.categories), table.codebook_size
    cell = table.frames["codeword"].to_numpy().astype(np.int64) * n + value
    counts = np.bincount(cell, minlength=n * size).reshape(size, n)
    return _commonest(counts, [str(one) for one in values.cat.categories], at_most)


def _commonest(counts: NDArray[np.int64], names: list[str], at_most: int) -> list[list[list[Any]]]:
    order = np.argsort(-counts, axis=1, kind="stable")[:, :at_most]
    total = np.maximum(counts.sum(axis=1), 1)
    return [
        [
            [names[one], round(float(counts[row, one] / total[row]), 4)]
            for one in order[row]
            if counts[row, one]
        ]
        for row in range(len(counts))
    ]


def _stays(reductions: Reductions) -> list[list[float] | None]:
    """Return median and 90 % point of how long the index stays, in milliseconds."""
    index, length, utterance = (
        reductions.runs[column].to_numpy() for column in ("index", "length", "utterance")
    )
    begins = (np.diff(index, prepend=-1) != 0) | (np.diff(utterance, prepend=-1) != 0)
    first = np.flatnonzero(begins)  # a stay spans tokens
    stays = np.add.reduceat(length, first)
    found: list[list[float] | None] = [None] * reductions.codebook_size
    for one, rows in rows_by_code(index[first]):
        points = 1000 * reductions.frame_seconds * np.percentile(stays[rows], _POINTS)
        found[one] = points.round(1).tolist()
    return found


def _moves(reductions: Reductions, here: str, there: str) -> list[list[list[Any]]]:
    """Return the commonest other indices next to each, with their shares of all moves."""
    moves = reductions.transitions
    moves = moves[moves["index"] != moves["next_index"]]
    counts = moves.groupby([here, there], observed=True)["count"].sum()
    total = counts.groupby(level=0).sum()
    ranked = counts.sort_values(ascending=False, kind="stable").groupby(level=0).head(N_MOVES)
    found: list[list[list[Any]]] = [[] for _ in range(reductions.codebook_size)]
    for (one, other), count in ranked.items():
        found[one].append([int(other), round(float(count / total[one]), 4)])
    return found


def _contexts(reductions: Reductions) -> list[list[list[Any]]]:
    """Return the commonest neighbours (before _ after) of the tokens that have a frame here."""
    tokens, runs = reductions.tokens, reductions.runs
    owned = runs[runs["token"] >= 0].drop_duplicates(["token", "index"])
    found: list[list[list[Any]]] = [[] for _ in range(reductions.codebook_size)]
    if owned.empty:
        return found
    phone = tokens["phone"].cat.codes.to_numpy().astype(np.int64)
    names = [str(one) for one in tokens["phone"].cat.categories]
    utterance, ordinal = tokens["utterance"].to_numpy(), tokens["ordinal"].to_numpy()
    adjoin = (utterance[1:] == utterance[:-1]) & (ordinal[1:] == ordinal[:-1] + 1)
    n = len(names) + 1
    before = np.append(-1, np.where(adjoin, phone[:-1], -1)) + 1
    after = np.append(np.where(adjoin, phone[1:], -1), -1) + 1
    token = owned["token"].to_numpy()
    key = (owned["index"].to_numpy().astype(np.int64) * n + before[token]) * n + after[token]
    cells, count = np.unique(key, return_counts=True)
    index, pair = cells // (n * n), cells % (n * n)
    total = np.bincount(index, weights=count, minlength=reductions.codebook_size)
    for at in np.argsort(-count, kind="stable"):
        mine = found[index[at]]
        if len(mine) < N_MOVES:
            ends = ["#" if one == 0 else names[one - 1] for one in divmod(int(pair[at]), n)]
            mine.append([f"{ends[0]} _ {ends[1]}", round(float(count[at] / total[index[at]]), 4)])
    return found


def _rounded(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(one) else round(float(one), 4) for one in values]
