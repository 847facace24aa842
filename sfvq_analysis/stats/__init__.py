"""Statistics of an ordered axis: a frame in, a new frame out; no torch, no state.

Rules of inference: `sfvq_analysis.stats.inference.rules`. What statistics are computed from:
`sfvq_analysis.stats.counting.reductions`.
"""

from sfvq_analysis.stats.claims import claims
from sfvq_analysis.stats.compare import compare
from sfvq_analysis.stats.counting.phone_counts import phone_counts
from sfvq_analysis.stats.counting.reductions import Reductions, reduce
from sfvq_analysis.stats.groups.description import describe_axis, describe_axis_text
from sfvq_analysis.stats.groups.distances import group_distances, jensen_shannon
from sfvq_analysis.stats.groups.ranges import dead_ranges, group_ranges
from sfvq_analysis.stats.groups.splits import splits
from sfvq_analysis.stats.histograms import index_histogram
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.labels.few_labels import few_labels
from sfvq_analysis.stats.labels.probe import Probe
from sfvq_analysis.stats.labels.reading import reading_test
from sfvq_analysis.stats.ladder.ladder import bit_ladder, ladder_meanings
from sfvq_analysis.stats.ladder.splits import ladder_splits
from sfvq_analysis.stats.order.adjacency import adjacency_test, peak_adjacency
from sfvq_analysis.stats.order.autocorrelation import morans_i
from sfvq_analysis.stats.order.axis import axis_measures, consonant_vowel_split
from sfvq_analysis.stats.order.codebook import codebook_order, corner_distances
from sfvq_analysis.stats.order.merging import merge_information
from sfvq_analysis.stats.order.modes import modes
from sfvq_analysis.stats.order.phone_features import feature_distances, feature_vectors
from sfvq_analysis.stats.order.phonology import feature_correlation
from sfvq_analysis.stats.peaks import peaks
from sfvq_analysis.stats.speakers.consistency import sentence_consistency
from sfvq_analysis.stats.speakers.speakers import property_distances, speaker_information
from sfvq_analysis.stats.speakers.warping import sentence_distances
from sfvq_analysis.stats.time.context import context_dependence
from sfvq_analysis.stats.time.dwell import dwell_times
from sfvq_analysis.stats.time.group_transitions import group_transitions
from sfvq_analysis.stats.time.steps import steps
from sfvq_analysis.stats.time.trajectories import movement, trajectories
from sfvq_analysis.stats.time.transitions import transitions
from sfvq_analysis.stats.units.information import information
from sfvq_analysis.stats.units.meanings import conditional, index_meanings
from sfvq_analysis.stats.units.occurrence import occurrences
from sfvq_analysis.stats.units.usage import arc_pnmi, dead_codes, pnmi, usage

__all__ = [
    "Inference",
    "Probe",
    "Reductions",
    "adjacency_test",
    "arc_pnmi",
    "axis_measures",
    "bit_ladder",
    "claims",
    "codebook_order",
    "compare",
    "conditional",
    "consonant_vowel_split",
    "context_dependence",
    "corner_distances",
    "dead_codes",
    "dead_ranges",
    "describe_axis",
    "describe_axis_text",
    "dwell_times",
    "feature_correlation",
    "feature_distances",
    "feature_vectors",
    "few_labels",
    "group_distances",
    "group_ranges",
    "group_transitions",
    "index_histogram",
    "index_meanings",
    "information",
    "jensen_shannon",
    "ladder_meanings",
    "ladder_splits",
    "merge_information",
    "modes",
    "morans_i",
    "movement",
    "occurrences",
    "peak_adjacency",
    "peaks",
    "phone_counts",
    "pnmi",
    "property_distances",
    "reading_test",
    "reduce",
    "sentence_consistency",
    "sentence_distances",
    "speaker_information",
    "splits",
    "steps",
    "trajectories",
    "transitions",
    "usage",
]
