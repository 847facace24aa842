# ruff: noqa: RUF001, RUF002  (IPA letters aren't the Latin ones they look like)
"""IPA labels, as the Montreal Forced Aligner, MAUS and espeak write them.

The symbol of a label is the label without stress marks (ˈ ˌ) and ties, in Unicode's composed form,
ASCII g and : read as ɡ and ː. Length and secondary articulation stay: iː and i, tʰ and t are
different phones. They fold together: the 48 and the 39 are those of Lee & Hon by the IPA of
``phones.csv``, named in IPA, of the symbol without these marks; a symbol outside the table folds to
itself without marks.
"""

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING

from sfvq_analysis.phones.entries import EMPTY_SILENCE, PhoneEntry, itself
from sfvq_analysis.phones.features import LONGEST, feature_table, group_by_features
from sfvq_analysis.phones.table import is_closure, phone_table

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENCES = ("sil", "sp", "_", "_:", "(...)")
NOISES: Mapping[str, str] = {"spn": "spn", "nsn": "nsn", "(..)": "spn", "(.)": "nsn"}
"""With what they are called here; the last two, and the last silence, are MAUS' (its ``IPA``)."""
_DROPPED = dict.fromkeys(map(ord, "ˈˌ'\u0361\u035c‿"))
_SPELT = str.maketrans({"g": "ɡ", ":": "ː"})
_SAME_AS: Mapping[str, str] = {  # other ways to write what the table has
    "aj": "ay", "aw": "aw", "ej": "ey", "ow": "ow", "ɔj": "oy", "əw": "ow", "əʊ": "ow",
    "ɫ": "l", "ɫ̩": "el", "ŋ̩": "eng", "ɜ˞": "er", "ə˞": "axr", "ɹ̩": "axr", "ᵻ": "ix",
}  # fmt: skip
_READ_AS = str.maketrans({"ɚ": "ə", "ɝ": "ɜ", "ᵻ": "ɨ", "˞": "", "ʜ": "ħ", "ʢ": "ʕ", "ʡ": "q"})
_KEPT_MARKS = frozenset("\u0303\u0329\u030d\u02de")  # nasal, syllabic (twice), rhotic
_TONES = frozenset("˥˦˧˨˩⁰¹²³⁴⁵⁶⁷⁸⁹↗↘")


@functools.cache
def _rows_by_ipa() -> Mapping[str, str]:
    """Return the table's symbol of every IPA symbol it has, ties and closures left out."""
    known = {
        _symbol(phone.ipa): name
        for name, phone in phone_table().items()
        if phone.ipa and not is_closure(name)
    }
    return {**known, **{_composed(ipa): name for ipa, name in _SAME_AS.items()}}


@functools.lru_cache(maxsize=1 << 12)
def ipa_entry(label: str) -> PhoneEntry | None:
    """Return what a label means in IPA, None if it is no phone of it.

    Examples
    --------
    >>> ipa_entry("ˈt͡ʃ")
    PhoneEntry(symbol='tʃ', group='plosive', fold48='tʃ', fold39='tʃ', how='ipa')
    >>> ipa_entry("ʒ").fold39, ipa_entry("ɲ").how, ipa_entry("tck")
    ('ʃ', 'features', None)
    """
    if label in SILENCES:
        return EMPTY_SILENCE._replace(symbol="sp") if label == "sp" else EMPTY_SILENCE
    if label in NOISES:
        return itself(NOISES[label], None, "table")
    if len(label) > LONGEST or not (symbol := _symbol(label)):
        return None
    bare = _bare(symbol)
    if not bare:
        return None
    name = _rows_by_ipa().get(symbol) or _rows_by_ipa().get(bare)
    if name is not None:
        row = phone_table()[name]
        return PhoneEntry(symbol, row.group, _ipa_of(row.fold48), _ipa_of(row.fold39), "ipa")
    group = group_by_features(bare.translate(_READ_AS))
    return PhoneEntry(symbol, group, bare, bare, "features") if group else None


def may_be_firm(label: str) -> bool:
    """Tell whether a label, if it is IPA, is nothing else: no ASCII letters that could be names.

    Examples
    --------
    >>> may_be_firm("s"), may_be_firm("iː"), may_be_firm("aj"), may_be_firm("iy")
    (True, True, True, False)
    """
    listed = label in SILENCES or label in NOISES or _symbol(label[:LONGEST]) in _rows_by_ipa()
    return listed or len(label) == 1 or not label.isascii()


def ipa_of(name: str) -> str:
    """Return the IPA symbol of a TIMIT symbol, the symbol itself where it has none."""
    phone = phone_table().get(name)
    return _symbol(phone.ipa) if phone and phone.ipa else name


def feature_ipa(symbol: str) -> str:
    """Return a symbol of `ipa_entry` as the table writes it or panphon reads it, affricates tied.

    Examples
    --------
    >>> feature_ipa("tʃ") == "t͡ʃ", feature_ipa("ts") == "t͡s", feature_ipa("aj")
    (True, True, 'aɪ')
    """
    name = _rows_by_ipa().get(symbol)
    if name is not None:
        return str(phone_table()[name].ipa)
    text = unicodedata.normalize("NFD", symbol).replace("c\u0327", "ç").translate(_READ_AS)
    segments = feature_table().segments(text)
    groups = [group_by_features(segment) for segment in segments]
    return "\u0361".join(segments) if groups == ["plosive", "fricative"] else text


def _ipa_of(name: str | None) -> str | None:
    return None if name is None else ipa_of(name)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _symbol(label: str) -> str:
    plain = unicodedata.normalize("NFD", label.translate(_DROPPED).translate(_SPELT))
    return _composed(plain.translate(_DROPPED))


def _bare(symbol: str) -> str:
    """Return a symbol without length, tone and secondary articulation."""
    parts = unicodedata.normalize("NFD", symbol)
    kept = [
        mark
        for mark in parts.replace("c\u0327", "ç")
        if mark in _KEPT_MARKS
        or not (mark in _TONES or unicodedata.category(mark) in ("Lm", "Mn", "Sk", "No"))
    ]
    return _composed("".join(kept))
