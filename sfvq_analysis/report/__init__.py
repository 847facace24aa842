"""One analysis as a folder of figures, statistics and tables with a manifest.

Names resolve on first use: statistics of a stored table need no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfvq_analysis.report.analysis import analyze
    from sfvq_analysis.report.page import write_page
    from sfvq_analysis.report.statistics import statistics_of
    from sfvq_analysis.report.summaries import summary
    from sfvq_analysis.report.writing import write

__all__ = ["analyze", "statistics_of", "summary", "write", "write_page"]

_HOMES = {
    "analyze": "analysis",
    "statistics_of": "statistics",
    "summary": "summaries",
    "write": "writing",
    "write_page": "page",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
