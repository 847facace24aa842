"""The paper's figures: a frame in, an `Axes` out. Nothing here shows or saves; `save_figure` does.

Every function takes ``ax=None`` and makes a figure of print size where none is given (3.4 inches
for a column, 7 for a page; no text below 7 points). It returns the Axes and changes nothing else:
not its arguments, not Matplotlib's settings. Pictures need neither torch nor an encoder's weights.
"""

from sfvq_analysis.plots.curve import curve
from sfvq_analysis.plots.hilbert import hilbert, hilbert_points
from sfvq_analysis.plots.histograms import histogram, phone_histograms
from sfvq_analysis.plots.matrices import corner_distances, jensen_shannon, transitions
from sfvq_analysis.plots.side_by_side import vq_and_sfvq
from sfvq_analysis.plots.style import group_colours, save_figure
from sfvq_analysis.plots.timecourse import index_over_time
from sfvq_analysis.plots.voronoi import voronoi

__all__ = [
    "corner_distances",
    "curve",
    "group_colours",
    "hilbert",
    "hilbert_points",
    "histogram",
    "index_over_time",
    "jensen_shannon",
    "phone_histograms",
    "save_figure",
    "transitions",
    "voronoi",
    "vq_and_sfvq",
]
