"""One analysis as a folder of figures, statistics and tables with a manifest."""

from sfvq_analysis.report.analysis import analyze
from sfvq_analysis.report.statistics import statistics_of, summary
from sfvq_analysis.report.writing import write

__all__ = ["analyze", "statistics_of", "summary", "write"]
