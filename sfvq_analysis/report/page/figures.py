"""The page's figures on the axis of indices; the page's script fills their sources.

All share one range, which the ribbon's brush moves. Colours are safe for colour-blind readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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


class Ranges(NamedTuple):
    """What figures share: the brushed part of the axis, the whole axis, and time."""

    brush: Range1d
    whole: Range1d
    time: Range1d


def axis_figures(size: int) -> tuple[dict[str, Figure], Ranges]:
    """Return the figures on the axis of K indices, by name, and the ranges they share."""
    from bokeh.models import Range1d

    ranges = Ranges(
        Range1d(start=-0.5, end=size - 0.5, bounds="auto", min_interval=2, name="brush"),
        Range1d(start=-0.5, end=size - 0.5, name="whole"),
        Range1d(start=0, end=1, name="time"),
    )
    ranges.brush.js_on_change("start", calls("brushed()"))
    ranges.brush.js_on_change("end", calls("brushed()"))
    figures = {
        "ribbon": _ribbon(ranges),
        "plane": _plane(),
        "groups": _histogram("groups", ranges.brush),
        "phones": _histogram("phones", ranges.brush),
        "meanings": _meanings(ranges.brush),
        "transitions": _matrix("transitions", ranges.brush, "next index"),
        "distances": _matrix("distances", ranges.brush, _AXIS_NAME),
    }
    return figures, ranges


def _opens_codes(figure: Figure) -> None:
    figure.js_on_event("tap", calls(f"tapped(cb_obj.x, cb_obj.y, '{figure.name}')"))


def _ribbon(ranges: Ranges) -> Figure:
    from bokeh.models import BoxAnnotation, BoxSelectTool, FixedTicker

    made = new_figure("ribbon", 150, x_range=ranges.whole, y_range=(0, 4), x_axis_label=None)
    cells = new_source("ribbon", "left right colour share_top frames_top index label share frames")
    made.quad(left="left", right="right", bottom=2, top=2.95, color="colour", line_width=0.2,
              source=cells)  # fmt: skip
    made.quad(left="left", right="right", bottom=1, top="share_top", color="#444444",
              line_width=0.2, source=cells)  # fmt: skip
    made.quad(left="left", right="right", bottom=0, top="frames_top", color="#9a9a9a",
              line_width=0.2, source=cells)  # fmt: skip
    named = new_source("ranges", "left right middle colour label")
    made.quad(left="left", right="right", bottom=3.05, top=4, fill_color="colour", fill_alpha=0.25,
              line_color="#666666", line_width=0.7, source=named)  # fmt: skip
    made.text("middle", 3.52, "label", source=named, text_align="center", text_baseline="middle",
              text_font_size="11px", text_color=TEXT_COLOUR)  # fmt: skip
    made.yaxis.ticker = FixedTicker(ticks=[0.5, 1.5, 2.5, 3.5])
    made.yaxis.major_label_overrides = {0.5: "frames", 1.5: "purity", 2.5: "group", 3.5: "range"}
    made.grid.visible = False
    made.yaxis.major_tick_line_color = None
    made.add_layout(
        BoxAnnotation(
            name="brush_box", left=0, right=1, fill_color="#0072B2", fill_alpha=0.12,
            line_color="#0072B2", line_alpha=0.9, line_width=2,
        )
    )  # fmt: skip
    made.add_layout(
        BoxAnnotation(
            name="open_box", left=0, right=1, fill_alpha=0, line_color="#000000", line_width=1.5,
            visible=False,
        )
    )  # fmt: skip
    tool = BoxSelectTool(dimensions="width", renderers=[])
    made.add_tools(tool)
    made.toolbar.active_drag = tool
    made.js_on_event("selectiongeometry", calls("drawn(cb_obj)"))
    add_hover(made, [made.renderers[0]], [(_AXIS_NAME, "@index"), ("phones", "@label"),
                                      ("purity", "@share"), ("frames", "@frames")])  # fmt: skip
    _opens_codes(made)
    return made


def _plane() -> Figure:
    made = new_figure("plane", 380, tools="pan,wheel_zoom,reset", match_aspect=True)
    made.toolbar.active_scroll = None
    made.xaxis.axis_label, made.yaxis.axis_label = "first component", "second component"
    path = new_source("path", "x y")
    made.line("x", "y", source=path, line_color="#b0b0b0", line_width=1)
    corners = new_source("corners", "x y colour alpha size index label")
    blank = dict.fromkeys(corners.data, (0, 0))  # without points Bokeh warns of ranges
    corners.data = {**blank, "x": (0, 1), "y": (0, 1), "colour": ("white", "white")}
    dots = made.scatter("x", "y", source=corners, size="size", fill_color="colour",
                        line_color="#333333", line_width=0.4, alpha="alpha")  # fmt: skip
    add_hover(made, [dots], [(_AXIS_NAME, "@index"), ("phones", "@label")])
    _opens_codes(made)
    return made


def _histogram(name: str, brush: Range1d) -> Figure:
    from bokeh.models import Legend, LegendItem, Range1d

    height = Range1d(start=0, end=1, name=f"{name}_height")
    made = new_figure(name, 320, x_range=brush, y_range=height)
    made.xaxis.axis_label, made.yaxis.axis_label = _AXIS_NAME, "density"
    bands = new_source(f"{name}_bands", "xs ys colour")
    made.patches("xs", "ys", source=bands, fill_color="colour", fill_alpha=0.18, line_color=None)
    lines = new_source(f"{name}_lines", "xs ys colour dash label")
    drawn = made.multi_line("xs", "ys", source=lines, line_color="colour", line_dash="dash",
                            line_width=1.8)  # fmt: skip
    item = LegendItem(label={"field": "label"}, renderers=[drawn])
    made.add_layout(
        Legend(items=[item], label_text_font_size="11px", glyph_width=16, spacing=0, padding=4,
               border_line_color=None, orientation="vertical", name=f"{name}_legend"),
        "right",
    )  # fmt: skip
    _opens_codes(made)
    return made


def _meanings(brush: Range1d) -> Figure:
    from bokeh.models import FixedTicker, Range1d

    made = new_figure(
        "meanings", 640, x_range=brush, y_range=Range1d(start=1, end=0, name="meanings_rows")
    )
    made.xaxis.axis_label = _AXIS_NAME
    made.yaxis.ticker = FixedTicker(ticks=[], name="meanings_ticks")
    made.yaxis.name = "meanings_axis"
    made.yaxis.major_label_text_font_size = "10px"
    made.grid.visible = False
    add_image(made, "meanings", "cividis", "P(phone | index)")
    _opens_codes(made)
    return made


def _matrix(name: str, brush: Range1d, down: str) -> Figure:
    made = new_figure(name, 420, x_range=brush, y_range=brush)
    made.xaxis.axis_label, made.yaxis.axis_label = _AXIS_NAME, down
    made.grid.visible = False
    title = "log10(1 + moves)" if name == "transitions" else "distance"
    add_image(made, name, "cividis", title)
    _opens_codes(made)
    return made
