"""Phone sets: the rules that turn raw labels into entries, a user's own groups on top.

A label of blanks is no phone, or a silence where a set says so (the Montreal Forced Aligner writes
silence as an empty label).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfvq_analysis.errors import check_option
from sfvq_analysis.phones.entries import EMPTY, EMPTY_SILENCE, UNKNOWN, PhoneEntry
from sfvq_analysis.phones.rules import NOTATION_OF, SET_NAMES, Notation, SetName, rule

if TYPE_CHECKING:
    from sfvq_analysis.phones.files import PhoneGroups

EmptyPolicy = Literal["na", "silence"]


@dataclass(frozen=True, slots=True)
class PhoneSet:
    """Rules by which raw labels are understood.

    Attributes
    ----------
    name
        ``"timit"``, ``"timit61"``, ``"arpabet"``, ``"buckeye"``, ``"l2arctic"``, ``"ipa"``,
        ``"xsampa"``, or ``"none"``: only what `own` has.
    own
        A user's groups; labels in them go by them, all others by the set.
    empty
        What an empty label is: ``"na"`` no phone, ``"silence"`` the phone ``sil``.

    Raises
    ------
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> PhoneSet("arpabet").entry("AH0_B")
    PhoneEntry(symbol='ah', group='vowel', fold48='ah', fold39='ah', how='spelling')
    >>> PhoneSet("timit").entry("y").group, PhoneSet("ipa").entry("y").group
    ('approximant', 'vowel')
    """

    name: SetName = "timit"
    own: PhoneGroups | None = None
    empty: EmptyPolicy = "na"

    def __post_init__(self) -> None:
        check_option("phone_set", self.name, SET_NAMES)
        check_option("empty", self.empty, ("na", "silence"))

    @property
    def notation(self) -> Notation:
        """In what symbols phones are named."""
        return NOTATION_OF[self.name]

    def entry(self, label: str) -> PhoneEntry:
        """Return what a raw label means; how is ``"unknown"`` if that isn't known."""
        plain = label.strip()
        if not plain and self.empty == "na":
            return EMPTY
        plain = plain or str(EMPTY_SILENCE.symbol)
        found = None if self.own is None else self.own.entry(plain, self.name)
        if not label.strip():
            return found or EMPTY_SILENCE
        return found or rule(self.name, plain) or UNKNOWN
