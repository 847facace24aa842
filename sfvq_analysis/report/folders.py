"""Output folders: there as a whole, or not at all."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.files import new_folder
from sfvq_analysis.partials import tidy
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfvq_analysis.tables import Indexed, WrittenTable

MANIFEST = "manifest.json"


class OutputError(SfvqError):
    """A folder can't be written where it was asked for."""


@contextmanager
def whole_folder(out: Path | str, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield a folder to write to; it takes its name `out` only when the block ends without error.

    Parameters
    ----------
    out
        Where the folder is to be.
    overwrite
        Whether a folder there may be replaced. Only one with a manifest of ours, or an empty one,
        ever is.

    Raises
    ------
    OutputError
        If `out` exists and may not be replaced.
    """
    target = _resolved(out)
    tidy(target)
    _refuse_existing(target, overwrite=overwrite)
    with new_folder(target) as partial:
        yield partial
        _refuse_existing(target, overwrite=overwrite)


def provenance_of(tables: Mapping[str, Indexed | WrittenTable]) -> dict[str, Any]:
    """Return what a manifest says of tables: the provenance of each, by name."""
    return {name: dict(table.provenance) for name, table in tables.items()}


def write_manifest(folder: Path, known: Mapping[str, Any]) -> None:
    """Write a folder's manifest: version, what is known, and the files it holds (no time)."""
    files = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    text = json.dumps({"version": VERSION, **known, "files": files}, indent=2, ensure_ascii=False)
    content = f"{text}\n".encode(errors="backslashreplace")  # file names needn't be UTF-8
    (folder / MANIFEST).write_bytes(content)


def _resolved(out: Path | str) -> Path:
    try:
        return Path(out).resolve()
    except (OSError, RuntimeError) as error:  # links in a circle
        raise OutputError("links lead nowhere", where=str(out), remedy="name another") from error


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if target == Path.cwd():
        raise OutputError("that is the current folder", where=str(target), remedy="name another")
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError("a file has that name", where=str(target), remedy="choose another")
    if any(target.iterdir()) and not (overwrite and (target / MANIFEST).is_file()):
        remedy = (
            f"it has no {MANIFEST}, so it isn't replaced; choose another folder"
            if overwrite
            else "choose another folder, or replace it: overwrite=True (--overwrite)"
        )
        raise OutputError("folder exists and isn't empty", where=str(target), remedy=remedy)
