"""``.npz``: a zip of ``.npy``. Names in it are keys only; nothing is unpacked to the disk."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

from sfvq_analysis.arrays import ZIP_DAMAGE, check_inflation, read_npy_stream
from sfvq_analysis.encoders.latent_files.source import LatentFile
from sfvq_analysis.errors import EncoderError, in_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
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
        self._members: dict[str, zipfile.ZipInfo] = {}
        for name, member in _arrays(self._archive):
            if name in self._members:
                raise EncoderError(f"it holds {shown(name)} twice", remedy="store each name once")
            self._members[name] = member

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


def _arrays(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Yield the members that are arrays by their keys."""
    for member in archive.infolist():
        if member.filename.endswith(_MEMBER):
            yield member.filename.removesuffix(_MEMBER), member
