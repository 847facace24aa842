"""What a label means: its phone, and the groups and foldings of that."""

from __future__ import annotations

from typing import Literal, NamedTuple

How = Literal[
    "table", "spelling", "fold", "ipa", "features", "silence", "file", "label", "empty", "unknown"
]
HOWS: tuple[How, ...] = (
    "table", "spelling", "fold", "ipa", "features", "silence", "file", "label", "empty", "unknown",
)  # fmt: skip


class PhoneEntry(NamedTuple):
    """What a raw label means.

    Attributes
    ----------
    symbol
        The phone: spellings of one phone have one symbol. None if the label is no phone.
    group
        Its group, None if it is in none.
    fold48, fold39
        What it is folded to; None if the folding deletes it.
    how
        ``"table"``: as it stands in the set's table; ``"spelling"``: case, stress or position
        taken off; ``"fold"``: a symbol of the 48 or 39; ``"ipa"``: by the table's IPA, marks taken
        off; ``"features"``: by its phonological features; ``"silence"``; ``"file"``: a user's
        file; ``"label"``: every label for itself; ``"empty"``: no phone; ``"unknown"``.
    """

    symbol: str | None
    group: str | None
    fold48: str | None
    fold39: str | None
    how: How

    def folded(self, to: int) -> str | None:
        """Return the symbol folded to 61 (itself), 48 or 39."""
        return {61: self.symbol, 48: self.fold48, 39: self.fold39}[to]


EMPTY = PhoneEntry(None, None, None, None, "empty")
UNKNOWN = PhoneEntry(None, None, None, None, "unknown")
EMPTY_SILENCE = PhoneEntry("sil", "silence", "sil", "sil", "silence")


def itself(symbol: str, group: str | None, how: How) -> PhoneEntry:
    """Return the entry of a phone that no folding changes."""
    return PhoneEntry(symbol, group, symbol, symbol, how)
