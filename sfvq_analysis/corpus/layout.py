"""How a corpus is labelled: which files hold its labels, and which of their tiers are what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from sfvq_analysis.corpus.pairing import EMU_SUFFIX
from sfvq_analysis.corpus.utterance import PHONE_TIER, TEXT_TIER, WORD_TIER
from sfvq_analysis.errors import OptionError, check_option, shown
from sfvq_analysis.files import is_file, is_folder

if TYPE_CHECKING:
    from sfvq_analysis.labels import LabelFormat

Labels = Literal[
    "auto",
    "timit",
    "phn",
    "textgrid",
    "mfa",
    "htk",
    "mlf",
    "ctm",
    "eaf",
    "csv",
    "esps",
    "buckeye",
    "emu",
    "none",
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
    "esps": ".lab",
    "buckeye": ".phones",
    "emu": EMU_SUFFIX,
}
SHARED: tuple[Labels, ...] = ("mlf", "ctm", "csv")
"""Formats of which one file may hold the labels of many utterances."""

# tiers that stand in files of their own
_SIDECARS: Mapping[Labels, Mapping[str, str]] = {
    "phn": {WORD_TIER: ".wrd", TEXT_TIER: ".txt"},
    "buckeye": {WORD_TIER: ".words"},
}
_EACH = "*"  # in a place: the folder above that of the audio
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
    sibling
        Path below the folder above that of an audio file, where its labels stand (below `place`,
        as the audio below the corpus); empty where their paths are the audio's.
    """

    labels: Labels
    tiers: Mapping[str, str | None]
    place: Path | None = None
    sibling: str = ""

    def __post_init__(self) -> None:
        named = next((name for name in self.tiers.values() if name is not None), None)
        if named is not None and self.labels in (*_SIDECARS, "none"):
            raise OptionError(
                f"tier is {shown(named)}, but labels={self.labels!r} have no tiers",
                remedy="leave it out",
            )

    @classmethod
    def of(cls, labels: Labels, tier: str | Mapping[str, str] | None, place: Path | None) -> Layout:
        """Return the layout that the arguments of `scan_corpus` say."""
        check_option("labels", labels, LABELS)
        return cls(labels, _tiers(labels, tier), *_parted(place))

    @property
    def format(self) -> LabelFormat:
        """What `sfvq_analysis.labels.read_labels` calls the format."""
        match self.labels:
            case "phn" | "auto" | "timit" | "none":
                return "timit"
            case "mfa":
                return "textgrid"
            case "buckeye":
                return "esps"
            case named:
                return named

    @property
    def suffix(self) -> str:
        """The label files' suffix, in lower case."""
        return SUFFIX_OF[self.labels]

    @property
    def sidecars(self) -> Mapping[str, str]:
        """Suffixes of further tiers that stand in files of their own, of the same format."""
        return _SIDECARS.get(self.labels, {})

    @property
    def searched(self) -> str:
        """Where labels are looked for, in words; empty beside the audio."""
        below = f"/{_EACH}/{self.sibling}" if self.sibling else ""
        return "" if self.place is None else f"{self.place}{below}"

    def stem_of(self, audio: str) -> str:
        """Return the path without suffix of the labels of an audio file, of which that is given.

        Examples
        --------
        >>> Layout.of("esps", None, Path("arctic/*/lab")).stem_of("cmu_us_ksp/wav/arctic_a0001")
        'cmu_us_ksp/lab/arctic_a0001'
        """
        if not self.sibling:
            return audio
        folder, _, name = audio.rpartition("/")
        above = folder.rpartition("/")[0]
        return "/".join(part for part in (above, self.sibling, name) if part)

    def is_among(self, stem: str) -> bool:
        """Tell whether labels of that path without suffix are where those of audio stand."""
        folder = f"/{stem}".rpartition("/")[0]
        return not self.sibling or folder.endswith(f"/{self.sibling.lower()}")


def _tiers(labels: Labels, tier: str | Mapping[str, str] | None) -> Mapping[str, str | None]:
    """Return names of tiers by what they are here.

    Raises
    ------
    OptionError
        If a mapping has no phones, or what isn't a tier here.
    """
    if isinstance(tier, Mapping):
        strange = sorted(set(tier) - {PHONE_TIER, WORD_TIER, TEXT_TIER})
        if strange or PHONE_TIER not in tier:
            raise OptionError(
                f"tier names {', '.join(map(shown, tier)) or 'nothing'}",
                remedy='give {"phone": NAME} and, if wanted, "word" and "text"',
            )
        return dict(tier)
    return MFA_TIERS if tier is None and labels == "mfa" else {PHONE_TIER: tier}


def _parted(place: Path | None) -> tuple[Path | None, str]:
    """Return the folder before the ``*`` of a place, and what is below it.

    Raises
    ------
    OptionError
        If there is more than one, or no folder below it.
    """
    if place is None or _EACH not in str(place) or is_file(place) or is_folder(place):
        return place, ""
    parts = place.parts
    at = parts.index(_EACH) if _EACH in parts else len(parts)
    before, below = parts[:at], parts[at + 1 :]
    if not below or any(_EACH in part for part in (*before, *below)):
        raise OptionError(
            f"label_place is {shown(str(place))}",
            remedy="write FOLDER/*/NAME: of audio in FOLDER/s1/wav, labels are in FOLDER/s1/NAME",
        )
    return Path(*before), "/".join(below)
