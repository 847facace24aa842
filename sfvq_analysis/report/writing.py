"""`write`: an analysis as a folder."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.report.figures import (
    figures_of,
    leading_table,
    shown_utterance,
    write_figures,
)
from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest
from sfvq_analysis.report.illustrations import illustrations
from sfvq_analysis.report.statistics import (
    statistics_of,
    summary,
    summary_text,
    write_csv,
    write_statistics,
)
from sfvq_analysis.tables import IndexTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.plots.style import Palette
    from sfvq_analysis.quantizers import Quantizer


def write(
    tables: IndexTable | Mapping[str, IndexTable],
    out: Path | str,
    *,
    corpus: Corpus | None = None,
    quantizers: Mapping[str, Quantizer] | None = None,
    palette: Palette = "paper",
    overwrite: bool = False,
) -> Path:
    """Write figures, statistics, tables and a manifest to a folder, whole or not at all.

    Parameters
    ----------
    tables
        One table or several by name.
    out
        The folder.
    corpus
        Where the audio for figure 4's spectrogram comes from.
    quantizers
        By the tables' names; without them figure 7 (distances of codewords) is left out.
    palette
        ``"paper"`` or ``"colorblind"``.
    overwrite
        Whether an earlier output there may be replaced.

    Returns
    -------
    Path
        `out`. It holds ``figures/`` (SVG, PNG and the CSV behind each), ``stats/<table>/*.csv``,
        ``tables/<table>/*.parquet``, ``summary.csv``, ``summary.txt`` and ``manifest.json``.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    """
    named = {"table": tables} if isinstance(tables, IndexTable) else dict(tables)
    with whole_folder(out, overwrite=overwrite) as folder:
        known = write_parts(named, folder, corpus=corpus, quantizers=quantizers, palette=palette)
        write_manifest(folder, known)
    return Path(out)


def write_parts(
    tables: Mapping[str, IndexTable],
    folder: Path,
    *,
    corpus: Corpus | None,
    quantizers: Mapping[str, Quantizer] | None,
    palette: Palette,
) -> dict[str, Any]:
    """Write all but the manifest to an open folder, and return what the manifest is to say."""
    for name, table in tables.items():
        table.save(folder / "tables" / name)
        write_statistics(statistics_of(table), folder / "stats" / name)
    frame = summary(tables)
    write_csv(frame.reset_index(), folder / "summary.csv")
    (folder / "summary.txt").write_text(summary_text(tables, frame) + "\n", encoding="utf-8")
    leading, table = leading_table(tables)
    utterance = shown_utterance(table)
    figures = figures_of(
        tables,
        utterance=utterance,
        audio=corpus[utterance].load().audio if corpus is not None else None,
        codebook=(quantizers or {})[leading].corners() if leading in (quantizers or {}) else None,
        palette=palette,
    )
    drawn = write_figures(chain(illustrations(seed=0), figures), folder / "figures")
    return {
        "tables": provenance_of(tables),
        "figures": {"drawn": drawn, "of_table": leading, "utterance": utterance},
        "skipped": _skipped(corpus, leading in (quantizers or {})),
    }


def _skipped(corpus: Corpus | None, has_codebook: bool) -> list[str]:
    skipped = []
    if corpus is None:
        skipped.append("spectrogram of figure 4: no corpus was given")
    if not has_codebook:
        skipped.append("figure 7: no quantizer was given")
    return skipped
