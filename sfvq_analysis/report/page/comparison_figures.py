"""The page's figures of two tables: paired differences, phones, and how the indices go together."""

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
    from bokeh.plotting import figure as Figure  # noqa: N812


_ROOM_FOR_NUMBERS = 2.35


def comparison_figures() -> dict[str, Figure]:
    """Return the figures of a comparison, by name."""
    return {"differences": _differences(), "together": _together(), "differing": _differing()}


def _forest(name: str, height: int, **options: Any) -> tuple[Figure, list[Any]]:
    """Return a figure of a row each with an interval about a dot, and its dots; 0 is marked."""
    from bokeh.models import FixedTicker, Range1d, Span

    made = new_figure(name, height, y_range=Range1d(start=1, end=0, name=f"{name}_rows"), **options)
    made.add_layout(Span(location=0, dimension="height", line_color="#333333", line_dash="dashed"))
    rows = new_source(name, "y x low high colour fill marker numbers label")
    made.segment(x0="low", x1="high", y0="y", y1="y", line_color="colour", line_width=2,
                 source=rows)  # fmt: skip
    dots = made.scatter("x", "y", marker="marker", size=9, line_color="colour", fill_color="fill",
                        line_width=1.5, source=rows)  # fmt: skip
    made.yaxis.ticker = FixedTicker(ticks=[], name=f"{name}_ticks")
    made.yaxis.name = f"{name}_axis"
    made.yaxis.major_tick_line_color = None
    made.ygrid.visible = False
    return made, [dots]


def _differences() -> Figure:
    from bokeh.models import FixedTicker, Range1d

    made, dots = _forest("differences", 460, x_range=Range1d(start=-1.15, end=_ROOM_FOR_NUMBERS))
    rows = dots[0].data_source
    made.text(1.15, "y", "numbers", source=rows, text_baseline="middle", text_font_size="11px",
              text_color=TEXT_COLOUR)  # fmt: skip
    heads = new_source("differences_heads", "x y align label style")
    made.text("x", "y", "label", source=heads, text_align="align", text_baseline="middle",
              text_font_size="11px", text_font_style="style", text_color=TEXT_COLOUR)  # fmt: skip
    made.xaxis.ticker = FixedTicker(ticks=[0])
    made.xaxis.major_label_overrides = {0: "no difference"}
    made.xgrid.visible = False
    made.min_border_left = 130
    return made


def _differing() -> Figure:
    from bokeh.models import Range1d

    made, dots = _forest("differing", 420, x_range=Range1d(start=-1, end=1, name="differing_span"))
    made.xaxis.axis_label = "difference"
    add_hover(made, dots, [("phone", "@label"), ("difference", "@numbers")])
    made.js_on_event("tap", calls("tappedPhone(cb_obj.y)"))
    return made


def _together() -> Figure:
    from bokeh.models import Range1d

    made = new_figure(
        "together",
        420,
        x_range=Range1d(start=-0.5, end=0.5, name="together_across"),
        y_range=Range1d(start=-0.5, end=0.5, name="together_up"),
    )
    made.grid.visible = False
    add_image(made, "together", "cividis", "share of the index across")
    made.js_on_event("tap", calls("tappedTogether(cb_obj.x)"))
    return made
