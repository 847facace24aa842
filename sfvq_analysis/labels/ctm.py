"""CTM files (NIST, Kaldi): ``UTTERANCE CHANNEL START DURATION SYMBOL [CONFIDENCE]`` in seconds.

Conventions
-----------
Spaces and tabs part fields; lines that begin with ``;;`` are comments. Each channel of an utterance
is a tier, named as the channel is (``1``, ``A``). A label ends at START + DURATION exactly: what a
tool rounded so that two labels overlap is an overlap. The lines of an utterance stand together;
those of its channels may be mixed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.entries import Label, LabelTier
from sfvq_analysis.labels.text import exact_number, lines_of, read_text, seconds_of

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.labels.entries import Utterances

_GAP = re.compile(r"[ \t]+")
_ALTERNATIVE = re.compile(r"<ALT(?:_BEGIN|_END)?>", re.IGNORECASE)


def read_ctm(path: Path) -> Utterances:
    """Read a CTM.

    Raises
    ------
    CorpusError
        If the file is missing, empty or not text, a line isn't of that form, it holds alternatives
        (``<ALT>``), or an utterance returns after another one; the message names file and line.
    """
    found: dict[str, dict[str, list[Label]]] = {}
    current = None
    for number, line in enumerate(lines_of(read_text(path)), start=1):
        content = line.strip(" \t")
        if not content or content.startswith(";;"):
            continue
        try:
            utterance, channel, label = _entry(content, number)
        except CorpusError as error:
            raise error.at(f"{path}:{number}") from error
        if utterance != current and utterance in found:
            raise CorpusError(
                f"utterance {shown(utterance)} returns after {shown(current)}",
                where=f"{path}:{number}",
                remedy="sort the file by utterance, and keep each once",
            )
        current = utterance
        found.setdefault(utterance, {}).setdefault(channel, []).append(label)
    if not found:
        raise CorpusError("label file is empty", where=str(path), remedy="restore its labels")
    return {
        utterance: {name: LabelTier("seconds", tuple(labels)) for name, labels in tiers.items()}
        for utterance, tiers in found.items()
    }


def _entry(content: str, number: int) -> tuple[str, str, Label]:
    fields = _GAP.split(content)
    if len(fields) >= 5 and _ALTERNATIVE.fullmatch(fields[4]):
        raise CorpusError(f"it holds alternatives ({fields[4]})", remedy="keep one of them")
    if len(fields) not in {5, 6}:
        raise CorpusError(
            f"line is {shown(content)}",
            remedy="write UTTERANCE CHANNEL START DURATION SYMBOL [CONFIDENCE]",
        )
    if len(fields) == 6 and fields[5] != "NA" and exact_number(fields[5]) is None:
        raise CorpusError(f"confidence is {shown(fields[5])}", remedy="write a number, or leave it")
    start, duration = seconds_of(fields[2], "START"), seconds_of(fields[3], "DURATION")
    return fields[0], fields[1], Label(start, start + duration, fields[4], number)
