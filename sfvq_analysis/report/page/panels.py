"""The panels of the page: their titles, what they say, and the Python that makes the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Panel(NamedTuple):
    """What stands around a figure.

    Attributes
    ----------
    title
        Above it.
    note
        What is to be seen, below the title.
    python
        The lines that make the same; ``table`` is the table shown, ``quantizer`` its quantizer.
    figures
        Names of the Bokeh figures that are saved as pictures, the first one by its buttons.
    """

    title: str
    note: str
    python: str
    figures: tuple[str, ...]


_TIME = ("wave", "spectrogram", "tiers")

PANELS = {
    "ribbon": Panel(
        "The axis",
        "Each index has the colour of the group that has most of its labelled frames; it is grey "
        "where phones of no group, such as closures and pauses, have more. Purity is that share. "
        "Drag across it to filter what stands below; click an index to open its card.",
        "stats.index_meanings(table); stats.describe_axis(table)",
        ("ribbon",),
    ),
    "plane": Panel(
        "The corners in two dimensions",
        "Principal components of the codebook; of a curve, a line joins neighbouring indices.",
        "quantizer.corners()",
        ("plane",),
    ),
    "codes": Panel(
        "Indices in the brushed part",
        "",
        "stats.index_meanings(table, n_top=5)",
        (),
    ),
    "groups": Panel(
        "Histograms of the groups",
        "Bands: 90 % intervals, speakers resampled.",
        'plots.histogram(stats.index_histogram(table, by="phone_group"))',
        ("groups",),
    ),
    "phones": Panel(
        "Histograms of phones",
        "The phones of one group; a press on a name hides or shows it.",
        'plots.phone_histograms(stats.index_histogram(table, by="phone"), "fricative")',
        ("phones",),
    ),
    "claims": Panel(
        "The paper's claims",
        "",
        "stats.claims(table, inference=stats.Inference(99, 200))",
        (),
    ),
    "meanings": Panel(
        "What each index stands for",
        "P(phone | index), phones by group, indices in the order of the axis.",
        "plots.meanings_heatmap(stats.conditional(table))",
        ("meanings",),
    ),
    "transitions": Panel(
        "Transitions",
        "How often the index of a frame (across) is followed by another (up).",
        "plots.transitions(stats.transitions(table), table.codebook_size)",
        ("transitions",),
    ),
    "distances": Panel(
        "Distances of the corners",
        "Euclidean; of a curve that is smooth the diagonal is dark.",
        "plots.corner_distances(stats.corner_distances(quantizer.corners()))",
        ("distances",),
    ),
    "utterance": Panel(
        "One utterance",
        "",
        "plots.index_over_time(tables, utterance, audio=corpus[utterance].load().audio)",
        _TIME,
    ),
    "differences": Panel(
        "Differences, measure by measure",
        "Each measure has a scale of its own, with what is better to the right; the broken line is "
        "no difference, a hollow mark a difference that isn't shown.",
        "stats.compare(tables, baseline={baseline!r})",
        ("differences",),
    ),
    "differing": Panel(
        "Phones that differ most",
        "",
        "from sfvq_analysis.report.phone_differences import phone_differences; "
        "phone_differences(tables[{name!r}], tables[{baseline!r}], stats.Inference(100, 200))",
        ("differing",),
    ),
    "together": Panel(
        "How the two indices go together",
        "",
        "pd.crosstab(tables[{name!r}].frames['codeword'], tables[{baseline!r}].frames['codeword'])",
        ("together",),
    ),
    "ladder": Panel(
        "What each bit adds",
        "PNMI less its label null, and the share of frames whose index is where half of it was one "
        "bit before, if indices split in place.",
        "stats.bit_ladder({**stages, bits: table})",
        ("ladder",),
    ),
}  # fmt: skip
_OF_TWO = ("differences", "differing", "together")


def lines_of_two(name: str, baseline: str) -> dict[str, str]:
    """Return the Python of the panels of two tables.

    Examples
    --------
    >>> lines_of_two("sfvq", "vq")["differences"]
    "stats.compare(tables, baseline='vq')"
    """
    return {one: PANELS[one].python.format(name=name, baseline=baseline) for one in _OF_TWO}


def panels_of(comparison: Mapping[str, Any] | None) -> dict[str, Panel]:
    """Return the panels, those of two tables with the Python of the first pair, if there is one."""
    if comparison is None or not comparison["pairs"]:
        return {name: one for name, one in PANELS.items() if name not in _OF_TWO}
    lines = comparison["pairs"][0]["python"]
    of_two = {name: PANELS[name]._replace(python=lines[name]) for name in _OF_TWO}
    return PANELS | of_two
