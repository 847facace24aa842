"""Every file below a folder, each once, whatever links there are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfvq_analysis.corpus.findings import Findings

_TOOLS = (".", "@")  # what tools leave: .git, .DS_Store, ._a.wav, @eaDir


class Folder(NamedTuple):
    """A folder below the root, and what stands in it.

    `below` is its path below the root with ``/`` (empty for the root), `files` are the names of
    its files in order, links to nothing included.
    """

    below: str
    files: list[str]


def walk(root: Path, findings: Findings) -> Iterator[Folder]:
    """Yield the folders of a tree that hold files, in order of their paths.

    Links to folders are followed after all else, and no folder is visited twice, so that neither a
    loop nor a second way to a folder does harm. What tools leave (names that begin with ``.`` or
    ``@``) is passed over.

    Raises
    ------
    CorpusError
        If a folder can't be read; with ``findings.on_error == "skip"`` it is listed.
    """
    seen: set[tuple[int, int]] = set()
    found: list[Folder] = []
    waiting, linked = [""], list[str]()
    while waiting or linked:
        below = waiting.pop() if waiting else linked.pop(0)
        try:
            _visit(root, below, seen, (found, waiting, linked))
        except OSError as error:
            findings.refuse(
                CorpusError(
                    f"folder can't be read ({error.strerror or error})",
                    where=os.path.join(root, below),  # noqa: PTH118 -- names needn't be UTF-8
                    remedy="give yourself the right to read it",
                )
            )
    yield from sorted(found)


def _visit(
    root: Path,
    below: str,
    seen: set[tuple[int, int]],
    into: tuple[list[Folder], list[str], list[str]],
) -> None:
    """Look into one folder; folders in it wait, links to folders longest."""
    found, waiting, linked = into
    place = root / below
    state = place.stat()
    if (state.st_dev, state.st_ino) in seen:
        return
    seen.add((state.st_dev, state.st_ino))
    files = []
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith(_TOOLS):
                continue
            if _is_folder(entry):
                inside = f"{below}/{entry.name}" if below else entry.name
                (linked if entry.is_symlink() else waiting).append(inside)
            else:
                files.append(entry.name)
    linked.sort()
    if files:
        found.append(Folder(below, sorted(files)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
