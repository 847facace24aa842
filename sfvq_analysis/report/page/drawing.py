"""What the page's figures in Bokeh share: how they look, and how they become text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bokeh.plotting import figure as Figure  # noqa: N812


TEXT_COLOUR = "#222222"
_FIRST_ID = 1001
_HEX = "[0-9a-f]"
_BOKEH_ID = re.compile(rf"\bp[0-9]{{4,}}\b|\b{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}\b")


def new_figure(name: str, height: int, **options: Any) -> Figure:
    """Return an empty figure that fills its column."""
    from bokeh.plotting import figure

    tools = options.pop("tools", "")
    made = figure(
        name=name, height=height, sizing_mode="stretch_width", min_width=280, tools=tools,
        toolbar_location="above" if tools else None, min_border_right=18, **options,
    )  # fmt: skip
    made.toolbar.logo = None
    made.axis.major_label_text_color = TEXT_COLOUR
    made.axis.axis_label_text_font_style = "normal"
    made.axis.axis_label_text_color = TEXT_COLOUR
    made.grid.grid_line_color = "#e8e8e8"
    made.outline_line_color = "#cccccc"
    return made


def new_source(name: str, columns: str) -> Any:
    """Return a source without rows, named ``<name>_source``; columns stand between spaces."""
    from bokeh.models import ColumnDataSource

    return ColumnDataSource({column: [] for column in columns.split()}, name=f"{name}_source")


def calls(code: str) -> Any:
    """Return a callback into the page's script, which may not be there yet."""
    from bokeh.models import CustomJS

    return CustomJS(code=f"if (window.sfvqPage) window.sfvqPage.{code}")


def add_hover(figure: Figure, renderers: Sequence[Any], lines: list[tuple[str, str]]) -> None:
    """Show lines beside the pointer; Bokeh writes values as text, never as HTML."""
    from bokeh.models import HoverTool

    figure.add_tools(HoverTool(renderers=list(renderers), tooltips=lines))


def add_image(figure: Figure, name: str, palette: str, title: str) -> None:
    """Add an image whose source and colours have a name, and the bar that explains them."""
    import numpy as np
    from bokeh.models import ColorBar, ColumnDataSource, LinearColorMapper
    from bokeh.palettes import cividis, magma

    colours = {"cividis": cividis, "magma": magma}[palette](256)
    mapper = LinearColorMapper(palette=colours, low=0, high=1, name=f"{name}_colours")
    blank = {
        "image": [np.zeros((1, 1), dtype=np.float32)],
        "x": [0],
        "y": [0],
        "dw": [1],
        "dh": [1],
    }
    figure.image(
        "image", "x", "y", "dw", "dh", source=ColumnDataSource(blank, name=f"{name}_image"),
        color_mapper=mapper,
    )  # fmt: skip
    if title:
        bar = ColorBar(color_mapper=mapper, title=title, width=10, title_text_font_style="normal",
                       title_text_font_size="11px")  # fmt: skip
        figure.add_layout(bar, "right")


def components_of(figures: dict[str, Figure]) -> tuple[str, dict[str, str]]:
    """Return the script that draws figures, and the element in which each goes."""
    from bokeh.document import Document
    from bokeh.embed import components

    document = Document()
    with document.models.freeze():  # else all that they refer to is gone through at every figure
        for figure in figures.values():
            document.add_root(figure)
    script, elements = components(figures, wrap_script=False)
    named = _numbered([script, *elements.values()])
    # in JavaScript "<\/" is "</"; as it stands it would end the script
    return named[0].replace("</", "<\\/"), dict(zip(elements, named[1:], strict=True))


def _numbered(texts: list[str]) -> list[str]:
    """Return texts with Bokeh's ids numbered as they come: its own differ from page to page."""
    known: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return known.setdefault(match[0], f"p{_FIRST_ID + len(known)}")

    return [_BOKEH_ID.sub(number, text) for text in texts]


def bokeh_script() -> str:
    """Return Bokeh's own script, without anything that would be fetched."""
    from bokeh.resources import Resources

    inline = Resources(mode="inline", components=["bokeh"], minified=True)
    return "\n".join(one.replace("</script", "<\\/script") for one in inline.js_raw)
