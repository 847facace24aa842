"""A case of the kit: files, the call that is made on them, and what it must answer.

The answer is written down beside the files, from plain arithmetic; no loader is asked for it. A
case that has both a value and a refusal may be answered by either: both are honest, all else isn't.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CANARY = "CANARY"
"""Name of the folder, beside the cases, that code from a data file would make."""


class Link(NamedTuple):
    """A symbolic link to a path, relative to where the link stands."""

    to: str


class Folder(NamedTuple):
    """An empty folder; unreadable folders can't be read by anyone but root."""

    readable: bool = True


class Fifo(NamedTuple):
    """A named pipe nobody writes to: reading it never ends."""


class Made(NamedTuple):
    """Contents that need to know where the kit stands: its folder and the canary's path."""

    by: Callable[[Path, Path], bytes]


Content = bytes | str | Link | Folder | Fifo | Made


class Samples(NamedTuple):
    """What `read_audio` gives: float32 (n,), and the rate in Hz."""

    audio: Any
    rate: int


class Codebook(NamedTuple):
    """What `load_quantizer` gives: corners (K, dim), and the kind where it matters."""

    corners: Any
    kind: str | None = None


class Found(NamedTuple):
    """What a scan gives: ids, how many were skipped, and phones (after load) by id."""

    ids: tuple[str, ...] | None = None
    skipped: int | None = 0
    phones: Mapping[str, tuple[tuple[int, int, str], ...]] = {}
    n_utterances: int | None = None


class Refusal(NamedTuple):
    """A refusal: its class's name, the cause (a regular expression) and the place in its line."""

    kind: str
    cause: str = ""
    place: str = ""


@dataclass(frozen=True)
class Case:
    """One call and its answer.

    Attributes
    ----------
    name
        Of the case, and of the folder its files stand in.
    call
        Which function: a name that `test_badinputs` knows.
    path
        What the function is given, below the case's folder.
    files
        Contents by path below the case's folder; bytes for names that aren't UTF-8.
    value, refusal
        What must come back; either will do where both stand.
    options
        Further arguments.
    may_warn
        Whether a warning beside the value is fine.
    """

    name: str
    call: str
    path: str
    files: Mapping[str, Content]
    value: Any = None
    refusal: Refusal | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    may_warn: bool = False

    def write(self, kit: Path) -> None:
        """Write the case's files below ``kit/<name>``."""
        for name, content in self.files.items():
            path = kit / self.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content, kit)


def _write(path: Path, content: Content, kit: Path) -> None:
    match content:
        case bytes():
            path.write_bytes(content)
        case str():
            path.write_bytes(content.encode())
        case Link():
            path.symlink_to(content.to)
        case Folder():
            path.mkdir(exist_ok=True)
            if not content.readable:
                path.chmod(0)
        case Fifo():
            os.mkfifo(path)
        case Made():
            path.write_bytes(content.by(path.parent, kit / CANARY))
