"""``.npz``: a zip of ``.npy``. Names in it are keys only; nothing is unpacked to the disk."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from sfvq_analysis.arrays import ZIP_DAMAGE, check_begins, check_inflation, read_npy_stream
from sfvq_analysis.encoders.latent_files.source import LatentFile
from sfvq_analysis.errors import EncoderError, in_line, shown

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MEMBER = ".npy"


class NpzFile(LatentFile):
    """Arrays by the names given to ``numpy.savez``."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            self._archive = zipfile.ZipFile(path)
        except ZIP_DAMAGE as error:
            raise EncoderError(
                f"not an .npz ({in_line(error)})", remedy="store it with numpy.savez"
            ) from error
        check_begins(self._archive, EncoderError)
        self._members = _arrays(self._archive.infolist())

    @property
    def keys(self) -> list[str]:
        """Names of the arrays."""
        return list(self._members)

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def read(self, key: str) -> NDArray[Any]:
        """Return an array; its checksum is checked."""
        member = self._members[key]
        check_inflation(member.compress_size, member.file_size, EncoderError)
        if member.compress_size > self.path.stat().st_size:
            raise EncoderError("it claims more bytes than the file has", remedy="restore it")
        try:
            with self._archive.open(member) as file:  # at its end the checksum is checked
                return read_npy_stream(file, member.file_size, EncoderError)
        except EncoderError:
            raise
        except ZIP_DAMAGE as error:
            raise EncoderError(f"it is damaged ({in_line(error)})", remedy="restore it") from error


def _arrays(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the members that are arrays by their keys; ``x`` and ``x.npy`` have the same."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in members:
        key = member.filename.removesuffix(_MEMBER)
        if key in found:
            raise EncoderError(f"it holds {shown(key)} twice", remedy="store each name once")
        found[key] = member
    return {key: one for key, one in found.items() if one.filename.endswith(_MEMBER)}
