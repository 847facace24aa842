"""Which tars a text names: braces, wildcards, paths and URLs."""

from __future__ import annotations

import os
import re
from glob import glob
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.stores import Store, is_url

if TYPE_CHECKING:
    from collections.abc import Iterable

_TAR = re.compile(r".*\.(?:tar(?:\.(?:gz|bz2|xz))?|tgz)", re.DOTALL)
_RANGE = re.compile(r"\{(-?[0-9]{1,40})\.\.(-?[0-9]{1,40})")
_MOST = 1_000_000


def is_webdataset(place: object) -> bool:
    """Tell whether a place names tars, such as ``speech-{000..099}.tar``.

    Examples
    --------
    >>> is_webdataset("s3://bucket/speech-{000..099}.tar"), is_webdataset("speech")
    (True, False)
    """
    return isinstance(place, str | Path) and _TAR.fullmatch(str(place)) is not None


def tar_places(places: Path | str | Iterable[Path | str]) -> list[str]:
    """Return the tars that are named, in order.

    Raises
    ------
    OptionError
        If there is none, or one stands twice.
    """
    given = [places] if isinstance(places, str | Path) else list(places)
    found = [one for place in given for one in _expanded(str(place))]
    if not found:
        raise OptionError("no tar is named", remedy="give at least one")
    if len(set(found)) < len(found):
        raise OptionError("a tar is named twice", remedy="name each once")
    return found


def _expanded(text: str) -> list[str]:
    """Return what a text with braces and wildcards stands for."""
    text = text.removeprefix("file://")
    if not is_url(text) and Path(text).exists():
        return [text]
    found = []
    for one in _braces(text) if "{" in text else [text]:
        if "*" not in one and (is_url(one) or not set(one) & set("?[")):
            found.append(one)
            continue
        there = _matching(one)
        if not there:
            raise CorpusError("no tar is there", where=one, remedy="mend the pattern")
        found += there
    return found


def _braces(text: str) -> list[str]:
    try:
        import braceexpand
    except ImportError as error:
        raise OptionError(
            "braces need the package braceexpand",
            where=text,
            remedy="pip install 'sfvq-analysis[scale]', or name every tar",
        ) from error
    for first, last in _RANGE.findall(text):  # they are spelt out before the first is had
        if abs(int(last) - int(first)) >= _MOST:
            raise _too_many(text)
    try:
        found = list(islice(braceexpand.braceexpand(text), _MOST + 1))
    except ValueError as error:
        raise OptionError(f"braces don't fit ({error})", where=text, remedy="mend them") from error
    if len(found) > _MOST:
        raise _too_many(text)
    return found


def _too_many(text: str) -> OptionError:
    return OptionError(f"it names more than {_MOST} tars", where=text, remedy="name fewer")


def _matching(pattern: str) -> list[str]:
    if not is_url(pattern):
        return sorted(glob(pattern))  # noqa: PTH207 (it takes whole paths)
    above = pattern.partition("*")[0].rpartition("/")[0]
    store = Store.at(above)
    return [store.where(name) for name in store.matching(pattern[len(above) + 1 :])]


def all_in_a_line(places: list[str]) -> str:
    """Return what messages call several tars."""
    first = places[0]
    return first if len(places) == 1 else f"{first} and {len(places) - 1} more"


def name_of_tars(places: list[str]) -> str:
    """Return what the names of tars have in common, without number and ending."""
    names = [place.rpartition("/")[2] for place in places]
    shared = os.path.commonprefix(names).partition(".")[0]  # noqa: RUF071 (of letters)
    return shared.rstrip("0123456789").rstrip("-_") or shared or "webdataset"
