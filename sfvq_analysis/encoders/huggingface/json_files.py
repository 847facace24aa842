"""The JSON files of a model's folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import EncoderError, told
from sfvq_analysis.files import is_file
from sfvq_analysis.json_objects import each_once

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 1 << 24


def read_json(path: Path) -> dict[str, Any]:
    """Read an object from a JSON file.

    Raises
    ------
    EncoderError
        If it isn't there, is above 16 MB, isn't one, or states something twice.
    """
    if not is_file(path):
        raise EncoderError("file is missing", where=str(path), remedy="restore the model's folder")
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
        small = len(text) <= _MOST_BYTES
        content = json.loads(text, object_pairs_hook=each_once(EncoderError)) if small else None
    except EncoderError as error:
        raise error.at(str(path)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise EncoderError(
            f"not readable as JSON ({told(error)})", where=str(path), remedy="restore the file"
        ) from error
    if not isinstance(content, dict):
        raise EncoderError("file holds no JSON object", where=str(path), remedy="restore the file")
    return content
