"""Frames that another program has computed: one ``.npy`` an utterance, and the grid they are on.

Layout of the folder
--------------------
``grid.json`` holds ``{"name": "…", "sample_rate": 16000, "hop": 320, "offset": 200}``: which model
and layer made the frames (it enters the digest, so that a codebook isn't read with another model's
latents), and where their centres are; and, if wanted, ``"window"`` (samples that one frame sees:
then the number of frames is checked exactly, 1 + (n - window) // hop). ``<utterance>.npy`` has
shape (n_frames, dim), any float type; an utterance id with ``/`` is a path below the folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.errors import EncoderError, OptionError
from sfvq_analysis.files import read_npy
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sfvq_analysis.encoders.protocol import EncoderConfig

GRID_FILE = "grid.json"


@dataclass(frozen=True, slots=True)
class StoredLatents:
    """Latents read from a folder; made by `StoredLatents.open`.

    Attributes
    ----------
    folder
        Where the arrays are.
    grid
        Where the frames' centres are.
    dim
        Dimensions of a frame.
    name
        What made the latents; part of the digest.
    window
        Samples one frame sees, 0 if unstated.
    """

    folder: Path
    grid: FrameGrid
    dim: int
    name: str
    window: int = 0

    @classmethod
    def open(cls, folder: Path) -> StoredLatents:
        """Read a folder's grid and find its dimension from its first array.

        Raises
        ------
        EncoderError
            If ``grid.json`` is missing or isn't as described, or the folder holds no array.
        """
        stated = _read_grid(folder / GRID_FILE)
        first = next(iter(sorted(folder.rglob("*.npy"))), None)
        if first is None:
            raise EncoderError(
                "folder holds no .npy", where=str(folder), remedy="store one array an utterance"
            )
        try:
            grid = FrameGrid(*(stated[name] for name in ("sample_rate", "hop", "offset")))
        except OptionError as error:
            raise EncoderError(
                error.what, where=str(folder / GRID_FILE), remedy=error.remedy
            ) from error
        dim = _read_array(first).shape[1]
        return cls(folder, grid, dim, name=stated["name"], window=stated.get("window", 0))

    @property
    def config(self) -> EncoderConfig:
        """Grid, dimension and name; not the folder, which may move."""
        return {
            "encoder": "latents",
            "name": self.name,
            "sample_rate": self.grid.sample_rate,
            "hop": self.grid.hop,
            "offset": self.grid.offset,
            "dim": self.dim,
        }

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at the grid's rate give.

        Exact where the folder states a window; else the most whose centres lie in the audio.
        """
        if self.window:
            return max(0, 1 + (n_samples - self.window) // self.grid.hop)
        return max(0, 1 + (n_samples - 1 - self.grid.offset) // self.grid.hop)

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Refuse: stored latents belong to utterances, not to audio; see `lookup`."""
        raise EncoderError(
            f"stored latents can't encode audio ({len(audio)} samples at {sample_rate} Hz)",
            remedy="use them with the corpus whose utterances they were made from",
        )

    def lookup(self, utterance: str, n_samples: int) -> Features:
        """Return the stored frames of an utterance.

        Parameters
        ----------
        utterance
            Its id.
        n_samples
            Length of its audio at the grid's rate, against which the number of frames is checked.

        Raises
        ------
        EncoderError
            If the array is missing, isn't 2-D float, has another dimension, isn't finite, or can't
            have been made from audio of that length.
        """
        path = self.folder / f"{utterance}.npy"
        values = _read_array(path)
        if values.shape[1] != self.dim:
            raise EncoderError(
                f"latents have {values.shape[1]} dimensions, others of the folder {self.dim}",
                where=str(path),
                remedy="store the latents of one layer only",
            )
        expected = self.n_frames(n_samples)
        if len(values) > expected or (self.window and len(values) != expected):
            raise EncoderError(
                f"{len(values)} frames, but {n_samples} samples give "
                f"{'' if self.window else 'at most '}{expected} on {self.grid}",
                where=str(path),
                remedy=f"mend {GRID_FILE} or the array",
            )
        try:
            return Features(values, self.grid, self.config)
        except EncoderError as error:
            raise error.at(str(path)) from error


def _read_grid(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise EncoderError(
            "file is missing",
            where=str(path),
            remedy='write {"name": …, "sample_rate": …, "hop": …, "offset": …} there',
        )
    try:
        stated: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise EncoderError(f"not JSON ({error})", where=str(path), remedy="mend it") from error
    wanted = {"name": str, "sample_rate": int, "hop": int, "offset": int, "window": int}
    for name, kind in wanted.items():
        required = name != "window"
        if not isinstance(stated, dict) or (required and name not in stated):
            raise EncoderError(f"{name} is missing", where=str(path), remedy="state it")
        if name in stated and (
            not isinstance(stated[name], kind) or isinstance(stated[name], bool)
        ):
            raise EncoderError(
                f"{name} is {stated[name]!r}", where=str(path), remedy=f"give {kind.__name__}"
            )
    if stated.get("window", 1) < 1:
        raise EncoderError(
            f"window is {stated['window']}", where=str(path), remedy="give samples, at least 1"
        )
    return stated


def _read_array(path: Path) -> NDArray[np.float32]:
    if not path.is_file():
        raise EncoderError("latents are missing", where=str(path), remedy="store them there")
    try:
        values = read_npy(path, EncoderError)
    except EncoderError as error:
        raise error.at(str(path)) from error
    if values.ndim != 2 or values.dtype.kind != "f":
        raise EncoderError(
            f"latents are {values.dtype} of shape {values.shape}",
            where=str(path),
            remedy="store floats of shape (n_frames, dim)",
        )
    return np.ascontiguousarray(values, dtype=np.float32)
