"""The page's figures on the time of an utterance, which share one range and one cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.report.page.drawing import (
    TEXT_COLOUR,
    add_hover,
    add_image,
    calls,
    new_figure,
    new_source,
)

if TYPE_CHECKING:
    from bokeh.models import Range1d
    from bokeh.plotting import figure as Figure  # noqa: N812


_AXIS_NAME = "index"
_TIERS = 2


def time_figures(n_tables: int, time: Range1d) -> dict[str, Figure]:
    """Return the figures of an utterance, by name, with one cursor."""
    from bokeh.models import CrosshairTool, Span

    cursor = Span(dimension="height", line_color="#555555", line_dash="dotted")
    figures = {"wave": _wave(time), "spectrogram": _spectrogram(time), "tiers": _tiers(time)}
    for at in range(n_tables):
        figures[f"index_{at}"] = _trajectory(f"index_{at}", time)
    figures["distortion"] = _distortion(time, n_tables)
    for one in figures.values():
        one.add_tools(CrosshairTool(overlay=(cursor, _nothing())))
        height = ", cb_obj.y" if one.name == "tiers" else ""
        one.js_on_event("tap", calls(f"heardAt(cb_obj.x{height})"))
    return figures


def _nothing() -> Any:
    from bokeh.models import Span

    return Span(dimension="width", line_alpha=0, line_width=0)


def _timed(name: str, height: int, time: Range1d, **options: Any) -> Figure:
    made = new_figure(name, height, x_range=time, **options)
    made.min_border_left = 70  # that times stand above each other
    return made


def _wave(time: Range1d) -> Figure:
    made = _timed("wave", 80, time, y_range=(-130, 130))
    made.varea("x", "low", "high", source=new_source("wave", "x low high"), fill_color="#333333")
    made.yaxis.visible = made.xaxis.visible = False
    made.grid.visible = False
    return made


def _spectrogram(time: Range1d) -> Figure:
    from bokeh.models import FixedTicker, Range1d

    made = _timed("spectrogram", 160, time, y_range=Range1d(start=0, end=1))
    add_image(made, "spectrogram", "magma", "")
    made.yaxis.axis_label = "Hz"
    made.yaxis.ticker = FixedTicker(ticks=[], name="hertz_ticks")
    made.yaxis.name = "hertz_axis"
    made.xaxis.visible = made.grid.visible = False
    return made


def _tiers(time: Range1d) -> Figure:
    from bokeh.models import FixedTicker

    made = _timed("tiers", 90, time, y_range=(0, _TIERS))
    boxes = new_source("tiers", "left right bottom top colour label middle height")
    made.quad(left="left", right="right", bottom="bottom", top="top", fill_color="colour",
              fill_alpha=0.25, line_color="#666666", line_width=0.6, source=boxes)  # fmt: skip
    made.text("middle", "height", "label", source=boxes, text_align="center",
              text_baseline="middle", text_font_size="11px", text_color=TEXT_COLOUR)  # fmt: skip
    made.yaxis.ticker = FixedTicker(ticks=[0.5, 1.5])
    made.yaxis.major_label_overrides = {0.5: "phones", 1.5: "words"}
    made.xaxis.visible = made.grid.visible = False
    return made


def _trajectory(name: str, time: Range1d) -> Figure:
    from bokeh.models import Range1d

    made = _timed(name, 170, time, y_range=Range1d(start=0, end=1, name=f"{name}_height"))
    made.line("x", "y", source=new_source(f"{name}_line", "x y"), line_color="#c8c8c8")
    dots = new_source(f"{name}_dots", "x y colour alpha label")
    drawn = made.scatter("x", "y", source=dots, size=5, color="colour", alpha="alpha")
    add_hover(made, [drawn], [(_AXIS_NAME, "@y"), ("phone", "@label"), ("s", "@x{0.000}")])
    made.yaxis.axis_label = _AXIS_NAME
    made.yaxis.name = f"{name}_axis"
    made.xaxis.visible = False
    return made


def _distortion(time: Range1d, n_tables: int) -> Figure:
    from bokeh.models import Range1d

    made = _timed(
        "distortion", 140, time, y_range=Range1d(start=0, end=1, name="distortion_height")
    )
    for at in range(n_tables):
        made.line("x", "y", source=new_source(f"distortion_{at}", "x y"), line_width=1.2,
                  line_color=("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")[at % 5],
                  line_dash=("solid", "dashed", "dotted")[at % 3])  # fmt: skip
    made.xaxis.axis_label, made.yaxis.axis_label = "time (s)", "distortion"
    return made
