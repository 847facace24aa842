"""What others' errors and values look like in one line of ours."""

from __future__ import annotations

_LONGEST = 160


def in_brief(value: object, most: int = 60) -> str:
    """Return the repr of a value from data, cut to `most` characters."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def told(error: BaseException) -> str:
    """Return an error's type and text, in one line of at most some 160 characters."""
    try:
        text = " ".join(str(error)[: 4 * _LONGEST].split())
    except Exception:  # noqa: BLE001 -- an error of anyone's making
        text = "unprintable"
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
