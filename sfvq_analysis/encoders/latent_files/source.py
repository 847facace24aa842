"""What a file of arrays is, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import EncoderError, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

UNNAMED = ""
"""Key of the only array of a format without names."""
_SHOWN = 5


class LatentFile(ABC):
    """A file of arrays by name. Pickled, it is its path; what was read of it is read again.

    Parameters
    ----------
    path
        The file, which exists.

    Raises
    ------
    EncoderError
        If it isn't of this format.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[type[LatentFile], tuple[Path]]:
        return type(self), (self.path,)

    @property
    @abstractmethod
    def keys(self) -> Sequence[str]:
        """Names of the arrays, in the order of the file."""

    def first_keys(self, most: int) -> Sequence[str]:
        """Return the first names, `most` at most, without looking for all where that takes long."""
        return self.keys[:most]

    @abstractmethod
    def __contains__(self, key: str) -> bool:
        """Tell whether an array has this name."""

    @abstractmethod
    def read(self, key: str) -> NDArray[Any]:
        """Return the array of a name that is there, its type and shape as stored.

        Raises
        ------
        EncoderError
            If its bytes aren't those of an array of numbers.
        """

    def files(self) -> list[Path]:
        """Return the files that arrays are read from."""
        return [self.path]

    def lacks(self, key: str) -> EncoderError:
        """Return the error for a name that isn't there."""
        return EncoderError(
            f"it holds no array {shown(key)}", remedy=f"give one of {counted_keys(self.keys)}"
        )

    def only_key(self) -> str:
        """Return the name of the only array.

        Raises
        ------
        EncoderError
            If there are several, or none.
        """
        match self.keys:
            case [key]:
                return key
            case []:
                raise EncoderError("it holds no array", remedy="store the latents in it")
            case keys:
                raise EncoderError(
                    "it holds several arrays", remedy=f"give a key, of {counted_keys(keys)}"
                )


def counted_keys(keys: Sequence[str]) -> str:
    """Return how many names there are, and the first of them.

    Examples
    --------
    >>> counted_keys(["a", "b"]), counted_keys([str(n) for n in range(9)])
    ("2: 'a', 'b'", "9: '0', '1', '2', '3', '4', …")
    """
    if tuple(keys) == (UNNAMED,):
        return "1, which has no name"
    return f"{len(keys)}: {listed(keys, _SHOWN, width=30)}"
