"""Objects in the JSON files of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfvq_analysis.errors import SfvqError


def each_once(refused: type[SfvqError]) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    """Return what makes a JSON object of its pairs, as ``object_pairs_hook`` of `json.loads`.

    It raises an error of the class given if a name stands there twice: which of its values counts
    is not for us to say.

    Examples
    --------
    >>> from sfvq_analysis.errors import EncoderError
    >>> each_once(EncoderError)([("hop", 320), ("offset", 200)])
    {'hop': 320, 'offset': 200}
    """

    def stated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise refused(f"{shown(name)} is stated twice", remedy="state it once")
            found[name] = value
        return found

    return stated
