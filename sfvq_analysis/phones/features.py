# ruff: noqa: RUF001, RUF002  (IPA letters aren't the Latin ones they look like)
"""The group of an IPA symbol by its phonological features (panphon's; Mortensen et al. 2016).

Rules, in this order, for one segment:

=============  ========================================  =======================
group          features                                  such as
=============  ========================================  =======================
vowel          [+syllabic -consonantal]                  y ø œ ɐ ɛ̃
nasal          [+nasal]                                  ɲ ɳ n̩
plosive        [-continuant -sonorant]                   c ɟ q t͡ʃ (also clicks)
fricative      [+continuant -sonorant]                   x χ ɸ β ç ʁ
approximant    what is left: sonorant, not nasal         ʎ r ʀ ɥ ɭ
=============  ========================================  =======================

Of several segments: a vowel that moves (to another vowel, or to j w ɥ ɰ ɹ) is a diphthong; a
plosive and a fricative are an affricate, which the paper's table has among the plosives (``jh``,
``ch``); a nasal and a plosive are a prenasalised plosive; k͡p ɡ͡b ŋ͡m are one sound. Anything else
is no phone.

The rules give the groups of ``phones.csv`` but for these, of which the table's holds: h ɦ, which
panphon has sonorant (the table: fricative); ɾ (no group), ʔ (no group); ɝ ɚ (approximant) and ŋ̍,
which panphon doesn't know. Nor does it know the mark of the closures b̚ … k̚, which are in no group
of TIMIT, where the release is a phone of its own; in other corpora an unreleased stop is a plosive.
"""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.phones.table import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LONGEST = 16
"""Characters; no longer label is looked at."""
_GLIDES = frozenset("jwɥɰɹɻ")
_AT_ONCE = (("k", "p"), ("ɡ", "b"), ("ŋ", "m"))


class FeatureTable(NamedTuple):
    """Names of panphon's features, and what it says of the IPA symbols of ``phones.csv``.

    That is in ``phone_features.csv`` (`scripts/phone_features.py` writes it); panphon is asked for
    others alone, as it takes two seconds to load.
    """

    names: tuple[str, ...]
    known: Mapping[str, list[list[int]]]

    def vectors(self, ipa: str) -> list[list[int]]:
        """Return the features of the segments of a text, -1, 0 or 1 each."""
        if ipa in self.known:
            return self.known[ipa]
        found: list[list[int]] = _panphon().word_array(list(self.names), ipa).tolist()
        return found

    def segments(self, ipa: str) -> list[str]:
        """Return the segments of a text; none if a part of it is no IPA that panphon knows."""
        return list(_panphon().ipa_segs(ipa)) if _panphon().validate_word(ipa) else []


@functools.cache
def feature_table() -> FeatureTable:
    """Return the table of features."""
    rows = rows_of("phone_features.csv")
    names = tuple(name for name in rows[0] if name != "ipa")
    known: dict[str, list[list[int]]] = {}
    for row in rows:
        known.setdefault(row["ipa"], []).append([int(row[name]) for name in names])
    return FeatureTable(names, known)


@functools.cache
def _panphon() -> Any:
    import panphon

    return panphon.FeatureTable()


@functools.lru_cache(maxsize=1 << 12)
def group_by_features(ipa: str) -> str | None:
    """Return the group of an IPA symbol by the rules of the module's docstring, or None.

    Examples
    --------
    >>> [group_by_features(one) for one in ("ɲ", "χ", "ɟ", "ʎ", "øː", "aɪ", "tɕ", "7")]
    ['nasal', 'fricative', 'plosive', 'approximant', 'vowel', 'diphthong', 'plosive', None]
    """
    if not ipa or len(ipa) > LONGEST:
        return None
    table = feature_table()
    segments = table.segments(ipa)
    rows = [dict(zip(table.names, row, strict=True)) for row in table.vectors(ipa)]
    if not segments or len(rows) != len(segments):
        return None
    groups = [_of_segment(row) for row in rows]
    if len(groups) == 1:
        return groups[0]
    return _of_several(segments, groups)


def _of_segment(features: dict[str, int]) -> str:
    if features["syl"] > 0 and features["cons"] <= 0:
        return "vowel"
    if features["nas"] > 0:
        return "nasal"
    if features["son"] < 0:
        return "fricative" if features["cont"] > 0 else "plosive"
    return "approximant"


def _of_several(segments: Sequence[str], groups: Sequence[str]) -> str | None:
    if any(one == other for one, other in pairwise(segments)):
        return None
    if tuple(segments) in _AT_ONCE:
        return groups[0]
    if groups[0] == "vowel":
        moves = all(
            group == "vowel" or segment[0] in _GLIDES
            for segment, group in zip(segments[1:], groups[1:], strict=True)
        )
        return "diphthong" if moves and len(segments) <= 3 else None
    pairs = {("plosive", "fricative"): "plosive", ("nasal", "plosive"): "plosive"}
    return pairs.get((groups[0], groups[1])) if len(groups) == 2 else None
