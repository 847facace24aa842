"""What was mapped to what, as a frame: ``sfvq phones``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sfvq_analysis.phones.inventory import PhoneInventory

_FIELDS = ("symbol", "group", "fold48", "fold39", "how")


def phone_report(inventory: PhoneInventory, counts: Mapping[str, int]) -> pd.DataFrame:
    """Return what every label of a corpus means.

    Parameters
    ----------
    inventory
        Of the corpus.
    counts
        How often each label occurs; only labels in it are listed.

    Returns
    -------
    pd.DataFrame
        ``label``, ``count``, ``symbol``, ``group``, ``fold48``, ``fold39`` (empty for none),
        ``how`` (see `sfvq_analysis.phones.PhoneEntry`); unknown labels first, then in the order of
        groups.

    Examples
    --------
    >>> from sfvq_analysis.phones import resolve
    >>> phone_report(resolve([("AH0", "a"), ("S", "a")], "arpabet"), {"AH0": 2, "S": 1})
      label  count symbol      group fold48 fold39       how
    0     S      1      s  fricative      s      s  spelling
    1   AH0      2     ah      vowel     ah     ah  spelling
    """
    import pandas as pd

    order = {group: at for at, group in enumerate(inventory.groups)}

    def rank(label: str) -> tuple[bool, int, int, str]:
        entry = inventory.entries[label]
        place = inventory.order.get(entry.symbol or "", len(inventory.order))
        return entry.how != "unknown", order.get(entry.group or "", len(order)), place, label

    rows = [
        {
            "label": label,
            "count": counts[label],
            **{name: getattr(inventory.entries[label], name) or "" for name in _FIELDS},
        }
        for label in sorted(counts, key=rank)
    ]
    frame = pd.DataFrame(rows, columns=["label", "count", *_FIELDS])
    return frame.astype({"label": "str", "count": "int64", **dict.fromkeys(_FIELDS, "str")})
