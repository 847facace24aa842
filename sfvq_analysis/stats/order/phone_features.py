"""Phonological features of phones.

They are panphon's 24 (Mortensen et al. 2016), -1, 0 or 1, of the IPA symbols of ``phones.csv``, or
of the phones themselves where a corpus is labelled in IPA. Phones of other names have none. What
panphon lacks is settled so:

- ``er`` ɝ and ``axr`` ɚ are unknown to it and read as the syllabic ɹ̩, another transcription of the
  same American English sound. The two differ in stress, which no feature tells.
- ``eng`` ŋ̍ is read as ŋ̩: the mark of a syllabic consonant above a letter is unknown to it.
- Diphthongs (``ey aw ay oy ow``) are two parts (of several, the first and the last count); see
  `feature_distances`.
- Closures (``bcl dcl gcl pcl tcl kcl``, and ``vcl cl`` of the 48) are left out: panphon drops the
  mark of a stop without release, and would take a silence for the release that follows it.
- ``pau epi h#`` (and ``sil``) are no speech sounds and have no features.

References
----------
D. R. Mortensen et al., "PanPhon: a resource for mapping IPA segments to articulatory feature
vectors", COLING 2016, 3475-3484.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from sfvq_analysis.phones import find_phone, phone_table, timit_inventory
from sfvq_analysis.phones.features import feature_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfvq_analysis.phones import PhoneInventory

READ_AS: Mapping[str, str] = {"ɝ": "ɹ̩", "ɚ": "ɹ̩", "ŋ̍": "ŋ̩"}
_Parts = tuple[tuple[float, ...], ...]


def feature_vectors(
    phones: Iterable[str] | None = None, inventory: PhoneInventory | None = None
) -> pd.DataFrame:
    """Return the phonological features of phones.

    Parameters
    ----------
    phones
        Phone symbols or labels (also ``cl``, ``vcl`` and ``sil`` of the foldings); all 61 by
        default.
    inventory
        Says what the phones are; by default TIMIT's.

    Returns
    -------
    pd.DataFrame
        ``phone``, ``part`` (0; 0 and 1 of a diphthong), a column each feature (-1, 0, 1; NaN where
        the phone has none) and ``reason`` (why it has none, else empty).

    Raises
    ------
    CorpusError
        If a label is no known phone.

    Examples
    --------
    >>> feature_vectors(["s", "z", "pau"])[["phone", "part", "cont", "voi"]]
      phone  part  cont  voi
    0     s     0   1.0 -1.0
    1     z     0   1.0  1.0
    2   pau     0   NaN  NaN
    """
    known = inventory or timit_inventory()
    named = [_symbol(phone, known) for phone in (phone_table() if phones is None else phones)]
    rows = [
        [name, part, *values, reason]
        for name in named
        for parts, reason in [_parts_of(name, known)]
        for part, values in enumerate(parts)
    ]
    frame = pd.DataFrame(rows, columns=["phone", "part", *feature_table().names, "reason"])
    numbers = dict.fromkeys(feature_table().names, "float64")
    return frame.astype({"phone": "str", "part": "int32", **numbers, "reason": "str"})


def feature_distances(
    phones: Iterable[str] | None = None, inventory: PhoneInventory | None = None
) -> pd.DataFrame:
    """Return how different the phonological features of phones are, in 0 … 1.

    d(p, q) is the mean over the 24 features of |p - q| / 2, panphon's unweighted cost of replacing
    a segment. A diphthong's first part is compared with the other's first and its second with the
    other's second, a phone of one part is both; d is the mean of the two.

    Parameters
    ----------
    phones, inventory
        As in `feature_vectors`.

    Returns
    -------
    pd.DataFrame
        Square and symmetric, a row and a column each phone that has features, in the order given.

    Examples
    --------
    >>> feature_distances(["f", "v", "aa", "sil"]).mul(24)
          f    v   aa
    f   0.0  1.0  9.5
    v   1.0  0.0  8.5
    aa  9.5  8.5  0.0
    """
    known = inventory or timit_inventory()
    asked = phone_table() if phones is None else phones
    named = dict.fromkeys(_symbol(phone, known) for phone in asked)
    each = {name: _parts_of(name, known) for name in named}
    found = {name: parts for name, (parts, reason) in each.items() if not reason}
    both = np.array([[*parts[0], *parts[-1]] for parts in found.values()])  # (n, 48)
    both = both.reshape(-1, 2 * len(feature_table().names))
    matrix = cdist(both, both, "cityblock") / (2 * both.shape[1])
    names = list(found)
    return pd.DataFrame(matrix, index=names, columns=names)


def _symbol(label: str, inventory: PhoneInventory) -> str:
    """Return the phone of a label; the names of folded closures and silence stay."""
    name = inventory.name(label)
    folded = inventory.is_closure(name) or name == "sil"
    if inventory.notation == "timit" and not folded and name not in inventory.by_symbol:
        find_phone(name)
    return name


def is_vowel(phone: str, inventory: PhoneInventory | None = None) -> bool:
    """Tell whether a phone is syllabic and not consonantal, as ``er`` and ``axr`` are."""
    known = inventory or timit_inventory()
    parts, _ = _parts_of(_symbol(phone, known), known)
    features = dict(zip(feature_table().names, parts[0], strict=True))
    return bool(features["syl"] == 1 and features["cons"] == -1)


def has_features(phone: str, inventory: PhoneInventory | None = None) -> bool:
    """Tell whether a phone has features."""
    known = inventory or timit_inventory()
    return not _parts_of(_symbol(phone, known), known)[1]


def _parts_of(phone: str, inventory: PhoneInventory) -> tuple[_Parts, str]:
    """Return the features of each part of a phone, and why it has none."""
    if inventory.is_closure(phone):
        return _nothing(), "closure"
    ipa = inventory.ipa(phone)
    if ipa is None:
        return _nothing(), "no speech sound"
    return _parts_of_ipa(READ_AS.get(ipa, ipa))


def _nothing() -> _Parts:
    return ((float("nan"),) * len(feature_table().names),)


@functools.lru_cache(maxsize=1 << 12)
def _parts_of_ipa(ipa: str) -> tuple[_Parts, str]:
    parts = tuple(tuple(map(float, part)) for part in feature_table().vectors(ipa))
    return (parts, "") if parts else (_nothing(), "unknown to panphon")
