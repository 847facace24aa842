"""Read one channel of an audio file, or its length, or say in one line why not."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import numpy as np

from sfvq_analysis.audio import sphere
from sfvq_analysis.audio.decoding import decode, n_frames
from sfvq_analysis.audio.formats import read_claim
from sfvq_analysis.audio.opening import open_audio
from sfvq_analysis.errors import CorpusError, OptionError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read_audio(path: Path | str, *, channel: int | None = None) -> tuple[NDArray[np.float32], int]:
    """Read one channel of an audio file of any format soundfile knows, whatever it is called.

    What a header states of length, rate and channels is compared with the file's size and with what
    is decoded: a file that is cut off is refused, never read as far as it goes. The checksums of
    FLAC, Ogg and SPHERE are verified.

    Parameters
    ----------
    path
        A regular file. The format is told by its content, not by its name.
    channel
        Which channel, counted from 0; needed where there is more than one.

    Returns
    -------
    audio : NDArray[np.float32], shape (n_samples,)
        Integers of b bits are divided by 2^(b-1), which gives [-1, 1); 8-bit WAV is unsigned, 128
        is 0. G.711 is expanded to 16 bits first. 32-bit integers and doubles are rounded to float32
        (so that the largest may become 1). Floating-point files keep values beyond [-1, 1].
    sample_rate : int
        In Hz.

    Raises
    ------
    CorpusError
        If the file is missing, is no audio, is compressed in a way we can't read (SPHERE with
        shorten), damaged or cut off, holds no samples, more than one channel (and none is chosen)
        or values that are not finite.
    OptionError
        If the file has no such channel.
    """
    _check_channel(channel)
    with open_audio(path) as (file, size):
        samples, rate = _decoded(file, size)
        if len(samples) == 0:
            raise CorpusError("audio has no samples", remedy="restore the file")
        audio = np.ascontiguousarray(samples[:, _chosen(samples.shape[1], channel)])
        if not np.isfinite(audio).all():
            raise CorpusError("audio holds NaN or infinity", remedy="mend the file")
        return audio, rate


def audio_length(path: Path | str) -> tuple[int, int]:
    """Return how many samples a channel of an audio file has, and its rate in Hz.

    Only the header is read, but for MP3 and a few other formats that don't state their length.

    Parameters
    ----------
    path
        As in `read_audio`.

    Returns
    -------
    n_samples : int
        What `read_audio` gives, at least 1.
    sample_rate : int
        In Hz.

    Raises
    ------
    CorpusError
        As `read_audio`, as far as can be told without decoding; the number of channels and the
        values aren't looked at.
    """
    with open_audio(path) as (file, size):
        if _is_sphere(file):
            header = sphere.read_header(file, size)
            length, rate = header.frames, header.sample_rate
        else:
            length, rate, _ = n_frames(file, read_claim(file, size))
        if length == 0:
            raise CorpusError("audio has no samples", remedy="restore the file")
        return length, rate


def _decoded(file: IO[bytes], size: int) -> tuple[NDArray[np.float32], int]:
    """Return all channels, shape (n_samples, n_channels), and the rate."""
    if _is_sphere(file):
        header = sphere.read_header(file, size)
        return sphere.decode(file, header), header.sample_rate
    return decode(file, read_claim(file, size))


def _is_sphere(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(sphere.MAGIC)) == sphere.MAGIC


def _check_channel(channel: int | None) -> None:
    whole = isinstance(channel, int) and not isinstance(channel, bool)
    if channel is not None and (not whole or channel < 0):
        raise OptionError(
            f"channel is {channel!r:.60}", remedy="use an integer >= 0, 0 being the first channel"
        )


def _chosen(n_channels: int, channel: int | None) -> int:
    """Return the channel to read, if it is there and there is no doubt which is meant."""
    if channel is None and n_channels > 1:
        raise CorpusError(
            f"audio has {n_channels} channels",
            remedy=f"choose one by channel=0 to channel={n_channels - 1}, or mix them first",
        )
    if channel is not None and channel >= n_channels:
        there = "only channel 0" if n_channels == 1 else f"channels 0 to {n_channels - 1}"
        raise OptionError(f"channel is {channel}", remedy=f"the file has {there}")
    return channel or 0
