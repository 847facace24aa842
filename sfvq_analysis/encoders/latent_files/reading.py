"""From a path to arrays: which reader a file gets, and where an error says it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.encoders.latent_files.checks import checked_latents
from sfvq_analysis.encoders.latent_files.hdf5 import Hdf5File
from sfvq_analysis.encoders.latent_files.kaldi import ArkFile, ScpFile
from sfvq_analysis.encoders.latent_files.npy import NpyFile
from sfvq_analysis.encoders.latent_files.npz import NpzFile
from sfvq_analysis.encoders.latent_files.source import UNNAMED
from sfvq_analysis.encoders.latent_files.torch_file import TorchFile
from sfvq_analysis.errors import EncoderError, check_count, in_line, shown
from sfvq_analysis.files import is_file, is_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.encoders.latent_files.source import LatentFile

READERS: dict[str, type[LatentFile]] = {
    ".npy": NpyFile,
    ".npz": NpzFile,
    ".pt": TorchFile,
    ".pth": TorchFile,
    ".h5": Hdf5File,
    ".hdf5": Hdf5File,
    ".ark": ArkFile,
    ".scp": ScpFile,
}
"""Which reader a file gets, by its suffix."""


def read_latents(
    path: Path | str, dim: int | None = None, *, key: str | None = None
) -> NDArray[np.float32]:
    """Read the latents of one utterance.

    Parameters
    ----------
    path
        ``.npy``, ``.npz``, ``.pt``, ``.pth``, ``.h5``, ``.hdf5``, ``.ark`` or ``.scp``; see
        `sfvq_analysis.encoders.latent_files`.
    dim
        Dimensions that a frame must have; any by default.
    key
        Which of the file's arrays; may be left out if there is one.

    Returns
    -------
    array, shape (n_frames, dim)
        n_frames >= 1, finite.

    Raises
    ------
    EncoderError
        If the file can't be read as what its suffix says, holds several arrays and no key is
        given, or the array isn't floats of that shape: integers, NaN, infinity, another dimension,
        no frames.
    OptionError
        If `dim` isn't an integer >= 1.
    """
    if dim is not None:
        check_count("dim", dim)
    if key is None:
        return read_only_array(Path(path), dim)
    return read_array(open_latent_file(path), key, dim)


def read_only_array(
    path: Path, dim: int | None = None, *, empty: bool = False
) -> NDArray[np.float32]:
    """Read the array of a file that holds one; errors name the file."""
    file = open_latent_file(path)
    try:
        key = file.only_key()
    except EncoderError as error:
        raise error.at(str(path)) from error
    return read_array(file, key, dim, empty=empty)


def read_array(
    file: LatentFile, key: str, dim: int | None = None, *, empty: bool = False
) -> NDArray[np.float32]:
    """Read one array of an open file, as `checked_latents` wants it; errors name file and key."""
    try:
        return _read_array(file, key, dim, empty=empty)
    except EncoderError as error:
        raise error.at(str(file.path)) from error
    except MemoryError as error:
        raise _too_large(file.path) from error
    except OSError as error:  # it is gone since it was opened, or the disk is
        raise _unreadable(file.path, error) from error


def _read_array(file: LatentFile, key: str, dim: int | None, *, empty: bool) -> NDArray[np.float32]:
    if key not in file:
        raise file.lacks(key)
    try:
        return checked_latents(file.read(key), dim, empty=empty)
    except EncoderError as error:
        raise (error.at(shown(key)) if key != UNNAMED else error) from error


def open_latent_file(path: Path | str) -> LatentFile:
    """Open a file of arrays.

    Raises
    ------
    EncoderError
        If it is missing, or isn't what its suffix says.
    """
    path = Path(path)
    try:
        return _reader(path)(path)
    except EncoderError as error:
        raise error.at(str(path)) from error
    except MemoryError as error:
        raise _too_large(path) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _reader(path: Path) -> type[LatentFile]:
    if is_folder(path):
        raise EncoderError("it is a folder", remedy="name a file, or an encoder: latents:<folder>")
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise EncoderError(
            f"latents have suffix {shown(path.suffix)}", remedy=f"give one of {', '.join(READERS)}"
        )
    if not is_file(path):
        raise EncoderError("latents are missing", remedy="store them there")
    return reader


def _unreadable(path: Path, error: OSError) -> EncoderError:
    return EncoderError(
        f"can't be read ({in_line(error.strerror or error)})",
        where=str(path),
        remedy="check the file and the rights to it",
    )


def _too_large(path: Path) -> EncoderError:
    return EncoderError(
        "latents are too large for the memory", where=str(path), remedy="store them in parts"
    )
