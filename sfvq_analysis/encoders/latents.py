"""Frames that another program has computed, and the grid they are on.

Layout
------
Latents are in a folder, one file an utterance (``.npy``, ``.npz``, ``.pt``, ``.h5``, ``.ark``),
where an utterance id with ``/`` is a path below the folder; or in one file for the corpus
(``.npz``, ``.pt``, ``.h5``, ``.ark``, ``.scp``) by utterance id. Arrays have shape (n_frames, dim),
any float type. `sfvq_analysis.encoders.latent_files` says what is read of each format.

``grid.json``, in the folder or beside the file (or ``<file>.json``), holds
``{"name": "…", "sample_rate": 16000, "hop": 320, "offset": 200}``: which model and layer made the
frames (it enters the digest, so that a codebook isn't read with another model's latents), and where
their centres are; and, if wanted, ``"window"`` (samples that one frame sees). Where only a frame
rate is known, ``latents:feats.scp@50`` states it: at 16000 Hz a hop of 320 and an offset of half a
hop; ``@100:44100`` counts at 44100 Hz.

How many frames
---------------
With a window the number is exact: 1 + (n - window) // hop. Without, no centre may lie outside the
audio, and no more frames may be missing than a window cuts off that begins with the audio: of
2 offset + 1 samples, as long as the first centre allows, or of four hops if that is longer (the
widest in use, of CPC and wav2vec, has 2.9; of Kaldi's filterbanks 2.5, of HuBERT 1.25). Latents
that were cut, trimmed or made from other audio are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.encoders.latent_files.grid import GRID_FILE, find_grid, split_rate
from sfvq_analysis.encoders.latent_files.places import open_place
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.errors import EncoderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.encoders.latent_files.places import LatentPlace
    from sfvq_analysis.encoders.protocol import EncoderConfig
    from sfvq_analysis.timeline import FrameGrid

_HOPS = 4
"""A window of unknown length may be as long as so many hops."""


def open_latents(spec: str) -> StoredLatents:
    """Open the latents that a short text names.

    Parameters
    ----------
    spec
        ``<place>`` or ``<place>@<frames per second>`` or the same with ``:<sample rate>``.

    Raises
    ------
    EncoderError
        As `StoredLatents.open`.
    OptionError
        If the frame rate gives no whole number of samples a frame.
    """
    place, grid = split_rate(spec)
    return StoredLatents.open(place, grid=grid)


@dataclass(frozen=True, slots=True)
class StoredLatents:
    """Latents read from a folder or a file; made by `StoredLatents.open` or `open_latents`.

    Attributes
    ----------
    place
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

    place: Path
    grid: FrameGrid
    dim: int
    name: str
    window: int = 0
    _arrays: LatentPlace = field(kw_only=True, repr=False, compare=False)

    @classmethod
    def open(cls, place: Path | str, *, grid: FrameGrid | None = None) -> StoredLatents:
        """Find the grid of stored latents, and their dimension from the first of them.

        Parameters
        ----------
        place
            A folder or a file, as the module describes.
        grid
            Their grid, where no grid file states it. If one does, too, it must have the same frame
            rate, and its offset is taken.

        Raises
        ------
        EncoderError
            If nothing states the grid, its file isn't as described, or no latents are there.
        """
        place = Path(place)
        arrays = open_place(place)
        stated = find_grid(place, grid)
        dim = arrays.first().values.shape[1]
        return cls(place, stated.grid, dim, stated.name, stated.window, _arrays=arrays)

    @property
    def config(self) -> EncoderConfig:
        """Grid, dimension and name; not the place, which may move."""
        return {
            "encoder": "latents",
            "name": self.name,
            "sample_rate": self.grid.sample_rate,
            "hop": self.grid.hop,
            "offset": self.grid.offset,
            "dim": self.dim,
        }

    def files(self) -> Iterator[Path]:
        """Yield the files that latents are read from: of a folder, a file or a script, in order."""
        return self._arrays.files()

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at the grid's rate give.

        Exact where a window is stated; else the most whose centres lie in the audio.
        """
        if self.window:
            return self._whole_windows(n_samples, self.window)
        return max(0, 1 + (n_samples - 1 - self.grid.offset) // self.grid.hop)

    def fewest_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at the grid's rate give at least."""
        window = self.window or max(2 * self.grid.offset + 1, _HOPS * self.grid.hop)
        return self._whole_windows(n_samples, window)

    def _whole_windows(self, n_samples: int, window: int) -> int:
        return max(0, 1 + (n_samples - window) // self.grid.hop)

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
        values, where = self._arrays.read(utterance, self.dim)
        fewest, most = self.fewest_frames(n_samples), self.n_frames(n_samples)
        if not fewest <= len(values) <= most:
            span = f"{fewest} to {most}" if fewest < most and fewest else f"at most {most}"
            raise EncoderError(
                f"{len(values)} frames, but {n_samples} samples give "
                f"{most if self.window else span} on {self.grid}",
                where=where,
                remedy=f"mend {GRID_FILE} or the array",
            )
        return Features(values, self.grid, self.config)
