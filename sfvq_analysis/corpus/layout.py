"""How a corpus is labelled: which files hold its labels, and which of their tiers are what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from sfvq_analysis.corpus.utterance import PHONE_TIER, TEXT_TIER, WORD_TIER
from sfvq_analysis.errors import OptionError, check_option, shown

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.labels import LabelFormat

Labels = Literal[
    "auto", "timit", "phn", "textgrid", "mfa", "htk", "mlf", "ctm", "eaf", "csv", "none"
]
LABELS: tuple[Labels, ...] = get_args(Labels)
SUFFIX_OF: Mapping[Labels, str] = {
    "phn": ".phn",
    "textgrid": ".textgrid",
    "mfa": ".textgrid",
    "htk": ".lab",
    "mlf": ".mlf",
    "ctm": ".ctm",
    "eaf": ".eaf",
    "csv": ".csv",
}
SHARED: tuple[Labels, ...] = ("mlf", "ctm", "csv")
"""Formats of which one file may hold the labels of many utterances."""

_SIDECARS = {WORD_TIER: ".wrd", TEXT_TIER: ".txt"}  # tiers that `.phn` keeps in files of their own
MFA_TIERS = {PHONE_TIER: "phones", WORD_TIER: "words"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How a tree is labelled.

    Attributes
    ----------
    labels
        Format, as in `sfvq_analysis.corpus.scan_corpus`; neither ``"auto"`` nor ``"timit"``.
    tiers
        Names of tiers in the label files, by what they are here (``"phone"``, ``"word"``, …).
    place
        File or folder of the labels; None where they stand beside the audio.
    """

    labels: Labels
    tiers: Mapping[str, str | None]
    place: Path | None = None

    def __post_init__(self) -> None:
        named = next((name for name in self.tiers.values() if name is not None), None)
        if named is not None and self.labels in ("phn", "none"):
            raise OptionError(
                f"tier is {shown(named)}, but labels={self.labels!r} have no tiers",
                remedy="leave it out",
            )

    @classmethod
    def of(cls, labels: Labels, tier: str | Mapping[str, str] | None, place: Path | None) -> Layout:
        """Return the layout that the arguments of `scan_corpus` say."""
        check_option("labels", labels, LABELS)
        if isinstance(tier, Mapping):
            strange = sorted(set(tier) - {PHONE_TIER, WORD_TIER, TEXT_TIER})
            if strange or PHONE_TIER not in tier:
                raise OptionError(
                    f"tier names {', '.join(map(shown, tier)) or 'nothing'}",
                    remedy='give {"phone": NAME} and, if wanted, "word" and "text"',
                )
            return cls(labels, dict(tier), place)
        if tier is None and labels == "mfa":
            return cls(labels, MFA_TIERS, place)
        return cls(labels, {PHONE_TIER: tier}, place)

    @property
    def format(self) -> LabelFormat:
        """What `sfvq_analysis.labels.read_labels` calls the format."""
        match self.labels:
            case "phn" | "auto" | "timit" | "none":
                return "timit"
            case "mfa":
                return "textgrid"
            case named:
                return named

    @property
    def suffix(self) -> str:
        """The label files' suffix, in lower case."""
        return SUFFIX_OF[self.labels]

    @property
    def sidecars(self) -> Mapping[str, str]:
        """Suffixes of further tiers that stand in files of their own."""
        return _SIDECARS if self.labels == "phn" else {}
