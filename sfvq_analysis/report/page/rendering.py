"""The page as text: the template with its parts.

What comes from data is escaped by the template, or stands in one block of JSON that the page's
script writes as text.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.report.page.claims import claim_rows, draws_text
from sfvq_analysis.report.page.comparison_figures import comparison_figures
from sfvq_analysis.report.page.content import SEED
from sfvq_analysis.report.page.drawing import bokeh_script, components_of
from sfvq_analysis.report.page.facts import alarms, brief, header, health
from sfvq_analysis.report.page.figures import axis_figures
from sfvq_analysis.report.page.ladder_figure import ladder_figure
from sfvq_analysis.report.page.packing import script_json, storable
from sfvq_analysis.report.page.panels import panels_of
from sfvq_analysis.report.page.time_figures import time_figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sfvq_analysis.tables import IndexTable

STYLES = ("page.css", "comparison.css")
SCRIPTS = (
    "data.js", "downloads.js", "axis.js", "histograms.js", "matrices.js", "comparison.js",
    "stages.js", "sound.js",
    "utterance.js", "cards.js", "keys.js", "printing.js", "page.js",
)  # fmt: skip


def rendered(
    tables: Mapping[str, IndexTable],
    content: Mapping[str, Any],
    claims: Mapping[str, pd.DataFrame],
    *,
    title: str,
    command: str,
) -> str:
    """Return the HTML of a page."""
    from jinja2 import Environment

    table = tables[content["leading"]]
    compared = bool(content["comparison"] and content["comparison"]["pairs"])
    figures = _figures(table.codebook_size, len(tables), compared, bool(content["stages"]))
    corpus = table.provenance.get("corpus", {})
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_finalised
    )
    return environment.from_string(_asset("page.html")).render(
        title=title or corpus.get("name") or "index table",
        notes=corpus.get("notes", ""),
        names=list(tables),
        leading=content["leading"],
        brief=brief(tables),
        header=header(tables, command, SEED),
        health=health(tables),
        alarms=alarms(tables),
        claims=claim_rows(claims),
        draws=draws_text(claims),
        comparison=content["comparison"],
        stages=content["stages"],
        panels=panels_of(content["comparison"]),
        elements=figures.elements,
        css="\n".join(_asset(name) for name in STYLES),
        bokeh=bokeh_script(),
        figures=figures.script,
        data=script_json(content),
        script="\n".join(_asset(name) for name in SCRIPTS),
        left_out=content["left_out"],
    )


class _Figures(NamedTuple):
    """The script that draws figures, and the elements in which they go."""

    script: str
    elements: Mapping[str, str]


@cache
def _figures(codebook_size: int, n_tables: int, compared: bool, has_stages: bool) -> _Figures:
    """Return figures without data, which the page's script fills in: a second's work, done once."""
    figures, ranges = axis_figures(codebook_size)
    if compared:
        figures |= comparison_figures()
    if has_stages:
        figures["ladder"] = ladder_figure()
    figures |= time_figures(n_tables, ranges.time)
    return _Figures(*components_of(figures))


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _finalised(value: Any) -> Any:
    return storable(value) if type(value) is str else value  # Markup has been seen to
