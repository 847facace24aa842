"""Phonological features of phones.

They are panphon's 24 (Mortensen et al. 2016), -1, 0 or 1, of the IPA symbols of ``phones.csv``.
What panphon lacks is settled so:

- ``er`` ɝ and ``axr`` ɚ are unknown to it and read as the syllabic ɹ̩, another transcription of the
  same American English sound. The two differ in stress, which no feature tells.
- ``eng`` ŋ̍ is read as ŋ̩: the mark of a syllabic consonant above a letter is unknown to it.
- Diphthongs (``ey aw ay oy ow``) are two parts; see `feature_distances`.
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
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial.distance import cdist

from sfvq_analysis.phones import find_phone, normalise, phone_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_READ_AS: Mapping[str, str] = {"er": "ɹ̩", "axr": "ɹ̩", "eng": "ŋ̩"}
_UNRELEASED = unicodedata.lookup("COMBINING LEFT ANGLE ABOVE")
_FOLDED_CLOSURES = ("vcl", "cl")


def feature_vectors(phones: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the phonological features of phones.

    Parameters
    ----------
    phones
        Phone symbols or labels (also ``cl``, ``vcl`` and ``sil`` of the foldings); all 61 by
        default.

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
    named = [_symbol(phone) for phone in (phone_table() if phones is None else phones)]
    rows = [
        [name, part, *values, reason]
        for name in named
        for parts, reason in [_parts_of(name)]
        for part, values in enumerate(parts)
    ]
    frame = pd.DataFrame(rows, columns=["phone", "part", *_table().names, "reason"])
    numbers = dict.fromkeys(_table().names, "float64")
    return frame.astype({"phone": "str", "part": "int32", **numbers, "reason": "str"})


def feature_distances(phones: Iterable[str] | None = None) -> pd.DataFrame:
    """Return how different the phonological features of phones are, in 0 … 1.

    d(p, q) is the mean over the 24 features of |p - q| / 2, panphon's unweighted cost of replacing
    a segment. A diphthong's first part is compared with the other's first and its second with the
    other's second, a phone of one part is both; d is the mean of the two.

    Parameters
    ----------
    phones
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
    named = dict.fromkeys(_symbol(phone) for phone in (phone_table() if phones is None else phones))
    found = {name: parts for name in named for parts, reason in [_parts_of(name)] if not reason}
    both = np.array([[*parts[0], *parts[-1]] for parts in found.values()])  # (n, 48)
    both = both.reshape(-1, 2 * len(_table().names))
    matrix = cdist(both, both, "cityblock") / (2 * both.shape[1])
    names = list(found)
    return pd.DataFrame(matrix, index=names, columns=names)


def _symbol(label: str) -> str:
    """Return the phone of a label; the names of folded closures and silence stay."""
    name = normalise(label)
    if name not in (*_FOLDED_CLOSURES, "sil"):
        find_phone(name)
    return name


def is_vowel(phone: str) -> bool:
    """Tell whether a phone is syllabic and not consonantal, as ``er`` and ``axr`` are."""
    features = dict(zip(_table().names, _parts_of(_symbol(phone))[0][0], strict=True))
    return bool(features["syl"] == 1 and features["cons"] == -1)


def has_features(phone: str) -> bool:
    """Tell whether a phone has features."""
    return not _parts_of(_symbol(phone))[1]


@functools.cache
def _parts_of(phone: str) -> tuple[tuple[tuple[float, ...], ...], str]:
    """Return the features of each part of a phone, and why it has none."""
    table = _table()
    nothing = ((float("nan"),) * len(table.names),)
    if phone in _FOLDED_CLOSURES:
        return nothing, "closure"
    row = phone_table().get(phone)
    ipa = _READ_AS.get(phone, row.ipa if row else None)
    if ipa is None:
        return nothing, "no speech sound"
    if _UNRELEASED in ipa:
        return nothing, "closure"
    return tuple(tuple(map(float, part)) for part in table.vectors(ipa)), ""


class _Features(NamedTuple):
    """Names of panphon's features, and its table."""

    names: tuple[str, ...]
    table: object

    def vectors(self, ipa: str) -> list[list[int]]:
        found: list[list[int]] = self.table.word_array(list(self.names), ipa).tolist()  # type: ignore[attr-defined]
        return found


@functools.cache
def _table() -> _Features:
    import panphon

    table = panphon.FeatureTable()
    return _Features(tuple(table.names), table)
