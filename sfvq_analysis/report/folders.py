"""Output folders: there as a whole, or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    target = Path(out)
    _refuse_existing(target, overwrite=overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        partial.chmod(0o755)
        yield partial
        _refuse_existing(target, overwrite=overwrite)
        if target.exists():
            shutil.rmtree(target)
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def write_manifest(folder: Path, known: Mapping[str, Any]) -> None:
    """Write a folder's manifest: version, what is known, and the files it holds (no time)."""
    files = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    text = json.dumps({"version": VERSION, **known, "files": files}, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _refuse_existing(target: Path, *, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError("a file has that name", where=str(target), remedy="choose another")
    if any(target.iterdir()) and not (overwrite and (target / MANIFEST).is_file()):
        remedy = (
            f"it has no {MANIFEST}, so it isn't replaced; choose another folder"
            if overwrite
            else "choose another folder, or ask to overwrite"
        )
        raise OutputError("folder exists and isn't empty", where=str(target), remedy=remedy)
