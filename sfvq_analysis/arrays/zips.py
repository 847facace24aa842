"""What damaged zip files raise, and a check of all that a zip file holds."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from typing import TYPE_CHECKING

from sfvq_analysis.arrays.sizes import check_inflation
from sfvq_analysis.errors import in_line

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.errors import SfvqError

ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,  # a compression of other programs
    RuntimeError,  # a password
    EOFError,
    OSError,
    ValueError,
    IndexError,
)
_FOLDER = 0x10
_BLOCK = 1 << 20


def check_zip(path: Path, refusal: type[SfvqError]) -> None:
    """Raise a refusal if a zip file claims too much, or a part isn't what its checksum says.

    Nor may anything stand before its first part. A checksum of 0 is none: torch can be told
    not to compute them.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_begins(archive, refusal)
            members = archive.infolist()
            _check_claims(members, path.stat().st_size, refusal)
            for member in members:
                if member.CRC:
                    _read_through(archive, member)
    except refusal:
        raise
    except ZIP_DAMAGE as error:
        raise refusal(f"it is damaged ({in_line(error)})", remedy="restore it") from error


def check_begins(archive: zipfile.ZipFile, refusal: type[SfvqError]) -> None:
    """Raise a refusal unless a zip file begins with its first part: another may stand before it."""
    first = min((member.header_offset for member in archive.infolist()), default=0)
    if first > 0:
        raise refusal(
            f"{first} bytes, or another archive, stand before its first part", remedy="restore it"
        )


def _check_claims(members: list[zipfile.ZipInfo], n_bytes: int, refusal: type[SfvqError]) -> None:
    check_inflation(n_bytes, sum(member.file_size for member in members), refusal)
    if any(member.external_attr & _FOLDER for member in members):
        # torch takes it for empty, and whatever was in memory for its numbers
        raise refusal("it is damaged (a part of it is a folder)", remedy="restore it")


def _read_through(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    with archive.open(member) as file:
        while file.read(_BLOCK):
            pass
