"""`write`: an analysis as a folder."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.report.figures import (
    figures_of,
    leading_table,
    shown_utterance,
    write_figures,
)
from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest
from sfvq_analysis.report.illustrations import illustrations
from sfvq_analysis.report.page import write_page
from sfvq_analysis.report.paired import paired
from sfvq_analysis.report.pictures import write_pictures
from sfvq_analysis.report.seen import seen_tables
from sfvq_analysis.report.statistics import (
    QUICK,
    QUICK_DRAWS,
    README,
    all_statistics,
    drawn,
    write_csv,
    write_readme,
    write_statistics,
)
from sfvq_analysis.report.summaries import findings_text, summary_of
from sfvq_analysis.report.written import WrittenReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.plots.style import Palette
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.report.page.sounds import AudioPolicy
    from sfvq_analysis.report.paired import Paired
    from sfvq_analysis.report.stages import Stages
    from sfvq_analysis.stats import Inference
    from sfvq_analysis.tables import Indexed, IndexTable

PAGE = "page.html"
COMPARISON = "comparison.csv"


def write(  # noqa: PLR0913  (all but two are optional parts of the folder)
    tables: Indexed | Mapping[str, Indexed],
    out: Path | str,
    *,
    corpus: Corpus | None = None,
    quantizers: Mapping[str, Quantizer] | None = None,
    audio: AudioPolicy = "none",
    stages: Stages | None = None,
    palette: Palette = "paper",
    overwrite: bool = False,
    progress: bool = False,
) -> WrittenReport:
    """Write a page, figures, statistics, tables and a manifest to a folder, whole or not at all.

    Parameters
    ----------
    tables
        One table or several by name; of a dataset of more than 3,000,000 frames a sample of its
        shards is shown, which says so (`IndexDataset.sample`).
    out
        The folder.
    corpus
        Where the audio for spectrograms comes from.
    quantizers
        By the tables' names; without them figure 7 (distances of codewords) is left out.
    audio
        Whether the page has sound: ``"none"``, ``"link"`` or ``"embed"``
        (`sfvq_analysis.report.page.write_page`).
    stages
        Tables of the smaller curves that a curve grew from, by name and bits, for the page
        (`sfvq_analysis.report.page.write_page`); they aren't written.
    palette
        ``"paper"`` or ``"colorblind"``.
    overwrite
        Whether an earlier output there may be replaced.
    progress
        Whether to show a progress bar of the statistics.

    Returns
    -------
    WrittenReport
        `out`, a path; in a notebook it shows what is there. It holds ``page.html``, one file to
        explore it all with; ``figures/`` (SVG, PNG and the CSV behind each; those of the measures
        in ``figures/measures/``), ``stats/<table>/*.csv`` with ``stats/README.txt``, and of several
        tables ``stats/comparison.csv``, their paired differences,
        ``tables/<table>/*.parquet``, ``summary.csv``, ``summary.txt`` and ``manifest.json``.
        Slow statistics, which the manifest names, are left to ``sfvq stats``.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    """
    named = seen_tables(tables)
    with whole_folder(out, overwrite=overwrite) as folder:
        known = write_parts(
            named,
            folder,
            corpus=corpus,
            quantizers=quantizers,
            looks=Looks(palette, audio=audio),
            stages=stages,
            progress=progress,
        )
        write_manifest(folder, known)
    return WrittenReport(out)


class Looks(NamedTuple):
    """How the parts of a folder are made: colours, draws of statistics, sound, and the command."""

    palette: Palette = "paper"
    inference: Inference = QUICK_DRAWS
    audio: AudioPolicy = "none"
    command: str = ""


def write_parts(  # noqa: PLR0913  (as `write`)
    tables: Mapping[str, IndexTable],
    folder: Path,
    *,
    corpus: Corpus | None,
    quantizers: Mapping[str, Quantizer] | None,
    looks: Looks,
    stages: Stages | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Write all but the manifest to an open folder, and return what the manifest is to say."""
    corners = {name: one.corners() for name, one in (quantizers or {}).items() if name in tables}
    found = all_statistics(
        tables, names=QUICK, inference=looks.inference, corners=corners, progress=progress
    )
    for name, table in tables.items():
        table.save(folder / "tables" / name)
        write_statistics(found[name], folder / "stats" / name)
    write_readme(found, folder / "stats", looks.inference)
    write_csv(summary_of(found).reset_index(), folder / "summary.csv")
    comparison = _compared(tables, looks.inference, folder / "stats")
    write_page(
        tables,
        folder / PAGE,
        corpus=corpus,
        quantizers=quantizers,
        audio=looks.audio,
        statistics=found,
        comparison=comparison,
        stages=stages,
        command=looks.command,
    )
    text = findings_text(tables, found, looks.inference)
    (folder / "summary.txt").write_text(text + "\n", encoding="utf-8")
    leading, table = leading_table(tables)
    utterance = shown_utterance(table)
    figures = figures_of(
        tables,
        utterance=utterance,
        audio=_audio_of(utterance, corpus),
        codebook=corners.get(leading),
        palette=looks.palette,
    )
    written = write_figures(chain(illustrations(seed=0), figures), folder / "figures")
    pictures = write_pictures(found[leading], table, folder / "figures" / "measures", looks.palette)
    return {
        "tables": provenance_of(tables),
        "statistics": drawn(looks.inference, found),
        "figures": {
            "drawn": written.drawn,
            "measures": pictures.drawn,
            "of_table": leading,
            "utterance": utterance,
        },
        "skipped": [
            *_skipped(corpus, leading in corners),
            *written.skipped,
            *pictures.skipped,
        ],
    }


def _compared(
    tables: Mapping[str, IndexTable], inference: Inference, folder: Path
) -> Paired | None:
    """Compare several tables, and write that to a folder of statistics; None of one."""
    if len(tables) < 2:
        return None
    found = paired(tables, inference)
    if found.frame is not None:
        write_csv(found.frame, folder / COMPARISON)
        with (folder / README).open("a", encoding="utf-8") as file:
            file.write(
                f"\n{COMPARISON}: every measure of the tables less {found.baseline}'s, paired\n"
            )
    return found


def _audio_of(utterance: str, corpus: Corpus | None) -> NDArray[np.float32] | None:
    """Return the samples of the utterance that is shown, None where there is none to show."""
    if corpus is None or not utterance:
        return None
    return corpus[utterance].load(past_audio="count").audio


def _skipped(corpus: Corpus | None, has_codebook: bool) -> list[str]:
    skipped = []
    if corpus is None:
        skipped.append("spectrogram of figure 4: no corpus was given")
    if not has_codebook:
        skipped.append("figure 7: no quantizer was given")
    return skipped
