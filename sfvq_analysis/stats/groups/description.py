"""The axis in words: cut into ranges, each named by the groups that are at home there.

How it is cut and named, with no setting, is told in `stats.groups.naming`. A name holds for
the share of the range's frames, of those whose phone is in a group, that belong to it. ``share`` is
computed on the frames that the name was chosen by, and so flatters; ``share_checked`` doesn't.

Exceptions are phones of a named group no more of whose frames lie in its ranges than of the average
group's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from sfvq_analysis.errors import OptionError, check_count
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.stats.arithmetic.contingency import ratio
from sfvq_analysis.stats.arithmetic.densities import densities
from sfvq_analysis.stats.counting.reductions import Reducible, as_reductions
from sfvq_analysis.stats.counting.unit_counts import unit_counts
from sfvq_analysis.stats.groups.naming import name_indices
from sfvq_analysis.stats.groups.ranges import stretches
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.peaks import MIN_TOKENS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reductions
    from sfvq_analysis.stats.counting.unit_counts import UnitCounts

_COLUMNS = {
    "first": "Int32", "last": "Int32", "groups": "str", "share": "float64",
    "share_checked": "float64", "base_rate": "float64", "covers": "float64", "rest": "str",
    "rest_share": "float64", "phones": "str", "exceptions": "str", "dead": "str",
    "n_frames": "int64", "text": "str", "codebook_size": "int32", "unit": "str",
    "n_units": "int64", "reason": "str",
}  # fmt: skip


class _Counts(NamedTuple):
    """What a description is made from.

    Attributes
    ----------
    by_group
        Counts of the index by group, for every unit.
    total
        The same of all units, shape (n_groups, K).
    eligible
        Places of the groups that have enough tokens.
    phones, of_group, by_phone
        Phones that have enough tokens, the place of each one's group, and their counts, shape
        (n_phones, K).
    frames
        All frames by index, shape (K,).
    """

    by_group: UnitCounts
    total: NDArray[np.int64]
    eligible: NDArray[np.int64]
    phones: list[str]
    of_group: NDArray[np.int64]
    by_phone: NDArray[np.int64]
    frames: NDArray[np.int64]


def describe_axis(
    table: Reducible,
    *,
    check: Reducible | None = None,
    min_tokens: int = MIN_TOKENS,
    inference: Inference | None = None,
) -> pd.DataFrame:
    """Return the axis cut into neighbouring ranges, each with the groups that are at home there.

    Parameters
    ----------
    table
        A table or its reductions.
    check
        Another table of the same codebook, such as one of other speakers, to check names on. By
        default names are made on one half of the units (drawn from the seed) and checked on the
        other, and the other way round; those of the description itself are made on all.
    min_tokens
        Groups and phones with fewer tokens that own a frame are neither named nor exceptions.
    inference
        Gives the draws of the random order, and the seed.

    Returns
    -------
    pd.DataFrame
        A row a range, from low to high; all together they are the axis. ``first``, ``last``;
        ``groups``, one or two names, or none; ``share``, how much of the range's frames belongs to
        them; ``base_rate``, the same of the whole axis; ``share_checked``, the same share of the
        table `check`, or of each half of the units by the names that the other half gives these
        indices; ``covers``, how much of the named groups lies in the range; ``rest``,
        ``rest_share``, the group not named that has most frames there, and how many; ``phones``
        of the groups, more than half of whose frames lie there; ``exceptions``; ``dead``, ranges
        of at least two indices in it that no frame has; ``n_frames``; ``text``;
        ``codebook_size``; ``unit``, ``n_units``; ``reason`` why something is NaN, else empty.

    Raises
    ------
    OptionError
        If `check` has a codebook of another size, or `min_tokens` isn't an integer above 0.

    Examples
    --------
    >>> from sfvq_analysis.tables.simulated import simulated_table
    >>> found = describe_axis(simulated_table())
    >>> found["groups"].tolist()[:3]
    ['silence', 'plosive, fricative', 'nasal']
    """
    check_count("min_tokens", min_tokens)
    chosen = inference or Inference()
    counts = _counts(as_reductions(table), min_tokens)
    other = None if check is None else _aligned(check, counts.by_group)
    reason = _why_not(counts, min_tokens, chosen)
    named = np.zeros(counts.total.shape, dtype=np.bool_)
    if not reason:
        named = name_indices(counts.total, counts.eligible, chosen)
    frame = _ranges(named, counts)
    unnamed = reason or "no group keeps to a range more than in a random order"
    if not reason:
        frame["share_checked"], reason = _checked_shares(frame, named, counts, (other, chosen))
    frame["phones"], frame["exceptions"] = _phone_columns(frame, named, counts)
    frame["text"] = [_text(row, frame, unnamed) for row in frame.to_dict("records")]
    frame["unit"], frame["n_units"] = counts.by_group.unit, counts.by_group.n_units
    frame["codebook_size"], frame["reason"] = counts.by_group.codebook_size, reason
    return frame.reindex(columns=list(_COLUMNS)).astype(_COLUMNS)


def describe_axis_text(description: pd.DataFrame) -> str:
    """Return the one-line text of `describe_axis`.

    Examples
    --------
    >>> from sfvq_analysis.tables.simulated import simulated_table
    >>> describe_axis_text(describe_axis(simulated_table())).split("; ")[0]
    '0-4 silence (97 % of the frames here, 97 % when checked, 13 % overall, 97 % of all silence)'
    """
    return "; ".join(description["text"])


def _counts(reductions: Reductions, min_tokens: int) -> _Counts:
    by_group, by_phone = unit_counts(reductions, "phone_group"), unit_counts(reductions)
    place = {group: at for at, group in enumerate(by_group.values)}
    groups = [place.get(by_phone.inventory.group_of(name) or "", -1) for name in by_phone.values]
    of_group = np.array(groups, dtype=np.int64)
    kept = np.flatnonzero((of_group >= 0) & (by_phone.n_tokens >= min_tokens))
    return _Counts(
        by_group,
        by_group.total(),
        np.flatnonzero(by_group.n_tokens >= min_tokens),
        [by_phone.values[at] for at in kept],
        of_group[kept],
        by_phone.total()[kept],
        reductions.code_frames(),
    )


def _why_not(counts: _Counts, min_tokens: int, inference: Inference) -> str:
    if len(counts.total) == 0:
        return "no frame in a group"
    if len(counts.eligible) < 2:
        return f"fewer than two groups have {min_tokens} tokens"
    if inference.n_permutations == 0:
        return "names have no price: n_permutations is 0"
    return ""


def _aligned(check: Reducible, counts: UnitCounts) -> NDArray[np.int64]:
    """Return the counts of another table by the groups of this one, shape (n_groups, K)."""
    other = unit_counts(as_reductions(check), "phone_group")
    if other.codebook_size != counts.codebook_size:
        raise OptionError(
            f"check has {other.codebook_size} codes, the table {counts.codebook_size}",
            remedy="check on a table of the same codebook",
        )
    rows = dict(zip(other.values, other.total(), strict=True))
    aligned = np.zeros((len(counts.values), counts.codebook_size), dtype=np.int64)
    for at, value in enumerate(counts.values):
        aligned[at] = rows.get(value, 0)
    return aligned


def _ranges(named: NDArray[np.bool_], counts: _Counts) -> pd.DataFrame:
    """Return the ranges with what is said of their frames."""
    total, values = counts.total, counts.by_group.values
    starts = np.flatnonzero(np.append(True, (named[:, 1:] != named[:, :-1]).any(axis=0)))
    stops = np.append(starts[1:], named.shape[1])
    rows = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        mine = named[:, start]
        here, everywhere = total[:, start:stop].sum(axis=1), total.sum(axis=1)
        others = np.where(mine, 0, here)
        share, base_rate, covers = ratio(
            np.array([here[mine].sum(), everywhere[mine].sum(), here[mine].sum()], dtype=float),
            np.array([here.sum(), everywhere.sum(), everywhere[mine].sum()], dtype=float),
        )
        dead = [at for at in stretches(counts.frames[start:stop] == 0) if at[1] > at[0]]
        rows.append(
            {
                "first": start,
                "last": stop - 1,
                "groups": ", ".join(value for value, one in zip(values, mine, strict=True) if one),
                "share": share if mine.any() else np.nan,
                "share_checked": np.nan,
                "base_rate": base_rate if mine.any() else np.nan,
                "covers": covers,
                "rest": values[int(others.argmax())] if others.any() else "",
                "rest_share": others.max(initial=0) / here.sum() if here.any() else np.nan,
                "dead": ", ".join(f"{start + first}-{start + last}" for first, last in dead),
                "n_frames": int(here.sum()),
            }
        )
    return pd.DataFrame(rows)


def _checked_shares(
    ranges: pd.DataFrame,
    named: NDArray[np.bool_],
    counts: _Counts,
    check: tuple[NDArray[np.int64] | None, Inference],
) -> tuple[NDArray[np.float64], str]:
    """Return the shares on frames that the names weren't made from, or why there are none."""
    other, inference = check
    if other is not None:
        frames, right = other, other * named
    elif counts.by_group.n_units < 2:
        return np.full(len(ranges), np.nan), f"one {counts.by_group.unit}: nothing to check on"
    else:
        halves = _halves(counts.by_group, inference)
        names = [name_indices(half, counts.eligible, inference) for half in halves]
        frames, right = counts.total, halves[0] * names[1] + halves[1] * names[0]
    parts = [
        (right[:, first : last + 1].sum(), frames[:, first : last + 1].sum())
        for first, last in zip(ranges["first"], ranges["last"], strict=True)
    ]
    shares = ratio(*np.array(parts, dtype=np.float64).T)
    return np.where(ranges["groups"] != "", shares, np.nan), ""


def _halves(
    counts: UnitCounts, inference: Inference
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the counts of one half of the units, drawn at random, and of the other."""
    drawn = inference.generator("halves").permutation(counts.n_units)[: counts.n_units // 2]
    one = np.asarray(counts.matrix[np.sort(drawn)].sum(axis=0), dtype=np.int64)
    half = one.reshape(len(counts.values), counts.codebook_size)
    return half, counts.total() - half


def _phone_columns(
    ranges: pd.DataFrame, named: NDArray[np.bool_], counts: _Counts
) -> tuple[list[str], list[str]]:
    """Return the phones of each range, and the exceptions to it.

    Exceptions stand with the range that covers most of their group.
    """
    there = np.flatnonzero(named.any(axis=1)).tolist()
    exceptions = {at: _exceptions(at, named, counts) for at in there}
    lengths = counts.by_phone.sum(axis=1)
    spans = list(zip(ranges["first"], ranges["last"], strict=True))
    covered = np.array([counts.total[:, first : last + 1].sum(axis=1) for first, last in spans])
    main = np.where(named[:, ranges["first"]].T, covered, -1).argmax(axis=0)
    phones, excepted = [], []
    for at, (first, last) in enumerate(spans):
        mine = named[counts.of_group, first]
        half = 2 * counts.by_phone[:, first : last + 1].sum(axis=1) > lengths
        phones.append(", ".join(counts.phones[one] for one in np.flatnonzero(mine & half)))
        away = [one for group, some in exceptions.items() if main[group] == at for one in some]
        excepted.append(", ".join(away))
    return phones, excepted


def _exceptions(group: int, named: NDArray[np.bool_], counts: _Counts) -> list[str]:
    """Return the phones of a group that are no more in its ranges than the average group is."""
    usual = densities(counts.total[counts.eligible])[:, named[group]].sum(axis=1).mean()
    mine = np.flatnonzero(counts.of_group == group)
    inside = densities(counts.by_phone[mine])[:, named[group]].sum(axis=1)
    return [counts.phones[at] for at, share in zip(mine, inside, strict=True) if share <= usual]


def _text(row: dict[str, Any], ranges: pd.DataFrame, unnamed: str) -> str:
    """Return what is said of a range."""
    span = f"{row['first']}-{row['last']}"
    dead = f", no frame in {row['dead']}" if row["dead"] else ""
    rest = f"{row['rest_share']:.0%}".replace("%", " %") if row["rest"] else ""
    if not row["groups"]:
        if len(ranges) == 1:
            return f"{span} {unnamed}"
        most = f"{rest} of the frames here are {_plural(row['rest'])}" if rest else "no frame"
        return f"{span} no name ({most}{dead})"
    names = row["groups"].split(", ")
    said = " and ".join(map(_plural, names))
    every = [name for groups in ranges["groups"] for name in groups.split(", ")]
    again = [name for name in names if every.count(name) > 1]
    phones = f" ({row['phones']})" if again and row["phones"] else ""
    but = f" except {row['exceptions']}" if row["exceptions"] else ""
    share, base_rate, covers = (
        f"{row[name]:.0%}".replace("%", " %") for name in ("share", "base_rate", "covers")
    )
    checked = row["share_checked"]
    held_out = f", {checked:.0%}".replace("%", " %") + " when checked" if checked >= 0 else ""
    whole = "both" if len(names) > 1 else f"all {_plural(names[0])}"
    though = (
        f", though {rest} are {_plural(row['rest'])}" if row["rest_share"] > row["share"] else ""
    )
    facts = f"{share} of the frames here{held_out}, {base_rate} overall{though}"
    return f"{span} {said}{phones}{but} ({facts}, {covers} of {whole}{dead})"


def _plural(group: str) -> str:
    return f"{group}s" if group in PHONE_GROUPS and group != "silence" else group
