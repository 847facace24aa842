"""From the texts of a command line to voices and edits of codes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.errors import EncoderError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.voice import Edit, VoiceModel

_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_TWO_NUMBERS = re.compile(f"{_NUMBER}:{_NUMBER}")


def find_voice(model: VoiceModel, speaker: str) -> NDArray[np.float32]:
    """Return the vector of a voice: one the model knows, else one heard in a recording."""
    from sfvq_analysis.audio import read_audio
    from sfvq_analysis.encoders.mel import log_mel_spectrogram

    if speaker in model.speakers or not Path(speaker).is_file():
        return model.voice(speaker)
    try:
        return model.voice_of(log_mel_spectrogram(*read_audio(Path(speaker))))
    except EncoderError as error:
        raise error.at(speaker) from error


def find_edits(replace: Sequence[str], shift: float | None, clamp: str | None) -> list[Edit]:
    """Return the edits that ``--replace``, ``--shift`` and ``--clamp`` name, in this order."""
    from sfvq_analysis.voice import Clamp, Replace, Shift

    edits: list[Edit] = []
    for text in replace:
        index, by = _two_numbers("replace", text, "INDEX:NEW, such as 67:70")
        if not index.is_integer():
            raise OptionError(f"replace is {text!r}", remedy="write INDEX:NEW, such as 67:70")
        edits.append(Replace(int(index), by))
    if shift is not None:
        edits.append(Shift(shift))
    if clamp is not None:
        edits.append(Clamp(*_two_numbers("clamp", clamp, "LOW:HIGH, such as 40:80")))
    return edits


def _two_numbers(name: str, text: str, form: str) -> tuple[float, float]:
    match = _TWO_NUMBERS.fullmatch(text)
    if match is None:
        raise OptionError(f"{name} is {text!r}", remedy=f"write {form}")
    return float(match[1]), float(match[2])
