"""Statistics of an ordered axis: a frame in, a new frame out; no torch, no state."""

from sfvq_analysis.stats.adjacency import peak_adjacency
from sfvq_analysis.stats.axis import axis_measures, consonant_vowel_split
from sfvq_analysis.stats.codebook import corner_distances
from sfvq_analysis.stats.groups import jensen_shannon
from sfvq_analysis.stats.histograms import index_histogram
from sfvq_analysis.stats.labelled import phone_counts
from sfvq_analysis.stats.peaks import peaks
from sfvq_analysis.stats.time import transitions
from sfvq_analysis.stats.units import arc_pnmi, pnmi, usage

__all__ = [
    "arc_pnmi",
    "axis_measures",
    "consonant_vowel_split",
    "corner_distances",
    "index_histogram",
    "jensen_shannon",
    "peak_adjacency",
    "peaks",
    "phone_counts",
    "pnmi",
    "transitions",
    "usage",
]
