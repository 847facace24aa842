"""Which files of a tree belong to one utterance: those of one stem in one folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.corpus.walking import walk
from sfvq_analysis.errors import CorpusError, shown

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.corpus.findings import Findings

AUDIO_SUFFIXES = (
    *(".flac", ".wav", ".sph", ".nist", ".ogg", ".opus", ".mp3"),
    *(".aiff", ".aif", ".au", ".w64", ".rf64", ".caf"),
)
EMU_SUFFIX = "_annot.json"
LABEL_SUFFIXES = (
    *(".phn", ".wrd", ".txt", ".textgrid", ".lab", ".eaf", ".mlf", ".ctm", ".csv"),
    *(".phones", ".words", EMU_SUFFIX),
)
_KNOWN = frozenset((*AUDIO_SUFFIXES, *LABEL_SUFFIXES))

Files = dict[str, str]
"""Files of one stem by suffix in lower case: paths below the root, with ``/``."""


class Stems(NamedTuple):
    """Files of a tree by their paths without suffix, in lower case.

    `audio` are the stems that have audio, also those that are refused.
    """

    files: dict[str, Files]
    audio: frozenset[str]


def stems_of(root: Path, findings: Findings) -> Stems:
    """Return the audio and label files of a tree by their paths without suffix, in lower case.

    Case makes no difference: ``SA1.WAV`` and ``sa1.phn`` belong together.

    Raises
    ------
    CorpusError
        If two files differ in case alone, one is a link to nothing, or its name isn't UTF-8; with
        ``findings.on_error == "skip"`` it is listed, and its stem left out.
    """
    stems: dict[str, Files] = {}
    refused: set[str] = set()
    audio: set[str] = set()
    for below, names in walk(root, findings):
        for name in names:
            stem, suffix = _parted(name)
            if not stem or suffix not in _KNOWN:
                continue
            path = f"{below}/{name}" if below else name
            key = (f"{below}/{stem}" if below else stem).lower()
            files = stems.setdefault(key, {})
            error = _refusal(root, path, files.get(suffix))
            if error is not None:
                refused.add(key)
                findings.refuse(error)
            files[suffix] = path
            if suffix in AUDIO_SUFFIXES:
                audio.add(key)
    usable = {key: files for key, files in stems.items() if key not in refused}
    return Stems(usable, frozenset(audio))


def _parted(name: str) -> tuple[str, str]:
    """Return a name without its suffix, and that in lower case."""
    if name.lower().endswith(EMU_SUFFIX):
        return name[: -len(EMU_SUFFIX)], EMU_SUFFIX
    stem, dot, suffix = name.rpartition(".")
    return stem, dot + suffix.lower()


def audio_of(root: Path, files: Files) -> str | None:
    """Return the audio file among the files of a stem, if there is one.

    Raises
    ------
    CorpusError
        If there are several.
    """
    found = [files[suffix] for suffix in AUDIO_SUFFIXES if suffix in files]
    if len(found) > 1:
        raise CorpusError(
            f"one utterance has {len(found)} audio files: {', '.join(map(shown, found))}",
            where=str(root),
            remedy="keep one of them",
        )
    return found[0] if found else None


def _refusal(root: Path, path: str, other: str | None) -> CorpusError | None:
    """Return what is wrong with a file's name, if anything."""
    place = f"{root}/{path}"
    if not _is_utf8(path):
        return CorpusError("file name isn't UTF-8", where=place, remedy="rename it")
    if other is not None:
        return CorpusError(
            f"{shown(other)} and {shown(path)} differ in case alone",
            where=str(root),
            remedy="keep one of them",
        )
    if os.path.islink(place) and not os.path.exists(place):  # noqa: PTH110, PTH114 -- cheap
        return CorpusError("link leads nowhere", where=place, remedy="restore the file")
    return None


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
