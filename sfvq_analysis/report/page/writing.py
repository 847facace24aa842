"""`write_page`: an analysis as one HTML file that needs no network."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import OptionError, SfvqError, check_option
from sfvq_analysis.files import new_file, package_data
from sfvq_analysis.report.figures import leading_table
from sfvq_analysis.report.page.comparison import comparison_content
from sfvq_analysis.report.page.content import (
    REDUCTIONS,
    needed_statistics,
    speech_content,
    table_content,
)
from sfvq_analysis.report.page.geometry import corner_geometry
from sfvq_analysis.report.page.rendering import rendered
from sfvq_analysis.report.page.sounds import POLICIES, AudioPolicy, Speech
from sfvq_analysis.report.page.stages import (
    checked_stages,
    ladders,
    stage_tables,
    unheard_stages,
)
from sfvq_analysis.report.paired import paired
from sfvq_analysis.report.seen import seen_tables
from sfvq_analysis.report.statistics import QUICK_DRAWS
from sfvq_analysis.stats import reduce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.report.page.content import Statistics
    from sfvq_analysis.report.paired import Paired
    from sfvq_analysis.report.stages import Stages
    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.tables import Indexed, IndexTable

MOST_BYTES = 10_000_000
_LICENCES = (
    "the page, or the folder beside it, holds speech of the corpus: pass it on only where the "
    "corpus' licence allows that (the LDC's, TIMIT's among them, doesn't)"
)


def write_page(  # noqa: PLR0913  (all but two are optional parts of the page)
    tables: Indexed | Mapping[str, Indexed],
    path: Path | str,
    *,
    corpus: Corpus | None = None,
    quantizers: Mapping[str, Quantizer] | None = None,
    audio: AudioPolicy = "none",
    statistics: Statistics | None = None,
    comparison: Paired | None = None,
    stages: Stages | None = None,
    title: str = "",
    command: str = "",
) -> Path:
    """Write one self-contained HTML file to explore tables with, whole or not at all.

    What there is no ground for (no corpus, no corners, no label) leaves a sentence in its place.

    Parameters
    ----------
    tables
        One table or several by name; the first of a curve leads. Of a dataset of more than
        3,000,000 frames a sample of its shards is shown, which says so (`IndexDataset.sample`).
    path
        The file; an earlier one is replaced.
    corpus
        Where spectrograms and sound come from.
    quantizers
        By the tables' names, for corners in the plane and their distances.
    audio
        ``"none"``; ``"link"``, to the corpus' files where they are now, and of those that browsers
        don't play (SPHERE) to copies of what is shown, in ``<name>_audio/`` beside the page; or
        ``"embed"``, snippets inside the page. Copies and snippets warn of licences.
    statistics
        Of `sfvq_analysis.report.statistics.all_statistics`, by the tables' names; what is missing
        of what the page shows is made anew, with few draws.
    comparison
        Of `sfvq_analysis.report.paired.paired`, of several tables; made anew if not given.
    stages
        By the tables' names and bits, tables of the same frames read with the smaller curves that
        a curve grew from (`sfvq_analysis.report.stages`); the page has a slider to go through them.
    title
        By default the corpus' name.
    command
        That made the page.

    Returns
    -------
    Path
        `path`, a file of less than 10 MB.

    Raises
    ------
    OptionError
        If there is no table, or `audio` isn't one of its options.
    SfvqError
        If the page would be too large whatever is left out.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> with TemporaryDirectory() as folder:
    ...     page = write_page(simulated_table(Simulation(n_speakers=4)), f"{folder}/page.html")
    ...     page.read_text(encoding="utf-8")[:15]
    '<!doctype html>'
    """
    check_option("audio", audio, POLICIES)
    named = seen_tables(tables)
    if not named:
        raise OptionError("no table is given", remedy="give at least one")
    target = Path(path)
    leading, _ = leading_table(named)
    speech = Speech(corpus, audio, target.resolve())
    found = needed_statistics(named, statistics)
    codebooks, grown = quantizers or {}, checked_stages(named, stages)
    added_up = {name: reduce(table) for name, table in named.items()}
    shown = {
        name: table_content(
            table, found[name]["describe_axis"], added_up[name], _corners(codebooks.get(name))
        )
        for name, table in named.items()
    }
    phones = {name: one["phones"] for name, one in shown.items()}
    content: dict[str, Any] = {
        "names": list(named),
        "leading": leading,
        "tables": {**shown, **stage_tables(named, grown, codebooks)},
        "stages": ladders(named, grown),
        "comparison": _compared(named, comparison, added_up),
        **speech_content(named, leading, speech, phones),
        "left_out": [],
    }
    content["listening"]["notes"] |= unheard_stages(content["stages"])
    claims = {name: frames["claims"] for name, frames in found.items()}
    page = _small_enough(named, content, claims, title=title, command=command)
    with new_file(target) as file:
        speech.copies.write()
        file.write(page)
    holds_speech = audio == "embed" or len(speech.copies) > 0
    if holds_speech and corpus is not None and not _is_own(corpus):
        warnings.warn(_LICENCES, UserWarning, stacklevel=2)
    return target


def _corners(quantizer: Quantizer | None) -> dict[str, Any] | None:
    return corner_geometry(None if quantizer is None else quantizer.corners())


def _compared(
    tables: Mapping[str, IndexTable],
    comparison: Paired | None,
    reductions: Mapping[str, Reductions],
) -> dict[str, Any] | None:
    """Return how tables differ, None where there is one only."""
    if len(tables) < 2:
        return None
    found = paired(tables, QUICK_DRAWS) if comparison is None else comparison
    return comparison_content(tables, found, reductions)


def _small_enough(
    tables: Mapping[str, IndexTable],
    content: dict[str, Any],
    claims: Mapping[str, Any],
    *,
    title: str,
    command: str,
) -> bytes:
    """Return the page, with as little left out as lets it stay below its size."""
    for leave_out in (None, *REDUCTIONS):
        if leave_out is not None:
            content["left_out"].append(leave_out(content))
        page = rendered(tables, content, claims, title=title, command=command).encode()
        if len(page) < MOST_BYTES:
            return page
    raise SfvqError(
        f"the page would have {len(page):,} bytes",
        remedy="give fewer tables, or tables of fewer codes",
    )


def _is_own(corpus: Corpus) -> bool:
    """Tell whether a corpus is the one that comes with the package, whose speech is synthetic."""
    return corpus.root.resolve().is_relative_to(package_data().resolve())
