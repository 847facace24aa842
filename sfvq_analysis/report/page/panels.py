"""The panels of the page: their titles, what they say, and the Python that makes the same."""

from __future__ import annotations

from typing import NamedTuple


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
        "Each index has the colour of the group that has most of its labelled frames; purity is "
        "that group's share. Drag across it to filter what stands below; click an index to open "
        "its card.",
        "stats.index_meanings(table); stats.describe_axis(table)",
        ("ribbon",),
    ),
    "plane": Panel(
        "The corners in two dimensions",
        "Principal components of the codebook; the line joins neighbouring indices.",
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
        "stats.claims(table)",
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
        "Euclidean; a curve that is smooth has a dark diagonal.",
        "plots.corner_distances(stats.corner_distances(quantizer.corners()))",
        ("distances",),
    ),
    "utterance": Panel(
        "One utterance",
        "",
        "plots.index_over_time(tables, utterance, audio=corpus[utterance].load().audio)",
        _TIME,
    ),
}  # fmt: skip
