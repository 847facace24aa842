"""Every statistic of one table, by the name of its file, each with a line on what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import pandas as pd

from sfvq_analysis import stats
from sfvq_analysis.stats.units.usage import code_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.report.sources import Source

Family = Literal["claims", "units", "order", "groups", "time", "speakers", "labels", "codebook"]


class Statistic(NamedTuple):
    """A statistic: the name of its file, what part of the question it answers, and how it's made.

    Attributes
    ----------
    name
        Without suffix.
    family
        What it is about.
    meaning
        One line for a reader of the folder.
    of
        Makes the frame.
    slow
        Whether `sfvq_analysis.report.write` leaves it to ``sfvq stats``.
    """

    name: str
    family: Family
    meaning: str
    of: Callable[[Source], pd.DataFrame]
    slow: bool = False


def _conditional(source: Source, given: Literal["index", "phone"]) -> pd.DataFrame:
    shares = stats.conditional(source.reductions, given)
    return _columns_of_index(shares.rename_axis("phone"))


def _columns_of_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose columns are indices as one that every format can hold."""
    return frame.rename(columns=str).rename_axis(columns=None).reset_index()


def _sentence_distances(source: Source) -> pd.DataFrame:
    """Return the matrix as rows: a pair of utterances each."""
    matrix = stats.sentence_distances(source.reductions)
    names = ["sentence", "speaker", "other_sentence", "other_speaker", "distance"]
    rows = [
        (*map(str, one), *map(str, other), distance)
        for one, distances in zip(matrix.index, matrix.to_numpy(), strict=True)
        for other, distance in zip(matrix.columns, distances, strict=True)
    ]
    return pd.DataFrame(rows, columns=names)


def _speaker_information(source: Source) -> pd.DataFrame:
    parts = [
        stats.speaker_information(source.reductions, within=within, inference=source.inference)
        for within in ("all", "repeated")
    ]
    return pd.concat(parts, ignore_index=True)


def _codebook_order(source: Source) -> pd.DataFrame:
    used = code_frames(source.reductions)
    return stats.codebook_order(_corners(source), used=used, inference=source.inference)


def _corners(source: Source) -> NDArray[np.float32]:
    if source.corners is None:
        raise KeyError("corners")
    return source.corners


def _drawn(statistic: Callable[..., pd.DataFrame], **options: str) -> Callable[..., pd.DataFrame]:
    """Return a maker that gives a statistic the reductions and the draws."""
    return lambda source: statistic(source.reductions, inference=source.inference, **options)


def _counted(statistic: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Return a maker that gives a statistic the reductions only."""
    return lambda source: statistic(source.reductions)


def _histogram(by: str | list[str]) -> Callable[[Source], pd.DataFrame]:
    return lambda source: stats.index_histogram(source.table, by=by)


OF_TABLE: tuple[Statistic, ...] = (
    Statistic(
        "claims", "claims", "the paper's twelve claims: effect, interval, null, p, verdict",
        lambda s: stats.claims(s.table, sentence=s.sentence, inference=s.inference),
    ),
    Statistic(
        "describe_axis", "claims", "the axis cut into ranges, each named by its phone groups",
        _drawn(stats.describe_axis),
    ),
    Statistic(
        "axis_measures", "claims", "the measures of the summary, one row",
        lambda s: stats.axis_measures(s.table),
    ),
    Statistic("usage", "units", "how the codebook is used, one row", _counted(stats.usage)),
    Statistic("dead_codes", "units", "codes without a frame", _counted(stats.dead_codes)),
    Statistic(
        "occurrences", "units", "how evenly codes occur, the measures of PORCUPINE, one row",
        _counted(stats.occurrences),
    ),
    Statistic(
        "phone_counts", "units", "frames of each phone (row) at each index (column)",
        lambda s: _columns_of_index(s.phone_counts),
    ),
    Statistic(
        "phone_given_index", "units", "P(phone | index): a row a phone, a column an index",
        lambda s: _conditional(s, "index"),
    ),
    Statistic(
        "index_given_phone", "units", "P(index | phone): a row a phone, a column an index",
        lambda s: _conditional(s, "phone"),
    ),
    Statistic(
        "index_meanings", "units", "what each index stands for: top phones, shares, entropy",
        _counted(stats.index_meanings),
    ),
    Statistic(
        "information_by_phone", "units", "purity, PNMI, NMI, AMI, V of index and phone, corrected",
        _drawn(stats.information),
    ),
    Statistic(
        "information_by_group", "units", "the same of index and phone group",
        _drawn(stats.information, by="phone_group"),
    ),
    Statistic(
        "histogram_by_phone", "groups", "histogram of the index, raw and smoothed, each phone",
        lambda s: s.by_phone,
    ),
    Statistic(
        "histogram_by_group", "groups", "the same, each phone group", lambda s: s.by_group
    ),
    Statistic(
        "histogram_by_group_and_sex", "groups", "the same, each phone group and sex",
        _histogram(["sex", "phone_group"]),
    ),
    Statistic(
        "histogram_by_group_and_dialect", "groups", "the same, each phone group and dialect",
        _histogram(["dialect", "phone_group"]),
    ),
    Statistic(
        "histogram_by_speaker", "groups", "the same, each speaker", _histogram("speaker")
    ),
    Statistic("peaks_by_phone", "groups", "peaks of each phone", lambda s: s.peaks_by_phone),
    Statistic("peaks_by_group", "groups", "… of each group", lambda s: stats.peaks(s.by_group)),
    Statistic(
        "jensen_shannon_by_group", "groups", "Jensen-Shannon distances of groups, a matrix",
        lambda s: stats.jensen_shannon(s.by_group).rename_axis("phone_group").reset_index(),
    ),
    Statistic(
        "group_distances", "groups", "the same and earth mover's distances, with intervals and p",
        _drawn(stats.group_distances),
    ),
    Statistic(
        "group_ranges", "groups", "shortest range that holds .8 and .9 of each group, with p",
        _drawn(stats.group_ranges),
    ),
    Statistic(
        "phone_ranges", "groups", "the same of each phone", _drawn(stats.group_ranges, by="phone")
    ),
    Statistic("dead_ranges", "groups", "ranges of the axis without a frame or almost without",
              _counted(stats.dead_ranges)),
    Statistic(
        "splits", "groups", "best threshold, consonants | vowels and each group | rest, with p",
        _drawn(stats.splits),
    ),
    Statistic(
        "consonant_vowel_split", "groups", "the first of these, without draws, one row",
        lambda s: stats.consonant_vowel_split(s.phone_counts, inventory=s.table.inventory),
    ),
    Statistic(
        "peak_adjacency", "order", "distance of main peaks, each two phones of a group",
        lambda s: stats.peak_adjacency(s.peaks_by_phone, inventory=s.table.inventory),
    ),
    Statistic(
        "adjacency_test", "order", "whether similar phones' peaks are nearer than other phones'",
        _drawn(stats.adjacency_test),
    ),
    Statistic(
        "merge_information", "order", "PNMI of arcs of 2, 4, … codes against random merges",
        _drawn(stats.merge_information),
    ),
    Statistic(
        "morans_i", "order", "autocorrelation of each group's posterior along the axis",
        _drawn(stats.morans_i),
    ),
    Statistic(
        "feature_correlation", "order", "phonological features against distance on the axis",
        _drawn(stats.feature_correlation),
    ),
    Statistic("modes", "order", "how many modes each phone's histogram has", _drawn(stats.modes)),
    Statistic(
        "transitions", "time", "how often an index follows another",
        lambda s: stats.transitions(s.table),
    ),
    Statistic("steps", "time", "how far the index moves, against no order", _drawn(stats.steps)),
    Statistic(
        "dwell_times_by_group", "time", "how long the index stays, each group",
        _drawn(stats.dwell_times),
    ),
    Statistic(
        "dwell_times_by_phone", "time", "the same, each phone",
        _drawn(stats.dwell_times, by="phone"),
    ),
    Statistic(
        "group_transitions_of_index", "time", "which group follows which, read off the index",
        _drawn(stats.group_transitions),
    ),
    Statistic(
        "group_transitions_of_labels", "time", "the same, read off the labels",
        _drawn(stats.group_transitions, source="label"),
    ),
    Statistic(
        "trajectories_by_phone", "time", "the index over normalised time, each phone",
        _drawn(stats.trajectories),
    ),
    Statistic(
        "trajectories_by_group", "time", "the same, each group",
        _drawn(stats.trajectories, by="phone_group"),
    ),
    Statistic(
        "movement_by_phone", "time", "how far the index moves inside each phone",
        _drawn(stats.movement),
    ),
    Statistic(
        "movement_by_group", "time", "the same, each group",
        _drawn(stats.movement, by="phone_group"),
    ),
    Statistic(
        "context_dependence", "time", "what the phones before and after tell of the index",
        _drawn(stats.context_dependence),
    ),
    Statistic(
        "sentence_consistency", "speakers", "whether a sentence gives the same picture by others",
        lambda s: stats.sentence_consistency(
            s.reductions, baseline=s.baseline, inference=s.inference
        ),
        slow=True,
    ),
    Statistic(
        "sentence_distances", "speakers", "warped distances of a few repeated sentences",
        _sentence_distances,
    ),
    Statistic(
        "speaker_information", "speakers", "what the index tells of the speaker beyond the phone",
        _speaker_information,
    ),
    Statistic(
        "distances_by_speaker", "speakers", "how far each speaker's histogram is from the others'",
        _drawn(stats.property_distances, by="speaker"),
    ),
    Statistic(
        "distances_by_sex", "speakers", "the same, sex", _drawn(stats.property_distances, by="sex")
    ),
    Statistic(
        "distances_by_dialect", "speakers", "the same, dialect",
        _drawn(stats.property_distances, by="dialect"),
    ),
    Statistic(
        "few_labels", "labels", "how well groups are read after a few labelled minutes",
        lambda s: stats.few_labels(s.table, inference=s.inference),
    ),
    Statistic(
        "reading_test", "labels", "whether the order of the axis saves labels",
        lambda s: stats.reading_test(s.table, inference=s.inference),
    ),
)  # fmt: skip

OF_CORNERS: tuple[Statistic, ...] = (
    Statistic(
        "codebook_order", "codebook", "whether neighbouring corners are near, with p",
        _codebook_order,
    ),
    Statistic(
        "corner_distances", "codebook", "Euclidean distances of corners, a matrix",
        lambda s: _columns_of_index(stats.corner_distances(_corners(s))),
    ),
)  # fmt: skip

SLOW = tuple(one.name for one in OF_TABLE if one.slow)
