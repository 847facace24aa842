# ruff: noqa: RUF002  (IPA letters aren't the Latin ones they look like)
"""The inventory of a corpus: its groups in order, and what each of its labels means.

It is resolved once (`sfvq_analysis.phones.resolve`) and travels with the index table: statistics
and figures take groups, foldings and order from it, and look no label up anywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import CorpusError, TableError, shown
from sfvq_analysis.phones.entries import HOWS, PhoneEntry
from sfvq_analysis.phones.ipa import feature_ipa, ipa_of
from sfvq_analysis.phones.pairs import PairSource, similar_pairs
from sfvq_analysis.phones.rules import NOTATION_OF, SET_NAMES, Notation, SetName, rule
from sfvq_analysis.phones.sets import PhoneSet
from sfvq_analysis.phones.table import PHONE_GROUPS, Folding, is_closure, phone_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PAUSES = ("h#", "pau", "epi")


@dataclass(frozen=True)
class PhoneInventory:
    """What the labels of a corpus mean.

    Attributes
    ----------
    phone_set
        Name of the set of rules; ``"none"`` where labels stand for themselves.
    groups
        The groups there are, in order, whether or not a label is in them.
    entries
        What each raw label means.
    source
        Name of the user's file of groups, empty without.
    note
        How the set was chosen, in words; empty if it was named.

    Raises
    ------
    CorpusError
        If one phone is in two groups or folded in two ways, or in a group that isn't listed.

    Examples
    --------
    >>> of_ipa = PhoneInventory.of(["ʃ", "ˈiː", "ɲ"], PhoneSet("ipa"))
    >>> of_ipa.group_of("ɲ"), of_ipa.name("ˈiː"), of_ipa.folded("iː", 39)
    ('nasal', 'iː', 'i')
    """

    phone_set: SetName = "timit61"
    groups: tuple[str, ...] = PHONE_GROUPS
    entries: Mapping[str, PhoneEntry] = field(default_factory=dict, hash=False)
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        seen: dict[str, tuple[str, PhoneEntry]] = {}
        for label, entry in self.entries.items():
            if entry.group is not None and entry.group not in self.groups:
                raise CorpusError(f"group {shown(entry.group)} of {shown(label)} isn't listed")
            if entry.symbol is None:
                continue
            other, known = seen.setdefault(entry.symbol, (label, entry))
            if known[1:4] != entry[1:4]:
                raise CorpusError(
                    f"labels {shown(other)} and {shown(label)} are one phone, "
                    f"{shown(entry.symbol)}, but in groups {known.group} and {entry.group} "
                    "or folded in two ways",
                    remedy="give them groups and foldings that agree, or a symbol each",
                )

    @classmethod
    def of(cls, labels: Iterable[str], phone_set: PhoneSet, note: str = "") -> PhoneInventory:
        """Return the inventory of labels by a set; labels it doesn't know are ``"unknown"``."""
        entries = {label: phone_set.entry(label) for label in sorted(set(labels))}
        own = phone_set.own
        groups = PHONE_GROUPS
        if own is not None:
            used = {entry.group for entry in entries.values()}
            further = [one for one in PHONE_GROUPS if one in used and one not in own.groups]
            groups = (*own.groups, *further)
        return cls(phone_set.name, groups, entries, own.source if own else "", note)

    def covering(self, labels: Iterable[str]) -> PhoneInventory:
        """Return an inventory that has these labels too, by the rules of its set.

        Raises
        ------
        TableError
            If groups are a user's own, so that rules say nothing of a new label.
        """
        missing = sorted(set(labels) - self.entries.keys())
        if not missing:
            return self
        has_own = any(entry.how == "file" for entry in self.entries.values())
        if has_own or self.source or self.phone_set == "none":
            raise TableError(
                f"label {shown(missing[0])} isn't in the inventory", remedy="resolve the labels"
            )
        rules = PhoneSet(self.phone_set)
        added = {label: rules.entry(label) for label in missing}
        return replace(self, entries=dict(sorted({**self.entries, **added}.items())))

    @property
    def notation(self) -> Notation:
        """In what symbols phones are named: TIMIT's, IPA's, or the corpus' own."""
        return NOTATION_OF[self.phone_set]

    @property
    def has_paper_groups(self) -> bool:
        """Whether all groups are the paper's, so that each is a consonant's or a vowel's."""
        return set(self.groups) <= set(PHONE_GROUPS)

    @cached_property
    def by_symbol(self) -> Mapping[str, PhoneEntry]:
        """The entry of every phone, by its symbol."""
        return {entry.symbol: entry for entry in self.entries.values() if entry.symbol is not None}

    @cached_property
    def _group_of_folded(self) -> Mapping[str, str | None]:
        """The group of all that is folded into a name, None if they differ."""
        found: dict[str, set[str | None]] = {}
        for entry in self.by_symbol.values():
            for name in {entry.fold48, entry.fold39} - {None}:
                found.setdefault(str(name), set()).add(entry.group)
        return {name: groups.pop() for name, groups in found.items() if len(groups) == 1}

    def symbol(self, label: str) -> str | None:
        """Return the phone of a raw label of the corpus, None if it is no known phone."""
        return self.entries[label].symbol

    def group(self, label: str) -> str | None:
        """Return the group of a raw label of the corpus, None if it is in none."""
        return self.entries[label].group

    def name(self, value: str) -> str:
        """Return the phone that a label, in whatever spelling, or a symbol stands for."""
        if value in self.by_symbol:
            return value
        entry = self.entries.get(value) or rule(self.phone_set, value.strip())
        return value if entry is None or entry.symbol is None else entry.symbol

    def group_of(self, value: str) -> str | None:
        """Return the group of a symbol, a label or a folded name, None if it is in none.

        A folded name that is no symbol has the group of all phones that fold into it, if that is
        one.
        """
        entry = self.by_symbol.get(value) or self.by_symbol.get(self.name(value))
        return entry.group if entry else self._group_of_folded.get(value)

    def folded(self, value: str, to: Folding) -> str | None:
        """Return a symbol or label folded to 61 (its symbol), 48 or 39, None if that deletes it."""
        name = self.name(value)
        entry = self.by_symbol.get(name) or rule(self.phone_set, name)
        return name if entry is None else entry.folded(to)

    def local(self, names: Iterable[str]) -> frozenset[str]:
        """Return how the corpus names phones that are given by TIMIT's symbols."""
        match self.notation:
            case "timit":
                return frozenset(names)
            case "ipa":
                return frozenset(map(ipa_of, names))
        return frozenset()

    def pairs(self, source: PairSource = "all") -> tuple[tuple[str, str], ...]:
        """Return `sfvq_analysis.phones.similar_pairs` as the corpus names them."""
        match self.notation:
            case "timit":
                return similar_pairs(source)
            case "ipa":
                named = ((ipa_of(a), ipa_of(b)) for a, b in similar_pairs(source))
                return tuple(sorted(_sorted(pair) for pair in named))
        return ()

    def as_pair(self, one: str, other: str) -> tuple[str, str]:
        """Return two phones as an unordered pair of symbols."""
        return _sorted((self.name(one), self.name(other)))

    def is_closure(self, symbol: str) -> bool:
        """Tell whether a phone is the closure of a stop, whose release is a phone of its own."""
        return self.notation == "timit" and is_closure(symbol)

    def is_pause(self, symbol: str) -> bool:
        """Tell whether a phone is silence."""
        entry = self.by_symbol.get(symbol)
        silent = entry is not None and entry.group == "silence"
        return silent or (self.notation == "timit" and symbol in _PAUSES)

    def ipa(self, symbol: str) -> str | None:
        """Return the IPA of a phone or of a folded name, None if it is no speech sound."""
        match self.notation:
            case "timit":
                row = phone_table().get(self.table_name(symbol))
                return row.ipa if row else {"wh": "ʍ"}.get(symbol)
            case "ipa":
                known = rule("ipa", symbol)
                return feature_ipa(symbol) if known and known.how in ("ipa", "features") else None
        return None

    def table_name(self, symbol: str) -> str:
        """Return the table's symbol of a phone, the symbol itself where it has none."""
        known = rule(self.phone_set, symbol)
        return symbol if known is None or known.symbol is None else known.symbol

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The place of every phone: by group, then as in the table, others by name."""
        table = {self.by_table(name): at for at, name in enumerate(phone_table())}
        groups = {group: at for at, group in enumerate(self.groups)}
        last = len(groups), len(table)
        ranked = sorted(
            self.by_symbol.items(),
            key=lambda one: (
                groups.get(one[1].group or "", last[0]),
                table.get(one[0], last[1]),
                len(one[0]) if one[0].isdecimal() else 0,
                one[0],
            ),
        )
        return {symbol: at for at, (symbol, _) in enumerate(ranked)}

    def by_table(self, name: str) -> str:
        """Return the corpus' name of a TIMIT symbol, the symbol itself where it has none."""
        return ipa_of(name) if self.notation == "ipa" else name

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "phone_set": self.phone_set,
            "groups": list(self.groups),
            "source": self.source,
            "note": self.note,
            "entries": {label: list(entry) for label, entry in self.entries.items()},
        }

    @classmethod
    def from_json(cls, found: object) -> PhoneInventory:
        """Return the inventory that `to_json` gave.

        Raises
        ------
        TableError
            If it is none.
        """
        wrong = TableError("its inventory of phones is damaged", remedy="save the table anew")
        if not isinstance(found, dict) or found.keys() != {
            "phone_set", "groups", "source", "note", "entries",
        }:  # fmt: skip
            raise wrong
        groups, entries = found["groups"], found["entries"]
        texts = [found["phone_set"], found["source"], found["note"]]
        sound = (
            isinstance(groups, list)
            and isinstance(entries, dict)
            and all(isinstance(one, str) for one in [*groups, *texts])
            and found["phone_set"] in SET_NAMES
            and len(set(groups)) == len(groups)
            and all(_is_entry(one) for one in entries.values())
        )
        if not sound:
            raise wrong
        named = {label: PhoneEntry(*entry) for label, entry in entries.items()}
        try:
            return cls(texts[0], tuple(groups), named, texts[1], texts[2])
        except CorpusError as error:
            raise wrong from error


def _is_entry(found: object) -> bool:
    return (
        isinstance(found, list)
        and len(found) == len(PhoneEntry._fields)
        and all(one is None or isinstance(one, str) for one in found)
        and found[-1] in HOWS
    )


def _sorted(pair: tuple[str, str]) -> tuple[str, str]:
    first, second = sorted(pair)
    return first, second


@cache
def timit_inventory() -> PhoneInventory:
    """Return the inventory of all 61 phones, the default where a frame tells of no other."""
    return PhoneInventory.of(phone_table(), PhoneSet("timit61"))
