"""The page's figure of what each bit of a curve adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.report.page.drawing import add_hover, calls, new_figure, new_source

if TYPE_CHECKING:
    from bokeh.plotting import figure as Figure  # noqa: N812


_PNMI, _PARENT, _CHANCE = "#0072B2", "#D55E00", "#777777"


def ladder_figure() -> Figure:
    """Return the figure, named ``ladder``; a tap shows the bit rate that is nearest."""
    from bokeh.models import FixedTicker, Range1d, Span

    made = new_figure(
        "ladder", 240, x_range=Range1d(start=0, end=1, name="ladder_span"), y_range=(0, 1.02)
    )
    rows = new_source(
        "ladder",
        "bits pnmi pnmi_low pnmi_high parent parent_low parent_high parent_null size used",
    )
    kinds = (("pnmi", _PNMI, "circle", "PNMI"), ("parent", _PARENT, "square", "split in place"))
    dots = []
    for name, colour, marker, label in kinds:
        made.segment(x0="bits", x1="bits", y0=f"{name}_low", y1=f"{name}_high", line_width=2,
                     line_color=colour, source=rows)  # fmt: skip
        made.line("bits", name, line_color=colour, line_width=1.5, source=rows, legend_label=label)
        dots.append(made.scatter("bits", name, marker=marker, size=8, color=colour, source=rows,
                                 legend_label=label))  # fmt: skip
    made.line("bits", "parent_null", line_color=_CHANCE, line_dash="dotted", line_width=1.5,
              source=rows, legend_label="by chance")  # fmt: skip
    made.add_layout(
        Span(name="ladder_now", location=0, dimension="height", line_color="#0072B2",
             line_alpha=0.25, line_width=12)
    )  # fmt: skip
    made.add_layout(made.legend[0], "right")
    made.legend[0].update(border_line_color=None, label_text_font_size="11px")
    made.xaxis.ticker = FixedTicker(ticks=[], name="ladder_ticks")
    made.xaxis.axis_label = "bits"
    lines = [("bits", "@bits"), ("codes used", "@used of @size"), ("PNMI", "@pnmi"),
             ("split in place", "@parent"), ("by chance", "@parent_null")]  # fmt: skip
    add_hover(made, dots, lines)
    made.js_on_event("tap", calls("tappedLadder(cb_obj.x)"))
    return made
