"""Pictures of the measures of a table, each with the frame behind it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sfvq_analysis import plots
from sfvq_analysis.errors import OptionError
from sfvq_analysis.plots.claims import claims
from sfvq_analysis.report.figures import TITLE_SIZE, Written, note_of, write_figures
from sfvq_analysis.report.illustrations import NamedFigure, figure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sfvq_analysis.phones import PhoneInventory
    from sfvq_analysis.plots.style import Palette
    from sfvq_analysis.tables import IndexTable

    Found = Mapping[str, pd.DataFrame]
    Drawn = tuple[Axes, pd.DataFrame]

_LINE = 0.17  # inches
_MOVING = (("diphthong", 3), ("vowel", 3))


class Look(NamedTuple):
    """The colours of a picture, and what its phones are."""

    palette: Palette
    inventory: PhoneInventory


class _Picture(NamedTuple):
    name: str
    title: str
    draw: Callable[[Found, Look], Drawn]


def write_pictures(
    found: Found, table: IndexTable, folder: Path, palette: Palette = "paper"
) -> Written:
    """Draw the measures of a table as SVG and PNG, each with its data as CSV.

    Parameters
    ----------
    found
        Of `sfvq_analysis.report.statistics_of`.
    table
        The table; the notes of its corpus stand in the titles.
    folder
        Where to.
    palette
        ``"paper"`` or ``"colorblind"``.
    """
    written = Written([], [])
    for picture in _PICTURES:
        try:
            ax, data = picture.draw(found, Look(palette, table.inventory))
        except OptionError as error:  # nothing to draw, such as no sentence said twice
            written.skipped.append(f"measures/{picture.name}: {error.what}")
            continue
        figure = figure_of(ax)
        _write_title(figure, f"{picture.title}{note_of(table)}")
        written.drawn.extend(write_figures([NamedFigure(picture.name, figure, data)], folder).drawn)
    return written


def _write_title(figure: Figure, title: str) -> None:
    """Write a title above everything, in room of its own."""
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + _LINE * len(title.splitlines()))
    figure.suptitle(title, fontsize=TITLE_SIZE)


def _order_measures(found: Found) -> pd.DataFrame:
    """Return the tests of order as one frame."""
    autocorrelation = found["morans_i"].query("phone_group == 'all'")
    correlation = found["feature_correlation"].query("scope == 'all' and null == 'order'")
    parts = {
        "index step": found["steps"].query("measure == 'relative_step'"),
        "consonants | vowels, accuracy": found["splits"]
        .query("split == 'consonant_vowel'")
        .rename(columns={"accuracy": "effect"}),
        "adjacency of similar phones": found["adjacency_test"].query("measure == 'adjacency'"),
        "Moran's I of the groups": autocorrelation,
        "phonological features": correlation,
    }
    columns = ["effect", "low", "high", "null_mean", "null_sd", "p", "unit", "n_units", "reason"]
    rows = pd.concat({name: part[columns] for name, part in parts.items()}, names=["measure", ""])
    return rows.reset_index("measure").reset_index(drop=True)


def _claims(found: Found, _: Look) -> Drawn:
    return claims(found["claims"]), found["claims"]


def _order(found: Found, _: Look) -> Drawn:
    measures = _order_measures(found)
    return plots.null(measures, scale="null_sd"), measures


def _merging(found: Found, _: Look) -> Drawn:
    return plots.merge_curve(found["merge_information"]), found["merge_information"]


def _meanings(found: Found, look: Look) -> Drawn:
    shares = found["index_given_phone"].set_index("phone")
    shares.columns = pd.RangeIndex(shares.shape[1])
    meanings = found["index_meanings"]
    return plots.meanings_heatmap(shares, meanings=meanings, **look._asdict()), meanings


def _ranges(found: Found, look: Look) -> Drawn:
    ranges = found["group_ranges"]
    return plots.range_strip(ranges, peaks=found["peaks_by_group"], **look._asdict()), ranges


def _description(found: Found, look: Look) -> Drawn:
    description = found["describe_axis"]
    return plots.description_strip(description, **look._asdict()), description


def _trajectories(found: Found, look: Look) -> Drawn:
    """Draw diphthongs beside vowels: those with most tokens, for these two ought to differ."""
    frame = found["trajectories_by_phone"]
    tokens = frame.groupby("phone", observed=True)["n_tokens"].max().rename("n").reset_index()
    tokens["group"] = [look.inventory.group_of(str(phone)) for phone in tokens["phone"]]
    tokens = tokens[tokens["n"] > 0].sort_values(["n", "phone"], ascending=[False, True])
    shown = [
        str(phone)
        for group, most in _MOVING
        for phone in tokens.loc[tokens["group"] == group, "phone"].head(most)
    ]
    if not shown:  # other groups than the paper's
        shown = list(map(str, tokens["phone"].head(sum(most for _, most in _MOVING))))
    rows = frame[frame["phone"].astype(str).isin(shown)].reset_index(drop=True)
    return plots.trajectory_bands(rows, shown), rows


def _sentences(found: Found, _: Look) -> Drawn:
    rows = found["sentence_distances"]
    if rows.empty:
        raise OptionError("no sentence is said by two speakers")
    size = math.isqrt(len(rows))
    names = pd.MultiIndex.from_frame(rows[["other_sentence", "other_speaker"]].head(size))
    square = rows["distance"].to_numpy().reshape(size, size)
    return plots.consistency_matrix(pd.DataFrame(square, index=names, columns=names)), rows


_PICTURES = (
    _Picture("claims", "The paper's claims", _claims),
    _Picture("order_against_chance", "Order of the axis against permuted codes", _order),
    _Picture("merge_curve", "Information of merged neighbours", _merging),
    _Picture("meanings", "What stands where on the axis", _meanings),
    _Picture("group_ranges", "Where most of each group is", _ranges),
    _Picture("axis_described", "The axis in words", _description),
    _Picture("trajectories", "Inside phones", _trajectories),
    _Picture("consistency", "Distance of utterances", _sentences),
)
