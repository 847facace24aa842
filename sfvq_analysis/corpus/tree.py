"""Any tree of audio files, with labels of any format beside them, elsewhere, or without."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.layout import SHARED
from sfvq_analysis.corpus.pairing import audio_of, stems_of
from sfvq_analysis.corpus.shared_labels import SharedLabels
from sfvq_analysis.corpus.utterance import Utterance
from sfvq_analysis.errors import CorpusError, OptionError, shown
from sfvq_analysis.files import is_file
from sfvq_analysis.labels import LabelSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sfvq_analysis.corpus.findings import Findings
    from sfvq_analysis.corpus.layout import Layout
    from sfvq_analysis.corpus.pairing import Files, Stems

_PARENT_IS_SPEAKER = r"(?:.*/)?(?P<speaker>[^/]+)/[^/]+"
_GRANDPARENT_IS_SPEAKER = r"(?:.*/)?(?P<speaker>[^/]+)/[^/]+/[^/]+"
_SESSION_IS_SPEAKER = (
    r"(?:.*/)?(?P<speaker>[^/]+?)(?:_ses/[^/]+_bndl/[^/]+|(?<!_bndl)/[^/]+)"  # or the folder is
)
_DEFAULTS = (_PARENT_IS_SPEAKER, _GRANDPARENT_IS_SPEAKER, _SESSION_IS_SPEAKER)
_PROPERTIES = ("speaker", "sex", "dialect", "sentence", "split")

Sources = dict[str, LabelSource]
"""Where each tier of an utterance stands."""


def utterances_of(
    root: Path, stems: Stems, layout: Layout, pattern: re.Pattern[str], findings: Findings
) -> Iterator[Utterance]:
    """Yield the utterances of a tree whose files are known.

    Ids are the paths below `root` without suffix.

    Raises
    ------
    CorpusError
        If audio lacks its labels or labels their audio, or a name or folder can't be used; with
        ``findings.on_error == "skip"`` it is listed.
    OptionError
        If `pattern` doesn't match a path.
    """
    found = _with_labels(root, stems, layout, findings)
    for audio, sources in found:
        yield _utterance(root, audio, sources, pattern)


def property_pattern(pattern: str | None, layout: Layout) -> re.Pattern[str]:
    """Return the expression over paths whose named groups become properties.

    By default the folder is the speaker, or the one above it where labels have one beside it. Of an
    EMU database, where a folder is an utterance, it is the session.

    Raises
    ------
    OptionError
        If it is no regular expression, or names groups that are no properties.
    """
    if pattern is None:
        otherwise = _SESSION_IS_SPEAKER if layout.labels == "emu" else _PARENT_IS_SPEAKER
        pattern = _GRANDPARENT_IS_SPEAKER if layout.sibling else otherwise
    if not isinstance(pattern, str):
        raise OptionError(f"pattern is {shown(pattern)}", remedy="give a text")
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise OptionError(f"pattern {pattern!r}: {error}", remedy="mend it") from error
    strange = sorted(set(expression.groupindex) - set(_PROPERTIES))
    if strange:
        raise OptionError(
            f"pattern names {', '.join(strange)}", remedy=f"its groups may be {_PROPERTIES}"
        )
    return expression


def _with_labels(
    root: Path, stems: Stems, layout: Layout, findings: Findings
) -> Iterator[tuple[str, Sources]]:
    """Yield the path of every audio file, and where its labels are."""
    audio = _audio(root, stems.files, findings)
    if layout.labels == "none":
        for path in audio.values():
            yield path, {}
    elif layout.labels in SHARED and layout.place is not None and is_file(layout.place):
        shared = SharedLabels.read(layout.place, layout.format, stems.audio)
        yield from _from_one_file(root, audio, shared, layout, findings)
    else:
        yield from _from_many_files(root, audio, stems, layout, findings)


def _audio(root: Path, stems: Mapping[str, Files], findings: Findings) -> dict[str, str]:
    """Return the audio file of each stem that has one."""
    found = {}
    for key in sorted(stems):
        try:
            path = audio_of(root, stems[key])
        except CorpusError as error:
            findings.refuse(error)
            continue
        if path is not None:
            found[key] = path
    return found


def _from_many_files(
    root: Path,
    audio: Mapping[str, str],
    stems: Stems,
    layout: Layout,
    findings: Findings,
) -> Iterator[tuple[str, Sources]]:
    """Yield audio with the label files of the same stem, beside it or in another folder.

    Audio that was refused doesn't make its labels those of nothing: it is reported once.
    """
    place = layout.place or root
    labelled = labels_there(root, stems, layout, findings)
    suffix = layout.suffix
    stem = {key: layout.stem_of(key).lower() for key in stems.audio}
    pairs: list[tuple[str, str | None, Files]] = [
        (key, path, labelled.get(stem[key], {})) for key, path in audio.items()
    ]
    told = set(stem.values())
    pairs += [
        (key, None, files) for key, files in labelled.items() if suffix in files and key not in told
    ]
    for _, path, files in sorted(pairs, key=itemgetter(0)):
        if path is None or suffix not in files:
            findings.refuse(_lacking(root, layout, path, files))
            continue
        identity = path.rpartition(".")[0] if layout.labels in SHARED else None
        sources = {
            tier: LabelSource(place / files[suffix], layout.format, name, identity=identity)
            for tier, name in layout.tiers.items()
        }
        sources |= {
            tier: LabelSource(place / files[other], layout.format)
            for tier, other in layout.sidecars.items()
            if other in files
        }
        yield path, sources


def labels_there(root: Path, stems: Stems, layout: Layout, findings: Findings) -> dict[str, Files]:
    """Return the files of each stem where labels stand: beside the audio, or where the layout says.

    Raises
    ------
    CorpusError
        As `stems_of` of another folder; with ``findings.on_error == "skip"`` it is listed.
    """
    found = stems.files
    if layout.place is not None and layout.place.resolve() != root.resolve():
        found = stems_of(layout.place, findings).files
    return {key: files for key, files in found.items() if layout.is_among(key)}


def _from_one_file(
    root: Path, audio: Mapping[str, str], shared: SharedLabels, layout: Layout, findings: Findings
) -> Iterator[tuple[str, Sources]]:
    """Yield audio with its labels in one file for all."""
    for path in audio.values():
        try:
            name = shared.take(path.rpartition(".")[0])
        except CorpusError as error:
            findings.refuse(error.at(str(root / path)))
            continue
        yield (
            path,
            {
                tier: LabelSource(shared.path, layout.format, wanted, name)
                for tier, wanted in layout.tiers.items()
            },
        )
    for name in shared.left():
        findings.refuse(
            CorpusError(
                f"no audio for utterance {shown(name)}",
                where=str(shared.path),
                remedy="restore it or remove the utterance",
            )
        )


def _lacking(root: Path, layout: Layout, audio: str | None, files: Files) -> CorpusError:
    """Return the error for audio without labels, or labels without audio."""
    place = layout.place or root
    if audio is None:
        there, lacks, missing = place / files[layout.suffix], "audio", "the file"
        searched = "" if place == root else f" in {root}"
    else:
        there, lacks = root / audio, _spelt(layout.suffix)
        searched = "" if layout.searched in ("", str(root)) else f" in {layout.searched}"
        stem = layout.stem_of(audio.rpartition(".")[0])
        missing = f"{place / stem}{lacks}" if layout.sibling else "the file"
    return CorpusError(
        f"utterance lacks its {lacks}{searched}",
        where=str(there),
        remedy=f"restore {missing} or remove the utterance",
    )


def _spelt(suffix: str) -> str:
    return ".TextGrid" if suffix == ".textgrid" else suffix


def _utterance(root: Path, audio: str, sources: Sources, pattern: re.Pattern[str]) -> Utterance:
    identity = audio.rpartition(".")[0]
    match = pattern.fullmatch(identity)
    if match is None and pattern.pattern not in _DEFAULTS:
        raise OptionError(
            f"pattern {pattern.pattern!r} doesn't match {identity!r}", remedy="mend it"
        )
    found = match.groupdict() if match else {}
    speaker, sex, dialect, sentence, split = (found.get(name) or "" for name in _PROPERTIES)
    return Utterance(
        identity, speaker or identity, sex, dialect, sentence, split, root / audio, sources
    )
