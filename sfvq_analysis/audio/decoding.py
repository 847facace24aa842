"""Decode through libsndfile in blocks, so that no header decides how much memory is taken."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.audio.claim import check_rate, check_samples, damaged
from sfvq_analysis.audio.decoder_messages import heeded_messages
from sfvq_analysis.audio.flac import check_md5
from sfvq_analysis.audio.formats import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from sfvq_analysis.audio.claim import Claim

_BLOCK = 1 << 18  # numbers
_UNKNOWN_FRAMES = 1 << 62


def decode(file: IO[bytes], claim: Claim) -> tuple[NDArray[np.float32], int]:
    """Return samples, shape (n_samples, n_channels), and rate of a file libsndfile reads.

    Raises
    ------
    CorpusError
        If it can't be decoded, or what is decoded isn't what the header claims.
    """
    check_samples((claim.frames or 0) * (claim.channels or 1))
    with _messages(claim), _sound(file) as sound:
        _check_header(sound, claim)
        blocks = list(_blocks(sound, "int32" if claim.md5 else "float32"))
        rate, stated, kind = int(sound.samplerate), int(sound.frames), str(sound.format)
    if claim.md5:
        check_md5(blocks, claim)
    samples = np.concatenate(blocks)
    if claim.md5:
        samples = samples.astype(np.float32) * np.float32(2.0**-31)
    if kind != "MP3" and len(samples) < stated < _UNKNOWN_FRAMES:
        raise damaged(f"audio is cut off: {stated} samples are stated, {len(samples)} are there")
    return _cut(samples, claim), rate


def n_frames(file: IO[bytes], claim: Claim) -> tuple[int, int, int]:
    """Return samples per channel, rate and channels, decoding only what states no length.

    Raises
    ------
    CorpusError
        As `decode`, as far as a header can tell.
    """
    with _messages(claim), _sound(file) as sound:
        _check_header(sound, claim)
        rate, channels = int(sound.samplerate), int(sound.channels)
        if claim.frames is not None and not claim.lack:
            return claim.frames, rate, channels
        if sound.seekable() and not claim.lack and sound.frames < _UNKNOWN_FRAMES:
            return int(sound.frames), rate, channels
        return sum(len(block) for block in _blocks(sound, "float32")), rate, channels


def _messages(claim: Claim) -> AbstractContextManager[None]:
    return heeded_messages() if claim.mpeg else nullcontext()


@contextmanager
def _sound(file: IO[bytes]) -> Iterator[Any]:
    """Yield a file opened by libsndfile, which sees no name and so can't guess a format from it."""
    import soundfile

    os.lseek(file.fileno(), 0, os.SEEK_SET)
    try:
        sound = soundfile.SoundFile(file.fileno(), closefd=False)
    except soundfile.LibsndfileError as error:
        raise unreadable(error.error_string) from error
    try:
        with sound:
            yield sound
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise damaged(f"audio is damaged or cut off ({reason})") from error


def _check_header(sound: Any, claim: Claim) -> None:
    """Raise a CorpusError unless libsndfile reads rate and channels as we do."""
    check_rate(sound.samplerate)
    for name, found, stated in (
        ("sample rate", sound.samplerate, claim.sample_rate),
        ("number of channels", sound.channels, claim.channels),
    ):
        if stated is not None and found != stated:
            raise damaged(f"the header's {name} is ambiguous: {stated} or {found}")
    if sound.format in {"MAT4", "MAT5", "WVE", "SVX", "PAF"}:
        _check_log(sound)


def _check_log(sound: Any) -> None:
    """Raise a CorpusError if libsndfile has noted that a rare format's file is too short."""
    log = str(sound.extra_info)
    columns = [line.split()[-1] for line in log.splitlines() if "Cols :" in line]
    if "truncated" in log or "should be" in log or columns[-1:] not in ([], [str(sound.frames)]):
        raise damaged("audio is cut off, or its header contradicts itself")


def _blocks(sound: Any, dtype: str) -> Iterator[NDArray[Any]]:
    """Yield the samples, shape (at most a block, n_channels), until there are no more."""
    # soundfile seeks after each read of a file that can be sought, past the end where the header
    # states no length or too large a one
    sound.seekable = lambda: False
    length = max(1, _BLOCK // sound.channels)
    total = 0
    while True:
        block = sound.read(length, dtype=dtype, always_2d=True)
        total += block.size
        check_samples(total)
        yield block
        if len(block) < length:
            return


def _cut(samples: NDArray[np.float32], claim: Claim) -> NDArray[np.float32]:
    """Return as many samples as are claimed, without the decoder's padding."""
    if claim.frames is None:
        return samples
    if len(samples) < claim.frames - claim.lack:
        raise damaged(
            f"audio is cut off: its header states {claim.frames} samples, {len(samples)} are there"
        )
    if len(samples) > claim.frames + claim.slack:
        raise damaged(
            f"the header states {claim.frames} samples, but {len(samples)} are decoded",
            "restore the header",
        )
    return samples[: claim.frames]
