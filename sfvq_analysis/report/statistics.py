"""All statistics of a table as frames, and the files they are written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from tqdm.auto import tqdm

from sfvq_analysis.errors import OptionError, check_option
from sfvq_analysis.report.measures import OF_CORNERS, OF_TABLE, SLOW
from sfvq_analysis.report.sources import Source
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables.csv_files import write_csv as write_exact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from sfvq_analysis.tables import Indexed

Format = Literal["csv", "parquet"]
DIGITS = 6
README = "README.txt"
QUICK = tuple(one.name for one in (*OF_TABLE, *OF_CORNERS) if not one.slow)
QUICK_DRAWS = Inference(n_permutations=99, n_bootstraps=200)
"""What `sfvq_analysis.report.write` draws: enough to look at; ``sfvq stats`` draws more."""


def statistics_of(
    table: Indexed,
    *,
    names: Collection[str] | None = None,
    inference: Inference | None = None,
    sentence: str | None = None,
    corners: NDArray[np.float32] | None = None,
    progress: bool = False,
) -> dict[str, pd.DataFrame]:
    """Return every statistic of a table, by file name without suffix.

    What can't be measured is NaN with a ``reason``; no table is refused.

    Parameters
    ----------
    table
        The table.
    names
        Only these; by default all. Those of corners are left out where there are no `corners`.
    inference
        Draws, level and seed of all of them.
    sentence
        C4 of the claims is tested on this sentence; by default on all repeated ones.
    corners
        The table's codebook, shape (K, dim); without it there are no statistics of corners.
    progress
        Whether to show a progress bar.

    Raises
    ------
    OptionError
        If a name isn't one of a statistic, or no utterance is of `sentence`.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> table = simulated_table(Simulation(n_speakers=3))
    >>> statistics_of(table, names=["usage"])["usage"]["used"].item()
    62
    """
    source = Source(table, inference or Inference(), sentence, corners)
    return _computed(source, names, progress=progress)


def all_statistics(
    tables: Mapping[str, Indexed],
    *,
    names: Collection[str] | None = None,
    inference: Inference | None = None,
    sentence: str | None = None,
    corners: Mapping[str, NDArray[np.float32]] | None = None,
    progress: bool = False,
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the statistics of several tables, by their names; see `statistics_of`.

    The consistency of sentences of a curve is compared with the first plain codebook that read the
    same utterances. A sentence that isn't said in one of the tables is refused before any work.
    """
    for name, table in tables.items():
        if sentence is not None and sentence not in set(table.utterances["sentence"]):
            raise OptionError(
                f"no utterance is of sentence {sentence!r}", where=name, remedy=_sentences(table)
            )
    draws = inference or Inference()
    return {
        name: _computed(
            Source(
                table,
                draws,
                sentence,
                (corners or {}).get(name),
                _plain_counterpart(table, tables),
            ),
            names,
            progress=progress,
        )
        for name, table in tables.items()
    }


def write_statistics(
    statistics: Mapping[str, pd.DataFrame], folder: Path, file_format: Format = "csv"
) -> None:
    """Write frames, one file each: CSV with floats at six digits, or Parquet with all of them.

    Raises
    ------
    OptionError
        If the format isn't one of these.
    """
    check_option("format", file_format, ("csv", "parquet"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in statistics.items():
        path = folder / f"{name}.{file_format}"
        if file_format == "csv":
            write_csv(frame, path)
        else:
            frame.to_parquet(path, index=False)


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write one frame as CSV, floats at six digits, without its row numbers."""
    write_exact(frame, path, digits=DIGITS)


def write_readme(
    found: Mapping[str, Mapping[str, pd.DataFrame]], folder: Path, inference: Inference
) -> None:
    """Write what each file of folders of statistics holds, a line a file."""
    text = "\n".join(_readme(found, inference))
    (folder / README).write_text(text + "\n", encoding="utf-8")


def drawn(inference: Inference, found: Mapping[str, Mapping[str, pd.DataFrame]]) -> dict[str, Any]:
    """Return what a manifest says of how statistics were made, and which were left out."""
    there = set().union(*found.values())
    return {
        "n_permutations": inference.n_permutations,
        "n_bootstraps": inference.n_bootstraps,
        "level": inference.level,
        "seed": inference.seed,
        "left_to_sfvq_stats": [name for name in SLOW if name not in there],
    }


def _computed(
    source: Source, names: Collection[str] | None, *, progress: bool
) -> dict[str, pd.DataFrame]:
    every = (*OF_TABLE, *OF_CORNERS)
    for name in names or ():
        check_option("a name", name, tuple(one.name for one in every))
    possible = OF_TABLE if source.corners is None else every
    chosen = [one for one in possible if names is None or one.name in names]
    found = {}
    with tqdm(chosen, disable=not progress, unit="statistic", leave=False) as shown:
        for one in shown:
            shown.set_description(one.name)
            found[one.name] = one.of(source)
    return found


def _readme(found: Mapping[str, Mapping[str, pd.DataFrame]], inference: Inference) -> Iterator[str]:
    there = set().union(*found.values())
    yield f"Statistics of {', '.join(found)}: a folder each, with the same files."
    yield (
        f"{inference.n_permutations} permutations, {inference.n_bootstraps} resamplings of speakers"
        f" (column unit), {inference.level * 100:g} % intervals, seed {inference.seed}."
    )
    yield "What can't be measured is empty, with the column reason saying why."
    family = ""
    for one in (*OF_TABLE, *OF_CORNERS):
        if one.name not in there:
            continue
        if one.family != family:
            family = one.family
            yield from ("", family)
        yield f"  {one.name:<31} {one.meaning}"
    left = [name for name in SLOW if name not in there]
    if left:
        yield from ("", f"Left to `sfvq stats`, being slow: {', '.join(left)}.")


def _plain_counterpart(table: Indexed, tables: Mapping[str, Indexed]) -> Indexed | None:
    """Return the first plain codebook's table of the same utterances, for a curve's."""
    if not table.is_curve:
        return None
    said = list(table.utterances["utterance"])
    same = (
        other
        for other in tables.values()
        if not other.is_curve and list(other.utterances["utterance"]) == said
    )
    return next(same, None)


def _sentences(table: Indexed) -> str:
    some = [str(name) for name in table.utterances["sentence"].value_counts().index[:3] if name]
    return f"there are such as {', '.join(some)}" if some else "its sentences aren't known"
