"""How much a file may claim to hold, and how much of it a message shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sfvq_analysis.errors import SfvqError

MOST_INFLATION = 100
"""Floats of real data hardly shrink; zeros do, 1000-fold, and so do files that mean harm."""
HARMLESS = 1 << 24
"""Bytes that may come of however little."""
_WIDTH = 60
_LONGEST_PATH = 4096  # of Linux


def brief(value: object, width: int = _WIDTH) -> str:
    r"""Return what a message shows of a value: one line, no more than `width` characters.

    Texts are quoted, anything else is shown as ``str`` has it.

    Examples
    --------
    >>> brief("a\nb"), brief("x" * 1000, width=8)
    ("'a\\nb'", "'xxxx...")
    """
    if isinstance(value, str | bytes):
        text = repr(value[: width + 1])
    else:
        text = " ".join(str(value).split())
    return text if len(text) <= width else f"{text[: width - 3]}..."


def path_text(path: Path | str) -> str:
    r"""Return a path for a message: what would move a terminal's cursor is escaped.

    Examples
    --------
    >>> print(path_text("a/\x1b[2Jb.npy"))
    a/\x1b[2Jb.npy
    """
    text = str(path)
    if len(text) > _LONGEST_PATH:
        text = f"{text[:200]}…"
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def check_inflation(stored: int, claimed: int, refusal: type[SfvqError]) -> None:
    """Raise a refusal if compressed data claim to be far more than floats could be.

    Parameters
    ----------
    stored
        Bytes in the file.
    claimed
        Bytes that are to come of them.
    refusal
        Kind of the error.
    """
    if claimed > max(HARMLESS, MOST_INFLATION * stored):
        raise refusal(
            f"{stored} bytes claim to inflate to {claimed}", remedy="store it without compression"
        )
