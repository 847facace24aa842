"""Colours, sizes, and how a figure becomes a file.

Sizes are those of print: a column is 3.4 inches wide, a page 7, and no text is below 7 points.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patheffects import withStroke

from sfvq_analysis.errors import OptionError, unknown_option
from sfvq_analysis.phones import PHONE_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Palette = Literal["paper", "colorblind"]

COLUMN_WIDTH, PAGE_WIDTH = 3.4, 7.0
"""Inches."""
TEXT_SIZE, SMALL_TEXT_SIZE = 8.0, 7.0
"""Points."""

_OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky blue": "#56B4E9",
    "green": "#009E73",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
}  # their yellow is left out: too pale for lines on white
_GROUP_COLOURS: Mapping[str, tuple[str, ...]] = {
    "paper": ("lightseagreen", "blue", "black", "magenta", "red", "yellow", "deeppink"),
    "colorblind": tuple(
        _OKABE_ITO[name]
        for name in ("green", "blue", "black", "purple", "vermilion", "orange", "sky blue")
    ),
}
_DARKER, _PALER = 0.55, 0.5
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)))
_PALE = 0.7
_LINE_ORDER = 2
_PNG_DPI = 200
_MOST_LAYOUTS = 10
_METADATA: Mapping[str, Mapping[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
}


def group_colours(
    palette: Palette = "paper", groups: Sequence[str] = PHONE_GROUPS
) -> dict[str, str]:
    """Return the colour of each phone group.

    The paper's groups have the palette's own colours whatever others there are. Other groups take
    further colours in turn: twenty of the paper's palette, or for colour-blind readers seven hues,
    then the same darker and paler; beyond these they come again.

    Parameters
    ----------
    palette
        ``"paper"``: the published figure's. ``"colorblind"``: seven of Okabe & Ito's (2008), told
        apart with any colour vision and dark enough for lines on white.
    groups
        In order; by default the paper's.

    Raises
    ------
    OptionError
        If the palette isn't one of these.

    Examples
    --------
    >>> group_colours()["silence"], group_colours("colorblind")["silence"]
    ('lightseagreen', '#009E73')
    >>> list(group_colours(groups=["nasal", "click"]).values())
    ['magenta', '#1f77b4']
    """
    if palette not in _GROUP_COLOURS:
        raise unknown_option("palette", palette, tuple(_GROUP_COLOURS))
    own = dict(zip(PHONE_GROUPS, _GROUP_COLOURS[palette], strict=True))
    taken = {own[group] for group in groups if group in own}
    free = cycle([one for one in _turn(palette) if one not in taken])
    return {group: own[group] if group in own else next(free) for group in groups}


def literal(text: str) -> str:
    """Return a text that Matplotlib writes as it is: no mathematics, and never left out.

    Examples
    --------
    >>> literal("US$") == "US" + chr(92) + "$", literal("_rest")
    (True, ' _rest')
    """
    plain = text.replace("$", r"\$")
    return f" {plain}" if plain.startswith("_") else plain


def line_styles(
    values: Sequence[str], palette: Palette = "paper", groups: Sequence[str] = PHONE_GROUPS
) -> list[dict[str, Any]]:
    """Return ``color``, ``linestyle`` and ``path_effects`` of a line for each value.

    Phone groups have their own colours; anything else takes colours in turn, and another dash when
    they are used up. A colour too pale for white paper gets a dark rim.

    Parameters
    ----------
    values
        What the lines stand for.
    palette, groups
        As in `group_colours`.
    """
    known = group_colours(palette, groups)
    if set(values) <= set(known):
        n_colours = len(set(known.values()))
        place = {group: at // n_colours for at, group in enumerate(known)}
        looks = [(known[value], _DASHES[place[value] % len(_DASHES)]) for value in values]
    else:
        turn = list(_OKABE_ITO.values()) if palette == "colorblind" else _tab10()
        dashes = [_DASHES[(i + i // len(turn)) % len(_DASHES)] for i in range(len(values))]
        looks = [(turn[i % len(turn)], dash) for i, dash in enumerate(dashes)]
    return [
        {
            "color": colour,
            "linestyle": dash,
            "path_effects": rim(colour),
            "zorder": _LINE_ORDER + _DASHES.index(dash),  # a broken line shows on an unbroken one
        }
        for colour, dash in looks
    ]


def rim(colour: str) -> list[Any]:
    """Return path effects that put a dark rim around a pale colour, none for a dark one."""
    red, green, blue = to_rgb(colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return [withStroke(linewidth=2.4, foreground="0.3")] if luminance > _PALE else []


def new_axes(ax: Axes | None, figsize: tuple[float, float]) -> Axes:
    """Return `ax`, or the Axes of a new figure of so many inches where it is None."""
    if ax is not None:
        return ax
    return plt.subplots(figsize=figsize, layout="compressed")[1]  # room for legends outside


def label_axes(ax: Axes, x: str = "", y: str = "", title: str = "") -> None:
    """Write axis labels and title, and set the size of tick labels, all at print size."""
    ax.set_xlabel(x, fontsize=TEXT_SIZE)
    ax.set_ylabel(y, fontsize=TEXT_SIZE)
    if title:
        ax.set_title(title, fontsize=TEXT_SIZE, parse_math=False)
    ax.tick_params(labelsize=SMALL_TEXT_SIZE)


def save_figure(
    figure: Figure,
    path_without_suffix: Path | str,
    formats: Sequence[Literal["svg", "png"]] = ("svg", "png"),
) -> list[Path]:
    """Write a figure to files that are the same, byte for byte, whenever they are written.

    SVG keeps its text as text, carries no date and draws its identifiers from a fixed salt; PNG
    has 200 dots an inch and no metadata. The figure stays open.

    Parameters
    ----------
    figure
        What to save.
    path_without_suffix
        Where; ``.svg`` and ``.png`` are put behind it. Folders are made as needed.
    formats
        Any of ``"svg"`` and ``"png"``.

    Returns
    -------
    list of Path
        The files written, in the order of `formats`.

    Raises
    ------
    OptionError
        If a format isn't one of these, or none is given.
    """
    if not formats:
        raise OptionError("no format is given", remedy="give 'svg', 'png' or both")
    for name in formats:
        if name not in _METADATA:
            raise unknown_option("format", name, tuple(_METADATA))
    stem = Path(path_without_suffix)
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(f"{stem.name}.{name}") for name in formats]
    settings: Any = {"svg.hashsalt": "sfvq_analysis", "svg.fonttype": "none"}
    with mpl.rc_context(settings), _settled(figure):
        for name, path in zip(formats, paths, strict=True):
            figure.savefig(path, format=name, dpi=_PNG_DPI, metadata=dict(_METADATA[name]))
    return paths


@contextmanager
def _settled(figure: Figure) -> Iterator[None]:
    """Hold the layout still, with positions rounded.

    A layout is made anew at every drawing, from the one before, and settles only after several;
    the last bits are enough to change the identifiers in an SVG file.
    """
    engine = figure.get_layout_engine()
    if engine is None:
        yield
        return
    laid_out = [ax for ax in figure.axes if ax.get_in_layout()]
    before = np.zeros((len(laid_out), 4))
    for _ in range(_MOST_LAYOUTS):
        engine.execute(figure)
        bounds = [ax.get_position(original=True).bounds for ax in laid_out]
        places = np.reshape(bounds, (-1, 4))
        if np.allclose(places, before, rtol=0, atol=1e-9):
            break
        before = places
    for ax, place in zip(laid_out, before.round(6), strict=True):
        ax.set_position(tuple(place.tolist()))
    figure.set_layout_engine("none")
    try:
        yield
    finally:
        figure.set_layout_engine(engine)
        for ax in laid_out:
            ax.set_in_layout(True)


def _turn(palette: Palette) -> list[str]:
    """Return the colours that groups besides the paper's take in turn."""
    if palette == "colorblind":
        hues = list(_OKABE_ITO.values())
        darker = [_mixed(hue, 0.0, _DARKER) for hue in hues[1:]]  # black has none
        return [*hues, *darker, *(_mixed(hue, 1.0, _PALER) for hue in hues)]
    paired = mpl.colormaps["tab20"]
    every = [to_hex(paired(i)) for i in range(paired.N)]
    return [*every[::2], *every[1::2]]


def _mixed(colour: str, grey: float, share: float) -> str:
    """Return a share of a colour mixed with black (0) or white (1)."""
    red, green, blue = (share * part + (1 - share) * grey for part in to_rgb(colour))
    return to_hex((red, green, blue))


def _tab10() -> list[str]:
    table = mpl.colormaps["tab10"]
    return [to_hex(table(i)) for i in range(table.N)]
