"""What libmpg123 writes to the standard error: the only sign that it has met damaged samples."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from threading import Lock
from typing import IO, TYPE_CHECKING

from sfvq_analysis.audio.claim import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR = 2
_LOCK = Lock()
_DECODER = (b"[src/libmpg123", b"Note: ", b"Warning: ")


@contextmanager
def heeded_messages() -> Iterator[None]:
    """Keep the decoder's messages from the screen while the block runs, and heed its errors.

    What others write meanwhile is passed on afterwards.

    Raises
    ------
    CorpusError
        If the decoder reports an error.
    """
    with _LOCK, tempfile.TemporaryFile() as kept:
        try:
            with _redirected(kept):
                yield
        finally:
            kept.seek(0)
            lines = kept.readlines()
            others = b"".join(line for line in lines if not line.startswith(_DECODER))
            if others:
                os.write(_STDERR, others)
    errors = [line for line in lines if line.startswith(_DECODER[0]) and b"error:" in line]
    if errors:
        reason = errors[0].split(b"error:", 1)[1].strip().decode("ascii", "replace")
        raise damaged(f"audio is damaged ({reason[:60]})")


@contextmanager
def _redirected(target: IO[bytes]) -> Iterator[None]:
    """Let the process' standard error go to a file while the block runs."""
    try:
        original = os.dup(_STDERR)
    except OSError:  # a process without one
        yield
        return
    try:
        os.dup2(target.fileno(), _STDERR)
        yield
    finally:
        os.dup2(original, _STDERR)
        os.close(original)
