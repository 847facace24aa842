# ruff: noqa: RUF002  (IPA letters aren't the Latin ones they look like)
"""From the labels of a corpus to its inventory.

``"auto"`` takes the set that knows most of the distinct labels; of several that know as many the
first of ``timit``, ``arpabet``, ``buckeye`` and ``l2arctic``, which are alike in what they share.
IPA is only taken for what it knows firmly: by the table, as one sound, or by a label that isn't
ASCII (``iy`` could be read as two vowels, and isn't). A letter that means one thing in TIMIT and
ARPAbet and another in IPA (``y``, ``q``) must not be guessed: if the labels hold one, IPA needs a
label that isn't ASCII, and TIMIT and ARPAbet must know more labels than IPA does. ``xsampa`` is
taken where it knows more labels than any other, and one holds a sign of its own, such as ``@``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError, OptionError, check_option, shown
from sfvq_analysis.phones.files import PhoneGroups, load_phone_groups
from sfvq_analysis.phones.inventory import PhoneInventory
from sfvq_analysis.phones.ipa import may_be_firm
from sfvq_analysis.phones.rules import SET_NAMES, SetName, rule
from sfvq_analysis.phones.sets import EmptyPolicy, PhoneSet
from sfvq_analysis.phones.xsampa import is_surely_xsampa

if TYPE_CHECKING:
    from collections.abc import Collection

    from sfvq_analysis.phones.entries import PhoneEntry
    from sfvq_analysis.phones.table import UnknownPolicy

PhoneSetLike = str | Path | PhoneSet | PhoneGroups | Mapping[str, str]
_ALIKE: tuple[SetName, ...] = ("timit", "arpabet", "buckeye", "l2arctic")
AUTO_SETS: tuple[SetName, ...] = (*_ALIKE, "ipa")
_LISTED = 12


class LabelCounts(NamedTuple):
    """How often each label occurs, and where first."""

    counts: dict[str, int]
    places: dict[str, str]

    @classmethod
    def of(cls, labels: Iterable[tuple[str, str]]) -> LabelCounts:
        """Count (label, place) of every segment."""
        counts: dict[str, int] = {}
        places: dict[str, str] = {}
        for label, place in labels:
            if label in counts:
                counts[label] += 1
            else:
                counts[label], places[label] = 1, place
        return cls(counts, places)

    @classmethod
    def merged(cls, parts: Iterable[LabelCounts]) -> LabelCounts:
        """Return the counts of all parts, as if they had been counted one after the other."""
        counts: dict[str, int] = {}
        places: dict[str, str] = {}
        for part in parts:
            for label, n in part.counts.items():
                counts[label] = counts.get(label, 0) + n
                places.setdefault(label, part.places[label])
        return cls(counts, places)


def resolve(
    labels: Iterable[tuple[str, str]] | LabelCounts,
    phone_set: PhoneSetLike = "auto",
    *,
    unknown: UnknownPolicy = "raise",
    empty: EmptyPolicy = "na",
) -> PhoneInventory:
    """Return what the labels of a corpus mean.

    Parameters
    ----------
    labels
        (label, place) of every segment, or their counts.
    phone_set
        ``"auto"`` (see the module's docstring), the name of a set, a `PhoneSet`, or a user's
        groups (`PhoneGroups`, their file, or a dictionary from label to group), beneath which the
        set is chosen automatically.
    unknown
        ``"raise"``: one error for all unknown labels, each with its count and its first place;
        ``"na"``: they are no phone.
    empty
        What an empty label is, as in `PhoneSet` (whose own `empty` counts if one is given).

    Raises
    ------
    CorpusError
        If labels are unknown, sets can't be told apart, or none knows any label.
    OptionError
        If an option isn't one of these.

    Examples
    --------
    >>> found = resolve([("ʃ", "a.TextGrid"), ("iː", "a.TextGrid"), ("", "a.TextGrid")])
    >>> found.phone_set, found.entries["ʃ"].fold39, found.entries[""].how
    ('ipa', 'ʃ', 'empty')
    """
    check_option("unknown", unknown, ("raise", "na"))
    check_option("empty", empty, ("na", "silence"))
    found = labels if isinstance(labels, LabelCounts) else LabelCounts.of(labels)
    rules, note = _chosen(phone_set, empty, found, unknown)
    inventory = PhoneInventory.of(found.counts, rules, note)
    if unknown == "raise":
        _refuse_unknown(inventory, found)
    return inventory


def _chosen(
    phone_set: PhoneSetLike,
    empty: EmptyPolicy,
    found: LabelCounts,
    unknown: UnknownPolicy,
) -> tuple[PhoneSet, str]:
    """Return the rules to go by, and how they were chosen."""
    if isinstance(phone_set, PhoneSet):
        return phone_set, ""
    if isinstance(phone_set, str) and phone_set in SET_NAMES:
        return PhoneSet(phone_set, empty=empty), ""
    labels = sorted({label.strip() for label in found.counts} - {""})
    if phone_set == "auto":
        name, note = _best_set(labels, unknown)
        return PhoneSet(name, empty=empty), note
    if isinstance(phone_set, str) and not phone_set.lower().endswith((".csv", ".toml")):
        options = ", ".join(map(repr, ("auto", *SET_NAMES)))
        raise OptionError(
            f"phone_set is {shown(phone_set)}",
            remedy=f"use one of {options}, or a .csv or .toml file of groups",
        )
    own = as_groups(phone_set)
    vote = _Vote.of(labels)
    others = [label for label in labels if label not in own.rows]
    if not labels or not vote.is_half or (vote.unsure and not others):
        return PhoneSet("none", own, empty), "only the groups given"
    return PhoneSet(vote.sure(), own, empty), f"{vote.note}, beneath the groups given"


def as_groups(given: str | Path | PhoneGroups | Mapping[str, str]) -> PhoneGroups:
    """Return a user's groups, from their file or from a dictionary if they are one."""
    match given:
        case PhoneGroups():
            return given
        case str() | Path():
            return load_phone_groups(given)
        case Mapping():
            return PhoneGroups.of(given)
    raise OptionError(f"phone_set is {shown(given)}", remedy="name a set, a file or a dictionary")


class _Vote(NamedTuple):
    """What set the labels of a corpus speak for.

    Attributes
    ----------
    best, rival
        The set that knows most of them, and the best one of the other notation.
    n_known, n_labels
        How many `best` knows.
    unsure
        Labels that mean different phones in the two, if no other label tells which is meant.
    """

    best: SetName
    rival: SetName
    n_known: int
    n_labels: int
    unsure: tuple[str, ...]

    @classmethod
    def of(cls, labels: Collection[str]) -> _Vote:
        known = {name: {one: rule(name, one) for one in labels} for name in _ALIKE}
        counts = {name: _n_known(name, entries) for name, entries in known.items()}
        ascii_only = all(map(str.isascii, labels))
        best = max(known, key=lambda name: counts[name])
        may_be_sampa = ascii_only and any(map(is_surely_xsampa, labels))
        if ascii_only and not may_be_sampa and sum(map(may_be_firm, labels)) < counts[best]:
            return cls(best, best, counts[best], len(labels), ())  # features aren't needed
        known["ipa"] = {one: rule("ipa", one) for one in labels}
        counts["ipa"] = _n_known("ipa", known["ipa"])
        # the first of equals, but IPA where a label isn't ASCII
        best = max(AUTO_SETS, key=lambda name: (counts[name], name == "ipa" and not ascii_only))
        if may_be_sampa:
            n_known = _n_known("xsampa", {one: rule("xsampa", one) for one in labels})
            if n_known > counts[best]:
                return cls("xsampa", best, n_known, len(labels), ())
        rival = "ipa" if best != "ipa" else max(_ALIKE, key=lambda name: counts[name])
        doubtful = ascii_only if best == "ipa" else counts[best] == counts[rival]
        differing = [one for one in labels if _differ(known[best][one], known[rival][one])]
        unsure = tuple(differing) if doubtful else ()
        return cls(best, rival, counts[best], len(labels), unsure)

    @property
    def is_half(self) -> bool:
        """Whether the best set knows half of the labels."""
        return 2 * self.n_known >= self.n_labels

    @property
    def note(self) -> str:
        """What is said of the choice."""
        return f"auto: {self.best} knows {self.n_known} of {self.n_labels} labels"

    def sure(self) -> SetName:
        """Return the best set, or raise a CorpusError if labels mean different phones in two."""
        if self.unsure:
            listed = ", ".join(map(shown, self.unsure[:_LISTED]))
            raise CorpusError(
                f"the labels could be {self.best} or {self.rival}, in which {listed} mean "
                "different phones",
                remedy='name the phone_set (--phone-set), such as "timit", "arpabet" or "ipa"',
            )
        return self.best


def _best_set(labels: Collection[str], unknown: UnknownPolicy) -> tuple[SetName, str]:
    """Return the set that knows most of the labels, and how it was chosen."""
    if not labels:
        return "timit", ""
    vote = _Vote.of(labels)
    best = vote.sure()
    if not vote.n_known and unknown == "na":
        raise CorpusError(
            f"no phone set knows any of the {len(labels)} labels",
            remedy="name the phone_set (--phone-set), or give a file of groups",
        )
    return best, vote.note


def _n_known(name: SetName, entries: Mapping[str, PhoneEntry | None]) -> int:
    """Return how many labels a set knows for sure."""
    return sum(
        entry is not None and (name != "ipa" or may_be_firm(label))
        for label, entry in entries.items()
    )


def _differ(one: PhoneEntry | None, other: PhoneEntry | None) -> bool:
    return one is not None and other is not None and one.group != other.group


def _refuse_unknown(inventory: PhoneInventory, found: LabelCounts) -> None:
    strange = [label for label in found.counts if inventory.entries[label].how == "unknown"]
    if not strange:
        return
    listed = ", ".join(f"{shown(label)} {found.counts[label]}x" for label in strange[:_LISTED])
    more = f" and {len(strange) - _LISTED} more" if len(strange) > _LISTED else ""
    raise CorpusError(
        f"unknown phones: {listed}{more}; the first stands here",
        where=found.places[strange[0]],
        remedy='mend the labels, or pass unknown="na" (--unknown na) to leave these phones out; '
        f"they were read as {inventory.phone_set}: another phone_set or a file of groups may "
        "know them",
    )
