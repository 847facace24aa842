"""The phone symbols of TIMIT and what is known of each.

Conventions
-----------
A *label* is what stands in a label file; a *phone* is one of the 61 TIMIT symbols. `normalise`
leads from the first to the second: case is ignored, and an ARPAbet stress digit is dropped
(``AH0`` is ``ah``). The *group* (one of the seven of Vali & Bäckström 2023; 51 phones have one) is
always taken from the raw label; *folding* to 48 or 39 phones (Lee & Hon 1989) is done where a
statistic asks for it. The *broad class* is one of the seven of Lopes & Perdigão 2011, reached via
the 39 folding.

References
----------
K.-F. Lee, H.-W. Hon, "Speaker-independent phone recognition using hidden Markov models", IEEE
Trans. ASSP 37 (1989). C. Lopes, F. Perdigão, "Phoneme recognition on the TIMIT database" (2011).
M. H. Vali, T. Bäckström, "Interpretable Latent Space Using Space-Filling Curves for Phonetic
Analysis in Voice Conversion", Interspeech 2023, 306-310.
"""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources
from typing import TYPE_CHECKING, Literal, NamedTuple

from sfvq_analysis.errors import CorpusError, check_option

if TYPE_CHECKING:
    from collections.abc import Mapping

PHONE_GROUPS: tuple[str, ...] = (
    "silence",
    "plosive",
    "fricative",
    "nasal",
    "vowel",
    "diphthong",
    "approximant",
)
"""The paper's groups, in the order of its figures."""

CONSONANT_GROUPS: tuple[str, ...] = ("silence", "plosive", "fricative", "nasal")
VOWEL_GROUPS: tuple[str, ...] = ("vowel", "diphthong", "approximant")

UnknownPolicy = Literal["raise", "na"]
Folding = Literal[61, 48, 39]

FOLDED_CLOSURES = ("vcl", "cl")
"""What the 48 have in place of the six closures."""

_STRESS = re.compile(r"^([a-z]+)[0-2]$")


class Phone(NamedTuple):
    """One row of ``phones.csv``; a property that a phone doesn't have is None.

    `fold48` and `fold39` are None for the glottal stop ``q``, which both foldings delete.
    """

    symbol: str
    group: str | None
    broad_class: str | None
    phoncode_class: str
    fold48: str | None
    fold39: str | None
    example: str | None
    ipa: str | None


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the package's tables."""
    text = resources.files("sfvq_analysis").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@functools.cache
def phone_table() -> Mapping[str, Phone]:
    """Return the 61 phones by symbol, in the order of ``phones.csv``.

    Examples
    --------
    >>> phone_table()["zh"]
    Phone(symbol='zh', group='fricative', broad_class='fricative', phoncode_class='fricative', \
fold48='zh', fold39='sh', example='azure', ipa='ʒ')
    """
    return {
        row["phone"]: Phone(
            symbol=row["phone"],
            group=row["group"] or None,
            broad_class=row["broad_class"] or None,
            phoncode_class=row["phoncode_class"],
            fold48=row["fold48"] or None,
            fold39=row["fold39"] or None,
            example=row["example"] or None,
            ipa=row["ipa"] or None,
        )
        for row in rows_of("phones.csv")
    }


@functools.lru_cache(maxsize=1 << 16)
def normalise(label: str) -> str:
    """Return the phone symbol of a label; an unknown label comes back lower-cased.

    Examples
    --------
    >>> normalise("AH0"), normalise("h#"), normalise("AXR")
    ('ah', 'h#', 'axr')
    """
    symbol = label.strip().lower()
    if symbol in phone_table():
        return symbol
    stressed = _STRESS.match(symbol)
    if stressed and stressed[1] in phone_table():
        return stressed[1]
    return symbol


def is_closure(symbol: str) -> bool:
    """Tell whether a symbol is the closure of a stop (``tcl``, or ``cl`` and ``vcl`` of the 48)."""
    phone = phone_table().get(symbol)
    return symbol in FOLDED_CLOSURES or (phone is not None and phone.phoncode_class == "closure")


def is_known(label: str) -> bool:
    """Tell whether a label is one of the 61 phones, in any spelling `normalise` understands."""
    return normalise(label) in phone_table()


def find_phone(label: str, unknown: UnknownPolicy = "raise") -> Phone | None:
    """Return the table's row for a label.

    Parameters
    ----------
    label
        A phone label as a file has it.
    unknown
        ``"raise"`` refuses a label outside the table, ``"na"`` answers None.

    Raises
    ------
    CorpusError
        If the label is unknown and `unknown` is ``"raise"``.
    """
    check_option("unknown", unknown, ("raise", "na"))
    phone = phone_table().get(normalise(label))
    if phone is None and unknown == "raise":
        raise CorpusError(
            f"unknown phone {label!r}",
            remedy='use the 61 TIMIT symbols or ARPAbet, or pass unknown="na" to leave it out',
        )
    return phone


def phone_group(label: str, unknown: UnknownPolicy = "raise") -> str | None:
    """Return the paper's group of a phone, None for the ten phones that are in none.

    Examples
    --------
    >>> phone_group("HV"), phone_group("ey1"), phone_group("tcl")
    ('fricative', 'diphthong', None)
    """
    phone = find_phone(label, unknown)
    return phone.group if phone else None


def fold(
    label: str,
    to: Folding,
    *,
    q: Literal["drop", "keep"] = "drop",
    unknown: UnknownPolicy = "raise",
) -> str | None:
    """Fold a label to the 48 or 39 phones of Lee & Hon (61 only normalises its spelling).

    Parameters
    ----------
    label
        A phone label as a file has it.
    to
        Size of the phone set.
    q
        The glottal stop has no place in either folding: ``"drop"`` answers None, ``"keep"`` ``q``.
    unknown
        As in `find_phone`.

    Examples
    --------
    >>> fold("zh", 39), fold("tcl", 48), fold("q", 39), fold("q", 39, q="keep")
    ('sh', 'cl', None, 'q')
    """
    check_option("to", to, (61, 48, 39))
    check_option("q", q, ("drop", "keep"))
    phone = find_phone(label, unknown)
    if phone is None or to == 61:
        return phone.symbol if phone else None
    folded = phone.fold48 if to == 48 else phone.fold39
    return phone.symbol if folded is None and q == "keep" else folded
