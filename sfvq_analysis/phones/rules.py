"""The rules of the phone sets: what a label means in each.

- ``"timit"``: the 61 of TIMIT, and ``sil``, ``cl`` and ``vcl`` of the 48 and 39;
- ``"timit61"``: the 61 only, as tables saved by earlier versions have them;
- ``"arpabet"``: CMU's symbols with or without stress, its extensions (``ax axr dx el em en ix nx q
  ux wh``), silence and noise (``sil sp``, ``spn nsn``) and Kaldi's position suffixes
  (``_B _I _E _S``);
- ``"ipa"``: see `sfvq_analysis.phones.ipa`.

Case means nothing but in IPA.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from sfvq_analysis.phones.entries import EMPTY_SILENCE, How, PhoneEntry, itself
from sfvq_analysis.phones.ipa import NOISES, ipa_entry
from sfvq_analysis.phones.table import is_closure, normalise, phone_table

SetName = Literal["timit", "timit61", "arpabet", "ipa", "none"]
Notation = Literal["timit", "ipa", "own"]
SET_NAMES: tuple[SetName, ...] = get_args(SetName)
NOTATION_OF: dict[str, Notation] = {
    "timit": "timit",
    "timit61": "timit",
    "arpabet": "timit",
    "ipa": "ipa",
    "none": "own",
}

_FOLDED = {
    "sil": PhoneEntry("sil", "silence", "sil", "sil", "fold"),
    "cl": PhoneEntry("cl", None, "cl", "sil", "fold"),
    "vcl": PhoneEntry("vcl", None, "vcl", "sil", "fold"),
}
_ARPABET_TOO = {
    "sil": EMPTY_SILENCE,
    "sp": EMPTY_SILENCE._replace(symbol="sp"),
    "wh": PhoneEntry("wh", "approximant", "w", "w", "table"),
    **{noise: itself(noise, None, "table") for noise in NOISES},
}
_NOT_ARPABET = frozenset(("h#", "pau", "epi", "hv", "ax-h"))
_POSITION = re.compile(r"_[BIES]$")


def rule(name: SetName, label: str) -> PhoneEntry | None:
    """Return what a label means in a set, None if it isn't of it."""
    match name:
        case "timit":
            return _FOLDED.get(label.lower()) or _of_table(label)
        case "timit61":
            return _of_table(label)
        case "arpabet":
            return _of_arpabet(label)
        case "ipa":
            return ipa_entry(label)
    return None


def _of_table(label: str) -> PhoneEntry | None:
    symbol = normalise(label)
    row = phone_table().get(symbol)
    if row is None:
        return None
    how: How = "table" if label == symbol else "spelling"
    return PhoneEntry(symbol, row.group, row.fold48, row.fold39, how)


def _of_arpabet(label: str) -> PhoneEntry | None:
    plain = _POSITION.sub("", label)
    found = _ARPABET_TOO.get(plain.lower())
    if found is None:
        found = _of_table(plain)
        if found is None or found.symbol in _NOT_ARPABET or is_closure(str(found.symbol)):
            return None
    return found if label == plain else found._replace(how="spelling")
