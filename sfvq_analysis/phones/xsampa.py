# ruff: noqa: RUF001, RUF002  (IPA letters aren't the Latin ones they look like)
"""X-SAMPA labels (Wells 1995), as MAUS writes them: read as the IPA that they stand for.

Symbols stand for what panphon's table says (``S`` ʃ, ``@`` ə, ``i:`` iː, ``n=`` n̩, ``t_h`` tʰ) and
for a few that it lacks; a label of which a character stands for nothing is none. Stress at the
beginning (``" % '``) is taken off. ``<p:>`` is silence, ``<usb>`` noise of a mouth and ``<nib>``
other noise. A label that isn't ASCII is IPA already.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from sfvq_analysis.phones.entries import EMPTY_SILENCE, PhoneEntry, itself
from sfvq_analysis.phones.features import LONGEST
from sfvq_analysis.phones.ipa import ipa_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARKS: Mapping[str, PhoneEntry] = {
    "<p:>": EMPTY_SILENCE,
    "<usb>": itself("spn", None, "table"),
    "<nib>": itself("nsn", None, "table"),
}
_STRESS = "\"%'"
_LACKING = {
    "_j": "ʲ",
    "_~": "\u0303",
    "_=": "\u0329",
    "`": "˞",
    "x\\": "ɧ",
    "I\\": "ᵻ",
    "v\\": "ʋ",
    "_B": "\u030f",
    "_R": "\u030c",
    "_F": "\u0302",  # tones
}
_SIGNS = frozenset("@{}~\\=`<")
_NO_SYMBOLS = ("X-SAMPA", "tz`")  # of panphon's table: its heading, and what is ɖʐ there


def xsampa_entry(label: str) -> PhoneEntry | None:
    """Return what a label means in X-SAMPA, None if it is no phone of it.

    Examples
    --------
    >>> xsampa_entry("S"), xsampa_entry("<p:>").group
    (PhoneEntry(symbol='ʃ', group='fricative', fold48='ʃ', fold39='ʃ', how='ipa'), 'silence')
    >>> [xsampa_entry(label).symbol for label in ("tS", "@U", "3:", "n=")]
    ['tʃ', 'əʊ', 'ɜː', 'n̩']
    """
    if label in _MARKS:
        return _MARKS[label]
    ipa = xsampa_to_ipa(label.lstrip(_STRESS)) if label.isascii() else label
    return None if ipa is None else ipa_entry(ipa)


def is_surely_xsampa(label: str) -> bool:
    """Tell whether a label means something in X-SAMPA by a sign that no other set has.

    Examples
    --------
    >>> list(filter(is_surely_xsampa, ["@", "e~", "<p:>", "i:", "E", "2", "{B_TRANS}"]))
    ['@', 'e~', '<p:>']
    """
    return not _SIGNS.isdisjoint(label) and xsampa_entry(label) is not None


@functools.lru_cache(maxsize=1 << 12)
def xsampa_to_ipa(text: str) -> str | None:
    """Return the IPA of a text in X-SAMPA, None if a part of it stands for nothing.

    Examples
    --------
    >>> xsampa_to_ipa("aI"), xsampa_to_ipa("<p:>")
    ('aɪ', None)
    """
    if not text or len(text) > LONGEST:
        return None
    table, ipa = _table(), ""
    while text:
        symbol = next((text[:n] for n in range(len(text), 0, -1) if text[:n] in table), None)
        if symbol is None:
            return None
        ipa += table[symbol]
        text = text.removeprefix(symbol)
    return ipa


@functools.cache
def _table() -> Mapping[str, str]:
    from panphon.xsampa import XSampa

    known: dict[str, str] = XSampa().xs2ipa
    return {symbol: ipa for symbol, ipa in known.items() if symbol not in _NO_SYMBOLS} | _LACKING
