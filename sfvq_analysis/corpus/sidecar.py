"""Any tree of audio files, with a ``.phn`` beside each or without labels."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.corpus import Corpus
from sfvq_analysis.corpus.utterance import PHONE_TIER, TEXT_TIER, WORD_TIER, Utterance
from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.labels import LabelSource

if TYPE_CHECKING:
    from collections.abc import Mapping

PARENT_IS_SPEAKER = r"(?:.*/)?(?P<speaker>[^/]+)/[^/]+"
_PROPERTIES = ("speaker", "sex", "dialect", "sentence", "split")
_AUDIO_SUFFIXES = (".flac", ".wav", ".sph", ".ogg", ".aiff", ".aif", ".au")
_TIERS = {PHONE_TIER: ".phn", WORD_TIER: ".wrd", TEXT_TIER: ".txt"}


def load_sidecar(
    root: Path | str,
    *,
    pattern: str = PARENT_IS_SPEAKER,
    labelled: bool = True,
    name: str | None = None,
    notes: str = "",
) -> Corpus:
    """Scan a tree for audio files with a ``.phn`` (perhaps ``.wrd``, ``.txt`` too) beside them.

    A ``.txt`` may be a line ``BEGIN END TEXT`` as in TIMIT or the plain transcript.

    Parameters
    ----------
    root
        The tree. An audio file without ``.phn`` is an error, and so is a ``.phn`` without audio.
    pattern
        Regular expression over the path below `root`, without suffix and with ``/``; its named
        groups ``speaker``, ``sex``, ``dialect``, ``sentence``, ``split`` become properties. By
        default the parent folder is the speaker; without a speaker every utterance has its own.
    labelled
        False: every audio file is an utterance, and no label file is looked at. Such a corpus can
        be fitted and trained on, but not turned into an index table.
    name, notes
        As in `Corpus`; the name is the folder's by default.

    Returns
    -------
    Corpus
        Ids are the paths below `root` without suffix.

    Raises
    ------
    CorpusError
        If the tree has no such pair (or no audio), or a file lacks its partner.
    OptionError
        If `pattern` isn't a regular expression or doesn't match a path.
    """
    top = Path(root)
    if not top.is_dir():
        what = "that is a file" if top.is_file() else "no such folder"
        raise CorpusError(what, where=str(root), remedy="give the corpus' folder")
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise OptionError(f"pattern {pattern!r}: {error}", remedy="mend it") from error
    strange = sorted(set(expression.groupindex) - set(_PROPERTIES))
    if strange:
        raise OptionError(
            f"pattern names {', '.join(strange)}", remedy=f"its groups may be {_PROPERTIES}"
        )
    found = _pairs(top) if labelled else _audio(top)
    utterances = tuple(_utterance(top, audio, labels, expression) for audio, labels in found)
    return Corpus(name or top.resolve().name, top, utterances, notes=notes)


def _audio(top: Path) -> list[tuple[Path, dict[str, Path]]]:
    """Return every audio file, with no label file."""
    found = [audio for files in _by_stem(top).values() if (audio := _audio_of(files))]
    if not found:
        raise CorpusError("no audio there", where=str(top), remedy="give a folder of speech")
    return [(audio, {}) for audio in found]


def _by_stem(top: Path) -> dict[Path, dict[str, Path]]:
    """Return the files of a tree by path without suffix, then by suffix."""
    by_stem: dict[Path, dict[str, Path]] = {}
    for path in sorted(top.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            by_stem.setdefault(path.with_suffix(""), {}).setdefault(path.suffix.lower(), path)
    return by_stem


def _audio_of(files: Mapping[str, Path]) -> Path | None:
    return next((files[suffix] for suffix in _AUDIO_SUFFIXES if suffix in files), None)


def _pairs(top: Path) -> list[tuple[Path, dict[str, Path]]]:
    """Return every audio file with its label files."""
    pairs = []
    for stem, files in _by_stem(top).items():
        audio = _audio_of(files)
        if audio is None and ".phn" not in files:
            continue
        if audio is None or ".phn" not in files:
            lacking = "audio" if audio is None else ".phn"
            raise CorpusError(
                f"utterance lacks its {lacking}",
                where=str(stem),
                remedy="restore the file or remove the utterance",
            )
        labels = {tier: files[suffix] for tier, suffix in _TIERS.items() if suffix in files}
        pairs.append((audio, labels))
    if not pairs:
        raise CorpusError(
            "no audio with a .phn beside it", where=str(top), remedy="give a labelled tree"
        )
    return pairs


def _utterance(
    top: Path, audio: Path, labels: Mapping[str, Path], expression: re.Pattern[str]
) -> Utterance:
    identity = audio.relative_to(top).with_suffix("").as_posix()
    match = expression.fullmatch(identity)
    if match is None and expression.pattern != PARENT_IS_SPEAKER:
        raise OptionError(
            f"pattern {expression.pattern!r} doesn't match {identity!r}", remedy="mend it"
        )
    found = {key: value or "" for key, value in (match.groupdict() if match else {}).items()}
    properties = {key: found.get(key, "") for key in _PROPERTIES}
    properties["speaker"] = properties["speaker"] or identity
    return Utterance(
        id=identity,
        audio_path=audio,
        labels={tier: LabelSource(path) for tier, path in labels.items()},
        **properties,
    )
