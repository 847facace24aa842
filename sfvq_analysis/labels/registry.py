"""`read_labels`: one call for every format of labels."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from sfvq_analysis.errors import CorpusError, OptionError, check_option, listed, shown
from sfvq_analysis.labels.entries import as_segments
from sfvq_analysis.labels.naming import names_for
from sfvq_analysis.timeline import checked_integer

if TYPE_CHECKING:
    from sfvq_analysis.labels.entries import LabelTier, Tiers, Utterances
    from sfvq_analysis.timeline import Segment

LabelFormat = Literal["timit", "textgrid", "htk", "mlf", "ctm", "eaf", "csv", "esps", "emu"]

_READERS: dict[str, tuple[str, str]] = {
    "timit": ("timit", "read_timit"),
    "textgrid": ("textgrid", "read_textgrid"),
    "htk": ("htk", "read_htk"),
    "mlf": ("mlf", "read_mlf"),
    "ctm": ("ctm", "read_ctm"),
    "eaf": ("elan", "read_eaf"),
    "csv": ("csv_table", "read_csv_labels"),
    "esps": ("esps", "read_esps"),
    "emu": ("emu", "read_emu"),
}
_SUFFIXES: dict[str, LabelFormat] = {
    ".phn": "timit",
    ".wrd": "timit",
    ".txt": "timit",
    ".textgrid": "textgrid",
    ".lab": "htk",
    ".mlf": "mlf",
    ".ctm": "ctm",
    ".eaf": "eaf",
    ".csv": "csv",
    ".tsv": "csv",
    ".phones": "esps",
    ".words": "esps",
    ".json": "emu",
}
_FEW = 8
_PARSED = 8  # files kept: several tiers of an utterance, or all utterances of one file


def read_labels(
    path: Path | str,
    format: LabelFormat | Literal["auto"] = "auto",  # noqa: A002 -- what it is called everywhere
    tier: str | None = None,
    *,
    utterance: str | None = None,
    sample_rate: int = 16_000,
    may_overlap: bool = False,
) -> tuple[Segment, ...]:
    """Read the labels of one tier of one utterance.

    Parameters
    ----------
    path
        The label file.
    format
        ``"timit"`` (BEGIN END LABEL in samples), ``"textgrid"`` (Praat, long or short),
        ``"htk"`` (``.lab``), ``"mlf"`` (HTK master label file), ``"ctm"`` (Kaldi), ``"eaf"``
        (ELAN), ``"csv"`` (columns utterance, start, stop, label), ``"esps"`` (xwaves, Festival's
        ``.lab``, Buckeye's ``.phones`` and ``.words``) or ``"emu"`` (``_annot.json``); ``"auto"``
        goes by the file's suffix.
    tier
        Which tier; may be left out where there is only one.
    utterance
        Which utterance of an MLF, CTM or CSV; may be left out where there is only one.
    sample_rate
        Rate of the audio that the labels belong to: times in seconds become samples at it, halves
        upward. Formats in samples don't need it.
    may_overlap
        Whether a segment may start before the one above it ends (words may, phones may not).

    Returns
    -------
    tuple[Segment, ...]
        In the order of the file, half-open, in samples. Empty intervals are kept, label ``""``.

    Raises
    ------
    CorpusError
        If the file isn't of that format, lacks the tier or the utterance, or its labels overlap,
        go backward or have times that aren't plain finite numbers; the message names file and line.
    OptionError
        If `format` is unknown, or can't be told from the suffix.
    """
    path = Path(path)
    checked_integer("sample_rate", sample_rate, 1)
    for name, value in (("tier", tier), ("utterance", utterance)):
        if value is not None and not isinstance(value, str):
            raise OptionError(f"{name} is {shown(value)}", remedy="give its name")
    tiers = _of_utterance(read_label_file(path, format), utterance, path)
    segments = as_segments(_chosen(tiers, tier, path), path, sample_rate, may_overlap=may_overlap)
    if not segments:
        which = f" of {shown(utterance)}" if utterance else ""
        raise CorpusError(f"tier{which} is empty", where=str(path), remedy="restore its labels")
    return segments


def read_label_file(
    path: Path,
    format: LabelFormat | Literal["auto"] = "auto",  # noqa: A002
) -> Utterances:
    """Return all that a label file holds, as it states it.

    The last few files are kept in memory until they change on disk.

    Raises
    ------
    CorpusError
        If the file isn't of that format.
    OptionError
        As `read_labels`.
    """
    check_option("format", format, (*get_args(LabelFormat), "auto"))
    known = format if format != "auto" else _SUFFIXES.get(path.suffix.lower())
    if known is None:
        raise OptionError(
            f"no label format has the suffix {shown(path.suffix)}",
            remedy=f"name it: format={', '.join(get_args(LabelFormat))}",
        )
    return _parsed(path, known, _state(path))


def _state(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file's content; None where there is none to read."""
    try:
        stamp = path.stat()
    except (OSError, ValueError):
        return None
    return stamp.st_mtime_ns, stamp.st_size, stamp.st_ino


@functools.lru_cache(maxsize=_PARSED)
def _parsed(path: Path, format: str, _state: tuple[int, int, int] | None) -> Utterances:  # noqa: A002
    module, name = _READERS[format]
    reader = getattr(importlib.import_module(f"sfvq_analysis.labels.{module}"), name)
    found: Utterances = reader(path)
    return found


def _of_utterance(utterances: Utterances, wanted: str | None, path: Path) -> Tiers:
    if wanted is None and len(utterances) == 1:
        return next(iter(utterances.values()))
    if list(utterances) == [""]:
        raise CorpusError(
            f"it names no utterances, such as {shown(wanted)}",
            where=str(path),
            remedy="leave utterance out",
        )
    if wanted is not None and wanted in utterances:
        return utterances[wanted]
    named = listed(utterances)
    if wanted is None:
        raise CorpusError(
            f"it holds {len(utterances)} utterances", where=str(path), remedy=f"choose one: {named}"
        )
    raise CorpusError(
        f"no utterance {shown(wanted)}",
        where=str(path),
        remedy=f"it holds {len(utterances)}, such as {named}",
    )


def _chosen(tiers: Tiers, wanted: str | None, path: Path) -> LabelTier:
    """Return the tier of that name, or the only one."""
    intervals = [name for name, tier in tiers.items() if tier.kind == "intervals"]
    if wanted is None and len(intervals) == 1:
        return tiers[intervals[0]]
    if wanted is not None and wanted in intervals:
        return tiers[wanted]
    listed = _described(tiers)
    if wanted is None:
        what = f"it has {len(intervals)} tiers of intervals"
    elif wanted in tiers:
        kind = "is one of points" if tiers[wanted].kind == "points" else "has no times of its own"
        what = f"tier {shown(wanted)} {kind}"
    else:
        what = f"no tier {shown(wanted)}"
    raise CorpusError(what, where=str(path), remedy=f"its tiers are {listed}")


def _described(tiers: Tiers) -> str:
    if list(tiers) == [""]:
        return "one, without a name"
    words = [
        shown(name) + ("" if tier.kind == "intervals" else f" ({tier.kind})")
        for name, tier in tiers.items()
    ]
    return ", ".join(words[:_FEW]) + (", …" if len(words) > _FEW else "") or "none"


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Where one tier of one utterance stands: a file, its format, and what to take of it.

    Attributes
    ----------
    path
        The label file.
    format
        As in `read_labels`.
    tier
        Name of the tier; None where the file has one.
    utterance
        Its name in the file, where one file holds many.
    identity
        Of the utterance, where the file is its own but may name another.
    """

    path: Path
    format: LabelFormat = "timit"
    tier: str | None = None
    utterance: str | None = None
    identity: str | None = None

    def read(self, sample_rate: int, *, may_overlap: bool = False) -> tuple[Segment, ...]:
        """Read the segments, in samples at that rate; see `read_labels` for what is refused."""
        return read_labels(
            self.path,
            self.format,
            self.tier,
            utterance=self._utterance(),
            sample_rate=sample_rate,
            may_overlap=may_overlap,
        )

    def _utterance(self) -> str | None:
        if self.identity is None:
            return self.utterance
        names = list(read_label_file(self.path, self.format))
        if names == [""]:
            return None
        found = names_for(self.identity, names)
        if len(found) != 1:
            raise CorpusError(
                f"it is of {listed(names)}, not of {shown(self.identity)} alone",
                where=str(self.path),
                remedy="name the utterance as its audio file",
            )
        return found[0]

    def __str__(self) -> str:
        return str(self.path)
