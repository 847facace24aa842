"""What `write` and `analyze` return: a folder's path, which notebooks show the contents of."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.report.folders import MANIFEST
from sfvq_analysis.showing import Preview, as_html, joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    _SystemPath = Path
else:
    _SystemPath = type(Path())  # before Python 3.12, Path itself can't have subclasses

_DRAWN = {".png", ".svg"}


class WrittenReport(_SystemPath):
    """The path of a report's folder.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sfvq_analysis.report.folders import write_manifest
    >>> with TemporaryDirectory() as folder:
    ...     write_manifest(WrittenReport(folder), {"command": "sfvq demo"})
    ...     "sfvq demo" in WrittenReport(folder)._repr_html_()
    True
    """

    def _repr_html_(self) -> str | None:
        """Return what notebooks show; nothing where it isn't the folder of a report."""
        try:
            manifest = json.loads((self / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return _manifest_html(self, manifest) if isinstance(manifest, dict) else None


def _manifest_html(folder: Path, manifest: Mapping[str, Any]) -> str:
    files = [Path(one) for one in manifest.get("files", [])]
    pages = [one.name for one in files if one.suffix == ".html"]
    n_drawn = len({one.with_suffix("") for one in files if one.suffix in _DRAWN})
    draws = manifest.get("statistics") or {}
    facts = {
        "folder": folder,
        "page": joined(*pages),
        "of": joined(*_corpora(manifest)),
        "tables": joined(*manifest.get("tables", {})),
        "figures": f"{n_drawn:,}" if n_drawn else None,
        "draws": joined(
            f"{draws['n_permutations']:,} permutations" if "n_permutations" in draws else None,
            f"{draws['n_bootstraps']:,} resamplings" if "n_bootstraps" in draws else None,
        ),
        "left out": joined(*manifest.get("skipped", [])),
        "command": manifest.get("command"),
        "version": manifest.get("version"),
    }
    parts = Counter(one.parts[0] if len(one.parts) > 1 else "(at the top)" for one in files)
    return as_html("Report", facts, Preview(("part", "files"), parts.items(), len(parts)))


def _corpora(manifest: Mapping[str, Any]) -> list[str]:
    """Return name and notes of the corpora that the tables are of."""
    known = [one.get("corpus", {}) for one in manifest.get("tables", {}).values()]
    named = [joined(one.get("name"), one.get("notes")) for one in known]
    return list(dict.fromkeys(filter(None, named)))
