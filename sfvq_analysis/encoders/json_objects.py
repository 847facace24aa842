"""Objects in the JSON files of others."""

from __future__ import annotations

from typing import Any

from sfvq_analysis.errors import EncoderError, shown


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, as ``object_pairs_hook`` of `json.loads`.

    Raises
    ------
    EncoderError
        If a name stands there twice: which of its values counts is not for us to say.

    Examples
    --------
    >>> each_once([("hop", 320), ("offset", 200)])
    {'hop': 320, 'offset': 200}
    """
    stated: dict[str, Any] = {}
    for name, value in pairs:
        if name in stated:
            raise EncoderError(f"{shown(name)} is stated twice", remedy="state it once")
        stated[name] = value
    return stated
