"""The items of an ABX test, one row each; see `sfvq_analysis.pipeline.abx`.

`fastabx` takes the centre of frame i to be at (i + 1/2) / f, f frames a second, and the frames of a
token to be those whose centre lies in [onset, offset]. The centres of an encoder are elsewhere by a
constant. The times written are therefore the labels' moved by that constant, and one to two
hundred-millionths of a second early, so that the frames scored are those whose centre lies in the
half-open segment, exactly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Literal

from sfvq_analysis.errors import check_option
from sfvq_analysis.pipeline.options import IndexOptions
from sfvq_analysis.safe_names import safe_relative
from sfvq_analysis.tables import PHONE_TIER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sfvq_analysis.phones import Folding, PhoneInventory
    from sfvq_analysis.pipeline.encoding import EncodedUtterance
    from sfvq_analysis.timeline import FrameGrid

Span = Literal["phone", "triphone"]
ITEM_COLUMNS = ("#file", "onset", "offset", "#phone", "prev-phone", "next-phone", "speaker")
FEATURES = ".pt"
_DIGITS = 8
_PER_SECOND = 10**_DIGITS
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class AbxOptions:
    """What an item is.

    Attributes
    ----------
    span
        ``"phone"``: an item reaches over its phone. ``"triphone"``: from the start of the phone
        before to the end of the phone after it.
    phone_set
        Fold phones (neighbours too) to 61, 48 or 39; items that hold a phone which a folding
        deletes are left out.
    exclude
        Phones, before folding, that are no item; they can be neighbours. None: silences.
    index
        Options of projection and labels, as of `sfvq_analysis.index_table`.
    """

    span: Span = "phone"
    phone_set: Folding = 61
    exclude: Collection[str] | None = None
    index: IndexOptions = field(default_factory=IndexOptions)

    def __post_init__(self) -> None:
        check_option("span", self.span, ("phone", "triphone"))
        check_option("phone_set", self.phone_set, (61, 48, 39))


def item_rows(
    encoded: EncodedUtterance, options: AbxOptions, inventory: PhoneInventory
) -> Iterator[tuple[str, ...]]:
    """Yield the rows of an utterance's items, in the order of `ITEM_COLUMNS`."""
    utterance, recording, features = encoded
    phones = recording.tiers[PHONE_TIER]
    entries = [inventory.entries[phone.label] for phone in phones]
    names = [entry.folded(options.phone_set) for entry in entries]
    silent = [_is_silent(entry.symbol, options, inventory) for entry in entries]
    for at in range(1, len(phones) - 1):
        around = names[at - 1 : at + 2]
        if silent[at] or None in around:
            continue
        first, last = (at, at) if options.span == "phone" else (at - 1, at + 1)
        start, stop = (
            Fraction(edge, recording.sample_rate)
            for edge in (phones[first].start, phones[last].stop)
        )
        own = _item_times(start, stop, features.grid, features.n_frames)
        if own is not None:
            before, phone, after = map(str, around)
            onset, offset = (f"{t // _PER_SECOND}.{t % _PER_SECOND:0{_DIGITS}d}" for t in own)
            speaker = _SPACES.sub("_", utterance.speaker) or "-"
            yield file_of(utterance.id), onset, offset, phone, before, after, speaker


def _is_silent(symbol: str | None, options: AbxOptions, inventory: PhoneInventory) -> bool:
    if symbol is None:
        return False
    return inventory.is_pause(symbol) if options.exclude is None else symbol in options.exclude


def _item_times(
    start: Fraction, stop: Fraction, grid: FrameGrid, n_frames: int
) -> tuple[int, int] | None:
    """Return a segment's times on `fastabx`'s clock, None if no frame's centre is in it.

    Parameters
    ----------
    start, stop
        Seconds.
    grid, n_frames
        Of the utterance's frames.

    Returns
    -------
    tuple of int
        Hundred-millionths of a second, in 0 … the end of the last frame.
    """
    rate, hop = grid.sample_rate, grid.hop
    early = Fraction(2 * grid.offset - hop, 2 * rate)  # our centre of frame 0 less theirs
    onset = max(floor((start - early) * _PER_SECOND) - 1, 0)
    offset = min(
        ceil((stop - early) * _PER_SECOND) - 2, floor(Fraction(n_frames * hop, rate) * _PER_SECOND)
    )
    half = Fraction(1, 2)
    first = ceil(Fraction(onset * rate, _PER_SECOND * hop) - half)
    last = floor(Fraction(offset * rate, _PER_SECOND * hop) - half)
    return (onset, offset) if first <= last else None


def file_of(identity: str) -> str:
    """Return the name of an utterance's files: flat, as not all versions look into folders.

    Two ids may share one, those that differ in ``/``, spaces and ``_`` alone.

    Examples
    --------
    >>> file_of("dr1/fcjf0/sa1"), file_of("../x y")
    ('dr1_fcjf0_sa1', '%2E._x_y')
    """
    flat = safe_relative(_SPACES.sub("_", identity.replace("/", "_")), FEATURES)
    return flat.name.removesuffix(FEATURES)
