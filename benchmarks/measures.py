"""Time and memory of every statistic on a table of TIMIT's size, 1000 permutations and resamplings.

Usage: python benchmarks/measures.py [--speakers 630] [--draws 1000]
Writes benchmarks/measures.json and prints the table that benchmarks/README.md quotes. Each
measure runs once, on the same reductions, in one process; the whole is what `sfvq stats` does. The
goal is 60 s and 2 GB on two cores for all measures on counts and transitions.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING

from timing import as_markdown, machine, write_json

from sfvq_analysis import stats
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import Simulation, simulated_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.tables import IndexTable

HERE = Path(__file__).parent
OWN_SENTENCES = 8
TOKENS = 34
CODES = 256


def measures(
    table: IndexTable, reductions: Reductions, inference: Inference
) -> dict[str, dict[str, Callable[[], pd.DataFrame]]]:
    """Return what is timed, by kind: on counts and transitions, on runs of single utterances."""
    given = {"inference": inference}
    return {
        "counts and transitions": {
            "information": lambda: stats.information(reductions, **given),
            "index_meanings": lambda: stats.index_meanings(reductions),
            "occurrences": lambda: stats.occurrences(reductions),
            "adjacency_test": lambda: stats.adjacency_test(reductions, **given),
            "merge_information": lambda: stats.merge_information(reductions, **given),
            "morans_i": lambda: stats.morans_i(reductions, **given),
            "feature_correlation": lambda: stats.feature_correlation(reductions, **given),
            "modes": lambda: stats.modes(reductions, **given),
            "group_distances": lambda: stats.group_distances(reductions, **given),
            "splits": lambda: stats.splits(reductions, **given),
            "group_ranges": lambda: stats.group_ranges(reductions, **given),
            "dead_ranges": lambda: stats.dead_ranges(reductions),
            "describe_axis": lambda: stats.describe_axis(reductions, **given),
            "steps": lambda: stats.steps(reductions, **given),
            "group_transitions": lambda: stats.group_transitions(reductions, **given),
            "speaker_information": lambda: stats.speaker_information(reductions, **given),
            "property_distances, sex": lambda: stats.property_distances(
                reductions, by="sex", **given
            ),
        },
        "runs and trajectories": {
            "dwell_times": lambda: stats.dwell_times(reductions, **given),
            "trajectories": lambda: stats.trajectories(reductions, **given),
            "movement": lambda: stats.movement(reductions, **given),
            "context_dependence": lambda: stats.context_dependence(reductions, **given),
            "sentence_consistency": lambda: stats.sentence_consistency(reductions, **given),
            "few_labels": lambda: stats.few_labels(table, **given),
            "reading_test": lambda: stats.reading_test(table, **given),
        },
        "together": {"claims": lambda: stats.claims(table, **given)},
    }


def main() -> None:
    """Time everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speakers", type=int, default=630)
    parser.add_argument("--draws", type=int, default=1000)
    arguments = parser.parse_args()
    plan = Simulation(
        n_speakers=arguments.speakers,
        n_own=OWN_SENTENCES,
        n_tokens=TOKENS,
        codebook_size=CODES,
        token_spread=0.03,
        speaker_spread=0.01,
    )
    table = simulated_table(plan)
    size = {"n_frames": len(table.frames), "n_tokens": len(table.segments)}
    print(size, f"{_peak():.2f} GB before", flush=True)
    inference = Inference(arguments.draws, arguments.draws)
    rows = []
    started = time.perf_counter()
    reductions = stats.reduce(table)
    rows.append(("reduce", "", time.perf_counter() - started, _peak()))
    for kind, functions in measures(table, reductions, inference).items():
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            rows.append((name, kind, time.perf_counter() - started, _peak()))
            print(f"{name}: {rows[-1][2]:.2f} s, {_peak():.2f} GB", flush=True)
    known = {"machine": machine(["numpy", "scipy", "numba"]), "size": size, "rows": rows}
    write_json(HERE / "measures.json", known)
    cells = [[name, kind, f"{seconds:.2f}", f"{peak:.2f}"] for name, kind, seconds, peak in rows]
    print(as_markdown(["measure", "on", "seconds", "peak GB so far"], cells))
    for kind in dict.fromkeys(row[1] for row in rows):
        print(kind or "reduce", f"{sum(row[2] for row in rows if row[1] == kind):.1f} s")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
