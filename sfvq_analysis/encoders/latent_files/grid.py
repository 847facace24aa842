"""Where stored latents' frames are in time: a grid file, or a frame rate in a short text."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from sfvq_analysis.errors import EncoderError, OptionError, in_line, shown
from sfvq_analysis.files import is_file, is_folder
from sfvq_analysis.json_objects import each_once
from sfvq_analysis.timeline import FrameGrid

GRID_FILE = "grid.json"
UNSTATED = "unstated"
"""Name of latents of which only a frame rate is known."""
_WANTED = {"name": str, "sample_rate": int, "hop": int, "offset": int, "window": int}
_MOST = 10**9
_MOST_BYTES = 1 << 20
_SAMPLE_RATE = 16000
_RATE = re.compile(
    r"(?P<place>.+)@(?P<frames>[0-9]{1,9}(?:\.[0-9]{1,12})?)(?::(?P<samples>[0-9]{1,9}))?",
    re.DOTALL,
)


class StatedGrid(NamedTuple):
    """What is known of stored latents' time.

    Attributes
    ----------
    grid
        Where the frames' centres are.
    name
        What made them.
    window
        Samples one frame sees, 0 if unstated.
    """

    grid: FrameGrid
    name: str = UNSTATED
    window: int = 0


def split_rate(spec: str) -> tuple[Path, FrameGrid | None]:
    """Take ``place@frames per second`` apart.

    ``@50`` counts at 16000 Hz: a hop of 320, the first centre half a hop in. ``@100:44100`` counts
    at 44100 Hz. A file or folder whose name is all of the text is that file or folder.

    Raises
    ------
    OptionError
        If that isn't a whole number of samples a frame.

    Examples
    --------
    >>> split_rate("feats.scp@50")[1]
    FrameGrid(sample_rate=16000, hop=320, offset=160)
    >>> split_rate("feats.scp@86.1328125:22050")[1].hop
    256
    """
    stated = _RATE.fullmatch(spec)
    if stated is None or _exists(spec):
        return Path(spec), None
    sample_rate = int(stated["samples"] or _SAMPLE_RATE)
    frames = Fraction(stated["frames"])
    hop = sample_rate / frames if frames else Fraction(0)
    if hop.denominator != 1 or hop < 1:
        raise OptionError(
            f"{stated['frames']} frames a second are no whole number of samples at "
            f"{sample_rate} Hz",
            where=f"latents:{shown(spec, 200)}",
            remedy=f"state the rate, @100:44100, or hop and offset in {GRID_FILE}",
        )
    return Path(stated["place"]), FrameGrid(sample_rate, hop=int(hop), offset=int(hop) // 2)


def find_grid(place: Path, stated: FrameGrid | None) -> StatedGrid:
    """Return the grid of a folder or of a file of latents.

    Parameters
    ----------
    place
        A folder, which has the grid file in it, or a file, which has it beside it: its own,
        ``<file>.json``, or that of its folder.
    stated
        The grid to take without a grid file. If there is one, too, they must have the same frame
        rate, and the file's is taken.

    Raises
    ------
    EncoderError
        If nothing states a grid, a grid file isn't as described, or the two don't agree.
    """
    if is_folder(place):
        paths = [place / GRID_FILE]
    else:
        paths = [place.with_name(f"{place.name}.json"), place.with_name(GRID_FILE)]
    path = next((path for path in paths if is_file(path)), None)
    if path is None:
        if stated is not None:
            return StatedGrid(stated)
        raise EncoderError(
            "file is missing",
            where=str(paths[-1]),
            remedy='write {"name": …, "sample_rate": …, "hop": …, "offset": …} there, or state '
            f"frames a second, as in latents:{place.name}@50",
        )
    found = _read_grid(path)
    if stated and stated.hop * found.grid.sample_rate != found.grid.hop * stated.sample_rate:
        raise EncoderError(
            f"it has {found.grid}, stated is {stated}", where=str(path), remedy="mend either"
        )
    return found


def _read_grid(path: Path) -> StatedGrid:
    try:
        stated = _checked(_parsed(path))
        numbers = (stated[name] for name in ("sample_rate", "hop", "offset"))
        return StatedGrid(FrameGrid(*numbers), stated["name"], stated.get("window", 0))
    except (EncoderError, OptionError) as error:
        raise EncoderError(error.what, where=str(path), remedy=error.remedy) from error


def _parsed(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=each_once(EncoderError))
    except EncoderError:
        raise
    except (ValueError, RecursionError, OSError) as error:
        raise EncoderError(f"not JSON ({in_line(error)})", remedy="mend it") from error


def _checked(stated: Any) -> dict[str, Any]:
    for name, kind in _WANTED.items():
        if not isinstance(stated, dict) or (name != "window" and name not in stated):
            raise EncoderError(f"{name} is missing", remedy="state it")
        value = stated.get(name, 1)
        if name in stated and (not isinstance(value, kind) or isinstance(value, bool)):
            shown = repr(value)[:60]
            raise EncoderError(f"{name} is {shown}", remedy=f"give {kind.__name__}")
        if kind is int and value > _MOST:
            raise EncoderError(f"{name} is above {_MOST}", remedy="give samples")
    if stated.get("window", 1) < 1:
        raise EncoderError(f"window is {stated['window']}", remedy="give samples, at least 1")
    return dict(stated)


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False
