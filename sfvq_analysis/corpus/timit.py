"""The TIMIT tree, in any of the shapes it is found in.

``{train,test}/dr{1-8}/{m|f}{3 initials}{digit}/{sa|si|sx}N.{wav,txt,wrd,phn}``, upper or lower
case, below the given folder or up to three folders deeper (``TIMIT/TIMIT/…``, ``timit/data/…``).
Audio is NIST SPHERE or RIFF; copies exist in which ``SA1.WAV`` (SPHERE) stands beside
``SA1.WAV.wav`` (RIFF): that is one utterance, of which the first is read.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.corpus import Corpus
from sfvq_analysis.corpus.findings import Findings
from sfvq_analysis.corpus.utterance import PHONE_TIER, TEXT_TIER, WORD_TIER, Utterance
from sfvq_analysis.errors import CorpusError, listed
from sfvq_analysis.files import is_file, is_folder
from sfvq_analysis.labels import LabelSource
from sfvq_analysis.labels.text import lines_of, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sfvq_analysis.errors import ErrorPolicy

CORE_SPEAKERS: frozenset[str] = frozenset(
    (
        *("mdab0", "mwbt0", "felc0", "mtas1", "mwew0", "fpas0", "mjmp0", "mlnt0"),
        *("fpkt0", "mlll0", "mtls0", "fjlm0", "mbpm0", "mklt0", "fnlp0", "mcmj0"),
        *("mjdh0", "fmgd0", "mgrt0", "mnjm0", "fdhc0", "mjln0", "mpam0", "fmld0"),
    )
)
"""Speakers of the core test set."""

_SPLITS = ("train", "test")
_DIALECT = re.compile(r"dr[1-8]")
_SPEAKER = re.compile(r"[mf][a-z]{3}[0-9]")
_SENTENCE = re.compile(r"s[aix][0-9]+")
_AUDIO_SUFFIXES = (".wav", ".wav.wav", ".flac", ".sph")
_TIERS = {PHONE_TIER: ".phn", WORD_TIER: ".wrd", TEXT_TIER: ".txt"}
_DEEPEST = 3


def load_timit(
    root: Path | str, *, sa: bool = True, name: str = "TIMIT", on_error: ErrorPolicy = "raise"
) -> Corpus:
    """Scan a TIMIT tree; audio and labels are read later, utterance by utterance.

    Parameters
    ----------
    root
        Folder that holds ``train`` and ``test`` (or one of them), directly or a little deeper.
    sa
        Whether the two SA sentences, which every speaker says, are in (as in the paper) or out.
    name
        What the corpus is called.
    on_error
        ``"skip"``: an utterance that lacks a file is left out and listed in `Corpus.skipped`.

    Returns
    -------
    Corpus
        Ids are ``speaker_sentence``, such as ``fcjf0_sa1``; ``select(split="core")`` gives the
        utterances of the 24 core test speakers (the usual core test set of 192 has no SA
        sentences: pass ``sa=False``). Sex is the first letter of the speaker, checked against
        ``spkrinfo.txt`` where the tree has it.

    Raises
    ------
    CorpusError
        If the folder isn't a TIMIT tree, an utterance lacks its ``.phn`` or its audio, or
        ``spkrinfo.txt`` contradicts a path.
    """
    top = _find_splits(Path(root))
    findings = Findings(on_error)
    utterances = tuple(
        found for found in _scan(top, findings) if sa or not found.sentence.startswith("sa")
    )
    if not utterances and not findings.skipped:
        raise CorpusError("no utterance found", where=str(top), remedy="check the tree below it")
    _check_speaker_info(top, utterances)
    core = frozenset(u.speaker for u in utterances if u.split == "test") & CORE_SPEAKERS
    subsets = {"core": core} if core else {}
    return Corpus(name, top, utterances, subsets, skipped=tuple(findings.skipped))


def is_timit(root: Path) -> bool:
    """Tell whether a folder looks like a TIMIT tree, or holds several."""
    try:
        return bool(_tops(root))
    except CorpusError:
        return False


def _folders(parent: Path) -> Iterator[Path]:
    """Yield the folders in a folder, but for those that tools leave (``.git``, ``@eaDir``)."""
    folders = (path for path in sorted(_inside(parent)) if is_folder(path))
    return (path for path in folders if not path.name.startswith((".", "@")))


def _inside(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise CorpusError(
            f"folder can't be read ({error.strerror or error})",
            where=str(folder),
            remedy="give yourself the right to read it",
        ) from error


def _find_splits(root: Path) -> Path:
    """Return the folder that holds train/dr*/ or test/dr*/."""
    if not is_folder(root):
        raise CorpusError("no such folder", where=str(root), remedy="give the corpus' folder")
    tops = _tops(root)
    if len(tops) > 1:
        raise CorpusError(
            f"{len(tops)} TIMIT trees are there: {listed([str(top) for top in tops])}",
            where=str(root),
            remedy="give one of them",
        )
    if tops:
        return tops[0]
    inside = root.name.lower() in _SPLITS and bool(_dialect_folders(root))
    raise CorpusError(
        "not a TIMIT tree",
        where=str(root),
        remedy="give the folder above it"
        if inside
        else "it needs {train,test}/dr{1-8}/speaker/sentence.{wav,phn}",
    )


def _tops(root: Path) -> list[Path]:
    """Return the folders that hold train/dr*/ or test/dr*/, on the first level that has any."""
    level = [root]
    for _ in range(_DEEPEST + 1):
        found = [
            folder
            for folder in level
            if any(_dialect_folders(split) for split in _named(folder, _SPLITS))
        ]
        if found:
            return found
        level = [deeper for folder in level for deeper in _folders(folder)]
    return []


def _named(folder: Path, names: Iterable[str]) -> list[Path]:
    return [path for path in _folders(folder) if path.name.lower() in names]


def _dialect_folders(split: Path) -> list[Path]:
    return [path for path in _folders(split) if _DIALECT.fullmatch(path.name.lower())]


def _scan(top: Path, findings: Findings) -> Iterator[Utterance]:
    for split in _named(top, _SPLITS):
        for dialect in _dialect_folders(split):
            for speaker in _folders(dialect):
                try:
                    files = _files(speaker)
                except CorpusError as error:
                    findings.refuse(error)
                    continue
                place = split.name.lower(), dialect.name.lower()
                yield from _utterances(speaker, files, place, findings)


def _utterances(
    folder: Path, files: Mapping[str, Path], place: tuple[str, str], findings: Findings
) -> Iterator[Utterance]:
    """Yield the utterances of a speaker; files that belong to none are passed over.

    A recording with phone labels that isn't named like a sentence of TIMIT is refused.
    """
    split, dialect = place
    known = (".phn", *_AUDIO_SUFFIXES)
    sentences = {name.partition(".")[0] for name in files if name.endswith(known)}
    speaker = folder.name.lower()
    for name in sorted(sentences):
        if not _SENTENCE.fullmatch(name) and f"{name}.phn" in files:
            findings.refuse(
                CorpusError(
                    "it isn't named like a sentence",
                    where=str(files[f"{name}.phn"]),
                    remedy="a sentence is sa, si or sx and a number",
                )
            )
    for sentence in sorted(filter(_SENTENCE.fullmatch, sentences)):
        audio = next((files[sentence + s] for s in _AUDIO_SUFFIXES if sentence + s in files), None)
        labels = {
            tier: LabelSource(files[sentence + suffix])
            for tier, suffix in _TIERS.items()
            if sentence + suffix in files
        }
        if audio is None or PHONE_TIER not in labels:
            lacking = "audio" if audio is None else ".phn"
            findings.refuse(
                CorpusError(
                    f"utterance lacks its {lacking}",
                    where=str(audio or labels[PHONE_TIER]),
                    remedy="restore the file or remove the utterance",
                )
            )
            continue
        yield Utterance(
            id=f"{speaker}_{sentence}",
            speaker=speaker,
            sex=speaker[0],
            dialect=dialect,
            sentence=sentence,
            split=split,
            audio_path=audio,
            labels=labels,
        )


def _files(folder: Path) -> dict[str, Path]:
    """Return the files of a speaker's folder by their names in lower case."""
    if not _SPEAKER.fullmatch(folder.name.lower()):
        raise CorpusError(
            "folder isn't named like a speaker",
            where=str(folder),
            remedy="a speaker is m or f, three letters and a digit",
        )
    files: dict[str, Path] = {}
    for path in sorted(_inside(folder)):
        if is_file(path) and not path.name.startswith("."):
            other = files.setdefault(path.name.lower(), path)
            if other != path:
                raise CorpusError(
                    f"{other.name} and {path.name} differ in case alone",
                    where=str(folder),
                    remedy="keep one of them",
                )
    return files


def _check_speaker_info(top: Path, utterances: tuple[Utterance, ...]) -> None:
    """Compare sex, dialect and split with doc/spkrinfo.txt, where there is one."""
    path = _speaker_info(top)
    if path is None:
        return
    stated = dict(_speaker_rows(path))
    for utterance in utterances:
        code = utterance.speaker[1:]
        found = (utterance.sex, utterance.dialect, utterance.split)
        if code in stated and stated[code] != found:
            raise CorpusError(
                f"speaker {code} is {'/'.join(stated[code])}, its folder says {'/'.join(found)}",
                where=str(path),
                remedy="mend the one that is wrong",
            )


def _speaker_info(top: Path) -> Path | None:
    docs = [top, *_named(top, ("doc",))]
    with suppress(CorpusError):  # what is above the corpus needn't be open to all
        docs += _named(top.parent, ("doc",))
    for doc in docs:
        for path in sorted(_inside(doc)):
            if path.name.lower() == "spkrinfo.txt" and is_file(path):
                return path
    return None


def _speaker_rows(path: Path) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Yield (speaker without sex letter, (sex, dialect, split)) of each row."""
    for number, line in enumerate(lines_of(read_text(path)), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";"):
            continue
        known = {"trn": "train", "tst": "test"}
        if len(fields) < 4 or fields[3].lower() not in known:
            raise CorpusError(
                f"row is {line.strip()!r}",
                where=f"{path}:{number}",
                remedy="it should begin: ID Sex DR TRN|TST",
            )
        yield (
            fields[0].lower(),
            (fields[1].lower(), f"dr{fields[2]}", known[fields[3].lower()]),
        )
