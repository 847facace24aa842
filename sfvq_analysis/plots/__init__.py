"""The paper's figures and those of further measures: a frame in, an `Axes` out.

Nothing here shows or saves; `save_figure` does.

Every function takes ``ax=None`` and makes a figure of print size where none is given (3.4 inches
for a column, 7 for a page; no text below 7 points). It returns the Axes and changes nothing else:
not its arguments, not Matplotlib's settings. Pictures need neither torch nor an encoder's weights.
"""

from sfvq_analysis.plots.claims import claims
from sfvq_analysis.plots.comparison import comparison
from sfvq_analysis.plots.consistency import consistency_matrix
from sfvq_analysis.plots.curve import curve
from sfvq_analysis.plots.few_labels import few_labels_curve
from sfvq_analysis.plots.hilbert import hilbert, hilbert_points
from sfvq_analysis.plots.histograms import histogram, phone_histograms
from sfvq_analysis.plots.ladder import ladder_strips
from sfvq_analysis.plots.matrices import corner_distances, jensen_shannon, transitions
from sfvq_analysis.plots.meanings import meanings_heatmap
from sfvq_analysis.plots.merging import merge_curve
from sfvq_analysis.plots.nulls import null
from sfvq_analysis.plots.ranges import description_strip, range_strip
from sfvq_analysis.plots.side_by_side import vq_and_sfvq
from sfvq_analysis.plots.style import group_colours, save_figure
from sfvq_analysis.plots.timecourse import index_over_time
from sfvq_analysis.plots.trajectories import trajectory_bands
from sfvq_analysis.plots.voronoi import voronoi

__all__ = [
    "claims",
    "comparison",
    "consistency_matrix",
    "corner_distances",
    "curve",
    "description_strip",
    "few_labels_curve",
    "group_colours",
    "hilbert",
    "hilbert_points",
    "histogram",
    "index_over_time",
    "jensen_shannon",
    "ladder_strips",
    "meanings_heatmap",
    "merge_curve",
    "null",
    "phone_histograms",
    "range_strip",
    "save_figure",
    "trajectory_bands",
    "transitions",
    "voronoi",
    "vq_and_sfvq",
]
