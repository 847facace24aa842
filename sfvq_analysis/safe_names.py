r"""Names of files for utterances, whatever an utterance is called.

Rule
----
``/`` in an id makes folders. What a file name can't hold everywhere, or what leads out of a folder,
is written as ``%XX``, the bytes of its UTF-8, as in a URL: control characters, ``\ : * ? " < > |``
and ``%`` itself; a dot or space at the end of a part and a dot at its beginning; the first letter
of the names that Windows keeps for devices. An empty part is ``%_``. A part that would be too long
ends in ``%~`` and a digest of the whole. Any other id is its own path. Two ids never get the same
path.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_PART, _LONGEST = 255, 1024  # bytes; the second of all parts together
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\\:*?"<>|%\ud800-\udfff\u2028\u2029]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)", re.IGNORECASE)
_TOKENS = re.compile(r"%..|.", re.DOTALL)
_EMPTY, _CUT = "%_", "%~"
_DIGITS = 32


def safe_relative(identity: str, suffix: str = "") -> PurePosixPath:
    r"""Return where a file for an utterance goes, below a folder.

    Parameters
    ----------
    identity
        Of the utterance; any text.
    suffix
        What the name of the file ends in, such as ``".TextGrid"``; with one, no utterance's file is
        the folder of another's.

    Returns
    -------
    PurePosixPath
        Relative, without ``..``, of parts of at most 255 bytes; another for every id.

    Examples
    --------
    >>> print(safe_relative("dr1/fcjf0/sa1", ".npy"))
    dr1/fcjf0/sa1.npy
    >>> print(safe_relative("../../etc/passwd"), safe_relative("/a"), safe_relative("C:\\x"))
    %2E%2E/%2E%2E/etc/passwd %_/a C%3A%5Cx
    """
    *folders, last = identity.split("/")
    parts = [_shortened(_safe(part, suffix), part, "") for part in folders]
    parts.append(_shortened(_safe(last), last, suffix))
    path = "/".join(parts)
    if len(path.encode()) > _LONGEST:
        path = _cut(path, identity, suffix)
    return PurePosixPath(f"{path}{suffix}")


def safe_relatives(identities: Iterable[str], suffix: str = "") -> dict[str, PurePosixPath]:
    """Return where the files of several utterances go; no two differ by capitals or accents alone.

    On disks that don't tell ``SA1`` from ``sa1`` (Windows, macOS) such two would be one file. Of
    ids that share a path in that way, all but the first get a digest at their end.

    Examples
    --------
    >>> [str(path) for path in safe_relatives(["sa1", "SA1"]).values()]
    ['SA1', 'sa1%~b56752e29004c2992d52fa1d04adff86']
    """
    taken: set[str] = set()
    paths = {}
    for identity in sorted(set(identities)):
        path = safe_relative(identity, suffix)
        if _folded(path) in taken:
            name = _cut(str(path).removesuffix(suffix), identity, suffix)
            path = PurePosixPath(f"{name}{suffix}")
        taken.add(_folded(path))
        paths[identity] = path
    return paths


def _safe(part: str, suffix: str = "") -> str:
    """Return a part with what isn't safe as ``%XX``; as a folder it doesn't end in `suffix`."""
    text = _UNSAFE.sub(lambda found: _escaped(found[0]), part)
    if text.startswith(".") or _DEVICE.match(text):
        text = _escaped(text[0]) + text[1:]
    if text.endswith((".", " ")):
        text = text[:-1] + _escaped(text[-1])
    if suffix and text[-len(suffix) :].casefold() == suffix.casefold():
        text = text[: -len(suffix)] + _escaped(text[-len(suffix)]) + text[1 - len(suffix) :]
    return text or _EMPTY


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _shortened(text: str, part: str, suffix: str) -> str:
    """Return a safe part, cut where it and the suffix would be too long for a name."""
    fits = len(text.encode()) + len(suffix.encode()) <= _LONGEST_PART
    return text if fits else _cut(text, part, suffix)


def _cut(text: str, whole: str, suffix: str) -> str:
    """Return the beginning of a text, flat, with a digest of what it stands for."""
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    room = _LONGEST_PART - len(suffix.encode()) - len(_CUT) - _DIGITS
    kept = ""
    for token in _TOKENS.findall(text.replace("/", "_")):
        room -= len(token.encode())
        if room < 0:
            break
        kept += token
    return f"{kept}{_CUT}{digest}"


def _folded(path: PurePosixPath) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(path)).casefold())
