"""The rules of the phone sets: what a label means in each.

- ``"timit"``: the 61 of TIMIT, and ``sil``, ``cl`` and ``vcl`` of the 48 and 39;
- ``"timit61"``: the 61 only, as tables saved by earlier versions have them;
- ``"arpabet"``: CMU's symbols with or without stress, its extensions (``ax axr dx el em en ix nx q
  ux wh``), silence and noise (``sil sp``, ``spn nsn``) and Kaldi's position suffixes
  (``_B _I _E _S``);
- ``"buckeye"``: ARPAbet as the Buckeye corpus has it (Pitt et al. 2005): ``tq`` is TIMIT's ``q``,
  a nasalised vowel (``aan``, ``ihn``, …) its plain one, ``LAUGH`` and ``VOCNOISE`` are spoken
  noise, ``NOISE`` other; what isn't the speaker's speech (``IVER``, ``{B_TRANS}``, ``EXCLUDE``, …)
  is no phone;
- ``"l2arctic"``: ARPAbet as the annotations of L2-ARCTIC have it (Zhao et al. 2018): of
  ``MEANT,HEARD,TYPE`` (TYPE ``s``, ``d`` or ``a``) the phone that was heard, without the ``*`` of
  one that was nearly right; ``err``, which was no phone of the set, is spoken noise;
- ``"ipa"`` and ``"xsampa"``: see `sfvq_analysis.phones.ipa` and `sfvq_analysis.phones.xsampa`.

Case means nothing but in these two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, get_args

from sfvq_analysis.phones.entries import EMPTY, EMPTY_SILENCE, How, PhoneEntry, itself
from sfvq_analysis.phones.ipa import ipa_entry
from sfvq_analysis.phones.table import is_closure, normalise, phone_table
from sfvq_analysis.phones.xsampa import xsampa_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SetName = Literal["timit", "timit61", "arpabet", "buckeye", "l2arctic", "ipa", "xsampa", "none"]
Notation = Literal["timit", "ipa", "own"]
SET_NAMES: tuple[SetName, ...] = get_args(SetName)
NOTATION_OF: dict[str, Notation] = {
    "timit": "timit",
    "timit61": "timit",
    "arpabet": "timit",
    "buckeye": "timit",
    "l2arctic": "timit",
    "ipa": "ipa",
    "xsampa": "ipa",
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
    **{noise: itself(noise, None, "table") for noise in ("spn", "nsn")},
}
_NOT_ARPABET = frozenset(("h#", "pau", "epi", "hv", "ax-h"))
_POSITION = re.compile(r"_[BIES]$")
_NASALISED = re.compile(r"(a[aehowy]|e[hry]|i[hy]|o[wy]|u[hw])n")
_BUCKEYE_TOO = {"tq": "q", "laugh": "spn", "vocnoise": "spn", "noise": "nsn"}
_MARKS = r"[be]_(?:trans|third_spkr)"
_OTHERS = rf"(?:iver(?:-laugh)?|unknown|(?:exclude|error|cutoff)(?:-.*)?|{_MARKS})"
_NOT_THE_SPEAKER = re.compile(rf"{_OTHERS}|<{_OTHERS}>|\{{{_MARKS}\}}", re.IGNORECASE)
_BRACKETED = re.compile(r"<(sil|laugh|(?:voc)?noise)>", re.IGNORECASE)
_HEARD = re.compile(r"[^,]+,([^,]+),\s*[sdaSDA]\s*")


def rule(name: SetName, label: str) -> PhoneEntry | None:
    """Return what a label means in a set, None if it isn't of it."""
    return _RULES[name](label)


def _of_timit(label: str) -> PhoneEntry | None:
    return _FOLDED.get(label.lower()) or _of_table(label)


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
    return _spelt(found, label, plain)


def _of_buckeye(label: str) -> PhoneEntry | None:
    if _NOT_THE_SPEAKER.fullmatch(label):
        return EMPTY
    bracketed = _BRACKETED.fullmatch(label)
    plain = bracketed[1] if bracketed else label
    nasalised = _NASALISED.fullmatch(plain.lower())
    meant = nasalised[1] if nasalised else _BUCKEYE_TOO.get(plain.lower(), plain)
    return _spelt(_of_arpabet(meant), label, meant)


def _of_l2arctic(label: str) -> PhoneEntry | None:
    tagged = _HEARD.fullmatch(label)
    plain = (label if tagged is None else tagged[1].strip()).removesuffix("*")
    meant = "spn" if plain.lower() == "err" else plain
    return _spelt(_of_arpabet(meant), label, meant)


def _spelt(found: PhoneEntry | None, label: str, meant: str) -> PhoneEntry | None:
    """Return what is known of the label that is meant by one, which may be its spelling."""
    return found if found is None or label == meant else found._replace(how="spelling")


_RULES: Mapping[SetName, Callable[[str], PhoneEntry | None]] = {
    "timit": _of_timit,
    "timit61": _of_table,
    "arpabet": _of_arpabet,
    "buckeye": _of_buckeye,
    "l2arctic": _of_l2arctic,
    "ipa": ipa_entry,
    "xsampa": xsampa_entry,
    "none": lambda _label: None,
}
