"""TIMIT-style label files: one ``BEGIN END LABEL`` a line, in samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.timeline import Segment

if TYPE_CHECKING:
    from pathlib import Path


def read_labels(path: Path, *, may_overlap: bool = False) -> tuple[Segment, ...]:
    """Read a label file.

    Parameters
    ----------
    path
        ``.phn``, ``.wrd`` or ``.txt``; blank lines and lines that begin with ``;`` are passed over.
    may_overlap
        Whether a segment may start before the one above it ends (words of TIMIT do).

    Returns
    -------
    tuple[Segment, ...]
        In the order of the file, at least one.

    Raises
    ------
    CorpusError
        If the file is missing, empty or not text, or a line isn't a segment that follows the one
        above; the message names file and line.
    """
    segments: list[Segment] = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith(";"):
            try:
                segment = _segment(line)
                _check_order(segment, segments, may_overlap=may_overlap)
            except CorpusError as error:
                raise error.at(f"{path}:{number}") from error
            segments.append(segment)
    if not segments:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its labels")
    return tuple(segments)


def read_transcript(path: Path, n_samples: int) -> tuple[Segment, ...]:
    """Read a text file: TIMIT's ``0 END TEXT``, or a plain transcript of the whole audio.

    Parameters
    ----------
    path
        The file.
    n_samples
        Length of the audio, which a plain transcript spans.
    """
    words = _text(path).split()
    if len(words) > 2 and words[0] == "0" and words[1].isdecimal():
        return read_labels(path, may_overlap=True)
    if not words:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its text")
    return (Segment(0, n_samples, " ".join(words)),)


def _text(path: Path) -> str:
    if not path.is_file():
        raise CorpusError("label file is missing", where=str(path), remedy="restore the file")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"not UTF-8 text (byte {error.start})", where=str(path), remedy="store it as UTF-8"
        ) from error


def _segment(line: str) -> Segment:
    fields = line.split(maxsplit=2)
    if len(fields) != 3 or not (fields[0].isdecimal() and fields[1].isdecimal()):
        raise CorpusError(f"line is {line.strip()!r}", remedy="write BEGIN END LABEL in samples")
    start, stop = int(fields[0]), int(fields[1])
    if stop <= start:
        raise CorpusError(
            f"segment {fields[2].strip()!r} is [{start}, {stop})", remedy="END must exceed BEGIN"
        )
    return Segment(start, stop, fields[2].strip())


def _check_order(segment: Segment, above: list[Segment], *, may_overlap: bool) -> None:
    if not above:
        return
    earliest = above[-1].start if may_overlap else above[-1].stop
    if segment.start < earliest:
        raise CorpusError(
            f"segment {segment.label!r} starts at {segment.start}, before {earliest}",
            remedy="put the lines in order" if may_overlap else "phones may not overlap",
        )
