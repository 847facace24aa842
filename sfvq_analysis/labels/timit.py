"""TIMIT-style label files: one ``BEGIN END LABEL`` a line, in samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.entries import Label, LabelTier
from sfvq_analysis.labels.text import lines_of, read_text, whole_number
from sfvq_analysis.timeline import Segment

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.labels.entries import Utterances


def read_timit(path: Path) -> Utterances:
    """Read a ``.phn``, ``.wrd`` or ``.txt``.

    Blank lines and lines that begin with ``;`` are passed over. The tier has no name.

    Raises
    ------
    CorpusError
        If the file is missing, empty or not text, or a line isn't ``BEGIN END LABEL``; the message
        names file and line.
    """
    labels = [
        _label(line, number, path)
        for number, line in enumerate(lines_of(read_text(path)), start=1)
        if line.strip() and not line.lstrip().startswith(";")
    ]
    if not labels:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its labels")
    return {"": {"": LabelTier("samples", tuple(labels))}}


def read_transcript(path: Path, n_samples: int) -> tuple[Segment, ...] | None:
    """Read a plain transcript as one segment; None if the file is TIMIT's ``0 END TEXT``.

    Parameters
    ----------
    path
        The file.
    n_samples
        Length of the audio, which a plain transcript spans.
    """
    words = read_text(path).split()
    if not words:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its text")
    if len(words) > 2 and words[0] == "0" and whole_number(words[1]) is not None:
        return None
    return (Segment(0, n_samples, " ".join(words)),)


def _label(line: str, number: int, path: Path) -> Label:
    fields = line.split(maxsplit=2)
    times = [whole_number(field) for field in fields[:2]]
    if len(fields) != 3 or times[0] is None or times[1] is None:
        raise CorpusError(
            f"line is {shown(line.strip())}",
            where=f"{path}:{number}",
            remedy="write BEGIN END LABEL in samples",
        )
    return Label(times[0], times[1], fields[2].strip(), number)
