"""Examples of each index of a table: the frames that fit it best, at random and worst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.report.page.sampling import KINDS, example_frames, spread_codes
from sfvq_analysis.report.page.snippets import Snippets, Stretch, stretch_of

if TYPE_CHECKING:
    import pandas as pd

    from sfvq_analysis.tables import IndexTable

SECONDS = 0.25
MOST_EACH = 3


class Examples(NamedTuple):
    """Frames chosen as examples of a table, and of how many of its used codes.

    `rows` has ``code``, ``kind``, ``rank`` (0, 1, … of its code and kind), ``stretch`` and what is
    said of each.
    """

    rows: pd.DataFrame
    n_codes: int
    n_used: int

    def first(self, n: int) -> Examples:
        """Return so many examples of each code and kind."""
        return self._replace(rows=self.rows[self.rows["rank"] < n])


def chosen_examples(table: IndexTable, at_most: int, seed: int) -> Examples:
    """Choose frames as examples of indices, three of each kind.

    Where there is no room for one of each kind of all indices, `at_most` in all, those that have
    some are spread evenly along the axis.
    """
    codes = spread_codes(table, max(1, at_most // len(KINDS)))
    chosen = example_frames(table, codes, MOST_EACH, seed)
    frames = table.frames.iloc[chosen["row"]]
    seconds = frames["centre"].to_numpy() / table.grid.sample_rate
    ids = frames["utterance"].astype(str).to_numpy()
    rows = chosen.assign(
        rank=chosen.groupby(["code", "kind"]).cumcount(),
        utterance=ids,
        seconds=seconds,
        phone=frames["phone"].astype(object).fillna("").to_numpy(),
        distortion=frames["codeword_distortion"].to_numpy(),
        stretch=[_around(*one) for one in zip(ids, seconds.tolist(), strict=True)],
    )
    return Examples(rows, len(codes), int(table.frames["codeword"].nunique()))


def shown_examples(chosen: Examples, snippets: Snippets) -> dict[str, list[dict[str, Any]]]:
    """Return what the page is given of those examples that were cut, by index."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in chosen.rows.to_dict("records"):
        at = snippets.place.get(row["stretch"])
        if at is not None:
            found.setdefault(str(row["code"]), []).append(_shown(row, at))
    return found


def note_of(chosen: Examples, n_shown: int, why_not: str) -> str:
    """Return what a reader must know of the examples, nothing where all is as it should be."""
    if not n_shown:
        return f"No examples: no recording could be read ({why_not})." if why_not else ""
    if chosen.n_codes < chosen.n_used:
        return f"Examples of {chosen.n_codes} of {chosen.n_used} used codes, evenly along the axis."
    missing = len(chosen.rows) - n_shown
    return f"{missing} of {len(chosen.rows)} examples are left out." if missing else ""


def _around(utterance: str, seconds: float) -> Stretch:
    start = max(0.0, seconds - SECONDS / 2)
    return stretch_of(utterance, start, start + SECONDS)


def _shown(row: dict[str, Any], snippet: int) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "snippet": snippet,
        "utterance": row["utterance"],
        "seconds": round(row["seconds"], 3),
        "phone": row["phone"],
        "distortion": float(f"{row['distortion']:.4g}"),
    }
